//! Asks OpenFGA whether the caller may do what the project's code says that the request does.
//!
//! What is asked comes from code in front of it (`setContextChecks`), because only the project knows which object
//! a request is about. Where nothing was said, or nobody answers, nobody passes.

mod check;
mod credentials;

use std::fmt;

use http::{HeaderMap, Uri};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Fault, Flow, Policy, Problem, Reason, Request, Step};

use crate::remote;
pub(crate) use credentials::Credentials;

/// OpenFGA says no, or was not asked anything.
pub static DENIED: Reason = Reason {
    name: "openfga.denied",
    code: "forbidden",
    status: 403,
    title: "Forbidden",
    fault: Fault::Client,
    meaning: "OpenFGA says that the relation does not hold, or no code in front of the policy said what to check.",
    fix: "Look at the tuples of the object in OpenFGA; call `setContextChecks` in a policy in front of this one.",
};

/// OpenFGA does not answer.
pub static UNAVAILABLE: Reason = Reason {
    name: "openfga.unavailable",
    code: "unavailable",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Gateway,
    meaning: "OpenFGA could not be asked, so that nobody knows whether the caller may.",
    fix: "The log has what it said; check `apiUrl`, `storeId` and `credentials` of the policy.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<OpenFga>("openfga", Direction::Inbound, include_str!("docs.md"))
    .exports(&["OpenFGAAuthZInboundPolicy"])
    .secrets(&["/credentials/token", "/credentials/clientSecret"])
    .reasons(&[&DENIED, &UNAVAILABLE]);

/// Where code leaves what is checked.
const NOTE: &str = "OpenFGAAuthZInboundPolicy.checks";

/// Where OpenFGA is, and what is asked there.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Options {
    /// Where OpenFGA is, such as `http://127.0.0.1:8080`.
    api_url: String,
    /// The id of the store.
    store_id: String,
    /// The id of the authorization model.
    authorization_model_id: String,
    /// How the gateway says who it is.
    credentials: credentials::Options,
    /// Whether requests go on that are not allowed, or of which nobody knows it; the log says so. Default: false.
    #[serde(default)]
    allow_unauthorized_requests: bool,
}

/// See the module.
pub(crate) struct OpenFga {
    url: Uri,
    model: String,
    credentials: Credentials,
    lenient: bool,
}

impl fmt::Debug for OpenFga {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenFga").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Configure for OpenFga {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let credentials = Credentials::read(options.credentials)?;
        Self::new(
            &options.api_url,
            &options.store_id,
            options.authorization_model_id,
            credentials,
            options.allow_unauthorized_requests,
        )
    }
}

impl OpenFga {
    pub(crate) fn new(
        api_url: &str,
        store: &str,
        model: String,
        credentials: Credentials,
        lenient: bool,
    ) -> Result<Self, BuildError> {
        let base = remote::url(api_url).ok_or_else(|| {
            BuildError::at("/apiUrl", format!("`{api_url}` is not the URL of a server"))
                .help("write it whole: https://HOST, without user and password")
        })?;
        let plain =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        for (pointer, text) in [("/storeId", store), ("/authorizationModelId", model.as_str())] {
            if !plain(text) {
                return Err(BuildError::at(pointer, format!("`{text}` is not an id of OpenFGA"))
                    .help("letters, digits and hyphens"));
            }
        }
        let url = remote::below(&base, &format!("/stores/{store}/check"))
            .ok_or_else(|| BuildError::at("/apiUrl", "no path can be added to it"))?;
        Ok(Self { url, model, credentials, lenient })
    }

    async fn decide(&self, exchange: &Exchange, headers: &HeaderMap) -> Result<(), Problem> {
        let denied = |why: String| Problem::new(&DENIED, "Forbidden").caused_by(why);
        let checks = check::noted(exchange.ledger.notes.get(NOTE)).map_err(denied)?;
        let unavailable = |why: String| {
            Problem::new(&UNAVAILABLE, "It cannot be told at the moment whether you may do this").caused_by(why)
        };
        let services = &exchange.services;
        let field = self.credentials.field(services, headers).await.map_err(unavailable)?;
        let asked = checks.iter().map(|check| check.ask(services, &self.url, &self.model, field.as_ref()));
        let answers = futures_util::future::try_join_all(asked).await.map_err(unavailable)?;
        match answers.into_iter().find_map(Result::err) {
            None => Ok(()),
            Some(why) => Err(denied(why)),
        }
    }
}

impl Policy for OpenFga {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let headers = request.headers();
        Step::later(async move {
            match self.decide(exchange, headers).await {
                Ok(()) => Flow::Continue,
                Err(problem) if self.lenient => {
                    tracing::warn!(
                        request_id = &*exchange.id,
                        reason = problem.reason.name,
                        cause = problem.cause.as_deref(),
                        "a request that is not allowed goes on"
                    );
                    exchange.record.fields.insert("unauthorized".to_owned(), Value::from(problem.reason.name));
                    Flow::Continue
                }
                Err(problem) => problem.into(),
            }
        })
    }
}

#[cfg(test)]
mod tests;
