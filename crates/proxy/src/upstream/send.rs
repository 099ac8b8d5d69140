//! One exchange with an upstream.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::Instant;
use tollgate_core::project::Timeouts;
use tollgate_core::record::{Attempt, Record};
use tollgate_core::settings::UpstreamHost;
use tollgate_core::{Body, Exchange, Problem, Request, Response, reason};

use super::Upstream;
use super::connect::{ConnectError, Connected};
use super::link::Link;
use super::response::{ResponseBody, error_chain};
use super::wait::{Limits, Wait, Who, problem};
use crate::alarm::after;
use crate::hygiene::body::{BodyMeter, metered};
use crate::hygiene::clean_response;

impl Upstream {
    /// Sends a request and gives back the answer as soon as its head is there; its body streams.
    ///
    /// The request's URI is the path and query to ask for. Its fields are sent as they are, but
    /// for Host, framing and what concerns a single connection. The attempts, the timings and the
    /// bytes of the request body go into the exchange's record.
    ///
    /// Dropping the future, or the body of the answer, closes the connection to the upstream.
    ///
    /// # Errors
    /// A [`Problem`] with one of the `upstream.…` reasons, or with that of a request body that
    /// broke off.
    pub async fn send(
        &self,
        exchange: &mut Exchange,
        request: Request,
        timeouts: &Timeouts,
    ) -> Result<Response, Problem> {
        let host = match self.host_rule {
            UpstreamHost::Upstream => self.host.clone(),
            UpstreamHost::Client => HeaderValue::from_str(&exchange.client.host).unwrap_or_else(|_| self.host.clone()),
        };
        let started = exchange.record.started;
        self.exchange(&mut exchange.record, request, host, timeouts, Some(started)).await
    }

    /// The same for requests of the gateway itself. `started` is when the exchange began that
    /// the total timeout counts for; now, where there is none.
    pub(crate) async fn exchange(
        &self,
        record: &mut Record,
        request: Request,
        host: HeaderValue,
        timeouts: &Timeouts,
        started: Option<Duration>,
    ) -> Result<Response, Problem> {
        let now = self.clock.monotonic();
        let spent = started.map_or(Duration::ZERO, |started| now.saturating_sub(started));
        let total = timeouts.total.map(|total| after(Instant::now(), total.saturating_sub(spent)));

        let (mut parts, body) = request.into_parts();
        let meter = parts.extensions.remove::<BodyMeter>();
        let (body, meter) = with_meter(body, meter);
        frame(&mut parts, &body, host);
        let is_head = parts.method == Method::HEAD;

        let limits = Limits { timeouts, total };
        let result = self.attempts(record, parts, body, meter.as_ref(), &limits).await;
        if let Some(meter) = &meter {
            record.request_bytes = meter.bytes();
        }
        let (link, response) = result?;
        Ok(self.answer(link, response, is_head, meter.as_ref(), &limits))
    }

    async fn attempts(
        &self,
        record: &mut Record,
        parts: Parts,
        body: Body,
        meter: Option<&BodyMeter>,
        limits: &Limits<'_>,
    ) -> Result<(Box<Link>, http::Response<Incoming>), Problem> {
        let mut pooled = self.pool.take();
        let mut request = Some(outgoing(parts, body));
        loop {
            let start = self.clock.monotonic();
            let mut attempt = Attempt {
                target: Arc::clone(&self.target),
                outcome: "ok",
                took: Duration::ZERO,
                reused: pooled.is_some(),
            };
            let reused = attempt.reused;
            let link = match pooled.take() {
                Some(link) => Ok(link),
                // Boxed because it is large and rare.
                None => Box::pin(self.connect(record, limits)).await,
            };
            let outcome = match (link, request.take()) {
                (Ok(link), Some(message)) => {
                    let copy = if reused { replayable(&message) } else { None };
                    self.attempt(record, link, message, meter, limits).await.map_err(|failure| (failure, copy))
                }
                (Err(problem), _) => Err((Failure { problem, unsent: None, silent: false }, None)),
                (Ok(_), None) => return Err(internal()),
            };
            attempt.took = self.clock.monotonic().saturating_sub(start);
            match outcome {
                Ok(success) => {
                    record.attempts.push(attempt);
                    return Ok(success);
                }
                Err((failure, copy)) => {
                    attempt.outcome = failure.problem.reason.name;
                    record.attempts.push(attempt);
                    // The other side may close an idle connection at the moment it is used.
                    // What has not been sent can always be sent elsewhere; what has been sent,
                    // only if doing it twice does no harm and nothing has come back
                    // (RFC 9110 §9.2.2).
                    request = match failure {
                        Failure { unsent: Some(unsent), .. } if reused => Some(*unsent),
                        Failure { silent: true, .. } if copy.is_some() => copy,
                        Failure { problem, .. } => return Err(problem),
                    };
                }
            }
        }
    }

    async fn connect(&self, record: &mut Record, limits: &Limits<'_>) -> Result<Box<Link>, Problem> {
        let (within, reason) = limits.connect();
        let connecting = async {
            let Connected { stream, connect, tls } = self.connector.connect().await?;
            let link = Link::over(stream)
                .await
                .map_err(|error| ConnectError { reason: &reason::UPSTREAM_RESET, cause: error_chain(&error) })?;
            Ok((link, connect, tls))
        };
        match tokio::time::timeout_at(within, connecting).await {
            Ok(Ok((link, connect, tls))) => {
                record.timings.connect = Some(connect);
                record.timings.tls = tls;
                Ok(link)
            }
            Ok(Err(ConnectError { reason, cause })) => Err(problem(reason).caused_by(cause)),
            Err(_) => Err(problem(reason).caused_by(format_args!("no connection to {} in time", self.target))),
        }
    }

    async fn attempt(
        &self,
        record: &mut Record,
        mut link: Box<Link>,
        request: http::Request<Body>,
        meter: Option<&BodyMeter>,
        limits: &Limits<'_>,
    ) -> Result<(Box<Link>, http::Response<Incoming>), Failure> {
        let start = self.clock.monotonic();
        let mut answer = pin!(link.send(request));
        let mut wait = Wait::new(meter);
        let result = poll_fn(|cx| {
            if let Poll::Ready(result) = link.poll_with(cx, |cx| answer.as_mut().poll(cx)) {
                return Poll::Ready(Ok(result));
            }
            let Some((at, who)) = wait.deadline(limits) else { return Poll::Pending };
            ready!(link.alarm.poll_until(at, cx));
            Poll::Ready(Err(who))
        })
        .await;
        match result {
            Ok(Ok(response)) => {
                record.timings.first_byte = Some(self.clock.monotonic().saturating_sub(start));
                // No request asks for a switch, and interim answers are not final ones.
                if response.status().is_informational() {
                    let cause = format!("an answer {} that nobody asked for", response.status());
                    return Err(problem(&reason::UPSTREAM_MALFORMED).caused_by(cause).into());
                }
                Ok((link, response))
            }
            Ok(Err(mut error)) => {
                let unsent = error.take_message().map(Box::new);
                let silent = !link.has_received();
                let problem = from_hyper(error.error());
                // A body that broke off has been consumed: there is nothing to send again.
                let silent = silent && problem.reason == &reason::UPSTREAM_RESET;
                Err(Failure { problem, unsent, silent })
            }
            Err(Who::Client) => {
                Err(Problem::new(&reason::REQUEST_TIMEOUT, "The request body did not come in time.").closing().into())
            }
            Err(Who::Upstream(reason)) => Err(problem(reason).into()),
        }
    }

    fn answer(
        &self,
        mut link: Box<Link>,
        response: http::Response<Incoming>,
        is_head: bool,
        meter: Option<&BodyMeter>,
        limits: &Limits<'_>,
    ) -> Response {
        let (mut parts, incoming) = response.into_parts();
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        let has_no_body = is_head || parts.status == StatusCode::NOT_MODIFIED;
        clean_response(&mut parts, has_no_body);
        if incoming.is_end_stream() {
            self.pool.put(link);
            return Response::from_parts(parts, Body::empty());
        }
        if meter.is_some_and(|meter| !meter.ended()) {
            link.detach();
        }
        let body = ResponseBody {
            incoming,
            link: Some(link),
            pool: Arc::clone(&self.pool),
            idle: limits.timeouts.idle,
            total: limits.total,
            waiting_since: None,
        };
        Response::from_parts(parts, Body::stream(body))
    }
}

/// Why an attempt failed, and what is left of the request.
struct Failure {
    problem: Problem,
    /// The request, where no byte of it has been sent.
    unsent: Option<Box<http::Request<Body>>>,
    /// Whether the connection closed without a byte of an answer.
    silent: bool,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, unsent: None, silent: false }
    }
}

/// Bodies that stream are counted; the meter may be there already, from the connection.
fn with_meter(body: Body, meter: Option<BodyMeter>) -> (Body, Option<BodyMeter>) {
    match (meter, body.bytes()) {
        // The body was read into memory: nothing is on its way from the client any more.
        (meter, Some(_)) => (body, meter),
        (Some(meter), None) => (body, Some(meter)),
        (None, None) => {
            let meter = BodyMeter::default();
            (metered(body, meter.clone()), Some(meter))
        }
    }
}

/// Makes Host and framing anew, and nothing that concerns another connection remains.
fn frame(parts: &mut Parts, body: &Body, host: HeaderValue) {
    let headers = &mut parts.headers;
    for name in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH, UPGRADE] {
        headers.remove(name);
    }
    headers.insert(HOST, host);
    match body.size_hint().exact() {
        Some(0) => {
            // RFC 9110 §8.6: methods that define a meaning for content say that there is none.
            if matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            headers.remove(TRAILER);
        }
        Some(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            headers.remove(TRAILER);
        }
        None => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
    if headers.contains_key(TE) {
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
}

fn outgoing(parts: Parts, body: Body) -> http::Request<Body> {
    // Extensions stay behind: they belong to the client's connection.
    let mut request = http::Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = parts.headers;
    request
}

/// A copy of the request, where sending it twice is harmless and possible.
fn replayable(request: &http::Request<Body>) -> Option<http::Request<Body>> {
    let harmless = request.method().is_idempotent() || request.method().as_str() == "QUERY";
    let bytes = if harmless { request.body().bytes()? } else { return None };
    let mut copy = http::Request::new(Body::full(bytes));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = HeaderMap::clone(request.headers());
    Some(copy)
}

fn internal() -> Problem {
    Problem::new(&reason::INTERNAL, "The request was lost between two attempts.")
}

fn from_hyper(error: &hyper::Error) -> Problem {
    if error.is_user() {
        return Problem::of_request_body(error);
    }
    let cause = error_chain(error);
    let malformed = error.is_parse() || error.is_parse_too_large() || error.is_parse_status();
    problem(if malformed { &reason::UPSTREAM_MALFORMED } else { &reason::UPSTREAM_RESET }).caused_by(cause)
}
