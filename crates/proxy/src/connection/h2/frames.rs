//! Frame heads (RFC 9113 §4.1), read out of bytes that pass by.
//!
//! Nothing is copied or held back: the library parses the frames, this only counts them.

/// What the client's first bytes are before its first frame.
const PREFACE_LENGTH: usize = 24;
const HEAD_LENGTH: usize = 9;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl FrameHead {
    fn parse(bytes: [u8; HEAD_LENGTH]) -> Self {
        let [a, b, c, kind, flags, w, x, y, z] = bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes([w, x, y, z]) & 0x7fff_ffff,
        }
    }

    /// Whether it is the last of its sender on its stream, but for what follows of its header block.
    pub(super) fn ends_stream(self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }
}

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Scanner {
    /// Bytes to pass over: of the preface, or of the payload of the frame whose head is known.
    skip: usize,
    head: [u8; HEAD_LENGTH],
    /// How many bytes of the head are known.
    known: usize,
    /// The kind of the frame that is passed over.
    kind: u8,
    /// A header block whose last frame has not come.
    open_block: bool,
    /// The stream of the RST_STREAM that is passed over, and what is known of its code.
    reset: Option<(u32, Vec<u8>)>,
}

impl Scanner {
    /// What the client sends, which begins with the preface.
    pub(super) fn inbound() -> Self {
        Self { skip: PREFACE_LENGTH, ..Self::outbound() }
    }

    /// What the gateway sends.
    pub(super) fn outbound() -> Self {
        Self { skip: 0, head: [0; HEAD_LENGTH], known: 0, kind: SETTINGS, open_block: false, reset: None }
    }

    /// Goes on with the bytes that came next, and calls `seen` for every frame that begins.
    pub(super) fn feed(&mut self, bytes: &[u8], seen: impl FnMut(FrameHead)) {
        self.feed_with_resets(bytes, seen, |_, _| ());
    }

    /// The same, and calls `reset` with the stream and the code of every RST_STREAM.
    pub(super) fn feed_with_resets(
        &mut self,
        mut bytes: &[u8],
        mut seen: impl FnMut(FrameHead),
        mut reset: impl FnMut(u32, u32),
    ) {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            if let Some((stream, code)) = &mut self.reset {
                code.extend_from_slice(bytes.get(..skipped).unwrap_or_default());
                if let &[a, b, c, d] = code.as_slice() {
                    reset(*stream, u32::from_be_bytes([a, b, c, d]));
                    self.reset = None;
                }
            }
            bytes = bytes.get(skipped..).unwrap_or_default();
            if bytes.is_empty() {
                return;
            }
            let taken = (HEAD_LENGTH - self.known).min(bytes.len());
            let (Some(room), Some(head)) = (self.head.get_mut(self.known..self.known + taken), bytes.get(..taken))
            else {
                return;
            };
            room.copy_from_slice(head);
            self.known += taken;
            bytes = bytes.get(taken..).unwrap_or_default();
            if self.known < HEAD_LENGTH {
                return;
            }
            let frame = FrameHead::parse(self.head);
            self.known = 0;
            self.skip = frame.length;
            self.kind = frame.kind;
            self.reset = (frame.kind == RST_STREAM && frame.length == 4).then(|| (frame.stream, Vec::new()));
            if matches!(frame.kind, HEADERS | CONTINUATION) {
                self.open_block = frame.flags & END_HEADERS == 0;
            }
            seen(frame);
        }
    }

    /// Whether the last byte was the last of a frame.
    pub(super) fn is_between_frames(&self) -> bool {
        self.skip == 0 && self.known == 0
    }

    /// Whether something has begun that should be over soon: a header block, or a frame that brings
    /// no body.
    pub(super) fn is_amid_head(&self) -> bool {
        self.open_block || self.known > 0 || (self.skip > 0 && self.kind != DATA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        let frames = [(SETTINGS, 0, 0, 0), (HEADERS, 5, 1, 30), (DATA, 0, 1, 0), (DATA, 1, 1, 300), (PING, 0, 0, 8)];
        let mut bytes = vec![b'p'; PREFACE_LENGTH];
        for (kind, flags, stream, length) in frames {
            bytes.extend(frame(kind, flags, stream, &vec![0xff; length]));
        }
        for piece in [1, 2, 3, 7, 9, 10, 64, 1000] {
            let (mut scanner, mut seen) = (Scanner::inbound(), Vec::new());
            for piece in bytes.chunks(piece) {
                scanner.feed(piece, |frame| seen.push((frame.kind, frame.flags, frame.stream, frame.length)));
            }
            assert_eq!(seen, frames, "in pieces of {piece}");
            assert!(scanner.is_between_frames() && !scanner.is_amid_head());
        }
    }

    #[test]
    fn resets_are_told_with_their_codes_however_the_bytes_are_cut() {
        let mut bytes = frame(DATA, 0, 1, b"abcd");
        bytes.extend(frame(RST_STREAM, 0, 3, &[0, 0, 0, 1]));
        bytes.extend(frame(RST_STREAM, 0, 5, &[0, 0, 0, 8]));
        for piece in [1, 2, 3, 5, 100] {
            let (mut scanner, mut resets) = (Scanner::outbound(), Vec::new());
            for piece in bytes.chunks(piece) {
                scanner.feed_with_resets(piece, |_| (), |stream, code| resets.push((stream, code)));
            }
            assert_eq!(resets, [(3, 1), (5, 8)], "in pieces of {piece}");
        }
    }

    #[test]
    fn a_header_block_is_open_until_its_last_frame() {
        let mut scanner = Scanner::outbound();
        scanner.feed(&frame(HEADERS, 0, 1, b"x"), |_| ());
        assert!(scanner.is_amid_head() && scanner.is_between_frames());
        scanner.feed(&frame(CONTINUATION, 0, 1, b""), |_| ());
        assert!(scanner.is_amid_head());
        scanner.feed(&frame(CONTINUATION, END_HEADERS, 1, b""), |_| ());
        assert!(!scanner.is_amid_head());
        scanner.feed(&frame(DATA, 0, 1, b"xyz")[..10], |_| ());
        assert!(!scanner.is_amid_head(), "a body has a pace of its own");
    }
}
