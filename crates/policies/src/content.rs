//! A body in the place of another, and the header fields that speak of it made true.

use bytes::Bytes;
use http::StatusCode;
use http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderName, HeaderValue, TRAILER, TRANSFER_ENCODING,
};
use http_body::Body as _;
use tollgate_core::body::CollectError;
use tollgate_core::coding::ContentCoding;
use tollgate_core::{Body, Fault, Problem, Reason, Request, Response};

macro_rules! unreadable {
    ($(#[$doc:meta])* $ident:ident = $name:literal, $meaning:literal, $fix:literal) => {
        $(#[$doc])*
        pub(crate) static $ident: Reason = Reason {
            name: $name,
            code: "answer-unreadable",
            status: 502,
            title: "Bad Gateway",
            fault: Fault::Upstream,
            meaning: $meaning,
            fix: $fix,
        };
    };
}

unreadable!(
    /// The answer is encoded in a way that is not known here.
    ANSWER_CODED = "answer.coded",
    "A policy is to change the body of the answer, and the upstream has compressed it in a way that the gateway cannot undo.",
    "Have the upstream send gzip, deflate, br or plain text: take Accept-Encoding off the request with remove-request-headers."
);
unreadable!(
    /// The answer is not what it says it is.
    ANSWER_MALFORMED = "answer.malformed",
    "A policy is to change the body of the answer, which is not what its header fields say, or breaks off.",
    "Look at the cause in the log, and at the body as the upstream sends it."
);
unreadable!(
    /// The answer is too long to be held in memory.
    ANSWER_TOO_LONG = "answer.too_long",
    "A policy must see the whole body of the answer, and it is longer than `server.limits.bufferedBody`.",
    "Raise `server.limits.bufferedBody`, or have the upstream send less at once."
);

/// The answer is a part of something.
pub(crate) static ANSWER_PARTIAL: Reason = Reason {
    name: "answer.partial",
    code: "partial-answer",
    status: 416,
    title: "Range Not Satisfiable",
    fault: Fault::Client,
    meaning: "The request asked for a part of a body that a policy changes, so that there is no such part.",
    fix: "Ask without a Range; or take Range off the request with remove-request-headers, so that upstreams send the whole.",
};

/// What may be said of a response whose body is changed.
pub(crate) const UNREADABLE: [&Reason; 4] = [&ANSWER_CODED, &ANSWER_MALFORMED, &ANSWER_TOO_LONG, &ANSWER_PARTIAL];

/// Takes the body out of a response that is going to have another, decoded, and makes its header fields true
/// of whatever comes in its place. `None` where there is no body (answers to HEAD, 204, 304): its fields are
/// then those that the other body would have.
///
/// # Errors
/// Where the body cannot be read, or is a part of one. A policy that changes bodies must not let one pass as it
/// is because of how it comes: it may be there to hide something.
pub(crate) fn open_response(response: &mut Response) -> Result<Option<Body>, Problem> {
    if response.status().is_informational() {
        return Ok(None);
    }
    if response.status() == StatusCode::PARTIAL_CONTENT {
        return Err(Problem::new(&ANSWER_PARTIAL, "There are no parts of this answer; ask for the whole."));
    }
    let coding = coding_of(response.headers())?;
    let body = std::mem::take(response.body_mut());
    let headers = response.headers_mut();
    forget_bytes(headers);
    weaken(headers);
    if body.is_end_stream() {
        return Ok(None);
    }
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    Ok(Some(match coding {
        Some(coding) => coding.decode(body),
        None => body,
    }))
}

/// Reads the whole of a response's body.
pub(crate) async fn collect(body: Body, limit: usize) -> Result<Bytes, Problem> {
    body.collect_up_to(limit).await.map_err(|error| {
        let reason = if matches!(error, CollectError::TooLong(_)) { &ANSWER_TOO_LONG } else { &ANSWER_MALFORMED };
        Problem::new(reason, "The answer of the upstream cannot be read").caused_by(error)
    })
}

fn coding_of(headers: &HeaderMap) -> Result<Option<ContentCoding>, Problem> {
    let mut fields = headers.get_all(CONTENT_ENCODING).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_none() {
        if field.is_empty() || field.as_bytes().eq_ignore_ascii_case(b"identity") {
            return Ok(None);
        }
        if let Some(coding) = ContentCoding::parse(field.as_bytes()) {
            return Ok(Some(coding));
        }
    }
    Err(Problem::new(&ANSWER_CODED, "The answer of the upstream cannot be read")
        .caused_by(format!("content-encoding: {}", String::from_utf8_lossy(field.as_bytes()))))
}

/// The bytes are others; what they say is the same as long as the upstream's tag is (RFC 9110 §8.8.1).
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")) else { return };
    match HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()) {
        Ok(weak) => drop(headers.insert(ETAG, weak)),
        Err(_) => drop(headers.remove(ETAG)),
    }
}

/// Digests of the bytes that were there (RFC 9530, RFC 3230, RFC 1864).
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Gives a request a body that is in memory. Its media type is `media`, or stays as it is.
pub(crate) fn replace_request_body(request: &mut Request, bytes: Bytes, media: Option<HeaderValue>) {
    let length = HeaderValue::from(bytes.len());
    *request.body_mut() = Body::full(bytes);
    let headers = request.headers_mut();
    forget_bytes(headers);
    headers.insert(CONTENT_LENGTH, length);
    if let Some(media) = media {
        headers.insert(CONTENT_TYPE, media);
    }
}

/// Takes a request's body away, with every field that speaks of one.
pub(crate) fn drop_request_body(request: &mut Request) {
    *request.body_mut() = Body::empty();
    let headers = request.headers_mut();
    forget_content(headers);
}

/// Takes away what is said of the content of a message that has none.
pub(crate) fn forget_content(headers: &mut HeaderMap) {
    forget_bytes(headers);
    for name in [CONTENT_TYPE, CONTENT_LANGUAGE, CONTENT_LOCATION] {
        headers.remove(name);
    }
}

/// Takes away what is true of the bytes that were there only.
pub(crate) fn forget_bytes(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING, TRAILER] {
        headers.remove(name);
    }
    for name in &DIGESTS {
        headers.remove(name);
    }
}
