//! One exchange on a stream of its own.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Poll, ready};
use std::time::Duration;

use h2::RecvStream;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, StatusCode, Version};
use http_body::Body as _;
use tollgate_core::record::{Attempt, Record};
use tollgate_core::{Body, Problem, Request, Response, reason};

use super::super::Upstream;
use super::super::interim;
use super::super::upload::is_harmless;
use super::super::wait::{Limits, Wait, Who, problem};
use super::connection::error_chain;
use super::download::{Detached, Download};
use super::head::head;
use super::pool::{Lease, Leased, Pool};
use super::upload::{Stopped, Upload};
use crate::alarm::Alarm;
use crate::hygiene::body::BodyMeter;
use crate::hygiene::clean_response;

/// How often a request is sent at most.
const ATTEMPTS: usize = 4;

/// Why an attempt failed, and what can be done about it.
struct Failure {
    problem: Problem,
    /// The other side has not begun to work on the request.
    unprocessed: bool,
    /// The connection died without a word.
    silent: bool,
    /// The body, from its beginning.
    body: Option<Body>,
}

impl Upstream {
    pub(super) async fn exchange_http2(
        &self,
        pool: &Arc<Pool>,
        record: &mut Record,
        request: Request,
        host: &HeaderValue,
        meter: Option<&BodyMeter>,
        limits: &Limits<'_>,
    ) -> ControlFlow<Result<Response, Problem>, Request> {
        let start = self.clock.monotonic();
        let lease = match pool.lease(&self.connector, record, limits).await {
            Ok(Leased::Stream(lease)) => lease,
            Ok(Leased::Http1) => return ControlFlow::Continue(request),
            Err(problem) => {
                record.attempts.push(self.failed(&problem, start, false));
                return ControlFlow::Break(Err(problem));
            }
        };
        ControlFlow::Break(self.attempts_http2(pool, lease, record, request, host, meter, limits, start).await)
    }

    pub(super) fn failed(&self, problem: &Problem, began: Duration, reused: bool) -> Attempt {
        let took = self.clock.monotonic().saturating_sub(began);
        Attempt { target: Arc::clone(&self.target), outcome: problem.reason.name, status: None, took, began, reused }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the exchange; it has one caller")]
    async fn attempts_http2(
        &self,
        pool: &Arc<Pool>,
        lease: Lease,
        record: &mut Record,
        request: Request,
        host: &HeaderValue,
        meter: Option<&BodyMeter>,
        limits: &Limits<'_>,
        mut start: Duration,
    ) -> Result<Response, Problem> {
        let (parts, body) = request.into_parts();
        let is_head = parts.method == Method::HEAD;
        let repeatable = is_harmless(&parts.method);
        let head = head(parts, &body, host, self.connector.is_encrypted())?;
        let bytes = body.bytes();

        let (mut lease, mut body) = (Some(lease), Some(body));
        for attempt in 1.. {
            let current = match lease.take() {
                Some(lease) => Ok(lease),
                None => match pool.lease(&self.connector, record, limits).await {
                    Ok(Leased::Stream(lease)) => Ok(lease),
                    Ok(Leased::Http1) => Err(problem(&reason::UPSTREAM_NO_HTTP2)),
                    Err(problem) => Err(problem),
                },
            };
            let current = current.inspect_err(|problem| {
                record.attempts.push(self.failed(problem, start, false));
            })?;
            let reused = current.reused;
            let result =
                self.attempt_http2(record, current, &head, body.take().unwrap_or_default(), meter, limits).await;
            let now = self.clock.monotonic();
            let began = std::mem::replace(&mut start, now);
            match result {
                Ok((current, response, upload)) => {
                    let target = Arc::clone(&self.target);
                    let took = now.saturating_sub(began);
                    let status = Some(response.status().as_u16());
                    record.attempts.push(Attempt { target, outcome: "ok", status, took, began, reused });
                    return Ok(answer(current, response, upload, is_head, limits));
                }
                Err(failure) => {
                    record.attempts.push(self.failed(&failure.problem, began, reused));
                    let again = failure.unprocessed || (failure.silent && reused && repeatable);
                    body = failure.body.or_else(|| bytes.clone().map(Body::full));
                    if !again || body.is_none() || attempt == ATTEMPTS {
                        return Err(failure.problem);
                    }
                }
            }
        }
        Err(problem(&reason::UPSTREAM_RESET))
    }

    async fn attempt_http2(
        &self,
        record: &mut Record,
        mut lease: Lease,
        head: &http::Request<()>,
        body: Body,
        meter: Option<&BodyMeter>,
        limits: &Limits<'_>,
    ) -> Result<(Lease, http::Response<RecvStream>, Upload), Failure> {
        let start = self.clock.monotonic();
        let received = lease.connection.received();
        let bodyless = body.is_end_stream();
        let (mut answer, stream) = match lease.sender.send_request(head.clone(), bodyless) {
            Ok(sent) => sent,
            Err(error) => {
                // Nothing of it has been sent.
                lease.connection.retire();
                let problem = from_h2(&error);
                return Err(Failure { problem, unprocessed: true, silent: false, body: Some(body) });
            }
        };
        let mut upload = Upload::new(stream, body, bodyless);
        let mut wait = Wait::new(meter, tokio::time::Instant::now());
        let mut alarm = Alarm::default();
        let mut said = 0;
        let result = poll_fn(|cx| {
            if !upload.ended()
                && let Poll::Ready(Err(Stopped::Body(error))) = Pin::new(&mut upload).poll(cx)
            {
                return Poll::Ready(Err(Problem::of_request_body(&*error)));
            }
            if let Err(problem) = ready!(interim::poll_http2(&mut answer, &mut said, limits.beside.interim, cx)) {
                return Poll::Ready(Err(problem));
            }
            if let Poll::Ready(answer) = Pin::new(&mut answer).poll(cx) {
                return Poll::Ready(Ok(answer));
            }
            let Some((at, who)) = wait.deadline(limits) else { return Poll::Pending };
            ready!(alarm.poll_until(at, cx));
            Poll::Ready(Err(match who {
                Who::Client => {
                    Problem::new(&reason::REQUEST_TIMEOUT, "The request body did not come in time.").closing()
                }
                Who::Upstream(reason) => {
                    lease.doubt(received);
                    problem(reason)
                }
            }))
        })
        .await;
        match result {
            Ok(Ok(response)) => {
                record.timings.first_byte = Some(self.clock.monotonic().saturating_sub(start));
                upload.forget();
                Ok((lease, response, upload))
            }
            Ok(Err(error)) => Err(Failure {
                problem: from_h2(&error),
                unprocessed: is_unprocessed(&error),
                silent: error.is_io() && lease.connection.received() == received,
                body: upload.again(),
            }),
            Err(problem) => Err(Failure { problem, unprocessed: false, silent: false, body: None }),
        }
    }
}

/// Makes the answer of the gateway out of that of the upstream.
pub(super) fn answer(
    lease: Lease,
    response: http::Response<RecvStream>,
    upload: Upload,
    is_head: bool,
    limits: &Limits<'_>,
) -> Response {
    let (mut parts, stream) = response.into_parts();
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    let has_no_body = is_head || parts.status == StatusCode::NOT_MODIFIED;
    let left = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    clean_response(&mut parts, has_no_body);
    if stream.is_end_stream() {
        return Response::from_parts(parts, Body::empty());
    }
    let upload = (!upload.ended()).then(|| detached(upload));
    let body = Download {
        stream,
        lease: Some(lease),
        upload,
        left: left.filter(|_| !has_no_body),
        idle: limits.timeouts.idle,
        total: limits.total,
        waiting_since: None,
        alarm: Alarm::default(),
    };
    Response::from_parts(parts, Body::stream(body))
}

fn detached(upload: Upload) -> Detached {
    let broken = Arc::new(OnceLock::new());
    let tell = Arc::clone(&broken);
    let task = tokio::spawn(async move {
        if let Err(Stopped::Body(error)) = upload.await {
            let _ = tell.set(error_chain(&*error));
        }
    });
    Detached { task, broken }
}

/// RFC 9113 §8.7: what was refused, and what stands beyond the last stream of a GOAWAY, has not
/// been processed.
pub(super) fn is_unprocessed(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (refused || error.is_go_away())
}

pub(super) fn from_h2(error: &h2::Error) -> Problem {
    // What the library itself objects to, the other side did wrong.
    let malformed = error.is_library() || (!error.is_remote() && !error.is_io());
    problem(if malformed { &reason::UPSTREAM_MALFORMED } else { &reason::UPSTREAM_RESET }).caused_by(error_chain(error))
}
