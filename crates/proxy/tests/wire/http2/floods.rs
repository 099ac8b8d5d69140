//! Clients that make work without bringing any, each by the number under which it became known.

use crate::support::frames::*;
use crate::support::{End, Gate, Setup, Upstream, h2_client_with, soon, whole};

const ENHANCE_YOUR_CALM: u32 = 0xb;

/// Sends the rounds of a flood, one after the other, until the gateway has had enough. Gives back
/// what it said.
async fn flood(gate: &Gate, begin: Vec<u8>, round: impl Fn(u32) -> Vec<u8>) -> Result<Seen, End> {
    let mut client = Frames::connect(gate.address).await;
    client.0.send(begin).await;
    for at in 0..20 {
        let rounds: Vec<u8> = (at * 100..(at + 1) * 100).flat_map(&round).collect();
        if client.0.try_send(rounds).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    client.next_of(&[GOAWAY]).await
}

/// An upstream that is asked and never answers.
async fn silent() -> (Upstream, Gate) {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await;
        conn.closed().await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    (upstream, gate)
}

async fn check(name: &str, cause: &str, begin: Vec<u8>, round: impl Fn(u32) -> Vec<u8>) {
    let (_upstream, gate) = silent().await;
    let goaway = flood(&gate, begin, round).await;
    let (reason, told) = gate.bad_end().await;
    assert_eq!(reason, "client.flood", "{name}: {told}");
    assert!(told.contains(cause), "{name}: {told}");
    // A client that is still sending when the connection is closed may be reset before it reads.
    if let Ok(goaway) = goaway {
        assert_eq!(goaway.code(), ENHANCE_YOUR_CALM, "{name}: {goaway:?}");
    }
}

fn opened(stream: u32, flags: u8) -> Vec<u8> {
    frame(HEADERS, flags | END_HEADERS, stream, &block(if flags == END_STREAM { GET } else { POST }))
}

#[tokio::test]
async fn frames_that_carry_no_request_are_budgeted() {
    const CONTROL: &str = "frames that carry no request";
    check("CVE-2019-9512, PING", CONTROL, vec![], |_| frame(PING, 0, 0, &[0; 8])).await;
    check("PING answers that nobody asked for", CONTROL, vec![], |_| frame(PING, 1, 0, &[7; 8])).await;
    check("CVE-2019-9515, SETTINGS", CONTROL, vec![], |_| frame(SETTINGS, 0, 0, &[])).await;
    check("CVE-2019-9513, PRIORITY", CONTROL, vec![], |at| {
        frame(PRIORITY, 0, at * 2 + 1, &[0, 0, 0, (at % 2 * 4) as u8, 16])
    })
    .await;
    check("frames of unknown kinds", CONTROL, vec![], |_| frame(0xfa, 0, 0, b"?")).await;
    check("WINDOW_UPDATE", CONTROL, vec![], |_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])).await;
}

#[tokio::test]
async fn cancelled_requests_are_budgeted() {
    check("CVE-2023-44487, rapid reset", "", vec![], |at| {
        [opened(at * 2 + 1, END_STREAM), frame(RST_STREAM, 0, at * 2 + 1, &[0, 0, 0, 8])].concat()
    })
    .await;
    check("CVE-2025-8671, made you reset: a window that grows too large", "", vec![], |at| {
        [opened(at * 2 + 1, END_STREAM), frame(WINDOW_UPDATE, 0, at * 2 + 1, &[0x7f, 0xff, 0xff, 0xff])].concat()
    })
    .await;
    check("CVE-2025-8671, made you reset: more data than promised", "", vec![], |at| {
        let stream = at * 2 + 1;
        let head = block([&POST[..], &[("content-length", "1")]].concat());
        [frame(HEADERS, END_HEADERS, stream, &head), frame(DATA, 0, stream, b"xx")].concat()
    })
    .await;
}

/// One at a time, so that each has been handed to the handler before it is cancelled.
#[tokio::test]
async fn requests_that_are_cancelled_once_they_run_are_budgeted_too() {
    let (upstream, gate) = silent().await;
    let mut client = Frames::connect(gate.address).await;
    let mut asked = 0;
    for at in 0..1000 {
        let stream = at * 2 + 1;
        client.get(stream).await;
        client.send(PING, 0, 0, &[0; 8]).await;
        if client.next_of(&[PING]).await.is_err() {
            break;
        }
        asked += 1;
        if client.0.try_send(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])).await.is_err() {
            break;
        }
    }
    assert_eq!(gate.bad_end().await.0, "client.flood");
    assert!(asked < 400, "{asked}");
    assert!(upstream.connections() <= asked as usize);
}

#[tokio::test]
async fn frames_of_a_body_that_bring_nothing_are_budgeted() {
    check("CVE-2019-9518, empty DATA", "", opened(1, 0), |_| frame(DATA, 0, 1, &[])).await;
    // Padding alone; the windows would end it otherwise.
    check("CVE-2019-9518, padded DATA", "", opened(1, 0), |_| frame(DATA, 8, 1, &[3, 0, 0, 0])).await;
}

#[tokio::test]
async fn a_header_block_without_end_is_cut_off() {
    let begin = frame(HEADERS, END_STREAM, 1, &block(GET));
    check("CVE-2024-27316, CONTINUATION", "", begin.clone(), |_| frame(CONTINUATION, 0, 1, &block([("x", "y")]))).await;
    check("CVE-2019-9518, empty CONTINUATION", "", begin, |_| frame(CONTINUATION, 0, 1, &[])).await;
}

/// A small block that unfolds to 40 MB.
#[tokio::test]
async fn a_compression_bomb_is_no_request() {
    let (upstream, gate) = silent().await;
    let mut client = Frames::connect(gate.address).await;
    // A literal that enters the table (RFC 7541 §6.2.1), which the rest names over and over.
    let mut bomb = block(GET);
    let mut large = block([("x", "y".repeat(3900).as_str())]);
    large[0] = 0x40;
    bomb.extend(large);
    bomb.extend(vec![0x80 | 62; 10_000]);
    client.send(HEADERS, END_STREAM | END_HEADERS, 1, &bomb).await;
    let seen = client.next_of(&[HEADERS, RST_STREAM, GOAWAY]).await;
    assert!(!matches!(&seen, Ok(seen) if seen.kind == HEADERS && seen.payload[0] == 0x88), "{seen:?}");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_header_list_over_the_limit_is_answered_with_431() {
    let (upstream, gate) = silent().await;
    let mut client = crate::support::h2_client(gate.address).await;
    for (fields, bytes) in [(10, 9_000), (200, 10)] {
        let mut request = client.request("GET", "/");
        for at in 0..fields {
            request = request.header(format!("x-{at}"), "y".repeat(bytes));
        }
        let (head, _) = whole(client.begin(request, false).await.0).await.unwrap();
        assert_eq!(head.status, 431, "{fields} of {bytes}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_busy_client_that_means_well_never_comes_to_the_end_of_a_budget() {
    const BODY: usize = 4000;
    let upstream = Upstream::play(|_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {BODY}\r\n\r\n{}", "x".repeat(BODY))).await;
        }
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    // Small, so that the test need not be long.
    setup.settings.server.http2.reset_budget = 20.try_into().unwrap();
    setup.settings.server.http2.control_budget = 60.try_into().unwrap();
    let gate = setup.start().await;
    let mut builder = h2::client::Builder::new();
    // Each answer needs several windows.
    builder.initial_window_size(1000);
    let mut client = h2_client_with(gate.address, builder).await;
    for _ in 0..30 {
        let mut answers = Vec::new();
        for at in 0..10 {
            let request = client.request("GET", "/").header("cookie", "a=1");
            let (answer, mut stream) = client.begin(request, false).await;
            // A third of them is not wanted any more.
            if at % 3 == 0 {
                stream.send_reset(h2::Reason::CANCEL);
            } else {
                answers.push(answer);
            }
        }
        for answer in answers {
            assert_eq!(whole(answer).await.unwrap().1.len(), BODY);
        }
    }
    assert!(gate.all_well());
    let request = client.request("GET", "/");
    soon("the last answer", client.begin(request, false).await.0).await.unwrap();
}
