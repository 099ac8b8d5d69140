//! The gateway's own outbound requests, over the same connections as everybody's.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, HeaderValue, LOCATION, USER_AGENT};
use http::{HeaderMap, StatusCode};
use tollgate_core::egress::EgressRules;
use tollgate_core::later::BoxFuture;
use tollgate_core::project::Timeouts;
use tollgate_core::record::Record;
use tollgate_core::services::{HttpClient, HttpError, HttpResponse, Switched};
use tollgate_core::{Body, Problem, Request, Response};
use url::{Position, Url};

use crate::upstream::handshake::{SwitchedSlot, UpgradeRequest};
use crate::upstream::{Beside, Upstreams};

/// How often a redirect is followed. Only from https to https: what is fetched decides whom the
/// gateway trusts.
const MOST_REDIRECTS: usize = 3;

/// Fetches key sets and documents, and sends what scripts ask for.
pub struct OutboundClient {
    upstreams: Arc<Upstreams>,
}

impl OutboundClient {
    /// A client that shares its connections with the upstreams.
    pub fn new(upstreams: Arc<Upstreams>) -> Self {
        Self { upstreams }
    }

    async fn fetch(&self, url: &str, timeout: Duration, limit: usize) -> Result<HttpResponse, HttpError> {
        let mut url = Url::parse(url).map_err(|error| HttpError(format!("`{url}` is not a URL: {error}")))?;
        for _ in 0..=MOST_REDIRECTS {
            let response = self.once(&url, timeout, limit).await?;
            let Some(next) = redirect(&url, &response)? else { return Ok(response) };
            url = next;
        }
        Err(HttpError(format!("more than {MOST_REDIRECTS} redirects, the last to {url}")))
    }

    async fn once(&self, url: &Url, timeout: Duration, limit: usize) -> Result<HttpResponse, HttpError> {
        let at = |message: &dyn fmt::Display| HttpError(format!("{}: {message}", shown(url)));
        let upstream = self.upstreams.get_url(url).map_err(|error| at(&error))?;
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = url[Position::BeforePath..Position::AfterQuery].parse().map_err(|error| at(&error))?;
        *request.headers_mut() = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5")),
            (USER_AGENT, HeaderValue::from_static("tollgate")),
        ]);
        // The time for everything together is watched by whoever calls this.
        let timeouts = Timeouts { connect: timeout, first_byte: None, idle: None, total: None };
        let mut record = Record::default();
        let response = upstream
            .exchange(&mut record, &mut request, upstream.host(), &timeouts, None, Beside::default())
            .await
            .map_err(|problem| at(&told(&problem)))?;
        let (parts, body) = response.into_parts();
        let body = body.collect_up_to(limit).await.map_err(|error| at(&error))?;
        Ok(HttpResponse { status: parts.status, headers: parts.headers, body })
    }
}

impl OutboundClient {
    /// Sends a script's request. Its body and its answer stream.
    async fn forward(
        &self,
        mut request: Request,
        timeout: Duration,
        rules: &Arc<EgressRules>,
    ) -> Result<Response, HttpError> {
        let text = request.uri().to_string();
        let url = Url::parse(&text).map_err(|error| HttpError(format!("`{text}` is not a URL: {error}")))?;
        let at = |message: &dyn fmt::Display| HttpError(format!("{}: {message}", shown(&url)));
        let upstream = self.upstreams.get_guarded(&url, rules).map_err(|error| at(&error))?;
        *request.uri_mut() = url[Position::BeforePath..Position::AfterQuery].parse().map_err(|error| at(&error))?;
        let timeouts = Timeouts { connect: timeout, first_byte: None, idle: None, total: None };
        let mut record = Record::default();
        let host = upstream.host().clone();
        let sent = upstream.exchange(&mut record, &mut request, &host, &timeouts, None, Beside::default()).await;
        sent.map_err(|problem| at(&told(&problem)))
    }

    /// Opens a WebSocket for a script.
    async fn switch(
        &self,
        mut request: Request,
        timeout: Duration,
        rules: &Arc<EgressRules>,
    ) -> Result<Switched, HttpError> {
        let text = request.uri().to_string();
        let url = Url::parse(&text).map_err(|error| HttpError(format!("`{text}` is not a URL: {error}")))?;
        let at = |message: &dyn fmt::Display| HttpError(format!("{}: {message}", shown(&url)));
        let upstream = self.upstreams.get_guarded(&url, rules).map_err(|error| at(&error))?;
        *request.uri_mut() = url[Position::BeforePath..Position::AfterQuery].parse().map_err(|error| at(&error))?;
        // An answer is part of opening it: whoever asks waits for both.
        let timeouts = Timeouts { connect: timeout, first_byte: None, idle: None, total: Some(timeout) };
        let mut record = Record::default();
        let host = upstream.host().clone();
        let wanted = UpgradeRequest::websocket();
        let switched = upstream.switch(&mut record, request, host, &wanted, &timeouts, None, Beside::default()).await;
        let mut response = switched.map_err(|problem| at(&told(&problem)))?;
        match SwitchedSlot::take(&mut response) {
            Some(switched) => Ok(Switched { headers: response.into_parts().0.headers, stream: switched.stream }),
            None => Err(at(&format_args!("the server answered {} instead of opening a WebSocket", response.status()))),
        }
    }
}

fn told(problem: &Problem) -> String {
    match &problem.cause {
        Some(cause) => format!("{} ({cause})", problem.detail),
        None => problem.detail.clone().into_owned(),
    }
}

/// A URL without what may be secret in it.
fn shown(url: &Url) -> &str {
    &url[..Position::AfterPath]
}

fn shown_text(url: &str) -> &str {
    url.split_once(['?', '#']).map_or(url, |(path, _)| path)
}

fn redirect(from: &Url, response: &HttpResponse) -> Result<Option<Url>, HttpError> {
    let moved = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !moved.contains(&response.status) {
        return Ok(None);
    }
    let to = response.headers.get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
    let to =
        from.join(to).map_err(|error| HttpError(format!("{}: the redirect leads nowhere: {error}", shown(from))))?;
    if from.scheme() != "https" || to.scheme() != "https" {
        return Err(HttpError(format!("{}: the redirect to {} is not from https to https", shown(from), shown(&to))));
    }
    Ok(Some(to))
}

impl HttpClient for OutboundClient {
    fn get<'a>(
        &'a self,
        url: &'a str,
        timeout: Duration,
        limit: usize,
    ) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            tokio::time::timeout(timeout, self.fetch(url, timeout, limit))
                .await
                .map_err(|_| HttpError(format!("{}: no answer within {timeout:?}", shown_text(url))))?
        })
    }

    fn send<'a>(
        &'a self,
        request: Request,
        timeout: Duration,
        rules: &'a Arc<EgressRules>,
    ) -> BoxFuture<'a, Result<Response, HttpError>> {
        Box::pin(self.forward(request, timeout, rules))
    }

    fn open_websocket<'a>(
        &'a self,
        request: Request,
        timeout: Duration,
        rules: &'a Arc<EgressRules>,
    ) -> BoxFuture<'a, Result<Switched, HttpError>> {
        Box::pin(self.switch(request, timeout, rules))
    }
}

impl fmt::Debug for OutboundClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundClient").finish_non_exhaustive()
    }
}
