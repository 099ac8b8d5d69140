// Runs the cases of `differential.rs`: modules come in as a list on stdin, how each ended goes out.
import { readFileSync } from "node:fs";

process.on("unhandledRejection", () => {});
const modules = JSON.parse(readFileSync(0, "utf8"));
const ended = [];
for (const module of modules) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve("it never ends"), 5000);
  });
  const ends = import(`data:text/javascript,${encodeURIComponent(module)}`).then((it) => it.default());
  ended.push(await Promise.race([ends.catch(String), late]));
  clearTimeout(timer);
}
process.stdout.write(`\n${JSON.stringify(ended)}\n`, () => process.exit(0));
