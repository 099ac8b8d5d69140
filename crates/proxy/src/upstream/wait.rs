//! How long an exchange waits, for whom, and who hears of it meanwhile.

use std::time::Duration;

use tokio::time::Instant;
use tollgate_core::project::Timeouts;
use tollgate_core::{Problem, Reason, reason};

use super::beside::Beside;
use crate::alarm::after;
use crate::hygiene::body::BodyMeter;

/// One moment on the runtime's clock, which timers go by, and on that of the services, which records go by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    pub(super) monotonic: Duration,
}

impl Moment {
    /// How long an exchange has taken that began at `started`, where that is known.
    pub(super) fn since(self, started: Option<Duration>) -> Duration {
        started.map_or(Duration::ZERO, |started| self.monotonic.saturating_sub(started))
    }

    /// The limits from here on of an exchange that began at `started`.
    pub(super) fn limits(self, timeouts: &Timeouts, started: Option<Duration>) -> Limits<'_> {
        let total = timeouts.total.map(|total| after(self.instant, total.saturating_sub(self.since(started))));
        Limits { timeouts, total, from: self, beside: Beside::default() }
    }

    /// A later moment, on the clock of the services.
    fn told(self, later: Instant) -> Duration {
        self.monotonic.saturating_add(later.saturating_duration_since(self.instant))
    }
}

/// What holds for one exchange until its answer.
pub(super) struct Limits<'a> {
    /// When it came here.
    pub(super) from: Moment,
    pub(super) timeouts: &'a Timeouts,
    /// When everything must be over.
    pub(super) total: Option<Instant>,
    /// What goes beside it.
    pub(super) beside: Beside<'a>,
}

impl Limits<'_> {
    /// A moment of the exchange as records tell it.
    pub(super) fn told(&self, instant: Instant) -> Duration {
        self.from.told(instant)
    }

    /// When there must be a connection, and what is said where there is none.
    pub(super) fn connect(&self) -> (Instant, &'static Reason) {
        let connect = after(Instant::now(), self.timeouts.connect);
        match self.total {
            Some(total) if total < connect => (total, &reason::UPSTREAM_TIMEOUT_TOTAL),
            _ => (connect, &reason::UPSTREAM_TIMEOUT_CONNECT),
        }
    }
}

/// On whom the wait is.
pub(super) enum Who {
    /// It sends its body too slowly.
    Client,
    /// It takes the body or answers too slowly.
    Upstream(&'static Reason),
}

/// Waiting for the head of an answer. While the request body is on its way, each piece of it may
/// take `idle`; once it is sent, `first_byte` begins.
pub(super) struct Wait<'m> {
    meter: Option<&'m BodyMeter>,
    bytes: u64,
    since: Instant,
    sent: bool,
}

impl<'m> Wait<'m> {
    /// It begins now.
    pub(super) fn new(meter: Option<&'m BodyMeter>, now: Instant) -> Self {
        Self { meter, bytes: 0, since: now, sent: meter.is_none() }
    }

    /// The first limit that waiting comes to.
    pub(super) fn deadline(&mut self, limits: &Limits<'_>) -> Option<(Instant, Who)> {
        let mut who = Who::Upstream(&reason::UPSTREAM_TIMEOUT_FIRST_BYTE);
        if let Some(meter) = self.meter
            && !self.sent
        {
            if meter.ended() {
                self.sent = true;
                self.since = Instant::now();
            } else {
                if meter.bytes() != self.bytes {
                    self.bytes = meter.bytes();
                    self.since = Instant::now();
                }
                who = if meter.is_waiting() { Who::Client } else { Who::Upstream(&reason::UPSTREAM_TIMEOUT_IDLE) };
            }
        }
        if matches!(who, Who::Client) && self.meter.is_some_and(BodyMeter::is_patient) {
            return limits.total.map(|total| (total, Who::Upstream(&reason::UPSTREAM_TIMEOUT_TOTAL)));
        }
        let wait = if self.sent { limits.timeouts.first_byte } else { limits.timeouts.idle };
        let stage = wait.map(|wait| (after(self.since, wait), who));
        let total = limits.total.map(|total| (total, Who::Upstream(&reason::UPSTREAM_TIMEOUT_TOTAL)));
        stage.into_iter().chain(total).min_by_key(|(at, _)| *at)
    }
}

/// A problem of which the reason says everything.
pub(super) fn problem(reason: &'static Reason) -> Problem {
    Problem::new(reason, reason.meaning)
}
