//! What the policies for tokens of single providers share: where a provider's keys are follows from a few
//! options; everything else is `open-id-jwt-auth`.

use http::Uri;
use tollgate_core::catalog::{BuildContext, BuildError};
use tollgate_core::services::VerifierSettings;

use crate::open_id_jwt_auth::{Demands, OpenIdJwtAuth};

/// An issuer, and where its keys are.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    /// `None` where they are discovered.
    pub(crate) key_set: Option<String>,
    pub(crate) audience: Option<String>,
}

impl Provider {
    /// A policy that trusts it. What is wrong with a URL is told at `pointer`, the option that it is made of.
    ///
    /// # Errors
    /// Where the URLs are none.
    pub(crate) fn policy(
        self,
        pointer: &str,
        demands: Demands,
        context: &BuildContext<'_>,
    ) -> Result<OpenIdJwtAuth, BuildError> {
        let settings = VerifierSettings {
            issuer: Some(self.issuer),
            audience: self.audience.filter(|text| !text.is_empty()),
            jwks_url: self.key_set,
            ..VerifierSettings::default()
        };
        OpenIdJwtAuth::with(&settings, demands, context)
            .map_err(|error| BuildError { pointer: pointer.to_owned(), ..error })
    }
}

/// What is demanded of requests where a provider's policy has the two options that all of them have.
pub(crate) fn demands(allow_unauthenticated_requests: bool, o_auth_resource_metadata_enabled: bool) -> Demands {
    Demands {
        optional: allow_unauthenticated_requests,
        metadata: o_auth_resource_metadata_enabled,
        ..Demands::default()
    }
}

/// A name that stands alone in a host or path: an option that is empty, or that would lead elsewhere, must
/// not decide whose tokens are good.
pub(crate) fn plain<'t>(text: &'t str, pointer: &str, what: &str) -> Result<&'t str, BuildError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if text.is_empty() || text.contains("..") || !text.bytes().all(fits) {
        return Err(BuildError::at(pointer, format!("`{text}` is not {what}"))
            .help("letters, digits, dots and hyphens; no scheme, no slash"));
    }
    Ok(text)
}

/// A URL of an issuer without a slash at its end; `https://` may be left out.
pub(crate) fn issuer_url(text: &str, pointer: &str) -> Result<String, BuildError> {
    let trimmed = text.trim_end_matches('/');
    let url = if text.contains("://") { trimmed.to_owned() } else { format!("https://{trimmed}") };
    let whole = url.parse::<Uri>().ok().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.query().is_none()
            && uri
                .authority()
                .is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
    });
    if whole.is_none() || url.contains('#') {
        return Err(BuildError::at(pointer, format!("`{text}` is not the URL of an issuer"))
            .help("write it whole: https://HOST/PATH"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tollgate_core::PolicyKind;

    use crate::testing::Room;
    use crate::{
        auth0_jwt_auth, clerk_jwt_auth, cognito_jwt_auth, firebase_jwt_auth, okta_jwt_auth, propel_auth_jwt_auth,
        supabase_jwt_auth,
    };

    /// Issuer, key set, audience.
    #[track_caller]
    fn check(kind: &PolicyKind, options: Value, expected: [Option<&str>; 3]) {
        let room = Room::new();
        room.build(kind, options).unwrap();
        let asked = room.verifiers.asked.lock().unwrap();
        let [settings] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!([&settings.issuer, &settings.jwks_url, &settings.audience].map(Option::as_deref), expected);
        assert!(settings.secret.is_none() && settings.public_key.is_none() && settings.algorithms.is_empty());
    }

    #[test]
    fn whose_tokens_are_good_follows_from_the_providers_options() {
        check(
            &auth0_jwt_auth::KIND,
            json!({ "auth0Domain": "example.eu.auth0.com", "audience": "api" }),
            [
                Some("https://example.eu.auth0.com/"),
                Some("https://example.eu.auth0.com/.well-known/jwks.json"),
                Some("api"),
            ],
        );
        check(
            &okta_jwt_auth::KIND,
            json!({ "issuerUrl": "https://example.okta.com/oauth2/default/" }),
            [Some("https://example.okta.com/oauth2/default"), None, None],
        );
        let pool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc123";
        check(
            &cognito_jwt_auth::KIND,
            json!({ "region": "eu-central-1", "userPoolId": "eu-central-1_Abc123" }),
            [Some(pool), Some(&format!("{pool}/.well-known/jwks.json")), None],
        );
        let pool = "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A";
        check(
            &cognito_jwt_auth::KIND,
            json!({ "region": "cn-north-1", "userPoolId": "cn-north-1_A" }),
            [Some(pool), Some(&format!("{pool}/.well-known/jwks.json")), None],
        );
        for url in ["https://example.clerk.accounts.dev", "example.clerk.accounts.dev/"] {
            check(
                &clerk_jwt_auth::KIND,
                json!({ "frontendApiUrl": url }),
                [
                    Some("https://example.clerk.accounts.dev"),
                    Some("https://example.clerk.accounts.dev/.well-known/jwks.json"),
                    None,
                ],
            );
        }
        check(
            &firebase_jwt_auth::KIND,
            json!({ "projectId": "example-1234" }),
            [Some("https://securetoken.google.com/example-1234"), Some(firebase_jwt_auth::KEYS), Some("example-1234")],
        );
    }

    #[test]
    fn an_option_that_would_lead_elsewhere_is_refused_at_its_place() {
        let room = Room::new();
        for (kind, options, pointer) in [
            (&auth0_jwt_auth::KIND, json!({ "auth0Domain": "" }), "/auth0Domain"),
            (&auth0_jwt_auth::KIND, json!({ "auth0Domain": "https://a.auth0.com" }), "/auth0Domain"),
            (&auth0_jwt_auth::KIND, json!({ "auth0Domain": "evil.test/a.auth0.com" }), "/auth0Domain"),
            (&auth0_jwt_auth::KIND, json!({ "auth0Domain": "a.auth0.com@evil.test" }), "/auth0Domain"),
            (&okta_jwt_auth::KIND, json!({ "issuerUrl": "" }), "/issuerUrl"),
            (&okta_jwt_auth::KIND, json!({ "issuerUrl": "ftp://a" }), "/issuerUrl"),
            (&okta_jwt_auth::KIND, json!({ "issuerUrl": "https://a@evil.test" }), "/issuerUrl"),
            (&okta_jwt_auth::KIND, json!({ "issuerUrl": "https://a?b=" }), "/issuerUrl"),
            (&cognito_jwt_auth::KIND, json!({ "region": "evil.test/", "userPoolId": "a" }), "/region"),
            (&cognito_jwt_auth::KIND, json!({ "region": "eu", "userPoolId": "../a" }), "/userPoolId"),
            (&clerk_jwt_auth::KIND, json!({ "frontendApiUrl": "https://" }), "/frontendApiUrl"),
            (&firebase_jwt_auth::KIND, json!({ "projectId": "a/b" }), "/projectId"),
            (&supabase_jwt_auth::KIND, json!({ "secret": "" }), "/secret"),
            (
                &supabase_jwt_auth::KIND,
                json!({ "secret": "s", "requiredClaims": { "a/b": [] } }),
                "/requiredClaims/a~1b",
            ),
            (&propel_auth_jwt_auth::KIND, json!({ "authUrl": "#", "verifierKey": "k" }), "/authUrl"),
        ] {
            assert_eq!(room.build(kind, options.clone()).unwrap_err().pointer, pointer, "{options}");
        }
    }
}
