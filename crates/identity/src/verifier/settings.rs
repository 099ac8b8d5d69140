//! Settings, checked: where the keys come from and which algorithms they may be used with.

use jsonwebtoken::{AlgorithmFamily, DecodingKey};
use tollgate_core::catalog::BuildError;
use tollgate_core::services::VerifierSettings;
use url::Url;

use super::header::Name;
use super::jwks::Location;

/// Where keys come from.
pub(super) enum KeyOrigin {
    /// A shared secret, its UTF-8 bytes.
    Secret(String),
    /// One public key, which the settings hold.
    Public(DecodingKey),
    /// A JWK set.
    Fetched(Location),
}

/// What a verifier needs of its settings.
pub(super) struct Plan {
    pub(super) origin: KeyOrigin,
    pub(super) algorithms: Vec<Name>,
}

const SYMMETRIC: [&str; 3] = ["HS256", "HS384", "HS512"];
const ASYMMETRIC: [&str; 10] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"];

impl Plan {
    pub(super) fn new(settings: &VerifierSettings) -> Result<Self, BuildError> {
        let public = settings.public_key.as_deref().map(public_key).transpose()?;
        let origin = match (&settings.secret, &settings.jwks_url, &settings.issuer) {
            (None, None, _) if public.is_some() => {
                let (key, fitting) = public.ok_or_else(|| BuildError::at("", "there is no key"))?;
                return Self::with(KeyOrigin::Public(key), fitting, "does not work with this key", settings);
            }
            _ if public.is_some() => {
                return Err(BuildError::at("", "a public key and a secret or JWK set cannot be used together"));
            }
            // With both, a token could be checked against what its author knows.
            (Some(_), Some(_), _) => {
                return Err(BuildError::at("/secret", "a secret and a JWK set cannot be used together")
                    .help("keep `secret` for HS256, HS384 and HS512, or `jwkUrl` for all others"));
            }
            (Some(secret), None, _) if secret.is_empty() => {
                return Err(BuildError::at("/secret", "the secret is empty"));
            }
            (Some(secret), None, _) => KeyOrigin::Secret(secret.clone()),
            (None, Some(url), _) => KeyOrigin::Fetched(Location::Url(web_url(url, "/jwkUrl")?)),
            (None, None, Some(issuer)) => {
                web_url(issuer, "/issuer")?;
                KeyOrigin::Fetched(Location::Issuer(issuer.clone()))
            }
            (None, None, None) => {
                return Err(BuildError::at("", "there is nothing to verify tokens with")
                    .help("give `issuer` to discover its keys, `jwkUrl`, or `secret`"));
            }
        };
        let (fitting, misfit): (&[&str], &str) = match origin {
            KeyOrigin::Secret(_) => (&SYMMETRIC, "does not work with a secret"),
            KeyOrigin::Public(_) | KeyOrigin::Fetched(_) => (&ASYMMETRIC, "does not work with public keys"),
        };
        Self::with(origin, fitting, misfit, settings)
    }

    fn with(
        origin: KeyOrigin,
        fitting: &[&str],
        misfit: &str,
        settings: &VerifierSettings,
    ) -> Result<Self, BuildError> {
        let mut algorithms = Vec::new();
        for (index, text) in settings.algorithms.iter().enumerate() {
            let at = |message: String| {
                Err(BuildError::at(format!("/algorithms/{index}"), message)
                    .help(format!("one of {}", fitting.join(", "))))
            };
            match Name::parse(text) {
                None => return at(format!("`{text}` is not an algorithm that is known here")),
                Some(_) if !fitting.contains(&text.as_str()) => return at(format!("`{text}` {misfit}")),
                Some(name) => algorithms.push(name),
            }
        }
        // One algorithm with two names: whoever allows one means both.
        if algorithms.iter().any(|name| name.algorithm().family() == AlgorithmFamily::Ed) {
            algorithms.extend(["EdDSA", "Ed25519"].into_iter().filter_map(Name::parse));
        }
        if algorithms.is_empty() {
            algorithms.extend(fitting.iter().copied().filter_map(Name::parse));
        }
        Ok(Self { origin, algorithms })
    }
}

/// A public key in PEM, and the algorithms that it may be used with: decided by its kind, so that no token
/// can have it taken for a secret.
fn public_key(pem: &str) -> Result<(DecodingKey, &'static [&'static str]), BuildError> {
    // Keys in one line of an environment's file have their line breaks written out.
    let pem = pem.trim().replace("\\n", "\n");
    if pem.contains("PRIVATE KEY") {
        return Err(
            BuildError::at("", "this is a private key").help("give the public one: `-----BEGIN PUBLIC KEY-----`")
        );
    }
    let rsa = DecodingKey::from_rsa_pem(pem.as_bytes()).map(|key| (key, &ASYMMETRIC[..6]));
    let key = rsa.or_else(|_| DecodingKey::from_ec_pem(pem.as_bytes()).map(|key| (key, &ASYMMETRIC[6..8])));
    let key = key.or_else(|_| DecodingKey::from_ed_pem(pem.as_bytes()).map(|key| (key, &ASYMMETRIC[8..])));
    key.map_err(|_| {
        BuildError::at("", "this is no public key in PEM").help("it begins with `-----BEGIN PUBLIC KEY-----`")
    })
}

fn web_url(text: &str, pointer: &str) -> Result<String, BuildError> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.to_owned()),
        _ => Err(BuildError::at(pointer, format!("`{text}` is not an http or https URL"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(settings: VerifierSettings, expected: Result<usize, &str>) {
        match (Plan::new(&settings), expected) {
            (Ok(plan), Ok(count)) => assert_eq!(plan.algorithms.len(), count, "{settings:?}"),
            (Err(error), Err(text)) => assert!(error.message.contains(text), "{}", error.message),
            (got, expected) => panic!("{settings:?}: got {:?}, expected {expected:?}", got.map(|plan| plan.algorithms)),
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let some = |text: &str| Some(text.to_owned());
        let none = VerifierSettings::default;
        check(none(), Err("nothing to verify tokens with"));
        check(VerifierSettings { secret: some(""), ..none() }, Err("empty"));
        check(
            VerifierSettings { secret: some("s"), jwks_url: some("https://i.test/k"), ..none() },
            Err("cannot be used together"),
        );
        check(VerifierSettings { issuer: some("my issuer"), ..none() }, Err("not an http or https URL"));
        check(VerifierSettings { jwks_url: some("file:///etc/passwd"), ..none() }, Err("not an http or https URL"));
        check(VerifierSettings { secret: some("s"), issuer: some("any text"), ..none() }, Ok(3));
        check(VerifierSettings { issuer: some("https://i.test"), ..none() }, Ok(10));
        check(VerifierSettings { public_key: some("no key"), ..none() }, Err("no public key in PEM"));
        check(VerifierSettings { public_key: some("-----BEGIN PRIVATE KEY-----"), ..none() }, Err("private key"));
        let with = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        check(VerifierSettings { secret: some("s"), algorithms: with(&["HS256"]), ..none() }, Ok(1));
        check(VerifierSettings { secret: some("s"), algorithms: with(&["RS256"]), ..none() }, Err("with a secret"));
        let issuer = || VerifierSettings { issuer: some("https://i.test"), ..none() };
        check(VerifierSettings { algorithms: with(&["HS256"]), ..issuer() }, Err("with public keys"));
        check(VerifierSettings { algorithms: with(&["none"]), ..issuer() }, Err("not an algorithm"));
        check(VerifierSettings { algorithms: with(&["RS256", "ES256"]), ..issuer() }, Ok(2));
    }
}
