//! `/v1/audit`

use serde::{Deserialize, Serialize};
use tollgate_core::keys::KeyDigest;
use tollgate_core::store::AuditQuery;
use tollgate_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Call, Reading};
use crate::error::{ApiError, Query, UNACCEPTABLE};
use crate::paging::{self, Listing};
use crate::views::AuditView;

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// The latest first.
    #[default]
    Latest,
    /// The oldest first: for copying the log.
    Oldest,
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only what this operator or user did.
    actor: Option<String>,
    /// Only this action; with a dot at its end (`key.`) all that begin so.
    action: Option<String>,
    /// Only what was done to this: an id or a name.
    target: Option<String>,
    /// Only what was done since: a moment (RFC 3339).
    since: Option<String>,
    /// Only what was done before: a moment (RFC 3339).
    until: Option<String>,
    /// The `latest` first where it is not given.
    #[param(inline)]
    order: Option<Order>,
    /// How many at most: 100 where it is not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// What the page before says in `next`; the first page where it is not given.
    cursor: Option<String>,
}

/// What shall be found in the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Head {
    /// A hash that was the last one once: it must still be there.
    #[param(pattern = "^[0-9a-fA-F]{64}$")]
    head: Option<String>,
}

/// What a look at the whole chain found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    /// Whether every entry follows on the one before, and the hash that was asked for is there.
    intact: bool,
    /// How many entries there are, up to the first broken one.
    entries: i64,
    /// The hash of the last one: kept elsewhere, it also shows whether the end was cut off.
    head: String,
    /// The place of the first entry that is not what it was.
    broken_at: Option<i64>,
    /// What is wrong with it.
    problem: Option<String>,
    /// Whether the hash that was asked for is that of an entry.
    contains: Option<bool>,
}

/// Who changed what, from where and when
#[utoipa::path(get, path = "/v1/audit", operation_id = "listAudit", tag = "audit", params(Filter), security(("token" = ["read"])), responses(
    (status = 200, description = "Entries of the audit log.", body = Listing<AuditView>),
))]
pub(crate) async fn list(
    call: Call<Reading>,
    Query(filter): Query<Filter>,
) -> Result<axum::Json<Listing<AuditView>>, ApiError> {
    let limit = paging::limit(filter.limit)?;
    let query = AuditQuery {
        after: paging::position(filter.cursor.as_deref())?,
        latest_first: filter.order.unwrap_or_default() == Order::Latest,
        actor: filter.actor,
        action: filter.action,
        target: filter.target,
        since: filter.since.as_deref().map(|text| moment("since", text)).transpose()?,
        until: filter.until.as_deref().map(|text| moment("until", text)).transpose()?,
        limit: limit + 1,
    };
    let mut entries = call.store.audit(query).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| more).map(|last| last.sequence);
    Ok(axum::Json(Listing::new(entries.iter().map(AuditView::from).collect(), last)))
}

/// Compute the chain of hashes anew
///
/// Has anything been changed, removed or put in between?
#[utoipa::path(get, path = "/v1/audit/verify", operation_id = "verifyAudit", tag = "audit", params(Head), security(("token" = ["read"])), responses(
    (status = 200, description = "What was found; `intact` sums it up.", body = Verdict),
))]
pub(crate) async fn verify(call: Call<Reading>, Query(query): Query<Head>) -> Result<axum::Json<Verdict>, ApiError> {
    let wrong = || ApiError::new(&UNACCEPTABLE, "head: a hash has 64 hexadecimal digits");
    let head = query.head.as_deref().map(|text| digest(text).ok_or_else(wrong)).transpose()?;
    let verdict = call.store.verify_audit(head).await?;
    Ok(axum::Json(Verdict {
        intact: verdict.broken.is_none() && verdict.contains != Some(false),
        entries: verdict.entries,
        head: verdict.head,
        broken_at: verdict.broken.as_ref().map(|broken| broken.sequence),
        problem: verdict.broken.map(|broken| broken.problem),
        contains: verdict.contains,
    }))
}

fn moment(what: &str, text: &str) -> Result<Timestamp, ApiError> {
    let moment: Result<jiff::Timestamp, _> = text.parse();
    moment.map(|moment| Timestamp(moment.as_millisecond())).map_err(|_| {
        ApiError::new(
            &UNACCEPTABLE,
            format!("{what}: `{}` is no moment such as 2030-01-31T00:00:00Z", text.escape_debug()),
        )
    })
}

fn digest(text: &str) -> Option<KeyDigest> {
    // `from_hex` would take a sign.
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| KeyDigest::from_hex(text))?
}
