//! A body, by whichever framing its head announced.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use crate::HeadError;
use crate::chunked::ChunkedDecoder;
use crate::framing::Framing;

/// What came next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Bytes of the body: a slice of the buffer, not a copy.
    Data(Bytes),
    /// The fields behind a chunked body, where there are any. Nothing follows.
    Trailers(HeaderMap),
    /// Nothing follows.
    End,
    /// Nothing, until more bytes have come.
    Incomplete,
}

/// A body whose end cannot be told, or was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A chunk's size line breaks the grammar, or its number does not fit.
    #[error("the size of a chunk is ill-formed")]
    ChunkSize,
    /// The data of a chunk goes on where CR LF must stand.
    #[error("a chunk does not end where its size says")]
    ChunkEnd,
    /// Chunk sizes and extensions outweigh the data by far.
    #[error("the chunks are more frame than data")]
    Overhead,
    /// The trailers break a rule.
    #[error("the trailers cannot be read: {0}")]
    Trailers(HeadError),
    /// The connection ended in the middle.
    #[error("the connection ended before the body did")]
    CutShort,
}

/// Reads one body, and never a byte behind its end.
#[derive(Debug)]
pub struct BodyDecoder(Kind);

#[derive(Debug)]
enum Kind {
    Length(u64),
    Chunked(ChunkedDecoder),
    UntilClose { closed: bool },
}

impl BodyDecoder {
    /// At the beginning of a body. A tunnel has none: what follows its head is not HTTP.
    pub fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Empty | Framing::Tunnel => Kind::Length(0),
            Framing::Length(length) => Kind::Length(length),
            Framing::Chunked => Kind::Chunked(ChunkedDecoder::default()),
            Framing::UntilClose => Kind::UntilClose { closed: false },
        })
    }

    /// Takes the next piece out of `buf`; what stands behind the body's end stays there.
    ///
    /// # Errors
    /// Where the framing is broken.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Decoded, BodyError> {
        match &mut self.0 {
            Kind::Length(0) | Kind::UntilClose { closed: true } => Ok(Decoded::End),
            Kind::Length(_) | Kind::UntilClose { .. } if buf.is_empty() => Ok(Decoded::Incomplete),
            Kind::Length(left) => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
                *left -= take as u64;
                Ok(Decoded::Data(buf.split_to(take).freeze()))
            }
            Kind::UntilClose { .. } => Ok(Decoded::Data(buf.split().freeze())),
            Kind::Chunked(chunked) => chunked.decode(buf),
        }
    }

    /// The connection has ended, and everything before that has been decoded.
    ///
    /// # Errors
    /// Where the body was not complete: no one may take it for a whole one.
    pub fn end_of_stream(&mut self) -> Result<(), BodyError> {
        if let Kind::UntilClose { closed } = &mut self.0 {
            *closed = true;
        }
        if self.is_done() { Ok(()) } else { Err(BodyError::CutShort) }
    }

    /// Whether all of it has been given out.
    pub fn is_done(&self) -> bool {
        match &self.0 {
            Kind::Length(left) => *left == 0,
            Kind::Chunked(chunked) => chunked.is_done(),
            Kind::UntilClose { closed } => *closed,
        }
    }

    /// How many bytes are still to come, where that is known.
    pub fn remaining(&self) -> Option<u64> {
        match &self.0 {
            Kind::Length(left) => Some(*left),
            Kind::Chunked(chunked) if chunked.is_done() => Some(0),
            Kind::UntilClose { closed: true } => Some(0),
            _ => None,
        }
    }
}
