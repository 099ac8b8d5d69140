//! What a function answers, as a response.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use flate2::read::{GzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use tollgate_core::{Body, Response};

use super::Form;

/// Makes a response of what a function returned.
///
/// # Errors
/// What is wrong with it.
pub(super) fn response(payload: &[u8], form: Form, longest: usize) -> Result<Response, String> {
    let value: Value = serde_json::from_slice(payload).map_err(|error| format!("it is no JSON: {error}"))?;
    let answer = match value {
        Value::Object(answer) if answer.contains_key("statusCode") => answer,
        // Where there is no status, the whole of it is the body, in all but the oldest form.
        whole if form != Form::V1 => return Ok(plain(&whole)),
        _ => return Err("it has no `statusCode`".to_owned()),
    };
    let mut response = Response::new(Body::full(body(&answer, longest)?));
    *response.status_mut() = status(&answer)?;
    let headers = response.headers_mut();
    set_fields(headers, answer.get("headers"), "headers", false)?;
    set_fields(headers, answer.get("multiValueHeaders"), "multiValueHeaders", true)?;
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        let cookie = cookie.as_str().ok_or("`cookies` holds something that is no string")?;
        headers.append(SET_COOKIE, HeaderValue::from_str(cookie).map_err(|_| "a cookie cannot be sent")?);
    }
    // Framing is the gateway's, and the body may have been decoded.
    headers.remove(CONTENT_LENGTH);
    if encoding(&answer).is_some() {
        headers.remove(CONTENT_ENCODING);
    }
    if form != Form::Short {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    Ok(response)
}

fn plain(value: &Value) -> Response {
    let mut response = Response::new(Body::full(value.to_string()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn status(answer: &Map<String, Value>) -> Result<StatusCode, String> {
    let status = match answer.get("statusCode") {
        Some(Value::Number(status)) => status.as_u64(),
        Some(Value::String(status)) => status.parse().ok(),
        _ => None,
    };
    // What is below 200 is no answer.
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| (200..=599).contains(status));
    status
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or_else(|| format!("its `statusCode` is {}", answer.get("statusCode").unwrap_or(&Value::Null)))
}

fn set_fields(headers: &mut HeaderMap, fields: Option<&Value>, name: &str, lists: bool) -> Result<(), String> {
    let Some(fields) = fields.filter(|fields| !fields.is_null()) else { return Ok(()) };
    let fields = fields.as_object().ok_or_else(|| format!("its `{name}` is no object"))?;
    for (field, value) in fields {
        let wrong = || format!("its header `{field}` cannot be sent");
        let key = HeaderName::from_bytes(field.as_bytes()).map_err(|_| wrong())?;
        let values = match value {
            Value::Array(values) if lists => values.iter().collect(),
            value if lists => return Err(format!("its `{name}` has {value} where a list belongs")),
            value => vec![value],
        };
        if lists {
            // What stands in both is what the list says.
            headers.remove(&key);
        }
        for value in values {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return Err(wrong()),
            };
            headers.append(key.clone(), HeaderValue::from_str(&text).map_err(|_| wrong())?);
        }
    }
    Ok(())
}

fn encoding(answer: &Map<String, Value>) -> Option<&str> {
    answer.get("bodyEncoding").and_then(Value::as_str)
}

fn body(answer: &Map<String, Value>, longest: usize) -> Result<Bytes, String> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => return Ok(Bytes::new()),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let bytes: Bytes = match answer.get("isBase64Encoded") {
        Some(Value::Bool(true)) => {
            BASE64.decode(text.trim()).map_err(|error| format!("its `body` is no base64: {error}"))?.into()
        }
        _ => text.into(),
    };
    match encoding(answer) {
        None => Ok(bytes),
        Some("gzip") => decoded(GzDecoder::new(&*bytes), longest),
        Some("deflate") => decoded(ZlibDecoder::new(&*bytes), longest),
        Some(other) => Err(format!("its `bodyEncoding` is `{other}`, and may be `gzip` or `deflate`")),
    }
}

fn decoded(from: impl Read, longest: usize) -> Result<Bytes, String> {
    let mut decoded = Vec::new();
    let read = from.take(longest as u64 + 1).read_to_end(&mut decoded);
    read.map_err(|error| format!("its `body` cannot be decompressed: {error}"))?;
    if decoded.len() > longest {
        return Err(format!("its `body` is longer than {longest} bytes"));
    }
    Ok(decoded.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    const LONGEST: usize = 1000;

    #[track_caller]
    fn answered(answer: &Value, form: Form) -> (u16, Vec<(String, String)>, Vec<u8>) {
        let response = response(answer.to_string().as_bytes(), form, LONGEST).unwrap();
        let fields = response.headers().iter();
        let fields = fields.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        (response.status().as_u16(), fields, response.body().bytes().unwrap().to_vec())
    }

    #[test]
    fn status_fields_cookies_and_body_are_taken_over() {
        let answer = json!({
            "statusCode": "201",
            "headers": { "X-One": 1, "content-length": "99", "x-two": "a" },
            "multiValueHeaders": { "x-two": ["b", "c"] },
            "cookies": ["a=1; Path=/", "b=2"],
            "body": "aGVsbG8=",
            "isBase64Encoded": true,
        });
        let (status, fields, body) = answered(&answer, Form::V2);
        let expected = [
            ("x-one", "1"),
            ("x-two", "b"),
            ("x-two", "c"),
            ("set-cookie", "a=1; Path=/"),
            ("set-cookie", "b=2"),
            ("content-type", "application/json"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((status, &*body), (201, &b"hello"[..]));
        for pair in &expected {
            assert!(fields.contains(pair), "{pair:?} of {fields:?}");
        }
        assert_eq!(fields.len(), expected.len());
    }

    #[test]
    fn an_answer_without_a_status_is_a_body_but_for_the_oldest_form() {
        for answer in [json!({ "hello": 1 }), json!("text"), json!(null)] {
            let (status, _, body) = answered(&answer, Form::V2);
            assert_eq!((status, body), (200, answer.to_string().into_bytes()));
            assert!(response(answer.to_string().as_bytes(), Form::V1, LONGEST).is_err());
        }
    }

    #[test]
    fn a_compressed_body_is_decoded_within_its_bounds() {
        let packed = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            BASE64.encode(encoder.finish().unwrap())
        };
        let answer = |body: String| json!({ "statusCode": 200, "isBase64Encoded": true, "bodyEncoding": "gzip", "body": body, "headers": { "content-encoding": "gzip" } });
        let (_, fields, body) = answered(&answer(packed(b"hello")), Form::V1);
        assert_eq!(body, b"hello");
        assert!(!fields.iter().any(|(name, _)| name == "content-encoding"));
        let bomb = answer(packed(&[0; LONGEST + 1])).to_string();
        assert!(response(bomb.as_bytes(), Form::V1, LONGEST).unwrap_err().contains("longer than"));
    }

    #[test]
    fn an_answer_that_cannot_be_one_says_why() {
        for (answer, expected) in [
            (json!({ "statusCode": 99 }), "`statusCode` is 99"),
            (json!({ "statusCode": 101 }), "`statusCode` is 101"),
            (json!({ "statusCode": 200, "headers": [] }), "`headers` is no object"),
            (json!({ "statusCode": 200, "headers": { "a b": "" } }), "`a b` cannot be sent"),
            (json!({ "statusCode": 200, "headers": { "a": "x\ny" } }), "`a` cannot be sent"),
            (json!({ "statusCode": 200, "multiValueHeaders": { "a": "x" } }), "where a list belongs"),
            (json!({ "statusCode": 200, "body": "?", "isBase64Encoded": true }), "no base64"),
            (json!({ "statusCode": 200, "body": "x", "bodyEncoding": "br" }), "`bodyEncoding` is `br`"),
        ] {
            let error = response(answer.to_string().as_bytes(), Form::V1, LONGEST).unwrap_err();
            assert!(error.contains(expected), "{answer}: {error}");
        }
    }
}
