//! The Web's APIs: an area is a folder, and a line in [`ALL`].

mod blob;
pub mod caches;
mod clone;
mod compression;
mod console;
mod crypto;
mod encoding;
mod events;
pub mod fetch;
mod intl;
mod node;
mod streams;
mod timers;
mod url;
pub mod websocket;

use crate::library::{Area, Bytecode, Source};

/// What the build has made of the areas' JavaScript (sources.rs).
const BUILT: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/bytecode.rs"));

impl Area {
    /// An area of this crate with JavaScript, for struct update.
    const fn built(name: &'static str) -> Self {
        #[expect(unsafe_code, reason = "the engine believes bytecode")]
        // SAFETY: the build script has just made it, with the engine that this crate links.
        let bytecode = unsafe { Bytecode::find(BUILT, name) };
        Self { source: Source::Built(bytecode), ..Self::new(name) }
    }
}

/// Every area that each engine has.
pub static ALL: &[&Area] = &[
    &console::AREA,
    &timers::AREA,
    &events::AREA,
    &clone::AREA,
    &encoding::AREA,
    &url::AREA,
    &streams::AREA,
    &streams::WRITABLE,
    &compression::AREA,
    &blob::AREA,
    &fetch::AREA,
    &crypto::AREA,
    &crypto::SUBTLE,
    &crypto::KEY,
    &crypto::CONVERT,
    &crypto::ALGORITHMS,
    &crypto::JWK,
    &crypto::ENCODINGS,
    &crypto::HASH,
    &crypto::COMMON,
    &crypto::HMAC,
    &crypto::AES,
    &crypto::DERIVE,
    &crypto::RSA,
    &crypto::AGREEMENT,
    &crypto::EC,
    &crypto::CURVE25519,
    &caches::AREA,
    &websocket::AREA,
    &intl::AREA,
    &node::ASSERT,
    &node::ASSERT_STRICT,
    &node::ASYNC_HOOKS,
    &node::BUFFER,
    &node::BUFFER_CLASS,
    &node::CHILD_PROCESS,
    &node::CONTEXT,
    &node::CRYPTO,
    &node::CRYPTO_CIPHERS,
    &node::CRYPTO_COMMON,
    &node::CRYPTO_DER,
    &node::CRYPTO_DERIVE,
    &node::CRYPTO_KEYS,
    &node::CRYPTO_SIGN,
    &node::DIAGNOSTICS_CHANNEL,
    &node::DNS,
    &node::DNS_PROMISES,
    &node::ENVIRONMENT,
    &node::EQUAL,
    &node::ERRORS,
    &node::EVENTS,
    &node::FS,
    &node::FS_PROMISES,
    &node::HTTP,
    &node::HTTP2,
    &node::HTTPS,
    &node::INSPECT,
    &node::MODULE,
    &node::NET,
    &node::OS,
    &node::PATH,
    &node::PERF_HOOKS,
    &node::PROCESS,
    &node::QUERYSTRING,
    &node::READLINE,
    &node::STREAM,
    &node::STREAM_PROMISES,
    &node::STREAM_WEB,
    &node::STRING_DECODER,
    &node::TIMERS,
    &node::TIMERS_PROMISES,
    &node::TLS,
    &node::TTY,
    &node::TYPES,
    &node::UNAVAILABLE,
    &node::URL,
    &node::URL_FILES,
    &node::URL_LEGACY,
    &node::UTIL,
    &node::VM,
    &node::WORKER_THREADS,
    &node::ZLIB,
];
