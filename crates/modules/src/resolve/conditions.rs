//! How packages are asked for their files.
//!
//! Packages answer with different files for Node.js, browsers and workers, by `exports` conditions and
//! by the older fields `browser`, `module` and `main`. A gateway's scripts have the Web's APIs and a
//! small part of Node's, no document and no file system: that is a worker. So the answers for a worker
//! are preferred (`workerd`, `worker`), then those for browsers, and those for Node are never asked for;
//! `default` is what packages without such distinctions have. This is what bundlers do for workers too,
//! and so what packages are tested with. `development` is not asked for, `production` is.

use oxc_resolver::{ResolveOptions, TsconfigDiscovery};

use super::Asked;

/// Options for what the project's own files ask for: TypeScript is found before JavaScript.
pub(super) fn project(asked: Asked) -> ResolveOptions {
    let typescript_first = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "json"];
    let aliases = [
        ("js", &["ts", "tsx", "js", "jsx"][..]),
        ("jsx", &["tsx", "jsx"]),
        ("mjs", &["mts", "mjs"]),
        ("cjs", &["cts", "cjs"]),
    ];
    options(asked, &typescript_first, &aliases)
}

/// Options for what files of packages ask for: packages that ship sources beside what was built mean
/// the latter.
pub(super) fn package(asked: Asked) -> ResolveOptions {
    let javascript_first = ["js", "mjs", "cjs", "json", "jsx", "ts", "tsx", "mts", "cts"];
    let aliases = [("js", &["js", "ts", "tsx"][..]), ("mjs", &["mjs", "mts"]), ("cjs", &["cjs", "cts"])];
    options(asked, &javascript_first, &aliases)
}

fn options(asked: Asked, endings: &[&str], aliases: &[(&str, &[&str])]) -> ResolveOptions {
    let dotted = |ending: &&str| format!(".{ending}");
    let (conditions, fields) = match asked {
        Asked::Import => (
            ["workerd", "worker", "browser", "import", "module", "production", "default"].as_slice(),
            ["browser", "module", "main"],
        ),
        // A module that `require` gets had better be CommonJS, which can be run when it is asked for.
        Asked::Require => (
            ["workerd", "worker", "browser", "require", "production", "default"].as_slice(),
            ["browser", "main", "module"],
        ),
    };
    ResolveOptions {
        tsconfig: Some(TsconfigDiscovery::Auto),
        alias_fields: vec![vec!["browser".to_owned()]],
        condition_names: conditions.iter().map(|name| (*name).to_owned()).collect(),
        extension_alias: aliases
            .iter()
            .map(|(ending, instead)| (format!(".{ending}"), instead.iter().map(dotted).collect()))
            .collect(),
        extensions: endings.iter().map(dotted).collect(),
        main_fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        module_type: true,
        // The environment of the process must not change what a project means.
        node_path: false,
        ..ResolveOptions::default()
    }
}
