//! One signing key: made, sealed, opened, signing.

use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value};
use tollgate_core::services::IssueError;
use tollgate_core::settings::SigningAlgorithm;
use tollgate_core::store::StoredSigningKey;
use tollgate_core::time::Timestamp;
use zeroize::Zeroizing;

use super::IssuerError;
use crate::master_key::MasterKey;

/// A signing key, ready to sign.
#[derive(Debug)]
pub(super) struct KeyMaterial {
    kid: String,
    algorithm: SigningAlgorithm,
    header: Header,
    private: EncodingKey,
    jwk: Value,
    /// When the last token that it signed here expires, in seconds since the epoch.
    last_expiry: AtomicI64,
}

impl KeyMaterial {
    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Its public half.
    pub(super) fn jwk(&self) -> &Value {
        &self.jwk
    }

    pub(super) fn last_expiry(&self) -> Timestamp {
        Timestamp::from_seconds(self.last_expiry.load(Ordering::Acquire))
    }

    /// Signs claims that expire at `expires`, in seconds since the epoch.
    pub(super) fn sign(&self, claims: &Map<String, Value>, expires: i64) -> Result<String, IssueError> {
        self.last_expiry.fetch_max(expires, Ordering::AcqRel);
        encode(&self.header, claims, &self.private).map_err(|error| IssueError(error.to_string()))
    }

    /// A new key, ready and sealed. Takes some tens of milliseconds for RSA: not for the threads
    /// that serve requests.
    pub(super) fn generate(
        algorithm: SigningAlgorithm,
        master_key: &MasterKey,
        created_on: Timestamp,
        active_on: Timestamp,
    ) -> Result<(Self, StoredSigningKey), IssuerError> {
        let failed = |what: &str| IssuerError::Generate(what.to_owned());
        let document = private_document(algorithm).ok_or_else(|| failed("the system gave no random bytes"))?;
        let material = Self::from_document(algorithm, &document).map_err(|problem| failed(&problem))?;
        let sealed = master_key
            .seal(&purpose(&material.kid, algorithm.as_str()), &document)
            .map_err(|_| failed("it could not be sealed"))?;
        let stored = StoredSigningKey {
            kid: material.kid.clone(),
            algorithm: algorithm.as_str().to_owned(),
            sealed,
            created_on,
            active_on,
            retired_on: None,
            published_until: None,
        };
        Ok((material, stored))
    }

    /// Opens a key from the store.
    pub(super) fn open(stored: &StoredSigningKey, master_key: &MasterKey) -> Result<Self, IssuerError> {
        let unusable = |problem: String| IssuerError::Unusable { kid: stored.kid.clone(), problem };
        let algorithm = algorithm_named(&stored.algorithm)
            .ok_or_else(|| unusable(format!("this version does not know its algorithm `{}`", stored.algorithm)))?;
        let document = master_key
            .open(&purpose(&stored.kid, &stored.algorithm), &stored.sealed)
            .map_err(|_| IssuerError::WrongMasterKey { kid: stored.kid.clone() })?;
        let material = Self::from_document(algorithm, &document).map_err(unusable)?;
        if material.kid == stored.kid { Ok(material) } else { Err(unusable("its name is another key's".to_owned())) }
    }

    fn from_document(algorithm: SigningAlgorithm, document: &[u8]) -> Result<Self, String> {
        let text = |error: jsonwebtoken::errors::Error| error.to_string();
        let name = registered(algorithm);
        let private = match algorithm {
            SigningAlgorithm::ES256 | SigningAlgorithm::ES384 => EncodingKey::from_ec_der(document),
            SigningAlgorithm::EdDSA => EncodingKey::from_ed_der(document),
            // Only through PEM does the library take an RSA key out of its PKCS #8 envelope.
            _ => EncodingKey::from_rsa_pem(pem(document).as_bytes()).map_err(text)?,
        };
        let mut jwk = Jwk::from_encoding_key(&private, name).map_err(text)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(text)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let jwk = serde_json::to_value(&jwk).map_err(|error| error.to_string())?;
        let header = Header { kid: Some(kid.clone()), ..Header::new(name) };
        Ok(Self { kid, algorithm, header, private, jwk, last_expiry: AtomicI64::new(0) })
    }
}

/// What a sealed key is bound to: its name and its algorithm.
fn purpose(kid: &str, algorithm: &str) -> String {
    format!("signing-key:{algorithm}:{kid}")
}

/// A new private key as PKCS #8 (RFC 5208).
fn private_document(algorithm: SigningAlgorithm) -> Option<Zeroizing<Vec<u8>>> {
    let document = match algorithm {
        SigningAlgorithm::ES256 => {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?.to_pkcs8v1().ok()?.as_ref().to_vec()
        }
        SigningAlgorithm::ES384 => {
            EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).ok()?.to_pkcs8v1().ok()?.as_ref().to_vec()
        }
        SigningAlgorithm::EdDSA => Ed25519KeyPair::generate().ok()?.to_pkcs8v1().ok()?.as_ref().to_vec(),
        _ => RsaKeyPair::generate(KeySize::Rsa2048).ok()?.as_der().ok()?.as_ref().to_vec(),
    };
    Some(Zeroizing::new(document))
}

/// RFC 7468.
fn pem(document: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(document));
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 64));
    text.push_str("-----BEGIN PRIVATE KEY-----\n");
    for at in (0..body.len()).step_by(64) {
        text.push_str(&body[at..body.len().min(at + 64)]);
        text.push('\n');
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    text
}

fn registered(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::RS256 => Algorithm::RS256,
        SigningAlgorithm::RS384 => Algorithm::RS384,
        SigningAlgorithm::RS512 => Algorithm::RS512,
        SigningAlgorithm::PS256 => Algorithm::PS256,
        SigningAlgorithm::PS384 => Algorithm::PS384,
        SigningAlgorithm::PS512 => Algorithm::PS512,
        SigningAlgorithm::ES256 => Algorithm::ES256,
        SigningAlgorithm::ES384 => Algorithm::ES384,
        SigningAlgorithm::EdDSA => Algorithm::EdDSA,
    }
}

fn algorithm_named(name: &str) -> Option<SigningAlgorithm> {
    serde_json::from_value(Value::String(name.to_owned())).ok()
}
