//! Calls of the management API of a running gateway.

use std::path::PathBuf;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use crate::cli::GatewayFlag;
use crate::data_dir::{self, DataDir};
use crate::run_state::RunState;

const TEXT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// A text as a segment of a path or a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, TEXT).to_string()
}

/// A running gateway.
pub(crate) struct ManagementClient {
    address: String,
    token: String,
}

impl ManagementClient {
    /// The gateway that runs on a data folder.
    pub(crate) fn of(data: &DataDir) -> anyhow::Result<Self> {
        let state = RunState::read(data).with_context(|| format!("no gateway runs on {}", data.path().display()))?;
        let token = data.existing_management_token()?.context("the data folder has no management token")?;
        Ok(Self { address: state.management, token })
    }

    /// What listens on an address, for calls that need no token.
    pub(crate) fn without_token(address: String) -> Self {
        Self { address, token: String::new() }
    }

    /// The gateway that runs on a data folder; none where it was stopped, or killed.
    ///
    /// # Errors
    /// Where its process is there, and it does not answer: nobody may change its data behind its back.
    pub(crate) async fn running(data: &DataDir) -> anyhow::Result<Option<Self>> {
        let Some(state) = RunState::read(data) else { return Ok(None) };
        if let Err(error) = TcpStream::connect(&state.management).await {
            let pid = i32::try_from(state.pid).ok().and_then(rustix::process::Pid::from_raw);
            if pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok()) {
                bail!(
                    "the gateway on {} (process {}) does not answer: {error}\n  help: where that process is something else, delete {}",
                    state.management,
                    state.pid,
                    data.file("run.json").display()
                );
            }
            return Ok(None);
        }
        Self::of(data).map(Some)
    }

    /// The gateway that a command names, or that of the project in this folder.
    pub(crate) fn of_flag(flag: &GatewayFlag) -> anyhow::Result<Self> {
        let path = match (&flag.data_dir, &flag.project) {
            (Some(data), _) => data.clone(),
            (None, Some(project)) => project.join(data_dir::NAME),
            (None, None) => PathBuf::from(data_dir::NAME),
        };
        let data = DataDir::existing(&path).with_context(|| {
            format!(
                "there is no data folder {}, and so no gateway to ask\n  help: give the --data-dir that the gateway \
                 was started with, or the --project that it serves",
                path.display()
            )
        })?;
        Self::of(&data)
    }

    /// Asks it for something; where it refuses, what it says is the error.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        read(self.call(Method::GET, path).await?)
    }

    /// Sends it something; where it refuses, what it says is the error.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        let body = serde_json::to_vec(body)?;
        read(self.call_with(Method::POST, path, Bytes::from(body)).await?)
    }

    /// Calls it and gives its answer.
    pub(crate) async fn call(&self, method: Method, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        self.call_with(method, path, Bytes::new()).await
    }

    /// Calls it with a body of JSON and gives its answer.
    pub(crate) async fn call_with(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let stream = TcpStream::connect(&self.address)
            .await
            .with_context(|| format!("no gateway answers on {} (it may have been killed)", self.address))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.address)
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body))?;
        let response = sender.send_request(request).await.context("the gateway broke off")?;
        let status = response.status();
        let body = response.into_body().collect().await.context("the gateway broke off")?.to_bytes();
        driver.abort();
        if status == StatusCode::UNAUTHORIZED {
            bail!("the gateway on {} does not accept the token of this data folder", self.address);
        }
        Ok((status, body))
    }
}

/// What an answer holds; what a refusal says is the error.
fn read<T: DeserializeOwned>((status, body): (StatusCode, Bytes)) -> anyhow::Result<T> {
    if !status.is_success() {
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or("it does not say why");
        bail!("{detail} ({status})");
    }
    serde_json::from_slice(&body).context("the gateway's answer cannot be read")
}
