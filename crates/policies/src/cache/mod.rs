//! Keeps answers for a while, and gives them again without asking the upstream.
//!
//! An answer is kept as the route leaves it, behind the handler and the outbound policies; a hit skips those. Who
//! calls is part of what it is kept under: nobody gets the answer to somebody else's request, unless the options
//! say so. Where the options are silent it is a shared cache as RFC 9111 has it.

mod answer;
mod directives;
mod keep;
mod kept;
mod key;

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::{HeaderMap, HeaderName, IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE, UPGRADE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Body, ByteCache, Exchange, Fault, Flow, Policy, Problem, Reason, Request, Step};

use crate::statuses::{OneOrRange, StatusCodes, Statuses};
use directives::Directives;
use keep::{Asking, Place, Rules, Task};
use kept::Kept;
use key::Key;

/// The client wanted an answer that is kept, and there is none.
pub static NOT_CACHED: Reason = Reason {
    name: "cache.not_cached",
    code: "not-cached",
    status: 504,
    title: "Gateway Timeout",
    fault: Fault::Client,
    meaning: "The request says `Cache-Control: only-if-cached`, and no answer to it is kept.",
    fix: "Leave `only-if-cached` out, so that the upstream is asked.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<Cache>("cache", Direction::Inbound, include_str!("docs.md"))
    .exports(&["CachingInboundPolicy"])
    .shorthand("expirationSecondsTtl")
    .reasons(&[&NOT_CACHED]);

/// What is kept, and for how long.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// For how many seconds an answer is given again, at most. One that says itself that it ends sooner ends
    /// sooner. Default: 60.
    #[serde(default = "minute")]
    expiration_seconds_ttl: f64,
    /// Header fields of the request that make another request of it: an answer is given to those who send the
    /// same values.
    #[serde(default)]
    headers: Vec<String>,
    /// The methods whose answers are kept. Default: GET. HEAD is answered from what is kept of GET as well. Where a
    /// method is listed that has a body, equal bodies make equal requests.
    #[serde(default = "get")]
    cache_http_methods: Vec<CachedMethod>,
    /// The status codes of answers that are kept. Default: 200, 301, 302, 303, 404 and 410. A 206 may stand
    /// there, and is not kept: it is a part of something.
    #[serde(default = "statuses")]
    status_codes: StatusCodes,
    /// A name that the answers are kept under. With another name what was kept before is not found any more.
    #[serde(default, alias = "cachedId")]
    cache_id: Option<String>,
    /// Gives answers to whoever asks, whatever `Authorization`, cookies and other credentials say. Only for
    /// routes whose answers are the same for all who may call them. Default: false.
    #[serde(default)]
    dangerously_ignore_authorization_header: bool,
}

/// A method whose answers may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum CachedMethod {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl CachedMethod {
    const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Head => Method::HEAD,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

const fn minute() -> f64 {
    60.0
}

fn get() -> Vec<CachedMethod> {
    vec![CachedMethod::Get]
}

fn statuses() -> StatusCodes {
    StatusCodes::List([200, 206, 301, 302, 303, 404, 410].map(OneOrRange::Number).into())
}

/// The longest time that anything is kept: a year.
const LONGEST: f64 = 365.0 * 24.0 * 60.0 * 60.0;

/// See the module.
#[derive(Debug)]
struct Cache {
    rules: Arc<Rules>,
    methods: Vec<Method>,
    headers: Vec<HeaderName>,
    /// What its namespaces begin with.
    area: String,
    /// The longest request body that is looked at.
    longest_request: usize,
}

impl Configure for Cache {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let ttl = options.expiration_seconds_ttl;
        if !(ttl > 0.0 && ttl <= LONGEST) {
            return Err(BuildError::at(
                "/expirationSecondsTtl",
                format!("{ttl} seconds are no time to keep an answer"),
            )
            .help("a number above 0, and at most a year; leave the policy out to keep nothing"));
        }
        let field = |(index, name): (usize, &String)| {
            name.parse::<HeaderName>().map_err(|_| {
                BuildError::at(format!("/headers/{index}"), format!("`{name}` is no name of a header field"))
                    .help("such as Accept-Language")
            })
        };
        let mut headers = options.headers.iter().enumerate().map(field).collect::<Result<Vec<_>, _>>()?;
        headers.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        headers.dedup();
        let cache = &context.services.cache;
        let buffered = context.settings.server.limits.buffered_body.as_usize();
        Ok(Self {
            rules: Arc::new(Rules {
                ttl: Duration::from_secs_f64(ttl),
                statuses: Statuses::read(&options.status_codes, "/statusCodes")?,
                by_caller: !options.dangerously_ignore_authorization_header,
                longest: buffered.min(cache.most() / 4),
                warned: Default::default(),
                name: Arc::clone(&context.instance.name),
            }),
            methods: options.cache_http_methods.into_iter().map(CachedMethod::method).collect(),
            headers,
            // Another project may give other answers: what the one before has kept is not given under this one.
            area: format!("answers:{}:{}", cache.area(), options.cache_id.unwrap_or_default()),
            longest_request: buffered,
        })
    }
}

impl Policy for Cache {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let method = request.method();
        let listed = self.methods.contains(method);
        // What is kept of GET answers HEAD, whether or not answers to that are kept as well.
        let looked_up = listed || (*method == Method::HEAD && self.methods.contains(&Method::GET));
        if !looked_up {
            return self.pass_by(exchange, request);
        }
        // No answer to any of these is the answer to the URL: parts, other protocols, conditions on changes.
        let special = [RANGE, IF_RANGE, IF_MATCH, IF_UNMODIFIED_SINCE, UPGRADE];
        if special.iter().any(|name| request.headers().contains_key(name)) {
            return self.forward(exchange, "bypass", Task::Pass);
        }
        if matches!(*method, Method::GET | Method::HEAD) {
            return Step::Now(self.look_up(exchange, request, listed, None));
        }
        Step::later(async move {
            let body = std::mem::take(request.body_mut());
            let body = match body.collect_up_to(self.longest_request).await {
                Ok(body) => body,
                Err(error) => return Flow::Refuse(error.into()),
            };
            *request.body_mut() = Body::full(body.clone());
            self.look_up(exchange, request, listed, Some(&body))
        })
    }
}

impl Cache {
    /// A request whose answers are not kept. Where it changes something, what is kept of the URL is not true any
    /// more (RFC 9111 §4.4).
    fn pass_by<'a>(&self, exchange: &mut Exchange, request: &Request) -> Step<'a> {
        let safe = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::CONNECT];
        if safe.contains(request.method()) {
            return Step::CONTINUE;
        }
        let key = Key::of(exchange, request, &[], false, None);
        self.forward(exchange, "method", Task::Clear { namespace: self.namespace(&key) })
    }

    fn forward<'a>(&self, exchange: &mut Exchange, why: &'static str, task: Task) -> Step<'a> {
        self.ask(exchange, why, task);
        Step::CONTINUE
    }

    fn ask(&self, exchange: &mut Exchange, why: &'static str, task: Task) {
        let told = if why == "bypass" || why == "method" { "bypass" } else { "miss" };
        exchange.record.fields.insert("cache".to_owned(), Value::from(told));
        exchange.keepers.push(Box::new(Asking { rules: Arc::clone(&self.rules), why, task }));
    }

    fn namespace(&self, key: &Key) -> String {
        format!("{}:{}", self.area, key.url)
    }

    fn look_up(&self, exchange: &mut Exchange, request: &Request, kept: bool, body: Option<&[u8]>) -> Flow {
        let asked = Directives::of_request(request.headers());
        let key = Key::of(exchange, request, &self.headers, self.rules.by_caller, body);
        let namespace = self.namespace(&key);
        let now = exchange.services.clock.monotonic();
        let (method, headers) = (request.method(), request.headers());
        let found = if asked.no_cache || asked.no_store {
            Err("request")
        } else {
            find(&exchange.services.cache, &namespace, &key, method, headers)
        };
        let why = match found {
            Ok((head, body)) if head.suits(&asked, now) => {
                exchange.record.fields.insert("cache".to_owned(), Value::from("hit"));
                return Flow::Respond(head.answer(body, method, headers, now));
            }
            Ok(_) => "request",
            Err(why) => why,
        };
        if asked.only_if_cached {
            return Problem::new(&NOT_CACHED, "No answer to this request is kept").into();
        }
        // A client that has the answer already would get 304, which says nothing to others.
        let task = if kept && !asked.no_store {
            Task::Keep(Box::new(Place {
                namespace,
                key,
                method: method.clone(),
                headers: headers.clone(),
                caller: key::caller(exchange),
                asked: now,
            }))
        } else {
            Task::Pass
        };
        self.ask(exchange, why, task);
        Flow::Continue
    }
}

/// What is kept for a request, or why nothing is (RFC 9211 §2.2).
fn find(
    cache: &ByteCache,
    namespace: &str,
    key: &Key,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(kept::Head, bytes::Bytes), &'static str> {
    let methods = [Some(method), (*method == Method::HEAD).then_some(&Method::GET)];
    let mut why = "uri-miss";
    for method in methods.into_iter().flatten() {
        let mut found = cache.get(namespace, &key.text(method)).and_then(kept::read);
        if let Some(Kept::Varies(names)) = &found {
            why = "vary-miss";
            found = cache.get(namespace, &key.variant(method, names, headers)).and_then(kept::read);
        }
        if let Some(Kept::Answer(head, body)) = found {
            return Ok((head, body));
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests;
