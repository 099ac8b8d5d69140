// `node:vm`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:vm", "code comes from modules only");

export const Script = refuse("Script");
export const SourceTextModule = refuse("SourceTextModule");
export const SyntheticModule = refuse("SyntheticModule");
export const compileFunction = refuse("compileFunction");
export const createContext = refuse("createContext");
export const runInContext = refuse("runInContext");
export const runInNewContext = refuse("runInNewContext");
export const runInThisContext = refuse("runInThisContext");

export const isContext = () => false;
export const constants = {};

export default {
  Script,
  SourceTextModule,
  SyntheticModule,
  compileFunction,
  constants,
  createContext,
  isContext,
  runInContext,
  runInNewContext,
  runInThisContext,
};
