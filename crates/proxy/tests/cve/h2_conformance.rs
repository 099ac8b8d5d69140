//! RFC 9113, section by section: what ends the connection, what ends the stream, what is ignored.

use crate::frames::*;

const PROTOCOL: u32 = 1;
const FLOW_CONTROL: u32 = 3;
const STREAM_CLOSED: u32 = 5;
const FRAME_SIZE: u32 = 6;
const COMPRESSION: u32 = 9;

/// Each line: the section, what is sent, and the error that RFC 9113 names. The connection ends, or
/// the stream where the section has a stream error for it. The library that reads the frames says
/// PROTOCOL_ERROR of many of them, where a narrower code is asked for; what ends is the same.
#[tokio::test]
async fn what_breaks_a_rule_is_an_error() {
    let open = || headers(1, 0, GET);
    let settings =
        |id: u16, value: u32| frame(SETTINGS, 0, 0, &[&id.to_be_bytes()[..], &value.to_be_bytes()[..]].concat());
    let cases: Vec<(&str, Vec<u8>, &[u32])> = vec![
        ("4.2 a frame above the largest size", [open(), frame(DATA, 0, 1, &[0; 16_385])].concat(), &[FRAME_SIZE]),
        ("4.3 an index of zero", frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x80]), &[COMPRESSION]),
        (
            "4.3 an index beyond the table",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff, 0xff, 0x7f]),
            &[COMPRESSION],
        ),
        ("4.3 a cut block", frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0, 5, b'a']), &[COMPRESSION]),
        ("5.1 DATA on an idle stream", frame(DATA, END_STREAM, 1, b"x"), &[PROTOCOL]),
        ("5.1 RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, &[0; 4]), &[PROTOCOL]),
        ("5.1 WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]), &[PROTOCOL]),
        ("5.1 DATA after the end", [get(1), frame(DATA, END_STREAM, 1, b"x")].concat(), &[STREAM_CLOSED]),
        ("5.1 HEADERS after the end", [get(1), get(1)].concat(), &[STREAM_CLOSED, PROTOCOL]),
        ("5.1.1 an even stream", get(2), &[PROTOCOL]),
        ("5.1.1 a smaller stream", [get(5), get(3)].concat(), &[PROTOCOL, STREAM_CLOSED]),
        ("6.1 DATA on the connection", frame(DATA, 0, 0, b"x"), &[PROTOCOL]),
        ("6.1 more padding than payload", [open(), frame(DATA, PADDED, 1, &[5, 0, 0])].concat(), &[PROTOCOL]),
        ("6.2 HEADERS on the connection", headers(0, END_STREAM, GET), &[PROTOCOL]),
        ("6.2 more padding than payload", frame(HEADERS, END_HEADERS | PADDED, 1, &[200, 0x82]), &[PROTOCOL]),
        ("6.4 RST_STREAM on the connection", frame(RST_STREAM, 0, 0, &[0; 4]), &[PROTOCOL]),
        ("6.4 RST_STREAM of another length", [open(), frame(RST_STREAM, 0, 1, &[0; 3])].concat(), &[FRAME_SIZE]),
        ("6.5 an acknowledgement with settings", frame(SETTINGS, ACK, 0, &[0; 6]), &[FRAME_SIZE]),
        ("6.5 SETTINGS on a stream", frame(SETTINGS, 0, 1, &[]), &[PROTOCOL]),
        ("6.5 SETTINGS of another length", frame(SETTINGS, 0, 0, &[0; 5]), &[FRAME_SIZE]),
        ("6.5.2 ENABLE_PUSH is no bool", settings(2, 2), &[PROTOCOL]),
        ("6.5.2 a window too large", settings(4, 0x8000_0000), &[FLOW_CONTROL]),
        ("6.5.2 a frame size too small", settings(5, 16_383), &[PROTOCOL]),
        ("6.5.2 a frame size too large", settings(5, 0x0100_0000), &[PROTOCOL]),
        (
            "6.6 a promise of a client",
            [open(), frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2])].concat(),
            &[PROTOCOL],
        ),
        ("6.7 PING on a stream", frame(PING, 0, 1, &[0; 8]), &[PROTOCOL]),
        ("6.7 PING of another length", frame(PING, 0, 0, &[0; 7]), &[FRAME_SIZE]),
        ("6.8 GOAWAY on a stream", frame(GOAWAY, 0, 1, &[0; 8]), &[PROTOCOL]),
        ("6.9 a window of zero more", frame(WINDOW_UPDATE, 0, 0, &[0; 4]), &[PROTOCOL]),
        ("6.9 a window of zero more on a stream", [open(), frame(WINDOW_UPDATE, 0, 1, &[0; 4])].concat(), &[PROTOCOL]),
        ("6.9 WINDOW_UPDATE of another length", frame(WINDOW_UPDATE, 0, 0, &[0; 3]), &[FRAME_SIZE]),
        ("6.9.1 a window that overflows", frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]), &[FLOW_CONTROL]),
        ("6.10 CONTINUATION of nothing", frame(CONTINUATION, END_HEADERS, 1, &[0x82]), &[PROTOCOL]),
        (
            "6.10 CONTINUATION after the end",
            [get(1), frame(CONTINUATION, END_HEADERS, 1, &[0x82])].concat(),
            &[PROTOCOL],
        ),
        (
            "6.10 another frame within a head",
            [frame(HEADERS, 0, 1, &[0x82]), frame(PING, 0, 0, &[0; 8])].concat(),
            &[PROTOCOL],
        ),
        ("6.10 another stream within a head", [frame(HEADERS, 0, 1, &[0x82]), get(3)].concat(), &[PROTOCOL]),
    ];
    let mut wrong = Vec::new();
    for (section, frames, errors) in cases {
        let seen = play(&frames, 1).await;
        let code = seen.goaway.or(seen.reset);
        if !code.is_some_and(|code| code == PROTOCOL || errors.contains(&code)) {
            wrong.push(format!("{section}: {seen:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn what_must_be_ignored_is_ignored() {
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("4.1 a frame of an unknown kind", frame(0xbb, 0xff, 0, b"whatever")),
        ("4.1 reserved bits", frame(PING, 0xfe & !ACK, 0x8000_0000, &[0; 8])),
        ("5.3 PRIORITY", frame(2, 0, 9, &[0, 0, 0, 7, 16])),
        ("6.5.2 an unknown setting", frame(SETTINGS, 0, 0, &[0xff, 0xff, 0, 0, 0, 1])),
        ("6.7 a ping that answers nothing", frame(PING, ACK, 0, &[0; 8])),
        ("6.9 a larger window", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1, 0])),
    ];
    for (section, frames) in cases {
        let seen = play(&[frames, get(1)].concat(), 1).await;
        assert!(seen.answered, "{section}: {seen:?}");
    }
    let padded = frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 1, &[&[3][..], &block(GET), &[0; 3]].concat());
    assert!(play(&padded, 1).await.answered, "6.2 padding");
    let head = block(GET);
    let (first, last) = head.split_at(7);
    let cut = [frame(HEADERS, END_STREAM, 1, first), frame(CONTINUATION, END_HEADERS, 1, last)].concat();
    assert!(play(&cut, 1).await.answered, "6.10 a head in two frames");
    let seen = play(&[frame(PING, 0, 0, b"12345678"), get(1)].concat(), 1).await;
    assert!(seen.answered && seen.pongs == 1, "6.7 {seen:?}");
}
