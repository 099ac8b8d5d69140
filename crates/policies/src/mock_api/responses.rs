//! The responses of an operation, as answers that are ready to be sent.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;
use tollgate_core::catalog::BuildError;

use super::generate::generate;
use tollgate_core::json_schema::{References, Spot};

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Mock {
    /// Its status; of a range (`4XX`) the first, of `default` 200 or, beside a success, 500.
    pub(super) status: u16,
    /// Its media type; `None` where it has no body.
    pub(super) media: Option<String>,
    /// The name of its example, where it has one.
    pub(super) name: Option<String>,
    /// The header fields that the response describes with an example.
    pub(super) headers: HeaderMap,
    /// Its body.
    pub(super) body: Bytes,
}

impl Mock {
    pub(super) fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK)
    }
}

/// Every answer of an operation, in document order.
///
/// # Errors
/// Where a reference leads nowhere.
pub(super) fn of_operation(references: &References, operation: &Spot<'_>) -> Result<Vec<Mock>, BuildError> {
    let mut mocks = Vec::new();
    let Some(responses) = operation.member("responses") else { return Ok(mocks) };
    let has_success = responses.members().any(|(status, _)| status.starts_with('2'));
    for (status, spot) in responses.members() {
        let Some(status) = status_of(status, has_success) else { continue };
        let response = references.follow(spot)?;
        let headers = fields(references, &response)?;
        let known = mocks.len();
        for (media, spot) in response.member("content").iter().flat_map(Spot::members) {
            // Of a range, nobody could say which type it is.
            let media = media.replace("*/*", "application/json");
            if media.contains('*') {
                continue;
            }
            for (name, value) in examples(references, &spot)? {
                let body = written(&value, &media);
                mocks.push(Mock { status, media: Some(media.clone()), name, headers: headers.clone(), body });
            }
        }
        if mocks.len() == known {
            mocks.push(Mock { status, media: None, name: None, headers, body: Bytes::new() });
        }
    }
    Ok(mocks)
}

fn status_of(key: &str, has_success: bool) -> Option<u16> {
    let fixed = match key {
        "default" => return Some(if has_success { 500 } else { 200 }),
        _ if key.len() == 3 && key.ends_with("XX") => format!("{}00", &key[..1]),
        _ => key.to_owned(),
    };
    // An interim answer (1xx) ends nothing.
    fixed.parse().ok().filter(|status| (200..600).contains(status))
}

/// `examples`, or `example`, or those of the schema, or what fits the schema.
fn examples(references: &References, media: &Spot<'_>) -> Result<Vec<(Option<String>, Value)>, BuildError> {
    let mut found = Vec::new();
    for (name, example) in media.member("examples").iter().flat_map(Spot::members) {
        let example = references.follow(example)?;
        // One that is kept elsewhere (`externalValue`) is not fetched.
        if let Some(value) = example.value.get("value") {
            found.push((Some(name.to_owned()), value.clone()));
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    if let Some(example) = media.value.get("example") {
        return Ok(vec![(None, example.clone())]);
    }
    match media.member("schema") {
        Some(schema) => Ok(vec![(None, generate(references, schema)?)]),
        None => Ok(Vec::new()),
    }
}

fn written(value: &Value, media: &str) -> Bytes {
    match value {
        // A text that is not JSON stands for itself: XML, CSV, HTML.
        Value::String(text) if !media.contains("json") => Bytes::from(text.clone()),
        other => Bytes::from(other.to_string()),
    }
}

fn fields(references: &References, response: &Spot<'_>) -> Result<HeaderMap, BuildError> {
    let mut fields = HeaderMap::new();
    for (name, spot) in response.member("headers").iter().flat_map(Spot::members) {
        let field = references.follow(spot)?;
        let schema = field.member("schema").map(|schema| references.follow(schema)).transpose()?;
        let of_schema = schema.as_ref().and_then(|schema| schema.value.get("example"));
        let text = match field.value.get("example").or(of_schema) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            _ => continue,
        };
        let framing = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&text))
            && !framing.contains(&name)
        {
            fields.append(name, value);
        }
    }
    Ok(fields)
}
