//! Where redirects lead (Fetch §4.4, HTTP-redirect fetch).

use std::rc::Rc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName};
use http::{Method, StatusCode};
use tollgate_core::Body;
use url::Url;

use crate::host::Host;
use crate::webapi::fetch::exchange::uri;
use crate::webapi::fetch::request::Redirect;
use crate::{Failure, Task};

/// How many redirects are followed.
const MOST: usize = 20;

/// What describes a body that is not sent on.
const OF_BODY: [HeaderName; 5] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
];

/// What is for one origin alone.
const OF_ORIGIN: [HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

/// A request on its way.
pub(super) struct Journey {
    pub(super) host: Rc<dyn Host>,
    pub(super) task: Rc<Task>,
    pub(super) redirect: Redirect,
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
}

/// What it brought.
pub(super) struct Fetched {
    pub(super) response: tollgate_core::Response,
    pub(super) url: Url,
    pub(super) redirected: bool,
}

impl Journey {
    /// Sends it, and goes where the answers point.
    ///
    /// # Errors
    /// What the host says; a `TypeError` where a redirect cannot be followed.
    pub(super) async fn run(mut self, mut body: Body) -> Result<Fetched, Failure> {
        let mut followed = 0;
        loop {
            // A stream can be sent once.
            let again = body.bytes();
            let mut request = http::Request::new(body);
            *request.method_mut() = self.method.clone();
            *request.uri_mut() = uri(self.url.as_str())?;
            request.headers_mut().clone_from(&self.headers);
            let response = self.host.fetch(&self.task, request).await?;
            let Some(location) = location(&response) else { return Ok(self.fetched(response, followed)) };
            match self.redirect {
                Redirect::Manual => return Ok(self.fetched(response, followed)),
                Redirect::Error => return Err(failed("the answer is a redirect, which the request forbids")),
                Redirect::Follow => {}
            }
            if followed == MOST {
                return Err(failed(&format!("more than {MOST} redirects")));
            }
            followed += 1;
            body = self.turn(response.status(), &location, again)?;
        }
    }

    /// Makes of the request the one that follows a redirect, and gives its body.
    fn turn(&mut self, status: StatusCode, location: &[u8], body: Option<Bytes>) -> Result<Body, Failure> {
        let mut next = str::from_utf8(location)
            .ok()
            .and_then(|location| self.url.join(location).ok())
            .ok_or_else(|| failed("the `location` of a redirect is no URL"))?;
        if !matches!(next.scheme(), "http" | "https") {
            return Err(failed(&format!("a redirect to a URL with the scheme `{}`", next.scheme())));
        }
        if !next.username().is_empty() || next.password().is_some() {
            return Err(failed("a redirect to a URL with a user or a password"));
        }
        if next.fragment().is_none() {
            next.set_fragment(self.url.fragment());
        }
        let becomes_get = match status.as_u16() {
            301 | 302 => self.method == Method::POST,
            303 => !matches!(self.method, Method::GET | Method::HEAD),
            _ => false,
        };
        let body = if becomes_get {
            self.method = Method::GET;
            OF_BODY.iter().for_each(|name| drop(self.headers.remove(name)));
            Bytes::new()
        } else {
            body.ok_or_else(|| failed("a redirect wants the body again, which was a stream and is gone"))?
        };
        if next.origin() != self.url.origin() {
            OF_ORIGIN.iter().for_each(|name| drop(self.headers.remove(name)));
        }
        self.url = next;
        Ok(Body::full(body))
    }

    fn fetched(self, response: tollgate_core::Response, followed: usize) -> Fetched {
        Fetched { response, url: self.url, redirected: followed > 0 }
    }
}

/// Where an answer points.
fn location(response: &tollgate_core::Response) -> Option<Vec<u8>> {
    let points = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = if points { response.headers().get(header::LOCATION) } else { None };
    location.map(|location| location.as_bytes().to_vec())
}

fn failed(why: &str) -> Failure {
    Failure::type_error(format!("fetch failed: {why}"))
}
