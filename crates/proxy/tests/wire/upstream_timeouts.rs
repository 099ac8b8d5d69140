//! An upstream that is silent at each place where it may be.

use std::time::Duration;

use super::support::{Conn, Gate, Setup, Upstream, soon};

const SHORT: Duration = Duration::from_millis(100);
const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async fn silent_after(bytes: &'static [u8], setup: impl FnOnce(&mut Setup)) -> (Upstream, Gate) {
    let upstream = Upstream::play(move |_, mut conn: Conn| async move {
        conn.head().await;
        conn.send(bytes).await;
        conn.closed().await;
    })
    .await;
    let mut with = Setup::to(upstream.url());
    setup(&mut with);
    let gate = with.start().await;
    (upstream, gate)
}

#[tokio::test]
async fn no_head_in_time_is_504() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 100 Continue\r\n\r\n"] {
        let (_upstream, gate) = silent_after(bytes, |with| with.timeouts.first_byte = Some(SHORT)).await;
        let mut client = gate.client().await;
        client.send(GET).await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 504 ") && answer.contains("upstream.timeout.first_byte"), "{answer}");
        assert_eq!(gate.records()[0].attempts[0].outcome, "upstream.timeout.first_byte");
    }
}

#[tokio::test]
async fn no_end_in_time_is_504_and_names_the_total() {
    let (_upstream, gate) = silent_after(b"", |with| with.timeouts.total = Some(SHORT)).await;
    let mut client = gate.client().await;
    client.send(GET).await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 504 ") && answer.contains("upstream.timeout.total"), "{answer}");
}

#[tokio::test]
async fn a_stalled_answer_breaks_the_clients_connection_off() {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
    for total in [false, true] {
        let (_upstream, gate) = silent_after(begun, |with| {
            if total { with.timeouts.total = Some(SHORT) } else { with.timeouts.idle = Some(SHORT) }
        })
        .await;
        let mut client = gate.client().await;
        client.send(GET).await;
        let (answer, _) = soon("the end", client.rest()).await;
        assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    }
}

/// Nothing listens, and nothing refuses: the queue of the listener is full.
#[tokio::test]
async fn no_connection_in_time_is_504() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _full: Vec<_> = (0..4)
        .map(|_| {
            let filler = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            filler.set_nonblocking(true).unwrap();
            let _ = filler.connect(&address.into());
            filler
        })
        .collect();
    let mut setup = Setup::to(format!("http://{address}"));
    setup.timeouts.connect = SHORT;
    let gate = setup.start().await;
    let mut client = gate.client().await;
    client.send(GET).await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 504 ") && answer.contains("upstream.timeout.connect"), "{answer}");
}

/// The wait for the head begins when the request has been sent, however long that takes.
#[tokio::test]
async fn a_long_upload_is_not_a_late_answer() {
    let upstream = Upstream::play(|_, mut conn| async move {
        if conn.request().await.is_some() {
            conn.send(super::support::OK).await;
        }
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.timeouts.first_byte = Some(Duration::from_millis(400));
    let gate = setup.start().await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n").await;
    for _ in 0..8 {
        // The time of the upload is what this test is about.
        tokio::time::sleep(SHORT).await;
        client.send("x").await;
    }
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_upstream_that_does_not_take_the_body_is_504() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await;
        std::future::pending::<()>().await;
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    setup.timeouts.idle = Some(Duration::from_millis(300));
    let gate = setup.start().await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n").await;
    let piece = vec![b'x'; 1 << 20];
    let answer = soon("the refusal", async {
        while client.try_send(&piece).await.is_ok() {
            if let Ok(answer) = tokio::time::timeout(Duration::from_millis(1), client.until("\r\n\r\n")).await {
                return answer;
            }
        }
        client.until("\r\n\r\n").await
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
}

#[tokio::test]
async fn timeouts_beyond_all_clocks_are_only_long() {
    let (upstream, _seen) = Upstream::echoing(super::support::OK).await;
    let ages = Duration::from_secs(u64::MAX);
    let mut setup = Setup::to(upstream.url());
    setup.timeouts =
        tollgate_core::project::Timeouts { connect: ages, first_byte: Some(ages), idle: Some(ages), total: Some(ages) };
    let interval = tollgate_core::units::Interval(ages);
    setup.settings.server.timeouts.head = interval;
    setup.settings.server.timeouts.keep_alive = interval;
    setup.settings.server.timeouts.body = interval;
    setup.upstream.pool.idle_timeout = interval;
    let gate = setup.start().await;
    let mut client = gate.client().await;
    for _ in 0..2 {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n").await;
        client.send("hi").await;
        assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    }
}
