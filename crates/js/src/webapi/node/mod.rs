//! The small part of Node's modules that packages touch: an area for each module. None is loaded before
//! something imports it, or reads `Buffer` or `process`.

mod async_hooks;
mod buffer;
mod system;
mod unavailable;
mod url;
mod util;

use crate::library::Area;

pub(super) use async_hooks::{ASYNC_HOOKS, CONTEXT};
pub(super) use buffer::{BUFFER, BUFFER_CLASS};
pub(super) use system::{
    DIAGNOSTICS_CHANNEL, ENVIRONMENT, OS, PERF_HOOKS, PROCESS, STREAM_WEB, STRING_DECODER, TIMERS, TIMERS_PROMISES,
};
pub(super) use unavailable::{
    CHILD_PROCESS, DNS, DNS_PROMISES, FS, FS_PROMISES, HTTP, HTTP2, HTTPS, MODULE, NET, READLINE, STREAM,
    STREAM_PROMISES, TLS, TTY, UNAVAILABLE, VM, WORKER_THREADS, ZLIB,
};
pub(super) use url::{QUERYSTRING, URL, URL_FILES, URL_LEGACY};
pub(super) use util::{EQUAL, INSPECT, TYPES, UTIL};

/// What the areas of this folder throw.
pub(super) static ERRORS: Area = Area::built("node-errors");

pub(super) static ASSERT: Area = Area { specifiers: &["node:assert", "assert"], ..Area::built("node-assert") };

pub(super) static ASSERT_STRICT: Area =
    Area { specifiers: &["node:assert/strict", "assert/strict"], ..Area::built("node-assert-strict") };

pub(super) static CRYPTO: Area = Area { specifiers: &["node:crypto", "crypto"], ..Area::built("node-crypto") };

pub(super) static CRYPTO_CIPHERS: Area = Area::built("node-crypto-ciphers");
pub(super) static CRYPTO_COMMON: Area = Area::built("node-crypto-common");
pub(super) static CRYPTO_DER: Area = Area::built("node-crypto-der");
pub(super) static CRYPTO_DERIVE: Area = Area::built("node-crypto-derive");
pub(super) static CRYPTO_KEYS: Area = Area::built("node-crypto-keys");
pub(super) static CRYPTO_SIGN: Area = Area::built("node-crypto-sign");

pub(super) static EVENTS: Area = Area { specifiers: &["node:events", "events"], ..Area::built("node-events") };

pub(super) static PATH: Area = Area {
    specifiers: &["node:path", "path", "node:path/posix", "path/posix", "node:path/win32", "path/win32"],
    ..Area::built("node-path")
};
