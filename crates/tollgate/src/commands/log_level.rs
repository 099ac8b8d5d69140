//! `tollgate log-level`

use anyhow::{Context, bail};
use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tollgate_admin::views::LogLevelView;

use crate::cli::{LevelChoice, LogLevelArgs, Output};
use crate::client::ManagementClient;
use crate::data_dir::{self, DataDir};
use crate::output;

pub(crate) async fn run(args: &LogLevelArgs) -> anyhow::Result<()> {
    let path = args.data_dir.clone().unwrap_or_else(|| data_dir::NAME.into());
    let data = DataDir::existing(&path).with_context(|| {
        format!(
            "there is no data folder {}\n  help: give the --data-dir that the gateway was started with",
            path.display()
        )
    })?;
    let client = ManagementClient::of(&data)?;
    let (subject, name) = match (&args.route, &args.target) {
        (Some(route), _) => ("routes", route),
        (None, Some(target)) => ("targets", target),
        (None, None) if args.level.is_none() => return list(&client, args.output).await,
        (None, None) => {
            bail!("of what?\n  help: tollgate log-level --route getTodo debug --for 10m, or --target tollgate_proxy")
        }
    };
    let Some(level) = args.level else {
        bail!("which level?\n  help: tollgate log-level --route getTodo debug, or reset")
    };
    let path = format!("/v1/log-levels/{subject}/{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
    if level == LevelChoice::Reset {
        let (status, body) = client.call(Method::DELETE, &path).await?;
        refused(status, &body)?;
        output::line(format!("{name}: as usual"));
        return Ok(());
    }
    let wanted = json!({ "level": level.as_str(), "for": args.time.to_string() });
    let (status, body) = client.call_with(Method::PUT, &path, wanted.to_string().into()).await?;
    refused(status, &body)?;
    let view: LogLevelView = serde_json::from_slice(&body).context("the gateway's answer cannot be read")?;
    match args.output {
        Output::Json => output::json(&view)?,
        Output::Text => output::line(format!("{}: {} until {}", view.name, view.level.as_str(), view.until)),
    }
    Ok(())
}

async fn list(client: &ManagementClient, how: Output) -> anyhow::Result<()> {
    let (status, body) = client.call(Method::GET, "/v1/log-levels").await?;
    refused(status, &body)?;
    let views: Vec<LogLevelView> = serde_json::from_slice(&body).context("the gateway's answer cannot be read")?;
    match how {
        Output::Json => output::json(&views)?,
        Output::Text if views.is_empty() => output::line("all levels are as usual"),
        Output::Text => {
            for view in &views {
                let subject = view.subject.as_str().trim_end_matches('s');
                output::line(format!("{subject} {}: {} until {}", view.name, view.level.as_str(), view.until));
            }
        }
    }
    Ok(())
}

fn refused(status: StatusCode, body: &[u8]) -> anyhow::Result<()> {
    if status.is_success() {
        return Ok(());
    }
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    match problem["detail"].as_str() {
        Some(detail) => bail!("{detail}"),
        None => bail!("the gateway answered {status}"),
    }
}
