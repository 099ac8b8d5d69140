//! One hostile client, one gateway, one origin that writes down what it is sent.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use tollgate_core::units::Interval;

use crate::canonical::{self, Message, Read};
use crate::support::{Gate, Setup, Upstream, soon};

/// Bytes that a client sends, and what must become of them.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) bytes: Cow<'static, [u8]>,
    verdict: Verdict,
}

#[derive(Clone)]
enum Verdict {
    /// Answered with this status, and nothing after it is read.
    Refused(u16),
    /// These request lines reach the origin, in this order, and no others.
    Passes(&'static [&'static str]),
    /// Whatever it is, it is one thing for everybody.
    Harmless,
}

/// Refused with 400.
pub(crate) const fn refused(bytes: &'static [u8]) -> Case {
    Case { bytes: Cow::Borrowed(bytes), verdict: Verdict::Refused(400) }
}

/// Refused with another status.
pub(crate) const fn refused_with(status: u16, bytes: &'static [u8]) -> Case {
    Case { bytes: Cow::Borrowed(bytes), verdict: Verdict::Refused(status) }
}

/// Forwarded as these requests.
pub(crate) const fn passes(bytes: &'static [u8], lines: &'static [&'static str]) -> Case {
    Case { bytes: Cow::Borrowed(bytes), verdict: Verdict::Passes(lines) }
}

/// Read in one way, whichever.
pub(crate) fn harmless(bytes: Vec<u8>) -> Case {
    Case { bytes: Cow::Owned(bytes), verdict: Verdict::Harmless }
}

/// What came of some bytes.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What the origin found in the bytes that reached it.
    pub(crate) requests: Vec<Message>,
    /// What the client found in the bytes that came back.
    pub(crate) answers: Vec<Message>,
}

#[derive(Default)]
struct Origin {
    requests: Vec<Message>,
    complaints: Vec<String>,
}

/// Sends `bytes` on one connection and reads until the gateway closes it. Whatever they are, what
/// the gateway writes must be in the one form that nobody reads in two ways, and the origin must
/// not find more requests than the gateway has made.
pub(crate) async fn attack(bytes: &[u8], prepare: impl FnOnce(&mut Setup)) -> Seen {
    let origin = Arc::new(Mutex::new(Origin::default()));
    let notes = Arc::clone(&origin);
    let upstream = Upstream::play(move |_, mut conn| {
        let notes = Arc::clone(&notes);
        async move {
            let mut bytes = Vec::new();
            loop {
                match canonical::request(&bytes) {
                    Read::Whole(request, length) => {
                        bytes.drain(..length);
                        notes.lock().requests.push(request);
                        conn.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                    }
                    Read::Partial => match conn.some().await {
                        Some(more) => bytes.extend(more),
                        None => return,
                    },
                    Read::Bad(why) => {
                        notes.lock().complaints.push(why);
                        return;
                    }
                }
            }
        }
    })
    .await;
    let mut setup = Setup::to(upstream.url());
    // A connection that waits for more, waits in vain: it may as well end soon.
    setup.settings.server.timeouts.head = Interval(Duration::from_millis(400));
    setup.settings.server.timeouts.keep_alive = Interval(Duration::from_millis(150));
    setup.settings.server.timeouts.body = Interval(Duration::from_millis(400));
    prepare(&mut setup);
    let gate = setup.start().await;
    let (answers, complaint) = converse(&gate, bytes).await;
    let exchanges = gate.sent().len() + gate.retries();
    drop(gate);
    let origin = std::mem::take(&mut *origin.lock());
    let shown = String::from_utf8_lossy(bytes);
    assert_eq!(origin.complaints, Vec::<String>::new(), "the origin was sent something ambiguous for {shown:?}");
    assert_eq!(complaint, None, "the client was sent something ambiguous for {shown:?}");
    assert!(
        origin.requests.len() <= exchanges,
        "{shown:?} made {exchanges} exchanges, and {} requests at the origin",
        origin.requests.len()
    );
    Seen { requests: origin.requests, answers }
}

/// Plays the client; gives back the answers, and what was wrong with what followed them.
async fn converse(gate: &Gate, bytes: &[u8]) -> (Vec<Message>, Option<String>) {
    let mut client = gate.client().await;
    // The gateway may refuse before it has read everything.
    let _ = client.try_send(bytes).await;
    let (raw, _) = client.rest_bytes().await;
    let method = if bytes.starts_with(b"HEAD ") { "HEAD" } else { "GET" };
    let (mut answers, mut at) = (Vec::new(), 0);
    while at < raw.len() {
        match canonical::answer(&raw[at..], method, true) {
            Read::Whole(answer, length) => {
                at += length;
                answers.push(answer);
            }
            // A cut answer is what it looks like.
            Read::Partial => break,
            Read::Bad(why) => return (answers, Some(why)),
        }
    }
    (answers, None)
}

impl Case {
    /// Plays it and holds the verdict against what was seen.
    pub(crate) async fn hold(&self) {
        let seen = attack(&self.bytes, |_| {}).await;
        let shown = String::from_utf8_lossy(&self.bytes);
        let shown = &shown[..shown.len().min(500)];
        match &self.verdict {
            Verdict::Refused(status) => {
                let statuses: Vec<_> = seen.answers.iter().map(Message::status).collect();
                assert_eq!(statuses, [*status], "{shown:?}");
                assert_eq!(seen.requests.len(), 0, "{shown:?} reached the origin: {:?}", seen.requests);
            }
            Verdict::Passes(lines) => {
                let found: Vec<_> = seen.requests.iter().map(|request| request.line.as_str()).collect();
                assert_eq!(&found, lines, "{shown:?} was answered with {:?}", seen.answers);
            }
            Verdict::Harmless => {}
        }
    }
}

/// Plays all cases of a table, at once: most of their time is waiting for the gateway to close.
pub(crate) async fn hold(cases: &[Case]) {
    soon("the end of all cases", join_all(cases.iter().map(Case::hold))).await;
}
