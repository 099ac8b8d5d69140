//! What is to be written to a client, in its order.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// How many pieces go out in one write.
const PIECES: usize = 16;
/// What is shorter is copied behind what stands before it: one piece costs a write less than two do.
const SHORT: usize = 4 * 1024;

/// Heads, frames of chunks and other small things stand in one buffer, data as what it came in.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    small: Vec<u8>,
    /// How much of it has been written.
    small_at: usize,
    /// What stands in the queue, piece by piece. Small bytes that are in none of them stand last.
    pieces: VecDeque<Piece>,
    /// How many small bytes the pieces hold.
    small_in_pieces: usize,
    bytes: usize,
}

#[derive(Debug)]
enum Piece {
    /// So many of the small bytes.
    Small(usize),
    Data(Bytes),
}

impl Outbox {
    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Lets small bytes be written behind everything else.
    pub(super) fn write(&mut self, room: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.small.len();
        self.small.reserve(room);
        write(&mut self.small);
        self.bytes += self.small.len() - before;
    }

    /// Adds small bytes.
    pub(super) fn push(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        if !bytes.is_empty() {
            self.write(bytes.len(), |small| small.extend_from_slice(bytes));
        }
    }

    /// Adds data.
    pub(super) fn push_data(&mut self, data: Bytes) {
        if data.len() <= SHORT {
            return self.push(data);
        }
        self.bytes += data.len();
        self.close_small();
        self.pieces.push_back(Piece::Data(data));
    }

    /// Makes a piece of the small bytes that are in none.
    fn close_small(&mut self) {
        let loose = self.small.len() - self.small_at - self.small_in_pieces;
        if loose > 0 {
            self.pieces.push_back(Piece::Small(loose));
            self.small_in_pieces += loose;
        }
    }

    /// The next pieces, for one write; how many there are.
    pub(super) fn slices<'o>(&'o self, into: &mut [IoSlice<'o>; PIECES]) -> usize {
        let mut count = 0;
        let mut at = self.small_at;
        let mut put = |bytes: &'o [u8]| match into.get_mut(count) {
            Some(place) if !bytes.is_empty() => {
                *place = IoSlice::new(bytes);
                count += 1;
            }
            _ => {}
        };
        for piece in self.pieces.iter().take(PIECES) {
            match piece {
                Piece::Small(length) => {
                    put(self.small.get(at..at + length).unwrap_or_default());
                    at += length;
                }
                Piece::Data(data) => put(data),
            }
        }
        if self.pieces.len() < PIECES {
            put(self.small.get(at..).unwrap_or_default());
        }
        count
    }

    /// Room for [`Self::slices`].
    pub(super) fn room<'o>() -> [IoSlice<'o>; PIECES] {
        [IoSlice::new(&[]); PIECES]
    }

    /// So many bytes have been written.
    pub(super) fn advance(&mut self, mut written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        while let Some(piece) = self.pieces.front_mut().filter(|_| written > 0) {
            let left = match piece {
                Piece::Small(length) => {
                    let taken = written.min(*length);
                    *length -= taken;
                    self.small_at += taken;
                    self.small_in_pieces -= taken;
                    written -= taken;
                    *length
                }
                Piece::Data(data) => {
                    let taken = written.min(data.len());
                    data.advance(taken);
                    written -= taken;
                    data.len()
                }
            };
            if left == 0 {
                self.pieces.pop_front();
            }
        }
        self.small_at += written;
        if self.bytes == 0 {
            self.small.clear();
            self.small_at = 0;
        }
    }

    /// Gives memory back; nothing waits.
    pub(super) fn rest(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that waits, taken in writes of `most` bytes.
    fn written(outbox: &mut Outbox, most: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while !outbox.is_empty() {
            let mut room = Outbox::room();
            let count = outbox.slices(&mut room);
            let next: Vec<u8> = room[..count].iter().flat_map(|piece| piece.iter().copied()).take(most).collect();
            assert!(!next.is_empty());
            outbox.advance(next.len());
            all.extend(next);
        }
        all
    }

    #[test]
    fn bytes_leave_in_their_order_however_much_each_write_takes() {
        let large = vec![b'x'; SHORT + 1];
        for most in [1, 2, 7, 5_000, 1_000_000] {
            let mut outbox = Outbox::default();
            let mut expected = Vec::new();
            for round in 0..30 {
                outbox.push(format!("head {round} "));
                outbox.push_data(Bytes::from(large.clone()));
                outbox.push("");
                outbox.push_data(Bytes::from_static(b"short"));
                expected.extend_from_slice(format!("head {round} ").as_bytes());
                expected.extend_from_slice(&large);
                expected.extend_from_slice(b"short");
                assert_eq!(outbox.len(), expected.len());
            }
            assert!(written(&mut outbox, most) == expected, "{most}");
            outbox.push("again");
            assert_eq!(written(&mut outbox, most), b"again");
        }
    }
}
