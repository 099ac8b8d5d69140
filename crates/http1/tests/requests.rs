//! Heads of requests, as they are written.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use tollgate_http1::{BodyLength, EncodeError, RequestHead};

fn encode(
    method: &Method,
    target: &str,
    fields: &[(&str, &str)],
    body: BodyLength,
    upgrade: Option<&str>,
) -> Result<String, EncodeError> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    }
    let (host, upgrade) = (HeaderValue::from_static("h:1"), upgrade.map(|text| HeaderValue::try_from(text).unwrap()));
    let mut out = Vec::new();
    RequestHead { method, target, host: &host, headers: &headers, body, upgrade: upgrade.as_ref() }.encode(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn framing_and_connection_are_made_anew() {
    let fields = [
        ("a", "1"),
        ("host", "evil"),
        ("content-length", "99"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("upgrade", "h2c"),
        ("trailer", "x-sum"),
        ("b", "2"),
    ];
    let get = encode(&Method::GET, "/x?y", &fields, BodyLength::Known(0), None).unwrap();
    assert_eq!(get, "GET /x?y HTTP/1.1\r\nhost: h:1\r\na: 1\r\nb: 2\r\n\r\n");
    let post = encode(&Method::POST, "/", &fields, BodyLength::Known(0), None).unwrap();
    assert_eq!(post, "POST / HTTP/1.1\r\nhost: h:1\r\na: 1\r\nb: 2\r\ncontent-length: 0\r\n\r\n");
    let put = encode(&Method::PUT, "/", &fields, BodyLength::Known(1_234_567_890), None).unwrap();
    assert!(put.ends_with("b: 2\r\ncontent-length: 1234567890\r\n\r\n"), "{put}");
    let largest = encode(&Method::GET, "/", &[], BodyLength::Known(u64::MAX), None).unwrap();
    assert!(largest.ends_with("content-length: 18446744073709551615\r\n\r\n"), "{largest}");
    let chunked = encode(&Method::GET, "/", &fields, BodyLength::Unknown, None).unwrap();
    assert!(chunked.ends_with("trailer: x-sum\r\nb: 2\r\ntransfer-encoding: chunked\r\n\r\n"), "{chunked}");
    let te = encode(&Method::GET, "/", &[("te", "trailers")], BodyLength::Known(0), None).unwrap();
    assert!(te.ends_with("te: trailers\r\nconnection: te\r\n\r\n"), "{te}");
    let upgrade = encode(&Method::GET, "/", &fields, BodyLength::Known(0), Some("websocket")).unwrap();
    assert!(upgrade.ends_with("b: 2\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"), "{upgrade}");
}

#[test]
fn a_target_can_not_end_its_line() {
    for target in ["", "/a b", "/\r\nx", "/\n", "/\0", "/\t", "/\x7f", " /"] {
        assert_eq!(encode(&Method::GET, target, &[], BodyLength::Known(0), None), Err(EncodeError), "{target:?}");
    }
}

proptest! {
    /// Whatever is asked for, a strict reader finds exactly that, and nothing behind it.
    #[test]
    fn what_is_written_is_what_is_read(
        method in "[A-Z]{1,9}",
        target in "[!-~]{1,40}",
        fields in proptest::collection::vec(("[a-z0-9-]{1,12}", "[ -~\t\u{80}-\u{ff}]{0,30}"), 0..12),
        length in any::<Option<u64>>(),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in &fields {
            headers.append(HeaderName::try_from(name.as_str()).unwrap(), HeaderValue::try_from(value.as_str()).unwrap());
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let host = HeaderValue::from_static("h");
        let body = length.map_or(BodyLength::Unknown, BodyLength::Known);
        let mut out = b"before".to_vec();
        RequestHead { method: &method, target: &target, host: &host, headers: &headers, body, upgrade: None }
            .encode(&mut out)
            .unwrap();
        let mut parsed = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut parsed);
        let read = request.parse(&out[6..]).unwrap();
        prop_assert_eq!(read, httparse::Status::Complete(out.len() - 6));
        prop_assert_eq!(request.method, Some(method.as_str()));
        prop_assert_eq!(request.path, Some(&*target));
        let made = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "trailer"];
        let sent: Vec<_> = headers
            .iter()
            .filter(|(name, _)| !made.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_bytes().trim_ascii()))
            .collect();
        let seen: Vec<_> = request
            .headers
            .iter()
            .filter(|field| !made.contains(&field.name))
            .map(|field| (field.name, field.value.trim_ascii()))
            .collect();
        prop_assert_eq!(sent, seen);
    }
}
