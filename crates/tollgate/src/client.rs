//! Calls of the management API of a running gateway.

use anyhow::{Context, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::data_dir::DataDir;
use crate::run_state::RunState;

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

    /// Calls it and gives its answer.
    pub(crate) async fn call(&self, method: Method, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        let stream = TcpStream::connect(&self.address)
            .await
            .with_context(|| format!("no gateway answers on {} (it may have been killed)", self.address))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.address)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Empty::<Bytes>::new())?;
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
