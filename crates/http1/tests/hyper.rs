//! The same answers through hyper's client: where this crate reads an answer, hyper reads the same
//! out of it. Hyper is the more lenient of the two, so what it refuses must be refused here.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use bytes::{Bytes, BytesMut};
use http::Method;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tollgate_http1::{BodyDecoder, Decoded, Framing, HeadLimits, ResponseDecoder};

#[derive(Debug, PartialEq, Eq)]
struct Read {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    /// The data, and whether the end was reached.
    body: Vec<u8>,
    whole: bool,
    trailers: Vec<(String, Vec<u8>)>,
}

fn fields(map: &http::HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut fields: Vec<_> = map.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    // Repetitions of the same length, however each is spelled (`5` and `05`), are one length here
    // and stay what they are there.
    for (_, value) in fields.iter_mut().filter(|(name, _)| name == "content-length") {
        if let Some(length) = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse::<u64>().ok()) {
            *value = length.to_string().into_bytes();
        }
    }
    fields.sort();
    fields.dedup_by(|one, other| one == other && one.0 == "content-length");
    fields
}

/// By this crate; `None` where the head is refused.
fn ours(method: &Method, bytes: &[u8]) -> Option<Read> {
    let mut buf = BytesMut::from(bytes);
    let mut heads = ResponseDecoder::new(HeadLimits::default());
    let head = loop {
        let head = heads.decode(&mut buf, method).ok()??;
        if !head.status.is_informational() || head.framing == Framing::Tunnel {
            break head;
        }
    };
    let mut read = Read {
        status: head.status.as_u16(),
        fields: fields(&head.headers),
        body: Vec::new(),
        whole: false,
        trailers: Vec::new(),
    };
    let mut body = BodyDecoder::new(head.framing);
    loop {
        match body.decode(&mut buf) {
            Ok(Decoded::Data(data)) => read.body.extend_from_slice(&data),
            Ok(Decoded::Trailers(trailers)) => read.trailers = fields(&trailers),
            Ok(Decoded::End) => read.whole = true,
            Ok(Decoded::Incomplete) => {
                read.whole = body.end_of_stream().is_ok();
                return Some(read);
            }
            Err(_) => return Some(read),
        }
        if read.whole {
            return Some(read);
        }
    }
}

/// By hyper's client, over a pipe.
async fn hypers(method: &Method, bytes: &[u8]) -> Option<Read> {
    let (near, mut far) = tokio::io::duplex(1 << 20);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await.unwrap();
    let driving = tokio::spawn(connection);
    let request = http::Request::builder().method(method).uri("/").header("host", "h").body(Empty::<Bytes>::new());
    let answer = async {
        let mut response = sender.send_request(request.unwrap()).await.ok()?;
        let mut read = Read {
            status: response.status().as_u16(),
            fields: fields(response.headers()),
            body: Vec::new(),
            whole: false,
            trailers: Vec::new(),
        };
        loop {
            match response.frame().await {
                None => {
                    read.whole = true;
                    return Some(read);
                }
                Some(Err(_)) => return Some(read),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => read.body.extend_from_slice(&data),
                    Err(frame) => read.trailers = fields(&frame.into_trailers().unwrap()),
                },
            }
        }
    };
    let playing = async {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(far.read_u8().await.unwrap());
        }
        // Hyper may have gone before it has read all.
        let _ = far.write_all(bytes).await;
        drop(far);
    };
    let (read, ()) = tokio::join!(answer, playing);
    driving.abort();
    read
}

fn answers() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        4 => "(a|b|c): [ -~]{0,8}",
        2 => "content-length: [0-9]{1,2}",
        1 => Just("transfer-encoding: chunked".to_owned()),
        1 => Just("connection: close".to_owned()),
        1 => Just("transfer-encoding: gzip, chunked".to_owned()),
        1 => Just("content-length: x".to_owned()),
    ];
    let head = (
        prop_oneof![3 => Just("HTTP/1.1"), 1 => Just("HTTP/1.0")],
        prop_oneof![6 => Just(200u16), 1 => Just(204), 1 => Just(304), 1 => Just(404), 1 => Just(100), 1 => Just(103)],
        proptest::collection::vec(field, 0..5),
    )
        .prop_map(|(version, status, fields)| {
            let fields: String = fields.into_iter().map(|field| field + "\r\n").collect();
            format!("{version} {status} Reason\r\n{fields}\r\n")
        });
    let body = prop_oneof![
        "[a-z]{0,30}",
        "([1-9a-f]\r\n[a-z]{1,15}\r\n){0,3}0\r\n(d: e\r\n)?\r\n",
        proptest::collection::vec(("[a-z]{1,20}", "(;x=y)?"), 0..5).prop_map(|chunks| {
            let chunks: String =
                chunks.iter().map(|(data, extension)| format!("{:x}{extension}\r\n{data}\r\n", data.len())).collect();
            chunks + "0\r\n\r\n"
        }),
    ];
    let clean =
        (proptest::collection::vec(head, 1..3), body).prop_map(|(heads, body)| (heads.concat() + &body).into_bytes());
    // Now and then a byte is another one, or missing.
    (clean, proptest::option::weighted(0.3, (any::<proptest::sample::Index>(), any::<Option<u8>>()))).prop_map(
        |(mut bytes, fault)| {
            if let Some((at, byte)) = fault {
                let at = at.index(bytes.len());
                match byte {
                    Some(byte) => bytes[at] = byte,
                    None => bytes.truncate(at),
                }
            }
            bytes
        },
    )
}

#[test]
fn lengths_that_differ_only_in_their_spelling_are_one_length_for_both() {
    let bytes = b"HTTP/1.1 200 Reason\r\ncontent-length: 5\r\ncontent-length: 05\r\n\r\nhello";
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(ours(&Method::GET, bytes), runtime.block_on(hypers(&Method::GET, bytes)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_here_hyper_reads_the_same(bytes in answers(), method in prop_oneof![Just(Method::GET), Just(Method::HEAD)]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let Some(ours) = ours(&method, &bytes) else { return Ok(()) };
        if ours.status == 101 {
            return Ok(());
        }
        let hypers = runtime.block_on(hypers(&method, &bytes));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let hypers = hypers.ok_or_else(|| TestCaseError::fail(format!("hyper refuses what was read here: {text:?}")))?;
        prop_assert_eq!(ours.status, hypers.status, "{:?}", text);
        prop_assert_eq!(&ours.fields, &hypers.fields, "{:?}", text);
        // A whole body here is the same whole body there. Where it broke off here, hyper may have
        // been content with less; it has never read other bytes.
        if ours.whole {
            prop_assert_eq!(&ours, &hypers, "{:?}", text);
        } else {
            prop_assert!(hypers.body.starts_with(&ours.body) || ours.body.starts_with(&hypers.body), "{:?}", text);
        }
    }
}
