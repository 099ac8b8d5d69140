//! What the recorder remembers, in the words of the management API.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tollgate_admin::views::{
    AttemptView, FetchView, RanView, ReasonView, RecorderView, RequestFilter, RequestSummary, RequestView, StepView,
    TimingsView,
};
use tollgate_core::exchange::Credential;
use tollgate_core::record::{Record, Refusal};
use tollgate_core::{Fault, Route};
use tollgate_proxy::recorder::Recorded;
use tollgate_proxy::{Gateway, Snapshot};

use super::millis;
use crate::views;

/// The latest request with this id.
pub(crate) fn request(gateway: &Gateway, id: &str) -> Option<RequestView> {
    let found = gateway.recorder.find(id);
    let recorded = found.first()?;
    Some(view(gateway, recorded, found.len() - 1))
}

/// The latest requests that the filter wants.
pub(crate) fn list(gateway: &Gateway, filter: &RequestFilter) -> Vec<RequestSummary> {
    let wanted = |recorded: &Recorded| {
        let (entry, reason) = (&recorded.entry, recorded.entry.record.reason());
        let is = |wanted: &Option<String>, it: Option<&str>| wanted.is_none() || wanted.as_deref() == it;
        let consumer = entry.user.as_ref().map(|user| &*user.sub);
        is(&filter.id, Some(&entry.id))
            && is(&filter.route, entry.route.as_deref())
            && is(&filter.consumer, consumer)
            && (filter.from_status..=filter.to_status).contains(&entry.status)
            && filter.reason.as_deref().is_none_or(|wanted| match wanted.ends_with('.') {
                true => reason.starts_with(wanted),
                false => reason == wanted,
            })
    };
    gateway.recorder.latest(filter.limit, wanted).iter().map(|recorded| summary(recorded)).collect()
}

/// What is kept, and how much of it there is.
pub(crate) fn recorder(gateway: &Gateway) -> RecorderView {
    let settings = gateway.snapshot().project.settings.recorder;
    let fill = gateway.recorder.fill();
    RecorderView {
        enabled: settings.enabled,
        size: settings.size.0,
        bytes: fill.bytes as u64,
        kept: fill.kept as u64,
        forgotten: fill.forgotten,
        oldest: fill.oldest.map(tollgate_core::time::Timestamp::rfc3339),
        sample: settings.sample.0,
        slow_ms: millis(settings.slow.0),
    }
}

fn summary(recorded: &Recorded) -> RequestSummary {
    let entry = &recorded.entry;
    RequestSummary {
        id: entry.id.to_string(),
        time: entry.time.rfc3339(),
        method: entry.method.as_ref().map(ToString::to_string),
        path: entry.path.clone(),
        status: entry.status,
        reason: entry.record.reason().to_owned(),
        route: entry.route.as_deref().map(ToOwned::to_owned),
        consumer: entry.user.as_ref().map(|user| user.sub.to_string()),
        ms: millis(entry.total()),
        kept_for: recorded.kept_for.as_str().to_owned(),
    }
}

fn view(gateway: &Gateway, recorded: &Recorded, others: usize) -> RequestView {
    let (entry, record) = (&recorded.entry, &recorded.entry.record);
    let snapshot = gateway.snapshot();
    let in_force = snapshot.id == entry.snapshot;
    let route = entry.route.as_ref().filter(|_| in_force).and_then(|id| route_of(&snapshot, id));
    let key_id = entry.user.as_ref().and_then(|user| match &user.credential {
        Credential::Key { id, .. } => Some(id.to_string()),
        _ => None,
    });
    let query = entry.query.as_deref().unwrap_or_default();
    RequestView {
        summary: summary(recorded),
        others_with_this_id: others,
        host: entry.host.as_deref().map(ToOwned::to_owned),
        query: query.split('&').filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect(),
        protocol: format!("{:?}", entry.version),
        key_id,
        client: entry.client.to_string(),
        peer: (entry.peer != entry.client).then(|| entry.peer.to_string()),
        user_agent: entry.user_agent.clone(),
        bytes_in: record.request_bytes,
        bytes_out: record.response_bytes,
        trace_id: entry.trace_id.to_string(),
        snapshot: entry.snapshot.to_string(),
        snapshot_in_force: in_force,
        place: route.as_ref().map(|route| route.place.to_string()),
        refusal: record.refusal.as_ref().map(|refusal| reason(gateway, refusal)),
        steps: steps(record, route.as_deref()),
        not_reached: route.as_deref().map(|route| not_reached(&snapshot, route, record)).unwrap_or_default(),
        attempts: attempts(record),
        fetches: fetches(record),
        would_refuse: record.would_refuse.iter().map(ToString::to_string).collect(),
        timings: timings(record),
        fields: Value::Object(record.fields.clone()),
    }
}

fn route_of(snapshot: &Snapshot, id: &str) -> Option<Arc<Route>> {
    snapshot.project.routes.iter().find(|route| *route.id == *id).map(Arc::clone)
}

fn reason(gateway: &Gateway, refusal: &Refusal) -> ReasonView {
    let reason = refusal.reason;
    let fault = match reason.fault {
        Fault::Client => "client",
        Fault::Upstream => "upstream",
        Fault::Gateway => "gateway",
    };
    ReasonView {
        name: reason.name.to_owned(),
        code: reason.code.to_owned(),
        fault: fault.to_owned(),
        meaning: reason.meaning.to_owned(),
        fix: reason.fix.to_owned(),
        page: gateway.problem_page(reason.code),
        stage: refusal.stage.map(|stage| stage.as_str().to_owned()),
        policy: refusal.policy.as_deref().map(ToOwned::to_owned),
        detail: refusal.detail.clone().into_owned(),
        cause: refusal.cause.clone(),
    }
}

fn steps(record: &Record, route: Option<&Route>) -> Vec<RanView> {
    let at = |began: Duration| millis(began.saturating_sub(record.started));
    let mut steps: Vec<(Duration, RanView)> = Vec::with_capacity(record.visits.len() + 1);
    for visit in &record.visits {
        let ran = RanView {
            stage: visit.stage.as_str().to_owned(),
            name: visit.policy.to_string(),
            verdict: visit.verdict.as_str().to_owned(),
            at_ms: at(visit.began),
            ms: millis(visit.took),
        };
        steps.push((visit.began, ran));
    }
    if let Some((began, took)) = record.handled {
        let refused = record.refusal.as_ref().is_some_and(|refusal| {
            refusal.policy.is_none() && refusal.stage == Some(tollgate_core::project::Stage::Handler)
        });
        let ran = RanView {
            stage: "handler".to_owned(),
            name: route.map_or_else(|| "handler".to_owned(), |route| views::name(&route.handler.implementation)),
            verdict: if refused { "refused" } else { "answered" }.to_owned(),
            at_ms: at(began),
            ms: millis(took),
        };
        steps.push((began, ran));
    }
    // Policies in policies are noted when they are done, behind those that they hold.
    steps.sort_by_key(|(began, _)| *began);
    steps.into_iter().map(|(_, ran)| ran).collect()
}

/// What stands behind the last step that ran.
fn not_reached(snapshot: &Snapshot, route: &Route, record: &Record) -> Vec<StepView> {
    let ran = |name: &str, outbound: bool| {
        let is_outbound = |stage| stage == tollgate_core::project::Stage::Outbound;
        record.visits.iter().any(|visit| *visit.policy == *name && is_outbound(visit.stage) == outbound)
    };
    let view = |step: &tollgate_core::project::StepRef, outbound: bool| {
        let policy = snapshot.project.policies.get(step.policy)?;
        (!ran(&policy.name, outbound))
            .then(|| StepView { stage: step.stage.as_str().to_owned(), policy: policy.name.to_string() })
    };
    let inbound = route.inbound.iter().filter_map(|step| view(step, false));
    let handler = record
        .handled
        .is_none()
        .then(|| StepView { stage: "handler".to_owned(), policy: views::name(&route.handler.implementation) });
    let outbound = route.outbound.iter().filter_map(|step| view(step, true));
    inbound.chain(handler).chain(outbound).collect()
}

fn attempts(record: &Record) -> Vec<AttemptView> {
    let view = |attempt: &tollgate_core::record::Attempt| AttemptView {
        target: attempt.target.to_string(),
        outcome: attempt.outcome.to_owned(),
        at_ms: millis(attempt.began.saturating_sub(record.started)),
        ms: millis(attempt.took),
        reused: attempt.reused,
    };
    record.attempts.iter().map(view).collect()
}

fn fetches(record: &Record) -> Vec<FetchView> {
    let view = |fetch: &tollgate_core::record::Fetch| FetchView {
        method: fetch.method.to_string(),
        url: fetch.url.clone(),
        status: fetch.status,
        ms: millis(fetch.took),
    };
    record.fetches.iter().map(view).collect()
}

fn timings(record: &Record) -> TimingsView {
    let timings = &record.timings;
    TimingsView {
        total: millis(timings.total.unwrap_or_default()),
        routing: timings.routing.map(millis),
        inbound: timings.inbound.map(millis),
        connect: timings.connect.map(millis),
        tls: timings.tls.map(millis),
        first_byte: timings.first_byte.map(millis),
        outbound: timings.outbound.map(millis),
    }
}
