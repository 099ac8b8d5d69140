//! What was applied can be looked at, compared, and put into force again; it stays there when pinned, and
//! stands in for a project that is broken.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use support::{Gateway, SOON, World, document};
use tollgate_testkit::{CapturingUpstream, client};

const OK: StatusCode = StatusCode::OK;
const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;
const RUN: [&str; 5] = ["run", ".", "--listen", "127.0.0.1:0", "--management-listen"];

/// A project whose public route is at `path`.
fn at(upstream: &CapturingUpstream, path: &str) -> String {
    document(&upstream.url(), "auth: api-key").replace("/open:", &format!("{path}:"))
}

/// A gateway that has applied a project with each of these public paths.
async fn having_applied(paths: &[&str]) -> (CapturingUpstream, World, Gateway) {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.write("openapi.yaml", &at(&upstream, paths[0]));
    let gateway = world.start(&["run", "."]).await;
    for path in &paths[1..] {
        world.write("openapi.yaml", &at(&upstream, path));
        world.tollgate(&["reload"]).await.good();
    }
    (upstream, world, gateway)
}

async fn ready(gateway: &Gateway) -> Value {
    client::get(&format!("{}/readyz", gateway.management), &[]).await.unwrap().json()
}

async fn metric(gateway: &Gateway, name: &str) -> String {
    let text = client::get(&format!("{}/metrics", gateway.management), &[]).await.unwrap();
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}")).rsplit(' ').next().unwrap().to_owned()
}

async fn ids(world: &World) -> Vec<i64> {
    let list = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    list.as_array().unwrap().iter().map(|snapshot| snapshot["id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_applied_is_listed_with_who_how_and_when() {
    let (_upstream, world, mut gateway) = having_applied(&["/one", "/two"]).await;
    gateway.child.signal("HUP").await.unwrap();
    gateway.child.wait_for_line("project reloaded", SOON).await.unwrap();
    let online = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    assert_eq!(online.as_array().unwrap().len(), 2, "the same project again is no new snapshot: {online}");
    let (latest, first) = (&online[0], &online[1]);
    assert_eq!(
        (&latest["id"], &latest["how"], &latest["by"]),
        (&json!(2), &json!("reload"), &json!("management.token"))
    );
    assert_eq!((&first["id"], &first["how"], &first["inForce"]), (&json!(1), &json!("start"), &json!(false)));
    assert_eq!(latest["inForce"], true);
    assert_eq!(latest["snapshot"], ready(&gateway).await["snapshot"], "it has the name that everything else has");
    assert_ne!(latest["content"], first["content"]);
    assert!(latest["on"].as_str().unwrap() >= first["on"].as_str().unwrap());

    let shown = world.tollgate(&["snapshots", "show", "2", "--output", "json"]).await.good().json();
    assert_eq!(shown["contents"][0]["path"], "openapi.yaml");
    let none = world.tollgate(&["snapshots", "show", "9"]).await;
    assert!(none.code == 1 && none.stderr.contains("no snapshot 9 is kept"), "{none:?}");

    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();
    let offline = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    assert_eq!(offline, online, "the data folder says the same without a gateway");
    assert!(world.tollgate(&["snapshots", "list"]).await.good().stdout.contains("in force"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_shows_what_changed_and_no_secret() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    let settings = |password: &str| {
        format!(
            "policies:\n  p: {{ use: set-request-headers, options: {{ x-api-token: {password}-token, x-env: $env(VALUE) }} }}\n"
        )
    };
    world.write(".env", "VALUE=hunter-of-env-1\n");
    world.write("tollgate.yaml", &settings("hunter2"));
    world.write("openapi.yaml", &at(&upstream, "/one"));
    let mut gateway = world.start(&["run", "."]).await;
    world.write(".env", "VALUE=hunter-of-env-2\n");
    world.write("tollgate.yaml", &settings("hunter3"));
    world.write("openapi.yaml", &at(&upstream, "/two"));
    world.tollgate(&["reload"]).await.good();

    let online = world.tollgate(&["snapshots", "diff", "1", "2"]).await.good();
    assert!(online.stdout.contains("-  /one:\n+  /two:"), "{}", online.stdout);
    assert!(online.stdout.contains("-VALUE=…\n+VALUE=…"), "that a secret changed is seen: {}", online.stdout);
    assert!(online.stdout.contains("x-api-token: …"), "{}", online.stdout);
    assert!(!online.stdout.contains("hunter"), "{}", online.stdout);
    let same = world.tollgate(&["snapshots", "diff", "2", "2", "--output", "json"]).await.good().json();
    assert_eq!(same["files"], json!([]));

    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();
    assert_eq!(world.tollgate(&["snapshots", "diff", "1", "2"]).await.good().stdout, online.stdout);
    for (path, text) in files_below(&world.data().join("snapshots")) {
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains("hunter-of-env"), "{} holds a value of .env in clear", path.display());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
}

/// Every file below a folder; folders are their owner's alone.
fn files_below(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            let content = std::fs::read(&path).unwrap();
            files.push((path, content));
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_in_force_within_a_second_pinned_and_audited() {
    let (upstream, world, gateway) = having_applied(&["/one", "/two", "/three"]).await;
    let started = tokio::time::Instant::now();
    let ended = world.tollgate(&["rollback"]).await.good();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(ended.stdout.contains("snapshot 2 is in force and pinned"), "{ended:?}");
    assert_eq!(gateway.get("/two", None).await.status, OK, "in force when the command ends");
    assert_eq!(gateway.get("/three", None).await.status, NOT_FOUND);

    world.write("openapi.yaml", &at(&upstream, "/four"));
    let refused = world.tollgate(&["reload"]).await;
    assert_eq!(refused.code, 1, "nothing is wrong with the project: {refused:?}");
    assert!(
        refused.stderr.contains("snapshot 2 is pinned") && refused.stderr.contains("snapshots unpin"),
        "{refused:?}"
    );
    let token = world.read(".tollgate/management.token");
    let reply = gateway.manage(Method::POST, "/v1/reload", token.trim(), "").await;
    assert_eq!((reply.status, &reply.json()["pinned"]["id"]), (StatusCode::CONFLICT, &json!(2)));
    gateway.child.signal("HUP").await.unwrap();
    gateway.child.wait_for_line("nothing was reloaded: a snapshot is pinned", SOON).await.unwrap();
    assert_eq!(gateway.get("/four", None).await.status, NOT_FOUND);
    let health = ready(&gateway).await;
    assert_eq!(health["status"], "degraded");
    assert!(health["checks"]["snapshot"].as_str().unwrap().contains("snapshot 2 is pinned"), "{health}");
    assert_eq!(metric(&gateway, "tollgate_snapshot_pinned").await, "1");
    assert_eq!(metric(&gateway, "tollgate_rollbacks_total").await, "1");

    let further = world.tollgate(&["rollback"]).await.good();
    assert!(further.stdout.contains("snapshot 1 is in force and pinned"), "{further:?}");
    let none = world.tollgate(&["rollback"]).await;
    assert!(none.code == 1 && none.stderr.contains("No snapshot before the one in force"), "{none:?}");
    assert_eq!(gateway.get("/one", None).await.status, OK);

    world.tollgate(&["snapshots", "unpin"]).await.good();
    assert_eq!(gateway.get("/one", None).await.status, OK, "the pin alone is gone");
    assert_eq!(metric(&gateway, "tollgate_snapshot_pinned").await, "0");
    world.tollgate(&["reload"]).await.good();
    assert_eq!(gateway.get("/four", None).await.status, OK);
    assert_eq!(ready(&gateway).await["status"], "ready");
    assert_eq!(ids(&world).await, [4, 3, 2, 1]);

    let audit = world.tollgate(&["audit", "list", "--action", "project.", "--output", "json"]).await.good().json();
    let actions: Vec<_> = audit.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"project.rollback") && actions.contains(&"project.unpin"), "{audit}");
    let rollback = audit.as_array().unwrap().iter().rfind(|entry| entry["action"] == "project.rollback").unwrap();
    assert_eq!(rollback["target"], "2", "{rollback}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_with_the_scope_roll_back_and_compare() {
    let (_upstream, world, gateway) = having_applied(&["/one", "/two"]).await;
    let token = |scope: &'static str| {
        let world = &world;
        async move {
            let made =
                world.tollgate(&["operator", "create", scope, "--scope", scope, "--output", "json"]).await.good();
            made.json()["token"].as_str().unwrap().to_owned()
        }
    };
    let (reader, deployer) = (token("read").await, token("project").await);
    let status = async |method: Method, path: &str, token: &str| gateway.manage(method, path, token, "").await.status;
    assert_eq!(status(Method::GET, "/v1/snapshots", &reader).await, OK);
    assert_eq!(status(Method::GET, "/v1/snapshots/1", &reader).await, OK);
    assert_eq!(status(Method::GET, "/v1/snapshots/7", &reader).await, NOT_FOUND);
    assert_eq!(status(Method::GET, "/v1/snapshots/1/diff?with=2", &reader).await, StatusCode::FORBIDDEN);
    assert_eq!(status(Method::POST, "/v1/rollback", &reader).await, StatusCode::FORBIDDEN);
    assert_eq!(status(Method::DELETE, "/v1/snapshots/pin", &reader).await, StatusCode::FORBIDDEN);
    assert_eq!(gateway.get("/two", None).await.status, OK);
    assert_eq!(status(Method::GET, "/v1/snapshots/1/diff?with=2", &deployer).await, OK);
    assert_eq!(status(Method::POST, "/v1/rollback?to=9", &deployer).await, NOT_FOUND);
    assert_eq!(status(Method::POST, "/v1/rollback?to=1", &deployer).await, OK);
    assert_eq!(gateway.get("/one", None).await.status, OK);
    let pinned = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    assert_eq!(pinned[1]["pinned"]["by"], "project", "the operator's name: {pinned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_survives_a_restart_and_a_kill() {
    let (upstream, world, mut gateway) = having_applied(&["/one", "/two"]).await;
    world.tollgate(&["rollback"]).await.good();
    gateway.child.kill().await.unwrap();
    world.write("openapi.yaml", "openapi: [");
    let mut gateway = world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/one", None).await.status, OK, "whatever is on disk");
    assert!(ready(&gateway).await["checks"]["snapshot"].as_str().unwrap().contains("snapshot 1 is pinned"));
    assert_eq!(metric(&gateway, "tollgate_snapshot_pinned").await, "1");
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();

    world.write("openapi.yaml", &at(&upstream, "/three"));
    world.tollgate(&["snapshots", "unpin"]).await.good();
    let gateway = world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/three", None).await.status, OK, "lifted while nothing ran");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_while_nothing_runs_is_served_by_the_next_start() {
    let (_upstream, world, mut gateway) = having_applied(&["/one", "/two"]).await;
    gateway.child.kill().await.unwrap();
    let ended = world.tollgate(&["rollback", "1"]).await.good();
    assert!(ended.stdout.contains("the next one serves it"), "{ended:?}");
    let gateway = world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/one", None).await.status, OK);
    let audit = world.tollgate(&["audit", "list", "--action", "project.rollback", "--output", "json"]).await.good();
    assert_eq!(audit.json()[0]["actorKind"], "command-line");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_on_a_broken_project_serves_the_last_good_snapshot_and_says_so() {
    let (upstream, world, mut gateway) = having_applied(&["/one", "/two"]).await;
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();
    world.write("openapi.yaml", "openapi: [");

    let refused = world.tollgate(&[&RUN[..], &["127.0.0.1:0", "--no-last-good"]].concat()).await;
    assert_eq!(refused.code, 78, "{refused:?}");

    let gateway = world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/two", None).await.status, OK);
    let health = ready(&gateway).await;
    assert_eq!(health["status"], "degraded");
    assert!(
        health["checks"]["project"].as_str().unwrap().contains("snapshot 2, the last good one, serves"),
        "{health}"
    );
    assert_eq!(metric(&gateway, "tollgate_project_degraded").await, "1");
    gateway.child.wait_for_line("the last good one, serves", SOON).await.unwrap();

    world.write("openapi.yaml", &at(&upstream, "/mended"));
    world.tollgate(&["reload"]).await.good();
    assert_eq!(gateway.get("/mended", None).await.status, OK, "a reload reads the project, not the copy");
    assert_eq!(metric(&gateway, "tollgate_project_degraded").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_last_good_snapshot_say_whether_it_may_stand_in() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    world.write("tollgate.yaml", "server: { onBrokenProject: refuse }\n");
    let mut gateway = world.start(&["run", "."]).await;
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait(SOON).await.unwrap();
    world.write("openapi.yaml", "openapi: [");
    let refused = world.tollgate(&[&RUN[..], &["127.0.0.1:0"]].concat()).await;
    assert_eq!(refused.code, 78, "{refused:?}");
    let gateway = world.start(&["run", ".", "--last-good"]).await;
    assert_eq!(gateway.get("/open", None).await.status, OK);

    let never_good = World::empty();
    never_good.write("openapi.yaml", "openapi: [");
    let refused = never_good.tollgate(&[&RUN[..], &["127.0.0.1:0"]].concat()).await;
    assert_eq!(refused.code, 78, "where nothing was ever good: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_has_modules_secrets_and_documents_as_they_were() {
    let documents = CapturingUpstream::answering(|_| {
        http::Response::new(bytes::Bytes::from_static(
            br#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/fetched":{"get":{"operationId":"fetched","x-tollgate":{"auth":"public","handler":{"mock":{}}},"responses":{"200":{"description":"ok","content":{"application/json":{"example":1}}}}}}}}"#,
        ))
    })
    .await
    .unwrap();
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    let module = |text: &str| {
        format!(
            "import {{ text }} from \"./inner\";\nexport default async function () {{ return new Response(text + \"{text}\"); }}\n"
        )
    };
    let public = format!(
        "openapi: 3.1.0\ninfo: {{ title: T, version: 1.0.0 }}\npaths:\n  /made:\n    get:\n      operationId: made\n      x-tollgate: {{ auth: public, handler: ./modules/made.ts }}\n      responses: {{ \"200\": {{ description: ok }} }}\n  /sent:\n    get:\n      operationId: sent\n      x-tollgate: {{ auth: public, upstream: {}, inbound: [{{ set-request-headers: {{ x-value: $env(VALUE) }} }}] }}\n      responses: {{ \"200\": {{ description: ok }} }}\n",
        upstream.url()
    );
    world.write("modules/inner.ts", "export const text = \"inner one, \";\n");
    world.write("modules/made.ts", &module("one"));
    world.write(".env", "VALUE=one\n");
    world.write("openapi.yaml", &public);
    world.write(
        "tollgate.yaml",
        &format!("documents:\n  - from: openapi.yaml\n  - from: {}/spec.json\n", documents.url()),
    );
    let gateway = world.start(&["run", "."]).await;
    let said = async |gateway: &Gateway| {
        let made = String::from_utf8(gateway.get("/made", None).await.body.to_vec()).unwrap();
        gateway.get("/sent", None).await;
        (made, upstream.last().unwrap().header("x-value").unwrap().to_owned())
    };
    let first = ("inner one, one".to_owned(), "one".to_owned());
    assert_eq!(said(&gateway).await, first);
    assert_eq!(gateway.get("/fetched", None).await.status, OK);

    world.write("modules/inner.ts", "export const text = \"inner two, \";\n");
    world.write("modules/made.ts", &module("two"));
    world.write(".env", "VALUE=two\n");
    world.write("tollgate.yaml", "documents: [{ from: openapi.yaml }]\n");
    world.tollgate(&["reload"]).await.good();
    assert_eq!(said(&gateway).await, ("inner two, two".to_owned(), "two".to_owned()));
    drop(documents);

    let before = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    world.tollgate(&["rollback"]).await.good();
    assert_eq!(said(&gateway).await, first);
    assert_eq!(gateway.get("/fetched", None).await.status, OK, "its address answers no more");
    assert_eq!(ready(&gateway).await["snapshot"], before[1]["snapshot"], "it is the same project");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_five_applied_projects_the_last_twenty_are_kept_and_cost_little() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    let large = format!("# {}\n", "x".repeat(200_000));
    let with = |number: usize| at(&upstream, &format!("/v{number}"));
    world.write("schemas/large.yaml", &format!("{large}type: object\n"));
    let refer = "\n      responses: { \"200\": { description: ok, content: { application/json: { schema: { $ref: schemas/large.yaml } } } } }\n";
    let with = |number: usize| with(number).replacen("\n      responses: { \"200\": { description: ok } }\n", refer, 1);
    world.write("openapi.yaml", &with(1));
    let gateway = world.start(&["run", "."]).await;
    for number in 2..=25 {
        world.write("openapi.yaml", &with(number));
        world.tollgate(&["reload"]).await.good();
    }
    assert_eq!(ids(&world).await, (6..=25).rev().collect::<Vec<i64>>());
    let large: Vec<_> = files_below(&world.data().join("snapshots"))
        .into_iter()
        .filter(|(path, _)| path.ends_with("large.yaml"))
        .map(|(path, _)| std::fs::metadata(path).unwrap().ino())
        .collect();
    assert_eq!(large.len(), 20);
    assert!(large.iter().all(|inode| *inode == large[0]), "what did not change is on the disk once");

    world.tollgate(&["rollback", "6"]).await.good();
    assert_eq!(gateway.get("/v6", None).await.status, OK);
    world.tollgate(&["snapshots", "unpin"]).await.good();
    world.write("openapi.yaml", &with(26));
    world.tollgate(&["reload"]).await.good();
    assert_eq!(gateway.get("/v26", None).await.status, OK);
    assert_eq!(ids(&world).await, (7..=26).rev().collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_only_whole_snapshots() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    let mut version = 0;
    world.write("openapi.yaml", &at(&upstream, "/v0"));
    for round in 0..8_u64 {
        let mut gateway = world.start(&["run", "."]).await;
        version += 1;
        world.write("openapi.yaml", &at(&upstream, &format!("/v{version}")));
        gateway.child.signal("HUP").await.unwrap();
        // At another moment each time: while it reads, applies, writes, or afterwards.
        tokio::time::sleep(Duration::from_millis(round * 7)).await;
        gateway.child.kill().await.unwrap();
        for id in ids(&world).await {
            let shown = world.tollgate(&["snapshots", "show", &id.to_string(), "--output", "json"]).await.good().json();
            assert_eq!(shown["contents"].as_array().unwrap().len(), 1, "{shown}");
        }
        world.write("openapi.yaml", "openapi: [");
        let mut gateway = world.start(&["run", "."]).await;
        let (now, before) = (format!("/v{version}"), format!("/v{}", version - 1));
        let served = [gateway.get(&now, None).await.status, gateway.get(&before, None).await.status];
        assert!(served.contains(&OK), "one of the two is whole and serves: {served:?}");
        gateway.child.kill().await.unwrap();
        world.write("openapi.yaml", &at(&upstream, &now));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_was_changed_on_disk_is_never_served() {
    let (_upstream, world, gateway) = having_applied(&["/one", "/two"]).await;
    let kept = files_below(&world.data().join("snapshots/1/files"));
    std::fs::write(&kept[0].0, "openapi: 3.1.0\n").unwrap();
    let refused = world.tollgate(&["rollback"]).await;
    assert!(refused.code == 1 && refused.stderr.contains("snapshot 1 is damaged"), "{refused:?}");
    assert_eq!(gateway.get("/two", None).await.status, OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_under_load_drops_no_request() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    let with = |version: usize| {
        document(&upstream.url(), "auth: api-key").replace(
            "auth: public",
            &format!("auth: public, outbound: [{{ set-response-headers: {{ x-version: v{version} }} }}]"),
        )
    };
    world.write("openapi.yaml", &with(1));
    let gateway = world.start(&["run", "."]).await;
    world.write("openapi.yaml", &with(2));
    world.tollgate(&["reload"]).await.good();

    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (url, stop, answered) = (format!("{}/open", gateway.url), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let reply = client::get(&url, &[]).await.expect("an answer");
                    assert_eq!(reply.status, OK);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for _ in 0..3 {
        world.tollgate(&["rollback", "1"]).await.good();
        assert_eq!(gateway.get("/open", None).await.header("x-version"), "v1");
        world.tollgate(&["rollback", "2"]).await.good();
        assert_eq!(gateway.get("/open", None).await.header("x-version"), "v2");
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert!(answered.load(Ordering::Relaxed) > 20, "the clients were busy meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_restart_is_not_rolled_back_to_while_the_gateway_runs() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    world.write("tollgate.yaml", "server: { drain: 5s }\n");
    let mut gateway = world.start(&["run", "."]).await;
    gateway.child.kill().await.unwrap();
    world.write("tollgate.yaml", "server: { drain: 6s }\n");
    let gateway = world.start(&["run", "."]).await;
    let refused = world.tollgate(&["rollback"]).await;
    assert!(refused.code == 78 && refused.stderr.contains("server.drain"), "{refused:?}");
    assert!(refused.stderr.contains("stop the gateway, roll back, and start it again"), "{refused:?}");
    assert_eq!(metric(&gateway, "tollgate_snapshot_pinned").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commit_of_a_project_under_git_is_kept_with_it() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let git = |arguments: &[&str]| {
        let settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let output =
            std::process::Command::new("git").current_dir(world.path()).args(settings).args(arguments).output();
        String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    world.write(".gitignore", "/ready.json\n/state\n");
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "first"]);
    let _gateway = world.start(&["run", "."]).await;
    let head = git(&["rev-parse", "HEAD"]);
    let list = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    assert_eq!((list[0]["revision"].as_str().unwrap(), &list[0]["uncommitted"]), (head.as_str(), &json!(false)));
    world.write("openapi.yaml", &at(&upstream, "/two"));
    world.tollgate(&["reload"]).await.good();
    let list = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    assert_eq!((list[0]["revision"].as_str().unwrap(), &list[0]["uncommitted"]), (head.as_str(), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_keeps_what_it_saw_change() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["dev", "."]).await;
    world.write("openapi.yaml", &at(&upstream, "/two"));
    gateway.child.wait_for_line("reloaded: 2 routes", SOON).await.unwrap();
    let list = world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json();
    assert_eq!((&list[0]["how"], &list[0]["inForce"]), (&json!("watch"), &json!(true)), "{list}");
    world.tollgate(&["rollback"]).await.good();
    world.write("openapi.yaml", &at(&upstream, "/three"));
    gateway.child.wait_for_line("snapshot 1 is pinned", SOON).await.unwrap();
    assert_eq!(gateway.get("/open", None).await.status, OK);
}
