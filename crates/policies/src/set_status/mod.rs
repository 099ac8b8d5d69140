//! Changes the status of the response.
//!
//! Not for refusals: a policy in front of the handler says no before the upstream has done anything.

use http::StatusCode;
use http::header::CONTENT_LENGTH;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Body, Exchange, Policy, ReasonPhrase, Response, Step};

use crate::content::forget_content;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<SetStatus>("set-status", Direction::Outbound, include_str!("docs.md"))
    .exports(&["SetStatusOutboundPolicy"])
    .shorthand("status");

/// Which status.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
struct Options {
    /// The status that the client gets, from 200 to 599. Default: the upstream's. It may stand in place of all
    /// options.
    status: Option<u16>,
    /// The words beside the status, which only HTTP/1.1 has. Default: the usual ones.
    status_text: Option<String>,
}

/// See the module.
#[derive(Debug)]
struct SetStatus {
    status: Option<StatusCode>,
    words: Option<ReasonPhrase>,
}

impl Configure for SetStatus {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let Options { status, status_text } = options;
        if status.is_none() && status_text.is_none() {
            return Err(BuildError::at("", "there is no status to set").help("give `status`, `statusText` or both"));
        }
        let status = status.map(|number| {
            StatusCode::from_u16(number).ok().filter(|_| (200..=599).contains(&number)).ok_or_else(|| {
                BuildError::at("/status", format!("{number} is not the status of an answer"))
                    .help("give one from 200 to 599")
            })
        });
        let words = status_text.filter(|text| !text.is_empty()).map(|text| {
            ReasonPhrase::try_from(text.as_bytes()).map_err(|_| {
                BuildError::at("/statusText", "has a character that may not stand there")
                    .help("letters, digits, punctuation and spaces; no line breaks")
            })
        });
        Ok(Self { status: status.transpose()?, words: words.transpose()? })
    }
}

impl Policy for SetStatus {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        let before = response.status();
        // The handshake of a tunnel is no answer.
        if before.is_informational() {
            return Step::CONTINUE;
        }
        if let Some(status) = self.status.filter(|status| *status != before) {
            // What its length would have been.
            if before == StatusCode::NOT_MODIFIED {
                response.headers_mut().remove(CONTENT_LENGTH);
            }
            if matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED) {
                *response.body_mut() = Body::empty();
                forget_content(response.headers_mut());
            }
            *response.status_mut() = status;
            // The words were those of the other status.
            response.extensions_mut().remove::<ReasonPhrase>();
        }
        if let Some(words) = &self.words {
            response.extensions_mut().insert(words.clone());
        }
        Step::CONTINUE
    }
}
