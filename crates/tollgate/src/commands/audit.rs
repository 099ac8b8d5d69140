//! `tollgate audit`

use std::process::ExitCode;

use anyhow::Context;
use tollgate_admin::views::AuditView;
use tollgate_core::keys::KeyDigest;
use tollgate_core::store::{AuditEntry, AuditQuery};
use tollgate_core::time::Timestamp;

use crate::cli::{AuditCommand, Output};
use crate::output::{self, Palette};
use crate::stores;

/// How many entries are read together.
const CHUNK: usize = 5000;

pub(crate) async fn run(command: AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::List(args) => {
            let open = stores::open(&args.store).await?;
            let since = args.since.map(|interval| {
                let millis = i64::try_from(interval.0.as_millis()).unwrap_or(i64::MAX);
                Timestamp(open.clock.now().0.saturating_sub(millis))
            });
            let query = AuditQuery {
                latest_first: true,
                actor: args.actor,
                action: args.action,
                target: args.target,
                since,
                limit: args.limit,
                ..AuditQuery::default()
            };
            let entries = open.store.audit(query).await?;
            match args.store.output {
                Output::Json => output::json(&entries.iter().map(AuditView::from).collect::<Vec<_>>())?,
                Output::Text if entries.is_empty() => output::note("there is no such entry"),
                Output::Text => output::line(table(&entries)),
            }
        }
        AuditCommand::Export(args) => {
            let open = stores::open(&args.store).await?;
            let mut after = args.after;
            loop {
                let query = AuditQuery { after: Some(after), limit: CHUNK, ..AuditQuery::default() };
                let entries = open.store.audit(query).await?;
                for entry in &entries {
                    output::line(serde_json::to_string(&AuditView::from(entry))?);
                }
                match entries.last() {
                    Some(last) => after = last.sequence,
                    None => break,
                }
            }
        }
        AuditCommand::Verify(args) => {
            let head = args.head.as_deref().map(parse_hash).transpose()?;
            let open = stores::open(&args.store).await?;
            let verdict = open.store.verify_audit(head).await?;
            let good = verdict.broken.is_none() && verdict.contains != Some(false);
            if args.store.output == Output::Json {
                output::json(&verdict)?;
            } else {
                tell(&verdict);
            }
            return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(verdict: &tollgate_core::store::AuditVerdict) {
    let palette = Palette::stdout();
    if let Some(broken) = &verdict.broken {
        output::line(format!("{} entry {}: {}", palette.red("broken:"), broken.sequence, broken.problem));
        output::line(format!(
            "the {} before it are as they were written",
            output::count_of(verdict.entries, "entry", "entries")
        ));
        return;
    }
    if verdict.contains == Some(false) {
        output::line(format!(
            "{} no entry has the hash that was given: the log was cut off or replaced",
            palette.red("broken:")
        ));
        return;
    }
    output::line(format!(
        "{} {}, each follows on the one before",
        palette.green("ok:"),
        output::count_of(verdict.entries, "entry", "entries")
    ));
    output::line(format!("head  {}", verdict.head));
}

fn parse_hash(text: &str) -> anyhow::Result<KeyDigest> {
    KeyDigest::from_hex(text.trim()).context("--head: a hash has 64 hexadecimal digits, as `audit verify` prints it")
}

fn table(entries: &[AuditEntry]) -> String {
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            vec![
                entry.sequence.to_string(),
                entry.on.rfc3339(),
                format!("{} ({})", entry.actor, entry.actor_kind),
                entry.origin.clone(),
                entry.action.clone(),
                entry.target.clone(),
                entry.detail.clone(),
            ]
        })
        .collect();
    output::table(Palette::stdout(), &["NO", "WHEN", "WHO", "FROM", "WHAT", "TO", "DETAIL"], &rows)
}
