//! `new Request(input, init)` (Fetch §5.4).

use std::rc::Rc;

use http::Method;
use http::header::CONTENT_TYPE;
use rquickjs::{Class, Ctx, Value};
use url::Url;

use super::{Head, Request, Signal, settings};
use crate::webapi::fetch::body::{BodyCell, extract, is_signal, is_unusable, transfer};
use crate::webapi::fetch::headers::{Guard, fill, text};
use crate::webapi::fetch::realm::{Dictionary, Key, instance};
use crate::webapi::fetch::slot::Slot;
use crate::{Failure, bytes};

/// A request from what scripts give to `new Request` and to `fetch`.
///
/// # Errors
/// A `TypeError` where something of it cannot be.
pub(crate) fn make<'js>(
    ctx: &Ctx<'js>,
    input: &Value<'js>,
    init: Option<Value<'js>>,
) -> rquickjs::Result<Request<'js>> {
    let init = Dictionary::new(ctx, init, "what describes a request")?;
    let from = instance::<Request<'js>>(input);
    let mut request = match &from {
        Some(from) => from.borrow().without_body(),
        None => Request::to(parse_url(ctx, input)?),
    };
    let mut body = None;
    if let Some(init) = &init {
        if let Some(other) = instance::<Request<'js>>(init.as_value()) {
            body = like(ctx, &mut request, &other)?.map(Given::Body);
        } else {
            body = init.get(Key::Body)?.filter(|body| !body.is_null()).map(Given::Value);
            apply(ctx, &mut request, init)?;
        }
    }
    let input_has_body = from.as_ref().is_some_and(|from| !from.borrow().body.is_null());
    if (body.is_some() || input_has_body) && matches!(request.head.method, Method::GET | Method::HEAD) {
        let message = format!("a request with the method {} has no body", request.head.method);
        return Err(Failure::type_error(message).throw(ctx));
    }
    match (body, from) {
        (Some(Given::Value(body)), _) => give_body(ctx, &mut request, &body)?,
        (Some(Given::Body(body)), _) => request.body = body,
        (None, Some(from)) => request.body = transfer(ctx, &from)?,
        (None, None) => {}
    }
    Ok(request)
}

/// What a dictionary has as `body`.
enum Given<'js> {
    Value(Value<'js>),
    Body(BodyCell<'js>),
}

/// Another request as the dictionary: its members, without making objects of them. Its body is then that
/// of both, and the first who reads it has it.
fn like<'js>(
    ctx: &Ctx<'js>,
    request: &mut Request<'js>,
    other: &Class<'js, Request<'js>>,
) -> rquickjs::Result<Option<BodyCell<'js>>> {
    if is_unusable(ctx, other)? {
        let message = "the body of the request that the new one is made of was read before, or is being read";
        return Err(Failure::type_error(message).throw(ctx));
    }
    let mut other = other.borrow_mut();
    request.headers = Slot::List(other.headers.list(), Guard::None);
    request.head.method = other.head.method.clone();
    request.redirect = other.redirect;
    request.signal = other.signal.as_ref().map(Signal::given);
    request.settings.clone_from(&other.settings);
    if other.body.is_null() { Ok(None) } else { other.body.share(ctx).map(Some) }
}

fn give_body<'js>(ctx: &Ctx<'js>, request: &mut Request<'js>, body: &Value<'js>) -> rquickjs::Result<()> {
    let extracted = extract(ctx, body)?;
    request.body = extracted.body;
    if let Some(content_type) = extracted.content_type {
        request.headers.set_default(ctx, CONTENT_TYPE, content_type)?;
    }
    Ok(())
}

/// All members but the body.
fn apply<'js>(ctx: &Ctx<'js>, request: &mut Request<'js>, init: &Dictionary<'js>) -> rquickjs::Result<()> {
    if let Some(headers) = init.get(Key::Headers)? {
        request.headers = Slot::List(fill(ctx, &headers)?, Guard::None);
    }
    if let Some(method) = init.get(Key::Method)? {
        request.head.method = parse_method(ctx, &method)?;
    }
    if let Some(redirect) = init.get(Key::Redirect)? {
        request.redirect = settings::Redirect::read(&redirect)?;
    }
    if let Some(signal) = init.get(Key::Signal)? {
        request.signal = parse_signal(ctx, &signal)?;
    }
    request.settings = settings::read(ctx, init, request.settings.take())?;
    Ok(())
}

fn parse_signal<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<Option<Signal<'js>>> {
    match value.as_object() {
        _ if value.is_null() => Ok(None),
        Some(signal) if is_signal(ctx, value)? => Ok(Some(Signal::Given(signal.clone()))),
        _ => Err(Failure::type_error("`signal` of a request is an AbortSignal").throw(ctx)),
    }
}

/// A method (Fetch §2.2.1): those that everyone knows in upper case.
fn parse_method(ctx: &Ctx<'_>, value: &Value<'_>) -> rquickjs::Result<Method> {
    let method = text::with_bytes(value, |bytes| {
        const KNOWN: [Method; 6] =
            [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS];
        let known = KNOWN.iter().find(|known| known.as_str().as_bytes().eq_ignore_ascii_case(bytes));
        match known {
            Some(known) => Some(known.clone()),
            None if [&b"CONNECT"[..], b"TRACE", b"TRACK"].iter().any(|it| it.eq_ignore_ascii_case(bytes)) => None,
            None => Method::from_bytes(bytes).ok(),
        }
    })?;
    method.ok_or_else(|| Failure::type_error("this is no method that a script may use").throw(ctx))
}

/// The URL of a request: absolute, since there is no page that it could be relative to.
fn parse_url(ctx: &Ctx<'_>, value: &Value<'_>) -> rquickjs::Result<Rc<str>> {
    let url = Url::parse(&bytes::usv_string(value)?)
        .map_err(|error| Failure::type_error(format!("the URL of a request has to be absolute: {error}")).throw(ctx))?;
    if !url.username().is_empty() || url.password().is_some() {
        let message = "the URL of a request has no user and no password: send them as the header `authorization`";
        return Err(Failure::type_error(message).throw(ctx));
    }
    Ok(String::from(url).into())
}

impl<'js> Request<'js> {
    /// A `GET` of a URL.
    fn to(url: Rc<str>) -> Self {
        Self {
            head: Head { method: Method::GET, url, origin: None },
            headers: Slot::List(Rc::default(), Guard::None),
            body: BodyCell::null(),
            redirect: settings::Redirect::default(),
            signal: None,
            settings: None,
        }
    }

    /// The same request, whose headers may be changed; its body stays where it is.
    fn without_body(&self) -> Self {
        Self {
            head: self.head.clone(),
            headers: Slot::List(self.headers.list(), Guard::None),
            body: BodyCell::null(),
            redirect: self.redirect,
            signal: self.signal.as_ref().map(Signal::given),
            settings: self.settings.clone(),
        }
    }
}
