//! Lets a request through only with a certificate that the client has shown in the TLS handshake.
//!
//! The listener has verified it: who may issue certificates is said there. The policy says which of them are good for
//! this route, and makes the certificate known to code, limits and upstreams.

use std::sync::Arc;

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::{ClientCertificate, Credential};
use tollgate_core::{Exchange, Policy, Problem, Reason, Request, Step, User};

use crate::credential::unauthorized;

/// There is no certificate.
pub static MISSING: Reason = unauthorized(
    "mtls.missing",
    "credentials-missing",
    "The client has shown no certificate in the TLS handshake.",
    "Send one; the listener asks for it where it has `tls.clientCertificates`.",
);
/// It is of another issuer.
pub static ISSUER: Reason = unauthorized(
    "mtls.issuer",
    "credentials-refused",
    "The certificate of the client is good for the listener, but of another issuer than the policy names.",
    "Compare its issuer, which the log has, with `certIssuerDN` of the policy.",
);

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<MtlsAuth>("mtls-auth", Direction::Inbound, include_str!("docs.md"))
    .exports(&["MTLSAuthInboundPolicy"])
    .authenticates()
    .documented_as(|_| Some(json!({ "type": "mutualTLS" })))
    .reasons(&[&MISSING, &ISSUER]);

/// Which certificates are good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The distinguished name of the issuer, such as `CN=Clients, O=Example`. Default: any that the listener trusts.
    #[serde(rename = "certIssuerDN")]
    cert_issuer_dn: Option<String>,
    /// Whether requests without a good certificate go on, without a user. Default: false.
    #[serde(default)]
    allow_unauthenticated_requests: bool,
}

/// See the module.
#[derive(Debug)]
struct MtlsAuth {
    issuer: Option<Vec<String>>,
    optional: bool,
}

impl Configure for MtlsAuth {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let issuer = options.cert_issuer_dn.map(|text| {
            let name = parts(&text);
            if name.is_empty() || name.iter().any(|part| !part.contains('=')) {
                return Err(BuildError::at("/certIssuerDN", format!("`{text}` is no distinguished name"))
                    .help("such as CN=Clients, O=Example"));
            }
            Ok(name)
        });
        Ok(Self { issuer: issuer.transpose()?, optional: options.allow_unauthenticated_requests })
    }
}

impl Policy for MtlsAuth {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, _: &'a mut Request) -> Step<'a> {
        let refused = |reason, detail, cause: String| {
            Step::from(
                Problem::new(reason, detail)
                    .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Certificate realm=\"api\""))
                    .caused_by(cause),
            )
        };
        let Some(certificate) = exchange.client.certificate.clone() else {
            return match self.optional {
                true => Step::CONTINUE,
                false => refused(&MISSING, "A client certificate is required", "no certificate".to_owned()),
            };
        };
        if self.issuer.as_ref().is_some_and(|issuer| !is_same(issuer, &parts(&certificate.issuer))) {
            return match self.optional {
                true => Step::CONTINUE,
                false => refused(
                    &ISSUER,
                    "The client certificate is not accepted",
                    format!("issued by {}", certificate.issuer),
                ),
            };
        }
        exchange.user = Some(user(exchange.user.take(), &certificate));
        Step::CONTINUE
    }
}

/// The user with a certificate: who is known already stays who he is.
fn user(known: Option<User>, certificate: &ClientCertificate) -> User {
    let told = json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "notBefore": certificate.not_before.rfc3339(),
        "notAfter": certificate.not_after.rfc3339(),
        "sha256Fingerprint": certificate.sha256,
    });
    let mut user = known.unwrap_or_else(|| User {
        sub: certificate.subject.as_str().into(),
        data: Arc::new(json!({})),
        credential: Credential::Other,
    });
    if let Value::Object(fields) = Arc::make_mut(&mut user.data) {
        fields.insert("mtlsAuth".to_owned(), told);
    }
    user
}

/// The parts of a distinguished name: what stands between commas that are not escaped or quoted.
fn parts(name: &str) -> Vec<String> {
    let (mut escaped, mut quoted) = (false, false);
    let parts = name.split(|c| {
        let separates = c == ',' && !escaped && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        separates
    });
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Whether two names are one. Programs write the parts in one order or the other (RFC 4514 §2.1).
fn is_same(one: &[String], other: &[String]) -> bool {
    let equal = |a: &String, b: &String| match (a.split_once('='), b.split_once('=')) {
        (Some((kind, value)), Some((other_kind, other_value))) => {
            kind.trim().eq_ignore_ascii_case(other_kind.trim()) && value.trim() == other_value.trim()
        }
        _ => false,
    };
    one.len() == other.len()
        && (one.iter().zip(other).all(|(a, b)| equal(a, b))
            || one.iter().zip(other.iter().rev()).all(|(a, b)| equal(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Room, passed, refused, request, run};

    fn certificate(issuer: &str) -> Option<Arc<ClientCertificate>> {
        Some(Arc::new(ClientCertificate {
            subject: "CN=client".to_owned(),
            issuer: issuer.to_owned(),
            sha256: "ab".to_owned(),
            ..ClientCertificate::default()
        }))
    }

    #[tokio::test]
    async fn only_a_certificate_of_the_issuer_passes_and_becomes_the_user() {
        let room = Room::new();
        let issuer = r#"CN=Clients\, all, O="Pets, Ltd""#;
        for (wanted, shown, reason) in [
            (json!(null), Some("CN=any"), None),
            (json!(null), None, Some("mtls.missing")),
            (json!(issuer), Some(issuer), None),
            (json!(issuer), Some(r#"O="Pets, Ltd",cn=Clients\, all"#), None),
            (json!(issuer), Some("CN=Clients"), Some("mtls.issuer")),
            (json!("CN=a, O=b"), Some("CN=a, O=b, C=c"), Some("mtls.issuer")),
            (json!("CN=a"), Some("CN=A"), Some("mtls.issuer")),
            (json!("CN=a"), None, Some("mtls.missing")),
        ] {
            for optional in [false, true] {
                let options = json!({ "certIssuerDN": wanted, "allowUnauthenticatedRequests": optional });
                let policy = room.build(&KIND, options).unwrap();
                let (mut exchange, mut asked) = (room.exchange(), request(&[]));
                exchange.client.certificate = shown.and_then(certificate);
                let flow = run(&policy, &mut exchange, &mut asked).await;
                match reason.filter(|_| !optional) {
                    Some(reason) => {
                        let problem = refused(flow);
                        assert_eq!(problem.reason.name, reason, "{wanted} {shown:?}");
                        assert!(problem.headers.contains_key("www-authenticate"));
                    }
                    None => passed(flow),
                }
                assert_eq!(exchange.user.is_some(), reason.is_none(), "{wanted} {shown:?}");
            }
        }
    }

    #[tokio::test]
    async fn who_is_known_already_stays_who_he_is() {
        let room = Room::new();
        let policy = room.build(&KIND, json!(null)).unwrap();
        for (known, sub) in
            [(None, "CN=client"), (Some(crate::testing::user("alice", json!({ "plan": "gold" }))), "alice")]
        {
            let (mut exchange, mut asked) = (room.exchange(), request(&[]));
            exchange.client.certificate = certificate("CN=ca");
            exchange.user = known.clone();
            passed(run(&policy, &mut exchange, &mut asked).await);
            let user = exchange.user.unwrap();
            assert_eq!(&*user.sub, sub);
            assert_eq!(user.data["mtlsAuth"]["sha256Fingerprint"], "ab");
            assert_eq!(user.data.get("plan").is_some(), known.is_some());
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let room = Room::new();
        for name in ["", "Clients", "CN=a, b"] {
            assert_eq!(room.build(&KIND, json!({ "certIssuerDN": name })).unwrap_err().pointer, "/certIssuerDN");
        }
    }
}
