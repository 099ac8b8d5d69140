//! One stream of bytes that is compressed, or was: bytes in, pieces of bounded size out.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{DeflateDecoder, DeflateEncoder, GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};

use crate::Failure;

/// How large a piece gets, roughly: what a script holds while it waits for a reader.
const PIECE: usize = 64 << 10;

/// How much input one step takes: a step is not interrupted.
const INPUT: usize = 256 << 10;

/// What the encoders and decoders have in common.
trait Coder: Write {
    fn output(&mut self) -> &mut Vec<u8>;
    /// Writes what comes after the last byte, or checks that it has been there.
    fn end(&mut self) -> io::Result<()>;
}

macro_rules! coders {
    ($($coder:ident)*) => {
        $(impl Coder for $coder<Vec<u8>> {
            fn output(&mut self) -> &mut Vec<u8> {
                self.get_mut()
            }

            fn end(&mut self) -> io::Result<()> {
                self.try_finish()
            }
        })*
    };
}

coders! { DeflateDecoder DeflateEncoder GzDecoder GzEncoder ZlibDecoder ZlibEncoder }

/// A direction and a format (Compression Standard §4).
pub(super) struct Codec {
    coder: Box<dyn Coder>,
    compresses: bool,
    input: Vec<u8>,
    /// How much of the input was taken.
    taken: usize,
}

impl Codec {
    /// `None` where there is no such format.
    pub(super) fn new(format: &str, compresses: bool) -> Option<Self> {
        let out = Vec::new();
        let coder: Box<dyn Coder> = match (format, compresses) {
            ("deflate", true) => Box::new(ZlibEncoder::new(out, Compression::default())),
            ("deflate", false) => Box::new(ZlibDecoder::new(out)),
            ("deflate-raw", true) => Box::new(DeflateEncoder::new(out, Compression::default())),
            ("deflate-raw", false) => Box::new(DeflateDecoder::new(out)),
            ("gzip", true) => Box::new(GzEncoder::new(out, Compression::default())),
            ("gzip", false) => Box::new(GzDecoder::new(out)),
            _ => return None,
        };
        Some(Self { coder, compresses, input: Vec::new(), taken: 0 })
    }

    /// Takes input. What was pushed before has been stepped through.
    pub(super) fn push(&mut self, input: Vec<u8>) {
        self.input = input;
        self.taken = 0;
    }

    /// The next piece of output, which may be empty; `None` where the input is used up.
    ///
    /// # Errors
    /// A `TypeError` where the input is not what the format says, or goes on after its end.
    pub(super) fn step(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let mut budget = INPUT;
        while self.taken < self.input.len() {
            if budget == 0 || self.coder.output().len() >= PIECE {
                return Ok(Some(self.take()));
            }
            let rest = &self.input[self.taken..];
            let count = self.coder.write(&rest[..rest.len().min(budget)]).map_err(|_| self.corrupt())?;
            if count == 0 {
                return Err(Failure::type_error("there are bytes after the end of the compressed data"));
            }
            self.taken += count;
            budget -= count;
            if self.taken == self.input.len() && !self.compresses {
                // What can be read of a stream is read now, not with its next chunk.
                self.coder.flush().map_err(|_| self.corrupt())?;
            }
        }
        self.input = Vec::new();
        self.taken = 0;
        let last = self.take();
        Ok((!last.is_empty()).then_some(last))
    }

    /// There is no more input.
    ///
    /// # Errors
    /// A `TypeError` where compressed data has not come to its end.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.coder.end().map_err(|_| self.corrupt())
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.coder.output())
    }

    fn corrupt(&self) -> Failure {
        Failure::type_error("the compressed data is damaged or not complete")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [&str; 3] = ["deflate", "deflate-raw", "gzip"];

    /// All that comes out of chunks.
    fn run(codec: &mut Codec, chunks: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        for chunk in chunks {
            codec.push(chunk.to_vec());
            while let Some(piece) = codec.step()? {
                assert!(piece.len() < PIECE + (64 << 10), "a piece of {} bytes", piece.len());
                all.extend(piece);
            }
        }
        codec.finish()?;
        while let Some(piece) = codec.step()? {
            all.extend(piece);
        }
        Ok(all)
    }

    fn compressed(format: &str, plain: &[u8]) -> Vec<u8> {
        run(&mut Codec::new(format, true).unwrap(), &[plain]).unwrap()
    }

    fn plain(format: &str, chunks: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        run(&mut Codec::new(format, false).unwrap(), chunks)
    }

    #[test]
    fn what_was_compressed_comes_back_however_it_is_cut() {
        let text: Vec<u8> = (0..300_000_u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for format in FORMATS {
            for length in [0, 1, 1000, text.len()] {
                let data = compressed(format, &text[..length]);
                assert!(plain(format, &[&data]).unwrap() == text[..length], "{format} {length}");
                let bytes: Vec<_> = data.chunks(if length > 1000 { 999 } else { 1 }).collect();
                assert!(plain(format, &bytes).unwrap() == text[..length], "{format} {length}, in pieces");
            }
        }
    }

    #[test]
    fn a_small_chunk_that_becomes_a_large_one_comes_in_pieces() {
        for format in FORMATS {
            let zeros = vec![0; 20 << 20];
            let data = compressed(format, &zeros);
            assert!(data.len() < 30_000);
            assert!(plain(format, &[&data]).unwrap() == zeros, "{format}");
        }
    }

    #[test]
    fn what_is_there_of_a_chunk_is_given_with_it() {
        for format in FORMATS {
            let data = compressed(format, &[b'x'; 100]);
            let mut codec = Codec::new(format, false).unwrap();
            codec.push(data);
            assert_eq!(codec.step().unwrap().unwrap(), [b'x'; 100], "{format}");
            assert_eq!(codec.step().unwrap(), None);
        }
    }

    #[test]
    fn what_is_cut_short_damaged_or_goes_on_is_an_error() {
        for format in FORMATS {
            let data = compressed(format, b"hello hello hello hello");
            for length in 0..data.len() {
                assert!(plain(format, &[&data[..length]]).is_err(), "{format} {length}");
            }
            let longer = [data.as_slice(), b"x"].concat();
            assert!(plain(format, &[&longer]).is_err(), "{format}");
            assert!(plain(format, &[&data, b"x"]).is_err(), "{format}");
            if format != "deflate-raw" {
                let mut damaged = data.clone();
                let at = data.len() - if format == "gzip" { 8 } else { 1 };
                damaged[at] ^= 1;
                assert!(plain(format, &[&damaged]).is_err(), "{format}");
            }
            assert!(plain(format, &[b"this is not compressed"]).is_err(), "{format}");
        }
    }

    #[test]
    fn other_formats_are_none() {
        for format in ["", "br", "GZIP", "zlib"] {
            assert!(Codec::new(format, true).is_none() && Codec::new(format, false).is_none());
        }
    }
}
