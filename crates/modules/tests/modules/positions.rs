//! From places in what runs to places in what was written.

use tollgate_modules::Position;

use crate::project::{Project, run};

fn position(file: &str, line: u32, column: u32) -> Option<Position> {
    Some(Position { file: file.to_owned(), line, column })
}

const MAIN: &str = "interface Unused {\n  a: number;\n}\n\nfunction fails(what: string): never {\n  throw new Error(`äöü ${what}`);\n}\n\nexport function outer() { fails('x' as string); }\n";

#[test]
fn a_stack_trace_names_the_lines_of_typescript() {
    let project = Project::new(&[
        ("modules/main.ts", "import { outer } from './deep';\n\n\n  outer();"),
        ("modules/deep.ts", MAIN),
    ]);
    let graph = project.graph(&["modules/main"]);
    let stack = run(&graph, "modules/main").failed.unwrap();
    let translated = graph.translate_stack(&stack);
    let frames: Vec<&str> = translated.lines().take(4).map(str::trim).collect();
    assert_eq!(
        frames,
        ["Error: äöü x", "at fails (modules/deep.ts:6:9)", "at outer (modules/deep.ts:9:27)", "at modules/main.ts:4:3"]
    );
    assert_eq!(graph.first_project_position(&stack), position("modules/deep.ts", 6, 9));
}

#[test]
fn frames_of_packages_keep_their_places_and_internal_ones_are_left_out() {
    let project = Project::new(&[
        (
            "modules/main.ts",
            "import type {} from 'x';\nimport { go } from 'cjs';\ngo(() => {\n  throw new Error('x');\n});",
        ),
        ("node_modules/cjs/index.js", "const run = require('./run'); exports.go = function go(f) { run(f) };"),
        ("node_modules/cjs/run.js", "'use strict';\nmodule.exports = function run(f) {\n  f();\n};"),
    ]);
    let graph = project.graph(&["modules/main"]);
    let stack = run(&graph, "modules/main").failed.unwrap();
    let translated = graph.translate_stack(&stack);
    let frames: Vec<&str> = translated.lines().skip(1).take(4).map(str::trim).collect();
    assert_eq!(
        frames,
        [
            "at modules/main.ts:4:9",
            "at run (node_modules/cjs/run.js:3:3)",
            // Node counts the first line's columns from 1 as well, QuickJS from 0.
            "at go (node_modules/cjs/index.js:1:62)",
            "at modules/main.ts:3:1",
        ]
    );
    assert_eq!(graph.first_project_position(&stack), position("modules/main.ts", 4, 9));
    let quickjs = "    at parse (native)\n    at <anonymous> (node_modules/cjs/run.js?commonjs:3:3)\n    at apply (native)\n    at go (tollgate:webapi/x.js:1:1)\n    at <anonymous> (node_modules/cjs/run.js:2:9)\n    at <anonymous> (modules/(a)/none.ts:9:9)\n    at modules/main.ts\n";
    assert_eq!(
        graph.translate_stack(quickjs),
        "    at parse (native)\n    at <anonymous> (node_modules/cjs/run.js:3:3)\n    at <anonymous> (modules/(a)/none.ts:9:9)\n    at modules/main.ts\n"
    );
    assert_eq!(graph.first_project_position(quickjs), None);
}

#[test]
fn a_place_is_found_by_bytes_and_told_by_utf16_units() {
    let project = Project::new(&[
        ("modules/main.ts", "const a: string = 'äöü'; const b: number = 1;\nexport { a, b };"),
        ("modules/plain.js", "const ä = '𝒳'; export const b = 1;\n"),
    ]);
    let graph = project.graph(&["modules/main", "modules/plain"]);
    let text = graph.source("modules/main.ts").unwrap();
    let (line, column) =
        text.lines().enumerate().find_map(|(at, line)| Some((at + 1, line.find("b = 1")? + 1))).unwrap();
    assert_eq!(graph.original("modules/main.ts", line as u32, column as u32), position("modules/main.ts", 1, 32));
    let bytes = "const ä = '𝒳'; export".len() + 1;
    assert_eq!(graph.original("modules/plain.js", 1, bytes as u32), position("modules/plain.js", 1, 23));
    assert_eq!(graph.original("modules/plain.js", 9, 1), None);
    assert_eq!(graph.original("tollgate:commonjs", 1, 1), None);
    assert_eq!(graph.original("modules/none.js", 1, 1), None);
}

#[test]
fn edits_of_a_package_move_nothing() {
    let project = Project::new(&[
        ("modules/main.ts", "import { go } from 'p';\ntry { go() } catch (e) { console.log(e.stack) }"),
        ("node_modules/p/package.json", r#"{ "exports": "./index.mjs" }"#),
        (
            "node_modules/p/index.mjs",
            "#!/usr/bin/env node\nimport data from './d.json' with {\n  type: 'json' }; if (process.env.NODE_ENV === 'production') { var f = () => { throw new Error('x') } }\nexport function go() { f(data) }",
        ),
        ("node_modules/p/d.json", "1"),
    ]);
    let printed = project.run("modules/main");
    let written = "  type: 'json' }; if (process.env.NODE_ENV === 'production') { var f = () => { throw ";
    let expected = format!("at f (node_modules/p/index.mjs:3:{})", written.len() + 1);
    assert!(printed[0].contains(&expected), "{printed:?}");
}
