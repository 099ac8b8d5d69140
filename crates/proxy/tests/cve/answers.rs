//! The other direction: an origin that sends hostile bytes, and what the client gets of them.

use crate::canonical::{self, Message, Read};
use crate::support::{Gate, Upstream};

/// Plays an origin that answers the first request on each connection with `bytes` and closes, or
/// stays open where `stay` is set. The client asks twice on one connection; gives back its answers.
/// What the client is sent must be in the one form that nobody reads in two ways.
pub(crate) async fn answered(method: &'static str, bytes: &[u8], stay: bool) -> Vec<Message> {
    let answer = bytes.to_vec();
    let upstream = Upstream::play(move |_, mut conn| {
        let answer = answer.clone();
        async move {
            while conn.request().await.is_some() {
                conn.send(&answer).await;
                if !stay {
                    return;
                }
            }
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    let first = format!("{method} /one HTTP/1.1\r\nHost: a\r\n\r\n");
    let second = format!("{method} /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.send(first + &second).await;
    let (raw, _) = client.rest_bytes().await;
    let (mut answers, mut at) = (Vec::new(), 0);
    while at < raw.len() {
        match canonical::answer(&raw[at..], method, true) {
            Read::Whole(answer, length) => {
                at += length;
                answers.push(answer);
            }
            Read::Partial => break,
            Read::Bad(why) => panic!("the client was sent {why} for {:?}", String::from_utf8_lossy(bytes)),
        }
    }
    answers
}

/// Both requests are answered with this status, whatever is said before.
pub(crate) async fn are(status: u16, method: &'static str, bytes: &[u8], stay: bool) {
    let answers = answered(method, bytes, stay).await;
    let statuses: Vec<_> = answers.iter().map(Message::status).filter(|status| *status >= 200).collect();
    assert_eq!(statuses, [status; 2], "{method} {:?}", String::from_utf8_lossy(bytes));
}
