//! Documents of a project that lie in repositories: read with what they refer to, followed, kept.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use support::{Gateway, SOON, World, document};
use tollgate_testkit::{CapturingUpstream, client};

const OK: StatusCode = StatusCode::OK;

/// A repository with a document in `apis`, and a project beside it that names it.
struct Stage {
    world: World,
    upstream: CapturingUpstream,
}

impl Stage {
    async fn new(source: &str) -> Self {
        let stage = Self { world: World::empty(), upstream: CapturingUpstream::start().await.unwrap() };
        std::fs::create_dir(stage.repository()).unwrap();
        stage.git(&["init", "--quiet", "--initial-branch", "main"]);
        stage.commit("/one");
        let from = format!("git+file://{}#main:apis/api.yaml", stage.repository().display());
        stage.world.write("project/tollgate.yaml", &format!("source: {source}\ndocuments: [{{ from: \"{from}\" }}]\n"));
        stage
    }

    fn repository(&self) -> PathBuf {
        self.world.path().join("repository")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let mut git = std::process::Command::new("git");
        let output = git.current_dir(self.repository()).args(settings).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The next commit has its public route there, in a file that the document refers to.
    fn commit(&self, path: &str) {
        let text = document(&self.upstream.url(), "auth: api-key");
        let (head, route) = text.split_once("  /open:\n").unwrap();
        self.world.write("repository/apis/api.yaml", &format!("{head}  {path}:\n    $ref: ../parts/open.yaml\n"));
        let route: String = route.lines().map(|line| format!("{}\n", line.get(4..).unwrap_or_default())).collect();
        self.world.write("repository/parts/open.yaml", &route);
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", "a change"]);
    }

    /// The snapshots, once there are so many: one is kept after it is in force.
    async fn kept(&self, count: usize) -> Value {
        let list = async {
            loop {
                let arguments = ["snapshots", "list", "--project", "project", "--output", "json"];
                let list = self.world.tollgate(&arguments).await.good().json();
                if list.as_array().unwrap().len() == count {
                    return list;
                }
            }
        };
        tokio::time::timeout(SOON, list).await.expect("they are kept")
    }

    async fn start(&self) -> Gateway {
        self.world.start(&["run", "project"]).await
    }
}

/// Waits until `/readyz` says something of a part.
async fn until_ready_says(gateway: &Gateway, part: &str, text: &str) -> Value {
    let asked = async {
        loop {
            let health = client::get(&format!("{}/readyz", gateway.management), &[]).await.unwrap().json();
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
async fn a_document_of_a_repository_and_what_it_refers_to_are_followed() {
    let stage = Stage::new("{ interval: 1s }").await;
    let checked = stage.world.tollgate(&["check", "project"]).await;
    checked.good();
    let gateway = stage.start().await;
    assert_eq!(gateway.get("/one", None).await.status, OK);
    assert_eq!(gateway.get("/protected", None).await.status, StatusCode::UNAUTHORIZED);
    stage.commit("/two");
    gateway.until("/two", None, OK).await;
    // Only the file that is referred to changes.
    let part = std::fs::read_to_string(stage.repository().join("parts/open.yaml")).unwrap();
    stage.world.write("repository/parts/open.yaml", &part.replace("auth: public", "auth: api-key"));
    stage.git(&["commit", "--quiet", "-am", "closed"]);
    gateway.until("/two", None, StatusCode::UNAUTHORIZED).await;
    let list = stage.kept(3).await;
    assert_eq!((&list[0]["how"], &list[2]["how"]), (&json!("git"), &json!("start")));
    assert!(list[0]["by"].as_str().unwrap().ends_with("/repository#main:parts/open.yaml"), "{list}");
    assert!(list[1]["by"].as_str().unwrap().ends_with("/repository#main:apis/api.yaml"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_away_keeps_what_runs_through_a_restart() {
    let stage = Stage::new("{ interval: 1s }").await;
    let mut gateway = stage.start().await;
    let elsewhere = stage.world.path().join("elsewhere");
    std::fs::rename(stage.repository(), &elsewhere).unwrap();
    let health = until_ready_says(&gateway, "source", "cannot fetch").await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(gateway.get("/one", None).await.status, OK);
    gateway.child.kill().await.unwrap();
    let gateway = stage.start().await;
    assert_eq!(gateway.get("/one", None).await.status, OK, "the last good one serves");
    std::fs::rename(&elsewhere, stage.repository()).unwrap();
    stage.commit("/two");
    gateway.until("/two", None, OK).await;
    until_ready_says(&gateway, "source", "ok").await;
    until_ready_says(&gateway, "project", "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_document_keeps_what_runs_and_a_pin_lets_the_mended_one_wait() {
    let stage = Stage::new("{ interval: 1s }").await;
    let gateway = stage.start().await;
    stage.commit("/two");
    gateway.until("/two", None, OK).await;
    stage.world.write("repository/apis/api.yaml", "openapi: 3.1.0\nx-tollgate: { auht: public }\n");
    stage.git(&["commit", "--quiet", "-am", "broken"]);
    until_ready_says(&gateway, "project", "has mistakes").await;
    assert!(gateway.child.output().contains("#main:apis/api.yaml"), "{}", gateway.child.output());
    assert_eq!(gateway.get("/two", None).await.status, OK);
    stage.world.tollgate(&["rollback", "--project", "project"]).await.good();
    assert_eq!(gateway.get("/one", None).await.status, OK);
    stage.commit("/three");
    gateway.child.wait_for_line("the changed document waits for the pin to be lifted", SOON).await.unwrap();
    assert_eq!(gateway.get("/one", None).await.status, OK);
    stage.world.tollgate(&["snapshots", "unpin", "--project", "project"]).await.good();
    gateway.until("/three", None, OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_leads_to_a_look_at_the_documents() {
    let webhook = "{ kind: gitlab, secret: 0123456789abcdef }";
    let stage = Stage::new(&format!("{{ interval: 0s, webhook: {webhook} }}")).await;
    let gateway = stage.start().await;
    stage.commit("/two");
    let hook = format!("{}/__tollgate/source", gateway.url);
    let send = async |secret: &str| {
        client::send(Method::POST, &hook, &[("x-gitlab-token", secret)], String::new()).await.unwrap().status
    };
    assert_eq!(send("0123456789abcdeF").await, StatusCode::UNAUTHORIZED);
    assert_eq!(send("0123456789abcdef").await, StatusCode::ACCEPTED);
    gateway.until("/two", None, OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_the_password_of_a_document() {
    let refusing = CapturingUpstream::answering(|_| {
        let answer = http::Response::builder().status(401).header("www-authenticate", "Basic realm=\"x\"");
        answer.body(bytes::Bytes::from_static(b"no")).unwrap()
    })
    .await
    .unwrap();
    let world = World::empty();
    world.write(".env", "LOGIN=robot:hunter2\n");
    for (address, shown) in [
        (format!("git+http://$env(LOGIN)@{}/a.git#main:api.yaml", refusing.address()), "a.git#main:api.yaml"),
        (format!("http://$env(LOGIN)@{}/api.yaml", refusing.address()), "/api.yaml"),
    ] {
        world.write("tollgate.yaml", &format!("documents: [{{ from: \"{address}\" }}]\n"));
        let ended = world.tollgate(&["check", "."]).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(told.contains(shown) && !told.contains("hunter2") && !told.contains("robot"), "{told}");
        assert_eq!(refusing.last().unwrap().header("authorization"), Some("Basic cm9ib3Q6aHVudGVyMg=="), "{shown}");
    }
}
