//! Modules that scripts may import, because packages do, and cannot use: what they export says why not.

use crate::library::Area;

/// A module of functions that throw.
const fn module(name: &'static str, specifiers: &'static [&'static str]) -> Area {
    Area { specifiers, ..Area::built(name) }
}

/// Makes functions that throw.
pub(in crate::webapi) static UNAVAILABLE: Area = module("node-unavailable", &[]);

pub(in crate::webapi) static CHILD_PROCESS: Area =
    module("node-child_process", &["node:child_process", "child_process"]);
pub(in crate::webapi) static DNS: Area = module("node-dns", &["node:dns", "dns"]);
pub(in crate::webapi) static DNS_PROMISES: Area = module("node-dns-promises", &["node:dns/promises", "dns/promises"]);
pub(in crate::webapi) static FS: Area = module("node-fs", &["node:fs", "fs"]);
pub(in crate::webapi) static FS_PROMISES: Area = module("node-fs-promises", &["node:fs/promises", "fs/promises"]);
pub(in crate::webapi) static HTTP: Area = module("node-http", &["node:http", "http"]);
pub(in crate::webapi) static HTTP2: Area = module("node-http2", &["node:http2", "http2"]);
pub(in crate::webapi) static HTTPS: Area = module("node-https", &["node:https", "https"]);
pub(in crate::webapi) static MODULE: Area = module("node-module", &["node:module", "module"]);
pub(in crate::webapi) static NET: Area = module("node-net", &["node:net", "net"]);
pub(in crate::webapi) static READLINE: Area = module("node-readline", &["node:readline", "readline"]);
pub(in crate::webapi) static STREAM: Area = module("node-stream", &["node:stream", "stream"]);
pub(in crate::webapi) static STREAM_PROMISES: Area =
    module("node-stream-promises", &["node:stream/promises", "stream/promises"]);
pub(in crate::webapi) static TLS: Area = module("node-tls", &["node:tls", "tls"]);
pub(in crate::webapi) static TTY: Area = module("node-tty", &["node:tty", "tty"]);
pub(in crate::webapi) static VM: Area = module("node-vm", &["node:vm", "vm"]);
pub(in crate::webapi) static WORKER_THREADS: Area =
    module("node-worker_threads", &["node:worker_threads", "worker_threads"]);
pub(in crate::webapi) static ZLIB: Area = module("node-zlib", &["node:zlib", "zlib"]);
