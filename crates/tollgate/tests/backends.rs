//! Real backends in Tornado and Bottle behind the real binary: their verification code, which the
//! guides hand out, accepts what the gateway signs and nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tollgate_testkit::process::wait_for_file;
use tollgate_testkit::{Child, client, free_port, temp_dir};

const SOON: Duration = Duration::from_secs(30);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The Python that `make test` has set up with the requirements of the examples.
fn python() -> PathBuf {
    let python = root().join("target/python/bin/python");
    assert!(python.exists(), "the example backends need their Python environment: run `make python` first");
    python
}

/// The gateway in front of both example backends.
struct World {
    gateway: Child,
    gateway_url: String,
    tornado_url: String,
    bottle_url: String,
    _backends: [Child; 2],
    folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let folder = temp_dir().unwrap();
        let (gateway_port, tornado_port, bottle_port) =
            (free_port().unwrap(), free_port().unwrap(), free_port().unwrap());
        let url = |port: u16| format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
        let (gateway_url, tornado_url, bottle_url) = (url(gateway_port), url(tornado_port), url(bottle_port));
        let issuer = format!("{gateway_url}/__tollgate/issuer");
        let backend = |app: &str, port: u16| {
            let port = port.to_string();
            Child::spawn(python(), &[app], &root(), &[("PORT", &port), ("TOLLGATE_ISSUER", &issuer)]).unwrap()
        };
        let backends =
            [backend("examples/tornado/app.py", tornado_port), backend("examples/bottle/app.py", bottle_port)];
        for backend in &backends {
            backend.wait_for_line("listens on", SOON).await.unwrap();
        }
        let gateway = Self::gateway(&folder, &gateway_url, &tornado_url, &bottle_url).await;
        let world = Self { gateway, gateway_url, tornado_url, bottle_url, _backends: backends, folder };
        world.until_up(&format!("{}/bottle/health", world.bottle_url)).await;
        world
    }

    async fn gateway(folder: &TempDir, gateway: &str, tornado: &str, bottle: &str) -> Child {
        let ready = folder.path().join("ready.json");
        let _ = std::fs::remove_file(&ready);
        let arguments = [
            "run",
            "examples/gateway",
            "--listen",
            gateway.trim_start_matches("http://"),
            "--management-listen",
            "127.0.0.1:0",
            "--data-dir",
            folder.path().join("data").to_str().unwrap(),
            "--ready-file",
            ready.to_str().unwrap(),
        ]
        .map(str::to_owned);
        let environment = [("TORNADO_URL", tornado), ("BOTTLE_URL", bottle)];
        let child = Child::spawn(env!("CARGO_BIN_EXE_tollgate"), &arguments, &root(), &environment).unwrap();
        if let Err(error) = wait_for_file(&ready, SOON).await {
            panic!("{error}\n{}", child.output());
        }
        child
    }

    /// Bottle says that it listens a moment before it does.
    async fn until_up(&self, url: &str) {
        let up = async {
            while client::get(url, &[]).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, up).await.expect("the backend came up");
    }

    async fn command(&self, arguments: &[&str]) -> Value {
        let data = self.folder.path().join("data");
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .args(arguments)
            .args(["--data-dir", data.to_str().unwrap(), "--output", "json"])
            .current_dir(root())
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    async fn key(&self) -> String {
        self.command(&["consumer", "create", "acme", "--metadata", r#"{"plan":"gold"}"#]).await;
        self.command(&["key", "create", "acme"]).await["key"].as_str().unwrap().to_owned()
    }

    /// The claims that a backend verified, through the gateway.
    async fn claims(&self, path: &str, key: &str) -> Value {
        let authorization = format!("Bearer {key}");
        let reply =
            client::get(&format!("{}{path}", self.gateway_url), &[("authorization", &authorization)]).await.unwrap();
        assert_eq!(reply.status, StatusCode::OK, "{path}: {:?}\n{}", reply.body, self.gateway.output());
        reply.json()["claims"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_backends_verify_the_gateways_tokens_and_see_who_calls() {
    let world = World::start().await;
    let key = world.key().await;
    for path in ["/protected", "/bottle/protected"] {
        let claims = world.claims(path, &key).await;
        assert_eq!(claims["iss"], format!("{}/__tollgate/issuer", world.gateway_url));
        assert_eq!(claims["sub"], "acme");
        assert!(claims["exp"].as_i64().unwrap() > claims["iat"].as_i64().unwrap());
        assert!(claims.get("aud").is_none(), "no audience unless one is configured");
    }
    let public = client::get(&format!("{}/health", world.gateway_url), &[]).await.unwrap();
    assert_eq!(public.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_refuses_whatever_did_not_come_through_the_gateway() {
    let world = World::start().await;
    let key = world.key().await;
    let key_itself = format!("Bearer {key}");
    // An unsigned token, and one that is signed with the public key's text as a shared secret.
    let unsigned = "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhY21lIn0.";
    let confused = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhY21lIn0.c2lnbmF0dXJl";
    for url in [format!("{}/protected", world.tornado_url), format!("{}/bottle/protected", world.bottle_url)] {
        for authorization in ["", "Bearer", "Bearer nonsense", &key_itself, unsigned, confused] {
            let reply = client::get(&url, &[("authorization", authorization)]).await.unwrap();
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{url} {authorization}");
        }
    }
}

/// The ids of the keys that the gateway publishes.
async fn published(world: &World) -> Vec<String> {
    let jwks = format!("{}/__tollgate/issuer/.well-known/jwks.json", world.gateway_url);
    let keys = client::get(&jwks, &[]).await.unwrap().json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_breaks_no_backend_that_has_cached_the_keys() {
    let world = World::start().await;
    let key = world.key().await;
    world.claims("/bottle/protected", &key).await;
    let before = published(&world).await;

    // The new key is published beside the old one, which goes on signing: what the backends have
    // cached stays good.
    world.command(&["token", "rotate"]).await;
    let both = async {
        while published(&world).await.len() != before.len() + 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, both).await.expect("the running gateway publishes the new key");
    for path in ["/protected", "/bottle/protected"] {
        assert_eq!(world.claims(path, &key).await["sub"], "acme", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backends_fetch_the_keys_again_when_the_signing_key_was_withdrawn() {
    let world = World::start().await;
    let key = world.key().await;
    world.claims("/bottle/protected", &key).await;
    let before = published(&world).await;

    world.command(&["token", "rotate", "--now"]).await;
    let authorization = format!("Bearer {key}");
    let url = format!("{}/bottle/protected", world.gateway_url);
    // A backend fetches for an unknown key id at most every five seconds.
    let accepted = async {
        while published(&world).await.iter().any(|kid| before.contains(kid))
            || client::get(&url, &[("authorization", &authorization)]).await.unwrap().status != StatusCode::OK
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, accepted).await.expect("the backend accepts tokens of the new key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_after_kill_9_keeps_the_signing_key_and_the_api_key() {
    let mut world = World::start().await;
    let key = world.key().await;
    world.claims("/bottle/protected", &key).await;
    let jwks = format!("{}/__tollgate/issuer/.well-known/jwks.json", world.gateway_url);
    let before = client::get(&jwks, &[]).await.unwrap().json();

    world.gateway.kill().await.unwrap();
    world.gateway = World::gateway(&world.folder, &world.gateway_url, &world.tornado_url, &world.bottle_url).await;

    assert_eq!(client::get(&jwks, &[]).await.unwrap().json(), before);
    assert_eq!(world.claims("/bottle/protected", &key).await["sub"], "acme");
}
