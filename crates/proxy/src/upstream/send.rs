//! One exchange with an upstream, whatever protocol it speaks.

use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use http::header::HeaderValue;
use tokio::time::Instant;
use tollgate_core::project::Timeouts;
use tollgate_core::record::Record;
use tollgate_core::settings::UpstreamHost;
use tollgate_core::{Body, Exchange, Fault, Problem, Request, Response};

use super::Upstream;
use super::beside::{Beside, Late};
use super::handshake::UpgradeRequest;
use super::wait::{Limits, Moment};
use crate::grpc;
use crate::hygiene::body::{BodyMeter, metered};

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
    pub fn send<'s>(
        &'s self,
        exchange: &'s mut Exchange,
        request: Request,
        timeouts: Timeouts,
    ) -> impl Future<Output = Result<Response, Problem>> + Send + 's {
        self.send_at(None, exchange, request, timeouts)
    }

    /// The same where the clock of the services has just been read, and said `now`.
    #[expect(clippy::manual_async_fn, reason = "an argument of an asynchronous function is kept twice while it runs")]
    pub(crate) fn send_at<'s>(
        &'s self,
        now: Option<Duration>,
        exchange: &'s mut Exchange,
        mut request: Request,
        timeouts: Timeouts,
    ) -> impl Future<Output = Result<Response, Problem>> + Send + 's {
        async move {
            let upgrade = request.extensions_mut().remove::<UpgradeRequest>();
            if upgrade.is_some() || self.http2.is_some() {
                // Their fields go out one by one.
                if let Some(introduction) = exchange.introduction.take() {
                    let late = Late { introduction: &introduction, trace: &exchange.trace, id: &exchange.id };
                    late.insert(request.headers_mut());
                }
            }
            if let Some(upgrade) = upgrade {
                // Boxed because it is large and rare.
                return Box::pin(self.upgrade(exchange, request, &upgrade, &timeouts)).await;
            }
            let host = self.host_for(exchange);
            let started = exchange.record.started;
            let Exchange { record, interim, introduction, trace, id, .. } = exchange;
            let late = introduction.as_deref().map(|introduction| Late { introduction, trace, id });
            let beside = Beside { interim: interim.as_ref(), late, now };
            self.exchange(record, &mut request, &host, &timeouts, Some(started), beside).await
        }
    }

    /// The same for requests of the gateway itself. `started` is when the exchange began that
    /// the total timeout counts for; now, where there is none. The request is used up: it is lent,
    /// because a future that owns one is copied with it a few times.
    pub(crate) async fn exchange(
        &self,
        record: &mut Record,
        request: &mut Request,
        host: &HeaderValue,
        timeouts: &Timeouts,
        started: Option<Duration>,
        beside: Beside<'_>,
    ) -> Result<Response, Problem> {
        let waiting = self.tally.begin();
        let result = self.exchanged(record, request, host, timeouts, started, beside).await;
        if let Err(problem) = &result
            && problem.reason.fault == Fault::Upstream
        {
            waiting.failed(problem.reason.name);
        }
        result
    }

    async fn exchanged(
        &self,
        record: &mut Record,
        request: &mut Request,
        host: &HeaderValue,
        timeouts: &Timeouts,
        started: Option<Duration>,
        beside: Beside<'_>,
    ) -> Result<Response, Problem> {
        self.note_url(record, request);
        self.buffer(request).await?;
        // Only for a body that is buffered anything was waited for until here.
        let now = beside.now.filter(|_| self.buffering.is_none());
        let now = now.map_or_else(|| self.moment(), |now| self.moment_of(now));
        let timeouts = &grpc::pass_deadline_on(request, timeouts, now.since(started));
        let limits = Limits { beside, ..now.limits(timeouts, started) };
        let meter = meter(request);
        let result = match self.over_http2(record, request, host, meter.as_ref(), &limits).await {
            ControlFlow::Break(result) => result,
            ControlFlow::Continue(()) => self.over_http1(record, request, host, meter.as_ref(), &limits).await,
        };
        if let Some(meter) = &meter {
            record.request_bytes = meter.bytes();
        }
        result
    }

    /// Notes where a traced request goes; what stands behind the path may be secret.
    pub(super) fn note_url(&self, record: &mut Record, request: &Request) {
        if record.traced {
            let scheme = if self.connector.is_encrypted() { "https" } else { "http" };
            record.upstream_url = Some(format!("{scheme}://{}{}", self.target, request.uri().path()));
        }
    }

    /// What Host says in a request of this exchange.
    pub(super) fn host_for(&self, exchange: &Exchange) -> HeaderValue {
        match self.host_rule {
            UpstreamHost::Upstream => self.host.clone(),
            UpstreamHost::Client => HeaderValue::from_str(&exchange.client.host).unwrap_or_else(|_| self.host.clone()),
        }
    }

    /// This moment.
    pub(super) fn moment(&self) -> Moment {
        self.moment_of(self.clock.monotonic())
    }

    /// A moment on the clock of the services, which is now.
    fn moment_of(&self, monotonic: Duration) -> Moment {
        let instant = self.clock.instant_at(monotonic).map_or_else(Instant::now, Instant::from_std);
        Moment { instant, monotonic }
    }
}

/// Bodies that stream are counted; the meter may be there already, from the connection.
fn meter(request: &mut Request) -> Option<BodyMeter> {
    let meter = request.extensions_mut().remove::<BodyMeter>();
    // A body that was read into memory is not on its way from the client any more.
    if meter.is_some() || request.body().bytes().is_some() {
        return meter;
    }
    let meter = BodyMeter::default();
    let body = std::mem::replace(request.body_mut(), Body::empty());
    *request.body_mut() = metered(body, meter.clone());
    Some(meter)
}
