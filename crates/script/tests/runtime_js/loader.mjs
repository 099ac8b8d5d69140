// Lets Node find the gateway's own modules by the names that they have in an engine: the table is the
// one that the gateway is built with. `import.meta.native` becomes what a test put in its place.

import { readFileSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";

const here = new URL(".", import.meta.url);

if (import.meta.url.endsWith("?hooks")) {
  // Nothing: this copy of the module runs on the thread of the hooks.
} else {
  register(new URL("loader.mjs?hooks", import.meta.url));
}

const folder = new URL("../../src/runtime/", here);
const [sources, table] = ["sources.rs", "modules.rs"].map((file) => readFileSync(new URL(file, folder), "utf8"));
const modules = new Map();
for (const [, name, file] of sources.matchAll(/\("([\w-]+)", &\["([\w./-]+)"\]\)/g)) {
  modules.set(`tollgate:${name}`, new URL(file, folder).href);
}
modules.set("tollgate:console", new URL("../../../js/src/webapi/console/console.js", here).href);
modules.set("tollgate:caches", new URL("fake_caches.mjs", here).href);
for (const [, name, specifiers] of table.matchAll(/\("([\w-]+)", &\[([^\]]*)\]\)/g)) {
  for (const [, specifier] of specifiers.matchAll(/"([^"]+)"/g)) modules.set(specifier, modules.get(`tollgate:${name}`));
}
const names = new Map([...modules].map(([name, href]) => [href, name]));

export async function resolve(specifier, context, next) {
  const url = modules.get(specifier);
  return url === undefined ? next(specifier, context) : { url, format: "module", shortCircuit: true };
}

export async function load(url, context, next) {
  if (!names.has(url)) return next(url, context);
  const source = readFileSync(fileURLToPath(url), "utf8").replaceAll("import.meta.native", "globalThis.tollgateNative");
  return { format: "module", shortCircuit: true, source };
}
