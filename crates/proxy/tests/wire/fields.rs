//! Fields that do not travel on, and those that the gateway writes itself.

use tollgate_core::settings::UpstreamHost;

use super::support::{Gate, OK, Setup, Upstream, soon};

/// What the upstream sees of these fields.
async fn through(setup: impl FnOnce(&mut Setup), fields: &str) -> String {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let mut with = Setup::to(upstream.url());
    setup(&mut with);
    let gate = with.start().await;
    let mut client = gate.client().await;
    client.send(format!("GET / HTTP/1.1\r\nHost: gate.example\r\n{fields}\r\n")).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    soon("the request", seen.recv()).await.unwrap()
}

#[tokio::test]
async fn hop_by_hop_fields_and_what_connection_names_stay_behind() {
    let request = through(
        |_| {},
        "Connection: X-Secret, keep-alive, close\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\nTE: gzip\r\nUpgrade: websocket\r\nHTTP2-Settings: x\r\nProxy: x\r\nExpect: 100-continue\r\nX-Stays: 1\r\n",
    )
    .await;
    for gone in
        ["x-secret", "keep-alive", "connection", "proxy", "te:", "upgrade", "http2-settings", "expect", "websocket"]
    {
        assert!(!request.to_lowercase().contains(&format!("\n{gone}")), "{gone}: {request}");
    }
    assert!(request.contains("x-stays: 1\r\n"));
}

#[tokio::test]
async fn connection_cannot_name_the_framing_away() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length, host\r\nContent-Length: 5\r\n\r\nhello")
        .await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.contains("content-length: 5\r\n") && request.ends_with("hello"), "{request}");
    assert!(request.contains("host: "), "{request}");
}

#[tokio::test]
async fn nobody_speaks_in_the_gateways_name() {
    let request = through(
        |with| with.settings.hygiene.allow_underscore = vec!["x_tollgate_consumer".to_owned(), "x_ok".to_owned()],
        "X-Tollgate-Consumer: evil\r\nx-tollgate-anything: evil\r\nX_Tollgate_Consumer: evil\r\nX.Tollgate.Consumer: evil\r\nX-Tollgate_User: evil\r\nx_ok: fine\r\nX_Other: evil\r\nX-Tollgates: fine\r\n",
    )
    .await;
    assert!(!request.contains("evil"), "{request}");
    assert_eq!(request.matches("fine").count(), 2, "{request}");
}

#[tokio::test]
async fn the_forwarding_fields_of_strangers_are_not_believed() {
    let request = through(
        |_| {},
        "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 666\r\nX-Forwarded-Prefix: /evil\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Original-URL: /evil\r\nX-Rewrite-URL: /evil\r\nX-Scheme: evil\r\nTrue-Client-IP: 6.6.6.6\r\nCF-Connecting-IP: 6.6.6.6\r\nX-Client-IP: 6.6.6.6\r\nX-Cluster-Client-IP: 6.6.6.6\r\nX-HTTP-Method-Override: evil\r\nX-Method-Override: evil\r\n",
    )
    .await;
    assert!(!request.contains("6.6.6.6") && !request.contains("evil") && !request.contains("666"), "{request}");
    for expected in [
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-real-ip: 127.0.0.1\r\n",
        "x-forwarded-proto: http\r\n",
        "x-forwarded-host: gate.example\r\n",
        "x-forwarded-port: 80\r\n",
        "forwarded: for=127.0.0.1;host=gate.example;proto=http\r\n",
    ] {
        assert!(request.contains(expected), "{expected} {request}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_about_the_caller() {
    let request = through(
        |with| with.settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()],
        "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: api.example\r\n",
    )
    .await;
    for expected in [
        "x-forwarded-for: 6.6.6.6, 192.0.2.7, 127.0.0.1\r\n",
        "x-real-ip: 192.0.2.7\r\n",
        "x-forwarded-proto: https\r\n",
        "x-forwarded-host: api.example\r\n",
        "x-forwarded-port: 443\r\n",
    ] {
        assert!(request.contains(expected), "{expected} {request}");
    }
}

#[tokio::test]
async fn the_host_of_the_client_passes_on_where_the_upstream_wants_it() {
    let request = through(|with| with.upstream.host = UpstreamHost::Client, "").await;
    assert!(request.contains("host: gate.example\r\n"), "{request}");
}

#[tokio::test]
async fn hop_by_hop_fields_of_the_answer_stay_behind() {
    let (upstream, _seen) = Upstream::echoing(
        b"HTTP/1.1 200 OK\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nUpgrade: h2c\r\nX-Stays: 1\r\nContent-Length: 2\r\n\r\nok",
    )
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await.to_lowercase();
    for gone in ["x-secret", "keep-alive", "proxy-authenticate", "upgrade", "connection"] {
        assert!(!answer.contains(gone), "{gone}: {answer}");
    }
    assert!(answer.contains("x-stays: 1\r\n") && answer.contains("content-length: 2\r\n"), "{answer}");
}
