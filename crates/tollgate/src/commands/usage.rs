//! `tollgate usage`

use tollgate_admin::operations;
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
        UsageFormat::Json => output::json(&rows.iter().map(view).collect::<Vec<_>>())?,
        UsageFormat::Csv => {
            output::line("start,consumer,consumerName,key,route,statusClass,count,lastSeen");
            rows.iter().for_each(|row| output::line(csv(row)));
        }
        UsageFormat::Text if rows.is_empty() => {
            output::note("nothing was called; a gateway reports what it served every few seconds");
        }
        UsageFormat::Text => output::line(table(&rows)),
    }
    Ok(())
}

fn view(row: &UsageRow) -> serde_json::Value {
    serde_json::json!({
        "start": row.start.rfc3339(),
        "consumer": row.consumer,
        "consumerName": row.consumer_name,
        "key": row.key,
        "route": row.route,
        "statusClass": status(row),
        "count": row.count,
        "lastSeen": row.last_seen.rfc3339(),
    })
}

fn status(row: &UsageRow) -> String {
    format!("{}xx", row.status_class)
}

fn csv(row: &UsageRow) -> String {
    let name = row.consumer_name.as_deref().unwrap_or_default();
    let cells = [
        row.start.rfc3339(),
        row.consumer.clone(),
        name.to_owned(),
        row.key.clone(),
        row.route.clone(),
        status(row),
        row.count.to_string(),
        row.last_seen.rfc3339(),
    ];
    cells.iter().map(|cell| cell_of(cell)).collect::<Vec<_>>().join(",")
}

/// A cell as RFC 4180 has it, and one that no spreadsheet takes for a formula.
fn cell_of(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
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
                status(row),
                row.count.to_string(),
                row.last_seen.rfc3339(),
            ]
        })
        .collect();
    output::table(Palette::stdout(), &["FROM", "CONSUMER", "KEY", "ROUTE", "STATUS", "CALLS", "LAST"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_spreadsheet_is_neither_two_cells_nor_a_formula() {
        assert_eq!(cell_of("acme"), "acme");
        assert_eq!(cell_of("acme, inc"), "\"acme, inc\"");
        assert_eq!(cell_of("a\"b"), "\"a\"\"b\"");
        assert_eq!(cell_of("=1+1"), "'=1+1");
    }
}
