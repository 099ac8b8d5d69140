//! `tollgate check`

use std::process::ExitCode;

use serde_json::json;
use tollgate_core::time::{Clock, SystemClock};
use tollgate_spec::diagnostic::TextStyle;

use crate::cli::{CheckArgs, CheckFormat};
use crate::loading::ProjectSource;
use crate::output::{self, Palette};
use crate::{certificates, views, wiring};

pub(crate) async fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let source = ProjectSource::new(&args.project.dir, &args.project.environment);
    let loaded = source.load_with_scripts().await?;
    let mut diagnostics = loaded.diagnostics;
    if let Some(project) = &loaded.project {
        diagnostics.add_build_issues(&wiring::compile_offline(project));
        certificates::examine(project, SystemClock::new().now(), &mut diagnostics);
    }
    let changes = match (&args.against, &loaded.project) {
        (Some(other), Some(new)) => {
            let old = crate::project_of(&ProjectSource::new(other, &args.project.environment)).await?;
            Some(views::security_changes(&old, new))
        }
        _ => None,
    };
    match args.format {
        CheckFormat::Json => {
            let mut document = diagnostics.to_json();
            if let Some(changes) = &changes {
                document["securityChanges"] = json!(changes);
            }
            output::json(&document)?;
        }
        CheckFormat::Sarif => output::json(&diagnostics.to_sarif())?,
        CheckFormat::Text => {
            let palette = Palette::stdout();
            let style = TextStyle { color: palette.0, ..TextStyle::default() };
            if !diagnostics.is_empty() {
                output::line(diagnostics.to_text(&style).trim_end());
            }
            for change in changes.iter().flatten() {
                output::line(palette.yellow(change));
            }
            if changes.as_ref().is_some_and(Vec::is_empty) {
                output::line("nothing changes of what is public, signed or limited");
            }
            if let Some(project) = loaded.project.as_ref().filter(|_| !diagnostics.has_errors()) {
                output::line(format!(
                    "{} {}, no mistakes",
                    palette.green("ok:"),
                    output::count(project.routes.len(), "route")
                ));
            }
        }
    }
    Ok(if diagnostics.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
