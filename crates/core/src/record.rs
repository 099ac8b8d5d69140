//! What is known about one exchange when it is over: the source of the access log, the metrics
//! and the explanation. Written by whoever knows, read once.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::project::Stage;
use crate::trace::SpanId;
use crate::{Flow, Reason};

/// Who said no, and why.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The entry of the closed list.
    pub reason: &'static Reason,
    /// The stage that spoke; `None` before routing.
    pub stage: Option<Stage>,
    /// The policy that spoke, where one did.
    pub policy: Option<Arc<str>>,
    /// The private cause.
    pub cause: Option<String>,
    /// The public sentence.
    pub detail: Cow<'static, str>,
}

/// One try to reach a target.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// `host:port` of the target.
    pub target: Arc<str>,
    /// `ok`, or the name of the reason it failed with.
    pub outcome: &'static str,
    /// The status of the answer, where one came.
    pub status: Option<u16>,
    /// How long it took until its outcome was known.
    pub took: Duration,
    /// When it began, on the monotonic clock.
    pub began: Duration,
    /// Whether an idle connection of the pool was used.
    pub reused: bool,
}

/// Where the time went. All durations; `None` where the phase did not happen.
#[derive(Debug, Clone, Default)]
pub struct Timings {
    /// From the first byte of the head until routing was done.
    pub routing: Option<Duration>,
    /// All inbound policies together.
    pub inbound: Option<Duration>,
    /// DNS and TCP connect of the attempt that counted.
    pub connect: Option<Duration>,
    /// TLS handshake of that attempt.
    pub tls: Option<Duration>,
    /// From sending the request until the response head.
    pub first_byte: Option<Duration>,
    /// All outbound policies together.
    pub outbound: Option<Duration>,
    /// From the first byte in until the last byte out.
    pub total: Option<Duration>,
}

/// What a policy decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The exchange goes on.
    Continued,
    /// It answered by itself, or put another answer in the place of the one there was.
    Answered,
    /// It refused.
    Refused,
}

impl Verdict {
    /// What a flow comes to.
    pub const fn of(flow: &Flow) -> Self {
        match flow {
            Flow::Continue => Self::Continued,
            Flow::Respond(_) => Self::Answered,
            Flow::Refuse(_) => Self::Refused,
        }
    }

    /// `continued`, `answered` or `refused`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continued => "continued",
            Self::Answered => "answered",
            Self::Refused => "refused",
        }
    }
}

/// One policy's share.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The policy's name in the project.
    pub policy: Arc<str>,
    /// The stage it stands in.
    pub stage: Stage,
    /// What it decided.
    pub verdict: Verdict,
    /// When it began, on the monotonic clock.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
}

/// A request that a script made with `fetch`.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// Its method.
    pub method: http::Method,
    /// Scheme, host, port and path: what stands behind may be secret.
    pub url: String,
    /// The status of the answer, where one came.
    pub status: Option<u16>,
    /// When it began, on the monotonic clock.
    pub began: Duration,
    /// How long the head of the answer took.
    pub took: Duration,
    /// The span that it was sent with.
    pub span_id: SpanId,
}

/// One script's share of the processor.
#[derive(Debug, Clone)]
pub struct ScriptShare {
    /// The policy, handler or hook.
    pub name: Arc<str>,
    /// Its processor time.
    pub cpu: Duration,
}

/// The record of one exchange.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// When it began, on the monotonic clock.
    pub started: Duration,
    /// The stage that is running; `None` before routing. A policy that runs others asks it, so
    /// that what it notes of them stands in the right stage.
    pub stage: Option<Stage>,
    /// Why it was refused, where it was. Boxed: most are not, and a record is copied a few times.
    pub refusal: Option<Box<Refusal>>,
    /// How many credentials were refused on routes that this one called from within.
    pub refused_within: u16,
    /// Whether spans are sent of such exchanges, which say more than the log.
    pub traced: bool,
    /// Where it was sent, without the query; noted where it is traced.
    pub upstream_url: Option<String>,
    /// Every try to reach a target.
    pub attempts: SmallVec<[Attempt; 1]>,
    /// Where the time went.
    pub timings: Timings,
    /// Every policy that ran.
    pub visits: SmallVec<[Visit; 3]>,
    /// When the handler began, on the monotonic clock, and how long it took.
    pub handled: Option<(Duration, Duration)>,
    /// What scripts asked others for; noted where spans are sent.
    pub fetches: Vec<Fetch>,
    /// What scripts used of the processor.
    pub scripts: Vec<ScriptShare>,
    /// The limits that would have refused it, if they did not only report.
    pub would_refuse: SmallVec<[Arc<str>; 1]>,
    /// Bytes of the request body that were read.
    pub request_bytes: u64,
    /// Bytes of the response body that were written.
    pub response_bytes: u64,
    /// Further fields for the log, by policies and scripts.
    pub fields: Map<String, Value>,
}

impl Record {
    /// Notes a refusal. The first one stands: what comes later is its consequence.
    pub fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert_with(|| Box::new(refusal));
    }

    /// When the handler began, on the monotonic clock; `None` before that.
    pub fn handler_began(&self) -> Option<Duration> {
        Some(self.started + self.timings.routing? + self.timings.inbound?)
    }

    /// When the last attempt was over, on the monotonic clock.
    pub fn attempted(&self) -> Option<Duration> {
        self.attempts.last().map(|attempt| attempt.began + attempt.took)
    }

    /// The name of the reason, or `ok`.
    pub fn reason(&self) -> &'static str {
        self.refusal.as_ref().map_or("ok", |refusal| refusal.reason.name)
    }
}
