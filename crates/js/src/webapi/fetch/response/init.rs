//! `new Response(body, init)` and what else makes responses (Fetch §5.5).

use std::rc::Rc;

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use rquickjs::function::{Opt, This};
use rquickjs::{Class, Coerced, Ctx, Value};
use url::Url;

use super::{Kind, Response};
use crate::webapi::fetch::body::{BodyCell, extract};
use crate::webapi::fetch::headers::{Guard, fill, text};
use crate::webapi::fetch::members;
use crate::webapi::fetch::realm::{Dictionary, Key, instance};
use crate::webapi::fetch::slot::Slot;
use crate::{Failure, bytes};

pub(super) fn construct<'js>(
    ctx: Ctx<'js>,
    target: This<Value<'js>>,
    body: Opt<Value<'js>>,
    init: Opt<Value<'js>>,
) -> rquickjs::Result<Class<'js, Response<'js>>> {
    let prototype = members::prototype::<Response<'js>>(&ctx, &target.0)?;
    let mut response = described(&ctx, init.0)?;
    if let Some(body) = body.0.filter(|body| !body.is_null() && !body.is_undefined()) {
        let extracted = extract(&ctx, &body)?;
        give_body(&ctx, &mut response, extracted.body, extracted.content_type)?;
    }
    Class::instance_proto(response, prototype)
}

/// `Response.json(data, init)`.
pub(super) fn json<'js>(
    ctx: Ctx<'js>,
    data: Value<'js>,
    init: Opt<Value<'js>>,
) -> rquickjs::Result<Class<'js, Response<'js>>> {
    let Some(text) = crate::json::text_of(&ctx, &data)? else {
        return Err(Failure::type_error("this cannot be JSON").throw(&ctx));
    };
    let mut response = described(&ctx, init.0)?;
    let body = BodyCell::made(&ctx, text)?;
    give_body(&ctx, &mut response, body, Some(HeaderValue::from_static("application/json")))?;
    Class::instance(ctx, response)
}

/// `Response.error()`.
pub(super) fn error(ctx: Ctx<'_>) -> rquickjs::Result<Class<'_, Response<'_>>> {
    let response = Response {
        kind: Kind::Error,
        headers: Slot::List(Rc::default(), Guard::Immutable),
        ..Response::new(StatusCode::OK)
    };
    Class::instance(ctx, response)
}

/// `Response.redirect(url, status)`.
pub(super) fn redirect<'js>(
    ctx: Ctx<'js>,
    url: Value<'js>,
    status: Opt<Value<'js>>,
) -> rquickjs::Result<Class<'js, Response<'js>>> {
    let url = bytes::usv_string(&url)?;
    let url = Url::parse(&url)
        .map_err(|error| Failure::type_error(format!("a redirect needs an absolute URL: {error}")).throw(&ctx))?;
    let status = match status.0.filter(|status| !status.is_undefined()) {
        Some(status) => unsigned_short(&status)?,
        None => 302,
    };
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Err(Failure::range_error(format!("{status} is no status of a redirect")).throw(&ctx));
    }
    let location = HeaderValue::from_str(url.as_str())
        .map_err(|_| Failure::type_error("this URL cannot be a header").throw(&ctx))?;
    let mut headers = HeaderMap::with_capacity(1);
    headers.insert(LOCATION, location);
    let response = Response {
        headers: Slot::List(Rc::new(headers), Guard::Immutable),
        ..Response::new(StatusCode::from_u16(status).unwrap_or_default())
    };
    Class::instance(ctx, response)
}

/// A response without a body, from the dictionary that describes it.
fn described<'js>(ctx: &Ctx<'js>, init: Option<Value<'js>>) -> rquickjs::Result<Response<'js>> {
    let mut response = Response::new(StatusCode::OK);
    let Some(init) = Dictionary::new(ctx, init, "what describes a response")? else { return Ok(response) };
    if let Some(other) = instance::<Response<'js>>(init.as_value()) {
        let status = other.borrow().status_number();
        response.status = in_range(ctx, status)?;
        let other = other.borrow();
        response.status_text.clone_from(&other.status_text);
        response.headers = Slot::List(other.headers.list(), Guard::None);
        return Ok(response);
    }
    let headers = init.get(Key::Headers)?;
    let status = init.get(Key::Status)?;
    let status_text = init.get(Key::StatusText)?;
    if let Some(status) = status {
        response.status = in_range(ctx, unsigned_short(&status)?)?;
    }
    if let Some(status_text) = status_text {
        response.status_text = Some(reason_phrase(&status_text)?);
    }
    if let Some(headers) = headers {
        response.headers = Slot::List(fill(ctx, &headers)?, Guard::None);
    }
    Ok(response)
}

fn in_range(ctx: &Ctx<'_>, number: u16) -> rquickjs::Result<StatusCode> {
    let known = StatusCode::from_u16(number).ok().filter(|_| (200..=599).contains(&number));
    known.ok_or_else(|| Failure::range_error(format!("the status {number} is not from 200 to 599")).throw(ctx))
}

fn give_body<'js>(
    ctx: &Ctx<'js>,
    response: &mut Response<'js>,
    body: BodyCell<'js>,
    content_type: Option<HeaderValue>,
) -> rquickjs::Result<()> {
    if matches!(response.status.as_u16(), 101 | 103 | 204 | 205 | 304) {
        let message = format!("a response with the status {} has no body", response.status.as_u16());
        return Err(Failure::type_error(message).throw(ctx));
    }
    response.body = body;
    match content_type {
        Some(content_type) => response.headers.set_default(ctx, CONTENT_TYPE, content_type),
        None => Ok(()),
    }
}

/// A number as an `unsigned short` (Web IDL §3.2.4.5).
fn unsigned_short(value: &Value<'_>) -> rquickjs::Result<u16> {
    let number = match value.as_number() {
        Some(number) => number,
        None => value.get::<Coerced<f64>>()?.0,
    };
    if !number.is_finite() {
        return Ok(0);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 65535")]
    Ok(number.trunc().rem_euclid(65_536.0) as u16)
}

/// `reason-phrase` (RFC 9112 §4).
fn reason_phrase(value: &Value<'_>) -> rquickjs::Result<Rc<[u8]>> {
    let phrase = text::with_bytes(value, |bytes| {
        let fits = |byte: &u8| *byte == b'\t' || *byte == b' ' || (0x21..=0x7E).contains(byte) || *byte >= 0x80;
        bytes.iter().all(fits).then(|| Rc::from(bytes))
    })?;
    phrase.ok_or_else(|| {
        Failure::type_error("the status text has a character that no status line may have").throw(value.ctx())
    })
}
