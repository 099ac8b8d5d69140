//! A real Redis on a free port, in a folder that vanishes: one server, or a cluster of masters.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Child, free_port, temp_dir};

const SOON: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A Redis server. It ends with the test.
#[derive(Debug)]
pub struct RedisServer {
    /// Its port on 127.0.0.1.
    pub port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    child: Child,
}

impl RedisServer {
    /// Starts one. Nothing is written to disk.
    ///
    /// # Errors
    /// Where `redis-server` is not installed, or does not answer.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(&[]).await
    }

    /// Starts one with further settings, such as `["--maxmemory", "2mb"]`.
    ///
    /// # Errors
    /// As for [`RedisServer::start`].
    pub async fn start_with(settings: &[&str]) -> io::Result<Self> {
        let folder = temp_dir()?;
        let port = free_port()?;
        let arguments = arguments(port, folder.path(), settings);
        let child = spawn(&arguments, folder.path())?;
        let server = Self { port, folder, arguments, child };
        server.ready().await?;
        Ok(server)
    }

    /// Starts one that speaks TLS alone, with these files.
    ///
    /// # Errors
    /// As for [`RedisServer::start`].
    pub async fn start_tls(certificate: &Path, key: &Path, authority: &Path) -> io::Result<Self> {
        let folder = temp_dir()?;
        let port = free_port()?;
        let text = |path: &Path| path.display().to_string();
        let (certificate, key, authority) = (text(certificate), text(key), text(authority));
        let tls_port = port.to_string();
        let tls = [
            "--tls-port",
            &tls_port,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &authority,
            "--tls-auth-clients",
            "no",
        ];
        let arguments = arguments(0, folder.path(), &tls);
        let child = spawn(&arguments, folder.path())?;
        child.wait_for_line("Ready to accept connections", SOON).await?;
        Ok(Self { port, folder, arguments, child })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it, as `kill -9` does.
    ///
    /// # Errors
    /// Where it cannot be killed.
    pub async fn stop(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Starts it again on the same port, empty.
    ///
    /// # Errors
    /// As for [`RedisServer::start`].
    pub async fn restart(&mut self) -> io::Result<()> {
        self.child = spawn(&self.arguments, self.folder.path())?;
        self.ready().await
    }

    /// Makes it hang: it keeps its connections and answers nothing.
    ///
    /// # Errors
    /// Where it has ended.
    pub async fn hang(&self) -> io::Result<()> {
        self.child.signal("STOP").await
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// Where it has ended.
    pub async fn go_on(&self) -> io::Result<()> {
        self.child.signal("CONT").await
    }

    /// Sends a command in the inline form (`FLUSHALL`, `DBSIZE`) and gives the first answer.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn command(&self, command: &str) -> io::Result<String> {
        command_at(self.port, command).await
    }

    async fn ready(&self) -> io::Result<()> {
        let answers = async {
            while !self.command("PING").await.is_ok_and(|answer| answer.contains("PONG")) {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(SOON, answers)
            .await
            .map_err(|_| io::Error::other(format!("redis-server does not answer; it said:\n{}", self.child.output())))
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // A process that was stopped by a signal would not see that it is killed until it goes on.
        if let Some(id) = self.child.id() {
            let _ = std::process::Command::new("kill").arg("-CONT").arg(id.to_string()).status();
        }
    }
}

/// A cluster of three masters without replicas.
#[derive(Debug)]
pub struct RedisCluster {
    /// Its servers.
    pub nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts one, and waits until every slot is served.
    ///
    /// # Errors
    /// As for [`RedisServer::start`], and where `redis-cli` cannot make a cluster of them.
    pub async fn start() -> io::Result<Self> {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            // The bus of the cluster has a port of its own, which is free too.
            let bus = free_port()?.to_string();
            let settings = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "2000"];
            nodes.push(RedisServer::start_with(&settings).await?);
        }
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let mut arguments = vec!["--cluster".to_owned(), "create".to_owned()];
        arguments.extend(addresses);
        arguments.extend(["--cluster-yes".to_owned()]);
        let mut cli = Child::spawn("redis-cli", &arguments, nodes[0].folder.path(), &[])?;
        let status = cli.wait(SOON).await?;
        if !status.success() {
            return Err(io::Error::other(format!("no cluster came about:\n{}", cli.output())));
        }
        let cluster = Self { nodes };
        let agreed = async {
            for node in &cluster.nodes {
                while !node.command("CLUSTER INFO").await.is_ok_and(|info| info.contains("cluster_state:ok")) {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        };
        tokio::time::timeout(SOON, agreed).await.map_err(|_| io::Error::other("the cluster did not come up"))?;
        Ok(cluster)
    }

    /// The address of one of its servers.
    pub fn url(&self) -> String {
        self.nodes[0].url()
    }
}

fn arguments(port: u16, folder: &Path, settings: &[&str]) -> Vec<String> {
    let dir = folder.display().to_string();
    let port = port.to_string();
    let common = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", &dir];
    common.iter().chain(settings).map(|&text| text.to_owned()).collect()
}

fn spawn(arguments: &[String], folder: &Path) -> io::Result<Child> {
    let program = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].iter().map(PathBuf::from);
    let program = program.into_iter().find(|path| path.exists()).unwrap_or_else(|| "redis-server".into());
    Child::spawn(program, arguments, folder, &[])
        .map_err(|error| io::Error::new(error.kind(), format!("redis-server: {error} (the package is redis-server)")))
}

async fn command_at(port: u16, command: &str) -> io::Result<String> {
    let asked = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut answer = vec![0; 16 * 1024];
        let length = stream.read(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    };
    tokio::time::timeout(Duration::from_secs(2), asked).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
