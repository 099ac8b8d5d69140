//! The tests of a project: files of TypeScript that are run in an engine of their own, against a
//! gateway.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tollgate_core::byte_cache::{ByteCache, MOST};
use tollgate_core::project::Project;
use tollgate_core::services::ScriptIssue;
use tollgate_core::{Catalog, Services};
use tollgate_js::Limits;
use tollgate_modules::{Entry, LoadOptions};

use crate::live::Live;
use crate::pool::Outside;
use crate::{areas, issues, link};

/// Where the tests are, below the project.
const FOLDER: &str = "tests";
const ENDINGS: [&str; 4] = [".test.ts", ".test.tsx", ".test.js", ".test.mjs"];
/// For as long as somebody watches.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Which tests are run, and against what.
#[derive(Debug, Clone, Default)]
pub struct TestRun {
    /// Where the gateway is: `TestHelper.TEST_URL`.
    pub endpoint: String,
    /// A text that names must hold, or an expression between slashes.
    pub filter: Option<String>,
    /// The same for names to leave out.
    pub skip_filter: Option<String>,
    /// Whether `.only` counts.
    pub only: bool,
}

/// What became of one test.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestResult {
    /// The file that it is in.
    pub file: String,
    /// The names of the suites around it, and its own.
    pub path: Vec<String>,
    /// `passed`, `failed` or `skipped`.
    pub outcome: String,
    /// How long it took.
    pub milliseconds: f64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<TestError>,
}

/// Why a test failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestError {
    /// The name of the error.
    pub name: String,
    /// What it says.
    pub message: String,
    /// Where, at the lines of the TypeScript.
    pub stack: String,
}

/// The files of a project's tests, in their order.
pub fn test_files(root: &Path) -> Vec<String> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "node_modules") {
                    walk(&path, root, found);
                }
            } else if ENDINGS.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                found.extend(path.strip_prefix(root).map(Path::to_owned));
            }
        }
    }
    let mut found = Vec::new();
    walk(&root.join(FOLDER), root, &mut found);
    found.sort();
    found.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// Runs the tests of a project on a thread of their own; tells of each as it ends. Called on the
/// gateway's runtime, which the tests' requests use.
///
/// # Errors
/// Where a file cannot be loaded, or what runs around the tests fails.
pub async fn test(
    project: &Arc<Project>,
    catalog: &'static Catalog,
    services: &Arc<Services>,
    run: TestRun,
    report: impl Fn(TestResult) + Send + 'static,
) -> Result<(), Vec<ScriptIssue>> {
    let (project, workers) = (Arc::clone(project), tokio::runtime::Handle::current());
    let outside = Arc::new(Outside::default());
    let _ = outside.services.set(Arc::clone(services));
    let _ = outside.workers.set(workers);
    // The tests' own: it is not the gateway's, whose scripts run beside them.
    let _ = outside.cache.set(Arc::new(ByteCache::new(MOST, Arc::clone(&services.clock))));
    let (done, ended) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("tests".to_owned()).stack_size(80 << 20).spawn(move || {
        let _ = done.send(on_thread(&project, catalog, &outside, &run, Rc::new(report)));
    });
    let failed = |what: &dyn std::fmt::Display| vec![issues::plain(format!("the tests cannot be run: {what}"))];
    thread.map_err(|error| failed(&error))?;
    ended.await.map_err(|error| failed(&error))?
}

fn on_thread(
    project: &Project,
    catalog: &Catalog,
    outside: &Arc<Outside>,
    run: &TestRun,
    report: Rc<dyn Fn(TestResult)>,
) -> Result<(), Vec<ScriptIssue>> {
    let files = test_files(&project.root);
    let entries: Vec<Entry> = files.iter().map(|file| Entry { path: file.clone() }).collect();
    let graph =
        tollgate_modules::load(&LoadOptions { root: &project.root, entries: &entries, builtins: &areas::provides });
    let graph = Arc::new(graph.map_err(|errors| errors.into_iter().map(issues::of_module).collect::<Vec<_>>())?);
    let ids: Vec<String> = files.iter().filter_map(|file| graph.id_of_entry(file).map(str::to_owned)).collect();
    let mut generation = link::generation(project, catalog, &graph);
    generation.test_url = Some(run.endpoint.clone());
    generation.limits = Limits { cpu: PATIENCE, wall: PATIENCE, memory: 1 << 30, ..generation.limits };
    let failed = |error: std::io::Error| vec![issues::plain(format!("the tests cannot be run: {error}"))];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let (live, _) = Live::load(&Arc::new(generation), outside).await?;
        let ran = live.run_tests(&ids, run, report).await;
        live.retire();
        ran
    })
}
