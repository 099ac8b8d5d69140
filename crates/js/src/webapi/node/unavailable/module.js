// `node:module`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:module", "modules are imported");

export const Module = refuse("Module");
export const SourceMap = refuse("SourceMap");
export const createRequire = refuse("createRequire");
export const enableCompileCache = refuse("enableCompileCache");
export const findSourceMap = refuse("findSourceMap");
export const register = refuse("register");
export const syncBuiltinESMExports = refuse("syncBuiltinESMExports");
export const wrap = refuse("wrap");

export const builtinModules = [];
export const isBuiltin = () => false;

export default {
  Module,
  SourceMap,
  builtinModules,
  createRequire,
  enableCompileCache,
  findSourceMap,
  isBuiltin,
  register,
  syncBuiltinESMExports,
  wrap,
};
