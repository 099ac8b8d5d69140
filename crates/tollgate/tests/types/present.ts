// Answers with what there is at run time, in the form of declared.mjs. `members` are those of prototypes.
import * as graphql from "@tollgate/graphql";
import * as otel from "@tollgate/otel";
import * as runtime from "@tollgate/runtime";
import * as mcpGateway from "@tollgate/runtime/mcp-gateway";
import * as mocks from "@tollgate/runtime/mocks";
import * as testing from "@tollgate/test";

const modules = {
  "@tollgate/graphql": graphql,
  "@tollgate/otel": otel,
  "@tollgate/runtime": runtime,
  "@tollgate/runtime/mcp-gateway": mcpGateway,
  "@tollgate/runtime/mocks": mocks,
  "@tollgate/test": testing,
};

const own = (value: object) => Object.getOwnPropertyNames(value);
const isClass = (value: Function) => /^class\b/.test(Function.prototype.toString.call(value));

function described(value: any) {
  if (typeof value !== "function") {
    const named = value !== runtime.environment;
    return { kind: "value", statics: named ? own(value).filter((name) => !/^\d+$/.test(name)) : [], methods: [], members: [] };
  }
  const statics = own(value).filter((name) => !["length", "name", "prototype", "arguments", "caller"].includes(name));
  if (!isClass(value)) return { kind: "callable", statics, methods: [], members: [] };
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(value.prototype);
  const methods = Object.entries(members).filter(([, { value }]) => typeof value === "function").map(([name]) => name);
  return { kind: "callable", statics, methods, members: Object.keys(members) };
}

const each = <T, U>(object: Record<string, T>, change: (value: T) => U) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

export default () => each<Record<string, any>, unknown>(modules, (module) => each(module, described));
