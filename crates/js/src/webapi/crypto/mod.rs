//! `crypto`: the Web Cryptography API. JavaScript reads parameters, checks usages and names errors; keys
//! and algorithms are Rust's (`aws-lc-rs`). A family of algorithms is a module of each, loaded when one of
//! them is first used.
//!
//! *Algorithms.* Digests SHA-1, SHA-256, SHA-384, SHA-512, and MD5, which is no part of the standard. HMAC.
//! RSASSA-PKCS1-v1_5, RSA-PSS, RSA-OAEP. ECDSA, ECDH on P-256, P-384, P-521, with every hash. Ed25519 (also
//! as `NODE-ED25519`), X25519. AES-GCM, AES-CBC, AES-CTR, AES-KW. HKDF, PBKDF2. Keys come and go as `raw`,
//! `jwk`, `spki` and `pkcs8`.
//!
//! *What is refused with `NotSupportedError`*, because the ciphers' library has it not, or nobody should:
//!
//! - RSA keys of fewer than 2048 or more than 8192 bits; generating others than 2048, 3072 and 4096 bits
//!   with the exponent 65537; keys of more than two primes.
//! - Signing with RSA and SHA-1 (RSASSA-PKCS1-v1_5 verifies it); RSA-PSS with SHA-1 altogether.
//! - AES-GCM with an `iv` of other than 12 bytes, or a tag of other than 128 bits.
//! - AES-KW with keys of 192 bits.
//! - HMAC keys that are not whole bytes.
//! - PBKDF2 of more than ten million rounds, or of more than 1 MiB.
//!
//! *Time.* Everything is done at once on the script's thread, but generating keys of RSA and long runs of
//! PBKDF2: those have threads of their own, a few at a time.

mod aes;
mod curve25519;
mod derive;
mod ec;
mod encodings;
mod failures;
mod hash;
mod jobs;
mod material;
mod random;
mod rsa;

use crate::library::Area;

/// Randomness, and what other areas import.
pub(super) static AREA: Area = Area {
    source: Some(include_str!("crypto.js")),
    native: Some(random::native),
    globals: &["crypto", "Crypto"],
    ..Area::new("crypto")
};

pub(super) static SUBTLE: Area =
    Area { source: Some(include_str!("subtle.js")), globals: &["SubtleCrypto"], ..Area::new("crypto-subtle") };

pub(super) static KEY: Area =
    Area { source: Some(include_str!("key.js")), globals: &["CryptoKey"], ..Area::new("crypto-key") };

pub(super) static CONVERT: Area = Area { source: Some(include_str!("convert.js")), ..Area::new("crypto-convert") };

pub(super) static ALGORITHMS: Area = Area {
    source: Some(include_str!("algorithms.js")),
    native: Some(random::native),
    ..Area::new("crypto-algorithms")
};

pub(super) static JWK: Area = Area { source: Some(include_str!("jwk.js")), ..Area::new("crypto-jwk") };

pub(super) static ENCODINGS: Area = Area { native: Some(encodings::native), ..Area::new("crypto-encodings") };

pub(super) static HASH: Area = Area { native: Some(hash::native), ..Area::new("crypto-hash") };

pub(super) static COMMON: Area =
    Area { source: Some(include_str!("common.js")), native: Some(random::native), ..Area::new("crypto-common") };

pub(super) static HMAC: Area = Area { source: Some(include_str!("hmac.js")), ..Area::new("crypto-hmac") };

pub(super) static AES: Area =
    Area { source: Some(include_str!("aes.js")), native: Some(aes::native), ..Area::new("crypto-aes") };

pub(super) static DERIVE: Area =
    Area { source: Some(include_str!("derive.js")), native: Some(derive::native), ..Area::new("crypto-derive") };

pub(super) static RSA: Area =
    Area { source: Some(include_str!("rsa.js")), native: Some(rsa::native), ..Area::new("crypto-rsa") };

pub(super) static AGREEMENT: Area =
    Area { source: Some(include_str!("agreement.js")), ..Area::new("crypto-agreement") };

pub(super) static EC: Area =
    Area { source: Some(include_str!("ec.js")), native: Some(ec::native), ..Area::new("crypto-ec") };

pub(super) static CURVE25519: Area = Area {
    source: Some(include_str!("curve25519.js")),
    native: Some(curve25519::native),
    ..Area::new("crypto-curve25519")
};
