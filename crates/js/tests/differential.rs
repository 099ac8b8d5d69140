//! Cases that have to end as they end in Node: whoever writes for the Web's APIs wrote for them there.
//!
//! A file of `cases/AREA/` is JavaScript: what comes before the first `// case: NAME` belongs to every
//! case of the file (its lines that begin with `import ` go to the top of the module), and each case is
//! the body of an async function. What it returns, as JSON, or the name of what it throws, has to be
//! the same here and there. Where Node is known to differ from the standard, the line after the name
//! says what has to come out: `// expect: {"returns":1}`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs, reason = "a test may fail")]

mod support;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tollgate_js::rquickjs::{Function, Module, Object};
use tollgate_js::{Engine, Limits};

/// A test for each area: `streams_behave_as_in_node` runs what is in `cases/streams`.
macro_rules! areas {
    ($($area:ident)*) => {
        const AREAS: &[&str] = &[$(stringify!($area)),*];
        $(mod $area {
            #[test]
            fn behaves_as_in_node() {
                super::compare(stringify!($area));
            }
        })*
    };
}

areas! {
    blob
    caches
    clone
    compression
    console
    crypto
    encoding
    events
    fetch
    intl
    json
    node
    streams
    timers
    url
    websocket
}

#[test]
fn no_folder_of_cases_is_forgotten() {
    for entry in folder("").read_dir().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            assert!(AREAS.contains(&name.as_str()), "no test runs cases/{name}: add it to `areas!`");
        }
    }
}

struct Case {
    name: String,
    module: String,
    expect: Option<String>,
}

fn folder(area: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(area)
}

/// The cases of an area, file by file.
fn cases(area: &str) -> Vec<Case> {
    let Ok(entries) = folder(area).read_dir() else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "js"));
    files.sort();
    files.iter().flat_map(|file| parse(file)).collect()
}

fn parse(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut pieces = text.split("// case: ");
    let (imports, shared): (Vec<_>, Vec<_>) =
        pieces.next().unwrap().lines().partition(|line| line.starts_with("import "));
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let cases: Vec<_> = pieces
        .map(|piece| {
            let (name, body) = piece.split_once('\n').unwrap_or((piece, ""));
            let expect = body.strip_prefix("// expect: ").and_then(|rest| rest.lines().next());
            Case {
                name: format!("{stem}: {name}"),
                module: module(&imports.join("\n"), &shared.join("\n"), body),
                expect: expect.map(str::to_owned),
            }
        })
        .collect();
    assert!(!cases.is_empty(), "{} has no case", file.display());
    cases
}

/// A module whose default export runs a case and tells how it ended.
fn module(imports: &str, shared: &str, body: &str) -> String {
    format!(
        "{imports}
        export default async () => {{
            const run = async () => {{\n{shared}\n{body}\n}};
            try {{
                return JSON.stringify({{ returns: await run() }});
            }} catch (error) {{
                const named = typeof error === 'object' && error !== null && typeof error.name === 'string';
                return JSON.stringify({{ throws: named ? error.name : String(error) }});
            }}
        }};"
    )
}

/// How the cases end that Node decides, in one process.
fn in_node(cases: &[Case]) -> Vec<String> {
    let runner = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cases.mjs");
    let mut node = Command::new("node")
        .arg(runner)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("these tests compare with Node 20: `node` has to be in the PATH");
    let modules: Vec<_> = cases.iter().filter(|case| case.expect.is_none()).map(|case| &case.module).collect();
    node.stdin.take().unwrap().write_all(&serde_json::to_vec(&modules).unwrap()).unwrap();
    let output = node.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap_or_default()).expect("Node died over a case")
}

/// How a case ends here.
fn here(case: &Case) -> String {
    let limits = Limits { cpu: Duration::from_secs(10), wall: Duration::from_secs(10), ..Limits::default() };
    let mut ended = String::new();
    support::run(limits, async |engine, _| ended = ends(&engine, case.module.clone()).await);
    ended
}

async fn ends(engine: &Engine, module: String) -> String {
    let task = engine.task(());
    let ended = engine.call(
        &task,
        move |ctx| {
            let (module, done) = Module::declare(ctx.clone(), "case.js", module)?.eval()?;
            done.finish::<()>()?;
            let namespace: Object<'_> = module.namespace()?;
            let function: Function<'_> = namespace.get("default")?;
            function.call(())
        },
        |_, value| value.get::<String>(),
    );
    ended.await.unwrap_or_else(|error| error.to_string())
}

/// Runs the cases of an area on both sides, and says how many agree.
fn compare(area: &str) {
    let cases = cases(area);
    let mut failures = String::new();
    let mut agree = 0;
    let mut in_node = in_node(&cases).into_iter();
    for case in &cases {
        let (source, expected) = match &case.expect {
            Some(expect) => ("expected", expect.clone()),
            None => ("in Node ", in_node.next().unwrap()),
        };
        let here = here(case);
        if here == expected {
            agree += 1;
        } else {
            write!(failures, "\n{}\n  {source}: {expected}\n  here    : {here}\n", case.name).unwrap();
        }
    }
    println!("{area}: {agree} of {} cases agree", cases.len());
    assert!(failures.is_empty(), "{area}: {agree} of {} cases agree\n{failures}", cases.len());
}
