// Runs what is written for CommonJS inside of ES modules: the functions that stand for such modules,
// what they gave when they ran, and `require`. Nobody but generated code can import this.

const { apply } = Reflect;
const { keys, defineProperty } = Object;

const definitions = { __proto__: null };
const modules = { __proto__: null };

/** Makes a module known without running it. */
export function define(id, links, body) {
  definitions[id] = { __proto__: null, links, body };
}

/** What the module exports; it runs when it is first asked for. In a cycle, what is there so far. */
export function run(id) {
  const known = modules[id];
  if (known !== undefined) return known.exports;
  const definition = definitions[id];
  if (definition === undefined) {
    throw new Error(`Cannot run ${id} yet: an ES module and a CommonJS module need each other`);
  }
  const path = folderOf(id);
  const module = {
    id,
    path,
    filename: `/${id}`,
    exports: {},
    loaded: false,
    parent: undefined,
    children: [],
    paths: [],
    require: requirer(id, definition.links),
  };
  modules[id] = module;
  try {
    apply(definition.body, module.exports, [module.exports, module.require, module, module.filename, path]);
  } catch (error) {
    delete modules[id];
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

/**
 * The `require` of one module. A link is the id of a CommonJS module, `{ ns }` with a function that
 * gives the namespace of an ES module, or `{ absent }` with a sentence that says why there is nothing.
 */
export function requirer(from, links) {
  const find = (specifier) => {
    if (typeof specifier !== "string") {
      throw new TypeError("The specifier of require must be a string");
    }
    const link = links[specifier];
    if (link === undefined) {
      throw absent(from, specifier, "require finds only what is written as a literal in the file itself");
    }
    if (link.absent !== undefined) throw absent(from, specifier, link.absent);
    return link;
  };
  const require = (specifier) => {
    const link = find(specifier);
    return typeof link === "string" ? run(link) : exportsOf(link);
  };
  require.resolve = (specifier) => {
    const link = find(specifier);
    return typeof link === "string" ? `/${link}` : specifier;
  };
  require.cache = { __proto__: null };
  require.main = undefined;
  return require;
}

/** What `require` gives for an ES module. */
function exportsOf(link) {
  if (link.known) return link.value;
  const namespace = link.ns();
  link.value = interop(namespace, link.builtin);
  link.known = true;
  return link.value;
}

function interop(namespace, builtin) {
  if (builtin) return "default" in namespace ? namespace.default : namespace;
  if ("module.exports" in namespace) return namespace["module.exports"];
  if (!("default" in namespace) || "__esModule" in namespace) return namespace;
  // Compiled code asks for `default` only where this mark is.
  const marked = { __proto__: null };
  for (const name of keys(namespace)) {
    defineProperty(marked, name, { __proto__: null, enumerable: true, get: () => namespace[name] });
  }
  return defineProperty(marked, "__esModule", { __proto__: null, value: true });
}

/** What `import x from` gives for a CommonJS module whose compiler may have marked it. */
export function defaultOf(exports) {
  if (exports === null || (typeof exports !== "object" && typeof exports !== "function")) return exports;
  return exports.__esModule && "default" in exports ? exports.default : exports;
}

/** One property of what a module exports. */
export function pick(exports, name) {
  try {
    return exports === null || exports === undefined ? undefined : exports[name];
  } catch {
    return undefined;
  }
}

function absent(from, specifier, why) {
  const error = new Error(`Cannot find module '${specifier}' in ${from}: ${why}`);
  error.code = "MODULE_NOT_FOUND";
  return error;
}

function folderOf(id) {
  const slash = id.lastIndexOf("/");
  return slash < 0 ? "/" : `/${id.slice(0, slash)}`;
}
