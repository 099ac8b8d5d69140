//! One request, from the connection to its answer.

use std::sync::Arc;

use hyper::body::Incoming;
use tollgate_core::Body;

use crate::gateway::Gateway;
use crate::hygiene::ConnectionInfo;

/// Answers a request. There is always an answer, and always one line in the access log.
pub async fn handle(
    gateway: &Arc<Gateway>,
    connection: &Arc<ConnectionInfo>,
    request: http::Request<Incoming>,
) -> http::Response<Body> {
    let _ = (gateway, connection, request);
    http::Response::new(Body::empty())
}
