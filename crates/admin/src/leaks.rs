//! `/v1/leaks`

use serde::{Deserialize, Serialize};
use tollgate_core::keys::{KeyDigest, LeakAction};
use tollgate_core::store::{LeakReport, OwnedKey};
use tollgate_core::time::Timestamp;
use utoipa::ToSchema;

use crate::auth::{Call, ReportingLeaks};
use crate::error::{ApiError, INVALID, Json, ProblemSchema, UNACCEPTABLE, UNAVAILABLE};
use crate::views::{KeyStatus, KeyView};

/// How many keys one report may have.
const MOST: usize = 1000;
/// How long a key may be.
const LONGEST: usize = 512;

/// Keys that were found where they should not be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportLeaks {
    /// The keys themselves. They are hashed at once, and kept nowhere.
    #[serde(default)]
    #[schema(max_items = 1000)]
    keys: Vec<LeakedKey>,
    /// Or their SHA-256.
    #[serde(default)]
    #[schema(max_items = 1000)]
    hashes: Vec<LeakedHash>,
    /// Who found them: the name of a scanner, of a person.
    #[schema(min_length = 1, max_length = 128, pattern = "^[^\\x00-\\x1F\\x7F]+$")]
    source: String,
    /// Where they are. Never a key.
    #[schema(max_length = 2048)]
    url: Option<String>,
}

/// A key as it was found.
#[derive(Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 512)]
pub(crate) struct LeakedKey(String);

/// A SHA-256 in hexadecimal: `sha256:…` or the digits alone, as `tollgate key scan` prints it.
#[derive(Deserialize, ToSchema)]
#[schema(pattern = "^(sha256:)?[0-9a-fA-F]{64}$")]
pub(crate) struct LeakedHash(String);

/// What became of a key that was reported.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakView {
    /// Its SHA-256: `sha256:…`
    pub hash: String,
    /// Whether it is one of this gateway's.
    pub known: bool,
    /// Its id.
    pub key_id: Option<String>,
    /// Its bucket.
    pub bucket: Option<String>,
    /// Its consumer.
    pub consumer: Option<String>,
    /// The operator whose token it is.
    pub operator: Option<String>,
    /// What was done: `revoke`, `quarantine`, or `report` where it goes on working.
    pub action: Option<String>,
    /// What it is now.
    pub status: Option<KeyStatus>,
}

impl LeakView {
    /// Of a key that nobody knows.
    pub fn unknown(hash: String) -> Self {
        Self {
            hash,
            known: false,
            key_id: None,
            bucket: None,
            consumer: None,
            operator: None,
            action: None,
            status: None,
        }
    }

    /// Of a key of the store.
    pub fn of_key(hash: String, owned: &OwnedKey, action: LeakAction, now: Timestamp) -> Self {
        let key = KeyView::of(owned, now);
        Self {
            known: true,
            key_id: Some(key.id),
            bucket: Some(key.bucket),
            consumer: Some(key.consumer),
            action: Some(action.as_str().to_owned()),
            status: Some(key.status),
            ..Self::unknown(hash)
        }
    }
}

/// Report leaked keys
///
/// What then happens to each of them is a setting of its bucket: it is revoked, quarantined, or only
/// written down. Keys that nobody knows are no error. Reporting a key twice is none either.
#[utoipa::path(post, path = "/v1/leaks", operation_id = "reportLeaks", tag = "keys", request_body = ReportLeaks, security(("token" = ["leaks:write"])), responses(
    (status = 200, description = "What became of each, keys first, in the order given.", body = Vec<LeakView>),
    (status = 400, description = "A value is not allowed.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one.", body = ProblemSchema, content_type = "application/problem+json"),
    (status = 503, description = "The store is away.", body = ProblemSchema, content_type = "application/problem+json"),
))]
pub(crate) async fn report(
    call: Call<ReportingLeaks>,
    Json(found): Json<ReportLeaks>,
) -> Result<axum::Json<Vec<LeakView>>, ApiError> {
    let digests = digests(&found, |key| call.control.digest(key))?;
    let report = LeakReport { source: found.source, place: found.url };
    let reported = call.control.report_leaks(call.store.clone(), digests, report).await;
    reported.map(axum::Json).map_err(|error| ApiError::new(&UNAVAILABLE, error.to_string()))
}

fn digests(found: &ReportLeaks, digest: impl Fn(&[u8]) -> KeyDigest) -> Result<Vec<KeyDigest>, ApiError> {
    let invalid = |problem: String| ApiError::new(&INVALID, problem);
    let count = found.keys.len() + found.hashes.len();
    if count == 0 {
        return Err(ApiError::new(
            &UNACCEPTABLE,
            "There is nothing in `keys` and nothing in `hashes`: one of them is needed.",
        ));
    }
    if found.keys.len() > MOST || found.hashes.len() > MOST {
        return Err(invalid(format!("One report has at most {MOST} keys and as many hashes, and this has {count}.")));
    }
    let says = found.source.chars();
    if found.source.is_empty() || says.clone().count() > 128 || says.into_iter().any(|char| char.is_ascii_control()) {
        return Err(invalid("`source` says who found the keys, in 1 to 128 characters on one line.".to_owned()));
    }
    if found.url.as_deref().is_some_and(|url| url.chars().count() > 2048) {
        return Err(invalid("`url` is longer than 2048 characters.".to_owned()));
    }
    let mut digests = Vec::with_capacity(count);
    for (at, LeakedKey(key)) in found.keys.iter().enumerate() {
        if key.is_empty() || key.chars().count() > LONGEST {
            return Err(invalid(format!("`keys[{at}]` is no key: those have 1 to {LONGEST} characters.")));
        }
        digests.push(digest(key.as_bytes()));
    }
    for (at, LeakedHash(hash)) in found.hashes.iter().enumerate() {
        let digits = hash.strip_prefix("sha256:").unwrap_or(hash);
        let read = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| KeyDigest::from_hex(digits));
        // What is no hash may be a key, which belongs in no answer.
        digests.push(
            read.flatten().ok_or_else(|| {
                invalid(format!("`hashes[{at}]` is no SHA-256: `sha256:` and 64 hexadecimal digits."))
            })?,
        );
    }
    Ok(digests)
}
