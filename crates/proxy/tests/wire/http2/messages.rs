//! What a request may look like, and what an answer looks like.

use bytes::Bytes;

use crate::support::frames::*;
use crate::support::{Gate, OK, Upstream, h2_client, rest, soon, whole};

/// What the library keeps from becoming a request: RFC 9113 §8.1.1, §8.2 and §8.3.
#[tokio::test]
async fn malformed_requests_are_protocol_errors_and_never_reach_the_upstream() {
    let with = |extra: &[(&'static str, &'static str)]| [&GET[..], extra].concat();
    let without = |name: &str| GET.into_iter().filter(|(pseudo, _)| *pseudo != name).collect::<Vec<_>>();
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let (mut outcomes, mut asked) = (Vec::new(), 0);
    for fields in [
        with(&[("X-Upper", "1")]),
        with(&[("connection", "close")]),
        with(&[("keep-alive", "timeout=5")]),
        with(&[("proxy-connection", "keep-alive")]),
        with(&[("transfer-encoding", "chunked")]),
        with(&[("upgrade", "h2c")]),
        with(&[("te", "gzip")]),
        with(&[("te", "trailers, gzip")]),
        with(&[(":method", "POST")]),
        with(&[(":path", "/other")]),
        with(&[(":authority", "b")]),
        with(&[(":scheme", "https")]),
        with(&[(":status", "200")]),
        with(&[(":unknown", "1")]),
        with(&[("x", "1\r\ny: 2")]),
        with(&[("x", "1\n")]),
        with(&[("x", "\0")]),
        with(&[("x y", "1")]),
        with(&[("", "1")]),
        with(&[("content-length", "5")]),
        with(&[("content-length", "0"), ("content-length", "5")]),
        with(&[("content-length", "-1")]),
        without(":method"),
        without(":path"),
        without(":scheme"),
        [&[("x", "1")], &GET[..]].concat(),
        [&without(":path")[..], &[(":path", "")]].concat(),
        [&without(":path")[..], &[(":path", "/a b")]].concat(),
        [&without(":method")[..], &[(":method", "GE T")]].concat(),
    ] {
        let mut client = Frames::connect(gate.address).await;
        client.send(HEADERS, END_STREAM | END_HEADERS, 1, &block(fields.iter().copied())).await;
        let seen = client.next_of(&[RST_STREAM, HEADERS, GOAWAY]).await.unwrap();
        if seen.kind == RST_STREAM {
            client.get(3).await;
            let next = client.next_of(&[HEADERS]).await.unwrap();
            assert_eq!((next.stream, next.payload[0]), (3, 0x88), "{fields:?} was of one stream only");
            asked += 1;
        }
        outcomes.push((fields.last().copied(), (seen.kind, if seen.kind == HEADERS { 0 } else { seen.code() })));
    }
    for (field, outcome) in &outcomes {
        assert!(matches!(outcome, (RST_STREAM | GOAWAY, 1)), "{field:?}: {outcome:?} of {outcomes:#?}");
    }
    assert_eq!(gate.records().len(), asked, "only the good ones");
}

/// What the gateway itself refuses.
#[tokio::test]
async fn requests_that_two_parties_could_read_in_two_ways_are_refused() {
    let replaced = |name: &str, value: &'static str| {
        GET.map(|(pseudo, old)| (pseudo, if pseudo == name { value } else { old })).to_vec()
    };
    let gate = Gate::alone().await;
    for fields in [
        [&GET[..], &[("host", "b")]].concat(),
        [&GET[..], &[("host", "a"), ("host", "a")]].concat(),
        replaced(":authority", "user@a"),
        replaced(":authority", "a:99999"),
        replaced(":scheme", "ftp"),
        replaced(":path", "*"),
        replaced(":path", "/%00"),
        GET.into_iter().filter(|(name, _)| *name != ":authority").collect(),
    ] {
        let mut client = Frames::connect(gate.address).await;
        client.send(HEADERS, END_STREAM | END_HEADERS, 1, &block(fields.iter().copied())).await;
        let seen = client.next_of(&[RST_STREAM, HEADERS, GOAWAY]).await.unwrap();
        // 400, from the static table.
        assert_eq!((seen.kind, seen.payload[0]), (HEADERS, 0x8c), "{fields:?}: {seen:?}");
    }
}

#[tokio::test]
async fn the_upstream_sees_one_host_one_cookie_and_nothing_of_this_connection() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = Frames::connect(gate.address).await;
    let fields = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/a/../b?c"),
        ("host", "example.com"),
        ("cookie", "a=1"),
        ("te", "trailers"),
        ("cookie", "b=2"),
        ("x-tollgate-consumer", "me"),
        ("x_user", "me"),
        ("x-forwarded-for", "10.0.0.1"),
        ("cookie", "c=3"),
    ];
    client.send(HEADERS, END_STREAM | END_HEADERS, 1, &block(fields)).await;
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.starts_with("GET /b?c HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\ncookie: a=1; b=2; c=3\r\n"), "{request}");
    assert_eq!(request.matches("\r\nhost: ").count(), 1, "{request}");
    assert!(request.contains("\r\nx-forwarded-host: example.com\r\n"), "{request}");
    for gone in ["x-tollgate", "x_user", "10.0.0.1", ":path", ":scheme"] {
        assert!(!request.contains(gone), "{gone} in {request}");
    }
}

#[tokio::test]
async fn answers_without_a_body_have_none_and_keep_their_length() {
    const LONG: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n";
    for (method, answer, status, length) in [
        ("HEAD", LONG, 200, Some("1234")),
        ("GET", &b"HTTP/1.1 204 No Content\r\n\r\n"[..], 204, None),
        ("GET", &b"HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n"[..], 304, Some("99")),
        ("GET", &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..], 200, None),
    ] {
        let (upstream, _seen) = Upstream::echoing(answer).await;
        let gate = Gate::before(&upstream).await;
        let mut client = h2_client(gate.address).await;
        for _ in 0..2 {
            let request = client.request(method, "/");
            let (head, body) = whole(client.begin(request, false).await.0).await.unwrap();
            assert_eq!((head.status.as_u16(), body.len()), (status, 0));
            assert_eq!(head.headers.get("content-length").map(|length| length.to_str().unwrap()), length, "{head:?}");
        }
    }
}

/// Also where it is the gateway that answers.
#[tokio::test]
async fn the_answer_to_head_has_no_body_where_the_gateway_refuses() {
    let gate = Gate::alone().await;
    let mut client = h2_client(gate.address).await;
    let request = client.request("HEAD", "/%00");
    let (head, body) = whole(client.begin(request, false).await.0).await.unwrap();
    assert_eq!((head.status.as_u16(), body.len()), (400, 0));
}

#[tokio::test]
async fn an_answer_carries_nothing_of_the_upstreams_connection() {
    let (upstream, _seen) = Upstream::echoing(
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close, x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nproxy-connection: close\r\n\r\nok",
    )
    .await;
    let gate = Gate::before(&upstream).await;
    let (head, _) = h2_client(gate.address).await.get("/").await;
    for gone in ["connection", "x-hop", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        assert!(!head.headers.contains_key(gone), "{head:?}");
    }
    assert_eq!(head.headers["content-length"], "2");
}

/// RFC 9113 §8.1: the rest of the request is not wanted, and the answer is whole.
#[tokio::test]
async fn an_early_answer_is_followed_by_a_reset_that_is_no_error() {
    let gate = Gate::alone().await;
    let mut client = Frames::connect(gate.address).await;
    let fields = [(":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", "/%00")];
    client.send(HEADERS, END_HEADERS, 1, &block(fields)).await;
    let answer = client.next_of(&[HEADERS, RST_STREAM]).await.unwrap();
    assert_eq!((answer.kind, answer.payload[0]), (HEADERS, 0x8c));
    let reset = client.next_of(&[RST_STREAM, GOAWAY]).await.unwrap();
    assert_eq!((reset.kind, reset.stream, reset.code()), (RST_STREAM, 1, 0));
    client.get(3).await;
    client.next_of(&[HEADERS]).await.unwrap();
}

#[tokio::test]
async fn a_body_that_breaks_its_length_does_not_look_complete_to_the_upstream() {
    for (length, body) in [("10", "hello"), ("2", "hello")] {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let upstream = Upstream::play(move |_, mut conn| {
            let tell = tell.clone();
            async move {
                let _ = tell.send(conn.request().await);
            }
        })
        .await;
        let gate = Gate::before(&upstream).await;
        let mut client = Frames::connect(gate.address).await;
        let fields = [&POST[..], &[("content-length", length)]].concat();
        client.send(HEADERS, END_HEADERS, 1, &block(fields)).await;
        client.send(DATA, END_STREAM, 1, body.as_bytes()).await;
        let reset = client.next_of(&[RST_STREAM, GOAWAY]).await.unwrap();
        assert_eq!((reset.kind, reset.code()), (RST_STREAM, 1));
        let seen = tokio::time::timeout(std::time::Duration::from_millis(300), told.recv()).await;
        assert!(matches!(seen, Err(_) | Ok(Some(None))), "{seen:?}");
    }
}

#[tokio::test]
async fn a_stream_that_the_client_resets_cancels_its_upstream_request_and_no_other() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::play(move |_, mut conn| {
        let tell = tell.clone();
        async move {
            let request = conn.request().await.unwrap();
            if request.starts_with("GET /stays") {
                conn.send(OK).await;
                return;
            }
            if request.starts_with("GET /begun") {
                conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
            }
            let _ = tell.send("asked");
            conn.closed().await;
            let _ = tell.send("closed");
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = h2_client(gate.address).await;
    for path in ["/waits", "/begun"] {
        let request = client.request("GET", path);
        let (answer, mut stream) = client.begin(request, false).await;
        assert_eq!(soon("the request", told.recv()).await, Some("asked"));
        stream.send_reset(h2::Reason::CANCEL);
        assert_eq!(soon("the cancellation", told.recv()).await, Some("closed"), "{path}");
        drop(answer);
        assert_eq!(client.get("/stays").await.1, b"ok");
    }
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused_and_the_others_go_on() {
    let (upstream, mut seen) = Upstream::echoing(b"").await;
    let mut setup = crate::support::Setup::to(upstream.url());
    setup.settings.server.http2.max_concurrent_streams = 2.try_into().unwrap();
    let gate = setup.start().await;
    let mut client = Frames::connect(gate.address).await;
    for stream in [1, 3, 5] {
        client.get(stream).await;
    }
    let refused = client.next_of(&[RST_STREAM, GOAWAY]).await.unwrap();
    assert_eq!((refused.kind, refused.stream, refused.code()), (RST_STREAM, 5, 7));
    for _ in 0..2 {
        soon("the request", seen.recv()).await.unwrap();
    }
}

/// An answer of any size, in whatever pieces it comes, arrives whole through small windows.
#[tokio::test]
async fn a_large_answer_arrives_whole_through_small_windows() {
    const LENGTH: usize = 3_000_000;
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.request().await;
        conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n")).await;
        let body: Vec<u8> = (0..LENGTH).map(|at| (at % 251) as u8).collect();
        conn.send(body).await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(1000);
    let mut client = crate::support::h2_client_with(gate.address, builder).await;
    let request = client.request("GET", "/");
    let mut body = soon("the head", client.begin(request, false).await.0).await.unwrap().into_body();
    let bytes = rest(&mut body).await.unwrap();
    assert!(bytes.len() == LENGTH && bytes.iter().enumerate().all(|(at, byte)| *byte == (at % 251) as u8));
}

#[tokio::test]
async fn a_large_upload_arrives_whole_beside_others() {
    const LENGTH: usize = 3_000_000;
    let upstream = Upstream::play(|_, mut conn| async move {
        let head = conn.head().await.unwrap();
        assert!(head.contains(&format!("content-length: {LENGTH}\r\n")), "{head}");
        assert_eq!(conn.exactly(LENGTH).await.unwrap().len(), LENGTH);
        conn.send(OK).await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = h2_client(gate.address).await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let request = client.request("POST", "/").header("content-length", LENGTH);
        let (answer, mut up) = client.begin(request, true).await;
        answers.push(answer);
        tokio::spawn(async move {
            let mut left = Bytes::from(vec![b'x'; LENGTH]);
            while !left.is_empty() {
                up.reserve_capacity(left.len());
                let room = std::future::poll_fn(|cx| up.poll_capacity(cx)).await.unwrap().unwrap();
                let piece = left.split_to(room.min(left.len()));
                let last = left.is_empty();
                up.send_data(piece, last).unwrap();
            }
        });
    }
    for answer in answers {
        assert_eq!(whole(answer).await.unwrap().1, b"ok");
    }
}

/// The head of an interim answer, by its status and its link.
async fn interim(answer: &mut h2::client::ResponseFuture) -> (u16, Option<String>) {
    let head = soon("an interim answer", std::future::poll_fn(|cx| answer.poll_informational(cx))).await;
    let head = head.unwrap().unwrap();
    let link = head.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
    assert!(!head.headers().contains_key("content-length") && !head.headers().contains_key("x-hop"), "{head:?}");
    (head.status().as_u16(), link)
}

/// Early hints are for those who wait: they come before the answer exists, and in their order.
#[tokio::test]
async fn interim_answers_come_before_the_answer() {
    let hinted = std::sync::Arc::new(tokio::sync::Notify::new());
    let until = std::sync::Arc::clone(&hinted);
    let upstream = Upstream::play(move |_, mut conn| {
        let until = std::sync::Arc::clone(&until);
        async move {
            conn.request().await.unwrap();
            conn.send(
                "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nconnection: x-hop\r\nx-hop: 1\r\ncontent-length: 5\r\n\r\n",
            )
            .await;
            until.notified().await;
            conn.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\n").await;
            conn.send(OK).await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = h2_client(gate.address).await;
    let request = client.request("GET", "/");
    let (mut answer, _) = client.begin(request, false).await;
    assert_eq!(interim(&mut answer).await, (103, Some("</a>".to_owned())));
    hinted.notify_one();
    assert_eq!(interim(&mut answer).await, (102, None));
    assert_eq!(interim(&mut answer).await, (103, Some("</b>".to_owned())));
    let (head, body) = whole(answer).await.unwrap();
    assert_eq!((head.status.as_u16(), body.as_slice()), (200, &b"ok"[..]));
}

/// Streams do not hear what is said of others, and one that is given up hears nothing more.
#[tokio::test]
async fn interim_answers_belong_to_their_stream() {
    let upstream = Upstream::play(|_, mut conn| async move {
        while let Some(request) = conn.request().await {
            let path = request.split(' ').nth(1).unwrap().to_owned();
            conn.send(format!("HTTP/1.1 103 Early Hints\r\nlink: <{path}>\r\n\r\n")).await;
            conn.send(format!("HTTP/1.1 200 OK\r\nlink: <{path}>\r\ncontent-length: 2\r\n\r\nok")).await;
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = h2_client(gate.address).await;
    let mut answers = Vec::new();
    for number in 0..30 {
        let request = client.request("GET", &format!("/{number}"));
        let (answer, stream) = client.begin(request, number % 3 == 0).await;
        if number % 3 == 0 {
            drop((answer, stream));
        } else {
            answers.push((number, answer));
        }
    }
    for (number, mut answer) in answers {
        let link = format!("</{number}>");
        assert_eq!(interim(&mut answer).await, (103, Some(link.clone())));
        let (head, _) = whole(answer).await.unwrap();
        assert_eq!(head.headers["link"], link);
    }
    assert!(gate.all_well());
}

/// A client that waits to be asked for its body is asked once the upstream wants it.
#[tokio::test]
async fn a_client_that_expects_100_is_asked_for_its_body() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = h2_client(gate.address).await;
    let request = client.request("POST", "/").header("expect", "100-continue");
    let (mut answer, mut up) = client.begin(request, true).await;
    assert_eq!(interim(&mut answer).await, (100, None));
    up.send_data("hello".into(), true).unwrap();
    assert_eq!(whole(answer).await.unwrap().1, b"ok");
    assert!(soon("the request", seen.recv()).await.unwrap().contains("hello"));
}

/// One that is refused never is.
#[tokio::test]
async fn a_client_that_expects_100_and_is_refused_is_not_asked() {
    let gate = Gate::alone().await;
    let mut client = h2_client(gate.address).await;
    let request = client.request("POST", "/").header("expect", "100-continue").header("host", "b");
    let (mut answer, _up) = client.begin(request, true).await;
    let first = soon("the answer", std::future::poll_fn(|cx| answer.poll_informational(cx))).await;
    assert!(first.is_none(), "{first:?}");
    assert_eq!(soon("the answer", answer).await.unwrap().status(), 400);
}

/// A request that is given up in the middle of its body was never whole, to nobody.
#[tokio::test]
async fn a_body_that_is_given_up_never_looks_complete() {
    for code in [h2::Reason::CANCEL, h2::Reason::NO_ERROR, h2::Reason::INTERNAL_ERROR] {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let upstream = Upstream::play(move |_, mut conn| {
            let tell = tell.clone();
            async move {
                conn.head().await.unwrap();
                let _ = tell.send(String::new());
                let _ = tell.send(conn.rest().await);
            }
        })
        .await;
        let gate = Gate::before(&upstream).await;
        let mut client = h2_client(gate.address).await;
        let request = client.request("POST", "/");
        let (_answer, mut up) = client.begin(request, true).await;
        up.send_data("hello".into(), false).unwrap();
        soon("the request", told.recv()).await.unwrap();
        up.send_reset(code);
        let seen = soon("the end", told.recv()).await.unwrap();
        assert!(!seen.contains("0\r\n\r\n"), "{code:?}: {seen}");
    }
}

/// A request that the protocol forbids has no exchange to tell of it: its connection does, once, and goes on.
#[tokio::test]
async fn a_request_that_is_reset_unread_is_told_of() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = Frames::connect(gate.address).await;
    let bad = [&GET[..], &[("connection", "close")]].concat();
    client.send(HEADERS, END_STREAM | END_HEADERS, 1, &block(bad.iter().copied())).await;
    assert_eq!(client.next_of(&[RST_STREAM]).await.unwrap().code(), 1);
    let (reason, cause) = gate.bad_end().await;
    assert_eq!(reason, "request.malformed");
    assert!(cause.contains("reset"), "{cause}");
    client.get(3).await;
    assert_eq!(client.next_of(&[HEADERS]).await.unwrap().stream, 3);
    // What has its own line in the log is not told of twice.
    client.send(HEADERS, END_HEADERS, 5, &block(GET.iter().copied())).await;
    client.send(RST_STREAM, 0, 5, &8_u32.to_be_bytes()).await;
    client.get(7).await;
    assert_eq!(client.next_of(&[HEADERS]).await.unwrap().stream, 7);
    assert!(gate.all_well());
}
