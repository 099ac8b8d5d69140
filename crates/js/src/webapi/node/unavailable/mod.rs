//! Modules that scripts may import, because packages do, and cannot use: what they export says why not.

use crate::library::Area;

/// A module of functions that throw.
const fn module(name: &'static str, specifiers: &'static [&'static str], source: &'static str) -> Area {
    Area { source: Some(source), specifiers, ..Area::new(name) }
}

/// Makes functions that throw.
pub(in crate::webapi) static UNAVAILABLE: Area = module("node-unavailable", &[], include_str!("unavailable.js"));

pub(in crate::webapi) static CHILD_PROCESS: Area =
    module("node-child_process", &["node:child_process", "child_process"], include_str!("child_process.js"));
pub(in crate::webapi) static DNS: Area = module("node-dns", &["node:dns", "dns"], include_str!("dns.js"));
pub(in crate::webapi) static DNS_PROMISES: Area =
    module("node-dns-promises", &["node:dns/promises", "dns/promises"], include_str!("dns_promises.js"));
pub(in crate::webapi) static FS: Area = module("node-fs", &["node:fs", "fs"], include_str!("fs.js"));
pub(in crate::webapi) static FS_PROMISES: Area =
    module("node-fs-promises", &["node:fs/promises", "fs/promises"], include_str!("fs_promises.js"));
pub(in crate::webapi) static HTTP: Area = module("node-http", &["node:http", "http"], include_str!("http.js"));
pub(in crate::webapi) static HTTP2: Area = module("node-http2", &["node:http2", "http2"], include_str!("http2.js"));
pub(in crate::webapi) static HTTPS: Area = module("node-https", &["node:https", "https"], include_str!("https.js"));
pub(in crate::webapi) static MODULE: Area =
    module("node-module", &["node:module", "module"], include_str!("module.js"));
pub(in crate::webapi) static NET: Area = module("node-net", &["node:net", "net"], include_str!("net.js"));
pub(in crate::webapi) static READLINE: Area =
    module("node-readline", &["node:readline", "readline"], include_str!("readline.js"));
pub(in crate::webapi) static STREAM: Area =
    module("node-stream", &["node:stream", "stream"], include_str!("stream.js"));
pub(in crate::webapi) static STREAM_PROMISES: Area =
    module("node-stream-promises", &["node:stream/promises", "stream/promises"], include_str!("stream_promises.js"));
pub(in crate::webapi) static TLS: Area = module("node-tls", &["node:tls", "tls"], include_str!("tls.js"));
pub(in crate::webapi) static TTY: Area = module("node-tty", &["node:tty", "tty"], include_str!("tty.js"));
pub(in crate::webapi) static VM: Area = module("node-vm", &["node:vm", "vm"], include_str!("vm.js"));
pub(in crate::webapi) static WORKER_THREADS: Area =
    module("node-worker_threads", &["node:worker_threads", "worker_threads"], include_str!("worker_threads.js"));
pub(in crate::webapi) static ZLIB: Area = module("node-zlib", &["node:zlib", "zlib"], include_str!("zlib.js"));
