//! The client's side of HTTP/2 (RFC 9113), as far as a load generator needs it: requests without a
//! body from header blocks made beforehand, answers counted. Nothing of it is in the gateway.

use std::time::Instant;

use anyhow::bail;

use crate::connection::Answer;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD: usize = 9;
/// Flow control shall never be what limits an answer.
const WINDOW: u32 = 0x7fff_ffff;
const REPLENISH_AT: u32 = 0x2000_0000;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

#[derive(Debug)]
struct Stream {
    id: u32,
    due: Instant,
    status: u16,
    bytes: u64,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Session {
    next: u32,
    streams: Vec<Stream>,
    rest: Vec<u8>,
    /// Body bytes since the connection's window was last opened.
    taken: u32,
    pub(crate) going_away: bool,
}

impl Session {
    /// Begins a connection: what must be sent first goes to `out`.
    pub(crate) fn begin(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(PREFACE);
        // No pushes; the largest window for each stream.
        let mut settings = vec![0, 2, 0, 0, 0, 0, 0, 4];
        settings.extend_from_slice(&WINDOW.to_be_bytes());
        frame(out, SETTINGS, 0, 0, &settings);
        frame(out, WINDOW_UPDATE, 0, 0, &(WINDOW - 65_535).to_be_bytes());
        Self { next: 1, streams: Vec::new(), rest: Vec::new(), taken: 0, going_away: false }
    }

    pub(crate) fn outstanding(&self) -> usize {
        self.streams.len()
    }

    /// Whether it cannot take another stream for ever.
    pub(crate) fn is_used_up(&self) -> bool {
        self.going_away || self.next > WINDOW - 2
    }

    pub(crate) fn send(&mut self, due: Instant, block: &[u8], out: &mut Vec<u8>) {
        frame(out, HEADERS, END_STREAM | END_HEADERS, self.next, block);
        self.streams.push(Stream { id: self.next, due, status: 0, bytes: 0 });
        self.next += 2;
    }

    /// Takes bytes; what must be said goes to `out`, every answer that ends to `done`.
    pub(crate) fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>, mut done: impl FnMut(Answer)) -> anyhow::Result<()> {
        let kept = std::mem::take(&mut self.rest);
        let joined;
        let all: &[u8] = if kept.is_empty() {
            bytes
        } else {
            joined = [kept.as_slice(), bytes].concat();
            &joined
        };
        let mut at = 0;
        while let Some(&[a, b, c, kind, flags, i, j, k, l]) = all.get(at..at + HEAD) {
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            let Some(payload) = all.get(at + HEAD..at + HEAD + length) else { break };
            self.frame(kind, flags, u32::from_be_bytes([i, j, k, l]) & WINDOW, payload, out, &mut done)?;
            at += HEAD + length;
        }
        self.rest.extend_from_slice(all.get(at..).unwrap_or_default());
        Ok(())
    }

    fn frame(
        &mut self,
        kind: u8,
        flags: u8,
        id: u32,
        payload: &[u8],
        out: &mut Vec<u8>,
        done: &mut impl FnMut(Answer),
    ) -> anyhow::Result<()> {
        match kind {
            DATA => {
                // Padding counts for the window, not for the body.
                let padding = match payload.first() {
                    Some(length) if flags & PADDED != 0 => usize::from(*length) + 1,
                    _ => 0,
                };
                self.taken = self.taken.saturating_add(u32::try_from(payload.len())?);
                if self.taken > REPLENISH_AT {
                    frame(out, WINDOW_UPDATE, 0, 0, &self.taken.to_be_bytes());
                    self.taken = 0;
                }
                if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
                    stream.bytes += payload.len().saturating_sub(padding) as u64;
                }
            }
            HEADERS => {
                if flags & END_HEADERS == 0 {
                    bail!("a header block in several frames is not read here");
                }
                let status = status(fragment(flags, payload));
                if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id && stream.status == 0) {
                    stream.status = status;
                }
            }
            SETTINGS if flags & ACK == 0 => frame(out, SETTINGS, ACK, 0, &[]),
            PING if flags & ACK == 0 => frame(out, PING, ACK, 0, payload),
            GOAWAY => self.going_away = true,
            RST_STREAM => bail!("the stream was reset with code {payload:?}"),
            _ => {}
        }
        if matches!(kind, DATA | HEADERS)
            && flags & END_STREAM != 0
            && let Some(index) = self.streams.iter().position(|stream| stream.id == id)
        {
            let Stream { due, status, bytes, .. } = self.streams.swap_remove(index);
            done(Answer { due, status, bytes });
        }
        Ok(())
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, id: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    out.extend_from_slice(length.get(1..).unwrap_or_default());
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(payload);
}

/// The field block of a HEADERS frame, without padding and priority.
fn fragment(flags: u8, payload: &[u8]) -> &[u8] {
    let (start, end) = match payload.first() {
        Some(padding) if flags & PADDED != 0 => (1, payload.len().saturating_sub(usize::from(*padding))),
        _ => (0, payload.len()),
    };
    let start = if flags & PRIORITY != 0 { start + 5 } else { start };
    payload.get(start..end).unwrap_or_default()
}

/// The status at the beginning of a field block (RFC 7541): a static entry, or a literal in plain
/// digits. Zero where it is written otherwise, which counts as a wrong answer.
fn status(block: &[u8]) -> u16 {
    // A change of the table's size may stand before it.
    let skip = block.iter().take_while(|byte| *byte & 0xe0 == 0x20).count();
    match block.get(skip..).unwrap_or_default() {
        [indexed @ 0x88..=0x8e, ..] => {
            [200, 204, 206, 304, 400, 404, 500].get(usize::from(indexed - 0x88)).copied().unwrap_or_default()
        }
        [0x48 | 0x08 | 0x18, 3, digits @ ..] => {
            digits.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).unwrap_or_default()
        }
        _ => 0,
    }
}

/// The field block of a GET.
pub(crate) fn get(authority: &str, path: &str, https: bool, fields: &[(String, String)]) -> Vec<u8> {
    // Static entries: `:method: GET`, `:scheme: http` and `https`.
    let mut block = vec![0x82, if https { 0x87 } else { 0x86 }];
    // Literals without indexing, with the static names `:path` and `:authority`.
    for (name, value) in [(4, path), (1, authority)] {
        block.push(name);
        text(&mut block, value);
    }
    for (name, value) in fields {
        block.push(0);
        text(&mut block, &name.to_ascii_lowercase());
        text(&mut block, value);
    }
    block
}

fn text(block: &mut Vec<u8>, value: &str) {
    // An integer with a prefix of seven bits.
    match u8::try_from(value.len()) {
        Ok(length) if length < 127 => block.push(length),
        _ => {
            block.push(127);
            let mut rest = value.len() - 127;
            while rest >= 128 {
                block.push(u8::try_from(rest % 128).unwrap_or_default() | 128);
                rest /= 128;
            }
            block.push(u8::try_from(rest).unwrap_or_default());
        }
    }
    block.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_however_servers_write_it() {
        assert_eq!(status(&[0x88, 0x5f]), 200);
        assert_eq!(status(&[0x3f, 0xe1, 0x1f, 0x88]), 0, "a long table size is not read");
        assert_eq!(status(&[0x20, 0x8d]), 404);
        assert_eq!(status(b"\x48\x03429"), 429);
        assert_eq!(status(&[]), 0);
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "any moment will do")]
    fn an_answer_in_pieces_is_one_answer() {
        let mut out = Vec::new();
        let mut session = Session::begin(&mut out);
        let due = Instant::now();
        session.send(due, &get("bench.test", "/small", false, &[]), &mut out);
        let mut wire = Vec::new();
        frame(&mut wire, SETTINGS, 0, 0, &[]);
        frame(&mut wire, HEADERS, END_HEADERS, 1, &[0x88]);
        frame(&mut wire, DATA, 0, 1, b"hello");
        frame(&mut wire, DATA, END_STREAM, 1, b" world");
        let mut answers = Vec::new();
        for piece in wire.chunks(3) {
            session.take(piece, &mut out, |answer| answers.push(answer)).unwrap();
        }
        assert_eq!(answers, [Answer { due, status: 200, bytes: 11 }]);
        assert_eq!(session.outstanding(), 0);
    }

    #[test]
    fn long_values_have_long_lengths() {
        let mut block = Vec::new();
        text(&mut block, &"x".repeat(300));
        assert_eq!(block.get(..3), Some(&[127, 128 | 45, 1][..]));
    }
}
