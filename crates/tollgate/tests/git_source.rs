//! A project that comes from a repository: commits are followed, or told of; a broken one keeps what runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use support::{Gateway, SOON, World, document};
use tollgate_identity::WebhookSecret;
use tollgate_testkit::{CapturingUpstream, client};

const OK: StatusCode = StatusCode::OK;
const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;

/// A repository with a project in `api`, and a gateway's place beside it.
struct Stage {
    world: World,
    upstream: CapturingUpstream,
}

impl Stage {
    async fn new() -> Self {
        let upstream = CapturingUpstream::start().await.unwrap();
        let stage = Self { world: World::empty(), upstream };
        std::fs::create_dir(stage.repository()).unwrap();
        stage.git(&["init", "--quiet", "--initial-branch", "main"]);
        stage.settings("source: { interval: 1s }\n");
        stage.commit("/one");
        stage
    }

    fn repository(&self) -> PathBuf {
        self.world.path().join("repository")
    }

    fn from(&self) -> String {
        format!("git+file://{}#main:api", self.repository().display())
    }

    fn git(&self, arguments: &[&str]) -> String {
        let settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let mut git = std::process::Command::new("git");
        let output = git.current_dir(self.repository()).args(settings).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn settings(&self, text: &str) {
        self.world.write("repository/api/tollgate.yaml", text);
    }

    /// The next commit has its public route there, and is named.
    fn commit(&self, path: &str) -> String {
        self.commit_text(&document(&self.upstream.url(), "auth: api-key").replace("/open:", &format!("{path}:")))
    }

    fn commit_text(&self, text: &str) -> String {
        self.world.write("repository/api/openapi.yaml", text);
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", "a change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    async fn start(&self) -> Gateway {
        self.world.start(&["run", "--from", &self.from(), "--data-dir", ".tollgate"]).await
    }

    async fn list(&self) -> Value {
        self.world.tollgate(&["snapshots", "list", "--output", "json"]).await.good().json()
    }
}

async fn ready(gateway: &Gateway) -> Value {
    client::get(&format!("{}/readyz", gateway.management), &[]).await.unwrap().json()
}

/// Waits until `/readyz` says something of a part.
async fn until_ready_says(gateway: &Gateway, part: &str, text: &str) -> Value {
    let asked = async {
        loop {
            let health = ready(gateway).await;
            if health["checks"][part].as_str().is_some_and(|said| said.contains(text)) {
                return health;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let Ok(health) = tokio::time::timeout(SOON, asked).await else {
        panic!("{part} never said `{text}`\n{}", gateway.child.output())
    };
    health
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_put_into_force_by_themselves_forced_ones_too() {
    let stage = Stage::new().await;
    let first = stage.git(&["rev-parse", "HEAD"]);
    let gateway = stage.start().await;
    assert_eq!(gateway.get("/one", None).await.status, OK);
    let second = stage.commit("/two");
    gateway.until("/two", None, OK).await;
    // The branch goes back, and elsewhere from there.
    stage.git(&["reset", "--quiet", "--hard", &first]);
    let third = stage.commit("/three");
    gateway.until("/three", None, OK).await;
    gateway.child.wait_for_line(&format!("\"commit\":\"{third}\""), SOON).await.unwrap();
    assert_eq!(gateway.get("/two", None).await.status, NOT_FOUND);
    let list = stage.list().await;
    let revisions: Vec<_> = list.as_array().unwrap().iter().map(|one| one["revision"].as_str().unwrap()).collect();
    assert_eq!(revisions, [&third, &second, &first]);
    assert_eq!((&list[0]["how"], &list[2]["how"]), (&json!("git"), &json!("start")));
    assert!(list[0]["by"].as_str().unwrap().ends_with("/repository#main:api"), "{list}");
    assert!(!stage.world.path().join("repository/api/.tollgate").exists(), "nothing is written into the repository");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_commit_keeps_what_runs_and_is_reported() {
    let stage = Stage::new().await;
    let mut gateway = stage.start().await;
    let broken = stage.commit_text("openapi: 3.1.0\nx-tollgate: { auht: public }\n");
    gateway.child.wait_for_line("the commit was not put into force", SOON).await.unwrap();
    let output = gateway.child.output();
    assert!(output.contains(&broken) && output.contains("auht"), "{output}");
    assert_eq!(gateway.get("/one", None).await.status, OK);
    until_ready_says(&gateway, "project", "has mistakes").await;

    gateway.child.kill().await.unwrap();
    let gateway = stage.start().await;
    assert_eq!(gateway.get("/one", None).await.status, OK, "the last good one serves");
    until_ready_says(&gateway, "project", "the last good one, serves").await;
    stage.commit("/mended");
    gateway.until("/mended", None, OK).await;
    gateway.child.wait_for_line("the commit is in force", SOON).await.unwrap();
    assert_eq!(ready(&gateway).await["checks"]["project"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_away_keeps_what_runs_through_a_restart() {
    let stage = Stage::new().await;
    let mut gateway = stage.start().await;
    let elsewhere = stage.world.path().join("elsewhere");
    std::fs::rename(stage.repository(), &elsewhere).unwrap();
    let health = until_ready_says(&gateway, "source", "cannot fetch").await;
    assert_eq!(health["status"], "degraded");
    gateway.child.kill().await.unwrap();
    let gateway = stage.start().await;
    assert_eq!(gateway.get("/one", None).await.status, OK);
    std::fs::rename(&elsewhere, stage.repository()).unwrap();
    stage.commit("/two");
    gateway.until("/two", None, OK).await;
    assert_eq!(ready(&gateway).await["checks"]["source"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_fetches_and_a_pin_lets_commits_wait() {
    let stage = Stage::new().await;
    stage.settings("source: { interval: 0s }\n");
    stage.commit("/one");
    let gateway = stage.start().await;
    stage.commit("/two");
    stage.world.tollgate(&["reload"]).await.good();
    assert_eq!(gateway.get("/two", None).await.status, OK, "in force when the command ends");

    stage.world.tollgate(&["rollback"]).await.good();
    assert_eq!(gateway.get("/one", None).await.status, OK);
    stage.settings("source: { interval: 1s }\n");
    stage.commit("/three");
    let refused = stage.world.tollgate(&["reload"]).await;
    assert!(refused.code == 1 && refused.stderr.contains("is pinned"), "{refused:?}");
    stage.world.tollgate(&["snapshots", "unpin"]).await.good();
    stage.world.tollgate(&["reload"]).await.good();
    assert_eq!(gateway.get("/three", None).await.status, OK);

    stage.world.tollgate(&["rollback"]).await.good();
    assert_eq!(gateway.get("/two", None).await.status, OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_commit_waits_for_the_pin_to_be_lifted() {
    let stage = Stage::new().await;
    let gateway = stage.start().await;
    stage.commit("/two");
    gateway.until("/two", None, OK).await;
    gateway.child.wait_for_line("the commit is in force", SOON).await.unwrap();
    stage.world.tollgate(&["rollback"]).await.good();
    stage.commit("/three");
    gateway.child.wait_for_line("the new commit waits for the pin to be lifted", SOON).await.unwrap();
    assert_eq!(gateway.get("/one", None).await.status, OK);
    stage.world.tollgate(&["snapshots", "unpin"]).await.good();
    gateway.until("/three", None, OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_believed_only_if_it_is_signed() {
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let stage = Stage::new().await;
    let told = |kind: &str| format!("source: {{ interval: 0s, webhook: {{ kind: {kind}, secret: $env(HOOK) }} }}\n");
    stage.settings(&told("standard"));
    stage.commit("/one");
    let arguments = ["run", "--from", &stage.from(), "--data-dir", ".tollgate"];
    let gateway = stage.world.start_with(&arguments, &[("HOOK", SECRET)]).await;
    let hook = format!("{}/__tollgate/source", gateway.url);
    let body = br#"{"ref":"refs/heads/main"}"#;
    let send = async |fields: &[(&str, &str)]| client::send(Method::POST, &hook, fields, body.to_vec()).await.unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed();
    let signed = |id: &str, seconds: i64| WebhookSecret::parse(SECRET).unwrap().sign(id, seconds, body);

    stage.commit("/two");
    let unsigned = send(&[]).await;
    assert_eq!((unsigned.status, &unsigned.json()["code"]), (StatusCode::UNAUTHORIZED, &json!("source-unverified")));
    let wrong = signed("msg_2", now);
    let seconds = now.to_string();
    let wrong = send(&[("webhook-id", "msg_1"), ("webhook-timestamp", &seconds), ("webhook-signature", &wrong)]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "of another message");
    let (old, seconds_then) = (signed("msg_1", now - 3600), (now - 3600).to_string());
    let old = send(&[("webhook-id", "msg_1"), ("webhook-timestamp", &seconds_then), ("webhook-signature", &old)]).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED, "of an hour ago");
    let hub = send(&[("x-gitlab-token", SECRET)]).await;
    assert_eq!(hub.status, StatusCode::UNAUTHORIZED, "of another kind than was declared");
    assert_eq!(gateway.get("/two", None).await.status, NOT_FOUND, "nothing was looked at");

    let good = signed("msg_1", now);
    let good = send(&[("webhook-id", "msg_1"), ("webhook-timestamp", &seconds), ("webhook-signature", &good)]).await;
    assert_eq!(good.status, StatusCode::ACCEPTED);
    gateway.until("/two", None, OK).await;
    assert_eq!(client::get(&hook, &[]).await.unwrap().status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(!gateway.child.output().contains("MfKQ9r8G"), "the secret is nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn github_and_gitlab_may_tell_of_commits() {
    // GitHub's own example of a signature.
    let (secret, body) = ("It's a Secret to Everybody", "Hello, World!");
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let cases = [
        ("github", [("x-hub-signature-256", signature)], [("x-hub-signature-256", "sha256=00")]),
        ("gitlab", [("x-gitlab-token", secret)], [("x-gitlab-token", "It's a Secret to Nobody")]),
    ];
    for (kind, good, wrong) in cases {
        let stage = Stage::new().await;
        stage.settings(&format!("source: {{ interval: 0s, webhook: {{ kind: {kind}, secret: \"{secret}\" }} }}\n"));
        stage.commit("/one");
        let gateway = stage.start().await;
        stage.commit("/two");
        let hook = format!("{}/__tollgate/source", gateway.url);
        let send = async |fields: &[(&str, &str)]| {
            client::send(Method::POST, &hook, fields, body.to_owned()).await.unwrap().status
        };
        assert_eq!(send(&wrong).await, StatusCode::UNAUTHORIZED, "{kind}");
        assert_eq!(send(&good).await, StatusCode::ACCEPTED, "{kind}");
        gateway.until("/two", None, OK).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_webhook_or_a_repository_nobody_is_listened_to() {
    let stage = Stage::new().await;
    let gateway = stage.start().await;
    let hook = format!("{}/__tollgate/source", gateway.url);
    assert_eq!(
        client::send(Method::POST, &hook, &[], String::new()).await.unwrap().status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let world = World::with_project(&stage.upstream.url());
    world.write("tollgate.yaml", "source: { webhook: { kind: gitlab, secret: 0123456789abcdef } }\n");
    let gateway = world.start(&["run", "."]).await;
    let hook = format!("{}/__tollgate/source", gateway.url);
    let token = [("x-gitlab-token", "0123456789abcdef")];
    assert_eq!(
        client::send(Method::POST, &hook, &token, String::new()).await.unwrap().status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fetched_at_the_first_start_is_a_clear_error_without_a_password() {
    let refusing = CapturingUpstream::answering(|_| {
        let answer = http::Response::builder().status(401).header("www-authenticate", "Basic realm=\"x\"");
        answer.body(bytes::Bytes::from_static(b"no")).unwrap()
    })
    .await
    .unwrap();
    let world = World::empty();
    let from = format!("git+http://robot:hunter2@{}/a.git#main", refusing.address());
    let run = |from: &str| {
        let arguments = ["run", "--from", from, "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0"];
        arguments.map(str::to_owned)
    };
    let arguments = run(&from);
    let ended = world.tollgate(&arguments.each_ref().map(String::as_str)).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains(&format!("cannot fetch http://{}/a.git#main", refusing.address())), "{ended:?}");
    assert!(!ended.stderr.contains("hunter2") && !ended.stderr.contains("robot"), "{ended:?}");
    let asked = refusing.last().unwrap();
    assert_eq!(
        asked.header("authorization"),
        Some("Basic cm9ib3Q6aHVudGVyMg=="),
        "robot:hunter2, when it is asked for"
    );

    let stage = Stage::new().await;
    for (address, expected) in [
        ("https://h/a.git".to_owned(), "expected git+https://"),
        ("git+ext::sh -c x".to_owned(), "expected git+https://"),
        (stage.from().replace("#main", "#--upload-pack=x"), "no name of a branch"),
        (stage.from().replace(":api", ":nowhere"), "has no such folder"),
        (stage.from().replace("#main", "#nobranch"), "cannot fetch"),
    ] {
        let arguments = run(&address);
        let ended = stage.world.tollgate(&arguments.each_ref().map(String::as_str)).await;
        assert!(ended.code != 0 && ended.stderr.contains(expected), "{address}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_of_a_repositorys_project_outlives_its_commits() {
    let stage = Stage::new().await;
    stage.settings("store: sqlite://own.db\nsource: { interval: 1s }\n");
    stage.commit("/one");
    let gateway = stage.start().await;
    let key = stage.world.tollgate(&["consumer", "create", "acme", "--data-dir", ".tollgate"]).await;
    key.good();
    let key =
        stage.world.tollgate(&["key", "create", "acme", "--data-dir", ".tollgate", "--output", "json"]).await.good();
    let key = key.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(gateway.get("/protected", Some(&key)).await.status, OK);
    stage.commit("/two");
    gateway.until("/two", None, OK).await;
    drop(gateway);
    let gateway = stage.start().await;
    assert_eq!(gateway.get("/protected", Some(&key)).await.status, OK);
    assert!(stage.world.path().join(".tollgate/own.db").is_file());
}
