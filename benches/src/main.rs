//! The load generator and the upstream of `make bench`.
//!
//! Both are single threads around one epoll loop and cheap enough that, on two cores, the proxy
//! between them is what saturates. [`load`] keeps the time, [`connection`] one connection,
//! [`http1`] and [`http2`] what is said on it; [`upstream`] answers.

mod connection;
mod cpu;
mod http1;
mod http2;
mod idle;
mod load;
mod report;
mod upstream;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Load generator and upstream of `make bench`
#[derive(Debug, Parser)]
#[command(name = "tollgate-bench", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer: 1 KB for any path, 10 MB under /big, the request's own head for /echo
    Upstream(UpstreamArgs),
    /// Send requests for a while and print what was seen, as JSON
    Load(Box<LoadArgs>),
    /// Open connections, one request on each, and hold them until standard input ends
    Idle(IdleArgs),
}

#[derive(Debug, Args)]
struct UpstreamArgs {
    /// The address; port 0 takes a free one and prints it
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[derive(Debug, Args)]
struct IdleArgs {
    /// Where
    #[arg(long)]
    address: SocketAddr,
    /// How many
    #[arg(long, default_value_t = 10_000)]
    count: usize,
    /// The target of the one request
    #[arg(long, default_value = "/small")]
    path: String,
}

/// What to send, how fast and for how long.
#[derive(Debug, Clone, Args)]
struct LoadArgs {
    /// Where
    #[arg(long)]
    address: SocketAddr,
    /// Targets, sent in turn (repeatable)
    #[arg(long, default_value = "/small")]
    path: Vec<String>,
    /// More targets, sent in turn: PREFIX:COUNT:SUFFIX is PREFIX0SUFFIX, PREFIX1SUFFIX, …
    #[arg(long, value_name = "PREFIX:COUNT:SUFFIX")]
    paths: Option<String>,
    /// A header field (repeatable)
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Header fields, one a line: each request has the next one (HTTP/1.1)
    #[arg(long, value_name = "FILE", conflicts_with = "h2")]
    headers_file: Option<PathBuf>,
    /// Bytes of the request body; with it, the method is POST
    #[arg(long, default_value_t = 0)]
    body: usize,
    /// The request body, JSON; with it, the method is POST
    #[arg(long, value_name = "FILE", conflicts_with = "body")]
    body_file: Option<PathBuf>,
    /// Connections
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Concurrent streams on each connection (HTTP/2)
    #[arg(long, default_value_t = 8)]
    streams: usize,
    /// HTTP/2: by ALPN over TLS, by prior knowledge without
    #[arg(long)]
    h2: bool,
    /// TLS; certificates are not verified
    #[arg(long)]
    tls: bool,
    /// A connection (and a TLS handshake) for every request
    #[arg(long, conflicts_with = "h2")]
    new_connections: bool,
    /// Requests a second, sent when they are due whether or not earlier ones were answered
    /// (open loop). Without it every answer is followed by the next request (closed loop)
    #[arg(long)]
    rate: Option<f64>,
    /// Seconds that are measured
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Seconds before that
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// The status that every answer must have
    #[arg(long, default_value_t = 200)]
    expect_status: u16,
    /// The number of body bytes that every answer must have
    #[arg(long)]
    expect_bytes: Option<u64>,
    /// Processes whose CPU time is read at the beginning and at the end, as NAME=PID,PID
    /// (repeatable)
    #[arg(long, value_name = "NAME=PIDS")]
    cpu: Vec<cpu::Group>,
}

#[allow(clippy::print_stderr, reason = "the place of a command's errors")]
fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Upstream(args) => upstream::serve(args.listen),
        Command::Load(args) => load::run(&args).and_then(|report| report.print()),
        Command::Idle(args) => idle::hold(args.address, args.count, &args.path),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
