//! What is said of mistakes, and where.

use crate::project::Project;

/// Checks all that is said of a project whose `modules/main.ts` is `main`.
#[track_caller]
fn check(main: &str, files: &[(&str, &str)], expected: &[&str]) {
    let project = Project::new(files);
    project.write("modules/main.ts", main);
    assert_eq!(project.mistakes("modules/main"), expected);
}

#[test]
fn a_file_that_is_not_there_is_told_with_what_was_meant() {
    let files = [("modules/hello.ts", ""), ("lib/tools.ts", ""), ("modules/data.json", "{}")];
    check("\nimport './helo';", &files, &["modules/main.ts:2:8: cannot find `./helo` (did you mean `./hello`?)"]);
    check(
        "import './Hello.ts';",
        &files,
        &["modules/main.ts:1:8: cannot find `./Hello.ts` (did you mean `./hello.ts`?)"],
    );
    check(
        "import './dat.json';",
        &files,
        &["modules/main.ts:1:8: cannot find `./dat.json` (did you mean `./data.json`?)"],
    );
    check(
        "import './lib/tools';",
        &files,
        &["modules/main.ts:1:8: cannot find `./lib/tools` (did you mean `../lib/tools`?)"],
    );
    check(
        "import './nowhere';",
        &files,
        &["modules/main.ts:1:8: cannot find `./nowhere` (no file of that name is there, with or without an ending)"],
    );
    check(
        "import 'lib/tools';",
        &files,
        &[
            "modules/main.ts:1:8: cannot find the package `lib` (did you mean `../lib/tools`? or set `baseUrl` in tsconfig.json)",
        ],
    );
}

#[test]
fn an_alias_that_leads_nowhere_is_told_with_its_path() {
    let paths = r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./lib/*"] } } }"#;
    let files = [("tsconfig.json", paths)];
    check(
        "import '@/a';\nimport 'b';",
        &files,
        &[
            "modules/main.ts:1:8: cannot find `@/a` (`paths` in tsconfig.json maps it to lib/a, which is not there)",
            "modules/main.ts:2:8: cannot find the package `b` (run `npm install b` in the project)",
        ],
    );
}

#[test]
fn a_package_that_is_not_there_is_told_with_what_to_do() {
    let files = [
        ("node_modules/cookie/index.js", ""),
        ("node_modules/strict/package.json", r#"{ "exports": "./index.js" }"#),
        ("node_modules/strict/index.js", ""),
    ];
    check(
        "import 'zod';",
        &files,
        &["modules/main.ts:1:8: cannot find the package `zod` (run `npm install zod` in the project)"],
    );
    check(
        "import '@a/b/c';",
        &files,
        &["modules/main.ts:1:8: cannot find the package `@a/b` (run `npm install @a/b` in the project)"],
    );
    check(
        "import 'cokie';",
        &files,
        &["modules/main.ts:1:8: cannot find the package `cokie` (did you mean `cookie`?)"],
    );
    check(
        "import 'node:fs';",
        &files,
        &[
            "modules/main.ts:1:8: `node:fs` is a module of Node.js that scripts do not have here (use the Web's APIs, or a package that does not need it)",
        ],
    );
    check(
        "import 'strict/sub';",
        &files,
        &[
            "modules/main.ts:1:8: `strict/sub` is not among what the package exports (see `exports` in node_modules/strict/package.json, which has nothing for `./sub`)",
        ],
    );
    check(
        "import '#x';",
        &[("package.json", "{}")],
        &["modules/main.ts:1:8: cannot find `#x` (names with # are defined by `imports` in package.json)"],
    );
}

#[test]
fn specifiers_that_are_no_files_of_the_project_are_refused() {
    check(
        "import '../../secret';",
        &[("../secret.ts", "")],
        &[
            "modules/main.ts:1:8: `../../secret` leaves the project (only files below the project's folder and packages in node_modules are read)",
        ],
    );
    check(
        "import 'https://example.com/a.js';",
        &[],
        &[
            "modules/main.ts:1:8: `https://example.com/a.js` is a URL (only files of the project and packages in node_modules are read)",
        ],
    );
    check(
        "import '/etc/passwd';",
        &[],
        &[
            "modules/main.ts:1:8: `/etc/passwd` is an absolute path (write the path from the importing file, beginning with ./ or ../)",
        ],
    );
    check(
        "import './a?raw'; import './b.css'; import './c';",
        &[("modules/a.ts", ""), ("modules/b.css", ""), ("modules/c.d.ts", ""), ("modules/d.wasm", "")],
        &[
            "modules/main.ts:1:8: `./a?raw` has a query or a fragment (files are imported by their path alone)",
            "modules/main.ts:1:26: `./b.css` cannot be loaded (only JavaScript, TypeScript and JSON can be imported)",
            "modules/main.ts:1:44: cannot find `./c` (no file of that name is there, with or without an ending)",
        ],
    );
    let outside = r#"{ "compilerOptions": { "paths": { "out": ["../secret.ts"] } } }"#;
    check(
        "import 'out';",
        &[("../secret.ts", ""), ("tsconfig.json", outside)],
        &[
            "modules/main.ts:1:8: `out` leaves the project (only files below the project's folder and packages in node_modules are read)",
        ],
    );
}

#[test]
fn every_mistake_of_every_file_is_told() {
    check(
        "import { a } from './a';\nimport { b } from './b';\nimport './c';\nexport const x: = 1;",
        &[],
        &["modules/main.ts:4:17: Unexpected token ()"],
    );
    check(
        "import './a';\nimport './b';\nimport './c';",
        &[("modules/a.ts", "\n\nconst = 1;"), ("modules/b.ts", "const x = 1; const x = 2;\nlet y; let y;")],
        &[
            "modules/a.ts:3:7: Unexpected token ()",
            "modules/b.ts:1:7: Identifier `x` has already been declared ()",
            "modules/b.ts:2:5: Identifier `y` has already been declared ()",
            "modules/main.ts:3:8: cannot find `./c` (no file of that name is there, with or without an ending)",
        ],
    );
}

#[test]
fn a_name_that_nobody_exports_is_told_with_what_was_meant() {
    let files = [
        ("modules/a.ts", "export const hello = 1;\nexport type Shape = {};\nexport interface Box {}"),
        ("modules/index.ts", "export * from './a'; export const other = 2;"),
        ("node_modules/cjs/index.js", "exports.parse = 1;"),
        ("modules/data.json", r#"{ "key": 1 }"#),
    ];
    check(
        "import { helo } from './a';\nconsole.log(helo);",
        &files,
        &["modules/main.ts:1:10: `./a` exports no `helo` (did you mean `hello`?)"],
    );
    check(
        "import { zebra as z } from './index';\nz();",
        &files,
        &["modules/main.ts:1:10: `./index` exports no `zebra` (it exports: hello, other)"],
    );
    check(
        "import a from './a';\na();",
        &files,
        &["modules/main.ts:1:8: `./a` has no default export (import one of its names, as in `import { … }`: hello)"],
    );
    check(
        "import { pasre } from 'cjs';\npasre();",
        &files,
        &["modules/main.ts:1:10: `cjs` exports no `pasre` (did you mean `parse`?)"],
    );
    check(
        "import { kee } from './data.json';\nkee();",
        &files,
        &["modules/main.ts:1:10: `./data.json` exports no `kee` (it exports: default)"],
    );
    check(
        "export { Helo } from './a';",
        &files,
        &["modules/main.ts:1:10: `./a` exports no `Helo` (did you mean `hello`?)"],
    );
    check(
        "import { Shape } from './index';\nnew Shape();",
        &files,
        &[
            "modules/main.ts:1:10: `Shape` of `./index` is a type, and is used as a value (write `import type` if only the type is meant)",
        ],
    );
}

#[test]
fn an_import_that_may_fail_is_no_mistake() {
    let project = Project::new(&[(
        "modules/main.ts",
        "try { await import('not-there') } catch (e) { console.log(e.message) }\nawait import('neither').catch(() => console.log('no'));\ntry { require('nor-this') } catch (e) { console.log(e.code) }",
    )]);
    let printed = project.run("modules/main");
    assert_eq!(
        printed,
        ["cannot find the package `not-there`; run `npm install not-there` in the project", "no", "MODULE_NOT_FOUND"]
    );
    check(
        "await import('./gone');",
        &[],
        &["modules/main.ts:1:14: cannot find `./gone` (no file of that name is there, with or without an ending)"],
    );
}

#[test]
fn a_package_that_needs_what_is_missing_is_told_at_its_file() {
    let files = [
        ("node_modules/esm/index.mjs", "import 'peer';\nimport { x } from './x.mjs';"),
        ("node_modules/esm/x.mjs", "export const y = 1;"),
        ("node_modules/esm/package.json", r#"{ "exports": "./index.mjs" }"#),
        ("node_modules/cjs/index.js", "const a = require('peer');\nfunction f() { require('other') }"),
        ("node_modules/bad/package.json", "{\n  \"main\": \n}"),
        ("node_modules/bad/index.js", ""),
    ];
    check(
        "import 'esm'; import 'cjs';",
        &files,
        &[
            "node_modules/cjs/index.js:1:11: cannot find the package `peer` (run `npm install peer` in the project)",
            "node_modules/esm/index.mjs:1:8: cannot find the package `peer` (run `npm install peer` in the project)",
            "node_modules/esm/index.mjs:2:10: `./x.mjs` exports no `x` (it exports: y)",
        ],
    );
    let project = Project::new(&files);
    project.write("modules/main.ts", "import 'bad';");
    let mistakes = project.mistakes("modules/main");
    assert!(mistakes[0].starts_with("node_modules/bad/package.json:"), "{mistakes:?}");
}

#[test]
fn configuration_that_cannot_be_read_is_told() {
    check(
        "",
        &[("tsconfig.json", "{\n  \"compilerOptions\": 1\n}")],
        &[
            "tsconfig.json:2:22: this file is not JSON: invalid type: integer `1`, expected struct CompilerOptions at line 2 column 22 ()",
        ],
    );
    check(
        "",
        &[("tsconfig.json", r#"{ "extends": "@none/here" }"#)],
        &[
            "tsconfig.json:1:1: `extends` names @none/here, which is not there (install the package or correct the path)",
        ],
    );
    check(
        "import './a.json';",
        &[("modules/a.json", "{\n  \"a\": 1,\n}")],
        &["modules/a.json:3:1: this file is not JSON: key must be a string ()"],
    );
}

#[test]
fn syntax_that_cannot_run_here_is_told_with_what_to_write() {
    check(
        "@sealed class A {}\nfunction sealed() {}",
        &[],
        &[
            "modules/main.ts:1:1: decorators need `experimentalDecorators` (set `\"experimentalDecorators\": true` in tsconfig.json)",
        ],
    );
    check(
        "import text from './a.json' with { type: 'text' };\ntext();",
        &[("modules/a.json", "1")],
        &[
            "modules/main.ts:1:36: the import attribute `type: \"text\"` is not supported (only `with { type: \"json\" }` is, and JSON files need no attribute)",
        ],
    );
    check(
        "import defer * as a from './a';",
        &[("modules/a.ts", "")],
        &["modules/main.ts:1:1: `import defer` is not supported (write a plain `import`)"],
    );
    check(
        "export = 1;\nexport const a = 1;",
        &[],
        &[
            "modules/main.ts:1:1: An export assignment cannot be used in a module with other exported elements (If you want to use `export =`, remove other `export`s and put all of them to the right hand value of `export =`. If you want to use `export`s, remove `export =` statement.)",
        ],
    );
    let project = Project::new(&[("modules/main.cjs", "const a = 1;\nexport { a };")]);
    assert_eq!(
        project.mistakes("modules/main"),
        ["modules/main.cjs:2:1: `import` and `export` cannot be in a .cjs file (name it .js or .mjs)"]
    );
}

#[test]
fn code_may_be_nested_deeper_than_a_stack_bears() {
    let deep = |count: usize| format!("export const x = {}1{};", "(".repeat(count), ")".repeat(count));
    let sum = format!("export const y: number = 0{};", " + x".repeat(20_000));
    let project = Project::new(&[("modules/main.ts", &format!("{}\n{sum}", deep(20_000)))]);
    assert_eq!(project.graph(&["modules/main"]).exports("modules/main.ts"), ["x", "y"]);
}

#[test]
fn an_entry_that_is_not_there_has_no_place_in_any_file() {
    let project = Project::new(&[("modules/hello.ts", "")]);
    let told = |entry: &str| {
        let errors = project.load(&[entry]).unwrap_err();
        (errors[0].file.clone(), errors[0].line, errors[0].message.clone(), errors[0].help.clone().unwrap())
    };
    let said = |file: &str, message: &str, help: &str| (file.to_owned(), 0, message.to_owned(), help.to_owned());
    assert_eq!(
        told("modules/helo"),
        said("modules/helo", "cannot find `./modules/helo`", "did you mean `./modules/hello`?")
    );
    assert_eq!(
        told("cookie"),
        said("cookie", "cannot find the package `cookie`", "run `npm install cookie` in the project")
    );
    assert_eq!(told("../outside").2, "`../outside` leaves the project");
}
