//! Bytes that were read before it was known who should read them.

use tokio::io::ReadBuf;

#[derive(Debug, Default)]
pub(super) struct Early {
    bytes: Vec<u8>,
    given: usize,
}

impl Early {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, given: 0 }
    }

    /// Gives what is left of them; `false` where there is nothing. The last byte frees the memory.
    pub(super) fn give(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        if self.bytes.is_empty() {
            return false;
        }
        let left = self.bytes.get(self.given..).unwrap_or_default();
        let piece = left.get(..buf.remaining()).unwrap_or(left);
        buf.put_slice(piece);
        self.given += piece.len();
        if self.given >= self.bytes.len() {
            *self = Self::default();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_their_order_and_once() {
        let mut early = Early::new(b"hello".to_vec());
        let mut room = [0; 3];
        let mut seen = Vec::new();
        loop {
            let mut buf = ReadBuf::new(&mut room);
            if !early.give(&mut buf) {
                break;
            }
            seen.extend_from_slice(buf.filled());
        }
        assert_eq!(seen, b"hello");
    }
}
