//! Bodies that are encoded (RFC 9110 §8.4.1), decoded as they come.

mod brotli;

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http_body::{Body as HttpBody, Frame};

use crate::{Body, BoxError};
use brotli::Brotli;

/// A coding that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCoding {
    /// `gzip`, which some call `x-gzip`.
    Gzip,
    /// `deflate`, with or without the envelope of RFC 1950.
    Deflate,
    /// `br`.
    Brotli,
}

impl ContentCoding {
    /// The coding of this name; `None` where it is another, or a list of them.
    pub fn parse(name: &[u8]) -> Option<Self> {
        match name {
            name if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") => Some(Self::Gzip),
            name if name.eq_ignore_ascii_case(b"deflate") => Some(Self::Deflate),
            name if name.eq_ignore_ascii_case(b"br") => Some(Self::Brotli),
            _ => None,
        }
    }

    /// The body as it was before it was encoded. What expands comes in bounded steps; bytes that are not
    /// encoded so, or that are cut off, end it with an error.
    pub fn decode(self, body: Body) -> Body {
        Body::stream(Decoded { from: body, input: Bytes::new(), algorithm: self, state: State::Before })
    }
}

/// A body that is decoded as it comes, in steps that are bounded whatever the bytes expand to.
struct Decoded {
    from: Body,
    input: Bytes,
    algorithm: ContentCoding,
    state: State,
}

enum State {
    /// Nothing has come so far: what is empty needs no end.
    Before,
    Decodes(Box<Decoder>),
    Over,
}

enum Decoder {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zlib(ZlibDecoder<Vec<u8>>),
    /// What some call `deflate`.
    Bare(DeflateDecoder<Vec<u8>>),
    Brotli(Box<Brotli>),
}

impl Decoder {
    fn begin(algorithm: ContentCoding, input: &[u8]) -> Self {
        match (algorithm, input) {
            (ContentCoding::Brotli, _) => Self::Brotli(Box::new(Brotli::new())),
            (ContentCoding::Gzip, _) => Self::Gzip(MultiGzDecoder::new(Vec::new())),
            // RFC 1950 §2.2: the method is 8, and both bytes together are a multiple of 31.
            (ContentCoding::Deflate, [method, flags, ..])
                if method & 0x0F == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) =>
            {
                Self::Zlib(ZlibDecoder::new(Vec::new()))
            }
            (ContentCoding::Deflate, _) => Self::Bare(DeflateDecoder::new(Vec::new())),
        }
    }

    /// Reads some of the input, and gives what came of it.
    fn step(&mut self, input: &mut Bytes) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(decoder) => write(decoder, MultiGzDecoder::get_mut, input),
            Self::Zlib(decoder) => write(decoder, ZlibDecoder::get_mut, input),
            Self::Bare(decoder) => write(decoder, DeflateDecoder::get_mut, input),
            Self::Brotli(decoder) => decoder.step(input),
        }
    }

    /// Whether another step gives something, though there is no more input.
    fn has_more(&self) -> bool {
        matches!(self, Self::Brotli(decoder) if decoder.has_more)
    }

    /// Checks that the end has been there.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(decoder) => decoder.finish(),
            Self::Zlib(decoder) => decoder.finish(),
            Self::Bare(decoder) => decoder.finish(),
            Self::Brotli(decoder) => decoder.finish().map(|()| Vec::new()),
        }
    }
}

/// A step of a decoder that writes.
fn write<D: Write>(decoder: &mut D, output: impl Fn(&mut D) -> &mut Vec<u8>, input: &mut Bytes) -> io::Result<Vec<u8>> {
    let read = decoder.write(input)?;
    if read == input.len() {
        // What can be read of a stream is read now, not with its next bytes.
        decoder.flush()?;
    }
    let output = std::mem::take(output(decoder));
    if read == 0 && output.is_empty() {
        // What comes behind the end of the data is nobody's.
        input.clear();
    }
    input.advance(read.min(input.len()));
    Ok(output)
}

fn wrong(error: io::Error) -> BoxError {
    format!("it is not encoded as its `content-encoding` says: {error}").into()
}

impl HttpBody for Decoded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            // The first two bytes say which kind of `deflate` it is.
            let says_nothing = matches!(this.state, State::Before) && this.input.len() == 1;
            let has_more = matches!(&this.state, State::Decodes(decoder) if decoder.has_more());
            if has_more || (!this.input.is_empty() && !says_nothing) {
                if let State::Before = this.state {
                    this.state = State::Decodes(Box::new(Decoder::begin(this.algorithm, &this.input)));
                }
                let State::Decodes(decoder) = &mut this.state else { return Poll::Ready(None) };
                match decoder.step(&mut this.input) {
                    Ok(output) if output.is_empty() => continue,
                    Ok(output) => return Poll::Ready(Some(Ok(Frame::data(output.into())))),
                    Err(error) => return this.end(Err(wrong(error))),
                }
            }
            if let State::Over = this.state {
                return Poll::Ready(None);
            }
            match std::task::ready!(Pin::new(&mut this.from).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    this.input = if says_nothing { [&this.input[..], &data].concat().into() } else { data };
                }
                Some(Err(error)) => return this.end(Err(error)),
                None => {
                    let rest = match std::mem::replace(&mut this.state, State::Over) {
                        State::Decodes(decoder) => decoder.finish().map_err(wrong),
                        State::Before if says_nothing => Err(wrong(io::ErrorKind::UnexpectedEof.into())),
                        State::Before | State::Over => Ok(Vec::new()),
                    };
                    return this.end(rest);
                }
            }
        }
    }
}

impl Decoded {
    /// Gives what is last.
    fn end(&mut self, last: Result<Vec<u8>, BoxError>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.input.clear();
        self.state = State::Over;
        Poll::Ready(match last {
            Ok(last) if last.is_empty() => None,
            last => Some(last.map(|last| Frame::data(last.into()))),
        })
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use futures_util::{FutureExt, StreamExt};
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    /// What Node makes of `some text, `, 5,000 times.
    const BROTLI: &str = "1bd7d6f88dd365f6d3096d0dd23687a759cadee8c481114087ce00a5ec03";
    /// And of 16 MiB of zeros.
    const ZEROS: &str = "cbffff3ff82700e2b14020f7fe2ffffffff04f00c4611180eefd1f";
    /// The beginning of a stream, with `first` in it.
    const FIRST: &str = "0b0200f82500629080c000";

    fn hex(digits: &str) -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A body that comes in pieces of this size.
    fn pieces(bytes: &[u8], size: usize) -> Body {
        let frames: Vec<_> =
            bytes.chunks(size).map(|piece| Ok::<_, BoxError>(Frame::data(Bytes::copy_from_slice(piece)))).collect();
        Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
    }

    fn decode(name: &'static str, body: Body) -> Result<Bytes, BoxError> {
        let body = ContentCoding::parse(name.as_bytes()).unwrap().decode(body);
        body.collect().now_or_never().unwrap().map(http_body_util::Collected::to_bytes)
    }

    #[test]
    fn gzip_and_both_kinds_of_deflate_are_read_in_pieces_of_any_size() {
        let text = "some text, ".repeat(5_000).into_bytes();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(&text).unwrap();
        let two = [gzip(&text[..100]), gzip(&text[100..])].concat();
        for (name, bytes) in [
            ("gzip", gzip(&text)),
            ("br", hex(BROTLI)),
            ("X-GZIP", two),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", bare.finish().unwrap()),
        ] {
            for size in [1, 7, 1_000, usize::MAX] {
                assert_eq!(decode(name, pieces(&bytes, size)).unwrap(), text, "{name} in {size}");
            }
            assert_eq!(decode(name, Body::full(bytes)).unwrap(), text, "{name}");
        }
    }

    #[test]
    fn what_is_cut_off_or_is_something_else_is_an_error() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"some text").unwrap();
        for (name, bytes) in [("gzip", gzip(b"some text")), ("deflate", zlib.finish().unwrap()), ("br", hex(BROTLI))] {
            for length in 1..bytes.len() {
                assert!(decode(name, Body::full(bytes[..length].to_vec())).is_err(), "{name}: {length}");
            }
        }
        assert!(decode("gzip", Body::full("this is not compressed")).is_err());
        assert!(decode("deflate", Body::full("this is not compressed")).is_err());
    }

    #[test]
    fn nothing_is_nothing_in_every_coding() {
        assert_eq!(decode("gzip", Body::empty()).unwrap(), "");
        assert_eq!(decode("deflate", Body::empty()).unwrap(), "");
        assert_eq!(decode("br", Body::empty()).unwrap(), "");
    }

    #[test]
    fn what_can_be_decoded_is_given_at_once() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"first").unwrap();
        encoder.flush().unwrap();
        let first = std::mem::take(encoder.get_mut());
        for (name, first) in [("gzip", first), ("br", hex(FIRST))] {
            let never = futures_util::stream::once(async { Ok::<_, BoxError>(Frame::data(first.into())) })
                .chain(futures_util::stream::pending());
            let body = Body::stream(StreamBody::new(never));
            let mut body = ContentCoding::parse(name.as_bytes()).unwrap().decode(body);
            let frame = body.frame().now_or_never().unwrap().unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), "first", "{name}");
            assert!(body.frame().now_or_never().is_none());
        }
    }

    #[test]
    fn what_expands_comes_in_bounded_steps() {
        for (name, bytes) in [("gzip", gzip(&vec![0; 16 << 20])), ("br", hex(ZEROS))] {
            let mut body = ContentCoding::parse(name.as_bytes()).unwrap().decode(Body::full(bytes));
            let mut all = 0;
            while let Some(frame) = body.frame().now_or_never().unwrap() {
                let data = frame.unwrap().into_data().unwrap();
                assert!(data.len() <= 128 << 10, "{name}: {}", data.len());
                all += data.len();
            }
            assert_eq!(all, 16 << 20, "{name}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_coding() {
        for name in ["zstd", "gzip, br", "identity", ""] {
            assert_eq!(ContentCoding::parse(name.as_bytes()), None, "{name}");
        }
    }
}
