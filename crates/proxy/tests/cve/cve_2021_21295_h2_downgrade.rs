//! CVE-2021-21295, CVE-2021-21409 (Netty), CVE-2021-33193 (Apache httpd): what HTTP/2 carries in
//! fields of their own became lines of HTTP/1.1 without a second look: a length that does not fit,
//! line ends in values, spaces in method and path.

use crate::frames::*;

/// GET of `/x` with these fields instead of, or beside, the usual ones.
fn with<'f>(changes: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let mut fields: Vec<_> =
        GET.iter().copied().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name)).collect();
    let at = |name: &str| if name.starts_with(':') { 0 } else { usize::MAX };
    for (name, value) in changes {
        let at = at(name).min(fields.len());
        fields.insert(at, (name, value));
    }
    fields
}

fn without(name: &str) -> Vec<(&'static str, &'static str)> {
    GET.iter().copied().filter(|(other, _)| *other != name).collect()
}

#[tokio::test]
async fn a_malformed_request_never_reaches_the_origin() {
    let cases: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("8.2 upper case", with(&[("X-Upper", "1")])),
        ("8.2.1 a line end in a value", with(&[("x", "a\r\nhost: b")])),
        ("8.2.1 LF in a value", with(&[("x", "a\nb")])),
        ("8.2.1 CR in a value", with(&[("x", "a\rb")])),
        ("8.2.1 NUL in a value", with(&[("x", "a\0b")])),
        ("8.2.1 a line end in a name", with(&[("x\r\ny", "1")])),
        ("8.2.1 a colon in a name", with(&[("x: y", "1")])),
        ("8.2.1 a space in a name", with(&[("x y", "1")])),
        ("8.2.1 an empty name", with(&[("", "1")])),
        ("8.2.2 connection", with(&[("connection", "close")])),
        ("8.2.2 keep-alive", with(&[("keep-alive", "5")])),
        ("8.2.2 proxy-connection", with(&[("proxy-connection", "x")])),
        ("8.2.2 transfer-encoding", with(&[("transfer-encoding", "chunked")])),
        ("8.2.2 upgrade", with(&[("upgrade", "h2c")])),
        ("8.2.2 te", with(&[("te", "gzip")])),
        ("8.3 a pseudo-field nobody knows", with(&[(":x", "1")])),
        ("8.3 one of answers", with(&[(":status", "200")])),
        ("8.3 after the fields", [&[("x", "1")], GET].concat()),
        ("8.3 twice", [&[(":path", "/y")], GET].concat()),
        ("8.3.1 no method", without(":method")),
        ("8.3.1 no scheme", without(":scheme")),
        ("8.3.1 no path", without(":path")),
        ("8.3.1 an empty path", with(&[(":path", "")])),
        ("8.3.1 no authority", without(":authority")),
        ("a path without a slash", with(&[(":path", "x")])),
        ("a path of a star", with(&[(":path", "*")])),
        ("a URL as the path", with(&[(":path", "http://b/x")])),
        ("a space in the path", with(&[(":path", "/x HTTP/1.1")])),
        ("a line end in the path", with(&[(":path", "/x\r\nx: y")])),
        ("NUL in the path", with(&[(":path", "/x%00")])),
        ("a space in the method", with(&[(":method", "GET /s HTTP/1.1\r\nHost: a\r\n\r\nGET")])),
        ("an empty method", with(&[(":method", "")])),
        ("CONNECT", vec![(":method", "CONNECT"), (":authority", "a:80")]),
        ("CONNECT to an unknown protocol", with(&[(":method", "CONNECT"), (":protocol", "x")])),
        ("TRACE", with(&[(":method", "TRACE")])),
        ("a scheme that is none", with(&[(":scheme", "http://b/s?")])),
        ("an empty scheme", with(&[(":scheme", "")])),
        ("another scheme", with(&[(":scheme", "ftp")])),
        ("userinfo", with(&[(":authority", "u@a.example")])),
        ("a path in the authority", with(&[(":authority", "a.example/s")])),
        ("a line end in the authority", with(&[(":authority", "a\r\nx: y")])),
        ("another Host", with(&[("host", "b.example")])),
        ("two Hosts", with(&[("host", "a.example"), ("host", "b.example")])),
        ("8.1.1 a length without a body", with(&[("content-length", "5")])),
        ("8.1.1 no number", with(&[("content-length", "x")])),
        ("8.1.1 a sign", with(&[("content-length", "+0")])),
        ("8.1.1 two lengths", with(&[("content-length", "0"), ("content-length", "5")])),
    ];
    let mut wrong = Vec::new();
    for (name, fields) in cases {
        let seen = play(&headers(1, END_STREAM, &fields), 1).await;
        if !seen.requests.is_empty() {
            wrong.push(format!("{name}: {seen:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The origin must not find a whole request where the lengths disagree.
#[tokio::test]
async fn a_length_that_does_not_fit_the_body_is_an_error() {
    for (length, body) in [("5", "abc"), ("3", "abcde"), ("0", "GET /s HTTP/1.1\r\nHost: a\r\n\r\n"), ("4", "")] {
        let head = headers(1, 0, &with(&[(":method", "POST"), ("content-length", length)]));
        let seen = play(&[head, frame(DATA, END_STREAM, 1, body.as_bytes())].concat(), 1).await;
        assert_eq!(seen.requests.len(), 0, "{length} {body:?}: {seen:?}");
    }
}

#[tokio::test]
async fn trailers_of_http_2_obey_the_rules_of_trailers() {
    let head =
        headers(1, 0, &with(&[(":method", "POST"), ("te", "trailers"), ("trailer", "x-sum, x-tollgate-consumer")]));
    let trailers = [
        ("x-sum", "1"),
        ("x-tollgate-consumer", "evil"),
        ("x_user", "evil"),
        ("x-forwarded-for", "evil"),
        ("content-length", "9"),
    ];
    let frames = [head, frame(DATA, 0, 1, b"hi"), headers(1, END_STREAM, &trailers)].concat();
    let seen = play(&frames, 1).await;
    for request in &seen.requests {
        assert_eq!(request.body, b"hi");
        assert!(request.trailers.iter().all(|(name, _)| name == "x-sum"), "{:?}", request.trailers);
    }
    // The library reads past pseudo-fields in trailers; they must change nothing.
    let pseudo = [headers(1, 0, &with(&[(":method", "POST")])), headers(1, END_STREAM, &[(":path", "/s")])].concat();
    for request in play(&pseudo, 1).await.requests {
        assert_eq!((request.line.as_str(), request.trailers.len()), ("POST /x HTTP/1.1", 0));
    }
}

#[tokio::test]
async fn an_ordinary_request_is_forwarded_in_the_form_of_1_1() {
    let fields = with(&[(":path", "/a//b/../c?q=1"), ("cookie", "a=1"), ("te", "trailers"), ("x-plain", "1")]);
    let seen = play(&headers(1, END_STREAM, &fields), 1).await;
    assert!(seen.answered, "{seen:?}");
    assert_eq!(seen.requests[0].line, "GET /a/c?q=1 HTTP/1.1");
    assert_eq!(seen.requests[0].field("x-forwarded-host"), Some("a.example"));
}
