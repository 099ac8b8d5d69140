//! What the management API says when it says no.

use axum::extract::{FromRequest, FromRequestParts, rejection};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use tollgate_core::problem::ProblemContext;
use tollgate_core::store::StoreError;
use tollgate_core::{Fault, Problem, Reason};
use utoipa::ToSchema;

use crate::operations::OperationError;

macro_rules! reasons {
    ($($ident:ident = $name:literal, $code:literal, $status:literal, $title:literal, $fault:ident, $meaning:literal, $fix:literal;)*) => {
        $(pub(crate) static $ident: Reason = Reason { name: $name, code: $code, status: $status, title: $title, fault: Fault::$fault, meaning: $meaning, fix: $fix };)*
        /// The reasons that the management API gives. They never appear on the data listener.
        pub static REASONS: &[&Reason] = &[$(&$ident),*];
    };
}

reasons! {
    UNAUTHORIZED = "management.unauthorized", "management-unauthorized", 401, "Unauthorized", Client,
        "A call of the management API had no token, or none that is good any more.",
        "Send `Authorization: Bearer` with the token of an operator (`tollgate operator create`), or with the content of `management.token` in the data folder.";
    FORBIDDEN = "management.forbidden", "management-forbidden", 403, "Forbidden", Client,
        "The token is good, but not for this.",
        "Use the token of an operator who has the scope that `WWW-Authenticate` names.";
    NOT_FOUND = "management.not_found", "management-not-found", 404, "Not Found", Client,
        "The management API has no such thing.",
        "List what there is.";
    NO_METHOD = "management.no_such_method", "management-no-such-method", 405, "Method Not Allowed", Client,
        "This path does not take this method.",
        "Use one of the methods that `Allow` names.";
    EXISTS = "management.exists", "management-exists", 409, "Conflict", Client,
        "Something of this name exists already.",
        "Take another name, or update the one that exists.";
    UNDER_WAY = "management.under_way", "management-under-way", 409, "Conflict", Client,
        "A call with this `Idempotency-Key` is being made at this moment.",
        "Make it again in a moment, with the same key.";
    CHANGED = "management.changed", "management-changed", 412, "Precondition Failed", Client,
        "It is not, or no longer, what `If-Match` says.",
        "Get it again, look at what has changed, and send its new `ETag`.";
    TOO_LARGE = "management.too_large", "management-too-large", 413, "Content Too Large", Client,
        "The body of a call is longer than 2 MiB.",
        "Send less at a time.";
    NOT_JSON = "management.not_json", "management-not-json", 415, "Unsupported Media Type", Client,
        "The body of a call is not said to be JSON.",
        "Send `Content-Type: application/json`.";
    INVALID = "management.invalid", "management-invalid", 400, "Bad Request", Client,
        "The call was not well-formed.",
        "Correct what the detail names; `/v1/openapi.json` describes every call.";
    UNACCEPTABLE = "management.unacceptable", "management-unacceptable", 422, "Unprocessable Content", Client,
        "The call was well-formed, but a value in it is not allowed.",
        "Correct the value that the detail names.";
    REUSED = "management.key_reused", "management-key-reused", 422, "Unprocessable Content", Client,
        "This `Idempotency-Key` came with another call before.",
        "Take a new key for every call; the same one only for making the same call again.";
    REFUSED = "management.project_broken", "management-project-broken", 422, "Unprocessable Content", Client,
        "The project on disk has mistakes, so that the one in force stays.",
        "Mend what the diagnostics show and reload again.";
    UNAVAILABLE = "management.unavailable", "management-unavailable", 503, "Service Unavailable", Gateway,
        "The store is away, or the gateway cannot do this at the moment.",
        "Look at `/readyz`; `tollgate doctor` tells what is wrong.";
}

/// A refusal of the management API.
#[derive(Debug)]
pub(crate) struct ApiError(Problem);

impl ApiError {
    pub(crate) fn new(reason: &'static Reason, detail: impl Into<String>) -> Self {
        Self(Problem::new(reason, detail.into()))
    }

    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self(self.0.with_header(name, value))
    }
}

impl From<OperationError> for ApiError {
    fn from(error: OperationError) -> Self {
        let reason = match &error {
            OperationError::NotFound { .. } => &NOT_FOUND,
            OperationError::Exists { .. } => &EXISTS,
            OperationError::Invalid { .. } => &UNACCEPTABLE,
            OperationError::Store(StoreError::Changed { .. }) => &CHANGED,
            OperationError::Store(_) => &UNAVAILABLE,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        OperationError::from(error).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let context =
            ProblemContext { request_id: "", instance: "", type_base: "/problems/", trace: None, explain: true };
        self.0.into_response(&context).map(axum::body::Body::new)
    }
}

/// The page behind a problem's `type`.
pub(crate) async fn page(Path(code): Path<String>) -> Response {
    match REASONS.iter().find(|reason| reason.code == code) {
        Some(reason) => format!("{}\n\n{}\n\n{}\n", reason.title, reason.meaning, reason.fix).into_response(),
        None => ApiError::new(&NOT_FOUND, format!("There is no problem `{code}`.")).into_response(),
    }
}

pub(crate) async fn no_such_path() -> ApiError {
    ApiError::new(&NOT_FOUND, "There is nothing at this path; `/v1/openapi.json` lists what there is.")
}

pub(crate) async fn no_such_method() -> ApiError {
    ApiError::new(&NO_METHOD, "This path does not take this method.")
}

/// A JSON body whose mistakes are told as a problem.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub(crate) struct Json<T>(pub(crate) T);

/// A query whose mistakes are told as a problem.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(crate) struct Query<T>(pub(crate) T);

/// The parameters of a path, whose mistakes are told as a problem.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(crate) struct Path<T>(pub(crate) T);

impl From<rejection::JsonRejection> for ApiError {
    fn from(rejection: rejection::JsonRejection) -> Self {
        let reason = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => &TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => &NOT_JSON,
            _ => &INVALID,
        };
        Self::new(reason, rejection.body_text())
    }
}

impl From<rejection::QueryRejection> for ApiError {
    fn from(rejection: rejection::QueryRejection) -> Self {
        Self::new(&INVALID, rejection.body_text())
    }
}

impl From<rejection::PathRejection> for ApiError {
    fn from(rejection: rejection::PathRejection) -> Self {
        Self::new(&INVALID, rejection.body_text())
    }
}

impl From<rejection::BytesRejection> for ApiError {
    fn from(rejection: rejection::BytesRejection) -> Self {
        let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(if too_large { &TOO_LARGE } else { &INVALID }, rejection.body_text())
    }
}

/// A problem (RFC 9457), for the document only.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemSchema {
    /// A page that explains it.
    r#type: String,
    /// The same for every problem of this type.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened this time.
    detail: String,
    /// The stable code.
    code: String,
    /// How to mend it.
    fix: String,
}
