//! The documents in the body of a request (GraphQL over HTTP).

use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::request_form::FormKind;
use crate::rewriting::media_type;

/// The most requests of one batch.
const MOST: usize = 1_000;

/// One request. Two members of one name are an error: readers differ in which they take.
#[derive(Deserialize)]
struct One {
    query: Option<String>,
}

/// The texts of all documents.
///
/// # Errors
/// Where the body can be read in no way, or in two.
pub(super) async fn texts(headers: &HeaderMap, bytes: Bytes) -> Result<Vec<String>, String> {
    if let Some(form) = FormKind::of(headers) {
        let fields = form.read(bytes).await?;
        let mut texts = Vec::new();
        for (name, value) in fields {
            match name.as_str() {
                "query" => texts.push(value),
                // Uploads (GraphQL multipart request).
                "operations" => texts.extend(json(value.as_bytes())?),
                _ => {}
            }
        }
        return Ok(texts);
    }
    let media = media_type(headers);
    match media.as_str() {
        "application/graphql" => {
            String::from_utf8(bytes.to_vec()).map(|text| vec![text]).map_err(|_| "it is not UTF-8".to_owned())
        }
        // Servers read JSON whatever a client says of it.
        _ => json(&bytes),
    }
}

fn json(bytes: &[u8]) -> Result<Vec<String>, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| "the body is no JSON".to_owned())?;
    match &value {
        Value::Array(batch) if batch.len() > MOST => return Err(format!("the batch has more than {MOST} requests")),
        Value::Array(batch) => batch.iter().try_for_each(spelling)?,
        one => spelling(one)?,
    }
    let wrong = |error: serde_json::Error| format!("the body is no GraphQL request: {error}");
    let all: Vec<One> = match value {
        Value::Array(_) => serde_json::from_slice(bytes).map_err(wrong)?,
        _ => vec![serde_json::from_slice(bytes).map_err(wrong)?],
    };
    all.into_iter()
        .map(|one| one.query.ok_or_else(|| "a request has no `query`: a persisted one is not seen".to_owned()))
        .collect()
}

/// Some readers take `Query` for `query`.
fn spelling(value: &Value) -> Result<(), String> {
    let fields = value.as_object().ok_or("a request is no object")?;
    let other = |name: &&String| name.as_str() != "query" && name.eq_ignore_ascii_case("query");
    fields.keys().find(other).map_or(Ok(()), |name| Err(format!("`{name}` is spelt otherwise than `query`")))
}
