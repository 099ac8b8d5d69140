//! One exchange over HTTP/1: a connection, a try, at most one more.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, ready};

use http::header::HeaderValue;
use http::{Method, StatusCode, Version};
use tokio::time::Instant;
use tollgate_core::record::{Attempt, Record};
use tollgate_core::{Body, Problem, Request, Response, reason};
use tollgate_http1::{BodyLength, Framing, HeadError, RequestHead, ResponseHead};

use super::Upstream;
use super::beside::Late;
use super::connect::{ConnectError, Connected};
use super::link::{Broken, Link};
use super::relay::Relay;
use super::response::{ResponseBody, Source};
use super::upload::Upload;
use super::wait::{Limits, Wait, Who, problem};
use crate::hygiene::body::BodyMeter;
use crate::hygiene::clean_response;
use crate::turn::Turn;

/// The head of an answer, and the connection that its body comes on.
pub(super) struct Answered {
    pub(super) link: Box<Link>,
    pub(super) head: ResponseHead,
    /// When the head had come.
    pub(super) at: Instant,
}

/// A request that is to be answered.
pub(super) struct Ask<'a> {
    pub(super) upload: Upload,
    pub(super) method: Method,
    /// Whether it asks for another protocol.
    pub(super) upgrades: bool,
    pub(super) meter: Option<&'a BodyMeter>,
    pub(super) limits: &'a Limits<'a>,
    pub(super) turn: Turn,
}

impl Upstream {
    /// Sends a request over a connection of the pool, or a new one.
    pub(super) async fn over_http1(
        &self,
        record: &mut Record,
        request: &mut Request,
        host: &HeaderValue,
        meter: Option<&BodyMeter>,
        limits: &Limits<'_>,
    ) -> Result<Response, Problem> {
        // The streams of an HTTP/2 connection are one task, which sends what they have to say together anyway.
        let turn = if request.version() < Version::HTTP_2 { Turn::of_message() } else { Turn::at_once() };
        let (upload, method) = encode(request, host, None, limits.beside.late)?;
        let mut ask = Ask { upload, method, upgrades: false, meter, limits, turn };
        // Only over HTTP/2 anything was waited for until here.
        let now = if self.http2.is_some() { Instant::now() } else { limits.from.instant };
        let idle = self.pool.take(now);
        let answered = self.ask_http1(record, &mut ask, idle, now).await?;
        Ok(self.answer(answered, ask))
    }

    /// Asks on `idle`, where there is one, and at most once more, on a new connection.
    pub(super) async fn ask_http1(
        &self,
        record: &mut Record,
        ask: &mut Ask<'_>,
        mut idle: Option<Box<Link>>,
        mut now: Instant,
    ) -> Result<Answered, Problem> {
        loop {
            let reused = idle.is_some();
            let begun = now;
            let mut sending = begun;
            let outcome = match idle.take() {
                Some(link) => attempt(link, ask, begun).await,
                // Boxed because it is large and rare.
                None => match Box::pin(self.connect(record, ask.limits)).await {
                    Ok(link) => {
                        sending = link.idle_since;
                        attempt(link, ask, sending).await
                    }
                    Err(problem) => Err(problem.into()),
                },
            };
            now = Instant::now();
            let took = now.saturating_duration_since(begun);
            record.attempts.push(Attempt {
                target: Arc::clone(&self.target),
                outcome: outcome.as_ref().err().map_or("ok", |failure| failure.problem.reason.name),
                status: outcome.as_ref().ok().map(|(_, head)| head.status.as_u16()),
                took,
                began: ask.limits.told(begun),
                reused,
            });
            match outcome {
                Ok((link, head)) => {
                    record.timings.first_byte = Some(now.saturating_duration_since(sending));
                    return Ok(Answered { link, head, at: now });
                }
                // The other side may close an idle connection at the moment it is used. What has
                // not been sent can always be sent elsewhere; what has been sent, only if doing it
                // twice does no harm and nothing has come back (RFC 9110 §9.2.2).
                Err(failure) if reused && failure.unsent => {}
                Err(failure) if reused && failure.silent && ask.upload.rewind() => {}
                Err(failure) => return Err(failure.problem),
            }
        }
    }

    async fn connect(&self, record: &mut Record, limits: &Limits<'_>) -> Result<Box<Link>, Problem> {
        let (within, reason) = limits.connect();
        match tokio::time::timeout_at(within, self.connector.connect()).await {
            Ok(Ok(Connected { stream, connect, tls, .. })) => {
                record.timings.connect = Some(connect);
                record.timings.tls = tls;
                Ok(Link::over(stream, Instant::now()))
            }
            Ok(Err(ConnectError { reason, cause })) => Err(problem(reason).caused_by(cause)),
            Err(_) => Err(problem(reason).caused_by(format_args!("no connection to {} in time", self.target))),
        }
    }

    /// Makes the answer for the client, whose body comes from the connection unless it is there
    /// already.
    pub(super) fn answer(&self, answered: Answered, ask: Ask<'_>) -> Response {
        let Answered { mut link, head, at } = answered;
        if ask.upgrades {
            link.ends_with_this();
        }
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.status = head.status;
        parts.headers = head.headers;
        let has_no_body = ask.method == Method::HEAD || head.status == StatusCode::NOT_MODIFIED;
        clean_response(&mut parts, has_no_body);

        if !ask.upload.is_done() {
            let (remaining, upload) = (link.remaining(), ask.upload);
            if remaining == Some(0) {
                // It has answered without wanting the rest of the request: that ends here.
                return Response::from_parts(parts, Body::empty());
            }
            let relay = Source::Relay(Relay::start(link, upload, Arc::clone(&self.pool)), remaining);
            return Response::from_parts(parts, self.streamed(relay, ask.limits));
        }
        if let Some(whole) = link.whole_body() {
            self.pool.put(link, at);
            return Response::from_parts(parts, Body::full(whole));
        }
        Response::from_parts(parts, self.streamed(Source::Link(link), ask.limits))
    }

    fn streamed(&self, source: Source, limits: &Limits<'_>) -> Body {
        Body::stream(ResponseBody::new(source, Arc::clone(&self.pool), limits.timeouts.idle, limits.total))
    }
}

/// Makes bytes of a request's head, of which nothing else is left; its body comes later.
pub(super) fn encode(
    request: &mut Request,
    host: &HeaderValue,
    upgrade: Option<&HeaderValue>,
    late: Option<Late<'_>>,
) -> Result<(Upload, Method), Problem> {
    let body = std::mem::take(request.body_mut());
    let head = RequestHead {
        method: request.method(),
        target: request.uri().path_and_query().map_or("/", |target| target.as_str()),
        host,
        headers: request.headers(),
        body: BodyLength::Known(0),
        upgrade,
    };
    let upload = Upload::new(head, body, |lines| late.iter().for_each(|late| late.push(lines)))
        .map_err(|error| problem(&reason::TARGET_UNSAFE).caused_by(error))?;
    // The answer may be long in coming, and the fields are bytes by now.
    drop(std::mem::take(request.headers_mut()));
    Ok((upload, request.method().clone()))
}

/// One try on one connection: sends, and waits for the head of the answer.
async fn attempt(mut link: Box<Link>, ask: &mut Ask<'_>, now: Instant) -> Result<(Box<Link>, ResponseHead), Failure> {
    link.begin(&ask.method);
    let mut wait = Wait::new(ask.meter, now);
    let result = poll_fn(|cx| {
        ready!(ask.turn.poll(cx));
        if let Poll::Ready(result) = link.poll_head(&mut ask.upload, ask.limits.beside.interim, cx) {
            return Poll::Ready(Ok(result));
        }
        let Some((at, who)) = wait.deadline(ask.limits) else { return Poll::Pending };
        ready!(link.alarm.poll_until(at, cx));
        Poll::Ready(Err(who))
    })
    .await;
    match result {
        Ok(Ok(head)) if head.framing == Framing::Tunnel && !ask.upgrades => {
            let cause = format!("an answer {} that nobody asked for", head.status);
            Err(problem(&reason::UPSTREAM_MALFORMED).caused_by(cause).into())
        }
        Ok(Ok(head)) => Ok((link, head)),
        Ok(Err(error)) => {
            // A body that broke off has been consumed: there is nothing to send again.
            let silent = matches!(error, Broken::Closed | Broken::Io(_)) && !link.has_received();
            Err(Failure { problem: told(&error), unsent: silent && ask.upload.is_unsent(), silent })
        }
        Err(Who::Client) => {
            Err(Problem::new(&reason::REQUEST_TIMEOUT, "The request body did not come in time.").closing().into())
        }
        Err(Who::Upstream(reason)) => Err(problem(reason).into()),
    }
}

/// Why an attempt failed, and what may be done about it.
struct Failure {
    problem: Problem,
    /// The connection was gone before a byte of the request was written.
    unsent: bool,
    /// The connection closed without a byte of an answer.
    silent: bool,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, unsent: false, silent: false }
    }
}

fn told(error: &Broken) -> Problem {
    match error {
        Broken::Request(error) => Problem::of_request_body(&**error),
        Broken::Head(HeadError::Http2) => problem(&reason::UPSTREAM_ONLY_HTTP2)
            .caused_by("the target speaks HTTP/2 and no HTTP/1; write `protocol: http2` at this upstream"),
        Broken::Head(_) | Broken::Interim => problem(&reason::UPSTREAM_MALFORMED).caused_by(error),
        Broken::Body(_) | Broken::Closed | Broken::Io(_) => problem(&reason::UPSTREAM_RESET).caused_by(error),
    }
}
