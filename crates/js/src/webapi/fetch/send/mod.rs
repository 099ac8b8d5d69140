//! `fetch` (Fetch §5.6): the request of a script, sent by the host.
//!
//! A script that names no `accept-encoding` has one that the host decodes, and what it passes on is decoded as
//! well. Where it names one, maybe that of its own client, what comes encoded is decoded when it is read, and passed
//! on as it came where it is not. The `host` of the request is
//! that of its URL, and framing is the host's business, whatever the headers say.

mod data;
mod follow;

use std::cell::RefCell;
use std::rc::Rc;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use rquickjs::function::Opt;
use rquickjs::{Class, Ctx, Persistent, Promise, Value};
use url::Url;

use super::abort;
use super::body::{BodyCell, Holder, State, settled, take_out};
use super::exchange::incoming;
use super::request::make;
use super::response::Response;
use crate::engine::promise;
use crate::{Engine, Failure};
use follow::{Fetched, Journey};

/// `fetch(input, init)`. Whatever is wrong is what the promise is rejected with.
pub(super) fn fetch<'js>(
    ctx: Ctx<'js>,
    input: Opt<Value<'js>>,
    init: Opt<Value<'js>>,
) -> rquickjs::Result<Promise<'js>> {
    let input = input.0.ok_or_else(|| Failure::type_error("`fetch` needs to know what").throw(&ctx));
    match input.and_then(|input| begin(&ctx, &input, init.0)) {
        Ok(promise) => Ok(promise),
        Err(error) => settled(&ctx, Err(error)),
    }
}

fn begin<'js>(ctx: &Ctx<'js>, input: &Value<'js>, init: Option<Value<'js>>) -> rquickjs::Result<Promise<'js>> {
    let request = make(ctx, input, init)?;
    let signal = request.signal.as_ref().map(|signal| signal.object().clone());
    if let Some(signal) = &signal
        && abort::is_aborted(signal)?
    {
        return Err(abort::reason(ctx, signal));
    }
    let url = Url::parse(&request.head.url)
        .map_err(|error| Failure::type_error(format!("the URL cannot be fetched: {error}")).throw(ctx))?;
    match url.scheme() {
        "http" | "https" => {}
        "data" => {
            let response = data::response(&url).map_err(|failure| failure.throw(ctx))?;
            let response = Response { url: Some(request.head.url), ..incoming(response) };
            return settled(ctx, Class::instance(ctx.clone(), response).map(Class::into_value));
        }
        scheme => {
            let message = format!("fetch failed: URLs with the scheme `{scheme}` cannot be fetched");
            return Err(Failure::type_error(message).throw(ctx));
        }
    }
    let mut headers = request.headers.to_map();
    let raw = take_out(ctx, &RefCell::new(request.body), false)?;
    if let Some(coding) = raw.coding {
        coding.show(&mut headers);
    }
    make_ready(&mut headers);
    let asks = !headers.contains_key(header::ACCEPT_ENCODING);
    if asks {
        // Proxies on the way that know no brotli cannot see into TLS (as Node does).
        let known = if url.scheme() == "https" { "br, gzip, deflate" } else { "gzip, deflate" };
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(known));
    }
    let flag = match &signal {
        Some(signal) => Some(abort::flag(ctx, signal)?),
        None => None,
    };
    let engine = Engine::of(ctx)?;
    let journey = Journey {
        host: Rc::clone(engine.host()),
        task: engine.current()?,
        redirect: request.redirect,
        url,
        method: request.head.method,
        headers,
    };
    let signal = signal.map(|signal| Persistent::save(ctx, signal));
    let aborted = flag.clone();
    let work = async move {
        let Some(flag) = aborted else { return Ok(journey.run(raw.body).await) };
        Ok(tokio::select! {
            biased;
            () = flag.wait() => Err(abort::Aborted::failure()),
            fetched = journey.run(raw.body) => fetched,
        })
    };
    promise(ctx, work, move |ctx, fetched: Result<Fetched, Failure>| match fetched {
        Ok(fetched) => {
            let mut response = Response {
                url: Some(without_fragment(&fetched.url)),
                redirected: fetched.redirected,
                ..incoming(fetched.response)
            };
            if asks {
                response.body.with(|state| {
                    if let State::Host(source) = state
                        && let Some(coding) = &mut source.raw.coding
                    {
                        coding.asked_for();
                    }
                });
            }
            if let (Some(flag), Some(signal)) = (flag, signal) {
                let signal = signal.restore(ctx)?;
                response.body.with(|state| {
                    if let State::Host(source) = state {
                        let body = std::mem::take(&mut source.raw.body);
                        source.raw.body = abort::body(body, flag);
                        source.signal = Some(signal);
                    }
                });
            }
            Ok(Class::instance(ctx.clone(), response)?.into_value())
        }
        Err(failure) => Err(abort::failed(ctx, signal, &failure)),
    })
}

fn without_fragment(url: &Url) -> Rc<str> {
    let url = url.as_str();
    url.split_once('#').map_or(url, |(url, _)| url).into()
}

/// What belongs to one connection (RFC 9110 §7.6.1), which may have come in with the request that this one is
/// made of, and what the host says itself.
const NOT_PASSED_ON: [HeaderName; 10] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

fn make_ready(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    for name in NOT_PASSED_ON.iter().chain(&named) {
        headers.remove(name);
    }
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static("tollgate"));
}

/// A body that belongs to no object of a script.
impl<'js> Holder<'js> for RefCell<BodyCell<'js>> {
    fn with<R>(&self, run: impl FnOnce(&mut State<'js>) -> R) -> R {
        self.borrow_mut().with(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_connection_stays_here() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("x-other", "1"),
            ("host", "a.test"),
            ("content-length", "7"),
            ("transfer-encoding", "chunked"),
            ("accept", "text/html"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        make_ready(&mut headers);
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "user-agent", "x-other"]);
        assert_eq!(headers["accept"], "text/html");
    }
}
