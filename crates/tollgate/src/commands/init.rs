//! `tollgate init`: a project that runs at once, out of a document or out of nothing. Whatever is
//! the user's stays as it is, byte by byte.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};
use tollgate_spec::edit::{self, Edit, EditError, Note, NoteGroup, PublicOperation};
use tollgate_spec::{Diagnostics, Tree};

use super::quoted;
use super::types::{self, Tsconfig};
use crate::cli::{EnvironmentArgs, InitArgs};
use crate::data_dir::{self, DataDir};
use crate::loading::{self, ProjectSource};
use crate::output::{self, Palette};
use crate::{schema_files, views, wiring};

const SCHEMA_FILE: &str = "tollgate.schema.json";
const OVERLAY_FILE: &str = "tollgate.overlay.yaml";

/// The files of the new project, before any of them is written.
#[derive(Default)]
struct Plan {
    files: Vec<(PathBuf, Vec<u8>)>,
    public: Vec<PublicOperation>,
    notes: Vec<Note>,
    /// What else there is to say.
    remarks: Vec<String>,
    /// The document among the files, read.
    document: Option<Arc<Tree>>,
}

pub(crate) async fn run(args: &InitArgs) -> anyhow::Result<ExitCode> {
    let upstream = upstream_url(&args.upstream)?;
    let extension = extension(&upstream);
    let plan = match &args.openapi {
        None => without_document(&upstream, &extension),
        Some(from) => with_document(args, from, &extension).await?,
    };
    write(args, &plan)?;
    let data = DataDir::open(&args.dir.join(data_dir::NAME))?;
    let schema = serde_json::to_string_pretty(&schema_files::server())?;
    fs::write(data.file(SCHEMA_FILE), format!("{schema}\n")).context("cannot write the schema")?;
    let tsconfig = types::write(&args.dir)?;
    report(args, &plan, tsconfig).await
}

/// What the user means by the address of a backend.
pub(crate) fn upstream_url(text: &str) -> anyhow::Result<String> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    match url::Url::parse(&with_scheme) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(with_scheme.trim_end_matches('/').to_owned())
        }
        _ => bail!(
            "--upstream: `{text}` is not the URL of a backend\n  help: http://127.0.0.1:8888, or https://api.example.com/base"
        ),
    }
}

fn extension(upstream: &str) -> Map<String, Value> {
    match json!({ "upstream": upstream, "auth": "api-key" }) {
        Value::Object(extension) => extension,
        _ => Map::new(),
    }
}

fn settings(documents: &str) -> Vec<u8> {
    format!(
        "# yaml-language-server: $schema={}/{SCHEMA_FILE}\n# The server. Every field has a default; an editor with the schema above completes and explains them.\n{documents}",
        data_dir::NAME
    )
    .into_bytes()
}

fn without_document(upstream: &str, extension: &Map<String, Value>) -> Plan {
    let title = url::Url::parse(upstream).ok().and_then(|url| url.host_str().map(str::to_owned));
    let document = edit::catch_all(&title.unwrap_or_else(|| "API".to_owned()), extension);
    Plan {
        files: vec![("openapi.yaml".into(), document.into_bytes()), ("tollgate.yaml".into(), settings(""))],
        ..Plan::default()
    }
}

async fn with_document(args: &InitArgs, from: &str, extension: &Map<String, Value>) -> anyhow::Result<Plan> {
    let bytes = match is_url(from) {
        true => {
            loading::fetch(&wiring::http_client(), from).await.map_err(|error| anyhow::anyhow!("--openapi: {error}"))?
        }
        false => fs::read(from).with_context(|| format!("--openapi: cannot read {from}"))?,
    };
    let name = document_name(from, &bytes);
    if args.overlay {
        return overlaid(args, from, name, &bytes, extension);
    }
    match edit::insert(name, &bytes, extension) {
        Ok(Edit { bytes, public, notes, tree, .. }) => {
            let mut plan = Plan { public, notes, ..Plan::default() };
            plan.files.push((name.into(), bytes));
            plan.files.push(("tollgate.yaml".into(), settings("")));
            copy_references(from, &tree, &mut plan);
            plan.document = Some(Arc::new(tree));
            Ok(plan)
        }
        Err(EditError::AlreadyThere(_)) => {
            let mut plan = Plan::default();
            plan.remarks.push("the document has `x-tollgate` already; it is taken as it is".to_owned());
            if let Some(tree) = Tree::parse(name, &bytes, &mut Diagnostics::new()) {
                copy_references(from, &tree, &mut plan);
            }
            plan.files.push((name.into(), bytes));
            plan.files.push(("tollgate.yaml".into(), settings("")));
            Ok(plan)
        }
        Err(EditError::NoPlace(why)) => {
            let mut plan = overlaid(args, from, name, &bytes, extension)?;
            plan.remarks.push(format!("`x-tollgate` stands in an overlay, because {why}"));
            Ok(plan)
        }
        Err(EditError::Unreadable(diagnostics)) => Err(unreadable(diagnostics)),
    }
}

fn unreadable(diagnostics: Diagnostics) -> anyhow::Error {
    crate::Broken::new(diagnostics).into()
}

/// The document stays where it is and as it is; what is ours lies beside it.
fn overlaid(
    args: &InitArgs,
    from: &str,
    name: &str,
    bytes: &[u8],
    extension: &Map<String, Value>,
) -> anyhow::Result<Plan> {
    let mut diagnostics = Diagnostics::new();
    let tree = match Tree::parse(name, bytes, &mut diagnostics) {
        Some(tree) if !diagnostics.has_errors() => tree,
        _ => return Err(unreadable(diagnostics)),
    };
    let reference = if is_url(from) { from.to_owned() } else { relative(&args.dir, Path::new(from))? };
    let documents = format!("documents:\n  - from: {}\n    overlay: {OVERLAY_FILE}\n", Value::from(reference));
    Ok(Plan {
        files: vec![
            (OVERLAY_FILE.into(), edit::overlay(&tree, extension).into_bytes()),
            ("tollgate.yaml".into(), settings(&documents)),
        ],
        public: edit::public_operations(&tree.root()),
        notes: edit::notes(&tree),
        ..Plan::default()
    })
}

fn is_url(from: &str) -> bool {
    from.starts_with("http://") || from.starts_with("https://")
}

fn document_name(from: &str, bytes: &[u8]) -> &'static str {
    let path = from.split(['?', '#']).next().unwrap_or_default();
    let yaml = path.ends_with(".yaml") || path.ends_with(".yml");
    let looks_like_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if looks_like_json && !yaml { "openapi.json" } else { "openapi.yaml" }
}

/// Copies the files that the document refers to, so that its `$ref`s still lead somewhere.
fn copy_references(from: &str, document: &Tree, plan: &mut Plan) {
    if is_url(from) {
        return;
    }
    let from = Path::new(from);
    let (Some(folder), Some(own)) = (from.parent(), from.file_name()) else { return };
    // The document gets a name of its own; under its old one it is copied only where it is named.
    let mut seen = vec![PathBuf::from(&**document.name())];
    let mut waiting = Vec::new();
    follow(Path::new(own), document.value(), &mut seen, &mut waiting, plan);
    while let Some(name) = waiting.pop() {
        let Ok(bytes) = fs::read(folder.join(&name)) else {
            plan.remarks.push(format!("`{}` is referred to, but cannot be read", name.display()));
            continue;
        };
        if let Some(tree) = Tree::parse(name.display().to_string(), &bytes, &mut Diagnostics::new()) {
            follow(&name, tree.value(), &mut seen, &mut waiting, plan);
        }
        plan.files.push((name, bytes));
    }
}

/// Puts the files that a file refers to, and that nobody did before, on the list.
fn follow(file: &Path, value: &Value, seen: &mut Vec<PathBuf>, waiting: &mut Vec<PathBuf>, plan: &mut Plan) {
    let mut references = BTreeSet::new();
    file_references(value, &mut references);
    for reference in references {
        match resolve(file, &reference) {
            Some(target) if seen.contains(&target) => {}
            Some(target) => {
                seen.push(target.clone());
                waiting.push(target);
            }
            None => {
                let remark = format!("`{reference}` lies outside of the document's folder and was not copied");
                plan.remarks.push(remark);
            }
        }
    }
}

/// The files that `$ref`s in a document name.
fn file_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                let file = reference.split('#').next().unwrap_or_default();
                if !file.is_empty() && !file.contains("://") {
                    found.insert(percent_decoded(file));
                }
            }
            object.values().for_each(|value| file_references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| file_references(value, found)),
        _ => {}
    }
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A reference in a file, as a path below the same folder; `None` where it leaves it.
fn resolve(file: &Path, reference: &str) -> Option<PathBuf> {
    let mut path = file.parent().map(Path::to_owned).unwrap_or_default();
    for component in Path::new(reference).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// A path as seen from a folder that may not be there yet.
fn relative(folder: &Path, path: &Path) -> anyhow::Result<String> {
    let clean = |path: &Path| -> anyhow::Result<Vec<String>> {
        let mut parts: Vec<String> = Vec::new();
        for component in std::path::absolute(path)?.components() {
            match component {
                Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
                Component::ParentDir => drop(parts.pop()),
                _ => {}
            }
        }
        Ok(parts)
    };
    let (folder, path) = (clean(folder)?, clean(path)?);
    let common = folder.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let mut parts = vec![".."; folder.len() - common];
    parts.extend(path[common..].iter().map(String::as_str));
    Ok(parts.join("/"))
}

fn write(args: &InitArgs, plan: &Plan) -> anyhow::Result<()> {
    if !args.force
        && let Some((name, _)) = plan.files.iter().find(|(name, _)| args.dir.join(name).exists())
    {
        bail!(
            "{} exists already, and nothing was written\n  help: name another folder, or overwrite it with --force",
            args.dir.join(name).display()
        );
    }
    for (name, bytes) in &plan.files {
        let path = args.dir.join(name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(&args.dir))?;
            fs::write(&path, bytes)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

async fn report(args: &InitArgs, plan: &Plan, tsconfig: Tsconfig) -> anyhow::Result<ExitCode> {
    let palette = Palette::stdout();
    let wrote = |path: PathBuf| output::line(format!("{} {}", palette.green("wrote"), path.display()));
    for (name, _) in &plan.files {
        wrote(args.dir.join(name));
    }
    match tsconfig {
        Tsconfig::Written => wrote(args.dir.join(types::TSCONFIG)),
        Tsconfig::Kept => output::line(format!("{} {}", palette.yellow("note:"), types::advice(&args.dir))),
        Tsconfig::Knows => {}
    }
    for remark in &plan.remarks {
        output::line(format!("{} {remark}", palette.yellow("note:")));
    }
    if !plan.public.is_empty() {
        output::line(format!(
            "\n{} everyone may call these, because the document says `security: []`:",
            palette.yellow("public:")
        ));
        for operation in &plan.public {
            output::line(format!("  {} {}", operation.method, operation.path));
        }
    }
    if !plan.notes.is_empty() {
        output::line(format!("\n{}", palette.yellow("not used, or not as the document says:")));
        for note in edit::grouped(&plan.notes) {
            output::line(format!("  {}", note_line(&note)));
        }
    }
    let mut source = ProjectSource::new(&args.dir, &EnvironmentArgs::default());
    source.parsed.clone_from(&plan.document);
    let loaded = source.load().await?;
    if !loaded.diagnostics.is_empty() {
        output::note(format!("\n{}", loaded.diagnostics.to_text(&crate::text_style()).trim_end()));
    }
    let Some(project) = loaded.project else {
        output::note("\nthe project has mistakes: mend what is shown above, then run `tollgate check`");
        return Ok(crate::exit_broken());
    };
    let routes = views::routes(&project);
    let guarded = routes.iter().filter(|route| route.authenticated).count();
    output::line(format!(
        "\n{}: {guarded} behind a key, {} public.",
        output::count(routes.len(), "route"),
        routes.len() - guarded
    ));
    let dir = quoted(&args.dir.display().to_string());
    output::line(palette.bold("Next:"));
    output::line(format!("  tollgate dev {dir}              a key, a curl line, hot reload"));
    output::line(format!(
        "  tollgate snippet tornado --project {dir}    the code with which your backend checks the gateway's tokens"
    ));
    Ok(ExitCode::SUCCESS)
}

/// A note with its place; one that holds in many places names the first.
fn note_line(note: &NoteGroup<'_>) -> String {
    let line = note.first.start().map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
    let place = format!("{}{line}", note.first.source.name());
    match note.count {
        1 => format!("{place}: {}", note.message),
        count => format!("{count} places: {}, for example {place}", note.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_an_http_url_and_may_leave_out_the_scheme() {
        assert_eq!(upstream_url("http://127.0.0.1:8888/").unwrap(), "http://127.0.0.1:8888");
        assert_eq!(upstream_url("localhost:8888").unwrap(), "http://localhost:8888");
        assert_eq!(upstream_url("https://api.example.com/v1").unwrap(), "https://api.example.com/v1");
        for wrong in ["", "ftp://x", "http://", "://"] {
            assert!(upstream_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reference_stays_in_the_folder_of_the_document() {
        let resolve =
            |file: &str, reference: &str| resolve(Path::new(file), reference).map(|p| p.display().to_string());
        assert_eq!(resolve("openapi.yaml", "./schemas/todo.yaml"), Some("schemas/todo.yaml".to_owned()));
        assert_eq!(resolve("schemas/todo.yaml", "../other.yaml"), Some("other.yaml".to_owned()));
        assert_eq!(resolve("openapi.yaml", "../secrets.yaml"), None);
        assert_eq!(resolve("openapi.yaml", "/etc/passwd"), None);
    }

    #[test]
    fn a_document_is_named_as_seen_from_the_project() {
        assert_eq!(relative(Path::new("/a/b"), Path::new("/a/c/openapi.json")).unwrap(), "../c/openapi.json");
        assert_eq!(relative(Path::new("/a/b"), Path::new("/a/b/openapi.json")).unwrap(), "openapi.json");
    }
}
