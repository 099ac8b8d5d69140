//! The files that are modules of the project. What is in them is none of this crate's business: it
//! only says where each is, and that it is there.

use tollgate_core::project::{ExportRole, NamedExport, ProjectForm};
use tollgate_core::services::Export;

use super::ProjectFiles;
use crate::check::did_you_mean;
use crate::source::Span;
use crate::tree::Node;
use crate::{Diagnostic, Diagnostics};

/// The endings of modules, in the order in which they are looked for.
const ENDINGS: [&str; 8] = ["ts", "tsx", "mts", "js", "jsx", "mjs", "cts", "cjs"];
/// The endings that a runtime module may have.
const RUNTIME_ENDINGS: [&str; 4] = ["ts", "tsx", "js", "mjs"];

/// Whether a reference names a module of the project.
pub(crate) fn is_module(reference: &str) -> bool {
    reference.starts_with("./") || reference.starts_with("../")
}

/// Checks that the file of an export is there; `node` is what names it, and `written` how.
///
/// # Errors
/// Says so where there is no such file, and which one was probably meant.
pub(crate) fn check_file(
    files: &ProjectFiles<'_>,
    export: &Export,
    written: &str,
    span: Span,
) -> Result<(), Box<Diagnostic>> {
    if find(files, &export.path).is_some() {
        return Ok(());
    }
    let message = format!("there is no module `{written}`");
    Err(Box::new(Diagnostic::error("missing-module", span, message).help(suggestion(files, &export.path))))
}

/// The diagnostic for what should name a file of the project, and does not.
pub(crate) fn not_a_file(written: &str, span: Span) -> Diagnostic {
    let message = format!("`{written}` is no file of the project");
    let help = "a module is named by its path from the project's folder: `./modules/file.ts`";
    Diagnostic::error("missing-module", span, message).help(help)
}

/// An export, as what is linked remembers it.
pub(crate) fn named(export: Export, role: ExportRole, node: &Node<'_>) -> NamedExport {
    NamedExport { export, role, place: node.span().place(), unused: false }
}

/// The file that a path from the project's folder means: the ending may be missing, `.js` may stand for
/// what TypeScript compiles to it, and a folder for its `index`.
fn find(files: &ProjectFiles<'_>, path: &str) -> Option<String> {
    let compiled = path.strip_suffix(".js").map(|stem| ["ts", "tsx"].map(|ending| format!("{stem}.{ending}")));
    let candidates = std::iter::once(path.to_owned())
        .chain(ENDINGS.iter().map(|ending| format!("{path}.{ending}")))
        .chain(compiled.into_iter().flatten())
        .chain(ENDINGS.iter().map(|ending| format!("{path}/index.{ending}")));
    let mut looked_for = Vec::new();
    for candidate in candidates {
        if files.exists(&candidate) {
            files.remember(&files.root().join(&candidate));
            return Some(candidate);
        }
        looked_for.push(candidate);
    }
    // A watcher sees the file come.
    looked_for.iter().for_each(|candidate| files.remember(&files.root().join(candidate)));
    None
}

/// The nearest module in the same folder, else all of them, else that there are none.
fn suggestion(files: &ProjectFiles<'_>, path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_module = |name: &str| name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending));
    let with_ending = is_module(name);
    let listed = files.list(if folder.is_empty() { "." } else { folder });
    let known: Vec<String> = listed
        .iter()
        .filter(|file| is_module(file) && !file.ends_with(".d.ts") && !file.contains(".runtime."))
        .map(|file| {
            let file = file.strip_prefix("./").unwrap_or(file);
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            format!("./{}", if with_ending { file } else { stem })
        })
        .collect();
    let nearest = did_you_mean(&format!("./{path}"), known.iter().map(String::as_str));
    nearest.unwrap_or_else(|| {
        const MOST: usize = 12;
        if known.is_empty() {
            return "a module is named by its path from the project's folder: `./modules/file.ts`".to_owned();
        }
        let more = if known.len() > MOST { ", …" } else { "" };
        let list = known.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        format!("modules there: {list}{more}")
    })
}

/// The module whose `runtimeInit` is run at load: `modules/tollgate.runtime.ts`, and in the Zuplo form
/// `modules/zuplo.runtime.ts` where there is no such file.
pub(crate) fn runtime(files: &ProjectFiles<'_>, form: ProjectForm, diagnostics: &mut Diagnostics) -> Option<String> {
    let all = |product: &str| {
        let names = RUNTIME_ENDINGS.map(|ending| format!("modules/{product}.runtime.{ending}"));
        files.remember(&files.root().join(&names[0]));
        names.into_iter().filter(|name| files.exists(name)).collect::<Vec<_>>()
    };
    let (own, other) = (all("tollgate"), all("zuplo"));
    let (read, left): (Vec<String>, Vec<String>) = match form {
        ProjectForm::Zuplo => (own.into_iter().chain(other).collect(), Vec::new()),
        ProjectForm::Native => (own, other),
    };
    for name in left {
        let message = "this file is not read, and what it adds to the gateway does not run";
        let help = "call it modules/tollgate.runtime.ts; `@zuplo/runtime` in it is the same as `@tollgate/runtime`";
        diagnostics.push(Diagnostic::warning("not-read", Span::of_file(name), message).help(help));
    }
    let first = read.first()?.clone();
    for name in &read[1..] {
        let message = format!("this file is not read, because there is {first}");
        let help = "put everything into one of them, and take the other away";
        diagnostics.push(Diagnostic::warning("two-runtimes", Span::of_file(name.as_str()), message).help(help));
    }
    files.remember(&files.root().join(&first));
    Some(first)
}
