//! Which file a specifier leads to.

use std::os::unix::fs::symlink;

use crate::project::{Project, load_at};

/// Checks which file `modules/main.ts` gets when it imports `specifier` for its effect.
#[track_caller]
fn check(files: &[&str], specifier: &str, expected: &str) {
    check_with(files, &[], specifier, expected);
}

#[track_caller]
fn check_with(files: &[&str], configuration: &[(&str, &str)], specifier: &str, expected: &str) {
    let project = Project::new(configuration);
    files.iter().for_each(|path| project.write(path, "export {};"));
    project.write("modules/main.ts", &format!("import {specifier:?};"));
    let graph = project.graph(&["modules/main"]);
    assert_eq!(graph.resolve("modules/main.ts", specifier), Ok(expected));
}

#[test]
fn relative_paths_need_no_ending() {
    check(&["modules/a.ts"], "./a", "modules/a.ts");
    check(&["modules/a.ts"], "./a.ts", "modules/a.ts");
    check(&["modules/a.ts", "modules/a.js"], "./a", "modules/a.ts");
    check(&["modules/a/index.ts"], "./a", "modules/a/index.ts");
    check(&["modules/a/index.tsx"], "./a/", "modules/a/index.tsx");
    check(&["config/a.mjs"], "../config/a.mjs", "config/a.mjs");
    check(&["modules/a.b.ts"], "./a.b", "modules/a.b.ts");
    check_with(&[], &[("config/routes.oas.json", "{}")], "../config/routes.oas.json", "config/routes.oas.json");
}

#[test]
fn an_ending_of_javascript_may_mean_typescript() {
    check(&["modules/a.ts"], "./a.js", "modules/a.ts");
    check(&["modules/a.tsx"], "./a.js", "modules/a.tsx");
    check(&["modules/a.mts"], "./a.mjs", "modules/a.mts");
    check(&["modules/a.js"], "./a.js", "modules/a.js");
}

#[test]
fn the_tsconfig_gives_paths_and_a_base() {
    let base = r#"{ "compilerOptions": { "baseUrl": "." } }"#;
    check_with(&["modules/a.ts"], &[("tsconfig.json", base)], "modules/a", "modules/a.ts");
    let paths = r##"{ "compilerOptions": { "paths": { "@/*": ["./lib/*"], "~": ["./lib/all"] } } }"##;
    check_with(&["lib/a.ts"], &[("tsconfig.json", paths)], "@/a", "lib/a.ts");
    check_with(&["lib/all/index.ts"], &[("tsconfig.json", paths)], "~", "lib/all/index.ts");
    let extending = r#"{ "extends": "./config/base.json", "include": ["nothing"] }"#;
    let extended = r#"{ "compilerOptions": { "baseUrl": ".." } }"#;
    let both = [("tsconfig.json", extending), ("config/base.json", extended)];
    check_with(&["modules/a.ts"], &both, "modules/a", "modules/a.ts");
}

#[test]
fn a_package_answers_as_for_a_worker() {
    let conditions = r#"{ "exports": { ".": { "node": "./n.js", "workerd": "./w.js", "default": "./d.js" } } }"#;
    check_with(
        &["node_modules/p/n.js", "node_modules/p/w.js", "node_modules/p/d.js"],
        &[("node_modules/p/package.json", conditions)],
        "p",
        "node_modules/p/w.js",
    );
    let nested = r#"{ "exports": { "./sub/*": { "import": { "types": "./t.d.ts", "default": "./esm/*.mjs" } } } }"#;
    check_with(
        &["node_modules/p/esm/a.mjs"],
        &[("node_modules/p/package.json", nested)],
        "p/sub/a",
        "node_modules/p/esm/a.mjs",
    );
    let fields = r#"{ "main": "./main.js", "module": "./module.js" }"#;
    check_with(
        &["node_modules/p/main.js", "node_modules/p/module.js"],
        &[("node_modules/p/package.json", fields)],
        "p",
        "node_modules/p/module.js",
    );
    let browser = r#"{ "main": "./main.js", "browser": { "./main.js": "./browser.js" } }"#;
    check_with(
        &["node_modules/p/main.js", "node_modules/p/browser.js"],
        &[("node_modules/p/package.json", browser)],
        "p",
        "node_modules/p/browser.js",
    );
    check(&["node_modules/p/index.js"], "p", "node_modules/p/index.js");
    check(&["node_modules/@s/p/lib/a.js"], "@s/p/lib/a", "node_modules/@s/p/lib/a.js");
}

#[test]
fn a_package_that_has_built_files_beside_its_sources_means_those() {
    let project = Project::new(&[
        ("modules/main.ts", "import { a } from 'p'; console.log(a);"),
        ("node_modules/p/index.js", "export * from './a';"),
        ("node_modules/p/a.js", "export const a = 'js';"),
        ("node_modules/p/a.ts", "export const a: string = 'ts';"),
    ]);
    assert_eq!(project.run("modules/main"), ["js"]);
}

#[test]
fn what_a_package_says_is_of_no_use_is_empty() {
    let project = Project::new(&[
        ("modules/main.ts", "import { x } from 'p'; console.log(x);"),
        ("node_modules/p/package.json", r#"{ "browser": { "fs": false, "./node.js": false } }"#),
        (
            "node_modules/p/index.js",
            "import fs, { readFileSync } from 'fs'; import * as n from './node.js'; export const x = [fs, typeof readFileSync, n.y];",
        ),
        ("node_modules/p/node.js", "throw new Error('not read')"),
    ]);
    assert_eq!(project.run("modules/main"), [r#"[{},"undefined",null]"#]);
}

#[test]
fn import_and_require_may_get_different_files() {
    let project = Project::new(&[
        ("modules/main.ts", "import d from 'dual'; import 'user'; console.log(d);"),
        ("node_modules/dual/package.json", r#"{ "exports": { "import": "./i.mjs", "require": "./r.cjs" } }"#),
        ("node_modules/dual/i.mjs", "export default 'import';"),
        ("node_modules/dual/r.cjs", "module.exports = 'require';"),
        ("node_modules/user/index.js", "console.log(require('dual'));"),
    ]);
    assert_eq!(project.run("modules/main"), ["require", "import"]);
}

#[test]
fn a_package_knows_itself_and_its_own_names() {
    let manifest = r##"{ "name": "me", "exports": { "./a": "./modules/a.ts" }, "imports": { "#lib/*": "./lib/*.ts", "#dep": "dep" } }"##;
    check_with(&["modules/a.ts"], &[("package.json", manifest)], "me/a", "modules/a.ts");
    check_with(&["lib/b.ts"], &[("package.json", manifest)], "#lib/b", "lib/b.ts");
    check_with(&["node_modules/dep/index.js"], &[("package.json", manifest)], "#dep", "node_modules/dep/index.js");
}

#[test]
fn what_the_host_provides_is_never_looked_for() {
    let project = Project::new(&[
        ("modules/main.ts", "import { isDeepStrictEqual as same } from 'node:util'; console.log(same([1], [1]));"),
        ("node_modules/node:util/index.js", "throw new Error('the package was loaded')"),
    ]);
    assert_eq!(project.run("modules/main"), ["true"]);
    let graph = project.graph(&["modules/main", "node:path"]);
    assert_eq!(graph.id_of_entry("node:path"), None);
    let [import] = graph.host_imports() else { panic!("one import") };
    assert_eq!((import.specifier.as_str(), import.name.as_str()), ("node:util", "isDeepStrictEqual"));
    assert_eq!((import.position.line, import.position.column), (1, 10));
}

#[test]
fn a_module_that_names_what_it_imports_of_the_host_may_do_with_less_than_the_whole() {
    let cases = [
        ("import { a, b as c } from 'node:x'; console.log(a, c);", true),
        ("import d from 'node:x'; console.log(d);", true),
        ("export { a } from 'node:x';", true),
        ("import 'node:x';", true),
        ("import { a } from 'node:x'; console.log(a, await import('./other'));", true),
        ("import * as all from 'node:x'; console.log(all);", false),
        ("import { a } from 'node:x'; import * as all from 'node:x'; console.log(a, all);", false),
        ("export * from 'node:x';", false),
        ("export * as all from 'node:x';", false),
        ("console.log(await import('node:x'));", false),
        ("import { a } from 'node:x'; console.log(a, await import('node:x'));", false),
        ("import { a } from 'node:x'; console.log(a, await import('node:' + a));", false),
        ("import { a } from 'node:x'; console.log(a, await import(`node:${a}`));", false),
        ("import { a } from 'node:x'; console.log(a, require('node:x'));", false),
        ("import { a } from 'node:y'; console.log(a);", false),
    ];
    for (text, by_name) in cases {
        let project = Project::new(&[
            ("modules/main.ts", text),
            ("modules/other.ts", "export {};"),
            ("node_modules/pack/index.mjs", text),
            ("node_modules/pack/package.json", r#"{ "name": "pack", "exports": "./index.mjs" }"#),
            ("node_modules/pack/other.js", "export {};"),
        ]);
        let graph = project.graph(&["modules/main", "pack"]);
        assert_eq!(graph.asks_by_name("modules/main.ts", "node:x"), by_name, "{text}");
        // An ES module of a package is as in Node: there is no `require`.
        let in_package = by_name || text.contains("require");
        assert_eq!(graph.asks_by_name("node_modules/pack/index.mjs", "node:x"), in_package, "in a package: {text}");
    }
}

#[test]
fn entries_are_paths_from_the_root_or_packages() {
    let project = Project::new(&[
        ("modules/hello.ts", ""),
        ("modules/x/index.ts", ""),
        ("node_modules/cookie/index.js", ""),
        ("node_modules/@s/p/index.js", ""),
    ]);
    let graph = project.graph(&["modules/hello", "./modules/hello.ts", "modules/x", "cookie", "@s/p"]);
    assert_eq!(graph.id_of_entry("modules/hello"), Some("modules/hello.ts"));
    assert_eq!(graph.id_of_entry("./modules/hello.ts"), Some("modules/hello.ts"));
    assert_eq!(graph.id_of_entry("modules/x"), Some("modules/x/index.ts"));
    assert_eq!(graph.id_of_entry("cookie"), Some("node_modules/cookie/index.js"));
    assert_eq!(graph.id_of_entry("@s/p"), Some("node_modules/@s/p/index.js"));
    assert_eq!(graph.id_of_entry("modules/other"), None);
}

#[test]
fn packages_are_found_upwards_and_through_links_of_a_workspace() {
    let workspace = Project::new(&[
        (
            "apps/gateway/modules/main.ts",
            "import { shared } from '@acme/shared'; import { up } from 'up'; import { linked } from './linked/a'; console.log(shared, up, linked);",
        ),
        ("packages/shared/package.json", r#"{ "name": "@acme/shared", "main": "src/index.ts" }"#),
        ("packages/shared/src/index.ts", "import { inner } from '../inner'; export const shared: string = inner;"),
        ("packages/shared/inner.ts", "export const inner = 'shared';"),
        ("node_modules/up/index.js", "exports.up = 'up';"),
        ("elsewhere/folder/a.ts", "export { b as linked } from './b';"),
        ("elsewhere/folder/b.ts", "export const b = 'linked';"),
    ]);
    let root = workspace.root();
    let gateway = root.join("apps/gateway");
    std::fs::create_dir_all(gateway.join("node_modules/@acme")).unwrap();
    symlink(root.join("packages/shared"), gateway.join("node_modules/@acme/shared")).unwrap();
    symlink(root.join("elsewhere/folder"), gateway.join("modules/linked")).unwrap();
    let graph = load_at(&gateway, &["modules/main"]).unwrap();
    assert_eq!(crate::project::run(&graph, "modules/main").printed, ["shared up linked"]);
    let up = root.canonicalize().unwrap().join("node_modules/up/index.js");
    assert_eq!(graph.resolve("modules/main.ts", "up"), Ok(up.to_str().unwrap()), "an absolute path");
    workspace.write("packages/shared/inner.ts", "export * from '../../secret'; export const inner = 1;");
    workspace.write("secret.ts", "export {};");
    let errors = load_at(&gateway, &["modules/main"]).unwrap_err();
    assert!(errors[0].message.contains("leaves the project"), "{errors:?}");
}

#[test]
fn a_computed_import_finds_what_is_loaded() {
    let project = Project::new(&[
        (
            "modules/main.ts",
            "import './langs/en';\nimport 'dep';\nconst name: string = 'en';\nconst en = await import(`./langs/${name}`);\nconst dep = await import('de' + 'p');\nconst failed = await import(`./langs/${name}glish`).catch((e) => e.message);\nconsole.log(en.hello, dep.default, failed);",
        ),
        ("modules/langs/en.ts", "export const hello = 'hello';"),
        ("node_modules/dep/index.js", "module.exports = 'dep';"),
    ]);
    let [line] = &project.run("modules/main")[..] else { panic!("one line") };
    assert!(line.starts_with("hello dep cannot find `./langs/english` from modules/main.ts: "), "{line}");
}

#[test]
fn everything_that_is_read_is_listed() {
    let project = Project::new(&[
        ("modules/main.ts", "import 'p'; import './data.json';"),
        ("modules/data.json", "{}"),
        ("tsconfig.json", r#"{ "extends": "./base.json" }"#),
        ("base.json", "{}"),
        ("node_modules/p/package.json", "{}"),
        ("node_modules/p/index.js", ""),
        ("modules/other.ts", ""),
    ]);
    let graph = project.graph(&["modules/main"]);
    let root = project.root().canonicalize().unwrap();
    let files: Vec<_> = graph.files().iter().map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
    assert_eq!(
        files,
        [
            "base.json",
            "modules/data.json",
            "modules/main.ts",
            "node_modules/p/index.js",
            "node_modules/p/package.json",
            "tsconfig.json"
        ]
    );
}

#[test]
fn the_digest_changes_with_every_text_and_with_nothing_else() {
    let files =
        [("modules/main.ts", "import { a } from './a'; console.log(a);"), ("modules/a.ts", "export const a = 1;")];
    let (first, second) = (Project::new(&files), Project::new(&files));
    let digest = first.graph(&["modules/main"]).digest();
    assert_eq!(digest.len(), 64);
    assert_eq!(second.graph(&["modules/main"]).digest(), digest, "wherever the project is");
    second.write("modules/unused.ts", "export {}");
    assert_eq!(second.graph(&["modules/main"]).digest(), digest);
    second.write("modules/a.ts", "export const a = 2;");
    assert_ne!(second.graph(&["modules/main"]).digest(), digest);
}

#[test]
fn exports_are_listed_with_those_of_others() {
    let project = Project::new(&[
        (
            "modules/main.ts",
            "export * from './a'; export * as ns from './a'; export const { x, y: [z] } = { x: 1, y: [2] }; export default class {} export type T = 1; export function f() {}",
        ),
        ("modules/a.ts", "export const a = 1; export { b } from 'p'; export default 1;"),
        ("node_modules/p/index.js", "exports.b = 1; exports.c = 2;"),
    ]);
    let graph = project.graph(&["modules/main"]);
    assert_eq!(graph.exports("modules/main.ts"), ["a", "b", "default", "f", "ns", "x", "z"]);
    assert_eq!(graph.exports("node_modules/p/index.js"), ["b", "c", "default"]);
    assert_eq!(graph.exports("modules/none.ts"), [""; 0]);
}
