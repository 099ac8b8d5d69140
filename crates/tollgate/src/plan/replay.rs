//! Recorded requests against two states of a project: which would be answered differently. Of a line of
//! the access log only the method, the host and the path count, and the route for a word of caution.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::BufRead;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use http::Method;
use serde::{Deserialize, Serialize};
use tollgate_admin::views::ProjectDescription;

use super::traffic::{Found, Traffic};
use super::{Change, Pairs, Side, routes};
use crate::describe::title;

/// The longest line that is read; a longer one is none of ours.
const LONGEST: u64 = 1 << 20;
/// As many characters of a path the log keeps: a longer one cannot be judged.
const LONGEST_PATH: usize = 2048;
/// How many examples are kept of each difference.
const EXAMPLES: usize = 3;

/// What became of the recorded requests, as `--output json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replay {
    /// Of this form: 1.
    schema: u32,
    pub(crate) against: Side,
    pub(crate) project: Side,
    /// Lines that were read.
    pub(crate) lines: u64,
    /// Lines that are no line of an access log.
    pub(crate) unknown: u64,
    /// Requests that were refused before a route was looked for, or whose path is cut: they are not judged.
    pub(crate) not_judged: u64,
    /// Requests that would be answered as before.
    pub(crate) same: u64,
    /// Requests that would be answered differently.
    pub(crate) different: u64,
    /// Those of them for which something becomes weaker.
    pub(crate) weaker: u64,
    /// Requests that the log has on another route than what it is compared with: it was written by another
    /// state of the project.
    pub(crate) recorded_elsewhere: u64,
    /// The differences; those that become weaker first, then by their number.
    pub(crate) differences: Vec<Difference>,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Becomes {
    /// Another route answers it.
    OtherRoute,
    /// It is refused: 404, 405 or 501.
    Refused,
    /// A route answers it, and it was refused.
    Found,
    /// The same route answers it, which is not as it was.
    Changed,
    /// The gateway itself answers it now, or no longer.
    Gateway,
}

/// What becomes of some requests.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    pub(crate) becomes: Becomes,
    pub(crate) weakens: bool,
    /// Who answered, or the status.
    pub(crate) before: String,
    /// Who would.
    pub(crate) after: String,
    /// What is not the same.
    pub(crate) changes: Vec<Change>,
    pub(crate) count: u64,
    pub(crate) examples: Vec<String>,
}

#[derive(Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    method: Option<Cow<'l, str>>,
    #[serde(borrow)]
    host: Option<Cow<'l, str>>,
    #[serde(borrow)]
    path: Option<Cow<'l, str>>,
    #[serde(borrow)]
    route: Option<Cow<'l, str>>,
    #[serde(borrow)]
    reason: Option<Cow<'l, str>>,
}

/// How far the reading is, for whoever tells.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) lines: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

/// Reads a log to its end.
pub(crate) fn run(
    mut log: impl BufRead,
    (old, against): (&ProjectDescription, Side),
    (new, project): (&ProjectDescription, Side),
    progress: &Progress,
) -> anyhow::Result<Replay> {
    let pairs = Pairs::of(old, new);
    let judge = Judge { old, new, pairs, before: Traffic::new(old)?, after: Traffic::new(new)? };
    let mut replay = Replay {
        schema: super::SCHEMA,
        against,
        project,
        lines: 0,
        unknown: 0,
        not_judged: 0,
        same: 0,
        different: 0,
        weaker: 0,
        recorded_elsewhere: 0,
        differences: Vec::new(),
    };
    let mut known: HashMap<(Found, Found), Option<usize>> = HashMap::new();
    let mut line = Vec::new();
    while read_line(&mut log, &mut line, progress)? {
        if line.trim_ascii().is_empty() {
            continue;
        }
        replay.lines += 1;
        progress.lines.store(replay.lines, Ordering::Relaxed);
        match parse(&line) {
            Some(request) => judge.judge(&request, &mut known, &mut replay),
            None => replay.unknown += 1,
        }
    }
    replay.differences.sort_by_key(|difference| (!difference.weakens, std::cmp::Reverse(difference.count)));
    Ok(replay)
}

/// Reads a line; what is longer than lines are is cut, and then no line of ours.
fn read_line(log: &mut impl BufRead, line: &mut Vec<u8>, progress: &Progress) -> anyhow::Result<bool> {
    line.clear();
    let read = std::io::Read::take(&mut *log, LONGEST).read_until(b'\n', line).context("the log cannot be read")?;
    let mut bytes = read as u64;
    if bytes == LONGEST && line.last() != Some(&b'\n') {
        line.clear();
        line.push(b'?');
        loop {
            let buffer = log.fill_buf().context("the log cannot be read")?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(buffer.len(), |end| end + 1);
            log.consume(length);
            bytes += length as u64;
            if end.is_some() || length == 0 {
                break;
            }
        }
    }
    progress.bytes.fetch_add(bytes, Ordering::Relaxed);
    Ok(read > 0)
}

/// A line of the access log, whatever a collector has put in front of it.
fn parse(line: &[u8]) -> Option<Line<'_>> {
    let start = line.iter().position(|byte| *byte == b'{')?;
    let line: Line<'_> = serde_json::from_slice(&line[start..]).ok()?;
    // Connections that never came to a request have a line, too.
    (line.reason.is_some() || line.path.is_some()).then_some(line)
}

struct Judge<'d> {
    old: &'d ProjectDescription,
    new: &'d ProjectDescription,
    pairs: Pairs,
    before: Traffic,
    after: Traffic,
}

impl Judge<'_> {
    fn judge(&self, line: &Line<'_>, known: &mut HashMap<(Found, Found), Option<usize>>, replay: &mut Replay) {
        let (Some(method), Some(path)) = (&line.method, &line.path) else {
            replay.not_judged += 1;
            return;
        };
        // Without a host it was refused before anybody asked where it goes.
        let refused =
            line.host.is_none() || line.reason.as_deref().is_some_and(|reason| reason.starts_with("request."));
        let (Ok(method), false) = (Method::from_bytes(method.as_bytes()), refused && line.route.is_none()) else {
            replay.not_judged += 1;
            return;
        };
        if path.len() >= LONGEST_PATH || !path.starts_with('/') {
            replay.not_judged += 1;
            return;
        }
        let host = line.host.as_deref().unwrap_or_default().to_ascii_lowercase();
        let was = self.before.find(&host, &method, path);
        let is = self.after.find(&host, &method, path);
        // A preflight is answered by its headers, which no log has.
        if method == Method::OPTIONS && line.route.is_none() {
            replay.not_judged += 1;
            return;
        }
        let expected = match was {
            Found::Route(index) => Some(self.old.routes[index].id.as_str()),
            _ => None,
        };
        if line.route.as_deref() != expected {
            replay.recorded_elsewhere += 1;
        }
        let index = *known.entry((was, is)).or_insert_with(|| {
            let difference = self.difference(was, is)?;
            replay.differences.push(difference);
            Some(replay.differences.len() - 1)
        });
        let Some(difference) = index.and_then(|index| replay.differences.get_mut(index)) else {
            replay.same += 1;
            return;
        };
        replay.different += 1;
        replay.weaker += u64::from(difference.weakens);
        difference.count += 1;
        if difference.examples.len() < EXAMPLES {
            let example = format!("{method} {host}{path}");
            if !difference.examples.contains(&example) {
                difference.examples.push(example);
            }
        }
    }

    /// What is not the same between two ends of a request.
    fn difference(&self, was: Found, is: Found) -> Option<Difference> {
        let (becomes, changes) = match (was, is) {
            (Found::Route(was), Found::Route(is)) => {
                let changes = routes::compare(&self.old.routes[was], &self.new.routes[is]);
                let paired = self.pairs.after[was] == Some(is);
                if paired && changes.is_empty() {
                    return None;
                }
                (if paired { Becomes::Changed } else { Becomes::OtherRoute }, changes)
            }
            (Found::Route(_), Found::Nothing(_)) => (Becomes::Refused, Vec::new()),
            (Found::Nothing(_), Found::Route(is)) => {
                let mut changes = Vec::new();
                if self.new.routes[is].public {
                    let text = "it was refused, and everyone may call it now";
                    changes.push(Change::new(super::Kind::AddedPublic, text).weakens(true));
                }
                (Becomes::Found, changes)
            }
            (Found::Nothing(was), Found::Nothing(is)) => {
                if was == is {
                    return None;
                }
                (Becomes::Refused, Vec::new())
            }
            (Found::Gateway, Found::Gateway) => return None,
            (Found::Gateway, _) | (_, Found::Gateway) => (Becomes::Gateway, Vec::new()),
        };
        Some(Difference {
            becomes,
            weakens: changes.iter().any(|change| change.weakens),
            before: name(self.old, was),
            after: name(self.new, is),
            changes,
            count: 0,
            examples: Vec::new(),
        })
    }
}

fn name(project: &ProjectDescription, found: Found) -> String {
    match found {
        Found::Route(index) => title(&project.routes[index]),
        Found::Gateway => "the gateway itself".to_owned(),
        Found::Nothing(status) => status.to_string(),
    }
}
