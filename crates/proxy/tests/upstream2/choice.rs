//! Which protocol is spoken.

use std::sync::Arc;

use h2::server::Builder;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;
use tollgate_core::settings::UpstreamProtocol;
use tollgate_proxy::upstream::MapHosts;

use super::server::{Call, GET, ask, serve};
use super::support::{Gate, OK, Setup, Upstream};

/// A TLS server that offers `protocols` and speaks what is chosen; tells of each connection what
/// that was.
async fn server(protocols: &[&[u8]]) -> (std::net::SocketAddr, String, UnboundedReceiver<&'static str>) {
    let made = rcgen::generate_simple_self_signed(vec!["api.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, tell) = (acceptor.clone(), tell.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else { return };
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    let _ = tell.send("h2");
                    return serve(stream, Builder::new(), Arc::new(|mut call: Call| async move { call.answer("ok") }))
                        .await;
                }
                let _ = tell.send("http/1.1");
                let mut chunk = vec![0; 4096];
                while let Ok(1..) = stream.read(&mut chunk).await {
                    stream.write_all(OK).await.unwrap();
                }
            });
        }
    });
    (address, made.cert.pem(), told)
}

async fn before(protocols: &[&[u8]], protocol: UpstreamProtocol) -> (Gate, UnboundedReceiver<&'static str>) {
    let (address, pem, told) = server(protocols).await;
    let mut setup = Setup::to("https://api.example");
    let mut hosts = MapHosts::default();
    hosts.add(&format!("api.example={address}"), true).unwrap();
    setup.map_hosts = hosts;
    setup.upstream.tls.ca = Some(pem);
    setup.upstream.protocol = protocol;
    (setup.start().await, told)
}

#[tokio::test]
async fn over_tls_the_handshake_chooses_and_no_connection_is_wasted() {
    for (protocols, protocol, chosen) in [
        (&[&b"h2"[..], b"http/1.1"][..], UpstreamProtocol::Auto, "h2"),
        (&[b"http/1.1"], UpstreamProtocol::Auto, "http/1.1"),
        (&[], UpstreamProtocol::Auto, "http/1.1"),
        (&[b"h2", b"http/1.1"], UpstreamProtocol::Http1, "http/1.1"),
        (&[b"h2", b"http/1.1"], UpstreamProtocol::Http2, "h2"),
    ] {
        let (gate, mut told) = before(protocols, protocol).await;
        for _ in 0..3 {
            let answer = ask(&gate, GET).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        assert_eq!(told.recv().await, Some(chosen), "{protocols:?} {protocol:?}");
        assert!(told.try_recv().is_err(), "one connection for three requests");
    }
}

#[tokio::test]
async fn http2_that_the_server_does_not_choose_is_502() {
    for protocols in [&[&b"http/1.1"[..]][..], &[]] {
        let (gate, _told) = before(protocols, UpstreamProtocol::Http2).await;
        let answer = ask(&gate, GET).await;
        assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.no_http2"), "{answer}");
    }
}

#[tokio::test]
async fn without_tls_auto_is_http1() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Setup::to(upstream.url()).start().await;
    assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    assert!(seen.recv().await.unwrap().starts_with("GET / HTTP/1.1\r\n"));
}
