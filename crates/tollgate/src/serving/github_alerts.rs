//! The endpoint for alerts of GitHub's secret scanning partner program, on the data listener: public by
//! nature, so that nothing is done before the signature was verified.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Weak;

use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::later::BoxFuture;
use tollgate_core::reason::{ALERT_MALFORMED, ALERT_TOO_MANY, ALERT_UNAVAILABLE, ALERT_UNVERIFIED};
use tollgate_core::services::{Alerts, Window};
use tollgate_core::settings::GithubAlertSettings;
use tollgate_core::store::{Actor, ActorKind, LeakReport};
use tollgate_core::{Body, Problem, Request, Response};
use tollgate_identity::{AlertError, digest};

use super::Serving;
use crate::leaks::Reported;

/// One alert may list many keys; a thousand are a tenth of this.
const LARGEST: usize = 2 * 1024 * 1024;
/// How many keys of one alert are looked up. GitHub sends what it has found in one push.
const MOST_KEYS: usize = 10_000;
/// Nothing longer is a key.
const LONGEST_KEY: usize = 1024;

/// What GitHub found.
#[derive(Debug, Deserialize)]
struct Found {
    token: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    source: Option<String>,
}

/// Takes GitHub's alerts for a gateway that serves.
#[derive(Debug)]
pub(super) struct GithubAlerts(pub(super) Weak<Serving>);

impl Alerts for GithubAlerts {
    fn receive(&self, client: IpAddr, request: Request) -> BoxFuture<'_, Result<Response, Problem>> {
        let serving = self.0.upgrade();
        Box::pin(async move {
            let unavailable = || Problem::new(&ALERT_UNAVAILABLE, "Alerts are not taken at the moment.");
            let serving = serving.ok_or_else(unavailable)?;
            let settings = serving.project().settings.leaks.github.clone().ok_or_else(unavailable)?;
            serving.take_alert(&settings, client, request).await
        })
    }
}

impl Serving {
    async fn take_alert(
        &self,
        settings: &GithubAlertSettings,
        client: IpAddr,
        request: Request,
    ) -> Result<Response, Problem> {
        if request.method() != Method::POST {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return Ok(response);
        }
        self.count_alert(settings, client).await?;
        let (parts, body) = request.into_parts();
        let body = body.collect_up_to(LARGEST).await.map_err(Problem::from)?;
        let (identifier, signature) = signature_of(&parts.headers);
        let verified = self.leaks.github.verify(&settings.keys_url, identifier, signature, &body).await;
        verified.map_err(|error| match error {
            AlertError::Unverified(why) => {
                Problem::new(&ALERT_UNVERIFIED, "The alert is not signed by GitHub.").caused_by(why)
            }
            AlertError::Away(why) => unavailable().caused_by(why),
        })?;
        let found: Vec<Found> = serde_json::from_slice(&body).map_err(|error| {
            Problem::new(&ALERT_MALFORMED, "The alert is not a JSON array of found keys.")
                // serde's message may quote a value; its place says enough.
                .caused_by(format!("line {}, column {}", error.line(), error.column()))
        })?;
        if found.len() > MOST_KEYS {
            return Err(Problem::new(&ALERT_MALFORMED, format!("An alert lists at most {MOST_KEYS} keys.")));
        }
        self.act_on(found, client).await
    }

    async fn act_on(&self, found: Vec<Found>, client: IpAddr) -> Result<Response, Problem> {
        let actor = Actor { kind: ActorKind::Gateway, name: "github".to_owned(), origin: client.to_string() };
        let store = self.rooms.store.on_behalf_of(actor);
        let mut labels: Vec<Value> = Vec::with_capacity(found.len());
        let mut known = false;
        for Found { token, kind, url, source } in found {
            let digest = digest(&token);
            let is_key = if token.len() > LONGEST_KEY {
                false
            } else {
                let where_found = source.filter(|source| !source.is_empty()).map(|source| format!(" ({source})"));
                let place = url.filter(|url| !url.is_empty());
                let place = match (place, where_found) {
                    (Some(url), Some(source)) => Some(url + &source),
                    (Some(url), None) => Some(url),
                    (None, source) => source,
                };
                let report = LeakReport { source: "github".to_owned(), place };
                let reported = self.report_leak(&*store, digest, report, "github").await;
                let reported = reported.map_err(|error| unavailable().caused_by(error))?;
                !matches!(reported, Reported::Unknown)
            };
            known |= is_key;
            labels.push(json!({
                "token_hash": digest.to_hex(),
                "token_type": kind,
                "label": if is_key { "true_positive" } else { "false_positive" },
            }));
        }
        if known {
            // In force here before GitHub has its answer; other nodes follow by themselves.
            tollgate_admin::Control::follow_keys(self).await;
        }
        let mut response = Response::new(Body::full(Value::Array(labels).to_string()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }

    /// Refuses an address that sends too much. Where the counter is away, the signature still decides.
    async fn count_alert(&self, settings: &GithubAlertSettings, client: IpAddr) -> Result<(), Problem> {
        let network = match client.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        };
        let window = Window { count: settings.rate.count.get(), window: settings.rate.window };
        match self.leaks.counter.hit(&network.to_string(), window.into(), 1).get().await {
            Ok(decision) if !decision.allowed => {
                let seconds = decision.retry_after.as_secs().saturating_add(1);
                Err(Problem::new(&ALERT_TOO_MANY, "Too many alerts from this address.")
                    .with_header(RETRY_AFTER, HeaderValue::from(seconds)))
            }
            _ => Ok(()),
        }
    }
}

fn unavailable() -> Problem {
    Problem::new(&ALERT_UNAVAILABLE, "Nothing can be done about the alert at the moment.")
}

/// Identifier and signature; none where a field comes twice, because two readers could take different ones.
fn signature_of(headers: &HeaderMap) -> (Option<&str>, Option<&str>) {
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    };
    (only("github-public-key-identifier"), only("github-public-key-signature"))
}
