//! Bodies in both directions.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tollgate_core::keys::{Bucket, Consumer, Manager};
use tollgate_core::store::{NewManager, OwnedKey};
use tollgate_core::time::Timestamp;

use super::query::{Asked, KeyFormat};
use crate::error::{ApiError, INVALID};
use crate::extract::present;

/// JSON, whatever the call says of its type: `curl --data` calls it a form, and public examples
/// leave it at that. An empty body is an empty object.
#[derive(Debug)]
pub(crate) struct AnyJson<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for AnyJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await?;
        let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| ApiError::new(&INVALID, format!("the body: {error}")))
    }
}

/// Several things to be made: a list, or a list under `data`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Many<T> {
    /// A list.
    List(Vec<T>),
    /// Under `data`.
    Data {
        /// The list.
        data: Vec<T>,
    },
}

impl<T> Many<T> {
    pub(crate) fn into_vec(self) -> Vec<T> {
        match self {
            Self::List(list) | Self::Data { data: list } => list,
        }
    }
}

/// A bucket to be made.
#[derive(Debug, Deserialize)]
pub(crate) struct BucketBody {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) tags: Option<Map<String, Value>>,
}

/// What of a bucket or a consumer shall change.
#[derive(Debug, Deserialize)]
#[allow(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct ChangeBody {
    #[serde(default, deserialize_with = "present")]
    pub(crate) description: Option<Option<String>>,
    pub(crate) tags: Option<Map<String, Value>>,
    pub(crate) metadata: Option<Value>,
}

/// A consumer to be made.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsumerBody {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Option<Value>,
    pub(crate) tags: Option<Map<String, Value>>,
    #[serde(default)]
    pub(crate) managers: Vec<ManagerBody>,
    #[serde(default, rename = "apiKeys")]
    pub(crate) api_keys: Vec<KeyBody>,
}

/// A manager: an address alone, or with the subject.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ManagerBody {
    /// An e-mail address.
    Email(String),
    /// With what the identity provider calls them.
    Full {
        /// Their e-mail address.
        email: String,
        /// Their `sub`.
        sub: Option<String>,
    },
}

impl From<ManagerBody> for NewManager {
    fn from(body: ManagerBody) -> Self {
        match body {
            ManagerBody::Email(email) => Self { email, subject: None },
            ManagerBody::Full { email, sub } => Self { email, subject: sub.filter(|sub| !sub.is_empty()) },
        }
    }
}

/// A key to be made, or what of one shall change.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct KeyBody {
    #[serde(default, deserialize_with = "present")]
    pub(crate) description: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) expires_on: Option<Option<String>>,
    /// A value of one's own.
    pub(crate) key: Option<String>,
}

/// When the keys that there are end.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RollBody {
    pub(crate) expires_on: Option<String>,
}

/// Tags as scripts write them: numbers and truth values as their text; what is null is left out.
pub(crate) fn tags(written: Map<String, Value>) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for (name, value) in written {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return Err(ApiError::new(&INVALID, format!("tags: `{}` is not a text", name.escape_debug()))),
        };
        tags.insert(name, text);
    }
    Ok(tags)
}

/// Reads a moment: a day, or a date and time. Unlike elsewhere it may lie in the past.
pub(crate) fn moment(text: &str) -> Result<Timestamp, ApiError> {
    let at_midnight = |text: &str| {
        let day: jiff::civil::Date = text.parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    let moment: Option<jiff::Timestamp> = if text.len() == 10 { at_midnight(text) } else { text.parse().ok() };
    moment.map(|moment| Timestamp(moment.as_millisecond())).ok_or_else(|| {
        let detail = format!("expiresOn: `{}` is no moment such as 2030-01-31T00:00:00.000Z", text.escape_debug());
        ApiError::new(&INVALID, detail)
    })
}

/// A list: what is on this part, and where it lies.
pub(crate) fn envelope(items: Vec<Value>, asked: &Asked, total: Option<usize>) -> Value {
    let mut body = json!({ "data": items, "limit": asked.limit, "offset": asked.offset });
    if let Some(total) = total {
        body["total"] = json!(total);
    }
    body
}

/// A part of a list that is there as a whole.
pub(crate) fn part<T>(all: &[T], asked: &Asked, view: impl Fn(&T) -> Value) -> Value {
    let skipped = usize::try_from(asked.offset).unwrap_or(usize::MAX);
    let items = all.iter().skip(skipped).take(asked.limit).map(view).collect();
    envelope(items, asked, Some(all.len()))
}

pub(crate) fn bucket(bucket: &Bucket) -> Value {
    json!({
        "id": bucket.id,
        "name": bucket.name,
        "description": bucket.description,
        "tags": bucket.tags,
        "isRetrievable": false,
        "createdOn": bucket.created_on.rfc3339(),
        "updatedOn": bucket.updated_on.rfc3339(),
    })
}

pub(crate) fn consumer(consumer: &Consumer) -> Value {
    json!({
        "id": consumer.id,
        "name": consumer.name,
        "description": consumer.description,
        "createdOn": consumer.created_on.rfc3339(),
        "updatedOn": consumer.updated_on.rfc3339(),
        "tags": consumer.tags,
        "metadata": *consumer.metadata,
    })
}

pub(crate) fn manager(manager: &Manager) -> Value {
    json!({
        "id": manager.id,
        "email": manager.email,
        "sub": manager.subject,
        "createdOn": manager.created_on.rfc3339(),
        "updatedOn": manager.created_on.rfc3339(),
    })
}

/// A key as it is kept.
pub(crate) fn key(owned: &OwnedKey, format: KeyFormat) -> Value {
    let key = &owned.key;
    let mut body = made_key(key, None);
    if format == KeyFormat::Masked {
        body["key"] = json!(key.hint);
    }
    body
}

/// A key that was just made, with the key itself.
pub(crate) fn made_key(key: &tollgate_core::keys::Key, secret: Option<&str>) -> Value {
    // A quarantined key is one that does not work for now.
    let ends = [key.expires_on, key.quarantined_on, key.revoked_on].into_iter().flatten().min();
    let mut body = json!({
        "id": key.id,
        "createdOn": key.created_on.rfc3339(),
        "updatedOn": key.revoked_on.or(key.quarantined_on).unwrap_or(key.created_on).rfc3339(),
        "expiresOn": ends.map(Timestamp::rfc3339),
    });
    if let Some(description) = &key.description {
        body["description"] = json!(description);
    }
    if let Some(secret) = secret {
        body["key"] = json!(secret);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_or_a_date_and_time() {
        assert_eq!(moment("2023-04-18").unwrap().rfc3339(), "2023-04-18T00:00:00.000Z");
        assert_eq!(moment("2023-04-18T05:54:34.408Z").unwrap().rfc3339(), "2023-04-18T05:54:34.408Z");
        assert!(moment("soon").is_err() && moment("2023-13-18").is_err());
    }

    #[test]
    fn tags_are_texts_whatever_they_were() {
        let written = json!({ "a": "x", "b": 7, "c": true, "d": null });
        let read = tags(written.as_object().cloned().unwrap_or_default()).unwrap();
        assert_eq!(read.into_values().collect::<Vec<_>>(), ["x", "7", "true"]);
        assert!(tags(json!({ "a": [] }).as_object().cloned().unwrap_or_default()).is_err());
    }
}
