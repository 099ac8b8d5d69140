// `node:fs`.

import { unavailable } from "tollgate:node-unavailable";
import promises from "tollgate:node-fs-promises";

const refuse = unavailable("node:fs", "files are out of their reach");

export const access = refuse("access");
export const accessSync = refuse("accessSync");
export const appendFile = refuse("appendFile");
export const appendFileSync = refuse("appendFileSync");
export const chmod = refuse("chmod");
export const chmodSync = refuse("chmodSync");
export const chown = refuse("chown");
export const chownSync = refuse("chownSync");
export const copyFile = refuse("copyFile");
export const copyFileSync = refuse("copyFileSync");
export const cp = refuse("cp");
export const cpSync = refuse("cpSync");
export const link = refuse("link");
export const linkSync = refuse("linkSync");
export const lstat = refuse("lstat");
export const lstatSync = refuse("lstatSync");
export const lutimes = refuse("lutimes");
export const lutimesSync = refuse("lutimesSync");
export const mkdir = refuse("mkdir");
export const mkdirSync = refuse("mkdirSync");
export const mkdtemp = refuse("mkdtemp");
export const mkdtempSync = refuse("mkdtempSync");
export const open = refuse("open");
export const openSync = refuse("openSync");
export const opendir = refuse("opendir");
export const opendirSync = refuse("opendirSync");
export const readFile = refuse("readFile");
export const readFileSync = refuse("readFileSync");
export const readdir = refuse("readdir");
export const readdirSync = refuse("readdirSync");
export const readlink = refuse("readlink");
export const readlinkSync = refuse("readlinkSync");
export const realpath = refuse("realpath");
export const realpathSync = refuse("realpathSync");
export const rename = refuse("rename");
export const renameSync = refuse("renameSync");
export const rm = refuse("rm");
export const rmSync = refuse("rmSync");
export const rmdir = refuse("rmdir");
export const rmdirSync = refuse("rmdirSync");
export const stat = refuse("stat");
export const statSync = refuse("statSync");
export const statfs = refuse("statfs");
export const statfsSync = refuse("statfsSync");
export const symlink = refuse("symlink");
export const symlinkSync = refuse("symlinkSync");
export const truncate = refuse("truncate");
export const truncateSync = refuse("truncateSync");
export const unlink = refuse("unlink");
export const unlinkSync = refuse("unlinkSync");
export const utimes = refuse("utimes");
export const utimesSync = refuse("utimesSync");
export const writeFile = refuse("writeFile");
export const writeFileSync = refuse("writeFileSync");
export const close = refuse("close");
export const closeSync = refuse("closeSync");
export const createReadStream = refuse("createReadStream");
export const createWriteStream = refuse("createWriteStream");
export const exists = refuse("exists");
export const fstat = refuse("fstat");
export const fstatSync = refuse("fstatSync");
export const fsync = refuse("fsync");
export const fsyncSync = refuse("fsyncSync");
export const openAsBlob = refuse("openAsBlob");
export const read = refuse("read");
export const readSync = refuse("readSync");
export const unwatchFile = refuse("unwatchFile");
export const watch = refuse("watch");
export const watchFile = refuse("watchFile");
export const write = refuse("write");
export const writeSync = refuse("writeSync");
export const Dir = refuse("Dir");
export const Dirent = refuse("Dirent");
export const FileReadStream = refuse("FileReadStream");
export const FileWriteStream = refuse("FileWriteStream");
export const ReadStream = refuse("ReadStream");
export const Stats = refuse("Stats");
export const WriteStream = refuse("WriteStream");

/** What is out of reach does not exist. */
export const existsSync = () => false;
export const constants = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 };
export { promises };

export default {
  Dir,
  Dirent,
  FileReadStream,
  FileWriteStream,
  ReadStream,
  Stats,
  WriteStream,
  access,
  accessSync,
  appendFile,
  appendFileSync,
  chmod,
  chmodSync,
  chown,
  chownSync,
  close,
  closeSync,
  constants,
  copyFile,
  copyFileSync,
  cp,
  cpSync,
  createReadStream,
  createWriteStream,
  exists,
  existsSync,
  fstat,
  fstatSync,
  fsync,
  fsyncSync,
  link,
  linkSync,
  lstat,
  lstatSync,
  lutimes,
  lutimesSync,
  mkdir,
  mkdirSync,
  mkdtemp,
  mkdtempSync,
  open,
  openAsBlob,
  openSync,
  opendir,
  opendirSync,
  promises,
  read,
  readFile,
  readFileSync,
  readSync,
  readdir,
  readdirSync,
  readlink,
  readlinkSync,
  realpath,
  realpathSync,
  rename,
  renameSync,
  rm,
  rmSync,
  rmdir,
  rmdirSync,
  stat,
  statSync,
  statfs,
  statfsSync,
  symlink,
  symlinkSync,
  truncate,
  truncateSync,
  unlink,
  unlinkSync,
  unwatchFile,
  utimes,
  utimesSync,
  watch,
  watchFile,
  write,
  writeFile,
  writeFileSync,
  writeSync,
};
