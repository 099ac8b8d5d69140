//! `tollgate types`: what stock `tsc` makes of modules with our declarations, and that these say neither
//! more nor less than what is there at run time. The compiler is what `scripts/node-packages.sh` sets up.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use support::World;
use tokio::process::Command;

/// The modules that are declared, and by which other name.
const MODULES: [(&str, &str); 6] = [
    ("@tollgate/graphql", "@zuplo/graphql"),
    ("@tollgate/otel", "@zuplo/otel"),
    ("@tollgate/runtime", "@zuplo/runtime"),
    ("@tollgate/runtime/mcp-gateway", "@zuplo/runtime/mcp-gateway"),
    ("@tollgate/runtime/mocks", "@zuplo/runtime/mocks"),
    ("@tollgate/test", "@zuplo/test"),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/types")
}

/// Copies the fixtures of a project, and gives it the packages of the tests.
fn project(name: &str) -> World {
    let world = World::empty();
    copy(&fixtures().join(name), world.path());
    let packages = repository().join("target/node/node_modules");
    assert!(packages.is_dir(), "{} is missing: run scripts/node-packages.sh", packages.display());
    std::os::unix::fs::symlink(packages, world.path().join("node_modules")).unwrap();
    world
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Runs a program of Node in a project, and gives what it prints.
async fn node(world: &World, arguments: &[&str]) -> String {
    let output = Command::new("node").args(arguments).current_dir(world.path()).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let printed = text(output.stdout);
    assert!(output.status.code().is_some_and(|code| code < 3), "{printed}\n{}", text(output.stderr));
    printed
}

/// What the compiler finds wrong; nothing, where it has nothing to say.
async fn tsc(world: &World, arguments: &[&str]) -> String {
    let all = [&["node_modules/typescript/bin/tsc", "--noEmit", "-p", "."], arguments].concat();
    node(world, &all).await
}

/// `file:line code` of every mistake that the compiler names.
fn mistakes(printed: &str) -> BTreeSet<String> {
    let places = printed.lines().filter(|line| !line.starts_with(' ')).map(|line| {
        let (place, rest) = line.split_once("): error ").unwrap_or_else(|| panic!("{line}"));
        let (file, position) = place.rsplit_once('(').unwrap();
        let line = position.split(',').next().unwrap();
        format!("{file}:{line} {}", rest.split(':').next().unwrap())
    });
    places.collect()
}

/// The same, as comments at the ends of lines say.
fn expected(world: &World, file: &str) -> Vec<String> {
    let text = world.read(file);
    let marked = text.lines().enumerate().filter_map(|(at, line)| {
        let (_, code) = line.rsplit_once("// TS")?;
        Some(format!("{file}:{} TS{code}", at + 1))
    });
    marked.collect()
}

#[tokio::test]
async fn modules_of_every_kind_pass_the_stock_compiler() {
    let world = project("good");
    world.tollgate(&["types", "."]).await.good();
    assert_eq!(tsc(&world, &[]).await, "");
    assert_eq!(tsc(&world, &["--skipLibCheck", "false"]).await, "", "the declarations themselves are sound");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_the_compiler_runs() {
    let ended = project("good").tollgate(&["test", "."]).await.good();
    assert!(ended.stdout.contains("5 passed, 0 failed, 2 skipped"), "{}", ended.stdout);
}

#[tokio::test]
async fn wrong_code_is_refused_at_its_line() {
    let world = project("wrong");
    world.tollgate(&["types", "."]).await.good();
    let printed = tsc(&world, &[]).await;
    let expected: BTreeSet<String> =
        ["modules/policies.ts", "tests/wrong.test.ts"].iter().flat_map(|file| expected(&world, file)).collect();
    assert!(expected.len() > 20, "{expected:?}");
    assert_eq!(mistakes(&printed), expected, "{printed}");
}

#[tokio::test]
async fn loose_settings_of_the_users_own_stay_and_see_the_types() {
    let world = project("good");
    let settings = r#"{
  "compilerOptions": { "target": "ES2022", "module": "ESNext", "moduleResolution": "Bundler", "lib": ["ESNext", "WebWorker"],
    "skipLibCheck": true, "experimentalDecorators": true, "resolveJsonModule": true, "noEmit": true },
  "include": ["modules/**/*"]
}"#;
    world.write("tsconfig.json", settings);
    let ended = world.tollgate(&["types", "."]).await.good();
    assert!(ended.stdout.contains("\".tollgate/types/*.d.ts\""), "it says what is missing: {}", ended.stdout);
    assert_eq!(world.read("tsconfig.json"), settings);
    assert!(tsc(&world, &[]).await.contains("TS2307"), "without the declarations there is no module");
    let settings = settings.replace("/*\"]", "/*\", \".tollgate/types/*.d.ts\"]");
    world.write("tsconfig.json", &settings);
    let ended = world.tollgate(&["types", "."]).await.good();
    assert!(!ended.stdout.contains("tsconfig"), "{}", ended.stdout);
    assert_eq!(world.read("tsconfig.json"), settings);
    assert_eq!(tsc(&world, &[]).await, "");
}

#[tokio::test]
async fn a_new_project_type_checks_and_declarations_of_another_version_go() {
    let world = World::empty();
    let ended = world.tollgate(&["init", "mine", "--upstream", "http://127.0.0.1:9"]).await.good();
    assert!(ended.stdout.contains("wrote mine/tsconfig.json"), "{}", ended.stdout);
    std::os::unix::fs::symlink(repository().join("target/node/node_modules"), world.path().join("node_modules"))
        .unwrap();
    let good = fixtures().join("good");
    for folder in ["modules", "tests", "config"] {
        copy(&good.join(folder), &world.path().join("mine").join(folder));
    }
    world.write("mine/.tollgate/types/older.d.ts", "declare module \"@tollgate/runtime\" { export const gone: 1; }\n");
    world.write("mine/.tollgate/types/notes.txt", "mine");
    world.tollgate(&["types", "mine"]).await.good();
    assert!(!world.path().join("mine/.tollgate/types/older.d.ts").exists());
    assert_eq!(world.read("mine/.tollgate/types/notes.txt"), "mine");
    let printed = node(&world, &["node_modules/typescript/bin/tsc", "--noEmit", "-p", "mine"]).await;
    assert_eq!(printed, "");
}

#[tokio::test]
async fn every_policy_of_the_catalog_has_typed_options() {
    let world = World::empty();
    world.tollgate(&["types", "."]).await.good();
    let options = world.read(".tollgate/types/policy-options.d.ts");
    let catalog = world.tollgate(&["policies", "--output", "json"]).await.good().json();
    let exports: Vec<&str> = catalog
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|kind| kind["exports"].as_array().unwrap())
        .filter_map(Value::as_str)
        .collect();
    assert!(exports.len() > 10, "{exports:?}");
    for export in exports {
        assert!(options.contains(&format!("\n    {export}: ")), "{export}:\n{options}");
    }
}

/// The names in a list of the description of one export.
fn names<'a>(described: &'a Value, list: &str) -> BTreeSet<&'a str> {
    described[list].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

fn exports<'a>(all: &'a Value, module: &str) -> &'a Map<String, Value> {
    all[module].as_object().unwrap_or_else(|| panic!("{module}: {all}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn declarations_and_run_time_have_the_same_names() {
    let world = project("good");
    world.tollgate(&["types", "."]).await.good();
    fs::copy(fixtures().join("declared.mjs"), world.path().join("declared.mjs")).unwrap();
    let modules: Vec<&str> = MODULES.iter().flat_map(|(name, other)| [*name, *other]).collect();
    let printed = node(&world, &[&["declared.mjs"], modules.as_slice()].concat()).await;
    let declared: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));

    let running = World::empty();
    running.write("modules/present.ts", &fs::read_to_string(fixtures().join("present.ts")).unwrap());
    running.write(
        "openapi.yaml",
        "openapi: 3.1.0\ninfo: { title: Names, version: '1' }\nx-tollgate: { auth: public }\npaths:\n  /names:\n    get:\n      operationId: names\n      x-tollgate: { handler: ./modules/present.ts }\n      responses: { '200': { description: ok } }\n",
    );
    let gateway = running.start(&["run", "."]).await;
    let reply = gateway.get("/names", None).await;
    assert_eq!(reply.status, http::StatusCode::OK, "{}", gateway.child.output());
    let present = reply.json();

    for (module, other) in MODULES {
        let (ours, theirs) = (exports(&declared, module), exports(&present, module));
        assert_eq!(ours, exports(&declared, other), "{other} is {module}");
        let known: BTreeSet<&str> = ours.keys().map(String::as_str).collect();
        let there: BTreeSet<&str> = theirs.keys().map(String::as_str).collect();
        assert_eq!(known, there, "the exports of {module}: declared on the left, at run time on the right");
        for (name, said) in ours {
            let is = &theirs[name];
            assert_eq!(said["kind"], is["kind"], "{module}: {name}");
            assert_eq!(names(said, "statics"), names(is, "statics"), "{module}: what stands on {name}");
            let (members, methods) = (names(said, "members"), names(said, "methods"));
            let undeclared: Vec<&str> = names(is, "members").difference(&members).copied().collect();
            assert!(undeclared.is_empty(), "{module}: {name} does not declare {undeclared:?}");
            let absent: Vec<&str> = methods.difference(&names(is, "methods")).copied().collect();
            assert!(absent.is_empty(), "{module}: {name} has no {absent:?}");
        }
    }
}
