// `node:path`. Scripts have no files; their paths are those of URLs, of POSIX, and seen from `/`.

import { needObject, needString } from "tollgate:node-errors";

export const sep = "/";
export const delimiter = ":";

// The parts of a path without `.` and `..`, where that can be.
const parts = (path, isAbsolute) => {
  const kept = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!isAbsolute) kept.push("..");
  }
  return kept;
};

export function isAbsolute(path) {
  needString(path, "path");
  return path.startsWith("/");
}

export function normalize(path) {
  needString(path, "path");
  if (path === "") return ".";
  const root = path.startsWith("/") ? "/" : "";
  const inner = parts(path, root !== "").join("/");
  if (inner === "") return root === "" ? (path.endsWith("/") ? "./" : ".") : "/";
  return `${root}${inner}${path.endsWith("/") ? "/" : ""}`;
}

export function join(...paths) {
  for (const path of paths) needString(path, "path");
  const joined = paths.filter((path) => path !== "").join("/");
  return joined === "" ? "." : normalize(joined);
}

export function resolve(...paths) {
  let resolved = "";
  for (const [i, path] of paths.toReversed().entries()) {
    needString(path, `paths[${paths.length - 1 - i}]`);
    if (path === "") continue;
    resolved = `${path}/${resolved}`;
    if (path.startsWith("/")) break;
  }
  return `/${parts(resolved, true).join("/")}`;
}

export function relative(from, to) {
  needString(from, "from");
  needString(to, "to");
  const [here, there] = [from, to].map((path) => parts(resolve(path), true));
  let same = 0;
  while (same < here.length && same < there.length && here[same] === there[same]) same++;
  return [...here.slice(same).map(() => ".."), ...there.slice(same)].join("/");
}

// Slashes at the end count for nothing.
const trimmed = (path) => path.replace(/\/+$/, "");

export function dirname(path) {
  needString(path, "path");
  if (path === "") return ".";
  const inner = trimmed(path);
  if (inner === "") return "/";
  const at = inner.lastIndexOf("/");
  if (at < 0) return ".";
  return at === 0 ? "/" : inner.slice(0, at) === "/" ? "//" : inner.slice(0, at);
}

export function basename(path, suffix = undefined) {
  if (suffix !== undefined) needString(suffix, "suffix");
  needString(path, "path");
  if (suffix !== undefined && suffix === path) return "";
  const inner = trimmed(path);
  const base = inner.slice(inner.lastIndexOf("/") + 1);
  return suffix && base.length > suffix.length && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
}

export function extname(path) {
  needString(path, "path");
  const base = basename(path);
  const at = base.lastIndexOf(".");
  return at <= 0 || base === ".." ? "" : base.slice(at);
}

export function parse(path) {
  needString(path, "path");
  const root = path.startsWith("/") ? "/" : "";
  const base = basename(path);
  const ext = extname(path);
  const inner = trimmed(path);
  const at = inner.lastIndexOf("/");
  const dir = at < 0 ? (inner === "" ? root : "") : at === 0 ? root : inner.slice(0, at);
  return { root, dir, base, ext, name: base.slice(0, base.length - ext.length) };
}

export function format(parsed) {
  needObject(parsed, "pathObject");
  const dir = parsed.dir || parsed.root;
  const { ext } = parsed;
  const base = parsed.base || `${parsed.name || ""}${ext ? `${ext.startsWith(".") ? "" : "."}${ext}` : ""}`;
  if (!dir) return base;
  return dir === parsed.root ? `${dir}${base}` : `${dir}/${base}`;
}

export const toNamespacedPath = (path) => path;

export const posix = {
  basename,
  delimiter,
  dirname,
  extname,
  format,
  isAbsolute,
  join,
  normalize,
  parse,
  relative,
  resolve,
  sep,
  toNamespacedPath,
};
/** The same: there is no Windows here. */
export const win32 = posix;
posix.posix = posix;
posix.win32 = win32;

export default posix;
