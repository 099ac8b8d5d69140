//! `tollgate requests`

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tollgate_admin::views::{RecorderView, RequestSummary};

use crate::cli::{Output, RequestsArgs};
use crate::client::{ManagementClient, encoded};
use crate::output::{self, Palette};

/// How many are asked for where some of them will not be shown.
const MANY: u16 = 1000;

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    items: Vec<RequestSummary>,
    recorder: RecorderView,
}

pub(crate) async fn run(args: &RequestsArgs) -> anyhow::Result<()> {
    let client = ManagementClient::of_flag(&args.gateway)?;
    let only_failures = !args.all && args.reason.is_none() && args.status.is_none();
    let limit = if only_failures { MANY } else { args.limit };
    let mut path = format!("/v1/requests?limit={limit}");
    for (name, value) in
        [("reason", &args.reason), ("status", &args.status), ("route", &args.route), ("consumer", &args.consumer)]
    {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    let answer: serde_json::Value = client.get(&path).await?;
    let mut answer: Answer = serde_json::from_value(answer).context("the gateway answers in another form")?;
    if only_failures {
        answer.items.retain(|request| request.status >= 400 || request.reason != "ok");
        answer.items.truncate(args.limit.into());
    }
    match args.output {
        Output::Json => output::json(&answer)?,
        Output::Text => {
            if answer.items.is_empty() {
                output::note("there is no such request");
            } else {
                output::line(table(&answer.items));
            }
            output::note(answer.recorder.describe());
        }
    }
    Ok(())
}

fn table(requests: &[RequestSummary]) -> String {
    let rows: Vec<Vec<String>> = requests
        .iter()
        .map(|request| {
            vec![
                request.time.clone(),
                request.status.to_string(),
                request.reason.clone(),
                request.route.clone().unwrap_or_else(|| "-".to_owned()),
                request.consumer.clone().unwrap_or_else(|| "-".to_owned()),
                format!("{:.1}", request.ms),
                request.id.clone(),
                format!("{} {}", request.method.as_deref().unwrap_or("-"), request.path),
            ]
        })
        .collect();
    let head = &["TIME", "STATUS", "REASON", "ROUTE", "CONSUMER", "MS", "ID", "REQUEST"];
    output::table(Palette::stdout(), head, &rows)
}
