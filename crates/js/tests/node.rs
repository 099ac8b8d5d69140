//! Node's modules: what Node cannot judge.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use support::eval;

const MODULES: &[&str] = &[
    "assert",
    "assert/strict",
    "async_hooks",
    "buffer",
    "child_process",
    "crypto",
    "diagnostics_channel",
    "dns",
    "dns/promises",
    "events",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "module",
    "net",
    "os",
    "path",
    "path/posix",
    "path/win32",
    "perf_hooks",
    "process",
    "querystring",
    "readline",
    "stream",
    "stream/promises",
    "stream/web",
    "string_decoder",
    "timers",
    "timers/promises",
    "tls",
    "tty",
    "url",
    "util",
    "util/types",
    "vm",
    "worker_threads",
    "zlib",
];

#[test]
fn every_module_has_two_names_and_a_default_export() {
    for name in MODULES {
        let code = format!(
            "const one = await import('{name}'); const other = await import('node:{name}');
             return [one === other, typeof one.default === 'object' || typeof one.default === 'function'];"
        );
        assert_eq!(eval(&code).unwrap(), "[true,true]", "{name}");
    }
}
