//! The PROXY protocol.

use std::time::Duration;

use tollgate_core::units::Interval;
use tollgate_proxy::metrics::Refused;

use super::authority::Authority;
use super::stage::{Draft, Stage, handshake};

fn stage(trusted: &str, change: impl FnOnce(&mut Draft)) -> Stage {
    let mut draft = Draft { proxy_protocol: true, ..Draft::default() };
    draft.settings.server.trusted_proxies = vec![trusted.parse().unwrap()];
    change(&mut draft);
    draft.start()
}

fn version_2(command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    header.extend([command, family]);
    header.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    header.extend(payload);
    header
}

#[tokio::test]
async fn the_client_is_who_a_trusted_load_balancer_says_it_is() {
    let stage = stage("127.0.0.0/8", |_| ());
    let mut with_tlvs = vec![192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0x01, 0xbb];
    with_tlvs.extend([4, 0, 2, 0, 0]);
    for (header, peer) in [
        (b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n".to_vec(), "192.0.2.7:12345 local=10.0.0.1:443"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 1 443\r\n".to_vec(), "[2001:db8::7]:1 local=[2001:db8::1]:443"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1:"),
        (version_2(0x21, 0x11, &with_tlvs), "192.0.2.7:12345 local=10.0.0.1:443"),
        (version_2(0x20, 0x00, &[]), "127.0.0.1:"),
        (version_2(0x21, 0x31, &[0; 216]), "127.0.0.1:"),
    ] {
        // In one piece with the request, and byte by byte.
        for pieces in [false, true] {
            let mut line = stage.plain().await;
            if pieces {
                for byte in &header {
                    line.send([*byte]).await;
                    tokio::task::yield_now().await;
                }
                assert!(line.get("a.example", "").await.contains(&format!("peer={peer}")));
            } else {
                let mut all = header.clone();
                all.extend(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
                line.send(all).await;
                let answer = line.answer().await.unwrap();
                assert!(answer.contains(&format!("peer={peer}")), "{answer}");
            }
        }
    }
}

#[tokio::test]
async fn what_clients_claim_behind_the_header_is_not_believed() {
    let stage = stage("127.0.0.0/8", |_| ());
    let mut line = stage.plain().await;
    line.send("PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n").await;
    let answer = line.get("a.example", "X-Forwarded-For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n").await;
    assert!(answer.contains("x-forwarded-for: 192.0.2.7\n") && answer.contains("x-real-ip: 192.0.2.7\n"), "{answer}");
    assert!(!answer.contains("6.6.6.6"), "{answer}");
}

#[tokio::test]
async fn whatever_is_no_header_closes_the_connection_without_an_answer() {
    let stage = stage("127.0.0.0/8", |draft| {
        draft.settings.server.timeouts.handshake = Interval(Duration::from_millis(300));
    });
    let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(200));
    let too_long = version_2(0x21, 0x11, &[0; 5000]);
    let cases: Vec<(&[u8], &str)> = vec![
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "did not begin with"),
        (b"\x16\x03\x01\x02\x00\x01", "did not begin with"),
        (b"PROXY TCP4 192.0.2.7 10.0.0.1 123456 443\r\n", "malformed"),
        (b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\nGET /", "malformed"),
        (long.as_bytes(), "too long"),
        (&too_long, "too long"),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x41\0\0", "malformed"),
        (b"\r\n\r\n\0\r\nQUIX\n\x21\x11\0\0", "did not begin with"),
        (b"PROXY TCP4 192.0.2.7 ", "server.timeouts.handshake"),
        (b"PRO", "server.timeouts.handshake"),
    ];
    let count = cases.len();
    for (bytes, cause) in cases {
        stage.told.failed.lock().clear();
        let mut line = stage.plain().await;
        line.send(bytes).await;
        assert_eq!(line.end().await, "");
        stage.told.until("the failure", |told| !told.failed.lock().is_empty()).await;
        let failed = stage.told.failed.lock().clone();
        assert!(failed.len() == 1 && failed[0].contains(cause), "{cause}: {failed:?}");
    }
    assert_eq!(*stage.told.refused.lock(), vec![Refused::ProxyProtocol; count]);
}

#[tokio::test]
async fn nobody_but_trusted_proxies_may_announce_a_client() {
    let stage = stage("10.0.0.0/8", |_| ());
    let mut line = stage.plain().await;
    line.send("PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(line.end().await, "");
    stage.told.until("the failure", |told| !told.failed.lock().is_empty()).await;
    assert!(stage.told.failed.lock()[0].contains("127.0.0.1 proxy_protocol.refused: the peer is not among"));
}

#[tokio::test]
async fn without_the_option_a_header_is_a_malformed_request() {
    let mut draft = Draft::default();
    draft.settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let stage = draft.start();
    for header in [b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n".to_vec(), version_2(0x20, 0, &[])] {
        let mut line = stage.plain().await;
        line.send(header).await;
        line.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer = line.end().await;
        assert!(!answer.contains(" 200 ") && !answer.contains("192.0.2.7"), "{answer}");
    }
}

#[tokio::test]
async fn each_announced_client_has_its_own_share_of_connections() {
    let stage = stage("127.0.0.0/8", |draft| draft.settings.server.limits.connections_per_address = Some(2));
    let mut open = Vec::new();
    for (client, good) in [("192.0.2.1", true), ("192.0.2.1", true), ("192.0.2.1", false), ("192.0.2.2", true)] {
        let mut line = stage.plain().await;
        line.send(format!("PROXY TCP4 {client} 10.0.0.1 1 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(line.answer().await.is_ok(), good, "{client}");
        open.push(line);
    }
    assert_eq!(*stage.told.refused.lock(), [Refused::Address]);
}

#[tokio::test]
async fn tls_begins_behind_the_header() {
    let authority = Authority::new("ca");
    let tls = vec![authority.named(&["a.example"])];
    let stage = stage("127.0.0.0/8", |draft| draft.tls = tls);
    let mut line = stage.plain().await;
    line.send("PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n").await;
    let mut line = handshake(line.0, &authority.client(), "a.example").await.unwrap();
    let answer = line.get("a.example", "").await;
    assert!(answer.contains("peer=192.0.2.7:12345 ") && answer.contains(" scheme=https "), "{answer}");
    assert!(stage.tls(&authority.client(), "a.example").await.is_err());
}
