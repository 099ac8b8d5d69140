//! Restart and upgrade: no connection is refused or reset, and what is under way finishes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use support::{Ended, SOON, World, document};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tollgate_testkit::process::wait_for_file;
use tollgate_testkit::{CapturingUpstream, Child};

const OK: StatusCode = StatusCode::OK;

/// One request on a connection of its own, to its end.
async fn ask(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Clients that connect anew for each request, one after the other, until they are stopped.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn on(address: &str) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let client = |_| {
            let (address, stop, answered) = (address.to_owned(), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut wrong = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    match ask(&address, "/open").await {
                        Ok(answer) if answer.starts_with("HTTP/1.1 200") => {
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(answer) => wrong.push(format!("{answer:?}")),
                        Err(error) => wrong.push(error.to_string()),
                    }
                }
                wrong
            })
        };
        let clients = (0..4).map(client).collect();
        Self { stop, answered, clients }
    }

    /// Waits until so many more have been answered.
    async fn go_on(&self, more: usize) {
        let until = self.answered.load(Ordering::Relaxed) + more;
        let answered = async {
            while self.answered.load(Ordering::Relaxed) < until {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(SOON, answered).await.expect("requests are answered");
    }

    /// Ends it. Nobody was refused, reset or answered with anything else than 200.
    async fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            assert_eq!(client.await.unwrap(), Vec::<String>::new());
        }
        self.answered.load(Ordering::Relaxed)
    }
}

fn address(url: &str) -> &str {
    url.trim_start_matches("http://")
}

/// The gateway that the ready file tells of.
fn ready(world: &World) -> Value {
    serde_json::from_str(&world.read("ready.json")).unwrap()
}

async fn upgrade(world: &World) -> Ended {
    world.tollgate(&["upgrade", ".", "--output", "json"]).await
}

/// Ends a successor, which is no child of the test.
struct Orphan(u32);

impl Orphan {
    fn of(world: &World) -> Self {
        Self(u32::try_from(ready(world)["pid"].as_u64().unwrap()).unwrap())
    }

    fn signal(&self, name: &str) {
        let _ = std::process::Command::new("kill").arg(format!("-{name}")).arg(self.0.to_string()).status();
    }

    fn is_alive(&self) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        self.signal("KILL");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_under_load_refuse_nobody_and_reset_nothing() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let mut gateway = world.start(&["run", "."]).await;
    let (data, management) = (address(&gateway.url).to_owned(), gateway.management.clone());
    let load = Load::on(&data);
    load.go_on(50).await;
    let first = gateway.child.id().unwrap();
    let mut before = first;
    for _ in 0..3 {
        let told = upgrade(&world).await.good().json();
        let orphan = Orphan::of(&world);
        assert_eq!(told["pid"], orphan.0);
        assert_ne!(orphan.0, before, "another process serves");
        before = orphan.0;
        std::mem::forget(orphan);
        load.go_on(50).await;
    }
    let last = Orphan(before);
    assert!(gateway.child.exited(SOON).await.unwrap().success(), "the first one has ended by itself");
    assert!(load.end().await >= 200);
    let state: Value = serde_json::from_str(&world.read(".tollgate/run.json")).unwrap();
    assert_eq!(state["pid"], last.0);
    assert_eq!(ready(&world)["listen"], data.as_str());
    // The management listener went along.
    let probe = tollgate_testkit::client::get(&format!("{management}/readyz"), &[]).await.unwrap();
    assert_eq!(probe.status, OK, "{:?}", probe.body);
    world.write("openapi.yaml", &document(&upstream.url(), "auth: api-key").replace("/open:", "/opened:"));
    world.tollgate(&["reload", "."]).await.good();
    assert!(ask(&data, "/opened").await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_finishes_in_the_process_before_and_its_tunnel_ends_with_the_drain() {
    let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = World::with_project(&format!("http://{}", backend.local_addr().unwrap()));
    world.write("tollgate.yaml", "server: { drain: 20s, tunnels: { drain: 1s } }\n");
    let mut gateway = world.start(&["run", "."]).await;
    let data = address(&gateway.url).to_owned();

    let begin = async |request: &str| {
        let mut client = TcpStream::connect(&data).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let (mut upstream, _) = backend.accept().await.unwrap();
        let mut head = [0; 4096];
        let read = upstream.read(&mut head).await.unwrap();
        (client, upstream, String::from_utf8_lossy(&head[..read]).into_owned())
    };
    let (mut slow, mut slow_upstream, _) = begin("GET /open HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let key = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let (mut socket, mut socket_upstream, head) = begin(&format!("GET /open HTTP/1.1\r\nhost: a\r\n{key}\r\n")).await;
    assert!(head.to_ascii_lowercase().contains("dghlihnhbxbszsbub25jzq=="), "{head}");
    let accept = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    socket_upstream.write_all(accept.as_bytes()).await.unwrap();
    let mut came = vec![0; 4096];
    let read = socket.read(&mut came).await.unwrap();
    assert!(came[..read].starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&came[..read]));

    upgrade(&world).await.good();
    let orphan = Orphan::of(&world);
    // The tunnel goes on, in the process before.
    socket_upstream.write_all(b"\x81\x02hi").await.unwrap();
    let mut message = [0; 4];
    socket.read_exact(&mut message).await.unwrap();
    assert_eq!(&message, b"\x81\x02hi");
    // And ends, with a word, when its time is over.
    let mut end = Vec::new();
    let read = tokio::time::timeout(SOON, socket.read_to_end(&mut end)).await.expect("its drain time is a second");
    assert!(read.is_ok());
    assert!(gateway.child.id().is_some_and(|_| ready(&world)["pid"] == orphan.0));
    slow_upstream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("late"), "{answer}");
    assert!(gateway.child.exited(SOON).await.unwrap().success());
    assert!(orphan.is_alive());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_that_cannot_serve_changes_nothing() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let mut gateway = world.start(&["run", "."]).await;
    let good = world.read("openapi.yaml");
    world.write("openapi.yaml", &good.replace("auth: public", "auth: publik"));
    let failed = upgrade(&world).await;
    assert_eq!(failed.code, 78, "{failed:?}");
    let why = failed.json()["why"].as_str().unwrap().to_owned();
    assert!(why.contains("publik") && why.contains("openapi.yaml:"), "{why}");

    // A fault that only the start brings to light: another has the address of the new listener.
    world.write("openapi.yaml", &good);
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = other.local_addr().unwrap();
    world.write("tollgate.yaml", &format!("server: {{ listeners: [{{ address: \"{busy}\" }}] }}\n"));
    let failed = upgrade(&world).await;
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.json()["why"].as_str().unwrap().contains("something listens there already"), "{failed:?}");
    assert_eq!(gateway.get("/open", None).await.status, OK);

    // And with what was wrong out of the way, it works.
    std::fs::remove_file(world.path().join("tollgate.yaml")).unwrap();
    upgrade(&world).await.good();
    let _orphan = Orphan::of(&world);
    assert!(gateway.child.exited(SOON).await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_one_quota_through_an_upgrade() {
    let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = World::empty();
    let quota = "auth: api-key, inbound: [{ quota: { period: daily, allowances: { requests: 3 } } }]";
    world.write("openapi.yaml", &document(&format!("http://{}", backend.local_addr().unwrap()), quota));
    let key = world.key("alice").await["key"].as_str().unwrap().to_owned();
    let mut gateway = world.start(&["run", "."]).await;
    let data = address(&gateway.url).to_owned();
    let begin = async || {
        let mut client = TcpStream::connect(&data).await.unwrap();
        let head =
            format!("GET /protected HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        client
    };
    let answer = async |mut client: TcpStream| {
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let serve = |status: &'static str| {
        let backend = &backend;
        async move {
            let (mut upstream, _) = backend.accept().await.unwrap();
            let mut head = [0; 4096];
            let _ = upstream.read(&mut head).await.unwrap();
            upstream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
        }
    };
    let first = begin().await;
    serve("200 OK").await;
    assert!(answer(first).await.starts_with("HTTP/1.1 200"));
    // Taken in the process before, under way there when it hands over.
    let under_way = begin().await;
    let (mut upstream, _) = backend.accept().await.unwrap();
    upgrade(&world).await.good();
    let _orphan = Orphan::of(&world);
    // Both accept for a moment, and what the one before counts then is told a little later.
    let stops = async {
        while !gateway.child.output().contains("stopping: waiting for what is under way") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, stops).await.expect("the process before stops accepting");
    let third = begin().await;
    serve("200 OK").await;
    assert!(answer(third).await.starts_with("HTTP/1.1 200"));
    assert!(answer(begin().await).await.starts_with("HTTP/1.1 429"), "three of three");
    upstream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    assert!(answer(under_way).await.starts_with("HTTP/1.1 200"));
    assert!(gateway.child.exited(SOON).await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_started_by_hand_takes_the_place_or_starts_where_there_is_none() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let mut first = world.start(&["run", ".", "--takeover"]).await;
    let load = Load::on(address(&first.url));
    let mut second = world.start(&["run", ".", "--takeover"]).await;
    assert_eq!((&first.url, &first.management), (&second.url, &second.management));
    assert!(first.child.wait(SOON).await.unwrap().success());
    load.go_on(20).await;
    load.end().await;
    second.child.signal("TERM").await.unwrap();
    assert!(second.child.wait(SOON).await.unwrap().success());
    assert!(!world.data().join("handover.sock").exists());
    let none = upgrade(&world).await;
    assert_eq!(none.code, 1);
    assert!(none.stderr.contains("no gateway runs on"), "{none:?}");
}

/// A gateway under a service manager.
struct Managed {
    manager: Child,
    addresses: Vec<String>,
}

impl Managed {
    async fn start(world: &World, names: &str, more: &[&str]) -> Self {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python/service_manager.py");
        let ready = world.path().join("ready.json").display().to_string();
        let mut arguments = vec![script.to_str().unwrap(), names, env!("CARGO_BIN_EXE_tollgate"), "run", "."];
        arguments.extend(["--ready-file", &ready]);
        arguments.extend(more);
        let manager = Child::spawn("python3", &arguments, world.path(), &[]).unwrap();
        let line = manager.wait_for_line("[", SOON).await.unwrap();
        Self { manager, addresses: serde_json::from_str(&line).unwrap() }
    }

    async fn heard(&self, line: &str, times: usize) {
        let heard = async {
            while self.manager.output().lines().filter(|told| told.starts_with(line)).count() < times {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(SOON, heard).await;
        assert!(waited.is_ok(), "never {times} times `{line}`:\n{}", self.manager.output());
    }

    async fn end(mut self) {
        self.manager.signal("TERM").await.unwrap();
        self.manager.wait(SOON).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_of_a_service_manager_stay_open_through_restarts_and_upgrades() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let managed = Managed::start(&world, "data:management", &[]).await;
    managed.heard("told READY=1", 1).await;
    let [data, management] = &managed.addresses[..] else { panic!("{:?}", managed.addresses) };
    assert_eq!(
        (ready(&world)["listen"].as_str(), ready(&world)["management"].as_str()),
        (Some(&**data), Some(&**management))
    );
    let load = Load::on(data);
    load.go_on(20).await;
    let first = ready(&world)["pid"].clone();
    managed.manager.signal("USR1").await.unwrap();
    managed.heard("told STOPPING=1", 1).await;
    managed.heard("told READY=1", 2).await;
    let second = ready(&world)["pid"].clone();
    assert_ne!(first, second);
    load.go_on(20).await;
    let told = upgrade(&world).await.good().json();
    managed.heard(&format!("told MAINPID={}", told["pid"]), 1).await;
    managed.heard("told READY=1", 3).await;
    managed.heard("told STATUS=2 routes served", 3).await;
    load.go_on(20).await;
    managed.heard("told WATCHDOG=1", 10).await;
    assert!(!managed.manager.output().contains("STOPPING=1\ntold MAINPID"), "the service does not stop with a process");
    load.end().await;
    let orphan = Orphan::of(&world);
    orphan.signal("HUP");
    managed.heard("told RELOADING=1", 1).await;
    managed.heard("told READY=1", 4).await;
    managed.end().await;
    assert!(!orphan.is_alive());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_nothing_is_to_listen_on_is_told_with_its_name() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let managed = Managed::start(&world, "data:metrics", &["--management-listen", "127.0.0.1:0"]).await;
    let log = world.path().join("gateway.log");
    let text = wait_for_file(&log, SOON).await.unwrap();
    assert!(text.contains("`metrics`") && text.contains("FileDescriptorName="), "{text}");
    drop(managed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_starts_what_is_at_the_path_of_the_program_by_then() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    // As a package manager does it: the file is replaced, by another one of the same name.
    let program = world.path().join("tollgate");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tollgate"), &program).unwrap();
    let ready_file = world.path().join("ready.json").display().to_string();
    let arguments =
        ["run", ".", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--ready-file", &ready_file];
    let mut child = Child::spawn(&program, &arguments, world.path(), &[]).unwrap();
    wait_for_file(Path::new(&ready_file), SOON).await.unwrap();
    std::fs::remove_file(&program).unwrap();
    let wrapper = format!("#!/bin/sh\necho new > started\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_tollgate"));
    world.write("tollgate", &wrapper);
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    upgrade(&world).await.good();
    let _orphan = Orphan::of(&world);
    assert_eq!(world.read("started"), "new\n");
    assert!(child.exited(SOON).await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_announced_to_health_checks_while_connections_are_still_accepted() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    world.write("tollgate.yaml", "server: { stopNotice: 60s }\n");
    let mut gateway = world.start(&["run", "."]).await;
    let check = async |more: &[&str]| {
        let arguments: Vec<&str> = ["healthcheck", "--data-dir", ".tollgate"].iter().chain(more).copied().collect();
        world.tollgate(&arguments).await
    };
    assert_eq!(check(&[]).await.good().stdout, "ready\n");
    gateway.child.signal("TERM").await.unwrap();
    gateway.child.wait_for_line("about to stop", SOON).await.unwrap();
    let told = check(&[]).await;
    assert_eq!((told.code, told.stdout.as_str()), (1, "unready\nprocess: stopping\n"));
    assert_eq!(check(&["--live"]).await.good().stdout, "ok\n");
    assert_eq!(gateway.get("/open", None).await.status, OK, "whoever has not heard of it is answered");
    let none = upgrade(&world).await;
    assert!(none.code != 0, "{none:?}");
    // A second signal does not wait for the notice.
    gateway.child.signal("TERM").await.unwrap();
    assert!(gateway.child.exited(SOON).await.unwrap().success());
    let gone = check(&[]).await;
    assert_eq!(gone.code, 1);
    assert!(gone.stderr.contains("no gateway runs on"), "{gone:?}");
}
