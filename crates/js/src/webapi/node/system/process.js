// `node:process` and the global `process`: what packages look at to find out where they run. There is
// no version of Node in it, so that they choose what they have for the Web.

import { env } from "tollgate:node-environment";
import { coded, needFunction } from "tollgate:node-errors";

export { env };

const { apply } = Reflect;

export const title = "tollgate";
export const platform = "linux";
export const arch = "x64";
export const pid = 1;
export const ppid = 0;
export const version = "";
export const versions = {};
export const release = { name: "tollgate" };
export const argv = [];
export const argv0 = "tollgate";
export const execArgv = [];
export const execPath = "/";
export const exitCode = undefined;
export const features = {};
export const config = {};
export const browser = false;

export const cwd = () => "/";
export const umask = () => 0o22;
export const uptime = () => performance.now() / 1000;

/** Calls back as soon as the code that runs is done. */
export function nextTick(callback, ...values) {
  needFunction(callback, "callback");
  // By way of a promise: an error is told to the host as an unhandled rejection.
  void Promise.resolve().then(() => apply(callback, undefined, values));
}

const now = () => performance.timeOrigin + performance.now();

/** Seconds and nanoseconds since some point in the past, or since an earlier time. */
export function hrtime(before = undefined) {
  const time = hrtime.bigint();
  const [seconds, nanoseconds] = [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
  if (before === undefined) return [seconds, nanoseconds];
  const passed = [seconds - before[0], nanoseconds - before[1]];
  return passed[1] < 0 ? [passed[0] - 1, passed[1] + 1e9] : passed;
}
hrtime.bigint = () => BigInt(Math.floor(now() * 1000)) * 1000n;

export function memoryUsage() {
  return { rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 };
}
memoryUsage.rss = () => 0;

export const cpuUsage = () => ({ user: 0, system: 0 });

/** A warning becomes a line in the log. */
export function emitWarning(warning, options = undefined) {
  const type = typeof options === "string" ? options : options?.type;
  const name = type ?? (warning instanceof Error ? warning.name : "Warning");
  console.warn(`${name}: ${warning instanceof Error ? warning.message : warning}`);
}

const refused = (name) => () => {
  throw coded(Error, "ERR_FEATURE_UNAVAILABLE", `process.${name} is not available in scripts: the gateway goes on`);
};

export const exit = refused("exit");
export const abort = refused("abort");
export const kill = refused("kill");
export const chdir = refused("chdir");
export const dlopen = refused("dlopen");
export const binding = refused("binding");

// Nothing is ever emitted: listeners are taken, and forgotten.
const ignored = () => process;
export const on = ignored;
export const addListener = ignored;
export const once = ignored;
export const off = ignored;
export const prependListener = ignored;
export const removeListener = ignored;
export const removeAllListeners = ignored;
export const setMaxListeners = ignored;
export const emit = () => false;
export const listeners = () => [];
export const listenerCount = () => 0;
export const eventNames = () => [];

const stream = (level) => ({
  isTTY: false,
  columns: 80,
  fd: level === "log" ? 1 : 2,
  write(text) {
    console[level](String(text).replace(/\n$/, ""));
    return true;
  },
  on: ignored,
  once: ignored,
  end() {},
});
export const stdout = stream("log");
export const stderr = stream("error");
export const stdin = { isTTY: false, fd: 0, on: ignored, once: ignored };

export const process = {
  abort,
  addListener,
  arch,
  argv,
  argv0,
  binding,
  browser,
  chdir,
  config,
  cpuUsage,
  cwd,
  dlopen,
  emit,
  emitWarning,
  env,
  eventNames,
  execArgv,
  execPath,
  exit,
  exitCode,
  features,
  hrtime,
  kill,
  listenerCount,
  listeners,
  memoryUsage,
  nextTick,
  off,
  on,
  once,
  pid,
  platform,
  ppid,
  prependListener,
  release,
  removeAllListeners,
  removeListener,
  setMaxListeners,
  stderr,
  stdin,
  stdout,
  title,
  umask,
  uptime,
  version,
  versions,
  [Symbol.toStringTag]: "process",
};

export default process;
