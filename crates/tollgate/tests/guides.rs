//! What the guides tell people to type works: every `tollgate` command in them is run, block by
//! block, in a fresh folder.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tollgate_testkit::process::wait_for_file;
use tollgate_testkit::servers::PostgresServer;
use tollgate_testkit::{CapturingUpstream, Child, temp_dir};

const SOON: Duration = Duration::from_secs(30);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What a page gives to type, or to save.
enum Block {
    Commands(Vec<String>),
    File { name: String, text: String },
}

/// The fenced `sh` blocks of a page, as lists of commands without their comments; and its `yaml`
/// and `ts` blocks that begin with the name of their file.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut inside: Option<Vec<String>> = None;
    let mut file: Option<String> = None;
    for line in page.lines() {
        match (&mut inside, line.trim()) {
            (None, "```yaml" | "```ts") if file.is_none() => file = Some(String::new()),
            (None, "```") if file.is_some() => {
                let text = file.take().unwrap();
                let named = |mark: &str, ending: &str| {
                    let name = text.strip_prefix(mark)?.lines().next()?;
                    (name.ends_with(ending) && !name.contains(' ')).then(|| name.to_owned())
                };
                if let Some(name) = named("# ", ".yaml").or_else(|| named("// ", ".ts")) {
                    blocks.push(Block::File { name, text });
                }
            }
            (None, _) if file.is_some() => {
                let text = file.as_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            (None, "```sh") => inside = Some(Vec::new()),
            (Some(_), "```") => blocks.extend(inside.take().map(Block::Commands)),
            (Some(commands), line) if !line.is_empty() => {
                commands.push(line.split(" #").next().unwrap_or_default().trim().to_owned());
            }
            _ => {}
        }
    }
    blocks
}

/// A folder in which the files that the guides speak of exist.
fn folder() -> TempDir {
    let folder = temp_dir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let document = r#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"responses":{}}}}}"#;
    for file in
        ["path/or/url/of/openapi.json", "generated.json", "openapi.json", "path/to/project/config/routes.oas.json"]
    {
        std::fs::create_dir_all(path(file).parent().unwrap()).unwrap();
        std::fs::write(path(file), document).unwrap();
    }
    let zuplo = document.replace(
        r#""responses""#,
        r#""x-zuplo-route":{"corsPolicy":"none","handler":{"export":"urlForwardHandler","module":"$import(@zuplo/runtime)","options":{"baseUrl":"http://127.0.0.1:8888"}}},"responses""#,
    );
    std::fs::write(path("path/to/project/config/routes.oas.json"), zuplo).unwrap();
    std::fs::write(path("path/to/project/config/policies.json"), r#"{"policies":[]}"#).unwrap();
    std::fs::create_dir_all(path("etc/tollgate/tls")).unwrap();
    for (file, name) in [
        ("api.example.com", "api.example.com"),
        ("wildcard.example.org", "*.example.org"),
        ("partners-ca", "partners.example"),
    ] {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        std::fs::write(path(&format!("etc/tollgate/tls/{file}.pem")), made.cert.pem()).unwrap();
        std::fs::write(path(&format!("etc/tollgate/tls/{file}.key")), made.signing_key.serialize_pem()).unwrap();
    }
    folder
}

/// A settings file as the guides have it, on free ports and with the files of this folder.
fn adapted_file(text: &str, folder: &Path) -> String {
    text.replace("/etc/tollgate", &folder.join("etc/tollgate").to_string_lossy()).replace("\"[::]:443\"", "\"[::1]:0\"")
}

/// Fixed addresses and system folders, replaced by free ones.
fn adapted(command: &str, folder: &Path, database: &str) -> String {
    command
        .replace("/var/lib/tollgate", &folder.join("data").to_string_lossy())
        .replace(" --listen 0.0.0.0:9000", "")
        .replace("postgres://tollgate@db.internal/tollgate", database)
        .replace("tollgate ", &format!("{} ", env!("CARGO_BIN_EXE_tollgate")))
}

fn shell(command: &str, folder: &Path) -> std::process::Output {
    std::process::Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

/// The request that the guide for the one on call explains.
const EXPLAINED: &str = "0199d5f2-1f6e-7c1a-9d3b-5f0e2a6c4b7d";

/// What the guide for the one on call is about: a gateway that runs, a consumer, a request that failed.
async fn on_call(folder: &Path) -> (Child, CapturingUpstream) {
    let upstream = CapturingUpstream::start().await.unwrap();
    let document = format!(
        "openapi: 3.1.0\ninfo: {{ title: t, version: 1.0.0 }}\nx-tollgate: {{ upstream: \"{}\", auth: public }}\npaths:\n  /a:\n    get:\n      responses: {{ \"200\": {{ description: ok }} }}\n",
        upstream.url()
    );
    std::fs::create_dir_all(folder.join("my-api")).unwrap();
    std::fs::write(folder.join("my-api/openapi.yaml"), document).unwrap();
    let ready = folder.join("ready.json");
    let arguments =
        "run my-api --data-dir data --listen 127.0.0.1:0 --management-listen 127.0.0.1:0 --ready-file ready.json";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let state = folder.join("state").to_string_lossy().into_owned();
    let child =
        Child::spawn(env!("CARGO_BIN_EXE_tollgate"), &arguments, folder, &[("XDG_STATE_HOME", &state)]).unwrap();
    let text = match wait_for_file(&ready, SOON).await {
        Ok(text) => text,
        Err(error) => panic!("{error}\n{}", child.output()),
    };
    let ready: serde_json::Value = serde_json::from_str(&text).unwrap();
    let url = format!("http://{}/nowhere", ready["listen"].as_str().unwrap());
    tollgate_testkit::client::get(&url, &[("x-request-id", EXPLAINED)]).await.unwrap();
    let made = shell(&format!("{} consumer create acme --data-dir data", env!("CARGO_BIN_EXE_tollgate")), folder);
    assert!(made.status.success(), "{made:?}");
    (child, upstream)
}

async fn serves(command: &str, folder: &Path) {
    let ready = folder.join("ready.json");
    let _ = std::fs::remove_file(&ready);
    let command =
        format!("exec {command} --listen 127.0.0.1:0 --management-listen 127.0.0.1:0 --ready-file ready.json");
    let state = folder.join("state").to_string_lossy().into_owned();
    let mut child = Child::spawn("sh", &["-c", &command], folder, &[("XDG_STATE_HOME", &state)]).unwrap();
    if let Err(error) = wait_for_file(&ready, SOON).await {
        panic!("{command}: {error}\n{}", child.output());
    }
    child.signal("TERM").await.unwrap();
    assert!(child.wait(SOON).await.unwrap().success(), "{command} ends well when told to\n{}", child.output());
}

/// Runs a command that puts another process in the place of the gateway on the data folder of a page.
async fn upgrades(command: &str, folder: &Path) {
    let ready = folder.join("ready.json");
    let _ = std::fs::remove_file(&ready);
    let address = ["--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0"];
    let mut arguments = vec!["run", "my-api", "--data-dir", "data", "--ready-file", "ready.json"];
    arguments.extend(address);
    let mut child = Child::spawn(env!("CARGO_BIN_EXE_tollgate"), &arguments, folder, &[]).unwrap();
    let Ok(before) = wait_for_file(&ready, SOON).await else { panic!("{}", child.output()) };
    let output = shell(command, folder);
    assert!(output.status.success(), "{command}:\n{}", String::from_utf8_lossy(&output.stderr));
    let after = std::fs::read_to_string(&ready).unwrap();
    let pid = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["pid"].to_string();
    assert_ne!(pid(&before), pid(&after), "{command}");
    assert!(child.exited(SOON).await.unwrap().success(), "{command}: the process before ends well");
    assert!(shell(&format!("kill {}", pid(&after)), folder).status.success());
}

// The upstream of a running gateway must answer while a command is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_guides_works_as_it_stands() {
    let mut run = 0;
    let server = PostgresServer::start(&[]).unwrap();
    let database = server.url(&server.database().unwrap());
    let mut pages: Vec<PathBuf> =
        std::fs::read_dir(root().join("docs/guides")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.push(root().join("README.md"));
    pages.sort();
    for page in pages {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        // One folder a page: what a block makes, the next one uses; only `init` starts anew.
        let mut place = folder();
        let _gateway = match name.as_str() {
            "on-call.md" => Some(on_call(place.path()).await),
            _ => None,
        };
        for block in blocks(&std::fs::read_to_string(&page).unwrap()) {
            let commands = match block {
                Block::File { name, text } => {
                    let path = place.path().join(name);
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, adapted_file(&text, place.path())).unwrap();
                    continue;
                }
                Block::Commands(commands) => commands,
            };
            for command in commands.iter().filter(|command| command.starts_with("tollgate ")) {
                if command.starts_with("tollgate init") {
                    place = folder();
                }
                let mut text = adapted(command, place.path(), &database);
                if name == "on-call.md" {
                    // It says so once, for the whole page.
                    text = format!("TOLLGATE_DATA_DIR={} {text}", place.path().join("data").display());
                }
                if command.starts_with("tollgate dev") || command.starts_with("tollgate run") {
                    serves(&text, place.path()).await;
                } else if command.starts_with("tollgate upgrade") {
                    upgrades(&text, place.path()).await;
                } else {
                    let output = shell(&text, place.path());
                    let errors = String::from_utf8_lossy(&output.stderr);
                    let said = String::from_utf8_lossy(&output.stdout);
                    assert!(output.status.success(), "{name}: `{command}` failed:\n{said}\n{errors}");
                }
                run += 1;
            }
        }
    }
    assert!(run > 20, "the guides have commands to run, and {run} were found");
}
