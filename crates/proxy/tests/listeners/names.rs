//! Which certificate answers, and in which words.

use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::authority::Authority;
use super::stage::{Draft, Line};

fn shown(line: &Line<TlsStream<TcpStream>>) -> Vec<CertificateDer<'static>> {
    line.0.get_ref().1.peer_certificates().unwrap().to_vec()
}

#[tokio::test]
async fn the_name_that_a_client_asks_for_chooses_the_certificate() {
    let authority = Authority::new("ca");
    let tls = vec![
        authority.named(&["default.example", "127.0.0.1"]),
        authority.named(&["*.b.example"]),
        authority.named(&["a.b.example"]),
    ];
    let stage = Draft { tls, ..Draft::default() }.start();
    let client = authority.client();
    let mut seen = Vec::new();
    for name in ["default.example", "x.b.example", "a.b.example", "127.0.0.1"] {
        // The client itself checks that the certificate is good for the name.
        let mut line = stage.tls(&client, name).await.unwrap();
        seen.push(shown(&line));
        let answer = line.get(name, "").await;
        let sni = if name == "127.0.0.1" { "" } else { name };
        assert!(answer.contains(&format!(" sni={sni} ")), "{answer}");
    }
    assert!(seen[0] == seen[3] && seen[0] != seen[1] && seen[1] != seen[2]);
    let unknown = stage.tls(&client, "unknown.example").await.err().unwrap().to_string();
    assert!(unknown.contains("not valid for name"), "{unknown}");
}

#[tokio::test]
async fn upstreams_hear_of_https_and_the_log_of_version_and_cipher() {
    let authority = Authority::new("ca");
    let stage = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() }.start();
    for (version, name, cipher) in [(&TLS12, "1.2", "TLS_ECDHE_"), (&TLS13, "1.3", "TLS_AES_")] {
        let answer = stage.ask(&authority.client_with(None, &[version]), "a.example").await;
        for part in [
            " scheme=https ",
            &format!(" version={name} cipher={cipher}"),
            "x-forwarded-proto: https\n",
            "x-forwarded-port: 443\n",
            "proto=https\n",
        ] {
            assert!(answer.contains(part), "{part}: {answer}");
        }
    }
}

#[tokio::test]
async fn http2_is_agreed_on_where_the_client_offers_it_and_strangers_protocols_are_refused() {
    let authority = Authority::new("ca");
    let stage = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() }.start();
    for (offered, expected) in
        [(vec!["h2", "http/1.1"], Some(&b"h2"[..])), (vec!["http/1.1"], Some(b"http/1.1")), (vec![], None)]
    {
        let mut client = authority.client();
        client.alpn_protocols = offered.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let mut line = stage.tls(&client, "a.example").await.unwrap();
        assert_eq!(line.0.get_ref().1.alpn_protocol(), expected);
        if expected != Some(b"h2") {
            assert!(line.get("a.example", "").await.starts_with("HTTP/1.1 200"));
        } else {
            // An HTTP/2 server begins with a SETTINGS frame.
            line.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
            let mut frame = [0; 9];
            super::stage::soon("the frame", tokio::io::AsyncReadExt::read_exact(&mut line.0, &mut frame))
                .await
                .unwrap();
            assert_eq!(frame[3], 4);
        }
    }
    let mut client = authority.client();
    client.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    assert!(stage.tls(&client, "a.example").await.is_err());
    stage.told.until("the failure", |told| told.failed.lock().len() == 1).await;
    assert!(stage.told.failed.lock()[0].contains("tls.handshake"));
}

#[tokio::test]
async fn sessions_are_resumed() {
    let authority = Authority::new("ca");
    let stage = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() }.start();
    for version in [&TLS12, &TLS13] {
        let client = authority.client_with(None, &[version]);
        stage.told.resumed.lock().clear();
        for _ in 0..2 {
            // The ticket of TLS 1.3 comes with the first bytes of an answer.
            stage.ask(&client, "a.example").await;
        }
        assert_eq!(*stage.told.resumed.lock(), [false, true]);
    }
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_told_to_write_https() {
    let authority = Authority::new("ca");
    let stage = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() }.start();
    let mut line = stage.plain().await;
    let answer = line.get("a.example", "").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("write https://"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(line.end().await, "");
}

#[tokio::test]
async fn what_is_neither_tls_nor_http_is_closed_and_told_and_silence_is_not() {
    let authority = Authority::new("ca");
    let stage = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() }.start();
    drop(stage.plain().await);
    let mut line = stage.plain().await;
    line.send([0, 1, 2, 3, 4, 5, 6, 7, 8]).await;
    line.end().await;
    stage.told.until("the failure", |told| !told.failed.lock().is_empty()).await;
    assert_eq!(stage.told.failed.lock().len(), 1);
}
