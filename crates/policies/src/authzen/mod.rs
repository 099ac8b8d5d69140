//! Asks a decision point that speaks AuthZEN (OpenID Authorization API 1.0) whether the request may go on.

mod property;

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderValue};
use http::{StatusCode, Uri};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Fault, Flow, Policy, Problem, Reason, Request, Step};

use crate::authorization::{NO_USER, no_user};
use crate::remote;
use property::Text;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The decision point says no.
pub static DENIED: Reason = Reason {
    name: "authzen.denied",
    code: "forbidden",
    status: 403,
    title: "Forbidden",
    fault: Fault::Client,
    meaning: "The decision point says that the subject may not do this, or the request lacks what it would have to be asked about.",
    fix: "Look at the decision in the log of the decision point; the gateway's log says what was lacking.",
};

/// The decision point does not answer.
pub static UNAVAILABLE: Reason = Reason {
    name: "authzen.unavailable",
    code: "unavailable",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Gateway,
    meaning: "The decision point could not be asked, and `throwOnError` does not say that requests go on.",
    fix: "The log has what it said; check `authorizerHostname` and `authorizerAuthorizationHeader` of the policy.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<AuthZen>("authzen", Direction::Inbound, include_str!("docs.md"))
    .exports(&["AuthZenInboundPolicy"])
    .secrets(&["/authorizerAuthorizationHeader"])
    .reasons(&[&NO_USER, &DENIED, &UNAVAILABLE]);

/// Where code leaves what it wants to have asked.
const NOTE: &str = "AuthZenInboundPolicy.payload";

/// Whom is asked, and what.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The host of the decision point, with a port where it has one; or the URL that `/access/v1/evaluation` is
    /// below.
    authorizer_hostname: String,
    /// What the gateway sends as `Authorization`. Take it from the environment: `$env(NAME)`.
    authorizer_authorization_header: Option<String>,
    /// Who wants it.
    subject: Entity,
    /// What it is wanted of.
    resource: Entity,
    /// What is wanted.
    action: Action,
    /// Whether requests are refused while the decision point cannot be asked. Default: true.
    #[serde(default = "yes")]
    throw_on_error: bool,
}

/// A subject or a resource.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Entity {
    /// Its type.
    r#type: String,
    /// Its id; `$authzen-prop(request.user.sub)` for what stands in the request.
    id: String,
}

/// An action.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Action {
    /// Its name; `$authzen-prop(request.method)` for what stands in the request.
    name: String,
}

const fn yes() -> bool {
    true
}

/// See the module.
struct AuthZen {
    url: Uri,
    credential: Option<HeaderValue>,
    /// The texts, by where they stand in what is asked.
    texts: [(&'static str, &'static str, Text); 5],
    strict: bool,
}

impl fmt::Debug for AuthZen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthZen").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Configure for AuthZen {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let host = options.authorizer_hostname;
        let whole = if host.contains("://") { host.clone() } else { format!("https://{host}") };
        let url = remote::url(&whole).and_then(|base| remote::below(&base, "/access/v1/evaluation"));
        let url = url.ok_or_else(|| {
            BuildError::at("/authorizerHostname", format!("`{host}` is no host"))
                .help("such as authzen.example.com, or http://127.0.0.1:8080")
        })?;
        let credential = options.authorizer_authorization_header.filter(|text| !text.is_empty()).map(|text| {
            remote::secret(&text).ok_or_else(|| {
                BuildError::at("/authorizerAuthorizationHeader", "has a character that no header field may hold")
            })
        });
        let (subject, resource) = (options.subject, options.resource);
        let texts = [
            ("subject", "type", Text::Plain(subject.r#type)),
            ("subject", "id", Text::read(&subject.id, "/subject/id")?),
            ("resource", "type", Text::Plain(resource.r#type)),
            ("resource", "id", Text::read(&resource.id, "/resource/id")?),
            ("action", "name", Text::read(&options.action.name, "/action/name")?),
        ];
        Ok(Self { url, credential: credential.transpose()?, texts, strict: options.throw_on_error })
    }
}

impl Policy for AuthZen {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let question = match self.question(exchange, request) {
            Ok(question) => question,
            Err(problem) => return problem.into(),
        };
        Step::later(async move {
            match self.ask(exchange, &question).await {
                Ok(true) => Flow::Continue,
                Ok(false) => Problem::new(&DENIED, "Forbidden").caused_by("the decision is no").into(),
                Err(why) if self.strict => {
                    Problem::new(&UNAVAILABLE, "It cannot be told at the moment whether you may do this")
                        .caused_by(why)
                        .into()
                }
                Err(why) => {
                    tracing::warn!(request_id = &*exchange.id, why, "a request that nobody decided on goes on");
                    exchange.record.fields.insert("unauthorized".to_owned(), Value::from(UNAVAILABLE.name));
                    Flow::Continue
                }
            }
        })
    }
}

impl AuthZen {
    /// What is asked: what code says, and what it does not say from the options.
    fn question(&self, exchange: &Exchange, request: &Request) -> Result<Value, Problem> {
        let denied = |why: String| Problem::new(&DENIED, "Forbidden").caused_by(why);
        let mut question = match exchange.ledger.notes.get(NOTE) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(said)) => said.clone(),
            Some(_) => {
                return Err(denied("setAuthorizationPayload was given something else than an object".to_owned()));
            }
        };
        for (part, member, text) in &self.texts {
            let part_of = question.entry(*part).or_insert_with(|| json!({}));
            let Value::Object(fields) = part_of else {
                return Err(denied(format!("`{part}` of what setAuthorizationPayload was given is no object")));
            };
            if fields.get(*member).is_some_and(|value| !value.is_null()) {
                continue;
            }
            let Some(value) = text.of(exchange, request) else {
                // Whoever did not say who he is may do so.
                return Err(match exchange.user {
                    None if text.is_of_user() => no_user(),
                    _ => denied(format!("the request has nothing at `{text}`, for {part}.{member}")),
                });
            };
            fields.insert((*member).to_owned(), Value::String(value));
        }
        Ok(Value::Object(question))
    }

    async fn ask(&self, exchange: &Exchange, question: &Value) -> Result<bool, String> {
        let mut request = remote::post(self.url.clone(), question.to_string(), "application/json");
        if let Some(credential) = &self.credential {
            request.headers_mut().insert(AUTHORIZATION, credential.clone());
        }
        if let Ok(id) = HeaderValue::from_str(&exchange.id) {
            request.headers_mut().insert("x-request-id", id);
        }
        let who = "the decision point";
        let answer = remote::ask(&exchange.services, request, PATIENCE).await.map_err(|error| error.told(who))?;
        if answer.status != StatusCode::OK {
            return Err(format!("{who} answered {}", answer.status));
        }
        let decision = serde_json::from_slice::<Value>(&answer.body).ok().and_then(|body| body["decision"].as_bool());
        decision.ok_or_else(|| format!("{who} answered something else than a decision"))
    }
}

#[cfg(test)]
mod tests;
