//! Listeners of the built binary: TLS with certificates that are replaced, several addresses, the
//! PROXY protocol, the end of the descriptors.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use support::{SOON, World};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tollgate_testkit::Child;
use tollgate_testkit::process::{free_port, wait_for_file};

const NAME: &str = "api.example";
/// A path that the gateway answers itself.
const OWN: &str = "/__tollgate/issuer/.well-known/jwks.json";

/// Writes a certificate of a new authority, and gives a client that trusts that alone.
fn renew(world: &World) -> ClientConfig {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    world.write("tls/cert.pem", &certificate.pem());
    world.write("tls/key.pem", &key.serialize_pem());
    private(world, "tls/key.pem");
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let mut client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    // A session that is resumed shows no certificate, and these tests look at certificates.
    client.resumption = rustls::client::Resumption::disabled();
    client
}

fn private(world: &World, name: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(world.path().join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}

async fn connect(address: &str, client: &ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let connector = TlsConnector::from(Arc::new(client.clone()));
    connector.connect(ServerName::try_from(NAME).unwrap(), stream).await
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> String {
    stream.write_all(format!("GET {OWN} HTTP/1.1\r\nHost: {NAME}\r\n\r\n").as_bytes()).await.unwrap();
    let mut chunk = [0; 8192];
    let read = tokio::time::timeout(SOON, stream.read(&mut chunk)).await.unwrap().unwrap_or(0);
    String::from_utf8_lossy(&chunk[..read]).into_owned()
}

async fn eventually<F: Future<Output = bool>>(what: &str, gateway: &support::Gateway, good: impl Fn() -> F) {
    let looking = async {
        while !good().await {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(SOON, looking).await.is_err() {
        panic!("{what} never happened\n{}", gateway.child.output());
    }
}

async fn management(gateway: &support::Gateway, path: &str) -> String {
    let reply = tollgate_testkit::client::get(&format!("{}{path}", gateway.management), &[]).await.unwrap();
    String::from_utf8_lossy(&reply.body).into_owned()
}

const WITH_TLS: &str = "server:\n  tls:\n    certificates:\n      - { certificate: tls/cert.pem, key: tls/key.pem }\n";

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_replaced_under_open_connections_and_broken_ones_change_nothing() {
    let world = World::with_project("http://127.0.0.1:1");
    world.write("tollgate.yaml", WITH_TLS);
    let old = renew(&world);
    let gateway = world.start(&["run", "."]).await;
    let address = gateway.url.trim_start_matches("http://").to_owned();
    let mut open = connect(&address, &old).await.unwrap();
    assert!(ask(&mut open).await.starts_with("HTTP/1.1 200"));
    gateway.child.wait_for_line(&format!("https://{address}"), SOON).await.unwrap();
    gateway.child.wait_for_line("\"sni\":\"api.example\"", SOON).await.unwrap();

    let new = renew(&world);
    eventually("the new certificate", &gateway, async || connect(&address, &new).await.is_ok()).await;
    assert!(connect(&address, &old).await.is_err());
    assert!(ask(&mut open).await.starts_with("HTTP/1.1 200"), "what was open goes on");

    world.write("tls/key.pem", "no key at all");
    eventually("the degradation", &gateway, async || {
        management(&gateway, "/readyz").await.contains("has no private key in it")
    })
    .await;
    assert!(management(&gateway, "/readyz").await.contains("degraded"));
    assert!(management(&gateway, "/metrics").await.contains("tollgate_certificates_failed_total 1"));
    assert!(connect(&address, &new).await.is_ok());
    gateway.child.wait_for_line("those in force stay", SOON).await.unwrap();
    // The same by a reload of everything.
    gateway.child.signal("HUP").await.unwrap();
    gateway.child.wait_for_line("was not applied", SOON).await.unwrap();
    assert!(connect(&address, &new).await.is_ok());

    let newest = renew(&world);
    gateway.child.signal("HUP").await.unwrap();
    eventually("the newest certificate", &gateway, async || connect(&address, &newest).await.is_ok()).await;
    eventually("readiness", &gateway, async || management(&gateway, "/readyz").await.contains("\"ready\"")).await;
    let metrics = management(&gateway, "/metrics").await;
    assert!(metrics.contains("tollgate_certificate_not_after_seconds{"), "{metrics}");
    assert!(metrics.contains("tollgate_tls_handshakes_total{version=\"1.3\""), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_listeners_is_told_at_its_line() {
    let world = World::with_project("http://127.0.0.1:1");
    renew(&world);
    let other = KeyPair::generate().unwrap();
    world.write("tls/other.pem", &other.serialize_pem());
    private(&world, "tls/other.pem");
    world.write("tls/readable.pem", &world.read("tls/key.pem"));
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    world.write("tls/expired.pem", &params.self_signed(&other).unwrap().pem());
    let pair = |certificate: &str, key: &str| {
        format!("server:\n  tls:\n    certificates:\n      - certificate: {certificate}\n        key: {key}\n")
    };
    for (settings, line, code, is_error) in [
        (pair("tls/cert.pem", "tls/key.pem"), 0, "no mistakes", false),
        (pair("tls/none.pem", "tls/key.pem"), 4, "invalid-certificate", true),
        (pair("tls/cert.pem", "tls/none.pem"), 5, "invalid-certificate", true),
        (pair("tls/cert.pem", "tls/other.pem"), 5, "is not the key of the certificate", true),
        (pair("tls/key.pem", "tls/key.pem"), 4, "has no certificate in it", true),
        (pair("tls/expired.pem", "tls/other.pem"), 4, "certificate-expired", false),
        (pair("tls/cert.pem", "tls/readable.pem"), 5, "readable-key", false),
        ("server:\n  tls: {}\n".to_owned(), 2, "no-certificate", true),
        ("server:\n  proxyProtocol: required\n".to_owned(), 2, "untrusted-proxy", true),
        ("server:\n  proxyProtocol: optional\n".to_owned(), 2, "required", true),
        ("server:\n  listeners:\n    - address: example:443\n".to_owned(), 3, "invalid-address", true),
        (
            "server:\n  listeners:\n    - address: 127.0.0.1:80\n    - address: 0.0.0.0:80\n".to_owned(),
            4,
            "same-address",
            true,
        ),
        (format!("{WITH_TLS}    clientCertificates:\n      ca: tls/key.pem\n"), 6, "has no certificate in it", true),
    ] {
        world.write("tollgate.yaml", &settings);
        let checked = world.tollgate(&["check", "."]).await;
        assert_eq!(checked.code, i32::from(is_error), "{settings}\n{checked:?}");
        assert!(checked.stdout.contains(code), "{settings}\n{}", checked.stdout);
        assert!(
            line == 0 || checked.stdout.contains(&format!("tollgate.yaml:{line}:")),
            "{settings}\n{}",
            checked.stdout
        );
        if is_error {
            let run = world.tollgate(&["run", ".", "--listen", "127.0.0.1:0"]).await;
            assert_eq!(run.code, 78, "{settings}\n{run:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listener_serves_and_is_announced_and_one_that_is_taken_is_told() {
    let world = World::with_project("http://127.0.0.1:1");
    let client = renew(&world);
    world.write(
        "tollgate.yaml",
        "server:\n  trustedProxies: [127.0.0.0/8]\n  listeners:\n    - address: '[::1]:0'\n      tls: { certificates: [{ certificate: tls/cert.pem, key: tls/key.pem }] }\n    - { address: '127.0.0.1:0', proxyProtocol: required }\n",
    );
    for mode in ["dev", "run"] {
        let mut gateway = world.start(&[mode, "."]).await;
        let ready: Value = serde_json::from_str(&world.read("ready.json")).unwrap();
        let addresses: Vec<&str> =
            ready["listeners"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        assert_eq!(addresses[0], ready["listen"]);
        for url in [
            format!("http://{}", addresses[0]),
            format!("https://{}", addresses[1]),
            format!("http://{}", addresses[2]),
        ] {
            gateway.child.wait_for_line(&url, SOON).await.unwrap();
        }
        assert!(ask(&mut TcpStream::connect(addresses[0]).await.unwrap()).await.starts_with("HTTP/1.1 200"));
        assert!(ask(&mut connect(addresses[1], &client).await.unwrap()).await.starts_with("HTTP/1.1 200"));
        let mut announced = TcpStream::connect(addresses[2]).await.unwrap();
        announced.write_all(b"PROXY TCP4 192.0.2.7 10.0.0.1 1 80\r\n").await.unwrap();
        assert!(ask(&mut announced).await.starts_with("HTTP/1.1 200"));
        if mode == "run" {
            gateway.child.wait_for_line("\"client\":\"192.0.2.7\"", SOON).await.unwrap();
        }
        gateway.child.signal("TERM").await.unwrap();
        assert!(gateway.child.wait(SOON).await.unwrap().success());
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    world.write("tollgate.yaml", &format!("server:\n  listeners:\n    - address: {address}\n"));
    let run = world.tollgate(&["run", ".", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0"]).await;
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr.contains(&format!("cannot listen on {address}")) && run.stderr.contains("something listens there")
    );
}

/// The process may open 64 descriptors, and is told to take 1,000 connections.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_descriptors_waits_serves_who_is_there_and_goes_on() {
    let world = World::with_project("http://127.0.0.1:1");
    world.write("tollgate.yaml", "server:\n  limits: { connections: 1000 }\n");
    let (listen, managed) = (free_port().unwrap(), free_port().unwrap());
    let ready = world.path().join("ready.json");
    let command = format!(
        "ulimit -n 64; exec {} run . --listen 127.0.0.1:{listen} --management-listen 127.0.0.1:{managed} --ready-file ready.json",
        env!("CARGO_BIN_EXE_tollgate")
    );
    let child = Child::spawn("sh", &["-c", &command], world.path(), &[]).unwrap();
    if let Err(error) = wait_for_file(&ready, SOON).await {
        panic!("{error}\n{}", child.output());
    }
    let address = format!("127.0.0.1:{listen}");
    let mut first = TcpStream::connect(&address).await.unwrap();
    assert!(ask(&mut first).await.starts_with("HTTP/1.1 200"));
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(TcpStream::connect(&address).await.unwrap());
    }
    child.wait_for_line("cannot accept connections", SOON).await.unwrap();
    assert!(ask(&mut first).await.starts_with("HTTP/1.1 200"), "who is there is served");
    drop(crowd);
    let mut late = TcpStream::connect(&address).await.unwrap();
    assert!(ask(&mut late).await.starts_with("HTTP/1.1 200"), "and so is who comes when there is room again");
    let metrics = tollgate_testkit::client::get(&format!("http://127.0.0.1:{managed}/metrics"), &[]).await.unwrap();
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains("tollgate_accepts_paused_total{reason=\"descriptors\"}"), "{metrics}");
}
