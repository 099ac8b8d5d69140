//! Tells OpenMeter what is used, and asks it what may be.
//!
//! Usage is told in the background, in batches; entitlements are asked for before the request goes on. It stands
//! behind the policy that says who calls.

mod entitlements;
mod meters;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::select;
use tollgate_core::ledger::Settlement;
use tollgate_core::{Exchange, Fault, Flow, Policy, Problem, Reason, Request, Services, Step};

use crate::authorization::{NO_USER, no_user};
use crate::outbox::Outbox;
use crate::remote;
use crate::statuses::{StatusCodes, Statuses};
use entitlements::{Entitlements, Verdict};
use meters::{Meter, Meters};

/// The subject lacks an entitlement.
pub static DENIED: Reason = Reason {
    name: "openmeter.denied",
    code: "forbidden",
    status: 403,
    title: "Forbidden",
    fault: Fault::Client,
    meaning: "OpenMeter says that the subject has no access to a feature that the policy requires: its allowance is used up, or it has none.",
    fix: "Look at the entitlements of the subject in OpenMeter; the log names the feature.",
};

/// OpenMeter does not answer.
pub static UNAVAILABLE: Reason = Reason {
    name: "openmeter.unavailable",
    code: "unavailable",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Gateway,
    meaning: "OpenMeter could not be asked whether the subject has access, and `onFailure` does not say that requests go on.",
    fix: "The log has what it said; check `apiUrl` and `apiKey` of the policy.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<OpenMeter>("openmeter", Direction::Inbound, include_str!("docs.md"))
    .exports(&[EXPORT])
    .secrets(&["/apiKey"])
    .reasons(&[&NO_USER, &DENIED, &UNAVAILABLE]);

const EXPORT: &str = "OpenMeterInboundPolicy";

/// Where OpenMeter is, and what is told to it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The API key of OpenMeter. Take it from the environment: `$env(NAME)`.
    api_key: String,
    /// Where OpenMeter is. Default: `https://openmeter.cloud`.
    #[serde(default = "cloud")]
    api_url: String,
    /// What a request counts: one meter, or a list of them. Code may say something else with `setMeters`.
    meter: Option<Meters>,
    /// The status codes of answers that count. Default: `200-299`.
    #[serde(default = "success")]
    meter_on_status_codes: StatusCodes,
    /// What events name as their source. Default: `api-gateway`.
    #[serde(default = "gateway")]
    event_source: String,
    /// The keys of features that the subject must have access to.
    #[serde(default)]
    required_entitlements: Vec<String>,
    /// Where the subject stands in the user: `.sub`, or `.data.accountId`. Default: `.sub`.
    #[serde(default = "sub")]
    subject_path: String,
    /// For how many seconds an answer about an entitlement is believed. Default: 0, so that each request asks.
    #[serde(default)]
    cache_ttl_seconds: u32,
    /// What happens to requests while OpenMeter cannot be asked for entitlements. Default: deny.
    #[serde(default)]
    on_failure: OnFailure,
}

/// What happens while OpenMeter cannot be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum OnFailure {
    /// Requests are refused with 503.
    #[default]
    Deny,
    /// Requests go on.
    Allow,
}

fn cloud() -> String {
    "https://openmeter.cloud".to_owned()
}

fn success() -> StatusCodes {
    StatusCodes::Text("200-299".to_owned())
}

fn gateway() -> String {
    "api-gateway".to_owned()
}

fn sub() -> String {
    ".sub".to_owned()
}

/// See the module.
struct OpenMeter {
    told: Arc<Told>,
    entitlements: Option<Entitlements>,
    subject: String,
    on_failure: OnFailure,
}

/// How usage is told.
struct Told {
    meters: Vec<Meter>,
    statuses: Statuses,
    source: String,
    outbox: Arc<Outbox>,
}

impl fmt::Debug for OpenMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenMeter").field("outbox", &self.told.outbox).finish_non_exhaustive()
    }
}

impl Configure for OpenMeter {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let wrong = || {
            BuildError::at("/apiUrl", format!("`{}` is not the URL of a server", options.api_url))
                .help("write it whole: https://HOST, without user and password")
        };
        let base = remote::url(&options.api_url).ok_or_else(wrong)?;
        let events = remote::below(&base, "/api/v1/events").ok_or_else(wrong)?;
        if options.api_key.is_empty() {
            return Err(BuildError::at("/apiKey", "is empty").help("give it: `$env(NAME)`"));
        }
        let key = remote::secret(&format!("Bearer {}", options.api_key))
            .ok_or_else(|| BuildError::at("/apiKey", "has a character that no header field may hold"))?;
        let subject = options.subject_path.trim_start_matches('.').to_owned();
        if subject != "sub" && subject.strip_prefix("data.").is_none_or(str::is_empty) {
            return Err(BuildError::at("/subjectPath", format!("`{}` is nothing of a user", options.subject_path))
                .help("`.sub`, or a path into its data: `.data.accountId`"));
        }
        let meters = options.meter.map(Meters::into_list).unwrap_or_default();
        if let Some(index) = meters.iter().position(|meter| meter.kind.is_empty()) {
            return Err(BuildError::at("/meter", format!("the type of meter {} is empty", index + 1)));
        }
        let entitlements = (!options.required_entitlements.is_empty()).then(|| {
            let ttl = Duration::from_secs(options.cache_ttl_seconds.into());
            Entitlements::new(base.clone(), key.clone(), options.required_entitlements, ttl, context.services)
        });
        Ok(Self {
            told: Arc::new(Told {
                meters,
                statuses: Statuses::read(&options.meter_on_status_codes, "/meterOnStatusCodes")?,
                source: options.event_source,
                outbox: outbox(context, events, key),
            }),
            entitlements,
            subject,
            on_failure: options.on_failure,
        })
    }
}

fn outbox(context: &BuildContext<'_>, events: http::Uri, key: HeaderValue) -> Arc<Outbox> {
    let make = move |body| {
        let mut request = remote::post(events.clone(), body, "application/cloudevents-batch+json");
        request.headers_mut().insert(AUTHORIZATION, key.clone());
        request
    };
    Outbox::new(format!("OpenMeter (policy {})", context.instance.name), context.services, Box::new(make))
}

impl Policy for OpenMeter {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, _: &'a mut Request) -> Step<'a> {
        let subject = self.subject_of(exchange);
        let Some(entitlements) = &self.entitlements else {
            // Nobody passes uncounted. Code may still say who it is that is counted.
            let counted = self.told.meters.iter().any(|meter| !meter.names_subject());
            if subject.is_none() && counted {
                return nobody(exchange).into();
            }
            self.open(exchange, subject);
            return Step::CONTINUE;
        };
        let Some(subject) = subject else { return nobody(exchange).into() };
        Step::later(async move {
            match entitlements.check(&exchange.services, &subject).await {
                Ok(Verdict::Granted) => {}
                Ok(Verdict::Lacking(feature)) => {
                    return Problem::new(&DENIED, "Forbidden").caused_by(format!("no access to `{feature}`")).into();
                }
                Err(why) if self.on_failure == OnFailure::Deny => {
                    return Problem::new(&UNAVAILABLE, "It cannot be told at the moment whether you have access")
                        .caused_by(why)
                        .into();
                }
                Err(why) => {
                    tracing::debug!(why, "a request went on without its entitlements known");
                    exchange.record.fields.insert("unentitled".to_owned(), Value::from("unknown"));
                }
            }
            self.open(exchange, Some(subject));
            Flow::Continue
        })
    }
}

/// The refusal of a request that belongs to no subject.
fn nobody(exchange: &Exchange) -> Problem {
    if exchange.user.is_none() {
        return no_user();
    }
    Problem::new(&DENIED, "Forbidden").caused_by("the user has no subject at `subjectPath`")
}

impl OpenMeter {
    fn subject_of(&self, exchange: &Exchange) -> Option<String> {
        let user = exchange.user.as_ref()?;
        let subject = match self.subject.strip_prefix("data.") {
            None => user.sub.to_string(),
            Some(path) => match select(&user.data, path)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            },
        };
        (!subject.is_empty()).then_some(subject)
    }

    /// Counts the request once its answer is known.
    fn open(&self, exchange: &mut Exchange, subject: Option<String>) {
        let (services, request) = (Arc::clone(&exchange.services), Arc::clone(&exchange.id));
        exchange.ledger.open(Box::new(Open { told: Arc::clone(&self.told), services, request, subject }));
    }
}

/// A request that counts if its answer does.
struct Open {
    told: Arc<Told>,
    services: Arc<Services>,
    request: Arc<str>,
    subject: Option<String>,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("request", &self.request).finish_non_exhaustive()
    }
}

impl Settlement for Open {
    fn settle(self: Box<Self>, status: StatusCode, notes: &Map<String, Value>) {
        if !self.told.statuses.contain(status) {
            return;
        }
        let noted = match meters::noted(notes.get(&format!("{EXPORT}.meters"))) {
            Ok(noted) => noted,
            Err(why) => {
                tracing::error!(request_id = &*self.request, "what setMeters was given cannot be counted: {why}");
                return;
            }
        };
        // What code says holds, in the place of what the options say.
        let meters = noted.as_deref().unwrap_or(&self.told.meters);
        let now = self.services.clock.now();
        for event in meters::events(meters, &self.told.source, self.subject.as_deref(), &self.request, now) {
            match event {
                Ok(event) => self.told.outbox.push(&self.services, event),
                Err(why) => tracing::error!(request_id = &*self.request, "a request is not counted: {why}"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
