// `node:os`: as little as can be said without looking.

export const EOL = "\n";
export const devNull = "/dev/null";
export const constants = { signals: {}, errno: {}, priority: {}, dlopen: {} };

export const platform = () => "linux";
export const type = () => "Linux";
export const arch = () => "x64";
export const machine = () => "x86_64";
export const release = () => "";
export const version = () => "";
export const endianness = () => "LE";
export const hostname = () => "localhost";
export const homedir = () => "/";
export const tmpdir = () => "/tmp";
export const uptime = () => performance.now() / 1000;
export const availableParallelism = () => 1;
export const cpus = () => [];
export const freemem = () => 0;
export const totalmem = () => 0;
export const loadavg = () => [0, 0, 0];
export const networkInterfaces = () => ({});
export const userInfo = () => ({ uid: -1, gid: -1, username: "", homedir: "/", shell: null });

export default {
  EOL,
  arch,
  availableParallelism,
  constants,
  cpus,
  devNull,
  endianness,
  freemem,
  homedir,
  hostname,
  loadavg,
  machine,
  networkInterfaces,
  platform,
  release,
  tmpdir,
  totalmem,
  type,
  uptime,
  userInfo,
  version,
};
