//! What the gateway posts to others of its own accord: spans, metrics, lines of the log. They are told apart by
//! their bodies alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Method, StatusCode};
use tollgate_core::egress::EgressRules;
use tollgate_core::{Body, Request, Services};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read; of a longer one the status alone counts.
const LONGEST_ANSWER: usize = 4 << 20;
/// For longer nobody is waited for, whatever he asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A server that is posted to.
pub(crate) struct Recipient {
    services: Arc<Services>,
    url: String,
    headers: HeaderMap,
    rules: Arc<EgressRules>,
    /// Said once, until it takes something again.
    failing: bool,
}

/// What it answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// When it wants to be asked again.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Whether the same request may succeed later.
    pub(crate) fn is_for_now(&self) -> bool {
        matches!(self.status.as_u16(), 408 | 425 | 429 | 500 | 502..=504)
    }
}

impl Recipient {
    pub(crate) fn new(
        services: Arc<Services>,
        url: &str,
        headers: &BTreeMap<String, String>,
        media: &'static str,
    ) -> Self {
        let mut fields = HeaderMap::new();
        for (name, value) in headers {
            match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                (Ok(name), Ok(mut value)) => {
                    value.set_sensitive(true);
                    fields.insert(name, value);
                }
                _ => tracing::warn!(header = name, "a header field cannot be sent as it is written in the settings"),
            }
        }
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        fields.insert(USER_AGENT, HeaderValue::from_static("tollgate"));
        Self { services, url: url.to_owned(), headers: fields, rules: Arc::default(), failing: false }
    }

    /// Says that bodies are compressed.
    pub(crate) fn compressed(mut self) -> Self {
        self.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        self
    }

    /// Posts a body once.
    pub(crate) async fn post(&self, body: Bytes) -> Result<Answer, String> {
        match tokio::time::timeout(PATIENCE, self.send(body)).await {
            Ok(answer) => answer,
            Err(_) => Err("it did not answer in time".to_owned()),
        }
    }

    async fn send(&self, body: Bytes) -> Result<Answer, String> {
        let mut request = Request::new(Body::full(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.parse().map_err(|error| format!("{error}"))?;
        *request.headers_mut() = self.headers.clone();
        let sent = self.services.http.send(request, PATIENCE, &self.rules).await.map_err(|error| error.to_string())?;
        let (parts, body) = sent.into_parts();
        let after = parts.headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
        // Read to its end, so that the connection can be kept.
        let body = body.collect_up_to(LONGEST_ANSWER).await.unwrap_or_default();
        let retry_after = after.map(|seconds| Duration::from_secs(seconds).min(LONGEST_PAUSE));
        Ok(Answer { status: parts.status, retry_after, body })
    }

    /// Notes that it took something.
    pub(crate) fn took(&mut self) {
        self.failing = false;
    }

    /// Says why it takes nothing: once, until it does.
    pub(crate) fn failed(&mut self, what: &str, why: &str) {
        if !std::mem::replace(&mut self.failing, true) {
            // Behind the path there may be a token.
            let url = self.url.split(['?', '#']).next().unwrap_or_default();
            tracing::warn!(url, "{what}: {why}");
        }
    }
}
