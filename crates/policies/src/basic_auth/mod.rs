//! Lets a request through only with a name and a password out of a list (RFC 7617).
//!
//! For a handful of accounts. Keys can be made, revoked and counted while the gateway runs, and are not
//! chosen by people: prefer `api-key`.

mod account;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Flow, Policy, Problem, Reason, Request, Step};

use crate::credential::{Absent, Presented, Source, unauthorized};
use account::Accounts;

/// Nothing was sent.
pub static MISSING: Reason = unauthorized(
    "basic.missing",
    "credentials-missing",
    "The request carries no name and password.",
    "Send `Authorization: Basic …`, as clients do that are given a user and a password.",
);
/// What was sent cannot be read.
pub static MALFORMED: Reason = unauthorized(
    "basic.malformed",
    "credentials-refused",
    "What was sent is no name and password: another scheme, more than one field, no base64, no colon, no UTF-8, or a control character.",
    "Look at the field as the gateway gets it; behind `Basic` stands NAME:PASSWORD in base64.",
);
/// There is no such account, or it has another password.
pub static WRONG: Reason = unauthorized(
    "basic.wrong",
    "credentials-refused",
    "There is no account of this name, or it has another password.",
    "Compare it with `accounts` of the policy; names and passwords are compared byte for byte.",
);

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<BasicAuth>("basic-auth", Direction::Inbound, include_str!("docs.md"))
    .exports(&["BasicAuthInboundPolicy"])
    .authenticates()
    .documented_as(|_| Some(json!({ "type": "http", "scheme": "basic" })))
    .secrets(&["/accounts/*/password"])
    .reasons(&[&MISSING, &MALFORMED, &WRONG]);

/// Who may call.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The accounts.
    accounts: Vec<Account>,
    /// Whether requests without a good name and password go on, without a user. Default: false.
    #[serde(default)]
    allow_unauthenticated_requests: bool,
    /// Whether name and password go on to the upstream. Default: false.
    #[serde(default)]
    forward_credentials: bool,
}

/// One who may call.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Account {
    /// The name, which becomes the user. It holds no colon.
    username: String,
    /// The password. Take it from the environment: `$env(NAME)`.
    password: String,
    /// What is known of the user, for policies, templates and scripts.
    #[serde(default)]
    data: Map<String, Value>,
}

/// See the module.
struct BasicAuth {
    source: Source,
    accounts: Accounts,
    optional: bool,
    forward: bool,
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth").field("optional", &self.optional).finish_non_exhaustive()
    }
}

impl Configure for BasicAuth {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            source: Source::new(None, Some("Basic"))?,
            accounts: Accounts::new(options.accounts)?,
            optional: options.allow_unauthenticated_requests,
            forward: options.forward_credentials,
        })
    }
}

impl Policy for BasicAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        Step::Now(self.decide(exchange, request))
    }
}

impl BasicAuth {
    fn decide(&self, exchange: &mut Exchange, request: &mut Request) -> Flow {
        let presented = match self.source.read(request.headers()) {
            Ok(presented) => presented,
            // Two credentials are refused even where none is needed: whichever the upstream believes
            // would be one that nobody checked.
            Err(Absent::Several) => return self.refuse(&MALFORMED, self.source.detail(Absent::Several)),
            Err(Absent::Malformed) => {
                self.conceal(exchange, request);
                return self.unknown(&MALFORMED);
            }
            Err(_) if self.optional => return Flow::Continue,
            Err(absent) => {
                let reason = if absent == Absent::Missing { &MISSING } else { &MALFORMED };
                return self.refuse(reason, self.source.detail(absent));
            }
        };
        let user = decoded(&presented).map(|pair| self.accounts.find(&pair));
        // Right or wrong, a password that was meant for the gateway is none of the upstream's business, which
        // may believe what nobody has checked.
        self.conceal(exchange, request);
        match user {
            Some(Some(user)) => {
                exchange.user = Some(user);
                Flow::Continue
            }
            Some(None) => self.unknown(&WRONG),
            None => self.unknown(&MALFORMED),
        }
    }

    fn conceal(&self, exchange: &mut Exchange, request: &mut Request) {
        if !self.forward {
            exchange.conceal(&AUTHORIZATION, request.headers_mut());
        }
    }

    fn unknown(&self, reason: &'static Reason) -> Flow {
        match self.optional {
            true => Flow::Continue,
            // One answer for all: whether there is such a name helps nobody but a thief.
            false => self.refuse(reason, "The name or the password is wrong".to_owned()),
        }
    }

    fn refuse(&self, reason: &'static Reason, detail: String) -> Flow {
        Problem::new(reason, detail).with_header(WWW_AUTHENTICATE, self.source.challenge(false)).into()
    }
}

/// Name and password as they were sent. Never shown.
struct Pair {
    name: String,
    password: String,
}

/// RFC 7617 §2: base64 in its one right form, UTF-8, no control characters; the first colon ends the name.
fn decoded(presented: &Presented) -> Option<Pair> {
    let bytes = STANDARD.decode(presented.as_str()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    if text.chars().any(char::is_control) {
        return None;
    }
    let (name, password) = text.split_once(':')?;
    Some(Pair { name: name.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests;
