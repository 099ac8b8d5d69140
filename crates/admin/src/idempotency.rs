//! `Idempotency-Key`: a call whose answer got lost is made again, and happens once. The answer of
//! the first is kept for a day, sealed, because a new key may be in it.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use tollgate_core::keys::KeyDigest;
use tollgate_core::store::{Claim, KeptAnswer};

use crate::auth::Caller;
use crate::error::{ApiError, INVALID, REUSED, TOO_LARGE, UNAVAILABLE, UNDER_WAY};
use crate::server::{Admin, MAX_BODY};

static KEY: HeaderName = HeaderName::from_static("idempotency-key");
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The fields of an answer that are given again.
static KEPT_FIELDS: [HeaderName; 3] = [CONTENT_TYPE, ETAG, LOCATION];
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// An answer, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    fields: Vec<(String, String)>,
    body: String,
}

/// Makes a call once, however often it comes.
pub(crate) async fn once(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let writes = matches!(*request.method(), Method::POST | Method::PATCH | Method::DELETE);
    let caller = request.extensions().get::<Caller>().map(|caller| caller.id.clone());
    let (Some(caller), true, true) = (caller, writes, request.headers().contains_key(&KEY)) else {
        return next.run(request).await;
    };
    match claimed(&admin, &caller, request).await {
        Err(error) => error.into_response(),
        Ok(Claimed::Answered(answer)) => replay(&admin, &answer).unwrap_or_else(IntoResponse::into_response),
        // On a task of its own: where the caller goes away meanwhile, its answer is kept all the same.
        Ok(Claimed::Yours(key, request)) => tokio::spawn(make(admin, caller, key, *request, next))
            .await
            .unwrap_or_else(|_| ApiError::new(&UNAVAILABLE, "The call broke off.").into_response()),
    }
}

enum Claimed {
    Yours(String, Box<Request>),
    Answered(KeptAnswer),
}

async fn claimed(admin: &Admin, caller: &str, request: Request) -> Result<Claimed, ApiError> {
    let key = read_key(request.headers())?;
    let (head, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| ApiError::new(&TOO_LARGE, "The body broke off, or is longer than 2 MiB."))?;
    let fingerprint = fingerprint(admin, &head.method, &head.uri, &body);
    match admin.store.claim_call(caller, &key, fingerprint).await? {
        Claim::Yours => Ok(Claimed::Yours(key, Box::new(Request::from_parts(head, Body::from(body))))),
        Claim::Answered(answer) => Ok(Claimed::Answered(answer)),
        Claim::UnderWay => {
            Err(ApiError::new(&UNDER_WAY, "A call with this `Idempotency-Key` is being made at this moment."))
        }
        Claim::Mismatch => Err(ApiError::new(&REUSED, "This `Idempotency-Key` came with another call before.")),
    }
}

/// A structured string (RFC 9651, as the draft has it), or the bare text of one.
fn read_key(headers: &HeaderMap) -> Result<String, ApiError> {
    let mut values = headers.get_all(&KEY).iter();
    let text = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let visible = bare.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=255).contains(&bare.len()) && values.next().is_none() {
        return Ok(bare.to_owned());
    }
    Err(ApiError::new(&INVALID, "`Idempotency-Key` has 1 to 255 visible ASCII characters."))
}

fn fingerprint(admin: &Admin, method: &Method, uri: &http::Uri, body: &Bytes) -> KeyDigest {
    let mut text = format!("{method} {uri}\n").into_bytes();
    text.extend_from_slice(body);
    admin.control.digest(&text)
}

async fn make(admin: Admin, caller: String, key: String, request: Request, next: Next) -> Response {
    let (head, body) = next.run(request).await.into_parts();
    let Ok(body) = to_bytes(body, MAX_ANSWER).await else {
        let _ = admin.store.give_up_call(&caller, &key).await;
        return ApiError::new(&UNAVAILABLE, "The answer broke off.").into_response();
    };
    // Whatever was refused may be made again: nothing has happened.
    let kept = if head.status.is_success() { keep(&admin, &head.headers, &body) } else { None };
    // Where the store is away by now, the claim still holds for a minute.
    let _ = match kept {
        Some(sealed) => {
            let answer = KeptAnswer { status: head.status.as_u16(), body: sealed };
            admin.store.answer_call(&caller, &key, answer).await
        }
        None => admin.store.give_up_call(&caller, &key).await,
    };
    Response::from_parts(head, Body::from(body))
}

fn keep(admin: &Admin, headers: &HeaderMap, body: &Bytes) -> Option<Vec<u8>> {
    let field = |name: &HeaderName| Some((name.to_string(), headers.get(name)?.to_str().ok()?.to_owned()));
    let kept =
        Kept { fields: KEPT_FIELDS.iter().filter_map(field).collect(), body: String::from_utf8(body.to_vec()).ok()? };
    admin.control.seal(&serde_json::to_vec(&kept).ok()?).ok()
}

fn replay(admin: &Admin, answer: &KeptAnswer) -> Result<Response, ApiError> {
    let broken = || ApiError::new(&UNAVAILABLE, "The kept answer cannot be read: the master key was replaced.");
    let text = admin.control.unseal(&answer.body).map_err(|_| broken())?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|_| broken())?;
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(|_| broken())?;
    for (name, value) in kept.fields {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(&REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
