//! Exchanges over HTTP/2 (RFC 9113).
//!
//! Many exchanges share one connection, so unlike over HTTP/1 a task of its own drives it, and what
//! ends with an exchange is its stream: dropping the future or the body of the answer resets the
//! stream with CANCEL, and the connection lives on.
//!
//! *What is sent twice.* A request that the other side says it has not processed (a stream beyond
//! the last one of a GOAWAY, or one that was refused) is sent again elsewhere, whatever its method.
//! What went over a connection that died without a word is sent again under the rule of HTTP/1:
//! only if that does no harm.

mod connection;
mod download;
mod exchange;
mod head;
mod pool;
mod upload;
mod websocket;

use std::ops::ControlFlow;

use http::HeaderValue;
use tollgate_core::record::Record;
use tollgate_core::{Problem, Request, Response};

use super::Upstream;
use super::wait::Limits;
use crate::hygiene::body::BodyMeter;
pub(super) use pool::Pool;

impl Upstream {
    /// Sends the request over HTTP/2, where the upstream speaks that; otherwise gives it back.
    pub(super) async fn over_http2(
        &self,
        record: &mut Record,
        request: Request,
        host: &HeaderValue,
        meter: Option<&BodyMeter>,
        limits: &Limits<'_>,
    ) -> ControlFlow<Result<Response, Problem>, Request> {
        let Some(pool) = self.http2.as_ref().filter(|pool| !pool.is_known_not_to_speak_it()) else {
            return ControlFlow::Continue(request);
        };
        // Boxed so that exchanges over HTTP/1 need not carry its size.
        Box::pin(self.exchange_http2(pool, record, request, host, meter, limits)).await
    }
}
