//! `/v1/requests`: what the recorder remembers.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Call, Reading};
use crate::error::{ApiError, NOT_FOUND, Path, ProblemSchema, Query, UNACCEPTABLE};
use crate::paging;
use crate::views::{RecorderView, RequestFilter, RequestSummary, RequestView};

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only those with this reason, or `ok`; with a dot at its end (`upstream.`) all that begin so.
    reason: Option<String>,
    /// Only those on this route, by id.
    route: Option<String>,
    /// Only those of this consumer, by name.
    consumer: Option<String>,
    /// Only those with this status (`502`), or of this class (`5xx`).
    #[param(pattern = "^[1-9]([0-9][0-9]|xx)$")]
    status: Option<String>,
    /// Only those with this id: clients may choose theirs, and choose one twice.
    id: Option<String>,
    /// How many at most: 100 where it is not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
}

/// Requests that are remembered, and what the recorder keeps.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordedRequests {
    /// The latest first.
    items: Vec<RequestSummary>,
    /// What is kept.
    recorder: RecorderView,
}

/// Requests that are over, the latest first
///
/// All failures and a sample of the rest, of this gateway and as long as there is room: the access log
/// has every request.
#[utoipa::path(get, path = "/v1/requests", operation_id = "listRequests", tag = "gateway", params(Filter), security(("token" = ["read"])), responses(
    (status = 200, description = "In short.", body = RecordedRequests),
))]
pub(crate) async fn list(
    call: Call<Reading>,
    Query(filter): Query<Filter>,
) -> Result<Json<RecordedRequests>, ApiError> {
    let (from_status, to_status) = filter.status.as_deref().map_or(Ok((0, u16::MAX)), statuses)?;
    let filter = RequestFilter {
        id: filter.id,
        reason: filter.reason,
        route: filter.route,
        consumer: filter.consumer,
        from_status,
        to_status,
        limit: paging::limit(filter.limit)?,
    };
    Ok(Json(RecordedRequests { items: call.control.requests(&filter), recorder: call.control.recorder() }))
}

/// Why a request went as it did
///
/// What matched, each step with its verdict and its time, the tries to reach an upstream, and the reason.
#[utoipa::path(get, path = "/v1/requests/{id}", operation_id = "showRequest", tag = "gateway", params(("id" = String, Path, description = "The request id: `x-request-id`.", min_length = 1)), security(("token" = ["read"])), responses(
    (status = 200, description = "The latest one with this id.", body = RequestView),
    (status = 404, description = "It is not remembered; `detail` says what is.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn show(call: Call<Reading>, Path(id): Path<String>) -> Result<Json<RequestView>, ApiError> {
    call.control.request(&id).map(Json).ok_or_else(|| {
        let id: String = id.chars().take(128).collect();
        let kept = call.control.recorder().describe();
        ApiError::new(
            &NOT_FOUND,
            format!(
                "No request `{}` is remembered. {kept} Look in the access log, which has every request under its \
                 `id`, or ask the gateway that served it, where there are several.",
                id.escape_debug()
            ),
        )
    })
}

/// A status, or a class of them.
fn statuses(text: &str) -> Result<(u16, u16), ApiError> {
    let class = text.strip_suffix("xx").filter(|class| class.len() == 1).and_then(|class| class.parse::<u16>().ok());
    let range = match class {
        Some(class) => Some((class * 100, class * 100 + 99)),
        None => text.parse().ok().map(|status| (status, status)),
    };
    range.filter(|(from, _)| (100..1000).contains(from)).ok_or_else(|| {
        let detail =
            format!("status: `{}` is neither a status such as 502 nor a class such as 5xx", text.escape_debug());
        ApiError::new(&UNACCEPTABLE, detail)
    })
}
