//! What of TypeScript and JSX comes to run.

use crate::project::Project;

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(Project::new(files).run("modules/main"), expected);
}

#[test]
fn types_are_gone_and_values_stay() {
    check(
        &[
            (
                "modules/main.ts",
                r#"
                import type { Shape } from "./shapes";
                import { area, type Unit, Square } from "./shapes";
                import { Nothing } from "./types";
                interface Box extends Shape { unit: Unit }
                type Names = keyof Box;
                declare const missing: number;
                abstract class Base<T> { abstract get(): T; constructor(private readonly value: T, public name = "x") {} read(): T { return this.value } }
                class Real extends Base<number> { get(): number { return this.read()! as number } declare extra: string; }
                function over(a: string): string; function over(a: number): string; function over(a: unknown) { return `${a}` }
                const box = { width: 2, height: 3 } satisfies Nothing as Box;
                console.log(area(box), new Real(5).get(), new Real(1).name, over(<any>7), new Square(2).size);
                "#,
            ),
            (
                "modules/shapes.ts",
                "export interface Shape { width: number; height: number }\nexport type Unit = 'cm';\nexport class Square { constructor(public size: number) {} }\nexport const area = (s: Shape): number => s.width * s.height;",
            ),
            ("modules/types.ts", "throw new Error('types are not loaded'); export interface Nothing { width: number }"),
        ],
        &["6 5 x 7 2"],
    );
}

#[test]
fn enums_and_namespaces_are_objects() {
    check(
        &[
            (
                "modules/main.ts",
                r#"
                import { Level, Flags } from "./enums";
                import { Deep } from "./deep";
                enum Local { A = 1 << 2, B = A | 1, C = "c".length, D }
                const enum Inner { X = "x", Y = X + "y" }
                declare enum Never { A }
                console.log(Level.High, Level[1], Flags.Both, Local.B, Local.C, Local.D, Inner.Y);
                console.log(Deep.Inner.value, Deep.twice(4), Deep.Alias.value);
                "#,
            ),
            (
                "modules/enums.ts",
                "export enum Level { Low, High }\nexport const enum Flags { A = 1, B = 2, Both = A | B }",
            ),
            (
                "modules/deep.ts",
                "export namespace Deep { export namespace Inner { export const value = 3 } export import Alias = Inner; export function twice(x: number) { return x * 2 } export interface T {} }",
            ),
        ],
        &["1 High 3 5 1 2 xy", "3 8 3"],
    );
}

#[test]
fn types_that_are_exported_again_without_saying_so_are_left_out() {
    check(
        &[
            (
                "modules/main.ts",
                "import { value, Shape, Other } from './index';\nconst shape: Shape = { a: value };\nconst other: Other = 1;\nconsole.log(shape, other);",
            ),
            (
                "modules/index.ts",
                "import { Shape } from './shape';\nexport { Shape };\nexport { Other, value } from './middle';\nexport { Side } from 'untyped';",
            ),
            ("modules/middle.ts", "export * from './other';\nexport const value = 1;"),
            ("modules/other.ts", "export type Other = number;"),
            ("modules/shape.ts", "export interface Shape { a: number }"),
            ("node_modules/untyped/package.json", r#"{ "name": "untyped", "type": "module", "main": "i.js" }"#),
            ("node_modules/untyped/i.js", "export const side = 1;"),
        ],
        &[r#"{"a":1} 1"#],
    );
}

#[test]
fn packages_may_ship_typescript() {
    check(
        &[
            ("modules/main.ts", "import { twice } from 'typed';\nconsole.log(twice(2));"),
            ("node_modules/typed/package.json", r#"{ "exports": "./index.ts", "type": "module" }"#),
            (
                "node_modules/typed/index.ts",
                "import { Shape } from './shape';\nexport { Shape };\nexport const twice = (x: number): number => x * 2;",
            ),
            ("node_modules/typed/shape.ts", "export interface Shape {}"),
        ],
        &["4"],
    );
}

#[test]
fn an_import_that_nothing_uses_stays_with_verbatim_module_syntax_only() {
    let files = [
        ("modules/main.ts", "import { unused } from './effect';\nconsole.log('main');"),
        ("modules/effect.ts", "console.log('effect');\nexport const unused = 1;"),
    ];
    check(&files, &["main"]);
    let tsconfig = ("tsconfig.json", r#"{ "compilerOptions": { "verbatimModuleSyntax": true } }"#);
    check(&[files[0], files[1], tsconfig], &["effect", "main"]);
}

const FIELDS: &str = r#"
    class Base { set x(value: number) { console.log("set", value) } }
    class Derived extends Base { y: number; x = 1; constructor(private z = 2) { super(); console.log("y" in this, this.z) } }
    new Derived();
"#;

#[test]
fn class_fields_are_defined_or_assigned_as_the_tsconfig_says() {
    check(&[("modules/main.ts", FIELDS)], &["true 2"]);
    let target = |target: &str| format!(r#"{{ "compilerOptions": {{ "target": "{target}" }} }}"#);
    check(&[("modules/main.ts", FIELDS), ("tsconfig.json", &target("ES2022"))], &["true 2"]);
    check(&[("modules/main.ts", FIELDS), ("tsconfig.json", &target("ES2020"))], &["set 1", "false 2"]);
    let both = r#"{ "compilerOptions": { "target": "ES2020", "useDefineForClassFields": true } }"#;
    check(&[("modules/main.ts", FIELDS), ("tsconfig.json", both)], &["true 2"]);
}

#[test]
fn settings_are_inherited_by_extends() {
    check(
        &[
            ("modules/main.ts", FIELDS),
            ("tsconfig.json", "// with a comment\n{ \"extends\": \"./base.json\", }"),
            ("base.json", r#"{ "extends": "shared/tsconfig", "compilerOptions": {} }"#),
            ("node_modules/shared/tsconfig.json", r#"{ "compilerOptions": { "useDefineForClassFields": false } }"#),
        ],
        &["set 1", "false 2"],
    );
}

#[test]
fn experimental_decorators_run_as_in_typescript() {
    let tsconfig = r#"{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true } }"#;
    check(
        &[
            ("tsconfig.json", tsconfig),
            (
                "modules/main.ts",
                r#"
                import { Service } from "./service";
                import type { Plain } from "./service";
                Reflect.metadata = (key, value) => (target, name) => console.log("meta", key, Array.isArray(value) ? value.map((v) => v.name) : value?.name);
                const log = (label: string) => (...found: any[]) => { console.log(label, typeof found[0], String(found[1]), typeof found[2]) };
                const sealed = <T extends new (...args: any[]) => object>(Base: T) => class extends Base { sealed = true };
                @sealed
                class Example {
                    @log("field") field: string = "f";
                    constructor(@log("param") private service: Service, plain?: Plain) {}
                    @log("method") method(@log("arg") a: number): string { return this.service.name + a }
                    @log("accessor") get value() { return 1 }
                    @log("static") static count = 0;
                }
                const example = new Example(new Service()) as any;
                console.log(example.method(1), example.sealed);
                "#,
            ),
            ("modules/service.ts", "export class Service { name = 's' }\nexport interface Plain {}"),
        ],
        &[
            "meta design:type String",
            "field object field undefined",
            r#"meta design:returntype String"#,
            r#"meta design:paramtypes ["Number"]"#,
            "meta design:type Function",
            "arg object method number",
            "method object method object",
            r#"meta design:paramtypes []"#,
            "meta design:type Object",
            "accessor object value object",
            "meta design:type Object",
            "static function count undefined",
            r#"meta design:paramtypes ["Service","Object"]"#,
            "param function undefined number",
            "s1 true",
        ],
    );
}

#[test]
fn jsx_is_compiled_as_the_tsconfig_says() {
    let main = "const Part = (props: any) => <b>{props.children}</b>;\nconsole.log(<><Part id=\"1\">a</Part></>);";
    let jsx = r#"export const Fragment = "fragment"; export const jsx = (type, props, key) => [typeof type, props]; export const jsxs = jsx;"#;
    let tsconfig = |options: &str| format!(r#"{{ "compilerOptions": {{ {options} }} }}"#);
    check(
        &[
            ("modules/main.tsx", main),
            ("tsconfig.json", &tsconfig(r#""jsx": "react-jsx", "jsxImportSource": "tiny""#)),
            ("node_modules/tiny/package.json", r#"{ "exports": { "./jsx-runtime": "./jsx.mjs" } }"#),
            ("node_modules/tiny/jsx.mjs", jsx),
        ],
        &[r#"["string",{"children":["function",{"id":"1","children":"a"}]}]"#],
    );
    let classic = format!("const h = (...all: any[]) => all.length; const Frag = 0;\n{main}");
    check(
        &[
            ("modules/main.tsx", &classic),
            ("tsconfig.json", &tsconfig(r#""jsx": "react", "jsxFactory": "h", "jsxFragmentFactory": "Frag""#)),
        ],
        &["3"],
    );
    let pragma = format!("/** @jsx h @jsxFrag Frag */\n{classic}");
    check(&[("modules/main.tsx", &pragma)], &["3"]);
    check(&[("modules/main.js", "const React = { createElement: (t) => t };\nconsole.log(<p/>);")], &["p"]);
}

#[test]
fn require_of_typescript_gives_what_the_module_exports() {
    check(
        &[
            (
                "modules/main.ts",
                "import old = require('old');\nimport type Gone = require('not-there');\nimport Unused = require('not-there-either');\nimport { b } from './b';\nconst json = require('./data.json');\nlet x: Gone.T | Unused.T;\nconsole.log(old(1), b, json.a, typeof require);",
            ),
            ("modules/b.ts", "export const b = 'b';"),
            ("modules/data.json", r#"{ "a": 1 }"#),
            ("node_modules/old/index.js", "module.exports = function (x) { return x + 1 };"),
        ],
        &["2 b 1 function"],
    );
}

#[test]
fn files_may_be_written_for_commonjs() {
    check(
        &[
            (
                "modules/main.ts",
                "import value, { named } from './old';\nimport { plus } from './older.cjs';\nconsole.log(value, named, plus(1));",
            ),
            (
                "modules/old.ts",
                "import fs = require('./older.cjs');\nconst made: { named: number } = { named: fs.plus(1) };\nexport = made;",
            ),
            ("modules/older.cts", "exports.plus = (x: number): number => x + 1;"),
        ],
        &[r#"{"named":2} 2 2"#],
    );
}

#[test]
fn every_ending_is_a_module() {
    check(
        &[
            (
                "modules/main.ts",
                "import { a } from './a';\nimport { b } from './b.mjs';\nimport c from './c.cjs';\nimport { d } from './d.jsx';\nimport e from './e.json' with { type: 'json' };\nimport f, { name } from './e';\nimport * as g from './g';\nconst h = await import('./e.json', { with: { type: 'json' } });\nconsole.log(a, b, c, d, e, f, name, g.default, h.default);",
            ),
            ("modules/a.mts", "export const a: number = 1;"),
            ("modules/b.mts", "export const b: number = 2;"),
            ("modules/c.cjs", "module.exports = 3;"),
            ("modules/d.tsx", "export const d = 4;"),
            ("modules/e.json", r#"{ "name": "é", "__proto__": 1 }"#),
            ("modules/g.js", "export { default } from './e.json' with { type: 'json' };"),
        ],
        &[
            r#"1 2 3 4 {"name":"é","__proto__":1} {"name":"é","__proto__":1} é {"name":"é","__proto__":1} {"name":"é","__proto__":1}"#,
        ],
    );
}

#[test]
fn plain_javascript_is_passed_on_as_it_is() {
    let text = "// a comment\nexport   const a = 1 ; // another\n";
    let project = Project::new(&[("modules/main.js", text)]);
    let graph = project.graph(&["modules/main"]);
    assert_eq!(graph.source("modules/main.js").as_deref(), Some(text));
}
