//! Several nodes on one PostgreSQL: what one changes is in force on the others, they sign with one
//! set of keys, and they go on without it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use support::{Ended, Gateway, SOON, World, document};
use tollgate_testkit::CapturingUpstream;
use tollgate_testkit::servers::{Fault, FaultProxy, PostgresServer};

const OK: StatusCode = StatusCode::OK;
const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

/// A database with a proxy in front of it, and an upstream.
struct Cluster {
    server: PostgresServer,
    database: String,
    proxy: FaultProxy,
    upstream: CapturingUpstream,
}

impl Cluster {
    async fn new() -> Self {
        let server = PostgresServer::start(&[]).unwrap();
        let database = server.database().unwrap();
        let proxy = FaultProxy::start(server.address()).await.unwrap();
        Self { server, database, proxy, upstream: CapturingUpstream::start().await.unwrap() }
    }

    /// The database, directly.
    fn url(&self) -> String {
        self.server.url(&self.database)
    }

    /// The database, behind the proxy.
    fn proxied(&self) -> String {
        PostgresServer::url_at(self.proxy.address(), &self.database)
    }

    /// A machine with the project on it.
    fn world(&self) -> World {
        let world = World::empty();
        world.write("openapi.yaml", &document(&self.upstream.url(), "auth: api-key"));
        world.write("tollgate.yaml", "publicUrl: https://api.test\nkeys: { maxStale: 1h }\n");
        world
    }

    /// A command on a machine that has nothing but the store's URL.
    async fn command(&self, arguments: &[&str]) -> Ended {
        let world = World::empty();
        let url = self.url();
        let mut all = arguments.to_vec();
        all.extend(["--store", url.as_str()]);
        world.tollgate(&all).await
    }

    async fn key(&self, consumer: &str) -> (String, String) {
        self.command(&["consumer", "create", consumer]).await.good();
        let key = self.command(&["key", "create", consumer, "--output", "json"]).await.good().json();
        (key["id"].as_str().unwrap().to_owned(), key["key"].as_str().unwrap().to_owned())
    }
}

async fn run(world: &World, url: &str) -> Gateway {
    world.start(&["run", ".", "--store", url]).await
}

async fn kids(gateway: &Gateway) -> BTreeSet<String> {
    let jwks = support::jwks(gateway).await;
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn metric(gateway: &Gateway, name: &str) -> String {
    let url = format!("{}/metrics", gateway.management);
    let reply = tollgate_testkit::client::get(&url, &[]).await.unwrap();
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
}

/// The load balancer sends a call that is made again to another node: it gets the answer of the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_made_on_one_node_is_not_made_again_on_another() {
    let cluster = Cluster::new().await;
    let (one, two) = (cluster.world(), cluster.world());
    let (first, second) = (run(&one, &cluster.url()).await, run(&two, &cluster.url()).await);
    cluster.command(&["consumer", "create", "acme"]).await.good();
    let token = cluster.command(&["operator", "create", "ci", "--scope", "keys:write"]).await.good().stdout;
    let authorization = format!("Bearer {}", token.trim());
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "order-4711"),
    ];
    let mut answers = Vec::new();
    for node in [&first, &second] {
        let url = format!("{}/v1/keys", node.management);
        let body = r#"{"consumer":"acme"}"#;
        let reply = tollgate_testkit::client::send(http::Method::POST, &url, &headers, body).await.unwrap();
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        answers.push(reply.json());
    }
    assert_eq!(answers[0], answers[1]);
    let keys = cluster.command(&["key", "list", "--output", "json"]).await.good().json();
    assert_eq!(keys.as_array().unwrap().len(), 1);
}

/// Nobody is told that a good token is a wrong one, and whoever has the bootstrap token still sees what is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_away_operators_wait_and_the_bootstrap_token_works() {
    let cluster = Cluster::new().await;
    let world = cluster.world();
    let node = run(&world, &cluster.proxied()).await;
    let token = cluster.command(&["operator", "create", "ci", "--scope", "admin"]).await.good().stdout;
    let bootstrap = world.read(".tollgate/management.token");
    let status = async |token: &str, path: &str| node.manage(http::Method::GET, path, token.trim(), "").await.status;
    assert_eq!(status(&token, "/v1/status").await, OK);
    cluster.proxy.set(Fault::Cut);
    assert_eq!(status(&token, "/v1/status").await, UNAVAILABLE);
    assert_eq!(status(&bootstrap, "/v1/status").await, OK);
    assert_eq!(status(&bootstrap, "/v1/consumers").await, UNAVAILABLE);
    assert_eq!(status("wrong", "/v1/status").await, UNAVAILABLE, "nobody knows whether it is");
    cluster.proxy.set(Fault::Pass);
    let again = async {
        while status(&token, "/v1/consumers").await != OK {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("it comes back by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_or_a_command_changes_is_in_force_on_the_others_within_a_second() {
    let cluster = Cluster::new().await;
    let (one, two) = (cluster.world(), cluster.world());
    let (first, second) = (run(&one, &cluster.url()).await, run(&two, &cluster.url()).await);

    let (id, secret) = cluster.key("acme").await;
    for node in [&first, &second] {
        assert_eq!(node.get("/protected", Some(&secret)).await.status, OK, "at the first try");
    }
    cluster.command(&["key", "revoke", &id]).await.good();
    for node in [&first, &second] {
        let took = node.until("/protected", Some(&secret), UNAUTHORIZED).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
    }

    // By the management API of one, seen by the other.
    let (id, secret) = cluster.key("zeta").await;
    assert_eq!(second.get("/protected", Some(&secret)).await.status, OK);
    let token = one.read(".tollgate/management.token");
    let path = format!("/v1/keys/{id}/revoke");
    let reply = first.manage(http::Method::POST, &path, token.trim(), "").await;
    assert!(reply.status.is_success(), "{reply:?}");
    assert_eq!(first.get("/protected", Some(&secret)).await.status, UNAUTHORIZED, "here before the answer");
    let took = second.until("/protected", Some(&secret), UNAUTHORIZED).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_sign_with_one_set_of_keys_and_rotate_it_once() {
    let cluster = Cluster::new().await;
    let worlds = [cluster.world(), cluster.world(), cluster.world()];
    let url = cluster.url();
    // All at once, on an empty database.
    let (a, b, c) = tokio::join!(run(&worlds[0], &url), run(&worlds[1], &url), run(&worlds[2], &url));
    let nodes = [a, b, c];
    let before = kids(&nodes[0]).await;
    assert_eq!(before.len(), 1, "they made one");
    for node in &nodes {
        assert_eq!(kids(node).await, before);
    }
    cluster.command(&["token", "rotate", "--now"]).await.good();
    let rotated = async {
        loop {
            let mut seen = BTreeSet::new();
            for node in &nodes {
                seen.insert(kids(node).await);
            }
            // For a moment the old one is still there beside the new one.
            if seen.len() == 1 && seen.first().is_some_and(|kids| kids.len() == 1 && *kids != before) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(SOON, rotated).await.is_err() {
        let mut all = Vec::new();
        for node in &nodes {
            all.push((kids(node).await, node.child.output()));
        }
        panic!("not all have the one new key, from {before:?}:\n{all:#?}");
    }
    nodes[0].child.wait_for_line("kept in the store", SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_away_traffic_goes_on_and_nothing_answers_500() {
    let cluster = Cluster::new().await;
    let world = cluster.world();
    let node = run(&world, &cluster.proxied()).await;
    let (_, secret) = cluster.key("acme").await;
    assert_eq!(node.get("/protected", Some(&secret)).await.status, OK);
    assert_eq!(metric(&node, "tollgate_store_up").await, "tollgate_store_up 1");

    let unknown = secret_of_nobody(&world).await;
    let before = p99(&node, &secret).await;
    for (round, fault) in [Fault::Cut, Fault::Stall].into_iter().enumerate() {
        cluster.proxy.set(fault);
        // From the first moment on, and while nobody knows yet that it is away.
        let away = p99(&node, &secret).await;
        assert!(away < before + Duration::from_millis(50), "{fault:?}: p99 {before:?} before, {away:?} now");
        let known = async {
            while metric(&node, "tollgate_store_up").await != "tollgate_store_up 0" {
                assert_eq!(node.get("/protected", Some(&secret)).await.status, OK, "{fault:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(SOON, known).await.expect("noticed");
        let started = tokio::time::Instant::now();
        for _ in 0..5 {
            let status = node.get("/protected", Some(&unknown)).await.status;
            assert_eq!(status, UNAVAILABLE, "{fault:?}: nobody can say whether it is good");
        }
        assert!(
            started.elapsed() < Duration::from_secs(4),
            "{fault:?}: {:?}\n{}",
            started.elapsed(),
            node.child.output()
        );
        let outages = format!("tollgate_store_outages_total {}", round + 1);
        assert_eq!(metric(&node, "tollgate_store_outages_total").await, outages);

        cluster.proxy.set(Fault::Pass);
        node.until("/protected", Some(&unknown), UNAUTHORIZED).await;
        let (_, new) = cluster.key(&format!("new{round}")).await;
        node.until("/protected", Some(&new), OK).await;
        let told = async {
            while metric(&node, "tollgate_store_up").await != "tollgate_store_up 1" {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(SOON, told).await.expect("noticed");
    }
    let output = node.child.output();
    let said = output.lines().filter(|line| line.contains("the store is away")).count();
    assert_eq!(said, 2, "one line for each outage:\n{output}");
    assert_eq!(output.lines().filter(|line| line.contains("\"ERROR\"")).count(), 2, "{output}");
    assert!(!output.contains("\"status\":500"), "{output}");
}

/// Of requests with a known key, all of which must be answered well.
async fn p99(node: &Gateway, secret: &str) -> Duration {
    let mut took = Vec::new();
    for _ in 0..200 {
        let started = tokio::time::Instant::now();
        assert_eq!(node.get("/protected", Some(secret)).await.status, OK);
        took.push(started.elapsed());
    }
    took.sort();
    took[took.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_out_of_connections_is_away_until_it_has_some_again() {
    let cluster = Cluster::new().await;
    // Limits of connections are not for superusers.
    let (server, database) = (&cluster.server, &cluster.database);
    let admin = |sql: &str| server.sql("postgres", sql).unwrap();
    admin("CREATE ROLE gateway LOGIN");
    admin(&format!("ALTER DATABASE {database} OWNER TO gateway"));
    server.sql(database, "ALTER SCHEMA public OWNER TO gateway").unwrap();
    let world = cluster.world();
    let node = run(&world, &format!("postgres://gateway@{}/{database}", server.address())).await;
    let (_, secret) = cluster.key("acme").await;
    node.until("/protected", Some(&secret), OK).await;
    let before = p99(&node, &secret).await;

    admin("ALTER ROLE gateway CONNECTION LIMIT 0");
    admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'");
    let away = p99(&node, &secret).await;
    assert!(away < before + Duration::from_millis(50), "p99 {before:?} before, {away:?} now");
    let unknown = secret_of_nobody(&world).await;
    node.until("/protected", Some(&unknown), UNAVAILABLE).await;
    let noticed = async {
        while metric(&node, "tollgate_store_up").await != "tollgate_store_up 0" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, noticed).await.expect("noticed");

    admin("ALTER ROLE gateway CONNECTION LIMIT -1");
    let (_, new) = cluster.key("newcomer").await;
    node.until("/protected", Some(&new), OK).await;
    node.until("/protected", Some(&unknown), UNAUTHORIZED).await;
    assert!(!node.child.output().contains("\"status\":500"), "{}", node.child.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_restarts_while_the_store_is_away_serves_from_its_disk() {
    let mut cluster = Cluster::new().await;
    let world = cluster.world();
    let (id, secret) = cluster.key("acme").await;
    let (_, revoked) = cluster.key("gone").await;
    let url = cluster.url();
    let mut node = run(&world, &url).await;
    assert_eq!(node.get("/protected", Some(&secret)).await.status, OK);
    let kid = kids(&node).await;
    let reserve = world.data().join("keys.reserve");
    let written = async {
        while !std::fs::read_to_string(&reserve).is_ok_and(|text| text.contains("signingKey") && text.contains(&id)) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, written).await.expect("kept");
    let text = std::fs::read_to_string(&reserve).unwrap();
    assert!(!text.contains(&secret) && !text.contains(&revoked), "digests only");

    node.child.kill().await.unwrap();
    cluster.server.stop().unwrap();
    let node = run(&world, &url).await;
    assert_eq!(node.get("/protected", Some(&secret)).await.status, OK);
    let token = cluster.upstream.last().unwrap().header("authorization").unwrap().to_owned();
    assert!(token.starts_with("Bearer ey"), "it signs as before");
    assert_eq!(kids(&node).await, kid);
    let ready = tollgate_testkit::client::get(&format!("{}/readyz", node.management), &[]).await.unwrap();
    assert_eq!((ready.status, ready.json()["status"].as_str()), (OK, Some("degraded")));

    cluster.server.resume().unwrap();
    cluster.command(&["key", "revoke", &id]).await.good();
    node.until("/protected", Some(&secret), UNAUTHORIZED).await;

    // A node that has never served has nothing to serve from.
    cluster.server.stop().unwrap();
    let fresh = cluster.world();
    let ended = fresh.tollgate(&["run", ".", "--store", &url, "--listen", "127.0.0.1:0"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("has no keys of its own"), "{ended:?}");
}

/// A key of the right form that is in no store.
async fn secret_of_nobody(world: &World) -> String {
    let elsewhere = world.path().join("elsewhere");
    let data = elsewhere.to_str().unwrap();
    world.tollgate(&["consumer", "create", "x", "--data-dir", data]).await.good();
    let made = world.tollgate(&["key", "create", "x", "--data-dir", data, "--output", "json"]).await.good();
    made.json()["key"].as_str().unwrap().to_owned()
}
