//! Public keys out of a JWK set (RFC 7517), each with the algorithms that it may be used with.

use std::sync::Arc;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tollgate_core::services::VerifyError;

use super::header::{Name, TokenHeader};

/// The most keys that are taken from one set.
const MAX_KEYS: usize = 256;

/// What a set says about a token's key.
#[derive(Debug)]
pub(super) enum Selection {
    /// These may fit.
    Found(Vec<Arc<PublicKey>>),
    /// The set must be fetched first, or anew.
    Ask,
    /// There is no such key, and it is too early to ask again.
    Refused(VerifyError),
}

/// One key.
#[derive(Debug)]
pub(super) struct PublicKey {
    kid: Option<String>,
    algorithms: &'static [Algorithm],
    pub(super) key: DecodingKey,
    /// The key material, for telling whether a key was taken back.
    material: String,
}

/// The keys of a set.
#[derive(Debug, Default)]
pub(super) struct PublicKeys(Vec<Arc<PublicKey>>);

impl PublicKeys {
    /// Reads a set. Entries that are for something else, or of a kind that is not known here, are
    /// left out, as RFC 7517, §5 asks for.
    pub(super) fn read(document: &Value) -> Option<Self> {
        let entries = document.get("keys")?.as_array()?;
        Some(Self(entries.iter().take(MAX_KEYS).filter_map(read).map(Arc::new).collect()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys that may have signed a token: those with its `kid`, or else those without any.
    /// Without a `kid` in the token, all that fit the algorithm.
    pub(super) fn select(&self, header: &TokenHeader) -> Vec<Arc<PublicKey>> {
        let algorithm = header.algorithm.algorithm();
        let fitting = || self.0.iter().filter(|key| key.algorithms.contains(&algorithm));
        let Some(kid) = &header.kid else { return fitting().cloned().collect() };
        let named: Vec<_> = fitting().filter(|key| key.kid.as_ref() == Some(kid)).cloned().collect();
        if named.is_empty() { fitting().filter(|key| key.kid.is_none()).cloned().collect() } else { named }
    }

    /// Whether every key of `self` is still in `newer`.
    pub(super) fn all_in(&self, newer: &Self) -> bool {
        self.0.iter().all(|key| newer.0.iter().any(|other| other.material == key.material && other.kid == key.kid))
    }
}

fn read(entry: &Value) -> Option<PublicKey> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    if let Some(operations) = entry.get("key_ops")
        && !operations.as_array()?.iter().any(|operation| operation == "verify")
    {
        return None;
    }
    // The material alone: what else stands in the entry must not keep it from being read.
    let (members, possible): (&[&str], &'static [Algorithm]) = match (text("kty")?, text("crv")) {
        ("RSA", _) => (&["kty", "n", "e"], &RSA),
        ("EC", Some("P-256")) => (&["kty", "crv", "x", "y"], &[Algorithm::ES256]),
        ("EC", Some("P-384")) => (&["kty", "crv", "x", "y"], &[Algorithm::ES384]),
        ("OKP", Some("Ed25519")) => (&["kty", "crv", "x"], &[Algorithm::EdDSA]),
        // A symmetric key in a public set is no key: everybody knows it.
        _ => return None,
    };
    let algorithms = match text("alg") {
        None => possible,
        Some(name) => {
            let pinned = Name::parse(name)?.algorithm();
            let at = possible.iter().position(|algorithm| *algorithm == pinned)?;
            &possible[at..=at]
        }
    };
    let material: serde_json::Map<String, Value> =
        members.iter().filter_map(|name| Some(((*name).to_owned(), entry.get(*name)?.clone()))).collect();
    let material = Value::Object(material);
    let text_form = material.to_string();
    let jwk: Jwk = serde_json::from_value(material).ok()?;
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some(PublicKey { kid: text("kid").map(str::to_owned), algorithms, key, material: text_form })
}

static RSA: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
