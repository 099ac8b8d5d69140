//! `tollgate test`: the tests of a project, against a gateway that is started for them.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tollgate_proxy::access_log::Format;
use tollgate_script::{TestResult, TestRun};
use tracing_subscriber::EnvFilter;

use crate::Broken;
use crate::cli::{Output, TestArgs};
use crate::data_dir::DataDir;
use crate::loading::ProjectSource;
use crate::output::{self, Palette};
use crate::serving::{self, Arrival, Mode, Options, Origin, Serving, Signals};
use crate::wiring;

pub(crate) async fn run(args: TestArgs) -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,script=info"));
    tracing_subscriber::fmt()
        .compact()
        .with_target(false)
        .with_ansi(Palette::stderr().0)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let listen = args.serve.listen.clone().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let source = ProjectSource { listen: Some(listen), ..ProjectSource::new(&args.dir, &args.serve.environment) };
    if tollgate_script::test_files(&source.dir).is_empty() {
        anyhow::bail!(
            "there are no tests in {}\n  help: write one: {}/tests/first.test.ts, which imports `describe` and `it` from \"@tollgate/test\"",
            source.dir.display(),
            args.dir.display()
        );
    }
    let loaded = source.load_with_scripts().await?;
    let Some(project) = loaded.project else { return Err(Broken::new(loaded.diagnostics).into()) };
    // The data of tests is nobody's business afterwards.
    let scratch = Scratch::new()?;
    let data = args.serve.data_dir.clone().unwrap_or_else(|| scratch.0.clone());
    let started = match &args.endpoint {
        Some(_) => None,
        None => {
            let options = Options {
                mode: Mode::Dev,
                source,
                checkout: None,
                data: DataDir::open(&data)?,
                management_listen: Some(
                    args.serve.management_listen.clone().unwrap_or_else(|| "127.0.0.1:0".to_owned()),
                ),
                // What tests send is nobody's traffic.
                limits: Some(args.serve.limits.clone().unwrap_or_else(|| "memory".to_owned())),
                ready_file: args.serve.ready_file.clone(),
                map_hosts: serving::map_hosts(&args.serve),
                log: Box::new(std::io::sink()),
                format: Format::Json,
                arrival: Arrival::default(),
            };
            Some(Serving::start(options, Arc::clone(&project), loaded.diagnostics, Origin::Passing).await?)
        }
    };
    let endpoint = match (&args.endpoint, &started) {
        (Some(endpoint), _) => endpoint.clone(),
        (None, Some(serving)) => format!("http://{}", serving.listen),
        (None, None) => String::new(),
    };
    let services = match &started {
        Some(serving) => Arc::clone(&serving.rooms.services),
        None => wiring::offline_services(),
    };
    let run = TestRun { endpoint, filter: args.filter.clone(), skip_filter: args.skip_filter.clone(), only: args.only };
    let results: Arc<Mutex<Vec<TestResult>>> = Arc::default();
    let (seen, text) = (Arc::clone(&results), args.output == Output::Text);
    let ran = tollgate_script::test(&project, crate::catalog(), &services, run, move |result| {
        if text {
            tell(&result);
        }
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(result);
    });
    let ran = ran.await;
    if let Some(serving) = &started {
        serving.stop(&mut Signals::listen()?).await;
    }
    let results = results.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(issues) = ran {
        let mut diagnostics = tollgate_spec::Diagnostics::new();
        diagnostics.add_script_issues(&project.root, &issues);
        return Err(Broken::new(diagnostics).into());
    }
    Ok(finish(&args, &results))
}

fn finish(args: &TestArgs, results: &[TestResult]) -> ExitCode {
    let count = |outcome: &str| results.iter().filter(|result| result.outcome == outcome).count();
    let (passed, failed, skipped) = (count("passed"), count("failed"), count("skipped"));
    match args.output {
        Output::Json => {
            let _ = output::json(&json!({ "passed": passed, "failed": failed, "skipped": skipped, "tests": results }));
        }
        Output::Text => output::line(format!("\n{passed} passed, {failed} failed, {skipped} skipped")),
    }
    if passed + failed == 0 {
        output::note("no test was run: compare --filter with the names above");
    }
    if failed > 0 || passed == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn tell(result: &TestResult) {
    let palette = Palette::stdout();
    let (mark, took) = match result.outcome.as_str() {
        "passed" => (palette.green("ok  "), format!(" ({:.0} ms)", result.milliseconds)),
        "skipped" => (palette.yellow("skip"), String::new()),
        _ => (palette.red("FAIL"), format!(" ({:.0} ms)", result.milliseconds)),
    };
    output::line(format!("{mark} {}{took}", result.path.join(" › ")));
    let Some(error) = &result.error else { return };
    output::line(format!("     {}: {}\n     in {}", error.name, error.message, result.file));
    for frame in error.stack.lines().filter(|line| !line.trim().is_empty()) {
        output::line(format!("     {}", frame.trim()));
    }
}

/// A folder that goes when the tests are over.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("tollgate-test-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
