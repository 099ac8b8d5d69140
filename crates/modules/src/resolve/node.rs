//! Node's own modules, which a gateway's scripts have only as far as their host provides them.

use crate::errors::Complaint;

/// The names of <https://nodejs.org/api/> that are modules.
const MODULES: [&str; 45] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "sea",
    "sqlite",
    "stream",
    "string_decoder",
    "sys",
    "test",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Whether Node itself has a module of that name, written with or without `node:`.
pub(crate) fn is_module_of_node(specifier: &str) -> bool {
    let name = specifier.strip_prefix("node:").unwrap_or(specifier);
    let name = name.split_once('/').map_or(name, |(name, _)| name);
    MODULES.binary_search(&name).is_ok()
}

/// What to say of such a module that the host does not provide.
pub(super) fn absent(specifier: &str) -> Complaint {
    let complaint = Complaint::new(format!("`{specifier}` is a module of Node.js that scripts do not have here"));
    complaint.with_help("use the Web's APIs, or a package that does not need it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(MODULES.is_sorted());
        assert!(is_module_of_node("node:fs"));
        assert!(is_module_of_node("fs/promises"));
        assert!(!is_module_of_node("cookie"));
    }
}
