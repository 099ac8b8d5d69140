//! `/v1/usage`

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use tollgate_core::store::{Period, UsageQuery};
use tollgate_core::time::Timestamp;
use tollgate_core::units::Interval;
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Call, Reading};
use crate::error::{ApiError, ProblemSchema, Query, UNACCEPTABLE};
use crate::operations::{self, OperationError, bucket_or_default};
use crate::paging::{self, Listing};
use crate::views::{UsageView, csv};

/// How far back unless told otherwise, in milliseconds.
const A_DAY: i64 = 86_400_000;
/// How many rows go into one CSV at most.
const CSV_ROWS: usize = 1_000_000;

/// How long the spans are.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PeriodName {
    /// Kept for two days.
    Minute,
    /// Kept for ninety days.
    #[default]
    Hour,
    /// Kept for four hundred days.
    Day,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// One page of a list.
    Json,
    /// Everything, for spreadsheets (RFC 4180).
    Csv,
}

/// Which usage.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// In spans of this length: `hour` where it is not given.
    #[param(inline)]
    period: Option<PeriodName>,
    /// From when on: `7d` back from now, or a moment (RFC 3339); `1d` where it is not given.
    since: Option<String>,
    /// Until when: a moment (RFC 3339), or how far back from now; until now where it is not given.
    until: Option<String>,
    /// Only this consumer's, by name.
    #[param(min_length = 1, max_length = 128)]
    consumer: Option<String>,
    /// The consumer's bucket; `default` where none is given.
    #[param(min_length = 1, max_length = 128)]
    bucket: Option<String>,
    /// Only this key's, by id.
    key: Option<String>,
    /// Only this route's, by id.
    route: Option<String>,
    /// `csv`, or `Accept: text/csv`, for all rows as CSV.
    #[param(inline)]
    format: Option<Format>,
    /// How many at most: 100 where it is not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// What the page before says in `next`; the first page where it is not given.
    cursor: Option<String>,
}

/// Calls by consumer, key, route and status over time
///
/// Gateways report what they served every few seconds.
#[utoipa::path(get, path = "/v1/usage", operation_id = "listUsage", tag = "usage", params(Filter), security(("token" = ["read"])), responses(
    (status = 200, description = "By span, consumer, key, route and status.", content((Listing<UsageView> = "application/json"), (String = "text/csv"))),
    (status = 404, description = "There is no such consumer.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    call: Call<Reading>,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Result<Response, ApiError> {
    let period = match filter.period.unwrap_or_default() {
        PeriodName::Minute => Period::Minute,
        PeriodName::Hour => Period::Hour,
        PeriodName::Day => Period::Day,
    };
    let consumer = match &filter.consumer {
        Some(name) => {
            let bucket = bucket_or_default(filter.bucket.as_deref());
            Some(operations::consumer(&*call.store, bucket, name).await?.id.to_string())
        }
        None if filter.bucket.is_some() => {
            let detail = "bucket: this says whose bucket; give `consumer` as well, or leave it out";
            return Err(ApiError::new(&UNACCEPTABLE, detail));
        }
        None => None,
    };
    let now = call.control.now();
    let since = filter.since.as_deref().map(|text| moment("since", text, now)).transpose()?;
    let until = filter.until.as_deref().map(|text| moment("until", text, now)).transpose()?;
    let skipped: usize = paging::position(filter.cursor.as_deref())?.unwrap_or(0);
    let limit = paging::limit(filter.limit)?;
    if skipped > CSV_ROWS {
        let detail = "cursor: this far in, ask for a shorter time or a longer period";
        return Err(ApiError::new(&UNACCEPTABLE, detail));
    }
    let whole = wants_csv(filter.format, &headers);
    let query = UsageQuery {
        period,
        since: period.start(since.unwrap_or(Timestamp(now.0 - A_DAY))),
        until: until.unwrap_or(Timestamp(now.0.saturating_add(period.millis()))),
        consumer,
        key: filter.key,
        route: filter.route,
        limit: if whole { CSV_ROWS + 1 } else { skipped + limit + 1 },
    };
    let rows = call.store.usage(query).await?;
    if whole {
        if rows.len() > CSV_ROWS {
            let detail = format!("These are more than {CSV_ROWS} rows; ask for a shorter time or a longer period.");
            return Err(ApiError::new(&UNACCEPTABLE, detail));
        }
        let rows: Vec<_> = rows.iter().map(UsageView::from).collect();
        return Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], csv(&rows)).into_response());
    }
    let items: Vec<_> = rows.iter().skip(skipped).take(limit).map(UsageView::from).collect();
    let end = skipped + limit;
    Ok(axum::Json(Listing::new(items, (rows.len() > end).then_some(end))).into_response())
}

/// What is asked for by name wins over what is accepted.
fn wants_csv(format: Option<Format>, headers: &HeaderMap) -> bool {
    let accepted = || {
        let first = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        first.split([',', ';']).next().is_some_and(|media| media.trim().eq_ignore_ascii_case("text/csv"))
    };
    format.map_or_else(accepted, |format| format == Format::Csv)
}

/// Reads a moment, or how far it lies back.
fn moment(what: &'static str, text: &str, now: Timestamp) -> Result<Timestamp, OperationError> {
    if let Ok(interval) = text.parse::<Interval>() {
        let back = i64::try_from(interval.0.as_millis()).unwrap_or(i64::MAX);
        return Ok(Timestamp(now.0.saturating_sub(back)));
    }
    let moment: Result<jiff::Timestamp, _> = text.parse();
    moment.map(|moment| Timestamp(moment.as_millisecond())).map_err(|_| OperationError::Invalid {
        what,
        problem: format!(
            "`{}` is neither a duration such as 7d nor a moment such as 2030-01-31T00:00:00Z",
            text.escape_debug()
        ),
    })
}
