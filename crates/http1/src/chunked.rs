//! A body in chunks (RFC 9112 §7.1).

use bytes::{Buf, BytesMut};
use http::HeaderMap;

use crate::HeadError;
use crate::body::{BodyError, Decoded};
use crate::lines::LineScanner;
use crate::trailers;

/// How many bytes of frame may come beyond what data justifies: 16 bytes and twice the data for
/// each chunk. One byte in each chunk passes for ever; kilobytes of extensions around nothing, by
/// which a sender makes others work for free (CVE-2023-39326), do not.
const MOST_OVERHEAD: u64 = 16 * 1024;

/// Takes chunks apart. Sizes are hexadecimal digits and nothing else, extensions are dropped, and
/// every line ends with CR LF: a bare LF, in an extension too (CVE-2025-22871), is an error.
#[derive(Debug)]
pub struct ChunkedDecoder {
    state: State,
    overhead: u64,
    line: u64,
}

#[derive(Debug)]
enum State {
    /// Before the first digit of a size.
    Size,
    /// Within the digits.
    Digits(u64),
    /// White space behind the digits.
    Padding(u64),
    /// In the extensions, which are dropped.
    Extension(u64),
    /// Behind the CR of a size line.
    SizeLf(u64),
    Data(u64),
    DataCr,
    DataLf,
    Trailers(LineScanner),
    /// Trailers that have been read and not yet given out.
    Read(HeaderMap),
    Done,
    Failed(BodyError),
}

impl Default for ChunkedDecoder {
    fn default() -> Self {
        Self { state: State::Size, overhead: 0, line: 0 }
    }
}

impl ChunkedDecoder {
    /// Takes the next piece of the body out of `buf`.
    ///
    /// # Errors
    /// Where the framing is broken. Every later call gives the same error.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Decoded, BodyError> {
        self.skip_frame(buf);
        match &mut self.state {
            State::Data(left) if !buf.is_empty() => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
                let data = buf.split_to(take).freeze();
                *left -= take as u64;
                if *left == 0 {
                    self.state = State::DataCr;
                    // So that whoever takes the data learns at once whether it was the last.
                    self.skip_frame(buf);
                }
                Ok(Decoded::Data(data))
            }
            State::Read(trailers) => {
                let trailers = std::mem::take(trailers);
                self.state = State::Done;
                Ok(Decoded::Trailers(trailers))
            }
            State::Done => Ok(Decoded::End),
            State::Failed(error) => Err(*error),
            _ => Ok(Decoded::Incomplete),
        }
    }

    /// Whether the last chunk and the trailers have come and have been given out.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Goes on to the next data, as far as `buf` reaches.
    fn skip_frame(&mut self, buf: &mut BytesMut) {
        let mut taken = 0;
        for &byte in buf.iter() {
            if matches!(
                self.state,
                State::Data(_) | State::Trailers(_) | State::Read(_) | State::Done | State::Failed(_)
            ) {
                break;
            }
            taken += 1;
            if let Err(error) = self.step(byte) {
                self.state = State::Failed(error);
            }
        }
        buf.advance(taken);
        if let State::Trailers(lines) = &mut self.state {
            match lines.end(buf, trailers::MOST_BYTES) {
                // Nothing that follows would make it a line end.
                Ok(end) if has_bare_cr(buf.get(..end.unwrap_or(buf.len())).unwrap_or_default()) => {
                    self.state = State::Failed(BodyError::Trailers(HeadError::BareLineEnd));
                }
                Ok(None) => {}
                Ok(Some(end)) => {
                    let section = buf.split_to(end).freeze();
                    self.state = match trailers::parse(&section) {
                        Ok(trailers) if trailers.is_empty() => State::Done,
                        Ok(trailers) => State::Read(trailers),
                        Err(error) => State::Failed(BodyError::Trailers(error)),
                    };
                }
                Err(error) => self.state = State::Failed(BodyError::Trailers(error)),
            }
        }
    }

    /// One byte of a size line, or of the line end behind data.
    fn step(&mut self, byte: u8) -> Result<(), BodyError> {
        let hex = |byte: u8| char::from(byte).to_digit(16).map(u64::from);
        self.line += 1;
        if self.overhead + self.line > MOST_OVERHEAD {
            return Err(BodyError::Overhead);
        }
        self.state = match (&self.state, byte) {
            (State::Size, byte) => State::Digits(hex(byte).ok_or(BodyError::ChunkSize)?),
            (&State::Digits(size), b' ' | b'\t') => State::Padding(size),
            (&State::Digits(size) | &State::Padding(size), b';') => State::Extension(size),
            (&State::Digits(size) | &State::Padding(size) | &State::Extension(size), b'\r') => State::SizeLf(size),
            (&State::Digits(size), byte) => {
                let digit = hex(byte).ok_or(BodyError::ChunkSize)?;
                if size >> 60 != 0 {
                    return Err(BodyError::ChunkSize);
                }
                State::Digits(size << 4 | digit)
            }
            (&State::Padding(size), b' ' | b'\t') => State::Padding(size),
            (&State::Extension(size), b'\t' | b' '..=b'~' | 0x80..) => State::Extension(size),
            (&State::SizeLf(size), b'\n') => {
                // What this line cost, less what its data is worth.
                let worth = size.saturating_mul(2).saturating_add(16);
                self.overhead = (self.overhead + self.line).saturating_sub(worth);
                self.line = 0;
                if size == 0 { State::Trailers(LineScanner::default()) } else { State::Data(size) }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size,
            (State::DataCr | State::DataLf, _) => return Err(BodyError::ChunkEnd),
            _ => return Err(BodyError::ChunkSize),
        };
        Ok(())
    }
}

/// Whether a CR stands before anything but LF.
fn has_bare_cr(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1).is_some_and(|&next| next != b'\n'))
}
