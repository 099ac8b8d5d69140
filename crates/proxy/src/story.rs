//! The end of every exchange: exactly one record goes to the access log and the metrics, whether
//! the answer was written whole, broke off, or nobody was left to read it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use serde_json::json;
use tollgate_core::exchange::Trace;
use tollgate_core::reason::{CLIENT_GONE, CLIENT_TOO_SLOW, UPSTREAM_RESET};
use tollgate_core::record::{Record, Refusal};
use tollgate_core::services::DebugGrant;
use tollgate_core::settings::AnswerSettings;
use tollgate_core::time::Timestamp;
use tollgate_core::{Body, BoxError, Exchange, Problem, Reason, Response};

use crate::access_log::{Entry, LogRules};
use crate::answer;
use crate::answer_fields::{self, Asked};
use crate::debugged::HeaderNames;
use crate::gateway::Gateway;
use crate::hygiene::{BodyMeter, ConnectionInfo, Inspected};
use crate::metrics::RouteMetrics;
use crate::metrics_export::MetricsExport;
use crate::named::Named;
use crate::snapshot::{CompiledRoute, Snapshot};
use crate::spans::Spans;
use crate::trace;
use crate::tunnel::{Tunnel, TunnelLimits};
use crate::unreadable::{RefusedHead, UnreadableHead};
use crate::upstream::BrokenResponse;
use crate::upstream::handshake::Switched;

/// What is told of one exchange. Dropping it ends the story, however that came about.
pub(crate) struct Story {
    gateway: Arc<Gateway>,
    metrics: Arc<RouteMetrics>,
    /// Taken out when the story ends.
    entry: Option<Box<Entry>>,
    request_body: Option<BodyMeter>,
    answered: bool,
    log: LogRules,
    /// Where its spans go, where they are sent.
    spans: Option<Arc<Spans>>,
    export: Option<Arc<MetricsExport>>,
    /// Noted where its route is told of in detail.
    names: Option<Box<HeaderNames>>,
    /// When its answer opened a tunnel.
    opened: Option<Duration>,
    /// What an operator who debugs may be told.
    grant: Option<Box<DebugGrant>>,
    /// The exchange while its pipeline runs; it holds on to the snapshot's route.
    pub(crate) exchange: Option<Box<Exchange>>,
}

impl Story {
    /// Begins with the head of a request, at this moment of both clocks.
    pub(crate) fn begin(
        gateway: &Arc<Gateway>,
        snapshot: &Snapshot,
        connection: &ConnectionInfo,
        (parts, named): (&Parts, Named),
        id: Arc<str>,
        trace: &Trace,
        (now, started): (Timestamp, Duration),
    ) -> Self {
        gateway.metrics.in_flight.inc();
        let ip = connection.peer.ip().to_canonical();
        let agent = named.user_agent.then(|| parts.headers.get(USER_AGENT)).flatten();
        let agent = agent.and_then(|agent| agent.to_str().ok());
        // Written where it stays: what is made first and boxed then is copied, whole.
        let entry = Box::write(
            Box::new_uninit(),
            Entry {
                time: now,
                id,
                method: Some(parts.method.clone()),
                host: None,
                path: crate::access_log::cut(parts.uri.path(), 2048).to_owned(),
                query: parts.uri.query().map(str::to_owned),
                version: parts.version,
                status: 0,
                route: None,
                template: None,
                user: None,
                client: ip,
                peer: ip,
                user_agent: agent.map(|agent| crate::access_log::cut(agent, 256).to_owned()),
                trace_id: trace.trace_id,
                span_id: trace.span_id,
                parent_id: trace.parent_id,
                sampled: trace.flags & 1 == 1,
                snapshot: Arc::clone(&snapshot.id),
                tls: connection.tls.clone(),
                record: Record { started, traced: snapshot.spans.is_some(), ..Record::default() }.into(),
            },
        );
        Self {
            gateway: Arc::clone(gateway),
            metrics: Arc::clone(&snapshot.unrouted_metrics),
            entry: Some(entry),
            request_body: None,
            answered: false,
            log: snapshot.access_log,
            spans: snapshot.spans.clone(),
            export: snapshot.export.clone(),
            names: None,
            opened: None,
            grant: None,
            exchange: None,
        }
    }

    /// Goes on with what hygiene made of it.
    pub(crate) fn inspected(&mut self, inspected: &Inspected) {
        if let Some(entry) = &mut self.entry {
            entry.host = Some(Arc::clone(&inspected.client.host));
            entry.client = inspected.client.ip;
            entry.path.clone_from(&inspected.target.match_path);
            if let Some(token) = &inspected.debug_token {
                self.grant = self.gateway.debug_grant(token.as_bytes(), entry.time);
            }
        }
    }

    /// Notes the meter of the request's body.
    pub(crate) fn receives(&mut self, meter: Option<BodyMeter>) {
        self.request_body = meter;
    }

    /// Notes the route.
    pub(crate) fn routed(&mut self, route: &CompiledRoute, metrics: &Arc<RouteMetrics>, headers: &HeaderMap) {
        let clock = &self.gateway.services.clock;
        self.names = self.gateway.debugged.note(&route.route.id, headers, || clock.monotonic());
        self.metrics = Arc::clone(metrics);
        let now = self.gateway.services.clock.monotonic();
        if let Some(entry) = &mut self.entry {
            entry.route = Some(Arc::clone(&route.route.id));
            entry.template = Some(Arc::clone(&route.route.template.text));
            entry.record.timings.routing = Some(now.saturating_sub(entry.record.started));
        }
    }

    /// Gives the record away, for an exchange that is to go on with it.
    pub(crate) fn lend_record(&mut self) -> Box<Record> {
        self.entry.as_mut().map(|entry| entry.record.take()).unwrap_or_default()
    }

    /// Takes the record back from an exchange that was made before there was a route.
    pub(crate) fn give_record_back(&mut self) {
        if let (Some(exchange), Some(entry)) = (self.exchange.take(), &mut self.entry) {
            entry.record = exchange.record.into();
        }
    }

    /// The record where it is at this moment.
    pub(crate) fn record(&mut self) -> Option<&mut Record> {
        match &mut self.exchange {
            Some(exchange) => Some(&mut exchange.record),
            None => self.entry.as_mut().map(|entry| &mut *entry.record),
        }
    }

    /// Tells of its way in the fields of its answer, as far as whoever asked may know.
    pub(crate) fn tell_in(&mut self, settings: &AnswerSettings, response: &mut Response) {
        let Some(entry) = &self.entry else { return };
        let record = self.exchange.as_ref().map_or(&*entry.record, |exchange| &*exchange.record);
        let route = entry.route.as_deref();
        let debugs = allows(self.grant.as_deref(), route);
        let asked = Asked { settings, debugs, route, snapshot: &entry.snapshot };
        answer_fields::proxy_status(record, asked, response);
        if settings.server_timing || debugs {
            let now = self.gateway.services.clock.monotonic();
            answer_fields::server_timing(record, asked, now, response);
            answer_fields::trace(record, asked, response);
        }
    }

    /// The record, and the match path once there is one.
    pub(crate) fn record_and_path(&mut self) -> Option<(&mut Record, &str)> {
        let Entry { record, path, .. } = self.entry.as_deref_mut()?;
        Some((self.exchange.as_mut().map_or_else(|| &mut **record, |exchange| &mut *exchange.record), path))
    }

    /// Takes what the exchange has gathered and lets go of it, and with it of the snapshot.
    fn absorb(&mut self) {
        if let (Some(exchange), Some(entry)) = (self.exchange.take(), &mut self.entry) {
            let Exchange { record, user, .. } = *exchange;
            entry.record = record.into();
            entry.user = user;
        }
    }

    /// Goes on with the answer. An answer that is in memory ends the story; a stream ends it
    /// with its last byte.
    pub(crate) fn answer(mut self, response: Response, connection: &Arc<ConnectionInfo>) -> Response {
        self.absorb();
        self.answered = true;
        let (parts, body) = response.into_parts();
        if let Some(names) = &mut self.names {
            names.answered(&parts.headers);
        }
        let mut bodyless = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if let Some(entry) = &mut self.entry {
            entry.status = parts.status.as_u16();
            bodyless |= entry.method == Some(Method::HEAD);
        }
        if let Some(bytes) = body.bytes() {
            let written = if bodyless { 0 } else { bytes.len() as u64 };
            if let Some(record) = self.record() {
                record.response_bytes = written;
            }
            self.end(None);
            return Response::from_parts(parts, body);
        }
        let told = Told { body, bodyless, bytes: 0, story: Some(self), connection: Arc::clone(connection) };
        Response::from_parts(parts, Body::stream(told))
    }

    /// Goes on with an answer that opens a tunnel: the story ends with that.
    pub(crate) fn open_tunnel(
        mut self,
        response: &mut Response,
        upstream: Switched,
        limits: TunnelLimits,
        connection: &Arc<ConnectionInfo>,
    ) {
        self.absorb();
        self.answered = true;
        if let Some(entry) = &mut self.entry {
            entry.status = response.status().as_u16();
        }
        self.opened = Some(self.gateway.services.clock.monotonic());
        let caller = self.entry.as_ref().and_then(|entry| entry.user.as_ref()).map(|user| user.credential.clone());
        let keyring = Arc::clone(&self.gateway.services.keyring);
        Tunnel::new(upstream, limits, self, caller.as_ref(), &keyring, connection).put_into(response);
    }

    /// Ends it with what went through a tunnel: bytes of the client, and for it.
    pub(crate) fn tunnel_ended(
        mut self,
        protocol: &str,
        by: &'static str,
        (up, down): (u64, u64),
        refusal: Option<(&'static Reason, Option<String>)>,
    ) {
        if let Some(record) = self.record() {
            record.request_bytes = up;
            record.response_bytes = down;
            record.fields.insert("tunnel".to_owned(), json!({ "protocol": protocol, "endedBy": by }));
        }
        self.end(refusal);
    }

    /// Ends it. Only the first time counts.
    fn end(&mut self, refusal: Option<(&'static Reason, Option<String>)>) {
        self.absorb();
        let Some(mut entry) = self.entry.take() else { return };
        if let Some((reason, cause)) = refusal {
            entry.record.refuse(Refusal { reason, stage: None, policy: None, cause, detail: reason.meaning.into() });
        }
        if entry.status == 0 {
            entry.status = CLIENT_GONE.status;
        }
        if let Some(meter) = &self.request_body {
            entry.record.request_bytes = meter.bytes();
        }
        let record = &mut *entry.record;
        let total = self.gateway.services.clock.monotonic().saturating_sub(record.started);
        record.timings.total = Some(total);

        let metrics = &self.gateway.metrics;
        metrics.in_flight.dec();
        let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.metrics.answered(entry.method.as_ref(), status, record.reason());
        // How long a tunnel was open says nothing of how fast its route answers.
        let answered = self.opened.map_or(total, |opened| opened.saturating_sub(record.started));
        self.metrics.took(answered, record.timings.first_byte);
        self.metrics.watched(entry.status, answered);
        self.gateway.tallies.note(record);
        self.metrics.moved(record.request_bytes, record.response_bytes);
        if let Some(export) = &self.export {
            export.durations.add(&entry, answered);
        }
        let record = &*entry.record;
        for attempt in &record.attempts {
            metrics.attempted(attempt.outcome);
        }
        for limit in &record.would_refuse {
            metrics.would_refuse(limit);
        }
        for share in &record.scripts {
            metrics.computed(&share.name, share.cpu);
        }
        let ended = entry.time.plus(total);
        self.gateway.usage.count(entry.user.as_ref(), entry.route.as_ref(), entry.status, ended, entry.client);
        self.gateway.access_log.write(&entry, &self.log);
        if let Some(names) = &self.names {
            names.tell(&entry);
        }
        let asked = allows(self.grant.as_deref(), entry.route.as_deref());
        match self.spans.take() {
            Some(spans) => {
                if let Some(why) = self.gateway.recorder.why(&entry, asked) {
                    self.gateway.recorder.keep(entry.clone(), why);
                }
                spans.end(entry, metrics);
            }
            None => self.gateway.recorder.note(entry, asked),
        }
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        // Without an answer the connection went away while the pipeline was running.
        self.end((!self.answered).then_some((&CLIENT_GONE, None)));
    }
}

/// Whether an operator may be told of a request on this route.
fn allows(grant: Option<&DebugGrant>, route: Option<&str>) -> bool {
    grant.is_some_and(|grant| grant.route.is_none() || grant.route.as_deref() == route)
}

/// What a head that cannot be read is answered with: a problem like any other, but for the path, which nobody knows.
pub(crate) fn refuse_head(gateway: &Gateway, reason: &'static Reason) -> RefusedHead {
    let snapshot = gateway.snapshot();
    let (id, trace) = trace::identify(&HeaderMap::new(), Named::default(), gateway.services.clock.now());
    let detail = match reason.status {
        408 => "The head of the request did not come in time.",
        414 => "The request target is too long.",
        431 => "The request has more or larger header fields than the limits allow.",
        _ => "The head of the request is not well-formed HTTP.",
    };
    let mut record = Record::default();
    let problem = Problem::new(reason, detail).closing();
    let mut response = answer::refuse(&snapshot, &mut record, &id.text, "", problem);
    let settings = &snapshot.project.settings.server.answers;
    let asked = Asked { settings, debugs: false, route: None, snapshot: &snapshot.id };
    answer_fields::proxy_status(&record, asked, &mut response);
    if snapshot.compatibility.zuplo_problems {
        response.headers_mut().insert(trace::ZUPLO_REQUEST_ID, id.field.clone());
    }
    response.headers_mut().insert(trace::REQUEST_ID, id.field.clone());
    RefusedHead { identity: Some((id, trace)), response }
}

/// Tells of a request whose head could not be read, so that it is in the log and the metrics like
/// any other refusal.
pub(crate) fn unreadable(gateway: &Gateway, connection: &ConnectionInfo, head: &UnreadableHead) {
    let status = StatusCode::from_u16(head.reason.status).unwrap_or(StatusCode::BAD_REQUEST);
    gateway.snapshot().unrouted_metrics.answered(None, status, head.reason.name);
    failed(gateway, connection, head);
}

/// Tells of a connection that never came to a request: in the log alone, because it is none.
pub(crate) fn failed(gateway: &Gateway, connection: &ConnectionInfo, head: &UnreadableHead) {
    let (clock, snapshot) = (&gateway.services.clock, gateway.snapshot());
    let now = clock.now();
    let answered = head.answered.as_deref();
    let (id, trace) = answered
        .and_then(|answered| answered.identity.clone())
        .unwrap_or_else(|| trace::identify(&HeaderMap::new(), Named::default(), now));
    let ip = connection.peer.ip().to_canonical();
    let response_bytes = answered.map_or(0, |answered| answered.bytes);
    let mut record = Record { started: clock.monotonic(), response_bytes, ..Record::default() };
    record.refuse(Refusal {
        reason: head.reason,
        stage: None,
        policy: None,
        cause: Some(head.cause.clone()),
        detail: head.reason.meaning.into(),
    });
    let entry = Entry {
        time: now,
        id: id.text,
        method: None,
        host: None,
        path: String::new(),
        query: None,
        version: Version::HTTP_11,
        status: head.reason.status,
        route: None,
        template: None,
        user: None,
        client: ip,
        peer: ip,
        user_agent: None,
        trace_id: trace.trace_id,
        span_id: trace.span_id,
        parent_id: None,
        sampled: false,
        snapshot: Arc::clone(&snapshot.id),
        tls: connection.tls.clone(),
        record: record.into(),
    };
    gateway.access_log.write(&entry, &snapshot.access_log);
    gateway.recorder.note(Box::new(entry), false);
}

/// The body of an answer that streams; knows how it ended.
struct Told {
    body: Body,
    /// The server sends no body with this answer, so that leaving it unread means nothing.
    bodyless: bool,
    bytes: u64,
    story: Option<Story>,
    connection: Arc<ConnectionInfo>,
}

impl Told {
    fn end(&mut self, refusal: Option<(&'static Reason, Option<String>)>) {
        if let Some(mut story) = self.story.take() {
            if let Some(record) = story.record() {
                record.response_bytes = self.bytes;
            }
            story.end(refusal);
        }
    }
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                this.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                // With a known length nobody asks again after the last byte.
                if this.body.is_end_stream() {
                    this.end(None);
                }
            }
            Some(Err(error)) => {
                let reason = BrokenResponse::in_chain(&**error).map_or(&UPSTREAM_RESET, |broken| broken.reason);
                let cause = error.to_string();
                this.end(Some((reason, Some(cause))));
            }
            None => this.end(None),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let whole = self.bodyless || self.body.is_end_stream();
        let reason = if self.connection.too_slow.is_noted() { &CLIENT_TOO_SLOW } else { &CLIENT_GONE };
        self.end((!whole).then_some((reason, None)));
    }
}
