//! `tollgate top`

use std::io::IsTerminal;

use anyhow::bail;

use crate::cli::{Output, TopArgs};
use crate::client::ManagementClient;
use crate::output::{self, Palette};
use crate::top::sample::Sample;
use crate::top::sheet::{Sheet, View};
use crate::top::{self, look};

/// The shortest time between two looks, in milliseconds: each costs the gateway a little.
const SHORTEST: u128 = 100;

pub(crate) async fn run(args: &TopArgs) -> anyhow::Result<()> {
    if args.interval.0.as_millis() < SHORTEST {
        bail!("--interval {}: at least {SHORTEST}ms are between two looks", args.interval);
    }
    let client = ManagementClient::of_flag(&args.gateway)?;
    let first = look(&client).await?;
    let is_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if is_terminal && !args.once && args.output == Output::Text {
        return top::watch(client, first, args.interval.0).await;
    }
    tokio::time::sleep(args.interval.0).await;
    let sample = Sample::between(Some(&first), &look(&client).await?);
    match args.output {
        Output::Json => output::json(&sample)?,
        Output::Text => print(&sample),
    }
    Ok(())
}

fn print(sample: &Sample) {
    let total = &sample.total;
    output::line(format!(
        "tollgate {} · {} · snapshot {} · up {:.0} s",
        sample.version, sample.mode, sample.snapshot, sample.up_seconds
    ));
    output::line(format!(
        "{:.1} req/s · p50 {:.1} ms · p99 {:.1} ms · 4xx {:.1}% · 5xx {:.1}% · {} under way · {} connections",
        total.per_second,
        total.p50_ms,
        total.p99_ms,
        total.client_error_percent,
        total.server_error_percent,
        sample.in_flight,
        sample.connections
    ));
    for view in View::ALL {
        let mut sheet = Sheet::of(view, sample);
        if sheet.rows.is_empty() {
            continue;
        }
        sheet.sort(if view == View::State { 0 } else { 1 }, false);
        let rows: Vec<Vec<String>> =
            sheet.rows.iter().map(|row| row.iter().map(|cell| cell.shown().to_owned()).collect()).collect();
        output::line(format!("\n{}", output::table(Palette::stdout(), sheet.head, &rows)));
    }
}
