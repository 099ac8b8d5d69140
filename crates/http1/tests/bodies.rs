//! Bodies of answers: chunks taken apart, ends told from cuts.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use bytes::BytesMut;
use proptest::prelude::*;
use tollgate_http1::{BodyDecoder, BodyError, Decoded, Framing, LAST_CHUNK, push_chunk_size, push_trailers};

/// What came of a body: data, trailers, whether it ended, and what was left behind it.
#[derive(Debug, PartialEq, Eq, Default)]
struct Outcome {
    data: Vec<u8>,
    trailers: Vec<(String, String)>,
    end: Option<Result<(), BodyError>>,
    rest: Vec<u8>,
}

/// Decodes a body that arrives in pieces that end at `cuts`.
fn decode(framing: Framing, bytes: &[u8], cuts: impl IntoIterator<Item = usize>) -> Outcome {
    let mut decoder = BodyDecoder::new(framing);
    let (mut buf, mut outcome, mut begin) = (BytesMut::new(), Outcome::default(), 0);
    for end in cuts.into_iter().chain([bytes.len()]) {
        buf.extend_from_slice(&bytes[begin..end]);
        begin = end;
        while outcome.end.is_none() {
            match decoder.decode(&mut buf) {
                Ok(Decoded::Data(data)) => {
                    assert!(!data.is_empty());
                    outcome.data.extend_from_slice(&data);
                }
                Ok(Decoded::Trailers(trailers)) => {
                    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                    };
                    outcome.trailers = trailers.iter().map(text).collect();
                }
                Ok(Decoded::End) => outcome.end = Some(Ok(())),
                Ok(Decoded::Incomplete) => break,
                Err(error) => outcome.end = Some(Err(error)),
            }
        }
    }
    if outcome.end == Some(Ok(())) {
        assert!(decoder.is_done());
        outcome.rest = buf.to_vec();
    }
    outcome
}

fn chunked(bytes: impl AsRef<[u8]>) -> Outcome {
    let bytes = bytes.as_ref();
    let whole = decode(Framing::Chunked, bytes, []);
    assert_eq!(whole, decode(Framing::Chunked, bytes, 1..bytes.len().max(1)), "byte by byte");
    whole
}

#[test]
fn chunks_become_their_data() {
    for (bytes, data, rest) in [
        ("0\r\n\r\n", "", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello", ""),
        ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nHTTP/1.1", "hello world", "HTTP/1.1"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""),
        ("a\r\n0123456789\r\n000\r\n\r\n", "0123456789", ""),
        ("0005\r\nhello\r\n0\r\n\r\n", "hello", ""),
        ("5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", "hello", ""),
        ("5 \t; a\r\nhello\r\n0\r\n\r\n", "hello", ""),
        ("5  \r\nhello\r\n0\r\n\r\n", "hello", ""),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n", ""),
    ] {
        let outcome = chunked(bytes);
        assert_eq!(outcome.end, Some(Ok(())), "{bytes:?}");
        assert_eq!((&outcome.data[..], &outcome.rest[..]), (data.as_bytes(), rest.as_bytes()), "{bytes:?}");
    }
}

/// A bare LF in an extension, which a lenient reader takes for the end of the line, is
/// CVE-2025-22871.
#[test]
fn broken_chunks_are_errors_and_stay_errors() {
    for (bytes, error) in [
        ("\r\n", BodyError::ChunkSize),
        (" 5\r\n", BodyError::ChunkSize),
        ("g\r\n", BodyError::ChunkSize),
        ("-1\r\n", BodyError::ChunkSize),
        ("+1\r\n", BodyError::ChunkSize),
        ("0x5\r\n", BodyError::ChunkSize),
        ("5_0\r\n", BodyError::ChunkSize),
        ("5 5\r\n", BodyError::ChunkSize),
        ("5\n", BodyError::ChunkSize),
        ("5\rx", BodyError::ChunkSize),
        ("5;a\nhello", BodyError::ChunkSize),
        ("5;a=\"\n\"\r\n", BodyError::ChunkSize),
        ("5;a\r\r\n", BodyError::ChunkSize),
        ("5;a\0\r\n", BodyError::ChunkSize),
        ("5 \n", BodyError::ChunkSize),
        ("10000000000000000\r\n", BodyError::ChunkSize),
        ("fffffffffffffffff\r\n", BodyError::ChunkSize),
        ("5\r\nhelloworld\r\n", BodyError::ChunkEnd),
        ("5\r\nhello\n", BodyError::ChunkEnd),
        ("5\r\nhello\r5", BodyError::ChunkEnd),
        ("5\r\nhello0\r\n\r\n", BodyError::ChunkEnd),
    ] {
        assert_eq!(chunked(bytes).end, Some(Err(error)), "{bytes:?}");
    }
    let (mut decoder, mut buf) = (BodyDecoder::new(Framing::Chunked), BytesMut::from(&b"x"[..]));
    assert!(decoder.decode(&mut buf).is_err());
    buf.extend_from_slice(b"0\r\n\r\n");
    assert!(decoder.decode(&mut buf).is_err());
}

#[test]
fn the_largest_chunk_that_can_be_named_is_no_error() {
    let outcome = chunked("ffffffffffffffff\r\nhello");
    assert_eq!((&outcome.data[..], outcome.end), (&b"hello"[..], None));
}

/// CVE-2023-39326: a sender makes others read kilobytes for every byte of data.
#[test]
fn chunks_that_are_more_frame_than_data_are_refused() {
    let extension = format!("1;{}\r\nx\r\n", "e".repeat(1000));
    let outcome = chunked(extension.repeat(100) + "0\r\n\r\n");
    assert_eq!(outcome.end, Some(Err(BodyError::Overhead)));
    assert!(outcome.data.len() < 20);
    assert_eq!(chunked(format!("1;{}", "e".repeat(17_000))).end, Some(Err(BodyError::Overhead)));
    assert_eq!(chunked(format!("{}1\r\nx", "0".repeat(17_000))).end, Some(Err(BodyError::Overhead)));
    // But small pieces are no attack, however many.
    let outcome = chunked("1\r\nx\r\n".repeat(20_000) + "0\r\n\r\n");
    assert_eq!((outcome.data.len(), outcome.end), (20_000, Some(Ok(()))));
}

#[test]
fn trailers_are_read_and_those_that_have_no_business_there_dropped() {
    let outcome = chunked(
        "0\r\nX-Sum: 5\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nSet-Cookie: a\r\nx-forwarded-for: b\r\nx-sum: 6\r\n\r\nrest",
    );
    assert_eq!(outcome.trailers, [("x-sum".to_owned(), "5".to_owned()), ("x-sum".to_owned(), "6".to_owned())]);
    assert_eq!((outcome.end, &outcome.rest[..]), (Some(Ok(())), &b"rest"[..]));
}

#[test]
fn broken_and_endless_trailers_are_refused() {
    for trailers in [
        "a: b\n\r\n".to_owned(),
        "\n".to_owned(),
        "a: b\r\n c\r\n\r\n".to_owned(),
        "a : b\r\n\r\n".to_owned(),
        "a\r\n\r\n".to_owned(),
        "a: b\0\r\n\r\n".to_owned(),
        "a: b\r\n".repeat(129) + "\r\n",
        format!("a: {}\r\n\r\n", "x".repeat(16 * 1024)),
    ] {
        let outcome = chunked(format!("0\r\n{trailers}"));
        assert!(matches!(outcome.end, Some(Err(BodyError::Trailers(_)))), "{trailers:?}: {outcome:?}");
    }
}

#[test]
fn the_last_data_tells_that_it_is_the_last() {
    for (framing, bytes) in [(Framing::Length(5), "hello"), (Framing::Chunked, "5\r\nhello\r\n0\r\n\r\n")] {
        let (mut decoder, mut buf) = (BodyDecoder::new(framing), BytesMut::from(bytes));
        assert!(matches!(decoder.decode(&mut buf), Ok(Decoded::Data(data)) if data == "hello"));
        assert!(decoder.is_done(), "{framing:?}");
        assert_eq!(decoder.remaining(), Some(0));
    }
}

#[test]
fn a_cut_body_is_told_from_a_whole_one() {
    for (framing, bytes, whole) in [
        (Framing::Empty, "", true),
        (Framing::Length(5), "hello", true),
        (Framing::Length(5), "hell", false),
        (Framing::Length(5), "", false),
        (Framing::Chunked, "0\r\n\r\n", true),
        (Framing::Chunked, "0\r\n\r", false),
        (Framing::Chunked, "0\r\na: b\r\n", false),
        (Framing::Chunked, "5\r\nhello\r\n", false),
        (Framing::Chunked, "", false),
        (Framing::UntilClose, "", true),
        (Framing::UntilClose, "hello", true),
    ] {
        let (mut decoder, mut buf) = (BodyDecoder::new(framing), BytesMut::from(bytes));
        while matches!(decoder.decode(&mut buf).unwrap(), Decoded::Data(_)) {}
        let end = decoder.end_of_stream();
        assert_eq!(end, if whole { Ok(()) } else { Err(BodyError::CutShort) }, "{framing:?} {bytes:?}");
    }
}

proptest! {
    /// In whatever pieces bytes arrive, well-formed or not, the same comes of them.
    #[test]
    fn pieces_make_no_difference(
        bytes in prop_oneof![
            proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'0'), Just(b'2'), Just(b';'), Just(b'a'), any::<u8>()], 0..80),
            "([0-9a-f]{1,3}(;[a-z]{0,4})?\r\n[a-z]{0,12}(\r\n)?){0,6}0\r\n(a: b\r\n)?\r\n.{0,5}".prop_map(String::into_bytes),
        ],
        mut cuts in proptest::collection::vec(0usize..80, 0..8),
        framing in prop_oneof![Just(Framing::Chunked), (0u64..60).prop_map(Framing::Length), Just(Framing::UntilClose)],
    ) {
        cuts.retain(|&cut| cut <= bytes.len());
        cuts.sort_unstable();
        prop_assert_eq!(decode(framing, &bytes, []), decode(framing, &bytes, cuts));
    }

    /// What this crate writes, it reads.
    #[test]
    fn chunks_come_back(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..10),
        trailers in proptest::collection::vec(("x-[a-z]{1,5}", "[a-z]{0,5}"), 0..4),
        behind in proptest::collection::vec(any::<u8>(), 0..10),
    ) {
        let mut bytes = Vec::new();
        for piece in &pieces {
            push_chunk_size(&mut bytes, piece.len() as u64);
            bytes.extend_from_slice(piece);
            bytes.extend_from_slice(b"\r\n");
        }
        let mut map = http::HeaderMap::new();
        for (name, value) in &trailers {
            map.append(http::HeaderName::try_from(name.as_str()).unwrap(), value.parse().unwrap());
        }
        if map.is_empty() { bytes.extend_from_slice(LAST_CHUNK) } else { push_trailers(&mut bytes, &map) }
        bytes.extend_from_slice(&behind);
        let outcome = decode(Framing::Chunked, &bytes, []);
        prop_assert_eq!(outcome.end, Some(Ok(())));
        prop_assert_eq!(outcome.data, pieces.concat());
        prop_assert_eq!(outcome.trailers.len(), trailers.len());
        prop_assert_eq!(outcome.rest, behind);
    }

    #[test]
    fn a_chunk_size_is_the_hexadecimal_number(length in any::<u64>()) {
        let mut bytes = Vec::new();
        push_chunk_size(&mut bytes, length);
        prop_assert_eq!(String::from_utf8(bytes).unwrap(), format!("{length:x}\r\n"));
    }
}
