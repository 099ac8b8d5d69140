//! A PostgreSQL server of a test's own.

use std::fs;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// How often it is asked whether something has happened: there is nobody to tell.
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// How often it is asked at most.
const LOOKS: u32 = 1200;
/// The user that a server runs as where the test runs as root, which servers refuse.
const USER: &str = "postgres";

/// A server on a free port of loopback, in a folder that vanishes; it is stopped by its process id when it
/// is dropped. Everybody on the machine may connect: it holds nothing but what tests write.
#[derive(Debug)]
pub struct PostgresServer {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    child: Option<Child>,
    databases: AtomicU32,
}

impl PostgresServer {
    /// Makes and starts one. `settings` are `name=value` pairs of its configuration.
    ///
    /// # Errors
    /// Where PostgreSQL is not installed, or does not start; the error says why.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("tollgate-postgres-").tempdir()?;
        // Another user must get through to the data.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let data = folder.path().join("data");
        fs::create_dir(&data)?;
        if is_root() {
            good(Command::new("chown").arg(USER).arg(&data).output()?)?;
        }
        let arguments = ["-A", "trust", "-U", USER, "--no-sync", "--no-locale", "-E", "UTF8", "-D"];
        good(command("initdb", folder.path())?.args(arguments).arg(&data).output()?)?;
        let port = crate::free_port()?;
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let mut server = Self { folder, port, settings, child: None, databases: AtomicU32::new(0) };
        server.resume()?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The URL of a database on it.
    pub fn url(&self, database: &str) -> String {
        Self::url_at(self.address(), database)
    }

    /// The URL of a database behind another address: a proxy's.
    pub fn url_at(address: SocketAddr, database: &str) -> String {
        format!("postgres://{USER}@{address}/{database}")
    }

    /// Makes an empty database, and says its name.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn database(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(name)
    }

    /// Runs SQL in a database; what it prints, unaligned and without headers.
    ///
    /// # Errors
    /// Where it fails; the error says why.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let output = Command::new(binary("psql")?)
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url(database)])
            .stdin(Stdio::null())
            .output()?;
        good(output).map(|text| text.trim_end().to_owned())
    }

    /// Stops it at once, as `pg_ctl stop -m fast` does: sessions are ended, data is kept.
    ///
    /// # Errors
    /// Where it does not stop.
    pub fn stop(&mut self) -> Result<()> {
        self.end("INT")
    }

    /// Starts it again on the same port.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn resume(&mut self) -> Result<()> {
        let mut command = command("postgres", self.folder.path())?;
        command.arg("-D").arg(self.folder.path().join("data"));
        let port = format!("port={}", self.port);
        let fixed = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "logging_collector=off"];
        for setting in fixed.into_iter().chain([port.as_str()]).chain(self.settings.iter().map(String::as_str)) {
            command.arg("-c").arg(setting);
        }
        let log = fs::File::create(self.folder.path().join("log"))?;
        self.child = Some(command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?);
        for _ in 0..LOOKS {
            if self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_)))) {
                break;
            }
            // A port that answers is not yet a server that does.
            if TcpStream::connect(self.address()).is_ok() && self.sql("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Err(Error::other(format!("PostgreSQL has not started:\n{log}")))
    }

    /// Sends the server and everything that belongs to it a signal: `STOP` makes it hang, `CONT` go on.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn signal(&self, name: &str) -> Result<()> {
        let id = self.child.as_ref().map(Child::id).ok_or_else(|| Error::other("it does not run"))?;
        good(Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).output()?).map(drop)
    }

    fn end(&mut self, signal: &str) -> Result<()> {
        if self.child.is_none() {
            return Ok(());
        }
        self.signal(signal)?;
        let Some(mut child) = self.child.take() else { return Ok(()) };
        for _ in 0..LOOKS {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
        child.kill()?;
        child.wait().map(drop)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let _ = self.end("QUIT");
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A program of the server, run by a user that it accepts.
fn command(program: &str, folder: &Path) -> Result<Command> {
    let path = binary(program)?;
    let mut command = if is_root() {
        // It replaces itself by the program, so that the process id is the server's.
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    command.current_dir(folder).env("LC_ALL", "C");
    Ok(command)
}

/// Where a program of PostgreSQL is: the newest version of Debian's packages, or in the path.
fn binary(program: &str) -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(program)).filter(|path| path.is_file()).collect();
    found.sort();
    if let Some(path) = found.pop() {
        return Ok(path);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .ok_or_else(|| Error::other(format!("there is no `{program}`: install the package postgresql-15")))
}

fn good(output: Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}
