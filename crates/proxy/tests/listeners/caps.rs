//! How many connections there may be, and from where.

use tollgate_proxy::listener;
use tollgate_proxy::metrics::Paused;

use super::stage::{Draft, soon};

#[tokio::test]
async fn a_connection_beyond_the_total_waits_until_another_ends() {
    let mut draft = Draft::default();
    draft.settings.server.limits.connections = Some(1);
    let stage = draft.start();
    let mut first = stage.plain().await;
    assert!(first.get("a", "").await.starts_with("HTTP/1.1 200"));
    let mut second = stage.plain().await;
    second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    stage.told.until("the pause", |told| *told.paused.lock() == [Paused::Connections]).await;
    drop(first);
    assert!(soon("the answer", second.answer()).await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn the_unspecified_ipv6_address_takes_both_families() {
    let stage = Draft { address: Some("[::]:0".parse().unwrap()), ..Draft::default() }.start();
    let port = stage.address.port();
    for (to, seen) in
        [(format!("127.0.0.1:{port}"), "peer=[::ffff:127.0.0.1]:"), (format!("[::1]:{port}"), "peer=[::1]:")]
    {
        let mut line = super::stage::Line(tokio::net::TcpStream::connect(&to).await.unwrap());
        let answer = line.get("a", "").await;
        assert!(answer.contains(seen), "{answer}");
        let told = if to.starts_with('[') { "x-forwarded-for: ::1\n" } else { "x-forwarded-for: 127.0.0.1\n" };
        assert!(answer.contains(told), "{answer}");
    }
}

#[tokio::test]
async fn a_wildcard_of_each_family_can_have_the_same_port_and_no_address_can_be_taken_twice() {
    let v4 = listener::bind("0.0.0.0:0".parse().unwrap(), false).unwrap();
    let port = v4.local_addr().unwrap().port();
    let both = format!("[::]:{port}").parse().unwrap();
    assert_eq!(listener::bind(both, false).unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    listener::bind(both, true).unwrap();
    let taken = listener::bind(format!("127.0.0.1:{port}").parse().unwrap(), false);
    assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn connections_are_asked_whether_their_peer_is_still_there() {
    let listener = listener::bind("127.0.0.1:0".parse().unwrap(), false).unwrap();
    let _client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let socket = socket2::SockRef::from(&stream);
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap().as_secs(), 60);
}
