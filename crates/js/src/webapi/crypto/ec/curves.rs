//! The curves P-256, P-384 and P-521 (FIPS 186-5, SP 800-186).

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm,
};
use rquickjs::{Ctx, FromJs, String as JsString, Value};
use spki::ObjectIdentifier;

use super::super::failures::{Throws, not_supported, operation_error};
use super::super::hash::Hash;
use crate::Failure;

/// `id-ecPublicKey` (RFC 5480 §2.1.1).
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// A curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl<'js> FromJs<'js> for Curve {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        let name = JsString::from_js(ctx, value)?.to_string()?;
        Ok(match name.as_str() {
            "P-256" => Self::P256,
            "P-384" => Self::P384,
            "P-521" => Self::P521,
            _ => return Err(not_supported(format!("there is no curve `{name}` here"))).throws(ctx),
        })
    }
}

impl Curve {
    /// Its name in SPKI and PKCS#8 (RFC 5480 §2.1.1.1).
    pub(super) fn oid(self) -> ObjectIdentifier {
        match self {
            Self::P256 => ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
            Self::P384 => ObjectIdentifier::new_unwrap("1.3.132.0.34"),
            Self::P521 => ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        }
    }

    /// Bytes of a coordinate, and of a private key.
    pub(super) fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(super) fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        }
    }

    pub(super) fn verifying(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::P384 => &ECDSA_P384_SHA384_FIXED,
            Self::P521 => &ECDSA_P521_SHA512_FIXED,
        }
    }

    pub(super) fn agreement(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::P521 => &ECDH_P521,
        }
    }

    /// The hash that the library binds the curve to.
    fn own_hash(self) -> Hash {
        match self {
            Self::P256 => Hash::Sha256,
            Self::P384 => Hash::Sha384,
            Self::P521 => Hash::Sha512,
        }
    }

    /// The digest of a message in the form that the library takes with this curve. ECDSA reads a digest as
    /// a number, of which it uses as many of the first bits as the curve's order has (FIPS 186-5 §6.4.1):
    /// a longer one may be cut there before, and zeros before a shorter one change nothing. The digest of
    /// P-521's own hash is shorter than its order, so that there nothing is ever cut.
    pub(super) fn digest(self, hash: Hash, data: &[u8]) -> Result<Digest, Failure> {
        let digest = digest::digest(hash.digest(), data);
        if hash == self.own_hash() {
            return Ok(digest);
        }
        let own = self.own_hash().digest();
        let mut fitted = vec![0; own.output_len()];
        let digest = digest.as_ref();
        let (length, fits) = (fitted.len(), digest.len().min(fitted.len()));
        fitted[length - fits..].copy_from_slice(&digest[..fits]);
        Digest::import_less_safe(&fitted, own).map_err(|_| operation_error("the digest does not fit the curve"))
    }
}
