//! Lines for people at a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use super::Entry;

/// One line, and how to mend it where it was refused.
pub(super) fn lines(entry: &Entry, color: bool) -> String {
    let mut out = String::with_capacity(160);
    let paint = |code: &'static str| if color { code } else { "" };
    let (dim, reset) = (paint("\x1b[2m"), paint("\x1b[0m"));
    let status_color = match entry.status {
        200..=299 => paint("\x1b[32m"),
        300..=399 => paint("\x1b[36m"),
        400..=499 => paint("\x1b[33m"),
        _ => paint("\x1b[31m"),
    };
    let time = jiff::Timestamp::from_millisecond(entry.time.0)
        .map(|time| time.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string())
        .unwrap_or_default();
    let _ = write!(
        out,
        "{dim}{time}{reset} {} {} {status_color}{}{reset}",
        entry.method.as_ref().map_or("-", http::Method::as_str),
        if entry.path.is_empty() { "-".to_owned() } else { printable(&entry.path) },
        entry.status
    );
    if let Some(route) = &entry.route {
        let _ = write!(out, " {}", printable(route));
    }
    if let Some(user) = &entry.user {
        let _ = write!(out, " {}", printable(&user.sub));
    }
    let _ = write!(out, " {}", millis(entry.total()));
    let timings = &entry.record.timings;
    let parts =
        [("in", timings.inbound), ("connect", timings.connect), ("up", timings.first_byte), ("out", timings.outbound)];
    let parts: Vec<_> =
        parts.into_iter().filter_map(|(name, took)| Some(format!("{name} {}", bare_millis(took?)))).collect();
    if !parts.is_empty() {
        let _ = write!(out, " {dim}({}){reset}", parts.join(" "));
    }
    out.push('\n');
    if let Some(refusal) = &entry.record.refusal {
        let _ = write!(out, "         {status_color}{}{reset}", refusal.reason.name);
        if let Some(policy) = &refusal.policy {
            let _ = write!(out, " by {}", printable(policy));
        }
        let _ = writeln!(out, ": {}", printable(&refusal.detail));
        if let Some(cause) = &refusal.cause {
            let _ = writeln!(out, "         {dim}cause:{reset} {}", printable(cause));
        }
        let _ = writeln!(out, "         {dim}fix:{reset} {}", refusal.reason.fix);
    }
    out
}

fn millis(took: Duration) -> String {
    format!("{}ms", bare_millis(took))
}

fn bare_millis(took: Duration) -> String {
    let millis = took.as_secs_f64() * 1000.0;
    if millis < 100.0 { format!("{millis:.1}") } else { format!("{millis:.0}") }
}

/// Text of others without control characters: a terminal obeys them.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
