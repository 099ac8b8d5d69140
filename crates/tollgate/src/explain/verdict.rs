//! What each step would say. Steps are run where all that they need is in memory; what runs code of the
//! project, or would ask somebody, is said not to be known, and the steps behind it are asked as if it had
//! let the request pass.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use tollgate_admin::views::{RouteDescription, StepDescription};
use tollgate_core::Flow;
use tollgate_core::exchange::{Credential, User};
use tollgate_core::project::{Project, Use};
use tollgate_proxy::Snapshot;
use tollgate_proxy::inquiry::Walk;

use super::rooms::Noted;
use super::{Explanation, Outcome, Refusal, StepView};

/// What a step would say.
#[derive(Debug, Serialize)]
#[serde(tag = "says", rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// It lets the request pass.
    Passes {
        /// What it found out.
        #[serde(skip_serializing_if = "Option::is_none")]
        found: Option<String>,
    },
    /// It refuses.
    Refuses(Refusal),
    /// It answers itself.
    Answers {
        /// The status of its answer.
        status: u16,
    },
    /// It cannot be told without running code or asking somebody.
    Unknown {
        /// Why.
        why: String,
    },
    /// A step before it has ended the way.
    NotReached,
}

/// Where the steps of a route look for an API key: the names of fields, and what stands in front of the key.
pub(super) fn key_places(steps: &[StepDescription], into: &mut Vec<(String, String)>) {
    for step in steps {
        if step.policy == "api-key" {
            let text = |name: &str| step.options.shown.get(name).and_then(Value::as_str).map(str::to_owned);
            let header = text("authHeader").unwrap_or_else(|| "authorization".to_owned()).to_ascii_lowercase();
            let usual = if header == "authorization" { "Bearer" } else { "" };
            let scheme = text("authScheme").unwrap_or_else(|| usual.to_owned());
            if !into.iter().any(|(known, _)| *known == header) {
                into.push((header, scheme));
            }
        }
        key_places(&step.policies, into);
    }
}

/// Asks every inbound step of a route in its order.
pub(super) async fn walk(
    mut walk: Walk<'_>,
    route: &RouteDescription,
    project: &Project,
    snapshot: &Snapshot,
    noted: &Noted,
) -> Vec<StepView> {
    let mut views = Vec::with_capacity(route.inbound.len());
    let mut ended = false;
    for (index, step) in route.inbound.iter().enumerate() {
        let verdict = if ended {
            Verdict::NotReached
        } else if let Some(why) = runs_code(step, project) {
            Verdict::Unknown { why }
        } else {
            let before = walk.exchange.user.is_some();
            let flow = walk.step(index).await;
            match (noted.take(), flow) {
                (Some(why), _) => Verdict::Unknown { why },
                (None, Some(Flow::Refuse(problem))) => Verdict::Refuses(Refusal::of(snapshot, &problem)),
                (None, Some(Flow::Respond(response))) => Verdict::Answers { status: response.status().as_u16() },
                (None, Some(Flow::Continue) | None) => Verdict::Passes { found: found(&walk, step, before) },
            }
        };
        ended = ended || matches!(verdict, Verdict::Refuses(_) | Verdict::Answers { .. });
        if matches!(verdict, Verdict::Unknown { .. }) && step.check.as_deref() == Some("auth") {
            // What stands behind it counts and signs for whoever it would have found.
            walk.exchange.user = Some(User {
                sub: "somebody".into(),
                data: Arc::new(Value::Object(serde_json::Map::new())),
                credential: Credential::Other,
            });
        }
        views.push(StepView { step: step.clone(), verdict });
    }
    views
}

/// What a step that lets a request pass has found out.
fn found(walk: &Walk<'_>, step: &StepDescription, knew: bool) -> Option<String> {
    if let Some(user) = walk.exchange.user.as_ref().filter(|_| !knew) {
        let key = match &user.credential {
            Credential::Key { id, .. } => format!(", by the key {id}"),
            _ => String::new(),
        };
        return Some(format!("the caller is `{}`{key}", user.sub));
    }
    match step.check.as_deref() {
        Some("auth") => Some("nobody is known, and the step lets strangers pass".to_owned()),
        Some("limit") => Some("where nothing was counted before".to_owned()),
        Some("signature") => Some("a token is signed when the request is sent".to_owned()),
        _ => None,
    }
}

/// Why a step is not run: it is code of the project, or holds some.
fn runs_code(step: &StepDescription, project: &Project) -> Option<String> {
    if step.module {
        return Some(format!("`{}` is code of the project, which is not run", step.policy));
    }
    let instance = project.policies.iter().find(|policy| *policy.id == *step.id);
    if let Some(instance) = instance
        && let Use::BuiltIn(kind) = &instance.implementation
        && let Some(kind) = crate::catalog().policy(kind)
        && (kind.functions)(&instance.options).iter().any(|(_, export)| export.is_some())
    {
        return Some("a function of the project's code decides, and is not run".to_owned());
    }
    step.policies.iter().find_map(|inner| runs_code(inner, project))
}

/// How the request would end, from what the steps say.
pub(super) fn outcome(explanation: &Explanation, route: &RouteDescription) -> Outcome {
    for view in &explanation.steps {
        let at = view.step.stage.clone();
        match &view.verdict {
            Verdict::Refuses(refusal) => {
                let sure = unknown(explanation).is_empty();
                let text = format!(
                    "refused with {} ({}) by `{}`: {}",
                    refusal.status, refusal.reason, view.step.name, refusal.detail
                );
                let before = unknown(explanation).join(" and ");
                let (kind, text) = if sure {
                    ("refused", text)
                } else {
                    ("unknown", format!("{text} (unless {before} ended it before)"))
                };
                return Outcome { kind, at, status: Some(refusal.status), refusal: Some(refusal.clone()), text };
            }
            Verdict::Answers { status } => {
                let text = format!("answered with {status} by `{}`", view.step.name);
                return Outcome { kind: "answered", at, status: Some(*status), refusal: None, text };
            }
            Verdict::Passes { .. } | Verdict::Unknown { .. } | Verdict::NotReached => {}
        }
    }
    let to = match &route.upstream {
        Some(upstream) => format!("forwarded to {}", upstream.settings.shown["url"].as_str().unwrap_or_default()),
        None => format!("answered by the handler `{}`", route.handler.handler),
    };
    let at = "handler".to_owned();
    let kind = if route.upstream.is_some() { "forwarded" } else { "answered" };
    let open = unknown(explanation);
    if open.is_empty() {
        return Outcome { kind, at, status: None, refusal: None, text: to };
    }
    let text = format!("{to}, if {} let it pass", open.join(" and "));
    Outcome { kind: "unknown", at, status: None, refusal: None, text }
}

/// The steps of which nobody knows what they would say.
fn unknown(explanation: &Explanation) -> Vec<String> {
    let open = explanation.steps.iter().filter(|view| matches!(view.verdict, Verdict::Unknown { .. }));
    open.map(|view| format!("`{}`", view.step.name)).collect()
}
