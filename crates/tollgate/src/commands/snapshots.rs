//! `tollgate snapshots` and `tollgate rollback`: through the gateway that runs on a data folder, else on the
//! folder itself.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tollgate_admin::views::{PinView, ReloadReport, SnapshotDetail, SnapshotDiff, SnapshotView};
use tollgate_core::store::NewAuditEntry;
use tollgate_core::time::{Clock, SystemClock};

use crate::cli::{Output, RollbackArgs, SnapshotsCommand, StoreArgs};
use crate::client::ManagementClient;
use crate::data_dir::{self, DataDir};
use crate::output::{self, Palette};
use crate::serving::HOW_TO_UNPIN;
use crate::snapshots::{Pin, Snapshots};
use crate::{actor, stores};

pub(crate) async fn run(command: SnapshotsCommand) -> anyhow::Result<ExitCode> {
    match command {
        SnapshotsCommand::List(args) => list(&args.store).await?,
        SnapshotsCommand::Show(args) => show(args.id, &args.store).await?,
        SnapshotsCommand::Diff(args) => diff(args.from, args.to, &args.store).await?,
        SnapshotsCommand::Unpin(args) => unpin(&args.store).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The data folder that the options mean.
fn data(args: &StoreArgs) -> anyhow::Result<DataDir> {
    let path = match (&args.data_dir, &args.project) {
        (Some(data), _) => data.clone(),
        (None, Some(project)) => project.join(data_dir::NAME),
        (None, None) => PathBuf::from(data_dir::NAME),
    };
    DataDir::existing(&path).with_context(|| {
        format!(
            "there is no data folder {}\n  help: give --data-dir DIR (the folder that `run` was given), or --project DIR",
            path.display()
        )
    })
}

/// What the gateway answers; `None` where it has no such thing.
async fn ask<T: DeserializeOwned>(client: &ManagementClient, path: &str) -> anyhow::Result<Option<T>> {
    let (status, body) = client.call(Method::GET, path).await?;
    match status {
        StatusCode::OK => Ok(Some(serde_json::from_slice(&body).context("the gateway's answer cannot be read")?)),
        StatusCode::NOT_FOUND => Ok(None),
        _ => bail!("the gateway answered {status}: {}", detail_of(&body)),
    }
}

/// What a problem says.
fn detail_of(body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    problem["detail"].as_str().map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}

async fn list(args: &StoreArgs) -> anyhow::Result<()> {
    let data = data(args)?;
    let snapshots: Vec<SnapshotView> = match ManagementClient::running(&data).await? {
        Some(client) => ask(&client, "/v1/snapshots").await?.unwrap_or_default(),
        None => Snapshots::of(&data).views()?,
    };
    match args.output {
        Output::Json => output::json(&snapshots)?,
        Output::Text if snapshots.is_empty() => output::note("nothing was applied yet that could be kept"),
        Output::Text => {
            output::line(table(&snapshots));
            for pin in snapshots.iter().filter_map(|snapshot| snapshot.pinned.as_ref()) {
                output::note(format!("snapshot {} is pinned by {} since {} ({})", pin.id, pin.by, pin.on, pin.why));
            }
        }
    }
    Ok(())
}

fn table(snapshots: &[SnapshotView]) -> String {
    let rows: Vec<Vec<String>> = snapshots
        .iter()
        .map(|snapshot| {
            let state = match (snapshot.in_force, &snapshot.pinned) {
                (true, Some(_)) => "in force, pinned",
                (false, Some(_)) => "pinned",
                (true, None) => "in force",
                (false, None) => "",
            };
            vec![
                snapshot.id.to_string(),
                snapshot.on.clone(),
                snapshot.how.clone(),
                snapshot.by.clone(),
                commit(snapshot),
                snapshot.routes.to_string(),
                snapshot.snapshot.clone(),
                state.to_owned(),
            ]
        })
        .collect();
    output::table(Palette::stdout(), &["ID", "WHEN", "BY WAY OF", "WHO", "COMMIT", "ROUTES", "SNAPSHOT", ""], &rows)
}

fn commit(snapshot: &SnapshotView) -> String {
    let Some(revision) = &snapshot.revision else { return "-".to_owned() };
    let short: String = revision.chars().take(12).collect();
    if snapshot.uncommitted { format!("{short} + changes") } else { short }
}

async fn show(id: u32, args: &StoreArgs) -> anyhow::Result<()> {
    let data = data(args)?;
    let detail: Option<SnapshotDetail> = match ManagementClient::running(&data).await? {
        Some(client) => ask(&client, &format!("/v1/snapshots/{id}")).await?,
        None => Snapshots::of(&data).detail(id)?,
    };
    let detail = detail.with_context(|| not_kept(id))?;
    if args.output == Output::Json {
        return output::json(&detail);
    }
    output::line(table(std::slice::from_ref(&detail.snapshot)));
    output::line(format!("content  sha256:{}\n", detail.snapshot.content));
    let row = |file: &tollgate_admin::views::SnapshotFile| {
        let digest = file.sha256.clone().unwrap_or_else(|| "sealed".to_owned());
        vec![file.path.clone(), file.bytes.to_string(), digest]
    };
    let rows: Vec<Vec<String>> = detail.contents.iter().map(row).collect();
    output::line(output::table(Palette::stdout(), &["FILE", "BYTES", "SHA-256"], &rows));
    Ok(())
}

async fn diff(from: u32, to: u32, args: &StoreArgs) -> anyhow::Result<()> {
    let data = data(args)?;
    let diff: Option<SnapshotDiff> = match ManagementClient::running(&data).await? {
        Some(client) => ask(&client, &format!("/v1/snapshots/{from}/diff?with={to}")).await?,
        None => Snapshots::of(&data).compare(from, to)?,
    };
    let diff = diff.with_context(|| not_kept(from).replace("is kept", &format!("and {to} are both kept")))?;
    match args.output {
        Output::Json => output::json(&diff)?,
        Output::Text if diff.files.is_empty() => output::note("they have the same files"),
        Output::Text => diff.files.iter().for_each(show_file),
    }
    Ok(())
}

fn show_file(file: &tollgate_admin::views::FileDiff) {
    let palette = Palette::stdout();
    let Some(text) = &file.text else {
        output::line(palette.bold(format!("{}: {}, and not shown: no text, or too long", file.path, file.change)));
        return;
    };
    for line in text.lines() {
        match line.as_bytes().first() {
            _ if line.starts_with("--- ") || line.starts_with("+++ ") => output::line(palette.bold(line)),
            Some(b'+') => output::line(palette.green(line)),
            Some(b'-') => output::line(palette.red(line)),
            Some(b'@') => output::line(palette.dim(line)),
            _ => output::line(line),
        }
    }
}

fn not_kept(id: u32) -> String {
    format!("no snapshot {id} is kept\n  help: `tollgate snapshots list` shows those that are")
}

async fn unpin(args: &StoreArgs) -> anyhow::Result<()> {
    let data = data(args)?;
    let was: Option<PinView> = match ManagementClient::running(&data).await? {
        Some(client) => {
            let (status, body) = client.call(Method::DELETE, "/v1/snapshots/pin").await?;
            if status != StatusCode::OK {
                bail!("the gateway answered {status}: {}", detail_of(&body));
            }
            let answer: Value = serde_json::from_slice(&body).context("the gateway's answer cannot be read")?;
            serde_json::from_value(answer["was"].clone()).context("the gateway's answer cannot be read")?
        }
        None => {
            let was = Snapshots::of(&data).unpin()?.map(|pin| pin.view());
            if let Some(pin) = &was {
                let detail = json!({ "by": pin.by, "since": pin.on });
                record(args, "project.unpin", pin.id, detail).await;
            }
            was
        }
    };
    match (args.output, was) {
        (Output::Json, was) => output::json(&json!({ "was": was }))?,
        (Output::Text, None) => output::note("nothing was pinned"),
        (Output::Text, Some(pin)) => output::line(format!(
            "snapshot {} is pinned no more; the next `tollgate reload` or start puts the project on disk into force",
            pin.id
        )),
    }
    Ok(())
}

pub(crate) async fn roll_back(args: RollbackArgs) -> anyhow::Result<ExitCode> {
    let data = data(&args.store)?;
    let Some(client) = ManagementClient::running(&data).await? else {
        return roll_back_at_rest(&args, &data).await;
    };
    let path = args.id.map_or_else(|| "/v1/rollback".to_owned(), |id| format!("/v1/rollback?to={id}"));
    let (status, body) = client.call(Method::POST, &path).await?;
    let report: ReloadReport = match serde_json::from_slice(&body) {
        Ok(report) => report,
        Err(_) => bail!("nothing was rolled back: {}", detail_of(&body)),
    };
    if args.store.output == Output::Json {
        output::json(&report)?;
    } else if let (StatusCode::OK, Some(pin)) = (status, &report.pinned) {
        for change in &report.security_changes {
            output::line(change);
        }
        output::line(format!(
            "snapshot {} is in force and pinned: {}, {}; {HOW_TO_UNPIN}",
            pin.id,
            report.snapshot,
            output::count(report.routes, "route")
        ));
    } else {
        super::reload::print(&report);
        if !report.needs_restart.is_empty() {
            output::note("help: stop the gateway, roll back, and start it again");
        }
    }
    Ok(if report.applied { ExitCode::SUCCESS } else { crate::exit_broken() })
}

/// No gateway runs: the next one serves it.
async fn roll_back_at_rest(args: &RollbackArgs, data: &DataDir) -> anyhow::Result<ExitCode> {
    let snapshots = Snapshots::of(data);
    let before = snapshots.in_force()?;
    let record_of = match (args.id, &before) {
        (Some(id), _) => Some(snapshots.find(id)?.with_context(|| not_kept(id))?),
        (None, Some(before)) => snapshots.before(before.id)?,
        (None, None) => None,
    };
    let target = record_of.context("no snapshot before the one in force is kept")?;
    let actor = actor::command_line();
    let pin = Pin { id: target.id, by: actor.name, on: SystemClock::new().now(), why: "rolled back".to_owned() };
    snapshots.set_in_force(target.id, Some(pin.clone()))?;
    let from = before.map(|before| before.snapshot);
    record(&args.store, "project.rollback", target.id, json!({ "from": from, "snapshot": target.snapshot })).await;
    match args.store.output {
        Output::Json => output::json(&ReloadReport {
            applied: false,
            snapshot: target.snapshot,
            routes: target.routes,
            diagnostics: Value::Array(Vec::new()),
            text: String::new(),
            security_changes: Vec::new(),
            needs_restart: Vec::new(),
            kept: Some(target.id),
            pinned: Some(pin.view()),
            canary_until: None,
        })?,
        Output::Text => output::line(format!(
            "snapshot {} is pinned: no gateway runs on {}, and the next one serves it; {HOW_TO_UNPIN}",
            target.id,
            data.path().display()
        )),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes down what was done to a gateway that does not run. It has happened, whatever the store says.
async fn record(args: &StoreArgs, action: &str, id: u32, detail: Value) {
    let write = async {
        let entry = NewAuditEntry {
            action: action.to_owned(),
            target_kind: "snapshot".to_owned(),
            target: id.to_string(),
            detail: detail.as_object().cloned().unwrap_or_default(),
        };
        stores::open(args).await?.store.record(entry).await?;
        anyhow::Ok(())
    };
    if let Err(error) = write.await {
        output::note(format!("note: this could not be written into the audit log: {error:#}"));
    }
}
