//! How messages go into an engine and come out again, for whoever runs scripts.
//!
//! A message that goes in keeps its headers and its bytes in Rust; what a script does not touch is never
//! copied. What comes out leaves the object behind with its head, so that work of the background may
//! still look at it, and without its body.

use std::rc::Rc;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Uri};
use rquickjs::{Class, Ctx, Object, Value};

use super::body::{BodyCell, Raw, State, hide_coding, is_unusable, take_out};
use super::client::Client;
use super::headers::Guard;
use super::realm::instance;
use super::request::{Head, Origin as RequestOrigin, Redirect, Request};
use super::response::{Kind, Origin as ResponseOrigin, Response};
use super::slot::Slot;
use crate::Failure;
use tollgate_core::ReasonPhrase;

/// Makes a `Request` of a request from outside; its headers are immutable. `url` is the absolute,
/// normalised URL that scripts see. `prototype` is that of a class that extends `Request`, whose
/// constructor does not run. `client` is who sent it: its `signal` follows them.
///
/// # Errors
/// Where the engine has no memory for it.
pub fn request<'js>(
    ctx: &Ctx<'js>,
    request: tollgate_core::Request,
    url: impl Into<Rc<str>>,
    prototype: Option<&Object<'js>>,
    client: Option<Rc<Client>>,
) -> rquickjs::Result<Object<'js>> {
    let (parts, body) = request.into_parts();
    let url = url.into();
    let origin = RequestOrigin {
        url: Rc::clone(&url),
        uri: parts.uri,
        version: parts.version,
        extensions: parts.extensions,
        client,
    };
    let mut body = BodyCell::incoming(body);
    body.with(|state| {
        if let State::Host(source) = state {
            source.raw.of_client = true;
        }
    });
    let request = Request {
        head: Head { method: parts.method, url, origin: Some(Rc::new(origin)) },
        headers: Slot::List(Rc::new(parts.headers), Guard::Immutable),
        body,
        redirect: Redirect::default(),
        signal: None,
        settings: None,
    };
    let request = match prototype {
        Some(prototype) => Class::instance_proto(request, prototype.clone())?,
        None => Class::instance(ctx.clone(), request)?,
    };
    Ok(request.into_inner())
}

/// Takes a request out of a `Request`: method, headers, body, and the URI. The URI is the one that came
/// in, where the URL is the one that was given with it; else it is the URL, absolute and without its
/// fragment ([`url_of`] tells which). Version and extensions are those of the request that it was made of.
/// `None` where the value is no `Request`.
///
/// # Errors
/// A `TypeError` where its body was read, or is being read.
pub fn take_request<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<Option<tollgate_core::Request>> {
    let Some(object) = instance::<Request<'js>>(value) else { return Ok(None) };
    let target = target(ctx, &object)?;
    let raw = take_out(ctx, &object, false)?;
    let request = object.borrow();
    let headers = headers(&request.headers, &raw, false);
    let mut taken = http::Request::new(raw.body);
    *taken.method_mut() = request.head.method.clone();
    *taken.headers_mut() = headers;
    if let Some(origin) = &request.head.origin {
        *taken.version_mut() = origin.version;
        *taken.extensions_mut() = origin.extensions.clone();
    }
    *taken.uri_mut() = target;
    Ok(Some(taken))
}

/// The headers of a message that leaves: what they say of the bytes is true of the bytes that leave.
/// `as_it_came` is a message whose length may be that of a body that is not sent, as of an answer to `HEAD`.
fn headers(slot: &Slot<'_>, raw: &Raw, as_it_came: bool) -> HeaderMap {
    let mut headers = slot.to_map();
    if let Some(coding) = &raw.coding {
        coding.clone().show(&mut headers);
    } else if !as_it_came && let Some(length) = headers.get(CONTENT_LENGTH) {
        let length = length.to_str().ok().and_then(|length| length.parse::<u64>().ok());
        if length.is_none() || length != http_body::Body::size_hint(&raw.body).exact() {
            headers.remove(CONTENT_LENGTH);
        }
    }
    headers
}

/// The URL of a `Request`. It is the very `Rc` that was given with the request, where no script has
/// changed it.
pub fn url_of(value: &Value<'_>) -> Option<Rc<str>> {
    Some(Rc::clone(&instance::<Request<'_>>(value)?.borrow().head.url))
}

/// The URI of a request: that on the wire, where its URL is the one that came with it.
fn target<'js>(ctx: &Ctx<'js>, request: &Class<'js, Request<'js>>) -> rquickjs::Result<Uri> {
    let target = {
        let head = &request.borrow().head;
        match &head.origin {
            Some(origin) if Rc::ptr_eq(&origin.url, &head.url) => Ok(origin.uri.clone()),
            _ => uri(&head.url),
        }
    };
    target.map_err(|failure| failure.throw(ctx))
}

/// A URL as the target of a request.
pub(super) fn uri(url: &str) -> Result<Uri, Failure> {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    Uri::try_from(url).map_err(|_| Failure::type_error("the URL of the request cannot be sent"))
}

/// Whether a value is a `Request`, or of a class that extends it.
pub fn is_request(value: &Value<'_>) -> bool {
    instance::<Request<'_>>(value).is_some()
}

/// Whether a value is a `Response`, or of a class that extends it.
pub fn is_response(value: &Value<'_>) -> bool {
    instance::<Response<'_>>(value).is_some()
}

/// Whether a value is the `Request` that went in, and nobody has read its body: all of it is as it was,
/// since its headers are immutable.
pub fn is_untouched<'js>(value: &Value<'js>, went_in: &Object<'js>) -> bool {
    value == went_in.as_value()
        && instance::<Request<'js>>(value)
            .is_some_and(|request| is_unusable(value.ctx(), &request).is_ok_and(|unusable| !unusable))
}

/// Makes a `Response` of a response from outside; its headers are immutable.
///
/// # Errors
/// Where the engine has no memory for it.
pub fn response<'js>(ctx: &Ctx<'js>, response: tollgate_core::Response) -> rquickjs::Result<Object<'js>> {
    Ok(Class::instance(ctx.clone(), incoming(response))?.into_inner())
}

/// A response from outside.
pub(super) fn incoming<'js>(response: tollgate_core::Response) -> Response<'js> {
    let (mut parts, body) = response.into_parts();
    let mut body = BodyCell::incoming(body);
    body.with(|state| {
        if let State::Host(source) = state {
            source.raw.coding = hide_coding(&mut parts.headers);
        }
    });
    Response {
        kind: Kind::Basic,
        status_text: match parts.extensions.get::<ReasonPhrase>() {
            Some(phrase) => Some(phrase.as_bytes().into()),
            None => parts.status.canonical_reason().map(|words| words.as_bytes().into()),
        },
        headers: Slot::List(Rc::new(parts.headers), Guard::Immutable),
        body,
        origin: Some(Rc::new(ResponseOrigin { version: parts.version, extensions: parts.extensions })),
        ..Response::new(parts.status)
    }
}

/// Takes a response out of a `Response`. `None` where the value is none.
///
/// # Errors
/// A `TypeError` where its body was read, or is being read, and for `Response.error()`.
pub fn take_response<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<Option<tollgate_core::Response>> {
    let Some(object) = instance::<Response<'js>>(value) else { return Ok(None) };
    if object.borrow().kind == Kind::Error {
        return Err(
            Failure::type_error("the response is `Response.error()`, which says only that something failed").throw(ctx)
        );
    }
    let raw = take_out(ctx, &object, true)?;
    let response = object.borrow();
    let headers = headers(&response.headers, &raw, response.origin.is_some());
    let mut taken = http::Response::new(raw.body);
    *taken.status_mut() = response.status;
    *taken.headers_mut() = headers;
    if let Some(origin) = &response.origin {
        *taken.version_mut() = origin.version;
        *taken.extensions_mut() = origin.extensions.clone();
    } else if let Some(phrase) = phrase(&response) {
        taken.extensions_mut().insert(phrase);
    }
    Ok(Some(taken))
}

/// The words that a script has put beside the status, where they are others than those that stand there anyway.
fn phrase(response: &Response<'_>) -> Option<ReasonPhrase> {
    let text = response.status_text.as_deref().filter(|text| !text.is_empty())?;
    let usual = response.status.canonical_reason().is_some_and(|words| words.as_bytes() == text);
    if usual { None } else { ReasonPhrase::try_from(text).ok() }
}

/// Copies the head of a `Request`: method, URL's URI, headers, and no body. `None` where the value is none.
///
/// # Errors
/// A `TypeError` where the URL cannot be sent.
pub fn request_head<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<Option<http::Request<()>>> {
    let Some(object) = instance::<Request<'js>>(value) else { return Ok(None) };
    let target = target(ctx, &object)?;
    let request = object.borrow();
    let mut head = http::Request::new(());
    *head.method_mut() = request.head.method.clone();
    *head.headers_mut() = request.headers.to_map();
    *head.uri_mut() = target;
    Ok(Some(head))
}

/// Copies the head of a `Response`: status and headers, and no body. `None` where the value is none.
pub fn response_head(value: &Value<'_>) -> Option<http::Response<()>> {
    let object = instance::<Response<'_>>(value)?;
    let response = object.borrow();
    let mut head = http::Response::new(());
    *head.status_mut() = response.status;
    *head.headers_mut() = response.headers.to_map();
    Some(head)
}
