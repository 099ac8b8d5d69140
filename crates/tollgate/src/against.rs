//! What a project is compared with: the gateway that runs, a commit, another folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use http::{Method, StatusCode};
use tollgate_admin::views::ProjectDescription;
use tollgate_core::project::Project;

use crate::cli::{EnvironmentArgs, PlanArgs};
use crate::client::ManagementClient;
use crate::data_dir::{self, DataDir};
use crate::describe::{self, Fingerprints};
use crate::git::GitTree;
use crate::loading::{self, ProjectSource};
use crate::plan::Side;
use crate::run_state::RunState;
use crate::{Broken, output, wiring};

/// How often a project of a commit is read again because it refers to more of the repository.
const MOST_READS: usize = 16;

/// The two states of a project, described so that they can be compared.
#[derive(Debug)]
pub(crate) struct Both {
    pub(crate) old: ProjectDescription,
    pub(crate) against: Side,
    pub(crate) new: ProjectDescription,
    pub(crate) project: Side,
}

/// Reads both.
///
/// # Errors
/// [`Broken`] where one has mistakes; what is wrong with the arguments or on the way.
pub(crate) async fn both(args: &PlanArgs) -> anyhow::Result<Both> {
    let (dir, environment) = (&args.project.dir, &args.project.environment);
    if args.against == "running" {
        return running(args).await;
    }
    let fingerprints = Fingerprints::fresh();
    let other = Path::new(&args.against);
    let (old, against) = if other.is_dir() && loading::is_project(other) {
        let project = project_in(other, environment, false).await.map_err(|error| of_other(error, &args.against))?;
        let side = side("folder", &args.against, None, &project);
        (describe::project(&project, &fingerprints), side)
    } else if other.is_dir() && (args.against.contains('/') || args.against.starts_with('.')) {
        bail!("{} is a folder, but no project\n  help: `tollgate init` makes one", args.against);
    } else {
        of_commit(dir, &args.against, environment, &fingerprints).await?
    };
    let project = project_in(dir, environment, false).await?;
    let (new, side) = (describe::project(&project, &fingerprints), side("folder", &shown(dir), None, &project));
    Ok(Both { old, against, new, project: side })
}

fn side(kind: &'static str, name: &str, commit: Option<&str>, project: &Project) -> Side {
    Side { kind, name: name.to_owned(), commit: commit.map(str::to_owned), snapshot: project.digest.clone() }
}

fn shown(dir: &Path) -> String {
    if dir == Path::new(".") {
        let folder = std::path::absolute(dir).ok();
        let name = folder.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        return name.unwrap_or_else(|| ".".to_owned());
    }
    dir.display().to_string()
}

/// The project of a folder, with everything that building it brings to light.
async fn project_in(
    dir: &Path,
    environment: &EnvironmentArgs,
    scripts: bool,
) -> anyhow::Result<std::sync::Arc<Project>> {
    let source = ProjectSource::new(dir, environment);
    let mut loaded = if scripts { source.load_with_scripts().await? } else { source.load().await? };
    let Some(project) = loaded.project else { return Err(Broken::new(loaded.diagnostics).into()) };
    // Without its modules, what they bring in is missing and no mistake.
    if scripts || !project.has_modules() {
        let issues = wiring::compile_offline(&project);
        if !issues.is_empty() {
            loaded.diagnostics.add_build_issues(&issues);
            return Err(Broken::new(loaded.diagnostics).into());
        }
    }
    Ok(project)
}

/// Says which of the two has the mistakes.
fn of_other(error: anyhow::Error, name: &str) -> anyhow::Error {
    if error.downcast_ref::<Broken>().is_some() {
        output::note(format!("{name}, which the project is compared with, has mistakes:"));
    }
    error
}

async fn of_commit(
    dir: &Path,
    reference: &str,
    environment: &EnvironmentArgs,
    fingerprints: &Fingerprints,
) -> anyhow::Result<(ProjectDescription, Side)> {
    if !dir.is_dir() {
        bail!("there is no folder {}", dir.display());
    }
    let mut tree = GitTree::open(dir, reference)?;
    let mut environment = environment.clone();
    // Who keeps `.env` out of git means its values for every commit.
    let own = dir.join(".env");
    if environment.env_file.is_none() && !tree.has(".env") && own.is_file() {
        environment.env_file = Some(own);
    }
    let source = ProjectSource::new(&tree.project(), &environment);
    for _ in 0..MOST_READS {
        let loaded = source.load().await?;
        if tree.complete(&loaded.files)? {
            continue;
        }
        let Some(project) = loaded.project else {
            return Err(of_other(Broken::new(loaded.diagnostics).into(), reference));
        };
        let side = side("git", reference, Some(tree.commit()), &project);
        return Ok((describe::project(&project, fingerprints), side));
    }
    bail!("the files of {reference} refer to each other without end")
}

async fn running(args: &PlanArgs) -> anyhow::Result<Both> {
    let dir = &args.project.dir;
    let path: PathBuf = args.data_dir.clone().unwrap_or_else(|| dir.join(data_dir::NAME));
    let help = "give --data-dir (the folder that the gateway was started with), or compare with a git ref or a folder: --against main";
    let data = DataDir::existing(&path).with_context(|| {
        format!("there is no data folder {}, so no gateway runs on it\n  help: {help}", path.display())
    })?;
    let Some(state) = RunState::read(&data) else {
        bail!("no gateway runs on {}\n  help: {help}", data.path().display());
    };
    let (status, body) = ManagementClient::of(&data)?.call(Method::GET, "/v1/project/routes").await?;
    if status == StatusCode::NOT_FOUND {
        bail!("the running gateway is older than this command, and does not describe its project\n  help: {help}");
    }
    let old: ProjectDescription = serde_json::from_slice(&body)
        .with_context(|| format!("the gateway answered {status}: {}", String::from_utf8_lossy(&body)))?;
    let against =
        Side { kind: "running", name: state.management.clone(), commit: None, snapshot: old.snapshot.clone() };
    // The values that the gateway was started with, unless told otherwise.
    let given = &args.project.environment;
    let environment =
        EnvironmentArgs { env: given.env.clone().or(state.env), env_file: given.env_file.clone().or(state.env_file) };
    let project = project_in(dir, &environment, true).await?;
    let fingerprints = Fingerprints::keyed(data.existing_management_token()?);
    let new = describe::project(&project, &fingerprints);
    Ok(Both { old, against, new, project: side("folder", &shown(dir), None, &project) })
}
