//! Clients that are slow, or that have gone without a word.

use std::time::Duration;

use tollgate_core::units::{Interval, Size};

use crate::support::frames::*;
use crate::support::{End, Gate, OK, Setup, Upstream, h2_client, h2_client_with, soon, whole};

const SHORT: Interval = Interval(Duration::from_millis(200));

async fn impatient(upstream: &Upstream, change: impl FnOnce(&mut Setup)) -> Gate {
    let mut setup = Setup::to(upstream.url());
    change(&mut setup);
    setup.start().await
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed_after_the_head_timeout() {
    let mut setup = Setup::to("http://127.0.0.1:1");
    setup.settings.server.timeouts.head = SHORT;
    let gate = setup.start().await;
    let mut client = Frames::connect(gate.address).await;
    let goaway = client.next_of(&[GOAWAY]).await.unwrap();
    assert_eq!(goaway.code(), 0);
    assert_eq!(client.next_of(&[HEADERS]).await, Err(End::Closed));
    assert!(gate.all_well(), "silence is no offence");
}

#[tokio::test]
async fn an_idle_connection_is_told_goodbye_after_its_keep_alive_and_no_sooner() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = impatient(&upstream, |setup| {
        setup.settings.server.timeouts.head = SHORT;
        setup.settings.server.timeouts.keep_alive = Interval::from_millis(800);
    })
    .await;
    let mut client = Frames::connect(gate.address).await;
    for stream in [1, 3] {
        client.get(stream).await;
        assert_eq!(client.next_of(&[HEADERS, GOAWAY]).await.unwrap().kind, HEADERS);
        // Longer than a head may take, shorter than the connection may be idle.
        tokio::time::sleep(Duration::from_millis(350)).await;
    }
    assert_eq!(client.next_of(&[GOAWAY, HEADERS]).await.unwrap().code(), 0);
    assert_eq!(client.next_of(&[HEADERS]).await, Err(End::Closed));
}

/// Each piece is in time, the whole is not.
#[tokio::test]
async fn a_header_block_that_trickles_in_is_cut_off() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = impatient(&upstream, |setup| setup.settings.server.timeouts.head = SHORT).await;
    for whole_frames in [true, false] {
        let mut client = Frames::connect(gate.address).await;
        client.get(1).await;
        client.next_of(&[DATA]).await.unwrap();
        if whole_frames {
            client.send(HEADERS, END_STREAM, 3, &block(GET)).await;
        } else {
            client.0.send(&frame(HEADERS, END_STREAM, 3, &[0; 1000])[..20]).await;
        }
        soon("the end", async {
            let piece = if whole_frames { frame(CONTINUATION, 0, 3, &[]) } else { vec![0] };
            while client.0.try_send(&piece).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
        })
        .await;
        assert_eq!(gate.bad_end().await.0, "request.timeout");
    }
}

#[tokio::test]
async fn a_body_that_stalls_or_trickles_is_answered_with_408_and_other_streams_go_on() {
    let upstream = Upstream::play(|_, mut conn| async move {
        while let Some(request) = conn.head().await {
            if request.starts_with("GET") {
                conn.send(OK).await;
            }
        }
    })
    .await;
    let gate = impatient(&upstream, |setup| setup.settings.server.timeouts.body = Interval::from_millis(500)).await;
    for trickles in [false, true] {
        let mut client = h2_client(gate.address).await;
        let request = client.request("POST", "/").header("content-length", "1000000");
        let (answer, mut up) = client.begin(request, true).await;
        let trickle = tokio::spawn(async move {
            while trickles && up.send_data("x".into(), false).is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            // Dropping it would reset the stream.
            std::future::pending::<()>().await;
        });
        assert_eq!(client.get("/").await.0.status, 200);
        let (head, _) = whole(answer).await.unwrap();
        assert_eq!(head.status, 408, "trickles: {trickles}");
        assert_eq!(client.get("/").await.0.status, 200);
        trickle.abort();
    }
}

/// CVE-2019-9511 and CVE-2019-9517: the answer is asked for and never, or barely, taken.
#[tokio::test]
async fn a_stream_whose_window_stays_shut_lets_go_of_its_upstream_and_others_go_on() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            let request = conn.request().await.unwrap();
            if request.starts_with("GET /small") {
                conn.send(OK).await;
                return;
            }
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n").await;
            // Ends only when the gateway has closed the connection.
            conn.send(vec![b'x'; 100_000_000]).await;
            let _ = tell.send(());
        }
    })
    .await;
    for dribbles in [false, true] {
        let gate = impatient(&upstream, |setup| {
            setup.settings.server.timeouts.response = Interval::from_millis(500);
            setup.settings.server.limits.min_response_rate = Size(10_000);
        })
        .await;
        let mut client = Frames::connect_with(gate.address, &[(4, 10)]).await;
        client.send(HEADERS, END_STREAM | END_HEADERS, 1, &block([GET[0], GET[1], GET[2], (":path", "/large")])).await;
        client.next_of(&[HEADERS]).await.unwrap();
        let reset = soon("the reset", async {
            loop {
                if dribbles {
                    client.send(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]).await;
                }
                if let Ok(seen) =
                    tokio::time::timeout(Duration::from_millis(20), client.next_of(&[RST_STREAM, GOAWAY])).await
                {
                    return seen.unwrap();
                }
            }
        })
        .await;
        assert_eq!((reset.kind, reset.stream, reset.code()), (RST_STREAM, 1, 8), "dribbles: {dribbles}");
        soon("the end of the upstream connection", told.recv()).await;
        client.send(HEADERS, END_STREAM | END_HEADERS, 3, &block([GET[0], GET[1], GET[2], (":path", "/small")])).await;
        let head = client.next_of(&[HEADERS]).await.unwrap();
        assert_eq!((head.stream, head.payload[0]), (3, 0x88));
    }
}

/// The same where it is the socket that is not read.
#[tokio::test]
async fn a_client_that_opens_its_windows_and_reads_nothing_is_cut_off() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            conn.request().await;
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n").await;
            conn.send(vec![b'x'; 100_000_000]).await;
            let _ = tell.send(());
        }
    })
    .await;
    let gate = impatient(&upstream, |setup| setup.settings.server.timeouts.response = Interval::from_millis(500)).await;
    let mut client = Frames::connect_with(gate.address, &[(4, 0x7fff_ffff)]).await;
    client.send(WINDOW_UPDATE, 0, 0, &0x7fff_0000_u32.to_be_bytes()).await;
    client.get(1).await;
    soon("the end of the upstream connection", told.recv()).await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_gone() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.request().await;
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
        conn.closed().await;
    })
    .await;
    let gate = impatient(&upstream, |setup| {
        setup.settings.server.http2.ping_interval = SHORT;
        setup.settings.server.http2.ping_timeout = SHORT;
    })
    .await;
    let mut deaf = Frames::connect(gate.address).await;
    deaf.get(1).await;
    deaf.next_of(&[PING]).await.unwrap();
    assert_eq!(deaf.next_of(&[RST_STREAM]).await, Err(End::Closed));

    let mut client = h2_client_with(gate.address, h2::client::Builder::new()).await;
    let request = client.request("GET", "/");
    let mut body = soon("the head", client.begin(request, false).await.0).await.unwrap().into_body();
    soon("a piece", body.data()).await.unwrap().unwrap();
    let more = tokio::time::timeout(Duration::from_secs(1), body.data()).await;
    assert!(more.is_err(), "one that answers stays: {more:?}");
}
