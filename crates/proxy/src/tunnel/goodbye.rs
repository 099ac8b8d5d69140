//! How the gateway ends a WebSocket: with a Close frame for both sides, where that comes between two
//! frames. Payloads are not looked at.

use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tollgate_core::Reason;
use tollgate_core::reason::TUNNEL_KEY_ENDED;

/// How long saying it may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// The other end has broken a rule, and the server goes away (RFC 6455 §7.4.1).
const POLICY_VIOLATION: u16 = 1008;
const GOING_AWAY: u16 = 1001;

const FINAL_CLOSE: u8 = 0x88;
const OPCODE: u8 = 0x0f;
const CLOSE: u8 = 0x08;
const MASKED: u8 = 0x80;

/// Where one direction is among its frames (RFC 6455 §5.2), by what has passed of it.
#[derive(Debug, Default)]
pub(super) struct FrameCursor {
    /// What has come of a frame's head, and how much of that.
    head: [u8; 14],
    known: usize,
    /// What is still to come of its payload.
    payload: u64,
    closed: bool,
}

impl FrameCursor {
    /// Goes on over the bytes that came next.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
            self.payload -= skipped as u64;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let [first, rest @ ..] = bytes else { return };
            if let Some(place) = self.head.get_mut(self.known) {
                *place = *first;
            }
            self.known += 1;
            bytes = rest;
            if self.known == self.head_length() {
                self.payload = self.payload_length();
                self.closed |= self.head[0] & OPCODE == CLOSE;
                self.known = 0;
            }
        }
    }

    /// Whether a frame of ours may come next: nothing is half said, and the end was not told already.
    pub(super) fn may_close(&self) -> bool {
        self.known == 0 && self.payload == 0 && !self.closed
    }

    /// Whether a Close frame has passed, whole.
    pub(super) fn is_over(&self) -> bool {
        self.closed && self.known == 0 && self.payload == 0
    }

    fn head_length(&self) -> usize {
        let mask = if self.head[1] & MASKED != 0 { 4 } else { 0 };
        match (self.known, self.head[1] & !MASKED) {
            (0 | 1, _) => 2,
            (_, 126) => 4 + mask,
            (_, 127) => 10 + mask,
            _ => 2 + mask,
        }
    }

    fn payload_length(&self) -> u64 {
        let [_, length, a, b, c, d, e, f, g, h, ..] = self.head;
        match length & !MASKED {
            126 => u64::from(u16::from_be_bytes([a, b])),
            127 => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            short => u64::from(short),
        }
    }
}

/// To whom a Close frame goes: what a client says is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    Client,
    Upstream,
}

/// Tells one side why this is the end, if it takes that at once.
pub(super) async fn say<W: AsyncWrite + Unpin>(side: &mut W, to: To, reason: &Reason) {
    let frame = close_frame(to, reason);
    let said = async {
        side.write_all(&frame).await?;
        side.flush().await?;
        side.shutdown().await
    };
    // Whoever takes nothing hears nothing.
    let _ = tokio::time::timeout(FAREWELL, said).await;
}

fn close_frame(to: To, reason: &Reason) -> Vec<u8> {
    let code = if reason.name == TUNNEL_KEY_ENDED.name { POLICY_VIOLATION } else { GOING_AWAY };
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.name.as_bytes());
    // Names of reasons are far shorter than the 125 bytes of a control frame.
    let length = u8::try_from(payload.len()).unwrap_or(2) & 0x7f;
    payload.truncate(usize::from(length));
    let mut frame = vec![FINAL_CLOSE, length];
    if to == To::Upstream {
        let random = uuid::Uuid::new_v4();
        let [.., a, b, c, d] = *random.as_bytes();
        let mask = [a, b, c, d];
        frame[1] |= MASKED;
        frame.extend_from_slice(&mask);
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
    }
    frame.extend_from_slice(&payload);
    frame
}

#[cfg(test)]
mod tests {
    use tollgate_core::reason::TUNNEL_MAX_AGE;

    use super::*;

    fn frame(opcode: u8, masked: bool, length: usize) -> Vec<u8> {
        let mask = if masked { MASKED } else { 0 };
        let mut frame = vec![0x80 | opcode];
        match length {
            0..126 => frame.push(mask | u8::try_from(length).unwrap()),
            126..65_536 => {
                frame.push(mask | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(mask | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(std::iter::repeat_n(0xff, if masked { 4 } else { 0 } + length));
        frame
    }

    #[test]
    fn the_places_between_frames_are_found_however_the_bytes_are_cut() {
        let frames: Vec<Vec<u8>> = [0, 1, 125, 126, 65_535, 65_536]
            .into_iter()
            .flat_map(|length| [false, true].map(|masked| frame(1, masked, length)))
            .collect();
        for piece in [1, 2, 3, 7, 1000, 1 << 20] {
            let mut cursor = FrameCursor::default();
            for frame in &frames {
                let (last, front) = frame.split_last().unwrap();
                for piece in front.chunks(piece) {
                    assert!(cursor.may_close() || piece.as_ptr() != front.as_ptr());
                    cursor.pass(piece);
                    assert!(!cursor.may_close(), "in pieces of {piece:?}");
                }
                cursor.pass(&[*last]);
                assert!(cursor.may_close());
            }
        }
    }

    #[test]
    fn nothing_is_said_after_a_close_frame() {
        let mut cursor = FrameCursor::default();
        cursor.pass(&frame(8, false, 2));
        assert!(!cursor.may_close());
    }

    #[test]
    fn a_close_frame_has_its_code_and_is_masked_for_an_upstream() {
        let plain = close_frame(To::Client, &TUNNEL_KEY_ENDED);
        assert_eq!((plain[0], usize::from(plain[1]), &plain[2..4]), (0x88, plain.len() - 2, &[3, 0xf0][..]));
        assert_eq!(close_frame(To::Client, &TUNNEL_MAX_AGE)[2..4], [3, 0xe9]);
        let masked = close_frame(To::Upstream, &TUNNEL_KEY_ENDED);
        let mask = &masked[2..6];
        let payload: Vec<u8> = masked[6..].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!((masked[1], payload.as_slice()), (0x80 | plain[1], &plain[2..]));
        let mut cursor = FrameCursor::default();
        cursor.pass(&masked);
        assert!(cursor.closed && cursor.payload == 0);
    }
}
