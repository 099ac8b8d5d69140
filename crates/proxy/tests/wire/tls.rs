//! Upstreams behind TLS.

use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tollgate_proxy::upstream::MapHosts;

use super::support::{OK, Setup, Upstream, soon};

/// A TLS server for `api.example` that answers every request with 200; and its certificate.
async fn server() -> (std::net::SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(vec!["api.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else { return };
                let mut chunk = vec![0; 4096];
                while let Ok(n @ 1..) = stream.read(&mut chunk).await {
                    assert!(chunk[..n].ends_with(b"\r\n\r\n"));
                    stream.write_all(OK).await.unwrap();
                }
            });
        }
    });
    (address, made.cert.pem())
}

async fn ask(setup: Setup) -> (String, Vec<bool>) {
    let gate = setup.start().await;
    let mut client = gate.client().await;
    let mut answer = String::new();
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        answer = soon("the answer", client.answer()).await;
    }
    let tls = gate.records().iter().map(|record| record.timings.tls.is_some()).collect();
    (answer, tls)
}

fn mapped(address: std::net::SocketAddr, tls: bool) -> MapHosts {
    let mut hosts = MapHosts::default();
    hosts.add(&format!("api.example={address}"), tls).unwrap();
    hosts
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_the_upstream_names_it_and_the_connection_is_kept() {
    let (address, pem) = server().await;
    let mut setup = Setup::to("https://api.example");
    setup.map_hosts = mapped(address, true);
    setup.upstream.tls.ca = Some(pem);
    let (answer, tls) = ask(setup).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(tls, [true, false], "the second request needs no handshake");
}

#[tokio::test]
async fn an_unknown_authority_and_a_wrong_name_are_502() {
    let (address, pem) = server().await;
    let mut unknown = Setup::to("https://api.example");
    unknown.map_hosts = mapped(address, true);
    let mut misnamed = Setup::to(format!("https://{address}"));
    misnamed.upstream.tls.ca = Some(pem.clone());
    for setup in [unknown, misnamed] {
        let (answer, _) = ask(setup).await;
        assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.tls"), "{answer}");
    }
    let mut renamed = Setup::to(format!("https://{address}"));
    renamed.upstream.tls.ca = Some(pem);
    renamed.upstream.tls.server_name = Some("api.example".to_owned());
    assert!(ask(renamed).await.0.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_502() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let plain = Upstream::play(|_, mut conn| async move {
        conn.exactly(1).await;
        conn.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    drop(upstream);
    let (answer, _) = ask(Setup::to(format!("https://{}", plain.address))).await;
    assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.tls"), "{answer}");
}

#[tokio::test]
async fn a_mapped_host_is_spoken_to_in_plain_http_and_keeps_its_name() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let mut setup = Setup::to("https://api.example");
    setup.map_hosts = mapped(upstream.address, false);
    assert!(ask(setup).await.0.starts_with("HTTP/1.1 200"));
    assert!(soon("the request", seen.recv()).await.unwrap().contains("host: api.example\r\n"));
}
