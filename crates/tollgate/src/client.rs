//! Calls of the management API of a running gateway.

use anyhow::{Context, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
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

    /// Calls it and gives its answer.
    pub(crate) async fn call(&self, method: Method, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        self.call_with(method, path, String::new()).await
    }

    /// Calls it with a body of JSON and gives its answer.
    pub(crate) async fn call_with(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
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
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
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
