use std::env;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A server on a free port, with a log of request lines in a folder of its own.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    folder: TempDir,
    _child: Child,
}

/// Where a server puts its things.
pub(crate) struct Place<'p> {
    pub(crate) folder: &'p Path,
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
}

impl Place<'_> {
    /// The file that gets a line for each request, beginning with its method and target.
    pub(crate) fn log(&self) -> String {
        self.folder.join("requests.log").display().to_string()
    }

    /// Writes a file beside it.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// The program, where the machine has it. Where it must be there and is not, that is a failure;
/// otherwise it is said.
pub(crate) fn program(name: &'static str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        let wanted = env::var("TOLLGATE_TEST_ORIGINS").unwrap_or_default();
        assert!(!wanted.split_whitespace().any(|origin| origin == name), "TOLLGATE_TEST_ORIGINS names {name}");
        eprintln!("SKIPPED: there is no {name} on this machine");
    }
    found
}

impl Server {
    /// Starts what `command` makes, and waits until it answers.
    pub(crate) async fn start(name: &'static str, command: impl Fn(&Place<'_>) -> Command) -> Self {
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            // Free now; should somebody else take it, the server ends and another port is tried.
            let address = TcpListener::bind((own_loopback(), 0)).unwrap().local_addr().unwrap();
            let mut command = command(&Place { folder: folder.path(), ip: address.ip(), port: address.port() });
            let output = std::fs::File::create(folder.path().join("output")).unwrap();
            command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).kill_on_drop(true);
            let mut child = command.spawn().unwrap();
            let up = async {
                while TcpStream::connect(address).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            let up = tokio::time::timeout(Duration::from_secs(30), async {
                tokio::select! { () = up => true, _ = child.wait() => false }
            });
            if up.await.unwrap_or(false) {
                return Self { name, address, folder, _child: child };
            }
            eprintln!("{name}: {}", std::fs::read_to_string(folder.path().join("output")).unwrap_or_default());
        }
        panic!("{name} does not start");
    }

    /// The logged requests, method and target, once `mark` is among them.
    pub(crate) async fn log_with(&self, mark: &str) -> Vec<String> {
        loop {
            let bytes = std::fs::read(self.folder.path().join("requests.log")).unwrap_or_default();
            let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            if text.lines().any(|line| line.contains(mark)) {
                return text.lines().map(method_and_target).collect();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A loopback address for this process alone, where the system has more than one: a port that was free
/// a moment ago is then still free, and nobody else's server answers on it.
fn own_loopback() -> IpAddr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    if cfg!(target_os = "linux") { [127, 1 | high, middle, low].into() } else { Ipv4Addr::LOCALHOST.into() }
}

/// Some logs hide quotes and backslashes.
fn method_and_target(line: &str) -> String {
    let line = line.replace("\\x22", "\"").replace("\\x5C", "\\").replace("\\\"", "\"").replace("\\\\", "\\");
    let mut words = line.split(' ');
    format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default())
}
