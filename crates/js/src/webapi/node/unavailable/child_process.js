// `node:child_process`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:child_process", "there are no other processes");

export const ChildProcess = refuse("ChildProcess");
export const exec = refuse("exec");
export const execFile = refuse("execFile");
export const execFileSync = refuse("execFileSync");
export const execSync = refuse("execSync");
export const fork = refuse("fork");
export const spawn = refuse("spawn");
export const spawnSync = refuse("spawnSync");

export default {
  ChildProcess,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  spawn,
  spawnSync,
};
