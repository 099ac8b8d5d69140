//! Who calls, and as whom the gateway speaks: API keys, tokens that are signed, tokens that are
//! verified.
//!
//! | door | what it does |
//! |---|---|
//! | [`new_key`], [`digest`] | makes keys and hashes them: the only place that does |
//! | [`KeyFinder`] | finds keys in files, commits and messages |
//! | [`Keyring`] | knows every live key in memory and follows the store's changes |
//! | [`Issuer`] | signs tokens for upstreams, publishes and rotates its keys |
//! | [`Verifiers`] | checks the tokens that clients bring |
//! | [`MasterKey`] | seals the signing keys at rest |
//! | [`DebugTokenKey`] | signs and checks what lets operators debug |
//! | [`ReserveFile`] | what a node keeps on its disk for a start while the store is away |
//!
//! *Invariants.* Only this crate hashes and signs. A key is never stored, logged or part of an
//! error; what is not known for certain is refused. Time comes from the injected clock alone.

pub mod debug_token;
pub mod finder;
pub mod key_format;
pub mod master_key;
pub mod reserve;

mod issuer;
mod keyring;
mod leaks;
mod verifier;

pub use debug_token::DebugTokenKey;
pub use finder::KeyFinder;
pub use issuer::{Issuer, IssuerError, Rotation, SigningKeyInfo, SigningKeyState};
pub use key_format::{KeyError, NewApiKey, SecretKey, digest, digest_of, import_key, new_key, parse_key_hash};
pub use keyring::{DeclaredError, Keyring, KeyringOptions, KeyringStatus};
pub use leaks::{AlertError, GithubKeys, HookSecret, WebhookSecret, WebhookSecretError};
pub use master_key::{MasterKey, MasterKeyError};
pub use reserve::{Reserve, ReserveError, ReserveFile};
pub use verifier::Verifiers;
