//! The binary, a project for it, and waiting with a deadline.
#![allow(dead_code, reason = "every test takes what it needs")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tollgate_testkit::client::{self, Reply};
use tollgate_testkit::process::wait_for_file;
use tollgate_testkit::{Child, temp_dir};

pub(crate) const SOON: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Its standard output, which must be one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// A folder with a project in it, and commands that run there.
pub(crate) struct World {
    pub(crate) folder: TempDir,
}

impl World {
    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { folder: temp_dir().unwrap() }
    }

    /// One route that wants a key, one that is public.
    pub(crate) fn with_project(upstream: &str) -> Self {
        let world = Self::empty();
        world.write("openapi.yaml", &document(upstream, "auth: api-key"));
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join(".tollgate")
    }

    /// Replaces a file, as an editor does it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let draft = path.with_extension("draft");
        fs::write(&draft, text).unwrap();
        fs::rename(draft, path).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Runs a command in the folder.
    pub(crate) async fn tollgate(&self, arguments: &[&str]) -> Ended {
        self.tollgate_with_input(arguments, "").await
    }

    pub(crate) async fn tollgate_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        use tokio::io::AsyncWriteExt;
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .args(arguments)
            .current_dir(self.path())
            .env_remove("TOLLGATE_DATA_DIR")
            .env_remove("TOLLGATE_STORE")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let output = tokio::time::timeout(SOON, child.wait_with_output()).await.expect("it ended").unwrap();
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A consumer and a key for it.
    pub(crate) async fn key(&self, consumer: &str) -> Value {
        self.tollgate(&["consumer", "create", consumer]).await.good();
        self.tollgate(&["key", "create", consumer, "--output", "json"]).await.good().json()
    }

    /// Starts `dev` or `run` on free ports and waits until traffic is accepted.
    pub(crate) async fn start(&self, arguments: &[&str]) -> Gateway {
        self.start_with(arguments, &[]).await
    }

    /// The same, with variables of the environment.
    pub(crate) async fn start_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Gateway {
        let ready = self.path().join("ready.json");
        let _ = fs::remove_file(&ready);
        let mut all: Vec<&str> = arguments.to_vec();
        let ready_text = ready.to_str().unwrap().to_owned();
        if !arguments.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        all.extend(["--management-listen", "127.0.0.1:0", "--ready-file", &ready_text]);
        let state = self.path().join("state");
        let state = [("XDG_STATE_HOME", state.to_str().unwrap())];
        let environment: Vec<(&str, &str)> = environment.iter().copied().chain(state).collect();
        let child = Child::spawn(env!("CARGO_BIN_EXE_tollgate"), &all, self.path(), &environment).unwrap();
        let text = match wait_for_file(&ready, SOON).await {
            Ok(text) => text,
            Err(error) => panic!("{error}\n{}", child.output()),
        };
        let ready: Value = serde_json::from_str(&text).unwrap();
        let address = |name: &str| format!("http://{}", ready[name].as_str().unwrap());
        assert_eq!(ready["pid"], child.id().unwrap());
        Gateway { url: address("listen"), management: address("management"), child }
    }
}

/// A document whose `/protected` has what is given, and whose `/open` is public.
pub(crate) fn document(upstream: &str, protected: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{ title: Test, version: 1.0.0 }}\nx-tollgate:\n  upstream: {upstream}\npaths:\n  /protected:\n    get:\n      operationId: getProtected\n      x-tollgate: {{ {protected} }}\n      responses: {{ \"200\": {{ description: ok }} }}\n  /open:\n    get:\n      operationId: getOpen\n      x-tollgate: {{ auth: public }}\n      responses: {{ \"200\": {{ description: ok }} }}\n"
    )
}

/// A gateway that runs.
pub(crate) struct Gateway {
    pub(crate) url: String,
    pub(crate) management: String,
    pub(crate) child: Child,
}

impl Gateway {
    pub(crate) async fn get(&self, path: &str, key: Option<&str>) -> Reply {
        let authorization = key.map(|key| format!("Bearer {key}"));
        let headers: Vec<(&str, &str)> =
            authorization.as_deref().map(|value| ("authorization", value)).into_iter().collect();
        client::get(&format!("{}{path}", self.url), &headers)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{}", self.child.output()))
    }

    pub(crate) async fn manage(&self, method: Method, path: &str, token: &str, body: &str) -> Reply {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        client::send(method, &format!("{}{path}", self.management), &headers, body.to_owned()).await.unwrap()
    }

    /// Asks again until the status is the expected one, and says how long that took.
    pub(crate) async fn until(&self, path: &str, key: Option<&str>, expected: StatusCode) -> Duration {
        let started = tokio::time::Instant::now();
        let asked = async {
            while self.get(path, key).await.status != expected {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        if tokio::time::timeout(SOON, asked).await.is_err() {
            panic!("{path} never answered {expected}\n{}", self.child.output());
        }
        started.elapsed()
    }
}

/// The key set of a gateway, where its discovery document says that it is; `publicUrl` is `https://api.test`.
pub(crate) async fn jwks(gateway: &Gateway) -> Value {
    let discovery = gateway.get("/__tollgate/issuer/.well-known/openid-configuration", None).await.json();
    let uri = discovery["jwks_uri"].as_str().unwrap().replace("https://api.test", "");
    gateway.get(&uri, None).await.json()
}
