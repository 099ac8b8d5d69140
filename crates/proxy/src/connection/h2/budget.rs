//! What a client may ask of a connection beside its requests.
//!
//! PING, SETTINGS, PRIORITY, WINDOW_UPDATE and frames of unknown kinds cost work and bring none;
//! a request that is cancelled at once costs the upstream's work as well (CVE-2019-9512, -9513, -9515,
//! CVE-2023-44487, CVE-2025-8671). The library bounds neither. So every such frame takes from a
//! budget, traffic that explains it gives back, and time gives back a little: a client that is only
//! busy never comes to the end of it.

use std::fmt;

use tokio::time::Instant;

use super::frames::{DATA, FrameHead, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE};

/// What traffic gives back to the budget of control frames: for each request its priority and two
/// windows, for each piece of an answer two windows and a measurement of the line.
const WORTH_OF_REQUEST: u32 = 16;
const WORTH_OF_DATA: u32 = 8;
/// In this many seconds time alone restores a budget.
const RESTORED_IN: u32 = 10;
/// Flags of PING and SETTINGS: the answer to one of the gateway's own.
const ACK: u8 = 0x1;

/// Which budget came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flood {
    Control,
    Resets,
}

impl Flood {
    /// For the client, in the GOAWAY frame, and for the log.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Control => "too many frames that carry no request",
            Self::Resets => "too many cancelled requests",
        }
    }
}

impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Flood {}

/// A number of frames that is used up and given back.
#[derive(Debug)]
struct Allowance {
    left: u32,
    whole: u32,
    restored: Instant,
}

impl Allowance {
    fn new(whole: u32, now: Instant) -> Self {
        Self { left: whole, whole, restored: now }
    }

    /// `false` where nothing is left. The clock is asked only then.
    fn take(&mut self, cost: u32, now: impl FnOnce() -> Instant) -> bool {
        if self.left < cost {
            let now = now();
            let millis = now.saturating_duration_since(self.restored).as_millis();
            let worth = u128::from(self.whole) * millis / (u128::from(RESTORED_IN) * 1000);
            if worth > 0 {
                self.give(u32::try_from(worth).unwrap_or(u32::MAX));
                self.restored = now;
            }
        }
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    fn give(&mut self, worth: u32) {
        self.left = self.left.saturating_add(worth).min(self.whole);
    }
}

/// The budgets of one connection.
#[derive(Debug)]
pub(super) struct Budgets {
    control: Allowance,
    resets: Allowance,
}

impl Budgets {
    pub(super) fn new(control: u32, resets: u32, now: Instant) -> Self {
        Self { control: Allowance::new(control, now), resets: Allowance::new(resets, now) }
    }

    /// Notes a frame of the client.
    ///
    /// # Errors
    /// The budget that has come to its end with it.
    pub(super) fn received(&mut self, frame: FrameHead, now: impl FnOnce() -> Instant) -> Result<(), Flood> {
        let cost = match frame.kind {
            DATA | super::frames::CONTINUATION => return Ok(()),
            HEADERS => {
                self.control.give(WORTH_OF_REQUEST);
                return Ok(());
            }
            RST_STREAM => return self.resets.take(1, now).then_some(()).ok_or(Flood::Resets),
            // Each one is answered, and may change every stream.
            SETTINGS if frame.flags & ACK == 0 => 10,
            // Each one is answered.
            PING if frame.flags & ACK == 0 => 4,
            WINDOW_UPDATE => 1,
            // PRIORITY, and whatever is not known here.
            _ => 1,
        };
        self.control.take(cost, now).then_some(()).ok_or(Flood::Control)
    }

    /// Notes a frame for the client. A reset by the gateway counts as one by the client, because
    /// clients can bring it about; an early answer has been given back before it.
    ///
    /// # Errors
    /// The budget that has come to its end with it.
    pub(super) fn sent(&mut self, frame: FrameHead, now: impl FnOnce() -> Instant) -> Result<(), Flood> {
        if frame.kind == DATA {
            self.control.give(WORTH_OF_DATA);
        }
        if frame.ends_stream() {
            self.resets.give(1);
        }
        if frame.kind == RST_STREAM && !self.resets.take(1, now) {
            return Err(Flood::Resets);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn head(kind: u8, flags: u8) -> FrameHead {
        FrameHead { length: 0, kind, flags, stream: 1 }
    }

    /// How many of these frames pass at one moment.
    fn passing(kind: u8, flags: u8) -> usize {
        let now = Instant::now();
        let mut budgets = Budgets::new(1000, 200, now);
        (0..100_000).take_while(|_| budgets.received(head(kind, flags), || now).is_ok()).count()
    }

    #[test]
    fn frames_that_carry_nothing_come_to_an_end() {
        for (kind, flags, most) in [(SETTINGS, 0, 100), (PING, 0, 250), (PING, ACK, 1000), (RST_STREAM, 0, 200)] {
            assert_eq!(passing(kind, flags), most, "kind {kind}");
        }
        for kind in [2, WINDOW_UPDATE, 7, 0x10, 0xfa] {
            assert_eq!(passing(kind, 0), 1000, "kind {kind}");
        }
        for kind in [DATA, HEADERS] {
            assert_eq!(passing(kind, 0), 100_000, "kind {kind}");
        }
    }

    #[test]
    fn traffic_explains_windows_and_pings_and_answers_explain_resets() {
        let now = Instant::now();
        let mut budgets = Budgets::new(1000, 200, now);
        for _ in 0..100_000 {
            budgets.sent(head(DATA, 0), || now).unwrap();
            for kind in [WINDOW_UPDATE, WINDOW_UPDATE, PING] {
                budgets.received(head(kind, 0), || now).unwrap();
            }
            budgets.sent(head(DATA, 1), || now).unwrap();
            budgets.received(head(RST_STREAM, 0), || now).unwrap();
        }
    }

    #[test]
    fn time_gives_back_a_tenth_a_second() {
        let start = Instant::now();
        let mut budgets = Budgets::new(1000, 200, start);
        while budgets.received(head(RST_STREAM, 0), || start).is_ok() {}
        let later = start + Duration::from_secs(1);
        let passed = (0..1000).take_while(|_| budgets.received(head(RST_STREAM, 0), || later).is_ok()).count();
        assert_eq!(passed, 20);
    }
}
