//! `tollgate reload`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use http::Method;
use tollgate_admin::views::ReloadReport;
use tollgate_core::units::Interval;

use crate::cli::{Output, ReloadArgs};
use crate::client::ManagementClient;
use crate::data_dir::{self, DataDir};
use crate::output;

pub(crate) async fn run(args: &ReloadArgs) -> anyhow::Result<ExitCode> {
    let path = match (&args.data_dir, &args.dir) {
        (Some(data), _) => data.clone(),
        (None, Some(dir)) => dir.join(data_dir::NAME),
        (None, None) => PathBuf::from(data_dir::NAME),
    };
    let data = find(&path).with_context(|| {
        format!(
            "there is no data folder {}\n  help: give the --data-dir that the gateway was started with",
            path.display()
        )
    })?;
    let path = args
        .canary
        .map_or_else(|| "/v1/reload".to_owned(), |Interval(time)| format!("/v1/reload?canary={}ms", time.as_millis()));
    let (status, body) = ManagementClient::of(&data)?.call(Method::POST, &path).await?;
    let report: ReloadReport = serde_json::from_slice(&body)
        .with_context(|| format!("the gateway answered {status}: {}", String::from_utf8_lossy(&body)))?;
    match args.output {
        Output::Json => output::json(&report)?,
        Output::Text => {
            print(&report);
            if args.canary.is_some() && report.applied && report.canary_until.is_none() {
                output::note("errors are not watched: no route changed, or there is no snapshot to go back to");
            }
        }
    }
    Ok(match (report.applied, &report.pinned) {
        (true, _) => ExitCode::SUCCESS,
        // Nothing is wrong with the project, for all that is known.
        (false, Some(_)) => ExitCode::FAILURE,
        (false, None) => crate::exit_broken(),
    })
}

fn find(path: &Path) -> Option<DataDir> {
    DataDir::existing(path)
}

pub(super) fn print(report: &ReloadReport) {
    if !report.text.is_empty() {
        output::note(report.text.trim_end());
    }
    for change in &report.security_changes {
        output::line(change);
    }
    for change in &report.needs_restart {
        output::note(format!("needs a restart: {change}"));
    }
    if report.applied {
        output::line(format!("reloaded: {}, snapshot {}", output::count(report.routes, "route"), report.snapshot));
        if let Some(until) = &report.canary_until {
            output::line(format!("errors of the changed routes are watched until {until}"));
        }
    } else {
        output::note(format!("nothing was applied; snapshot {} stays in force", report.snapshot));
    }
}
