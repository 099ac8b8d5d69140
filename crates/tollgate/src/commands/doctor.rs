//! `tollgate doctor`: looks at everything that a gateway depends on, as a backend would see it.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use tollgate_core::project::Project;
use tollgate_core::services::HttpClient;
use tollgate_core::settings::{UpstreamProtocol, UpstreamSettings};
use tollgate_core::time::{Clock, SystemClock, Timestamp};
use tollgate_core::unix_socket;
use tollgate_identity::master_key;
use tollgate_limits::RedisLimiter;
use tollgate_limits::redis::Address;

use crate::certificates::Certificates;
use crate::cli::{DoctorArgs, Output, StoreFlag};
use crate::data_dir::{self, DataDir};
use crate::loading::ProjectSource;
use crate::output::{self, Palette};
use crate::run_state::RunState;
use crate::{issuer_url, stores, views, wiring};

const TIMEOUT: Duration = Duration::from_secs(5);
/// Tokens are valid from the second they are signed in: libraries forgive little.
const MOST_SKEW: Duration = Duration::from_secs(5);

/// What became of one look.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    /// What was looked at.
    check: String,
    ok: bool,
    detail: String,
    /// What to do.
    help: Option<&'static str>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, check: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Finding { check: check.into(), ok: true, detail: detail.into(), help: None });
    }

    fn bad(&mut self, check: impl Into<String>, detail: impl Into<String>, help: &'static str) {
        self.0.push(Finding { check: check.into(), ok: false, detail: detail.into(), help: Some(help) });
    }
}

pub(crate) async fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    let source = ProjectSource::new(&args.project.dir, &args.project.environment);
    let loaded = source.load_with_scripts().await?;
    let (errors, warnings) = loaded.diagnostics.counts();
    match &loaded.project {
        Some(project) if warnings == 0 => findings.good("project", output::count(project.routes.len(), "route")),
        Some(project) => findings.good(
            "project",
            format!("{}, {}", output::count(project.routes.len(), "route"), output::count(warnings, "warning")),
        ),
        None => findings.bad("project", output::count(errors, "mistake"), "`tollgate check` shows each with its line"),
    }
    let data_path = args.data_dir.clone().unwrap_or_else(|| source.dir.join(data_dir::NAME));
    let data = DataDir::existing(&data_path);
    match &data {
        Some(data) => findings.good("data folder", data.path().display().to_string()),
        None => {
            findings.good("data folder", format!("{} (not there yet: `dev` and `run` make it)", data_path.display()))
        }
    }
    let http = wiring::http_client();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    if let Some(project) = &loaded.project {
        let state = match &data {
            Some(data) => {
                store(&mut findings, project, &source, data, args.store.as_ref(), &clock).await;
                RunState::read(data)
            }
            None => None,
        };
        limits(&mut findings, project).await;
        certificates(&mut findings, project, clock.now());
        upstreams(&mut findings, project, &http, &*clock).await;
        issuer(&mut findings, project, state.as_ref(), &http, &*clock).await;
    }
    print(&findings, args.output)?;
    Ok(if findings.0.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn store(
    findings: &mut Findings,
    project: &Project,
    source: &ProjectSource,
    data: &DataDir,
    flag: Option<&StoreFlag>,
    clock: &Arc<dyn Clock>,
) {
    const HELP: &str = "a file: look at its path, its permissions and the space on its disk; a server: at its address, the user and the database";
    let url = stores::url(&project.settings, source.folder(), data, flag);
    let started = clock.monotonic();
    let opened = match tollgate_store::open(&url, Arc::clone(clock)).await {
        Ok(store) => match store.keys(None).await {
            Ok(keys) => Ok((store, keys.len())),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    match opened {
        Ok((store, keys)) => {
            let took = clock.monotonic().saturating_sub(started).as_millis();
            findings.good("store", format!("{}: {keys} keys, answered in {took} ms", stores::place(&url)));
            if store.is_shared() && !master_key::is_configured(&project.settings.secrets) {
                findings.good(
                    "master key",
                    "kept in the store, so that a dump of the database contains what seals the signing keys; \
                     `secrets.masterKey` keeps it apart",
                );
            }
        }
        Err(error) => findings.bad("store", error.to_string(), HELP),
    }
}

/// Whether limits can be counted where they are to be.
async fn limits(findings: &mut Findings, project: &Project) {
    const HELP: &str = "while it is away every limit does what its `onFailure` says; look at the address, the server and its user's rights";
    let Some(url) = project.settings.limits.as_deref().filter(|url| *url != "memory") else { return };
    let probed = match Address::parse(url) {
        Ok(address) => RedisLimiter::probe(&address).await.map(|()| address.to_string()),
        Err(error) => Err(error.message),
    };
    match probed {
        Ok(address) => findings.good("limits", format!("{address} counts")),
        Err(error) => findings.bad("limits", error, HELP),
    }
}

/// What listeners answer with, and until when.
fn certificates(findings: &mut Findings, project: &Project, now: Timestamp) {
    const HELP: &str = "`tollgate check` shows each file with its line";
    let read = Certificates::read(project, now);
    for seen in &read.seen {
        let name = format!("certificate {} on {}", seen.name, seen.listener);
        if seen.not_after > now {
            findings.good(name, format!("good until {}", seen.not_after.rfc3339()));
        } else {
            findings.bad(name, format!("expired on {}", seen.not_after.rfc3339()), "renew it");
        }
    }
    if let Some(failure) = read.failure() {
        findings.bad("certificates", failure, HELP);
    }
}

/// Each upstream is called as the gateway would, and its clock compared. Of one that listens on a
/// Unix socket, or speaks HTTP/2 without TLS, it is only seen whether it takes a connection.
async fn upstreams(findings: &mut Findings, project: &Project, http: &Arc<dyn HttpClient>, clock: &dyn Clock) {
    connections(findings, project).await;
    let urls: BTreeSet<String> = project
        .routes
        .iter()
        .filter(|route| !views::upstream_settings(project, route).is_some_and(|upstream| is_only_connected(&upstream)))
        .filter_map(|route| views::upstream(project, route))
        .filter_map(|text| {
            let url = url::Url::parse(&text).ok().filter(|url| url.has_host())?;
            Some(format!("{}://{}/", url.scheme(), url.authority()))
        })
        .collect();
    for url in urls {
        let name = format!("upstream {}", url.trim_end_matches('/'));
        match http.get(&url, TIMEOUT, 4 * 1024 * 1024).await {
            Ok(response) => {
                findings.good(&name, format!("answers ({})", response.status.as_u16()));
                compare_clocks(findings, &format!("clock of {name}"), &response.headers, clock.now());
            }
            Err(error) => {
                findings.bad(
                    &name,
                    error.to_string(),
                    "start the backend, or correct the upstream's URL in the project",
                );
            }
        }
    }
}

fn is_only_connected(upstream: &UpstreamSettings) -> bool {
    unix_socket::parse(&upstream.url).is_some()
        || (upstream.protocol == UpstreamProtocol::Http2 && upstream.url.starts_with("http://"))
}

async fn connections(findings: &mut Findings, project: &Project) {
    const NO_SOCKET: &str = "start the backend, which makes the socket, or correct its path; the user of the gateway must be allowed to write to it";
    let upstreams = project.routes.iter().filter_map(|route| views::upstream_settings(project, route));
    let urls: BTreeSet<String> = upstreams.filter(is_only_connected).map(|upstream| upstream.url).collect();
    for url in urls {
        let name = format!("upstream {url}");
        let connecting = async {
            match unix_socket::parse(&url) {
                Some(Ok(socket)) => tokio::net::UnixStream::connect(socket.path).await.map(drop),
                _ => {
                    let url = url::Url::parse(&url).map_err(std::io::Error::other)?;
                    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
                    tokio::net::TcpStream::connect((host, url.port_or_known_default().unwrap_or(80))).await.map(drop)
                }
            }
        };
        let result = tokio::time::timeout(TIMEOUT, connecting).await.unwrap_or_else(|late| Err(late.into()));
        match result {
            Ok(()) => findings.good(&name, "takes connections"),
            Err(error) if url.starts_with("http://unix:") => findings.bad(&name, error.to_string(), NO_SOCKET),
            Err(error) => findings.bad(
                &name,
                error.to_string(),
                "start the backend, or correct the upstream's URL in the project",
            ),
        }
    }
}

/// The issuer, as a backend that verifies tokens sees it: discovery, then the keys.
async fn issuer(
    findings: &mut Findings,
    project: &Project,
    state: Option<&RunState>,
    http: &Arc<dyn HttpClient>,
    clock: &dyn Clock,
) {
    const HELP: &str = "start the gateway; behind a proxy or on another machine, set `publicUrl` to the URL that backends reach it under";
    let issuer = state.map_or_else(|| issuer_url::of_settings(&project.settings, None), |state| state.issuer.clone());
    let discovery = format!("{issuer}/.well-known/openid-configuration");
    let response = match http.get(&discovery, TIMEOUT, 1024 * 1024).await {
        Ok(response) if response.status.is_success() => response,
        Ok(response) => return findings.bad("issuer", format!("{discovery} answers {}", response.status), HELP),
        Err(error) => return findings.bad("issuer", format!("{discovery}: {error}"), HELP),
    };
    compare_clocks(findings, "clock of the gateway", &response.headers, clock.now());
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    if document["issuer"] != issuer.as_str() {
        let said = document["issuer"].as_str().unwrap_or("something else");
        return findings.bad("issuer", format!("it calls itself {said}, not {issuer}"), HELP);
    }
    findings.good("issuer", issuer);
    let Some(jwks_uri) = document["jwks_uri"].as_str() else {
        return findings.bad("signing keys", "the discovery document has no `jwks_uri`", HELP);
    };
    match http.get(jwks_uri, TIMEOUT, 1024 * 1024).await {
        Ok(response) if response.status.is_success() => {
            let keys: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            let kids: Vec<&str> =
                keys["keys"].as_array().into_iter().flatten().filter_map(|key| key["kid"].as_str()).collect();
            if kids.is_empty() {
                findings.bad("signing keys", format!("{jwks_uri} has none"), "look at the log of the gateway");
            } else {
                findings.good("signing keys", format!("{} at {jwks_uri}", kids.len()));
            }
        }
        Ok(response) => findings.bad("signing keys", format!("{jwks_uri} answers {}", response.status), HELP),
        Err(error) => findings.bad("signing keys", format!("{jwks_uri}: {error}"), HELP),
    }
}

fn compare_clocks(findings: &mut Findings, name: &str, headers: &HeaderMap, now: Timestamp) {
    let date = headers.get(http::header::DATE).and_then(|value| value.to_str().ok());
    let Some(date) = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok()) else { return };
    let theirs = Timestamp(date.timestamp().as_millisecond());
    let skew = if theirs > now { theirs.since(now) } else { now.since(theirs) };
    // The header counts whole seconds.
    if skew <= MOST_SKEW {
        findings.good(name, "agrees with this one");
    } else {
        findings.bad(
            name,
            format!("differs by {} s", skew.as_secs()),
            "synchronise both clocks (NTP); tokens are refused before their `nbf` and after their `exp`",
        );
    }
}

fn print(findings: &Findings, format: Output) -> anyhow::Result<()> {
    if format == Output::Json {
        return output::json(&findings.0);
    }
    let palette = Palette::stdout();
    for finding in &findings.0 {
        let mark = if finding.ok { palette.green("ok  ") } else { palette.red("fail") };
        output::line(format!("{mark}  {}: {}", finding.check, finding.detail));
        if let Some(help) = finding.help {
            output::line(format!("      {} {help}", palette.dim("what to do:")));
        }
    }
    Ok(())
}
