//! Keeping answers (RFC 9111 §3): which, for how long, and their bodies while they go by.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::header::{
    AGE, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, DATE, EXPIRES, HeaderMap, HeaderName, HeaderValue, SET_COOKIE,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VARY,
};
use http::{Method, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tollgate_core::byte_cache::Filling;
use tollgate_core::cors::CORS_FIELDS;
use tollgate_core::keeper::Keeper;
use tollgate_core::time::Timestamp;
use tollgate_core::{Body, BoxError, ByteCache, Exchange, Response};

use super::answer::CACHE_STATUS;
use super::directives::Directives;
use super::kept::{self, Head};
use super::key::{self, Key};
use crate::statuses::Statuses;

/// Under this key stands when the answers of a URL were last thrown away.
const CLEARED: &str = "cleared";
/// For how long that is known: longer than answers that were under way then need.
const REMEMBERED: Duration = Duration::from_secs(300);

/// What a policy keeps, and how.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) ttl: Duration,
    pub(super) statuses: Statuses,
    pub(super) by_caller: bool,
    /// The longest body.
    pub(super) longest: usize,
    /// Whether it was said that callers are known too late.
    pub(super) warned: AtomicBool,
    pub(super) name: Arc<str>,
}

/// Waits for the answer to a request that was not answered from the cache.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) rules: Arc<Rules>,
    /// Why the request goes on (RFC 9211 §2.2).
    pub(super) why: &'static str,
    pub(super) task: Task,
}

/// What is done with the answer.
#[derive(Debug)]
pub(super) enum Task {
    /// Nothing.
    Pass,
    /// It may be kept.
    Keep(Box<Place>),
    /// Where it is no failure, what is kept of the URL is true no more.
    Clear { namespace: String },
}

/// Where an answer goes.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) key: Key,
    pub(super) method: Method,
    /// The request's fields, of which answers may say that they depend on them.
    pub(super) headers: HeaderMap,
    /// Who called.
    pub(super) caller: String,
    /// When it was asked.
    pub(super) asked: Duration,
}

impl Keeper for Asking {
    fn keep(self: Box<Self>, exchange: &Exchange, response: &mut Response) {
        let services = &exchange.services;
        let mut stored = false;
        match &self.task {
            Task::Pass => {}
            Task::Clear { namespace } => {
                if response.status().is_success() || response.status().is_redirection() {
                    clear(&services.cache, namespace, services.clock.monotonic());
                }
            }
            // What the gateway itself says (which names the request) is nobody else's answer.
            Task::Keep(_) if exchange.record.refusal.is_some() => {}
            Task::Keep(place) if self.rules.by_caller_or_nobody(place, exchange) => {
                let (now, today) = (services.clock.monotonic(), services.clock.now());
                stored = self.rules.watch(place, response, &services.cache, now, today);
            }
            Task::Keep(_) => {}
        }
        if exchange.record.refusal.is_none() {
            let more = if stored { ";stored" } else { "" };
            if let Ok(value) = HeaderValue::from_str(&format!("tollgate;fwd={}{more}", self.why)) {
                response.headers_mut().append(CACHE_STATUS, value);
            }
        }
    }
}

/// Throws away what is kept of a URL; answers that are under way now are not kept either.
fn clear(cache: &ByteCache, namespace: &str, now: Duration) {
    cache.clear(namespace);
    let moment = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
    cache.put(namespace, CLEARED, Bytes::copy_from_slice(&moment.to_be_bytes()), REMEMBERED);
}

fn cleared_since(cache: &ByteCache, namespace: &str, asked: Duration) -> bool {
    let Some(bytes) = cache.get(namespace, CLEARED) else { return false };
    bytes.first_chunk().is_none_or(|moment| u64::from_be_bytes(*moment) >= asked.as_micros() as u64)
}

impl Rules {
    /// Whether the caller is who it was when the key was made. One that became known behind this policy would
    /// not be in the key: its answer could be given to somebody else, who has not been looked at.
    fn by_caller_or_nobody(&self, place: &Place, exchange: &Exchange) -> bool {
        let same = key::caller(exchange) == place.caller;
        if !same && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                policy = &*self.name,
                "nothing is kept for callers who become known behind this policy: put it behind the one that authenticates them"
            );
        }
        same
    }

    /// Keeps an answer if it may be kept, as soon as its body has gone by. Says whether it may.
    fn watch(
        &self,
        place: &Place,
        response: &mut Response,
        cache: &Arc<ByteCache>,
        now: Duration,
        today: Timestamp,
    ) -> bool {
        let Some((age, left)) = self.freshness(response.status(), response.headers(), today) else { return false };
        let Some(names) = varies(response.headers()) else { return false };
        // The body itself knows as well, where the field was read already.
        let exact = response.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let length = content_length(response.headers()).or(exact);
        let expected = length.filter(|_| place.method != Method::HEAD && response.status() != StatusCode::NOT_MODIFIED);
        if expected.is_some_and(|expected| expected > self.longest) {
            return false;
        }
        let head =
            Head { status: response.status(), came: now, age, until: now + left, headers: lasting(response.headers()) };
        let sink = Sink {
            cache: Arc::clone(cache),
            namespace: place.namespace.clone(),
            key: place.key.text(&place.method),
            variant: (!names.is_empty()).then(|| place.key.variant(&place.method, &names, &place.headers)),
            names,
            asked: place.asked,
            ttl: left,
            content: head.encode(),
            head: 0,
            expected,
            longest: self.longest,
            filling: cache.filling(),
        };
        sink.begin(response.body_mut());
        true
    }

    /// How old an answer is, and for how long it may still be given; `None` where it may not be kept.
    fn freshness(&self, status: StatusCode, headers: &HeaderMap, today: Timestamp) -> Option<(Duration, Duration)> {
        // A part of something is not the whole of it, whatever the options say.
        if !self.statuses.contain(status) || [StatusCode::PARTIAL_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
            return None;
        }
        let said = Directives::of(headers);
        if said.no_store || said.no_cache || said.private || headers.contains_key(SET_COOKIE) {
            return None;
        }
        let date = |name: HeaderName| {
            let moment = httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()?;
            i64::try_from(moment.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
        };
        let sent = date(DATE).unwrap_or(today.seconds());
        let told = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse::<u64>().ok()).unwrap_or(0);
        let age = u64::try_from(today.seconds() - sent).unwrap_or(0).max(told);
        let expires = || {
            // A date that cannot be read has passed (RFC 9111 §5.3).
            headers
                .contains_key(EXPIRES)
                .then(|| u64::try_from(date(EXPIRES).unwrap_or(i64::MIN).saturating_sub(sent)).unwrap_or(0))
        };
        let lifetime = said.s_maxage.or(said.max_age).or_else(expires);
        let left = match lifetime {
            Some(lifetime) => Duration::from_secs(lifetime.saturating_sub(age)).min(self.ttl),
            None => self.ttl,
        };
        (!left.is_zero()).then_some((Duration::from_secs(age), left))
    }
}

/// The fields of the request that an answer depends on, in order; `None` where nobody knows which these are.
fn varies(headers: &HeaderMap) -> Option<Vec<HeaderName>> {
    let mut names = Vec::new();
    for field in headers.get_all(VARY) {
        for name in field.to_str().ok()?.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            // `*` is a name for the parser.
            names.push(HeaderName::from_bytes(name.as_bytes()).ok().filter(|_| name != "*")?);
        }
    }
    // A compressed answer is for those who can read it, even where the upstream forgets to say so.
    if headers.contains_key(CONTENT_ENCODING) {
        names.push(http::header::ACCEPT_ENCODING);
    }
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    names.dedup();
    Some(names)
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The fields that belong to the answer: not to the connection that it came on, not to the origin that asked for
/// it, not to caches on its way.
fn lasting(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for name in [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, AGE, CACHE_STATUS] {
        kept.remove(name);
    }
    kept.remove("keep-alive");
    for name in &CORS_FIELDS {
        kept.remove(name);
    }
    kept
}

/// Where a body goes, beside the client.
struct Sink {
    cache: Arc<ByteCache>,
    namespace: String,
    key: String,
    /// The key of this answer, where there are others.
    variant: Option<String>,
    names: Vec<HeaderName>,
    asked: Duration,
    ttl: Duration,
    /// The head, and the body as far as it has come.
    content: BytesMut,
    /// How long the head is.
    head: usize,
    expected: Option<usize>,
    longest: usize,
    filling: Filling,
}

impl Sink {
    /// Takes a body that is there already, or watches it come.
    fn begin(mut self, body: &mut Body) {
        self.head = self.content.len();
        if let Some(whole) = body.bytes() {
            if self.take(&whole) {
                self.finish();
            }
            return;
        }
        let inner = std::mem::take(body);
        *body = Body::stream(Watched { inner, sink: Some(Box::new(self)) });
    }

    /// Takes bytes; false where they are too many.
    fn take(&mut self, bytes: &Bytes) -> bool {
        let length = self.content.len() - self.head + bytes.len();
        if length > self.longest || self.expected.is_some_and(|expected| length > expected) {
            return false;
        }
        if !self.filling.grow(bytes.len()) {
            return false;
        }
        self.content.extend_from_slice(bytes);
        true
    }

    /// The body is complete.
    fn finish(self) {
        let length = self.content.len() - self.head;
        if self.expected.is_some_and(|expected| expected != length)
            || cleared_since(&self.cache, &self.namespace, self.asked)
        {
            return;
        }
        let content = self.content.freeze();
        match &self.variant {
            None => drop(self.cache.put(&self.namespace, &self.key, content, self.ttl)),
            Some(variant) => {
                self.cache.put(&self.namespace, &self.key, kept::varies(&self.names), self.ttl);
                self.cache.put(&self.namespace, variant, content, self.ttl);
            }
        }
    }
}

/// A body that is kept when it has gone by, and only if all of it has.
struct Watched {
    inner: Body,
    sink: Option<Box<Sink>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(cx));
        if let Some(mut sink) = this.sink.take() {
            match &frame {
                // Whoever reads it may stop at the last byte, and not ask whether there is more.
                None => sink.finish(),
                Some(Ok(frame)) => {
                    // An answer with trailers is not kept: a hit would be without them.
                    if frame.data_ref().is_some_and(|data| sink.take(data)) {
                        match this.inner.is_end_stream() {
                            true => sink.finish(),
                            false => this.sink = Some(sink),
                        }
                    }
                }
                Some(Err(_)) => {}
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
