//! What a route answered, as MCP tells it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::Answer;

/// The content of a tool's result.
pub(super) fn content(answer: &Answer, uri: &str) -> Vec<Value> {
    if answer.body.is_empty() {
        let reason = answer.status.canonical_reason().unwrap_or("OK");
        return vec![text(&format!("{} {reason}", answer.status.as_u16()))];
    }
    let media_type = answer.media_type();
    let of = media_type.as_deref().unwrap_or_default();
    let (is_image, is_audio) = (of.starts_with("image/") && of != "image/svg+xml", of.starts_with("audio/"));
    match std::str::from_utf8(&answer.body) {
        Ok(body) if !is_image && !is_audio => vec![text(body)],
        _ if is_image || is_audio => {
            let kind = if is_image { "image" } else { "audio" };
            vec![json!({ "type": kind, "data": STANDARD.encode(&answer.body), "mimeType": of })]
        }
        _ => {
            let mime_type = if of.is_empty() { "application/octet-stream" } else { of };
            let blob = STANDARD.encode(&answer.body);
            vec![json!({ "type": "resource", "resource": { "uri": uri, "mimeType": mime_type, "blob": blob } })]
        }
    }
}

/// A text as content.
pub(super) fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// What a resource holds: its media type, and either a text or what is no text.
pub(super) fn contents(answer: &Answer, uri: &str, mime_type: Option<&str>) -> Value {
    // Code that returns a text is answered with JSON: what is meant is the text.
    if answer.is_json()
        && mime_type.is_none_or(|of| !of.contains("json"))
        && let Some(Value::String(text)) = answer.json()
    {
        return json!({ "uri": uri, "mimeType": mime_type.unwrap_or("text/plain"), "text": text });
    }
    let told = answer.media_type();
    let mime_type = mime_type.or(told.as_deref());
    match std::str::from_utf8(&answer.body) {
        Ok(text) => json!({ "uri": uri, "mimeType": mime_type.unwrap_or("text/plain"), "text": text }),
        Err(_) => json!({
            "uri": uri,
            "mimeType": mime_type.unwrap_or("application/octet-stream"),
            "blob": STANDARD.encode(&answer.body),
        }),
    }
}
