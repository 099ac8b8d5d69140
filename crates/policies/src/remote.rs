//! Asking servers that the operator names: what the policies that need a foreign service share.

use std::fmt::Display;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, StatusCode, Uri};
use tollgate_core::egress::EgressRules;
use tollgate_core::{Body, Request, Services};

/// The longest answer that is read.
const LONGEST: usize = 256 * 1024;

/// Whoever writes the URL is the operator: no place is refused.
static ANYWHERE: LazyLock<Arc<EgressRules>> = LazyLock::new(Arc::default);

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Why there is none.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// It could not be reached, or broke off.
    Failed(String),
    /// It took too long.
    TooLate(Duration),
}

impl NoAnswer {
    /// In words, for the log.
    pub(crate) fn told(self, who: &str) -> String {
        match self {
            Self::Failed(why) => why,
            Self::TooLate(patience) => format!("{who} does not answer within {patience:?}"),
        }
    }
}

/// Sends a request, and reads the whole of the answer.
pub(crate) async fn ask(services: &Services, request: Request, patience: Duration) -> Result<Answer, NoAnswer> {
    let failed = |error: &dyn Display| NoAnswer::Failed(error.to_string());
    let asked = async {
        let response = services.http.send(request, patience, &ANYWHERE).await.map_err(|error| failed(&error))?;
        let (parts, body) = response.into_parts();
        let body = body.collect_up_to(LONGEST).await.map_err(|error| failed(&error))?;
        Ok(Answer { status: parts.status, body })
    };
    match select(pin!(asked), services.clock.wait(patience)).await {
        Either::Left((answered, _)) => answered,
        Either::Right(_) => Err(NoAnswer::TooLate(patience)),
    }
}

/// A POST of JSON, of this media type.
pub(crate) fn post(url: Uri, body: impl Into<Bytes>, media: &'static str) -> Request {
    let mut request = get(url);
    *request.method_mut() = Method::POST;
    *request.body_mut() = Body::full(body);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    request
}

/// A GET of JSON.
pub(crate) fn get(url: Uri) -> Request {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = url;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static("tollgate"));
    request
}

/// A value that no log shows; `None` where no field can hold it.
pub(crate) fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The absolute URL of a server, without user and password.
pub(crate) fn url(text: &str) -> Option<Uri> {
    text.parse::<Uri>().ok().filter(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url
                .authority()
                .is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
    })
}

/// A URL below another one.
pub(crate) fn below(base: &Uri, path: &str) -> Option<Uri> {
    format!("{}{path}", base.to_string().trim_end_matches('/')).parse().ok()
}
