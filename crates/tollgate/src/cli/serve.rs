//! `dev` and `run`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{EnvironmentArgs, Output, StoreFlag};
pub use crate::git::GitAddress;

/// `NAME[:PORT]=ADDR:PORT`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapHost {
    /// The name that an upstream's URL has.
    pub host: String,
    /// Its port; any where none is given.
    pub port: Option<u16>,
    /// Where to connect instead.
    pub address: SocketAddr,
}

impl FromStr for MapHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) =
            text.split_once('=').ok_or("expected NAME[:PORT]=ADDR:PORT, as in api.example.com=127.0.0.1:8080")?;
        let address = to.parse().map_err(|_| format!("`{to}` is not ADDR:PORT with a numeric address"))?;
        let (host, port) = match from.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| format!("`{port}` is not a port"))?))
            }
            _ => (from, None),
        };
        if host.is_empty() {
            return Err("the name before `=` is empty".to_owned());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port, address })
    }
}

impl std::fmt::Display for MapHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}={}", self.host, self.address),
            None => write!(f, "{}={}", self.host, self.address),
        }
    }
}

/// What both take.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// The address of the gateway; port 0 takes a free one
    #[arg(long, value_name = "ADDR", env = "TOLLGATE_LISTEN", hide_env_values = true)]
    pub listen: Option<String>,
    /// The address of management API, health and metrics: keep it on loopback
    #[arg(long, value_name = "ADDR", env = "TOLLGATE_MANAGEMENT_LISTEN", hide_env_values = true)]
    pub management_listen: Option<String>,
    /// The folder of the data. Default: .tollgate in the project
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// The store, in place of what the project says: sqlite://PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL", env = "TOLLGATE_STORE", hide_env_values = true)]
    pub store: Option<StoreFlag>,
    /// Where limits are counted instead of what `limits` in the project says: memory, or redis://…
    #[arg(long, value_name = "URL", env = "TOLLGATE_LIMITS", hide_env_values = true)]
    pub limits: Option<String>,
    /// Write {"listen","management","pid"} here as soon as traffic is accepted
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,
    /// For tests: connect to ADDR:PORT instead of NAME, over plain http; Host stays (repeatable)
    #[arg(long, value_name = "NAME[:PORT]=ADDR:PORT", help_heading = "Tests")]
    pub map_host: Vec<MapHost>,
    /// The same, over TLS
    #[arg(long, value_name = "NAME[:PORT]=ADDR:PORT", help_heading = "Tests")]
    pub map_host_tls: Vec<MapHost>,
    /// Its environment
    #[command(flatten)]
    pub environment: EnvironmentArgs,
}

/// `dev`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate dev --upstream http://127.0.0.1:8888     No file at all
  tollgate dev my-api
  tollgate dev my-api --listen 127.0.0.1:0          On a free port")]
pub struct DevArgs {
    /// The folder of the project
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Stand in front of this address, without a project
    #[arg(long, value_name = "URL", conflicts_with = "dir")]
    pub upstream: Option<String>,
    /// What both `dev` and `run` take.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// `run`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate run my-api
  tollgate run --from git+https://git.example.com/apis.git#main:my-api --data-dir /var/lib/tollgate
  tollgate run my-api --listen 0.0.0.0:9000 --data-dir /var/lib/tollgate --env production

The access log goes to standard output, the log of the process to standard error, both one JSON
object a line; RUST_LOG sets its level. SIGHUP reloads, SIGUSR2 does what `tollgate upgrade` does,
SIGTERM stops when what is under way is done (at most `server.drain`), a second SIGTERM stops at
once. Where the project is broken, the last good snapshot in the data folder serves, and `/readyz`
says so; where there is none: exit code 78. Sockets of a service manager (LISTEN_FDS) are used.")]
pub struct RunArgs {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The project of a repository, followed commit by commit (settings: `source`):
    /// `git+https://HOST/REPOSITORY[#BRANCH[:FOLDER]]`, `git+ssh://…` or `git+file://…`
    #[arg(long, value_name = "ADDRESS", env = "TOLLGATE_FROM", hide_env_values = true, conflicts_with = "dir")]
    pub from: Option<GitAddress>,
    /// Put the project into force by itself as its files change: for a folder that somebody else fills, such as a
    /// volume of Kubernetes. A broken one changes nothing; `source.canary` holds here too
    #[arg(long, conflicts_with = "from")]
    pub watch: bool,
    /// Where the project is broken, serve the last one that was good, whatever `server.onBrokenProject` says
    #[arg(long, conflicts_with = "no_last_good")]
    pub last_good: bool,
    /// Where the project is broken, do not start: exit with 78
    #[arg(long)]
    pub no_last_good: bool,
    /// Take the place of the gateway that runs on the same data folder, where one does: with its
    /// listening sockets, once everything is ready. `tollgate upgrade` does this for you
    #[arg(long)]
    pub takeover: bool,
    /// What both `dev` and `run` take.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// `upgrade`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate upgrade --data-dir /var/lib/tollgate     After the new binary has been installed
  tollgate upgrade my-api
  kill -USR2 $(pidof tollgate)      The same, without an answer

Exit codes: 0 the new process serves · 1 the old one still does · 78 the same, for the project is broken")]
pub struct UpgradeArgs {
    /// The folder of the project
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The folder of the data
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// How to print what became of it
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `healthcheck`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate healthcheck --data-dir /var/lib/tollgate
  tollgate healthcheck --management 127.0.0.1:9001 --live

For container engines and scripts, where nothing else can ask: the answer of `/readyz`, or `/livez`, on the
management listener. Exit codes: 0 it can · 1 it cannot, or nobody answers")]
pub struct HealthcheckArgs {
    /// The folder of the data of the gateway
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// The address of its management listener, instead
    #[arg(long, value_name = "ADDR")]
    pub management: Option<String>,
    /// Only whether the process is alive
    #[arg(long)]
    pub live: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_host_has_an_optional_port_and_a_numeric_address() {
        let map = |host: &str, port, address: &str| {
            Ok(MapHost { host: host.to_owned(), port, address: address.parse().unwrap() })
        };
        assert_eq!("api.test=127.0.0.1:80".parse(), map("api.test", None, "127.0.0.1:80"));
        assert_eq!("API.test:443=127.0.0.1:80".parse(), map("api.test", Some(443), "127.0.0.1:80"));
        assert_eq!("[::1]:443=[::1]:80".parse(), map("[::1]", Some(443), "[::1]:80"));
        for wrong in
            ["", "api.test", "api.test=localhost:80", "api.test=127.0.0.1", "api.test:x=127.0.0.1:80", "=127.0.0.1:80"]
        {
            assert!(wrong.parse::<MapHost>().is_err(), "{wrong}");
        }
    }
}
