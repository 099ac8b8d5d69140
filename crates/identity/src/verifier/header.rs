//! The header of a token, read before anything is believed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::services::VerifyError;

/// A signature algorithm, as tokens and settings name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// One that the library knows by this name.
    Registered(Algorithm),
    /// What RFC 9864 calls `EdDSA` with this curve. The library knows the older name alone.
    Ed25519,
}

impl Name {
    /// `none` is not among them: there is no such algorithm here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "Ed25519" {
            return Some(Self::Ed25519);
        }
        text.parse().ok().map(Self::Registered)
    }

    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::Registered(algorithm) => algorithm,
            Self::Ed25519 => Algorithm::EdDSA,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registered(algorithm) => write!(f, "{algorithm:?}"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// What of a header decides how a token is checked. `jwk`, `jku`, `x5c` and `x5u` are not among
/// it: a token does not bring its own key.
#[derive(Debug)]
pub(super) struct TokenHeader {
    pub(super) algorithm: Name,
    pub(super) kid: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    alg: String,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// Whether a member is there, whatever its value.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl TokenHeader {
    pub(super) fn read(token: &str) -> Result<Self, VerifyError> {
        let malformed = |text: &str| VerifyError::Malformed(text.to_owned());
        let mut parts = token.split('.');
        let (Some(head), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(malformed("it does not have three parts"));
        };
        let bytes = URL_SAFE_NO_PAD.decode(head).map_err(|_| malformed("its header is not base64url"))?;
        let raw: Raw = serde_json::from_slice(&bytes).map_err(|_| malformed("its header is not a JWS header"))?;
        if raw.crit {
            // RFC 7515, §4.1.11: none of the extensions is understood here.
            return Err(malformed("its header has `crit`, whose extensions are not known here"));
        }
        let algorithm = Name::parse(&raw.alg)
            .ok_or_else(|| VerifyError::Signature("its algorithm is not one that is known here".to_owned()))?;
        Ok(Self { algorithm, kid: raw.kid })
    }
}

/// Checks a token whose header says `Ed25519`. The signing input is the token's own, untouched.
pub(super) fn decode_ed25519(token: &str, key: &DecodingKey) -> Result<Value, Error> {
    let invalid = || Error::from(ErrorKind::InvalidToken);
    let (message, signature) = token.rsplit_once('.').ok_or_else(invalid)?;
    if !crypto::verify(signature, message.as_bytes(), key, Algorithm::EdDSA)? {
        return Err(ErrorKind::InvalidSignature.into());
    }
    let (_, claims) = message.split_once('.').ok_or_else(invalid)?;
    let bytes = URL_SAFE_NO_PAD.decode(claims).map_err(|_| invalid())?;
    serde_json::from_slice(&bytes).map_err(|_| invalid())
}

/// The library's words in ours.
pub(super) fn refusal(error: &Error) -> VerifyError {
    match error.kind() {
        ErrorKind::InvalidSignature => VerifyError::Signature("it does not fit the key".to_owned()),
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
            VerifyError::Malformed("its parts are not base64url of JSON".to_owned())
        }
        other => VerifyError::Signature(format!("{:?}", Error::from(other.clone()))),
    }
}
