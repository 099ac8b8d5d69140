//! Packages that are written for CommonJS.

use crate::project::{Project, run};

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(Project::new(files).run("modules/main"), expected);
}

#[test]
fn a_cycle_sees_what_is_exported_so_far() {
    check(
        &[
            ("modules/main.ts", "import { done, early } from 'a';\nconsole.log(done, early);"),
            (
                "node_modules/a/index.js",
                "exports.done = false; const b = require('./b'); exports.early = b.early; exports.done = true;",
            ),
            ("node_modules/a/b.js", "const a = require('./'); exports.early = a.done; console.log(Object.keys(a));"),
        ],
        &[r#"["done"]"#, "true false"],
    );
}

#[test]
fn a_module_runs_once_and_not_before_it_is_required() {
    check(
        &[
            ("modules/main.ts", "import a from 'a';\nimport 'a/b';\nconsole.log('main', a.late());"),
            (
                "node_modules/a/index.js",
                "console.log('a'); exports.late = function () { return require('./c').value };",
            ),
            ("node_modules/a/b.js", "console.log('b'); require('./c'); require('./');"),
            ("node_modules/a/c.js", "console.log('c'); exports.value = 1;"),
        ],
        &["a", "b", "c", "main 1"],
    );
}

#[test]
fn all_that_node_gives_a_body_is_there() {
    check(
        &[
            ("modules/main.ts", "import a from 'a';\nconsole.log(a);"),
            (
                "node_modules/a/lib/index.js",
                "#!/usr/bin/env node\n'use strict';\nif (this !== exports || exports !== module.exports) throw 1;\nexports.names = [typeof require, typeof require.resolve, typeof module, __filename, __dirname, arguments.length, require.main === module];\nexports.path = require.resolve('./b');\nif (exports) return;\nthrow 2; // the end",
            ),
            ("node_modules/a/lib/b.js", ""),
            ("node_modules/a/package.json", r#"{ "main": "lib" }"#),
        ],
        &[
            r#"{"names":["function","function","object","/node_modules/a/lib/index.js","/node_modules/a/lib",5,false],"path":"/node_modules/a/lib/b.js"}"#,
        ],
    );
}

#[test]
fn default_and_names_are_imported_from_what_compilers_made() {
    check(
        &[
            (
                "modules/main.ts",
                "import def, { a, b, star, sum as plus } from 'compiled';\nimport * as all from 'compiled';\nimport plain, { twice } from 'plain';\nimport bare from 'bare';\nconsole.log(def, a, b, star, plus(1, 2), Object.keys(all).length, plain(2), twice(2), bare.x);",
            ),
            (
                "node_modules/compiled/index.js",
                "'use strict';\nObject.defineProperty(exports, '__esModule', { value: true });\nexports.default = exports.a = void 0;\nvar __exportStar = (m, e) => { for (const k in m) if (k !== 'default') e[k] = m[k] };\nexports.a = 1;\nexports.default = 'default';\nObject.defineProperty(exports, 'b', { enumerable: true, get: () => 2 });\n__exportStar(require('./star'), exports);\nvar _sum = require('./sum');\nObject.keys(_sum).forEach(function (key) { if (key === 'default') return; Object.defineProperty(exports, key, { enumerable: true, get: () => _sum[key] }) });",
            ),
            ("node_modules/compiled/star.js", "exports.star = 'star';"),
            ("node_modules/compiled/sum.js", "exports.sum = (a, b) => a + b;"),
            (
                "node_modules/plain/index.js",
                "module.exports = plain; function plain(x) { return x + 1 } plain.twice = (x) => x * 2;",
            ),
            (
                "node_modules/bare/index.js",
                "Object.defineProperty(exports, '__esModule', { value: true }); exports.x = 'x';",
            ),
        ],
        &["default 1 2 star 3 6 3 4 x"],
    );
}

#[test]
fn a_namespace_has_what_is_read_from_it() {
    check(
        &[
            (
                "modules/main.ts",
                "import * as _ from 'dash';\nimport { inner } from 'user';\nconsole.log(_.chunk(1), typeof (_ as any).none, inner);",
            ),
            (
                "node_modules/dash/index.js",
                "(function () { var dash = () => {}; for (const name of ['chunk', 'pick']) dash[name] = (x) => name + x; module.exports = dash })()",
            ),
            ("node_modules/user/index.mjs", "import * as dash from 'dash';\nexport const inner = dash.pick(2);"),
            ("node_modules/user/package.json", r#"{ "exports": "./index.mjs" }"#),
        ],
        &["chunk1 undefined pick2"],
    );
}

#[test]
fn a_package_for_node_gets_the_default_that_node_would_give() {
    check(
        &[
            (
                "modules/main.ts",
                "import own from 'compiled';\nimport { seen } from 'modern';\nimport { found } from 'bundled';\nconsole.log(own, seen, found);",
            ),
            (
                "node_modules/compiled/index.js",
                "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 'own';",
            ),
            ("node_modules/modern/index.mjs", "import compiled from 'compiled'; export const seen = typeof compiled;"),
            ("node_modules/modern/package.json", r#"{ "exports": "./index.mjs" }"#),
            ("node_modules/bundled/index.js", "import compiled from 'compiled'; export const found = compiled;"),
            ("node_modules/bundled/package.json", r#"{ "module": "index.js" }"#),
        ],
        &["own object own"],
    );
}

#[test]
fn require_of_an_es_module_gives_its_namespace_marked() {
    check(
        &[
            ("modules/main.ts", "import 'a';"),
            (
                "node_modules/a/index.js",
                "const __importDefault = (m) => m && m.__esModule ? m : { default: m };\nconst e = require('./e.mjs'), n = require('./n.mjs'), u = require('node:util'), j = require('./j.json');\nconsole.log(__importDefault(e).default, e.named, e === require('./e.mjs'), n.only, '__esModule' in n, typeof u.inspect, j.k, j === require('./j'));",
            ),
            ("node_modules/a/e.mjs", "export default 'default'; export const named = 'named';"),
            ("node_modules/a/n.mjs", "export const only = 'only';"),
            ("node_modules/a/j.json", r#"{ "k": "k" }"#),
        ],
        &["default named true only false function k true"],
    );
}

#[test]
fn what_is_missing_is_missing_when_it_is_required() {
    check(
        &[
            (
                "modules/main.ts",
                "import 'a';\nimport { later, dynamic } from 'a';\ntry { later() } catch (e) { console.log(e.code) }\nawait dynamic().catch((e) => console.log(e.message.includes('gone.mjs')));",
            ),
            (
                "node_modules/a/index.js",
                "let found = 'nothing';\ntry { found = require('optional-peer') } catch (e) { console.log(e.code, /Cannot find module 'optional-peer'/.test(e.message)) }\nexports.later = () => require('node:fs');\nif (false) require('never');\ntry { require('./broken') } catch (e) { console.log(/broken.js cannot be loaded/.test(e.message)) }\ntry { require('./half.mjs') } catch (e) { console.log(/half.mjs cannot be loaded.*nowhere/.test(e.message)) }\ntry { require('./' + 'b') } catch (e) { console.log(e.code) }\nconst name = './b'; exports.dynamic = () => import('./gone.mjs');",
            ),
            ("node_modules/a/b.js", ""),
            ("node_modules/a/broken.js", "var = 1"),
            ("node_modules/a/half.mjs", "import 'nowhere'; export const x = 1;"),
        ],
        &["MODULE_NOT_FOUND true", "true", "true", "MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "true"],
    );
}

#[test]
fn node_env_is_production_in_packages_only() {
    let project = Project::new(&[
        (
            "modules/main.ts",
            "import { mode } from 'a';\nimport { esm } from 'b';\nconsole.log(mode, esm, String(process.env.NODE_ENV));",
        ),
        (
            "node_modules/a/index.js",
            "'use strict';\nif (process.env.NODE_ENV === 'production') { module.exports = require('./prod.js'); } else { module.exports = require('./dev.js'); }",
        ),
        (
            "node_modules/a/prod.js",
            "exports.mode = [process.env.NODE_ENV, process.env['NODE_ENV'], globalThis.process?.env?.NODE_ENV, typeof process, typeof window].join()",
        ),
        ("node_modules/a/dev.js", "throw new Error('development')"),
        ("node_modules/b/index.mjs", "export const esm = process.env.NODE_ENV !== \"production\" ? 'dev' : 'prod';"),
        ("node_modules/b/package.json", r#"{ "exports": "./index.mjs" }"#),
    ]);
    assert_eq!(project.run("modules/main"), ["production,production,production,object,undefined prod undefined"]);
    let graph = project.graph(&["modules/main"]);
    assert_eq!(graph.source("node_modules/a/dev.js"), None, "what production never requires is not read");
}

#[test]
fn a_module_that_throws_may_be_tried_again() {
    check(
        &[
            ("modules/main.ts", "import 'a';"),
            (
                "node_modules/a/index.js",
                "for (const _ of [1, 2]) try { require('./b') } catch (e) { console.log(e.message) }\nconsole.log(require('./b').ok);",
            ),
            (
                "node_modules/a/b.js",
                "globalThis.tries = (globalThis.tries ?? 0) + 1; if (tries < 3) throw new Error('try ' + tries); exports.ok = 'ok';",
            ),
        ],
        &["try 1", "try 2", "ok"],
    );
}

#[test]
fn variables_that_sloppy_code_forgets_to_declare_stay_in_the_module() {
    check(
        &[
            ("modules/main.ts", "import a from 'a';\nconsole.log(a.sum, typeof (globalThis as any).total);"),
            (
                "node_modules/a/index.js",
                "exports = module.exports = {}; total = 0; for (i = 0; i < 3; i++) total += i; exports.sum = total;",
            ),
        ],
        &["3 undefined"],
    );
}

#[test]
fn sloppy_code_is_sloppy_and_strict_code_is_strict() {
    check(
        &[
            (
                "modules/main.ts",
                "import old, { octal } from 'old';\nimport strict from 'old/strict.js';\nconsole.log(octal, old.all());\nconsole.log(await old.later(), strict);",
            ),
            (
                "node_modules/old/index.js",
                "var self = this;\nvar point = { x: 1, y: 2 };\nwith (point) { exports.sum = x + y; }\nexports.octal = 010 + '\\101';\nexports.all = function all(n) {\n  if (n === 0) return [];\n  forgotten = typeof arguments.callee;\n  var frozen = Object.freeze({ a: 1 });\n  frozen.a = 2;\n  delete frozen.a;\n  arguments[0] = 'n';\n  { function inner() { return this === globalThis } }\n  return [self === exports, exports.sum, forgotten, frozen.a, n, inner(), typeof globalThis.forgotten, require('./other').b].join();\n};\nexports.later = async function () { return (await import('./other.js')).default.b; };",
            ),
            ("node_modules/old/other.js", "exports.b = (function () { return typeof this })();"),
            (
                "node_modules/old/strict.js",
                "'use strict'; try { forgotten = 1 } catch (error) { exports.a = error.name } exports.b = (function () { return typeof this })();",
            ),
        ],
        &["8A true,3,function,1,,true,undefined,object", "object {\"a\":\"ReferenceError\",\"b\":\"undefined\"}"],
    );
}

#[test]
fn frames_of_sloppy_code_are_at_the_lines_of_its_author() {
    let project = Project::new(&[
        ("modules/main.ts", "import { go } from 'old';\ngo();"),
        ("node_modules/old/index.js", "exports.go = function go() {\n  count = 010;\n  throw new Error('x');\n};"),
    ]);
    let graph = project.graph(&["modules/main"]);
    let stack = run(&graph, "modules/main").failed.unwrap();
    let translated = graph.translate_stack(&stack);
    assert!(translated.contains("at go (node_modules/old/index.js:3:9)"), "{translated}");
}

#[test]
fn what_typescript_compiles_to_commonjs_is_strict() {
    let project = Project::new(&[
        ("modules/main.ts", "import a = require('./a.cjs');\nconsole.log(a);"),
        ("modules/a.cts", "var x: object = {};\n\nwith (x) {}\nmodule.exports = x;"),
    ]);
    let [mistake] = &project.mistakes("modules/main")[..] else { panic!("one mistake") };
    assert!(mistake.starts_with("modules/a.cts:3:1: "), "{mistake}");
}

#[test]
fn nobody_but_generated_code_reaches_the_runtime() {
    let project = Project::new(&[
        (
            "modules/main.ts",
            "import 'a';\nconst name = 'tollgate:commonjs';\nawait import(name).catch((e) => console.log(e.message.includes('cannot find')));\nawait import('../node_modules/a/index.js?commonjs');\nconsole.log(Object.keys(globalThis).filter((k) => /tollgate|define|require|module/i.test(k)));",
        ),
        ("node_modules/a/index.js", "exports.a = 1;"),
    ]);
    let errors = project.mistakes("modules/main");
    assert!(errors[0].contains("has a query or a fragment"), "{errors:?}");
    let text = "import 'a';\nconst name = 'tollgate:commonjs';\nawait import(name).catch((e) => console.log(e.message.includes('cannot find')));\nconst body = '../node_modules/a/index.js?commonjs';\nawait import(body).catch(() => console.log('no'));\nconsole.log(Object.keys(globalThis).filter((k) => /tollgate|define|require|module/i.test(k)));";
    project.write("modules/main.ts", text);
    assert_eq!(project.run("modules/main"), ["true", "no", "[]"]);
    project.write("modules/main.ts", "import 'tollgate:commonjs';");
    assert!(project.mistakes("modules/main")[0].contains("is internal to the gateway"));
}

#[test]
fn umd_packages_find_commonjs() {
    check(
        &[
            ("modules/main.ts", "import umd, { parse } from 'umd';\nconsole.log(typeof umd, parse());"),
            (
                "node_modules/umd/index.js",
                "(function (global, factory) { typeof exports === 'object' && typeof module !== 'undefined' ? factory(exports, require('./dep')) : typeof define === 'function' && define.amd ? define(['exports', 'dep'], factory) : factory((global = global || self).umd = {}, global.dep) })(this, function (exports, dep) { exports.parse = function () { return dep } });",
            ),
            ("node_modules/umd/dep.js", "module.exports = 'dep';"),
        ],
        &["object dep"],
    );
}

#[test]
fn a_cycle_between_the_two_systems_says_so() {
    let project = Project::new(&[
        ("modules/main.ts", "import 'a';"),
        ("node_modules/a/index.js", "exports.esm = require('./esm.mjs');"),
        ("node_modules/a/esm.mjs", "import cjs from './other.js'; export default cjs;"),
        ("node_modules/a/other.js", "exports.first = require('./index.js');"),
    ]);
    let ran = run(&project.graph(&["modules/main"]), "modules/main");
    assert!(ran.failed.unwrap().contains("an ES module and a CommonJS module need each other"));
}
