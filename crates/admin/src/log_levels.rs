//! `/v1/log-levels`: what the gateway's own log tells, for a time.

use axum::extract::Path;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tollgate_core::time::Timestamp;
use tollgate_core::units::Interval;
use utoipa::ToSchema;

use crate::auth::{Call, ManagingProject, Reading};
use crate::error::{ApiError, INVALID, Json, NOT_FOUND, ProblemSchema, UNACCEPTABLE};
use crate::gateway::record;

/// For how long a level may be another one.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Of what it is the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogSubject {
    /// The requests of a route, by its id.
    Routes,
    /// Lines of the gateway's own log, by their target, such as `tollgate_proxy::upstream`.
    Targets,
}

impl LogSubject {
    /// As it stands in the path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Routes => "routes",
            Self::Targets => "targets",
        }
    }
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What went wrong.
    Error,
    /// And what may go wrong.
    Warn,
    /// And what happened.
    Info,
    /// And how it came about. The only level of a route: each of its requests in detail.
    Debug,
    /// And every step.
    Trace,
}

impl LogLevel {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// A level that is another one for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogLevelView {
    /// Of what.
    pub subject: LogSubject,
    /// The id of the route, or the target.
    pub name: String,
    /// The level.
    pub level: LogLevel,
    /// When it goes back by itself (RFC 3339).
    pub until: String,
}

/// Which level, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetLogLevel {
    /// The level.
    level: LogLevel,
    /// For how long: `10m` where it is not given, a day at most.
    #[serde(rename = "for")]
    #[schema(value_type = Option<String>, pattern = "^[0-9]+(\\.[0-9]+)? ?[A-Za-z]+$")]
    time: Option<String>,
}

/// The levels that are others for a time
#[utoipa::path(get, path = "/v1/log-levels", operation_id = "listLogLevels", tag = "gateway", security(("token" = ["read"])), responses(
    (status = 200, description = "The ones that go back first, first.", body = Vec<LogLevelView>),
))]
pub(crate) async fn list(call: Call<Reading>) -> axum::Json<Vec<LogLevelView>> {
    axum::Json(call.control.log_levels())
}

/// Tell more for a time
///
/// Of a route: each of its requests is told of in the gateway's own log, with the verdict of every policy, the tries to
/// reach an upstream, and the *names* of header fields. Of a target: its lines of this level are written. It goes back by
/// itself, and when the process ends; it is this gateway's alone.
#[utoipa::path(put, path = "/v1/log-levels/{subject}/{name}", operation_id = "setLogLevel", tag = "gateway", params(
    ("subject" = LogSubject, Path, description = "`routes` or `targets`."),
    ("name" = String, Path, description = "The id of the route, or the target."),
), request_body = SetLogLevel, security(("token" = ["project"])), responses(
    (status = 200, description = "It is in force.", body = LogLevelView),
    (status = 400, description = "The call was not well-formed.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 404, description = "There is no such route.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 422, description = "A value is not allowed.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn set(
    call: Call<ManagingProject>,
    Path((subject, name)): Path<(String, String)>,
    Json(wanted): Json<SetLogLevel>,
) -> Result<axum::Json<LogLevelView>, ApiError> {
    let subject = subject_of(&subject)?;
    let time = wanted.time.as_deref().unwrap_or("10m");
    let time: Interval = time.parse().map_err(|error| ApiError::new(&UNACCEPTABLE, format!("`for`: {error}")))?;
    if time.0.is_zero() || time.0 > LONGEST {
        return Err(ApiError::new(&UNACCEPTABLE, "`for` is more than nothing, and a day at most."));
    }
    let view = set_level(&call, subject, &name, wanted.level, call.control.now().plus(time.0))?;
    let detail = json!({ "subject": subject.as_str(), "level": view.level.as_str(), "until": view.until });
    record(&call, "log-level.set", "log-level", &name, detail).await;
    Ok(axum::Json(view))
}

fn set_level(
    call: &Call<ManagingProject>,
    subject: LogSubject,
    name: &str,
    level: LogLevel,
    until: Timestamp,
) -> Result<LogLevelView, ApiError> {
    match subject {
        LogSubject::Routes => {
            if level != LogLevel::Debug {
                return Err(ApiError::new(&UNACCEPTABLE, "The level of a route is `debug`, or it has none."));
            }
            if !call.control.routes().iter().any(|route| route.id == name) {
                return Err(ApiError::new(&NOT_FOUND, format!("There is no route `{name}`.")));
            }
        }
        LogSubject::Targets => {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
            if name.is_empty() || name.len() > 128 || !name.bytes().all(fits) {
                let detail = "A target has up to 128 letters, digits, `_` and `:`, such as tollgate_proxy::upstream.";
                return Err(ApiError::new(&UNACCEPTABLE, detail));
            }
        }
    }
    let view = LogLevelView { subject, name: name.to_owned(), level, until: until.rfc3339() };
    call.control.set_log_level(view.clone(), until).map_err(|error| ApiError::new(&UNACCEPTABLE, error))?;
    Ok(view)
}

/// Tell no more than usual
///
/// At once. Where nothing was set, nothing happens.
#[utoipa::path(delete, path = "/v1/log-levels/{subject}/{name}", operation_id = "resetLogLevel", tag = "gateway", params(
    ("subject" = LogSubject, Path, description = "`routes` or `targets`."),
    ("name" = String, Path, description = "The id of the route, or the target."),
), security(("token" = ["project"])), responses(
    (status = 204, description = "It is as usual."),
    (status = 400, description = "The call was not well-formed.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn reset(
    call: Call<ManagingProject>,
    Path((subject, name)): Path<(String, String)>,
) -> Result<http::StatusCode, ApiError> {
    let subject = subject_of(&subject)?;
    if call.control.reset_log_level(subject, &name) {
        record(&call, "log-level.reset", "log-level", &name, json!({ "subject": subject.as_str() })).await;
    }
    Ok(http::StatusCode::NO_CONTENT)
}

fn subject_of(text: &str) -> Result<LogSubject, ApiError> {
    [LogSubject::Routes, LogSubject::Targets]
        .into_iter()
        .find(|subject| subject.as_str() == text)
        .ok_or_else(|| ApiError::new(&INVALID, "A level is one of `routes` or of `targets`."))
}
