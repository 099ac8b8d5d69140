// Answers with what there is at run time, in the form of declared.mjs. `members` are those of prototypes.
import * as runtime from "@tollgate/runtime";
import * as testing from "@tollgate/test";

const own = (value: object) => Object.getOwnPropertyNames(value);
const isClass = (value: Function) => /^class\b/.test(Function.prototype.toString.call(value));

function described(value: any) {
  if (typeof value !== "function") {
    const named = typeof value === "object" && value !== null && value !== runtime.environment;
    return { kind: "value", statics: named ? own(value).filter((name) => !/^\d+$/.test(name)) : [], methods: [], members: [] };
  }
  const statics = own(value).filter((name) => !["length", "name", "prototype", "arguments", "caller"].includes(name));
  if (!isClass(value)) return { kind: "function", statics, methods: [], members: [] };
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(value.prototype);
  const methods = Object.entries(members).filter(([, { value }]) => typeof value === "function").map(([name]) => name);
  return { kind: "class", statics, methods, members: Object.keys(members) };
}

const all = (module: object) => Object.fromEntries(Object.entries(module).map(([name, value]) => [name, described(value)]));

export default () => ({ "@tollgate/runtime": all(runtime), "@tollgate/test": all(testing) });
