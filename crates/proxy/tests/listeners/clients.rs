//! Certificates of clients.

use rustls::DEFAULT_VERSIONS;
use tollgate_core::settings::ClientCertificateMode::{Optional, Required};
use tollgate_core::settings::ForwardedCertificate;

use super::authority::Authority;
use super::stage::{Draft, Stage};

/// The answer, or why there is none: with TLS 1.3 a client learns that it was refused when it reads.
async fn ask(stage: &Stage, client: &rustls::ClientConfig, name: &str) -> Result<String, String> {
    let mut line = stage.tls(client, name).await.map_err(|error| error.to_string())?;
    line.send(format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n")).await;
    line.answer().await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_certificate_is_demanded_or_welcome_and_a_wrong_one_never_good() {
    let (servers, people, strangers) =
        (Authority::new("servers"), Authority::new("people"), Authority::new("strangers"));
    for (mode, without) in [(Required, false), (Optional, true)] {
        let rules = people.rules(mode, None);
        let stage = Draft { tls: vec![servers.guarded(&["a.example"], Some(&rules))], ..Draft::default() }.start();
        for version in DEFAULT_VERSIONS {
            let good = servers.client_with(Some(people.make("alice", &["alice.example"])), &[version]);
            let answer = ask(&stage, &good, "a.example").await.unwrap();
            assert!(answer.contains(" client=CN=alice\n"), "{answer}");
            let wrong = servers.client_with(Some(strangers.make("mallory", &["m.example"])), &[version]);
            assert!(ask(&stage, &wrong, "a.example").await.is_err());
            let none = ask(&stage, &servers.client_with(None, &[version]), "a.example").await;
            assert_eq!(none.is_ok(), without, "{mode:?}: {none:?}");
            assert!(none.is_err() || none.unwrap().contains(" client=\n"));
        }
        let failures = if without { 2 } else { 4 };
        stage.told.until("the failures", |told| told.failed.lock().len() == failures).await;
        assert!(stage.told.failed.lock().iter().all(|failure| failure.contains("127.0.0.1 tls.handshake: ")));
    }
}

/// Otherwise a ticket would stand in for the certificate, or one listener's for another's.
#[tokio::test]
async fn a_client_with_a_certificate_proves_itself_on_every_connection() {
    let authority = Authority::new("ca");
    let rules = authority.rules(Required, None);
    let tls = vec![authority.named(&["open.example"]), authority.guarded(&["closed.example"], Some(&rules))];
    let stage = Draft { tls, ..Draft::default() }.start();
    for version in DEFAULT_VERSIONS {
        let client = authority.client_with(Some(authority.make("alice", &["alice.example"])), &[version]);
        stage.told.resumed.lock().clear();
        for name in ["open.example", "closed.example", "closed.example"] {
            ask(&stage, &client, name).await.unwrap();
        }
        assert_eq!(*stage.told.resumed.lock(), [false, false, false]);
    }
}

#[tokio::test]
async fn a_connection_made_for_one_name_does_not_serve_another_with_other_rules() {
    let authority = Authority::new("ca");
    let rules = authority.rules(Required, None);
    let tls = vec![
        authority.named(&["open.example", "127.0.0.1"]),
        authority.guarded(&["closed.example", "*.closed.example"], Some(&rules)),
        authority.named(&["too.example"]),
    ];
    let stage = Draft { tls, ..Draft::default() }.start();
    let anonymous = authority.client();
    let known = authority.client_with(Some(authority.make("alice", &["alice.example"])), DEFAULT_VERSIONS);
    for (client, sni, host, expected) in [
        (&anonymous, "open.example", "open.example", 200),
        (&anonymous, "open.example", "too.example:8443", 200),
        (&anonymous, "open.example", "anything.example", 200),
        (&anonymous, "open.example", "closed.example", 421),
        (&anonymous, "open.example", "CLOSED.example.:443", 421),
        (&anonymous, "open.example", "x.closed.example", 421),
        (&anonymous, "127.0.0.1", "closed.example", 421),
        (&known, "open.example", "closed.example", 421),
        (&known, "closed.example", "closed.example", 200),
        (&known, "closed.example", "x.closed.example", 200),
        (&known, "closed.example", "open.example", 421),
    ] {
        let answer = stage.tls(client, sni).await.unwrap().get(host, "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{sni} {host}: {answer}");
    }
    // One answer of 421 is no reason to close: the next request may be for the right name.
    let mut line = stage.tls(&anonymous, "open.example").await.unwrap();
    assert!(line.get("closed.example", "").await.starts_with("HTTP/1.1 421"));
    assert!(line.get("open.example", "").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn rules_that_change_hold_for_connections_that_are_open_too() {
    let authority = Authority::new("ca");
    let stage = Draft { tls: vec![authority.named(&["a.example"])], ..Draft::default() }.start();
    let mut line = stage.tls(&authority.client(), "a.example").await.unwrap();
    assert!(line.get("a.example", "").await.starts_with("HTTP/1.1 200"));
    let rules = authority.rules(Required, None);
    let endpoint = stage.endpoint.as_ref().unwrap();
    endpoint.replace(vec![authority.guarded(&["a.example"], Some(&rules))], super::stage::OFFER).unwrap();
    assert!(line.get("a.example", "").await.starts_with("HTTP/1.1 421"));
}

#[tokio::test]
async fn upstreams_hear_of_a_certificate_where_that_is_asked_for_and_from_the_gateway_alone() {
    let authority = Authority::new("ca");
    let claims = "X-Forwarded-Client-Cert: Hash=0\r\nClient-Cert: :AA==:\r\nClient-Cert-Chain: :AA==:\r\nX-SSL-Client-Verify: SUCCESS\r\nSSL-Client-Cert: x\r\nX-Client-Cert: x\r\nX-Amzn-Mtls-Clientcert: x\r\n";
    for (forward, field) in [
        (None, None),
        (Some(ForwardedCertificate::XForwardedClientCert), Some("x-forwarded-client-cert: Hash=")),
        (Some(ForwardedCertificate::ClientCert), Some("client-cert: :MII")),
    ] {
        let rules = authority.rules(Optional, forward);
        // Not even a proxy that is trusted speaks for the client where the gateway itself does.
        let mut draft = Draft { tls: vec![authority.guarded(&["a.example"], Some(&rules))], ..Draft::default() };
        if forward.is_some() {
            draft.settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        }
        let stage = draft.start();
        let known = authority.client_with(Some(authority.make("alice", &["alice.example"])), DEFAULT_VERSIONS);
        for (client, known) in [(known, true), (authority.client(), false)] {
            let answer = stage.tls(&client, "a.example").await.unwrap().get("a.example", claims).await;
            assert!(answer.starts_with("HTTP/1.1 200"));
            let name = field.and_then(|field| field.split_once(": ")).map(|(name, _)| format!("{name}: "));
            let told = |line: &&str| match &name {
                Some(name) => {
                    line.starts_with(name) || (name == "client-cert: " && line.starts_with("client-cert-chain"))
                }
                None => line.contains("cert") || line.contains("ssl"),
            };
            let said: Vec<&str> = answer.lines().filter(told).collect();
            match field.filter(|_| known) {
                Some(field) => assert!(said.len() == 1 && said[0].starts_with(field), "{answer}"),
                None => assert!(said.is_empty(), "{answer}"),
            }
        }
    }
}
