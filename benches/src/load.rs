//! The loop that keeps the time: closed (an answer is followed by the next request) or open
//! (requests are sent when they are due, and latency counts from that moment, so that a proxy that
//! stalls cannot hide it by not being asked).
#![allow(clippy::disallowed_methods, reason = "a load generator measures real time")]

use std::collections::VecDeque;
use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use anyhow::Context;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::connection::{Answer, Connection, Peer, tls};
use crate::report::Report;
use crate::{LoadArgs, http2};

const AUTHORITY: &str = "bench.test";
const TIMER: Token = Token(usize::MAX);
/// How long answers are waited for that are still due when the measured time ends.
const PATIENCE: Duration = Duration::from_secs(2);
/// When connections that could not be opened are tried again.
const AGAIN: Duration = Duration::from_millis(5);
/// More failures than any product under test may have: something is set up wrongly.
const HOPELESS: u64 = 100_000;

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<Report> {
    let mut generator = Generator::new(args)?;
    let begin = Instant::now();
    let start = begin + Duration::from_secs_f64(args.warm_up);
    let end = start + Duration::from_secs_f64(args.seconds);
    generator.run_until(start, args)?;
    let mut report = Report::new(&args.cpu)?;
    std::mem::swap(&mut report, &mut generator.report);
    let measured_since = Instant::now();
    generator.run_until(end, args)?;
    generator.report.close(measured_since.elapsed().as_secs_f64());
    generator.drain(args)?;
    Ok(generator.report)
}

struct Generator {
    peer: Peer,
    poll: Poll,
    timer: TimerFd,
    armed: Option<Instant>,
    connections: Vec<Option<Connection>>,
    /// What the answers of the current event were; kept to save the allocation.
    answers: Vec<Answer>,
    scratch: Vec<u8>,
    requests: Vec<Vec<u8>>,
    next_request: usize,
    next_connection: usize,
    streams: usize,
    schedule: Option<Schedule>,
    /// Due, and no connection was free.
    waiting: VecDeque<Instant>,
    failures: u64,
    report: Report,
}

impl Generator {
    fn new(args: &LoadArgs) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        poll.registry().register(&mut SourceFd(&timer.as_fd().as_raw_fd()), TIMER, Interest::READABLE)?;
        let peer = Peer { address: args.address, tls: args.tls.then(|| tls(args.h2)).transpose()?, h2: args.h2 };
        let mut connections = Vec::with_capacity(args.connections);
        for index in 0..args.connections {
            let connection = Connection::open(&peer, poll.registry(), Token(index));
            connections.push(Some(connection.with_context(|| format!("cannot connect to {}", args.address))?));
        }
        Ok(Self {
            peer,
            poll,
            timer,
            armed: None,
            connections,
            answers: Vec::new(),
            scratch: vec![0; 256 * 1024],
            requests: requests(args)?,
            next_request: 0,
            next_connection: 0,
            streams: if args.h2 { args.streams } else { 1 },
            schedule: args.rate.map(|rate| Schedule::new(rate, Instant::now())),
            waiting: VecDeque::new(),
            failures: 0,
            report: Report::new(&args.cpu)?,
        })
    }

    fn run_until(&mut self, end: Instant, args: &LoadArgs) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            self.reopen();
            match &mut self.schedule {
                Some(schedule) => {
                    while let Some(due) = schedule.pop(now) {
                        self.waiting.push_back(due);
                    }
                    let next = schedule.next;
                    self.send_waiting();
                    self.arm(next.min(end))?;
                }
                None => self.fill(now),
            }
            self.turn(&mut events, end.saturating_duration_since(now), args)?;
        }
    }

    /// Nothing new is sent; what is under way is waited for.
    fn drain(&mut self, args: &LoadArgs) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        let mut events = Events::with_capacity(1024);
        // A closed loop ends in the middle of its requests; they were not due.
        while self.schedule.is_some() && self.outstanding() > 0 {
            let now = Instant::now();
            if now >= end {
                break;
            }
            self.reopen();
            self.send_waiting();
            let (requests, bytes) = (self.report.requests, self.report.bytes);
            self.turn(&mut events, end - now, args)?;
            // Their latency counts; for CPU a request they came too late.
            (self.report.requests, self.report.bytes) = (requests, bytes);
        }
        if self.schedule.is_some() {
            self.report.unfinished = self.outstanding() as u64;
        }
        Ok(())
    }

    fn outstanding(&self) -> usize {
        self.waiting.len() + self.connections.iter().flatten().map(Connection::outstanding).sum::<usize>()
    }

    fn turn(&mut self, events: &mut Events, most: Duration, args: &LoadArgs) -> anyhow::Result<()> {
        let lost = self.connections.iter().any(Option::is_none);
        match self.poll.poll(events, Some(if lost { AGAIN } else { most })) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for event in &*events {
            if event.token() != TIMER {
                self.serve(event.token().0, args);
            }
        }
        if self.failures > HOPELESS {
            anyhow::bail!("too many failures; the first: {}", self.report.first_error.as_deref().unwrap_or("?"));
        }
        Ok(())
    }

    /// A connection has something to read or room to write.
    fn serve(&mut self, index: usize, args: &LoadArgs) {
        let Some(Some(connection)) = self.connections.get_mut(index) else { return };
        let mut answers = std::mem::take(&mut self.answers);
        let result = connection
            .flush()
            .map_err(Into::into)
            .and_then(|()| connection.read(&mut self.scratch, |answer| answers.push(answer)));
        let now = Instant::now();
        for answer in answers.drain(..) {
            self.report.answered(now.saturating_duration_since(answer.due), answer.bytes);
            if answer.status != args.expect_status {
                self.failures += 1;
                self.report.wrong_status += 1;
                self.report.blame(|| format!("status {}", answer.status));
            } else if args.expect_bytes.is_some_and(|bytes| bytes != answer.bytes) {
                self.failures += 1;
                self.report.wrong_length += 1;
                self.report.blame(|| format!("{} body bytes", answer.bytes));
            }
            if args.new_connections {
                self.close(index);
            } else if self.schedule.is_none() {
                self.send(index, now);
            }
        }
        self.answers = answers;
        match result {
            Err(error) => self.fail(index, &error.to_string()),
            Ok(()) => {
                let Some(Some(connection)) = self.connections.get(index) else { return };
                if connection.is_used_up() && connection.outstanding() > 0 {
                    self.fail(index, "the connection was closed before the answer");
                } else if connection.is_used_up() {
                    self.report.reconnects += 1;
                    self.close(index);
                }
            }
        }
        if self.schedule.is_some() {
            self.send_waiting();
        }
    }

    fn close(&mut self, index: usize) {
        if let Some(place) = self.connections.get_mut(index) {
            *place = None;
        }
        self.reopen_one(index);
    }

    fn fail(&mut self, index: usize, why: &str) {
        let lost = self.connections.get(index).and_then(Option::as_ref).map_or(0, Connection::outstanding) as u64;
        self.failures += lost.max(1);
        self.report.errors += lost;
        if lost > 0 {
            self.report.blame(|| why.to_owned());
        }
        self.close(index);
    }

    fn reopen(&mut self) {
        for index in 0..self.connections.len() {
            if self.connections.get(index).is_some_and(Option::is_none) {
                self.reopen_one(index);
            }
        }
    }

    fn reopen_one(&mut self, index: usize) {
        match Connection::open(&self.peer, self.poll.registry(), Token(index)) {
            Ok(connection) => {
                if let Some(place) = self.connections.get_mut(index) {
                    *place = Some(connection);
                }
                if self.schedule.is_none() {
                    self.send(index, Instant::now());
                }
            }
            Err(error) => {
                self.failures += 1;
                self.report.blame(|| error.to_string());
            }
        }
    }

    /// Closed loop: every place for a request has one.
    fn fill(&mut self, now: Instant) {
        for index in 0..self.connections.len() {
            let outstanding = |generator: &Self| {
                generator
                    .connections
                    .get(index)
                    .and_then(Option::as_ref)
                    .map(|connection| if connection.is_used_up() { usize::MAX } else { connection.outstanding() })
            };
            while let Some(count) = outstanding(self)
                && count < self.streams
            {
                self.send(index, now);
            }
        }
    }

    /// Open loop: the oldest first, over the connections in turn.
    fn send_waiting(&mut self) {
        while let Some(due) = self.waiting.front().copied() {
            let count = self.connections.len();
            let free = (0..count).map(|step| (self.next_connection + step) % count).find(|index| {
                self.connections
                    .get(*index)
                    .and_then(Option::as_ref)
                    .is_some_and(|connection| connection.outstanding() < self.streams && !connection.is_used_up())
            });
            let Some(index) = free else { return };
            self.next_connection = (index + 1) % count;
            self.waiting.pop_front();
            self.send(index, due);
        }
    }

    fn send(&mut self, index: usize, due: Instant) {
        let Some(request) = self.requests.get(self.next_request) else { return };
        self.next_request = (self.next_request + 1) % self.requests.len();
        let Some(Some(connection)) = self.connections.get_mut(index) else { return };
        // Where it fails, the reading side finds out why, and counts it.
        let _ = connection.send(due, request);
    }

    fn arm(&mut self, at: Instant) -> anyhow::Result<()> {
        if self.armed == Some(at) {
            return Ok(());
        }
        self.armed = Some(at);
        // Zero would disarm it.
        let wait = at.saturating_duration_since(Instant::now()).max(Duration::from_nanos(100));
        self.timer.set(Expiration::OneShot(TimeSpec::from_duration(wait)), TimerSetTimeFlags::empty())?;
        Ok(())
    }
}

/// When requests are due: independent of each other (a Poisson process), the same sequence in every
/// run.
struct Schedule {
    next: Instant,
    mean: f64,
    state: u64,
}

impl Schedule {
    fn new(rate: f64, now: Instant) -> Self {
        Self { next: now, mean: 1.0 / rate.max(0.1), state: 0x9e37_79b9_7f4a_7c15 }
    }

    fn pop(&mut self, now: Instant) -> Option<Instant> {
        if self.next > now {
            return None;
        }
        let due = self.next;
        // xorshift64*: enough for arrival times.
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let bits = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
        let uniform = (bits as f64 + 1.0) / (1u64 << 53) as f64;
        self.next += Duration::from_secs_f64(-uniform.ln() * self.mean);
        Some(due)
    }
}

/// All requests, as they go over the wire (HTTP/1.1) or as field blocks (HTTP/2).
fn requests(args: &LoadArgs) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut targets = args.path.clone();
    if let Some(pattern) = &args.paths {
        let mut parts = pattern.splitn(3, ':');
        let (prefix, count, suffix) = (
            parts.next(),
            parts.next().and_then(|count| count.parse::<usize>().ok()),
            parts.next().unwrap_or_default(),
        );
        let (prefix, count) = prefix.zip(count).context("--paths is PREFIX:COUNT:SUFFIX")?;
        targets = (0..count).map(|index| format!("{prefix}{index}{suffix}")).collect();
    }
    let fields: Vec<(String, String)> = args
        .header
        .iter()
        .map(|line| {
            let (name, value) = line.split_once(':').context("--header is `NAME: VALUE`")?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect::<anyhow::Result<_>>()?;
    let (kind, body) = match &args.body_file {
        Some(path) => ("application/json", fs::read(path).with_context(|| path.display().to_string())?),
        None => ("application/octet-stream", vec![b'x'; args.body]),
    };
    if args.h2 {
        anyhow::ensure!(body.is_empty(), "there are no request bodies over HTTP/2 here");
        return Ok(targets.iter().map(|target| http2::get(AUTHORITY, target, args.tls, &fields)).collect());
    }
    let method = if body.is_empty() { "GET" } else { "POST" };
    let mut common: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    if !body.is_empty() {
        common.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
    }
    if args.new_connections {
        common.push_str("Connection: close\r\n");
    }
    let changing = match &args.headers_file {
        Some(path) => fs::read_to_string(path).with_context(|| path.display().to_string())?,
        None => String::new(),
    };
    let changing: Vec<String> = changing.lines().map(|line| format!("{line}\r\n")).collect();
    let count = targets.len().max(changing.len());
    let head = |(target, field): (&String, &str)| {
        format!("{method} {target} HTTP/1.1\r\nHost: {AUTHORITY}\r\n{common}{field}\r\n").into_bytes()
    };
    let fields = changing.iter().map(String::as_str).cycle().chain(std::iter::repeat(""));
    Ok(targets.iter().cycle().zip(fields).take(count).map(|request| [head(request), body.clone()].concat()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_the_rate_that_was_asked_for_and_always_the_same() {
        let begin = Instant::now();
        let dues = |rate| {
            let mut schedule = Schedule::new(rate, begin);
            std::iter::from_fn(|| schedule.pop(begin + Duration::from_secs(10))).collect::<Vec<_>>()
        };
        let first = dues(1000.0);
        assert!((9_600..10_400).contains(&first.len()), "{}", first.len());
        assert_eq!(first, dues(1000.0));
        assert!(first.is_sorted());
    }
}
