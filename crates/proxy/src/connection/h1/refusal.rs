//! What a client reads whose request has no readable head.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite};
use tollgate_http1::{AnswerHead, AnswerLength, Persistence};

use super::client::Client;
use crate::date;
use crate::hygiene::ConnectionInfo;
use crate::observer::Observer;
use crate::unreadable::{AnsweredHead, UnreadableHead};

/// Answers what cannot be read, as the last answer of its connection.
pub(super) async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    mut client: Client<S>,
    version: Version,
    mut unreadable: UnreadableHead,
    info: &Arc<ConnectionInfo>,
    observer: &dyn Observer,
) -> UnreadableHead {
    tracing::debug!(peer = %info.peer, error = unreadable.cause, "a connection ended early");
    let refused = observer.refuse(info, unreadable.reason);
    let (identity, status, mut headers, body) = match refused {
        Some(refused) => {
            let (parts, body) = refused.response.into_parts();
            (refused.identity, parts.status, parts.headers, body.bytes().unwrap_or_default())
        }
        None => {
            let status = StatusCode::from_u16(unreadable.reason.status).unwrap_or(StatusCode::BAD_REQUEST);
            (None, status, HeaderMap::new(), Default::default())
        }
    };
    // RFC 9110 §9.3.2: the length is the one that GET would bring.
    let is_head = client.unread.bytes.trim_ascii_start().starts_with(b"HEAD ");
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let date = date::field();
    client.out.write(512 + body.len(), |out| {
        AnswerHead {
            version,
            status,
            reason: None,
            headers: &headers,
            length: AnswerLength::OfGet,
            persistence: Persistence::Close,
            date: Some(&date),
        }
        .encode(out);
        if !is_head {
            out.extend_from_slice(&body);
        }
    });
    let bytes = if is_head { 0 } else { body.len() as u64 };
    unreadable.answered = Some(Box::new(AnsweredHead { identity, bytes }));
    client.close(false).await;
    unreadable
}
