//! Lets webhooks of Stripe through only if Stripe signed them, lately.

use std::fmt;

use aws_lc_rs::hmac;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Body, Exchange, Fault, Flow, Policy, Problem, Reason, Request, Step};

/// It is not signed by Stripe.
pub static SIGNATURE: Reason = Reason {
    name: "stripe.signature",
    code: "bad-request",
    status: 400,
    title: "Bad Request",
    fault: Fault::Client,
    meaning: "The request has no `Stripe-Signature` that fits its body and the secret, or its moment is too far from now.",
    fix: "Compare `signingSecret` with that of the endpoint at Stripe; see that nothing in front changes the body, and that the clock is right.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<StripeWebhookVerification>(
    "stripe-webhook-verification",
    Direction::Inbound,
    include_str!("docs.md"),
)
.exports(&["StripeWebhookVerificationInboundPolicy"])
.secrets(&["/signingSecret"])
.reasons(&[&SIGNATURE]);

/// By what signatures are checked.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The secret of the endpoint (`whsec_…`). Take it from the environment: `$env(NAME)`.
    signing_secret: String,
    /// By how many seconds the moment of a signature may differ from now. Default: 300.
    #[serde(default = "five_minutes")]
    tolerance: u32,
}

const fn five_minutes() -> u32 {
    300
}

/// The most signatures that are looked at: there are two while a secret is rolled.
const MOST: usize = 16;

/// See the module.
struct StripeWebhookVerification {
    key: hmac::Key,
    tolerance: u64,
    limit: usize,
}

impl fmt::Debug for StripeWebhookVerification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeWebhookVerification").field("tolerance", &self.tolerance).finish_non_exhaustive()
    }
}

impl Configure for StripeWebhookVerification {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if options.signing_secret.is_empty() {
            return Err(BuildError::at("/signingSecret", "is empty").help("give it: `$env(NAME)`"));
        }
        if options.tolerance == 0 {
            return Err(BuildError::at("/tolerance", "no webhook comes at the moment that it was signed")
                .help("some seconds: 300"));
        }
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, options.signing_secret.as_bytes()),
            tolerance: options.tolerance.into(),
            limit: context.settings.server.limits.buffered_body.as_usize(),
        })
    }
}

impl Policy for StripeWebhookVerification {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let refused = |why: String| Problem::new(&SIGNATURE, "The signature of the webhook is not good").caused_by(why);
        let signed = match Signed::of(request.headers()) {
            Ok(signed) => signed,
            Err(why) => return refused(why).into(),
        };
        let now = exchange.services.clock.now().seconds();
        if now.abs_diff(signed.seconds) > self.tolerance {
            let apart = now.abs_diff(signed.seconds);
            return refused(format!("it was signed {apart} seconds from now")).into();
        }
        Step::later(async move {
            let body = std::mem::take(request.body_mut());
            let bytes = match body.collect_up_to(self.limit).await {
                Ok(bytes) => bytes,
                Err(error) => return Flow::Refuse(error.into()),
            };
            let mut message = format!("{}.", signed.seconds).into_bytes();
            message.extend_from_slice(&bytes);
            if !signed.signatures.iter().any(|signature| hmac::verify(&self.key, &message, signature).is_ok()) {
                return refused("no signature fits".to_owned()).into();
            }
            *request.body_mut() = Body::full(bytes);
            Flow::Continue
        })
    }
}

/// The field `Stripe-Signature`: `t=SECONDS,v1=HEX,v1=HEX`.
#[derive(Debug, PartialEq, Eq)]
struct Signed {
    seconds: i64,
    signatures: Vec<Vec<u8>>,
}

impl Signed {
    fn of(headers: &HeaderMap) -> Result<Self, String> {
        let mut fields = headers.get_all("stripe-signature").iter();
        let (field, None) = (fields.next().ok_or("there is no Stripe-Signature")?, fields.next()) else {
            return Err("there is more than one Stripe-Signature".to_owned());
        };
        let text = field.to_str().map_err(|_| "Stripe-Signature is no text".to_owned())?;
        let (mut seconds, mut signatures) = (None, Vec::new());
        for (name, value) in text.split(',').filter_map(|part| part.trim().split_once('=')) {
            match name {
                "t" if seconds.is_some() => return Err("Stripe-Signature has two moments".to_owned()),
                // As Stripe writes it: what is signed is the text.
                "t" => {
                    let plain = !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit());
                    seconds = value.parse().ok().filter(|_| plain);
                }
                "v1" => signatures.extend(unhex(value)),
                // Other schemes are weaker (v0 is for tests) or not known here.
                _ => {}
            }
        }
        let seconds = seconds.ok_or("Stripe-Signature has no moment")?;
        match signatures.len() {
            0 => Err("Stripe-Signature has no signature of the scheme v1".to_owned()),
            1..=MOST => Ok(Self { seconds, signatures }),
            _ => Err(format!("Stripe-Signature has more than {MOST} signatures")),
        }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt;
    use serde_json::json;

    use super::*;
    use crate::testing::{Room, passed, refused, request, run};

    /// 2026-01-01T00:00:00Z, where the clock stands.
    const NOW: i64 = 1_767_225_600;
    const SECRET: &str = "whsec_test";

    fn sign(secret: &str, seconds: i64, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn send(policy: &Arc<dyn Policy>, room: &Room, fields: &[&str], body: &str) -> (Flow, String) {
        let fields: Vec<_> = fields.iter().map(|value| ("stripe-signature", *value)).collect();
        let mut asked = request(&fields);
        *asked.body_mut() = Body::full(body.to_owned());
        let flow = run(policy, &mut room.exchange(), &mut asked).await;
        let body = asked.into_body().collect().await.unwrap().to_bytes();
        (flow, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn only_what_was_signed_lately_with_the_secret_passes() {
        let room = Room::new();
        let policy = room.build(&KIND, json!({ "signingSecret": SECRET })).unwrap();
        let body = r#"{"type":"invoice.paid"}"#;
        let good = sign(SECRET, NOW, body);
        let early = sign(SECRET, NOW - 300, body);
        for good in [
            format!("t={NOW},v1={good}"),
            format!("t={NOW}, v0={}, v1={},v1={good}", "0".repeat(64), "1".repeat(64)),
            format!("v1={good},t={NOW}"),
            format!("t={},v1={early}", NOW - 300),
        ] {
            let (flow, upstream) = send(&policy, &room, &[&good], body).await;
            passed(flow);
            assert_eq!(upstream, body, "the upstream gets what was signed");
        }
        let (late, ahead) = (sign(SECRET, NOW - 301, body), sign(SECRET, NOW + 301, body));
        for bad in [
            format!("t={NOW},v1={}", sign("whsec_other", NOW, body)),
            format!("t={NOW},v1={}", sign(SECRET, NOW, "{}")),
            format!("t={},v1={good}", NOW + 1),
            format!("t={},v1={late}", NOW - 301),
            format!("t={},v1={ahead}", NOW + 301),
            format!("t={NOW},v0={good}"),
            format!("t={NOW},v1={}", &good[..62]),
            format!("t={NOW},v1="),
            format!("t={NOW},t={NOW},v1={good}"),
            format!("t=0{NOW},v1={good}"),
            format!("t=+{NOW},v1={good}"),
            format!("v1={good}"),
            format!("t={NOW},{}", vec![format!("v1={good}"); 17].join(",")),
            String::new(),
        ] {
            let (flow, _) = send(&policy, &room, &[&bad], body).await;
            let problem = refused(flow);
            assert_eq!(problem.reason.name, "stripe.signature", "{bad}");
            assert!(!problem.cause.clone().unwrap().contains(SECRET));
        }
        let field = format!("t={NOW},v1={good}");
        for fields in [vec![], vec![field.as_str(), field.as_str()]] {
            refused(send(&policy, &room, &fields, body).await.0);
        }
    }

    #[test]
    fn what_cannot_work_is_refused_at_its_place_and_the_secret_is_never_shown() {
        let room = Room::new();
        for (options, pointer) in [
            (json!({ "signingSecret": "" }), "/signingSecret"),
            (json!({ "signingSecret": SECRET, "tolerance": 0 }), "/tolerance"),
            (json!({ "signingSecret": SECRET, "tolerance": -1 }), "/tolerance"),
        ] {
            assert_eq!(room.build(&KIND, options).unwrap_err().pointer, pointer);
        }
        let policy = room.build(&KIND, json!({ "signingSecret": SECRET })).unwrap();
        assert!(!format!("{policy:?}").contains(SECRET));
    }
}
