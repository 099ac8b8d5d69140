//! Heads of answers: what is read, and what is refused.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use bytes::BytesMut;
use http::{Method, Version};
use tollgate_http1::{Framing, HeadError, HeadLimits, ResponseDecoder, ResponseHead};

fn decode_for(method: &Method, bytes: &[u8]) -> (Result<Option<ResponseHead>, HeadError>, BytesMut) {
    let mut buf = BytesMut::from(bytes);
    let head = ResponseDecoder::new(HeadLimits::default()).decode(&mut buf, method);
    (head, buf)
}

/// Also byte by byte: that must make no difference.
fn decode(bytes: impl AsRef<[u8]>) -> Result<Option<ResponseHead>, HeadError> {
    let whole = decode_for(&Method::GET, bytes.as_ref()).0;
    let (mut decoder, mut buf) = (ResponseDecoder::new(HeadLimits::default()), BytesMut::new());
    let mut slowly = Ok(None);
    for byte in bytes.as_ref() {
        buf.extend_from_slice(&[*byte]);
        slowly = decoder.decode(&mut buf, &Method::GET);
        if !matches!(slowly, Ok(None)) {
            break;
        }
    }
    assert_eq!(format!("{whole:?}"), format!("{slowly:?}"), "byte by byte");
    whole
}

#[track_caller]
fn head(fields: &str) -> ResponseHead {
    decode(format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).unwrap().unwrap()
}

#[track_caller]
fn refused(fields: &str) -> HeadError {
    decode(format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).unwrap_err()
}

#[test]
fn a_head_is_taken_and_nothing_behind_it() {
    let (head, rest) = decode_for(&Method::GET, b"HTTP/1.1 404 Not Found\r\nA: 1\r\nb:2 \r\nA:\t3\r\nc:\r\n\r\nbody");
    let head = head.unwrap().unwrap();
    assert_eq!((head.version, head.status.as_u16()), (Version::HTTP_11, 404));
    let fields: Vec<_> = head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(fields, [("a", "1"), ("a", "3"), ("b", "2"), ("c", "")]);
    assert_eq!(&rest[..], b"body");
}

#[test]
fn status_lines_without_a_reason_or_with_a_strange_one_are_read() {
    for line in ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 200 OK", "HTTP/1.1 200 Sch\u{f6}n", "HTTP/1.1 999 x"] {
        assert!(decode(format!("{line}\r\n\r\n")).unwrap().is_some(), "{line}");
    }
}

#[test]
fn whatever_is_not_http_1_is_refused_with_its_first_bytes() {
    for bytes in [
        &b"x"[..],
        b"http/1.1 200 OK",
        b"HTTP/2",
        b"HTTP/1.2",
        b"HTTP/0.9",
        b"ICY 200 OK",
        b"\r\nHTTP/1.1 200 OK",
        b" HTTP/1.1 200 OK",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02",
        b"\0x",
    ] {
        assert_eq!(decode(bytes).unwrap_err(), HeadError::NotHttp1, "{bytes:?}");
    }
}

/// What servers of HTTP/2 send to whom they do not understand.
#[test]
fn a_frame_of_http2_is_told_from_other_nonsense() {
    let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";
    let goaway = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01";
    for bytes in [&settings[..], b"\0\0\0\x04\0\0\0\0\0", goaway] {
        assert_eq!(decode(bytes).unwrap_err(), HeadError::Http2, "{bytes:?}");
    }
    for bytes in [&b"\0\x02"[..], b"\0\0\x06\x04\0\0\0\0\x01", b"\0\0\x06\x01"] {
        assert_eq!(decode(bytes).unwrap_err(), HeadError::NotHttp1, "{bytes:?}");
    }
    assert!(decode(&settings[..8]).unwrap().is_none(), "it is not clear yet");
}

#[test]
fn an_incomplete_head_waits() {
    for bytes in ["", "H", "HTTP/1.", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n", "HTTP/1.1 200 OK\r\n\r"] {
        assert!(decode(bytes).unwrap().is_none(), "{bytes}");
    }
}

#[test]
fn heads_that_two_readers_could_read_differently_are_refused() {
    for bytes in [
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 200 OK\r\nA: b\n\r\n",
        "HTTP/1.1 200 OK\n\r\n",
        "HTTP/1.1 200 OK\r\n\n",
        "HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n",
        "HTTP/1.1 200 OK\r\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n\tfolded\r\n\r\n",
        "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\x0bc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\x7fc\r\n\r\n",
        "HTTP/1.1 200 O\0K\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
    ] {
        assert!(decode(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn heads_have_a_size_and_a_count() {
    let limits = HeadLimits { bytes: 100, fields: 3 };
    let decode = |bytes: &str| {
        ResponseDecoder::new(limits).decode(&mut BytesMut::from(bytes), &Method::GET).map(|head| head.is_some())
    };
    let padded = |padding: usize| format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(padding));
    assert_eq!(padded(76).len(), 100);
    assert_eq!(decode(&padded(76)), Ok(true));
    assert_eq!(decode(&padded(77)), Err(HeadError::TooLarge(100)));
    assert_eq!(decode(&padded(77)[..100]), Err(HeadError::TooLarge(100)), "before the rest has come");
    assert_eq!(decode(&padded(76)[..99]), Ok(false));
    let fields = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
    assert_eq!(decode(&fields(3)), Ok(true));
    assert_eq!(decode(&fields(4)), Err(HeadError::TooManyFields(3)));
}

#[test]
fn the_body_is_framed_as_rfc_9112_6_3_says() {
    let cases: &[(Method, &str, Framing)] = &[
        (Method::GET, "200 OK\r\ncontent-length: 5\r\n", Framing::Length(5)),
        (Method::GET, "200 OK\r\ncontent-length: 0\r\n", Framing::Empty),
        (Method::GET, "200 OK\r\ncontent-length: 18446744073709551615\r\n", Framing::Length(u64::MAX)),
        (Method::GET, "200 OK\r\ntransfer-encoding: chunked\r\n", Framing::Chunked),
        (Method::GET, "200 OK\r\ntransfer-encoding: ChUnKeD\r\n", Framing::Chunked),
        (Method::GET, "200 OK\r\n", Framing::UntilClose),
        (Method::GET, "404 Not Found\r\n", Framing::UntilClose),
        (Method::HEAD, "200 OK\r\ncontent-length: 5\r\n", Framing::Empty),
        (Method::HEAD, "200 OK\r\ntransfer-encoding: chunked\r\n", Framing::Empty),
        (Method::HEAD, "200 OK\r\n", Framing::Empty),
        (Method::GET, "204 No Content\r\ncontent-length: 5\r\n", Framing::Empty),
        (Method::GET, "304 Not Modified\r\ncontent-length: 5\r\n", Framing::Empty),
        (Method::GET, "304 Not Modified\r\ntransfer-encoding: chunked\r\n", Framing::Empty),
        (Method::GET, "100 Continue\r\ncontent-length: 5\r\n", Framing::Empty),
        (Method::GET, "103 Early Hints\r\n", Framing::Empty),
        (Method::GET, "101 Switching Protocols\r\nupgrade: x\r\n", Framing::Tunnel),
        (Method::HEAD, "101 Switching Protocols\r\nupgrade: x\r\n", Framing::Tunnel),
        (Method::CONNECT, "200 OK\r\ncontent-length: 5\r\n", Framing::Tunnel),
        (Method::CONNECT, "407 No\r\ncontent-length: 5\r\n", Framing::Length(5)),
        (Method::GET, "205 Reset Content\r\ncontent-length: 0\r\n", Framing::Empty),
    ];
    for (method, rest, framing) in cases {
        let (head, _) = decode_for(method, format!("HTTP/1.1 {rest}\r\n").as_bytes());
        assert_eq!(head.unwrap().unwrap().framing, *framing, "{method} {rest:?}");
    }
}

#[test]
fn framing_that_contradicts_itself_is_refused() {
    for (fields, error) in [
        ("content-length: 5\r\ntransfer-encoding: chunked\r\n", HeadError::BothFramings),
        ("transfer-encoding: chunked\r\ncontent-length: 5\r\n", HeadError::BothFramings),
        ("transfer-encoding: chunked\r\ncontent-length: 0\r\n", HeadError::BothFramings),
        ("content-length: 5\r\ncontent-length: 6\r\n", HeadError::ContentLength),
        ("content-length: 5, 6\r\n", HeadError::ContentLength),
        ("content-length: 5,\r\n", HeadError::ContentLength),
        ("content-length: ,5\r\n", HeadError::ContentLength),
        ("content-length: \r\n", HeadError::ContentLength),
        ("content-length: +5\r\n", HeadError::ContentLength),
        ("content-length: -5\r\n", HeadError::ContentLength),
        ("content-length: 0x5\r\n", HeadError::ContentLength),
        ("content-length: 5 5\r\n", HeadError::ContentLength),
        ("content-length: 5.0\r\n", HeadError::ContentLength),
        ("content-length: 18446744073709551616\r\n", HeadError::ContentLength),
        ("transfer-encoding: gzip, chunked\r\n", HeadError::TransferEncoding),
        ("transfer-encoding: chunked, identity\r\n", HeadError::TransferEncoding),
        ("transfer-encoding: identity\r\n", HeadError::TransferEncoding),
        ("transfer-encoding: chunked, chunked\r\n", HeadError::TransferEncoding),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", HeadError::TransferEncoding),
        ("transfer-encoding: xchunked\r\n", HeadError::TransferEncoding),
        ("transfer-encoding: \"chunked\"\r\n", HeadError::TransferEncoding),
        ("transfer-encoding: chunked;q=1\r\n", HeadError::TransferEncoding),
        ("transfer-encoding:\r\n", HeadError::TransferEncoding),
    ] {
        assert_eq!(refused(fields), error, "{fields:?}");
        // Not even where there is no body: what contradicts itself is not trusted.
        for (method, status) in [(Method::HEAD, "200 OK"), (Method::GET, "304 Not Modified"), (Method::GET, "204 x")] {
            let (head, _) = decode_for(&method, format!("HTTP/1.1 {status}\r\n{fields}\r\n").as_bytes());
            assert_eq!(head.unwrap_err(), error, "{method} {status} {fields:?}");
        }
    }
    let old = decode("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    assert_eq!(old.unwrap_err(), HeadError::TransferEncoding, "RFC 9112 §6.1");
}

#[test]
fn equal_content_lengths_become_one_field() {
    for (fields, value) in [
        ("content-length: 5\r\ncontent-length: 5\r\n", "5"),
        ("content-length: 5, 5\r\n", "5"),
        ("content-length: 05,5\r\n", "5"),
    ] {
        let head = head(fields);
        assert_eq!(head.framing, Framing::Length(5), "{fields:?}");
        assert_eq!(head.headers.get_all("content-length").iter().collect::<Vec<_>>(), [value], "{fields:?}");
    }
}

#[test]
fn a_connection_stays_open_where_both_sides_know_when_the_body_ends() {
    for (line, fields, keeps) in [
        ("HTTP/1.1", "content-length: 1\r\n", true),
        ("HTTP/1.1", "content-length: 1\r\nconnection: close\r\n", false),
        ("HTTP/1.1", "content-length: 1\r\nconnection: x, CLOSE\r\n", false),
        ("HTTP/1.1", "content-length: 1\r\nconnection: x\r\nconnection: close\r\n", false),
        ("HTTP/1.1", "content-length: 1\r\nconnection: keep-alive\r\n", true),
        ("HTTP/1.1", "content-length: 1\r\nconnection: keep-alive, close\r\n", false),
        ("HTTP/1.1", "content-length: 1\r\nconnection: not-close\r\n", true),
        ("HTTP/1.1", "", false),
        ("HTTP/1.0", "content-length: 1\r\n", false),
        ("HTTP/1.0", "content-length: 1\r\nconnection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "connection: keep-alive\r\n", false),
    ] {
        let head = decode(format!("{line} 200 OK\r\n{fields}\r\n")).unwrap().unwrap();
        assert_eq!(head.keep_alive, keeps, "{line} {fields:?}");
    }
}

#[test]
fn informational_heads_come_before_the_final_one() {
    let mut buf = BytesMut::from(
        &b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
    );
    let mut decoder = ResponseDecoder::new(HeadLimits::default());
    let statuses: Vec<_> =
        (0..2).map(|_| decoder.decode(&mut buf, &Method::GET).unwrap().unwrap().status.as_u16()).collect();
    assert_eq!(statuses, [103, 200]);
    assert!(buf.is_empty());
}
