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
pub(super) static AREA: Area =
    Area { native: Some(random::native), globals: &["crypto", "Crypto"], ..Area::built("crypto") };

pub(super) static SUBTLE: Area = Area { globals: &["SubtleCrypto"], ..Area::built("crypto-subtle") };

pub(super) static KEY: Area = Area { globals: &["CryptoKey"], ..Area::built("crypto-key") };

pub(super) static CONVERT: Area = Area::built("crypto-convert");

pub(super) static ALGORITHMS: Area = Area { native: Some(random::native), ..Area::built("crypto-algorithms") };

pub(super) static JWK: Area = Area::built("crypto-jwk");

pub(super) static ENCODINGS: Area = Area { native: Some(encodings::native), ..Area::new("crypto-encodings") };

pub(super) static HASH: Area = Area { native: Some(hash::native), ..Area::new("crypto-hash") };

pub(super) static COMMON: Area = Area { native: Some(random::native), ..Area::built("crypto-common") };

pub(super) static HMAC: Area = Area::built("crypto-hmac");

pub(super) static AES: Area = Area { native: Some(aes::native), ..Area::built("crypto-aes") };

pub(super) static DERIVE: Area = Area { native: Some(derive::native), ..Area::built("crypto-derive") };

pub(super) static RSA: Area = Area { native: Some(rsa::native), ..Area::built("crypto-rsa") };

pub(super) static AGREEMENT: Area = Area::built("crypto-agreement");

pub(super) static EC: Area = Area { native: Some(ec::native), ..Area::built("crypto-ec") };

pub(super) static CURVE25519: Area = Area { native: Some(curve25519::native), ..Area::built("crypto-curve25519") };
