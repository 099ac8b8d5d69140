// Loads a graph as an engine does: it asks for specifiers and texts one by one, in lines of JSON.
import { createInterface } from "node:readline";
import vm from "node:vm";

const printed = [];
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
globalThis.console.log = (...values) => {
  printed.push(values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" "));
};

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let turn = Promise.resolve();
const ask = (question) => {
  const answer = turn.then(async () => {
    say(question);
    return JSON.parse((await answers.next()).value);
  });
  turn = answer.catch(() => {});
  return answer;
};

const loaded = new Map();
const load = (id) => {
  if (!loaded.has(id)) {
    loaded.set(id, ask({ source: id }).then(({ text, script }) => {
      const importModuleDynamically = async (specifier, importer) => {
        const module = await find(specifier, importer);
        if (module.status === "unlinked") await module.link(find);
        await module.evaluate();
        return module;
      };
      const initializeImportMeta = (meta) => {
        if (script === null) return;
        const imports = (specifier) => importModuleDynamically(specifier, { identifier: id });
        meta.body = new vm.Script(script, { filename: id, importModuleDynamically: imports }).runInThisContext();
      };
      return new vm.SourceTextModule(text, { identifier: id, importModuleDynamically, initializeImportMeta });
    }));
  }
  return loaded.get(id);
};

const find = async (specifier, importer) => {
  const { id, host, error } = await ask({ resolve: [importer.identifier, specifier] });
  if (error !== undefined) throw new Error(error);
  if (!host) return load(id);
  if (!loaded.has(specifier)) {
    const namespace = await import(specifier);
    const names = Object.keys(namespace);
    loaded.set(specifier, new vm.SyntheticModule(names, function () {
      for (const name of names) this.setExport(name, namespace[name]);
    }));
  }
  return loaded.get(specifier);
};

const entry = await load(process.argv[2]);
try {
  await entry.link(find);
  await entry.evaluate();
  say({ printed });
} catch (error) {
  say({ printed, failed: String(error?.stack ?? error) });
}
process.exit(0);
