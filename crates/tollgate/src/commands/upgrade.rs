//! `tollgate upgrade`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::json;

use crate::cli::{Output, UpgradeArgs};
use crate::data_dir::{self, DataDir};
use crate::handover::{self, Channel, Word};
use crate::output;

pub(crate) async fn run(args: &UpgradeArgs) -> anyhow::Result<ExitCode> {
    let path = match (&args.data_dir, &args.dir) {
        (Some(data), _) => data.clone(),
        (None, Some(dir)) => dir.join(data_dir::NAME),
        (None, None) => PathBuf::from(data_dir::NAME),
    };
    let data = DataDir::existing(&path).with_context(|| {
        format!(
            "there is no data folder {}\n  help: give the --data-dir that the gateway was started with",
            path.display()
        )
    })?;
    let socket = handover::path(&data);
    let mut channel = Channel::connect(&socket)
        .await
        .with_context(|| format!("cannot use {}", socket.display()))?
        .with_context(|| format!("no gateway runs on {}", data.path().display()))?;
    channel.say(&Word::Upgrade).await?;
    match channel.hear().await.context("the gateway broke off")? {
        Some(Word::Upgraded { pid, version, drain_seconds }) => {
            match args.output {
                Output::Json => output::json(
                    &json!({ "upgraded": true, "pid": pid, "version": version, "drainSeconds": drain_seconds }),
                )?,
                Output::Text => output::line(format!(
                    "tollgate {version} serves as process {pid}; the process before finishes what is under way, for at most {drain_seconds} s"
                )),
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Word::No { why, code }) => {
            match args.output {
                Output::Json => output::json(&json!({ "upgraded": false, "why": why }))?,
                Output::Text => {
                    output::note(format!("{}\nnothing has changed: the process before still serves", why.trim_end()))
                }
            }
            Ok(ExitCode::from(code.max(1)))
        }
        Some(other) => bail!("the gateway answered {other:?}"),
        None => bail!("the gateway broke off"),
    }
}
