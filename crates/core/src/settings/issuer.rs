//! The signing of tokens, the form of keys, and the key that seals what is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Interval, Lifetime};

/// The signing of tokens for upstreams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IssuerSettings {
    /// The path of the issuer: its discovery document and its keys are served below it, and
    /// `publicUrl` + this path is the `iss` of every token.
    pub path: String,
    /// The signature algorithm.
    pub algorithm: SigningAlgorithm,
    /// How long a token is valid, unless a policy says otherwise.
    pub expires_in: Lifetime,
    /// How often the signing key is replaced. `0s` for never.
    pub rotate_every: Interval,
    /// How long a new signing key is published before it signs, so that backends which refresh
    /// their copy of the keys every five minutes know it in time.
    pub publish_before_use: Interval,
}

impl Default for IssuerSettings {
    fn default() -> Self {
        Self {
            path: "/__tollgate/issuer".to_owned(),
            algorithm: SigningAlgorithm::RS256,
            expires_in: Lifetime(std::time::Duration::from_secs(300)),
            rotate_every: Interval::from_secs(90 * 86_400),
            publish_before_use: Interval::from_secs(600),
        }
    }
}

/// The signature algorithms that the issuer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[allow(clippy::upper_case_acronyms, reason = "these are the registered names")]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every library verifies.
    RS256,
    /// … with SHA-384.
    RS384,
    /// … with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// … with SHA-384.
    PS384,
    /// … with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// Ed25519.
    EdDSA,
}

impl SigningAlgorithm {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// API keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct KeySettings {
    /// What new keys begin with: 2 to 12 lower-case letters and digits.
    pub prefix: String,
    /// For how long known keys are served while the store is away; then 503.
    pub max_stale: Interval,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self { prefix: "tg".to_owned(), max_stale: Interval::from_secs(3600) }
    }
}

/// The key that seals the signing keys at rest.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SecretSettings {
    /// The master key: `$env(TOLLGATE_MASTER_KEY)`, 32 bytes or more in base64. Without it a
    /// file in the data folder, readable by its owner only, holds a generated one; with PostgreSQL
    /// the database does, for all nodes.
    pub master_key: Option<String>,
    /// A file that holds the master key.
    pub master_key_file: Option<String>,
}

impl std::fmt::Debug for SecretSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretSettings")
            .field("master_key", &self.master_key.as_ref().map(|_| "…"))
            .field("master_key_file", &self.master_key_file)
            .finish()
    }
}
