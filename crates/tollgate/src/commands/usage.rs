//! `tollgate usage`

use tollgate_admin::operations;
use tollgate_admin::views::{UsageView, csv};
use tollgate_core::store::{Period, UsageQuery, UsageRow};
use tollgate_core::time::Timestamp;

use crate::cli::{Output, UsageArgs, UsageFormat, UsagePeriod};
use crate::output::{self, Palette};
use crate::stores;

/// How many rows are shown at most: a day by the minute of a few hundred keys.
const ROWS: usize = 1_000_000;

pub(crate) async fn run(args: UsageArgs) -> anyhow::Result<()> {
    let open = stores::open(&args.store).await?;
    let period = match args.period {
        UsagePeriod::Minute => Period::Minute,
        UsagePeriod::Hour => Period::Hour,
        UsagePeriod::Day => Period::Day,
    };
    let consumer = match &args.consumer {
        Some(name) => {
            let found = operations::consumer(&*open.store, &args.bucket, name).await.map_err(super::explain)?;
            Some(found.id.to_string())
        }
        None => None,
    };
    let now = open.clock.now();
    let back = i64::try_from(args.since.0.as_millis()).unwrap_or(i64::MAX);
    let query = UsageQuery {
        period,
        since: period.start(Timestamp(now.0.saturating_sub(back))),
        until: Timestamp(now.0.saturating_add(period.millis())),
        consumer,
        key: args.key,
        route: args.route,
        limit: ROWS,
    };
    let rows = open.store.usage(query).await?;
    // What all commands call --output holds here as well.
    let format = if args.store.output == Output::Json { UsageFormat::Json } else { args.format };
    match format {
        UsageFormat::Json => output::json(&rows.iter().map(UsageView::from).collect::<Vec<_>>())?,
        UsageFormat::Csv => {
            let views: Vec<_> = rows.iter().map(UsageView::from).collect();
            csv(&views).lines().for_each(output::line);
        }
        UsageFormat::Text if rows.is_empty() => {
            output::note("nothing was called; a gateway reports what it served every few seconds");
        }
        UsageFormat::Text => output::line(table(&rows)),
    }
    Ok(())
}

fn table(rows: &[UsageRow]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let who = row.consumer_name.clone().unwrap_or_else(|| match row.consumer.as_str() {
                "" => "nobody known".to_owned(),
                gone => gone.to_owned(),
            });
            vec![
                row.start.rfc3339(),
                who,
                row.key.clone(),
                row.route.clone(),
                format!("{}xx", row.status_class),
                row.count.to_string(),
                row.last_seen.rfc3339(),
            ]
        })
        .collect();
    output::table(Palette::stdout(), &["FROM", "CONSUMER", "KEY", "ROUTE", "STATUS", "CALLS", "LAST"], &rows)
}
