//! Which of the cipher library's algorithms stand behind a scheme and a hash.

use std::sync::LazyLock;

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm,
};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaParameters,
    RsaPssSaltLength, RsaSignatureEncoding,
};
use rquickjs::{Ctx, FromJs, String as JsString, Value};

use super::super::failures::{Throws, not_supported, operation_error};
use super::super::hash::Hash;
use crate::Failure;

/// What a key of RSA is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Pkcs1,
    Pss,
    Oaep,
}

impl<'js> FromJs<'js> for Scheme {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        let name = JsString::from_js(ctx, value)?.to_string()?;
        Ok(match name.as_str() {
            "RSASSA-PKCS1-v1_5" => Self::Pkcs1,
            "RSA-PSS" => Self::Pss,
            "RSA-OAEP" => Self::Oaep,
            _ => return Err(not_supported(format!("there is no `{name}` here"))).throws(ctx),
        })
    }
}

/// The longest salt that any key of 8192 bits has room for.
const LONGEST_SALT: u16 = 1024 - 32 - 2;

fn salted(encoding: fn() -> RsaSignatureEncoding) -> Vec<RsaSignatureEncoding> {
    (0..=LONGEST_SALT).map(|length| encoding().with_pss_salt_length(RsaPssSaltLength::Custom(length))).collect()
}

/// The library wants its encodings to live for ever; each length of a salt is one of its own.
static PSS_SHA256: LazyLock<Vec<RsaSignatureEncoding>> = LazyLock::new(|| salted(|| RSA_PSS_SHA256));
static PSS_SHA384: LazyLock<Vec<RsaSignatureEncoding>> = LazyLock::new(|| salted(|| RSA_PSS_SHA384));
static PSS_SHA512: LazyLock<Vec<RsaSignatureEncoding>> = LazyLock::new(|| salted(|| RSA_PSS_SHA512));

/// How a message is signed.
pub(super) fn signing(scheme: Scheme, hash: Hash, salt: u32) -> Result<&'static RsaSignatureEncoding, Failure> {
    let salted: &'static [RsaSignatureEncoding] = match (scheme, hash) {
        (Scheme::Pkcs1, Hash::Sha256) => return Ok(&RSA_PKCS1_SHA256),
        (Scheme::Pkcs1, Hash::Sha384) => return Ok(&RSA_PKCS1_SHA384),
        (Scheme::Pkcs1, Hash::Sha512) => return Ok(&RSA_PKCS1_SHA512),
        (Scheme::Pss, Hash::Sha256) => &PSS_SHA256,
        (Scheme::Pss, Hash::Sha384) => &PSS_SHA384,
        (Scheme::Pss, Hash::Sha512) => &PSS_SHA512,
        (Scheme::Oaep, _) | (_, Hash::Sha1) => return Err(no_sha1()),
    };
    let length = usize::try_from(salt).unwrap_or(usize::MAX);
    salted.get(length).ok_or_else(|| operation_error("the salt is longer than the key has room for"))
}

/// How a signature is checked, with a salt as long as the digest.
pub(super) fn verifying(scheme: Scheme, hash: Hash) -> Result<&'static RsaParameters, Failure> {
    Ok(match (scheme, hash) {
        (Scheme::Pkcs1, Hash::Sha1) => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Scheme::Pkcs1, Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
        (Scheme::Pkcs1, Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
        (Scheme::Pkcs1, Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        (Scheme::Pss, Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
        (Scheme::Pss, Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
        (Scheme::Pss, Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
        (Scheme::Oaep, _) | (_, Hash::Sha1) => return Err(no_sha1()),
    })
}

/// How a signature of RSA-PSS with a salt of this length is checked.
pub(super) fn verifying_salted(hash: Hash, salt: u32) -> Result<Option<RsaParameters>, Failure> {
    let Ok(length) = u16::try_from(salt) else { return Ok(None) };
    let salt = RsaPssSaltLength::Custom(length);
    Ok(Some(match hash {
        Hash::Sha1 => return Err(no_sha1()),
        Hash::Sha256 => RSA_PSS_2048_8192_SHA256.with_pss_salt_length(salt),
        Hash::Sha384 => RSA_PSS_2048_8192_SHA384.with_pss_salt_length(salt),
        Hash::Sha512 => RSA_PSS_2048_8192_SHA512.with_pss_salt_length(salt),
    }))
}

/// How a message is encrypted.
pub(super) fn encrypting(hash: Hash) -> &'static OaepAlgorithm {
    match hash {
        Hash::Sha1 => &OAEP_SHA1_MGF1SHA1,
        Hash::Sha256 => &OAEP_SHA256_MGF1SHA256,
        Hash::Sha384 => &OAEP_SHA384_MGF1SHA384,
        Hash::Sha512 => &OAEP_SHA512_MGF1SHA512,
    }
}

fn no_sha1() -> Failure {
    not_supported("SHA-1 signs nothing here; it verifies RSASSA-PKCS1-v1_5, and serves RSA-OAEP")
}
