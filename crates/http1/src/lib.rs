//! HTTP/1 on both sides of a gateway (RFC 9112), without a socket: bytes in, messages out.
//!
//! The proxy owns the connections; this crate knows the syntax. Towards an upstream a request's head becomes bytes
//! with [`RequestHead::encode`]. What comes back goes through a [`ResponseDecoder`] (the head, by
//! `httparse`) and then a [`BodyDecoder`] (the framing that RFC 9112 §6.3 gives that head). Towards a client a
//! [`RequestDecoder`] finds and reads heads, the same [`BodyDecoder`] their bodies, and [`AnswerHead::encode`] writes
//! what is answered. They take what they can from a buffer and say when they need more, and it makes no difference in
//! what pieces the bytes arrive.
//!
//! Reading is strict. An answer that two readers could take apart in two ways is an error here,
//! never a guess: both framings at once, unequal lengths, any coding but one `chunked`, folded
//! lines, bare CR or LF, NUL. So is what grows without bound: heads, trailers, and chunks that
//! are all frame and no data. In the heads of requests, and nowhere else, a bare LF ends a line, as the RFC allows:
//! what is passed on is written anew.

mod answer;
mod body;
mod chunk;
mod chunked;
mod framing;
mod lines;
mod received;
mod request;
mod response;
mod trailers;

pub use answer::{AnswerHead, AnswerLength, Persistence};
pub use body::{BodyDecoder, BodyError, Decoded};
pub use chunk::{LAST_CHUNK, push_chunk_size, push_field, push_trailers};
pub use chunked::ChunkedDecoder;
pub use framing::Framing;
pub use received::{ReceivedHead, ReceivedHeadError, RequestDecoder};
pub use request::{BodyLength, EncodeError, RequestHead};
pub use response::{HeadError, HeadLimits, ResponseDecoder, ResponseHead};
