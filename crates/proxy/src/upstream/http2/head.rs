//! The head of a request, as it stands in a HEADERS frame.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Uri, Version};
use http_body::Body as _;
use tollgate_core::reason::TARGET_UNSAFE;
use tollgate_core::{Body, Problem};

/// Makes the head: `:scheme`, `:authority` and `:path` out of what is known of the target, the
/// framing anew, and nothing that concerns another connection (RFC 9113 §8.2.2 and §8.3.1).
pub(super) fn head(
    parts: Parts,
    body: &Body,
    host: &HeaderValue,
    encrypted: bool,
) -> Result<http::Request<()>, Problem> {
    let wrong = |error: &dyn std::fmt::Display| {
        Problem::new(&TARGET_UNSAFE, "The target of the request cannot be sent over HTTP/2.").caused_by(error)
    };
    let authority = Authority::try_from(host.as_bytes()).map_err(|error| wrong(&error))?;
    let path = parts.uri.into_parts().path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(if encrypted { Scheme::HTTPS } else { Scheme::HTTP });
    uri.authority = Some(authority);
    uri.path_and_query = Some(path);

    let mut headers = parts.headers;
    for name in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH, UPGRADE, HOST] {
        headers.remove(name);
    }
    match body.size_hint().exact() {
        Some(0) => {
            // RFC 9110 §8.6: methods that define a meaning for content say that there is none.
            if matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            headers.remove(TRAILER);
        }
        Some(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        None => {}
    }
    let mut head = http::Request::new(());
    *head.version_mut() = Version::HTTP_2;
    *head.method_mut() = parts.method;
    *head.uri_mut() = Uri::from_parts(uri).map_err(|error| wrong(&error))?;
    *head.headers_mut() = headers;
    Ok(head)
}
