//! One question for OpenFGA.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::Services;

use crate::remote;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most checks of one request.
const MOST: usize = 50;

/// Whether a user has a relation to an object.
#[derive(Debug, Deserialize)]
pub(super) struct Check {
    user: String,
    relation: String,
    object: String,
    /// For conditions of the model.
    context: Option<Value>,
    #[serde(alias = "contextualTuples")]
    contextual_tuples: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Checks {
    One(Box<Check>),
    List(Vec<Check>),
}

/// What code has said that is to be checked: at least one thing.
pub(super) fn noted(note: Option<&Value>) -> Result<Vec<Check>, String> {
    let note = note.filter(|note| !note.is_null()).ok_or("no code has said what to check: setContextChecks")?;
    let checks = match serde_json::from_value::<Checks>(note.clone()) {
        Ok(Checks::One(check)) => vec![*check],
        Ok(Checks::List(checks)) => checks,
        Err(_) => return Err("setContextChecks was given something without user, relation and object".to_owned()),
    };
    match checks.len() {
        0 => Err("setContextChecks was given an empty list".to_owned()),
        1..=MOST => Ok(checks),
        _ => Err(format!("setContextChecks was given more than {MOST} checks")),
    }
}

impl Check {
    /// Asks: in the inner result the refusal, in the outer one why nobody knows.
    pub(super) async fn ask(
        &self,
        services: &Services,
        url: &Uri,
        model: &str,
        credential: Option<&(HeaderName, HeaderValue)>,
    ) -> Result<Result<(), String>, String> {
        let Self { user, relation, object, .. } = self;
        let mut body = json!({
            "tuple_key": { "user": user, "relation": relation, "object": object },
            "authorization_model_id": model,
        });
        if let Some(context) = &self.context {
            body["context"] = context.clone();
        }
        match &self.contextual_tuples {
            Some(Value::Array(keys)) => body["contextual_tuples"] = json!({ "tuple_keys": keys }),
            Some(tuples) => body["contextual_tuples"] = tuples.clone(),
            None => {}
        }
        let mut request = remote::post(url.clone(), body.to_string(), "application/json");
        if let Some((name, value)) = credential {
            request.headers_mut().insert(name, value.clone());
        }
        let answer = remote::ask(services, request, PATIENCE).await.map_err(|error| error.told("OpenFGA"))?;
        let refused = || Ok(Err(format!("`{user}` is no {relation} of `{object}`")));
        match answer.status {
            StatusCode::OK => {
                match serde_json::from_slice::<Value>(&answer.body).ok().and_then(|body| body["allowed"].as_bool()) {
                    Some(true) => Ok(Ok(())),
                    Some(false) => refused(),
                    None => Err("OpenFGA answered something else than whether it is allowed".to_owned()),
                }
            }
            // What the model has no word for holds for nobody.
            StatusCode::BAD_REQUEST => {
                Ok(Err(format!("OpenFGA cannot check {relation} of `{object}`: {}", code(&answer.body))))
            }
            status => Err(format!("OpenFGA answered {status}: {}", code(&answer.body))),
        }
    }
}

/// The code of an error, and nothing else of the answer.
fn code(body: &[u8]) -> String {
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or("no code");
    code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == ' ').take(64).collect()
}
