// `node:fs/promises`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:fs/promises", "files are out of their reach");

export const access = refuse("access");
export const appendFile = refuse("appendFile");
export const chmod = refuse("chmod");
export const chown = refuse("chown");
export const copyFile = refuse("copyFile");
export const cp = refuse("cp");
export const link = refuse("link");
export const lstat = refuse("lstat");
export const lutimes = refuse("lutimes");
export const mkdir = refuse("mkdir");
export const mkdtemp = refuse("mkdtemp");
export const open = refuse("open");
export const opendir = refuse("opendir");
export const readFile = refuse("readFile");
export const readdir = refuse("readdir");
export const readlink = refuse("readlink");
export const realpath = refuse("realpath");
export const rename = refuse("rename");
export const rm = refuse("rm");
export const rmdir = refuse("rmdir");
export const stat = refuse("stat");
export const statfs = refuse("statfs");
export const symlink = refuse("symlink");
export const truncate = refuse("truncate");
export const unlink = refuse("unlink");
export const utimes = refuse("utimes");
export const writeFile = refuse("writeFile");
export const watch = refuse("watch");

export const constants = {};

export default {
  access,
  appendFile,
  chmod,
  chown,
  constants,
  copyFile,
  cp,
  link,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  open,
  opendir,
  readFile,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  symlink,
  truncate,
  unlink,
  utimes,
  watch,
  writeFile,
};
