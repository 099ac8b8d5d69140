//! Digests, and HMAC (FIPS 198-1).

use aws_lc_rs::{digest, hkdf, hmac, pbkdf2};
use md5::Digest as _;
use rquickjs::prelude::Func;
use rquickjs::{Ctx, FromJs, Object, String as JsString, Value};
use zeroize::Zeroizing;

use super::failures::{Throws, not_supported};
use super::material::{Key, KeyMaterial, Material};
use crate::bytes::{self, Source};

/// A hash function that keys may be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-384" => Self::Sha384,
            "SHA-512" => Self::Sha512,
            _ => return None,
        })
    }

    pub(super) fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    pub(super) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    pub(super) fn hkdf(self) -> hkdf::Algorithm {
        match self {
            Self::Sha1 => hkdf::HKDF_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hkdf::HKDF_SHA256,
            Self::Sha384 => hkdf::HKDF_SHA384,
            Self::Sha512 => hkdf::HKDF_SHA512,
        }
    }

    pub(super) fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

impl<'js> FromJs<'js> for Hash {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        let name = JsString::from_js(ctx, value)?.to_string()?;
        Self::named(&name).ok_or_else(|| not_supported(format!("there is no hash `{name}` here"))).throws(ctx)
    }
}

/// A key of HMAC, with the hash that it is bound to.
struct HmacKey {
    key: hmac::Key,
    bytes: Zeroizing<Vec<u8>>,
}

impl Material for HmacKey {
    fn secret(&self) -> Option<&[u8]> {
        Some(&self.bytes)
    }
}

/// `{ digest, importHmac, sign, verify, mac }`
pub(super) fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("digest", Func::from(digest))?;
    native.set("importHmac", Func::from(import_hmac))?;
    native.set("sign", Func::from(sign))?;
    native.set("verify", Func::from(verify))?;
    native.set("mac", Func::from(mac))?;
    Ok(native)
}

fn digest<'js>(ctx: Ctx<'js>, name: JsString<'js>, data: Source) -> rquickjs::Result<Value<'js>> {
    let name = name.to_string()?;
    match Hash::named(&name) {
        Some(hash) => bytes::array_buffer(&ctx, digest::digest(hash.digest(), &data.0)),
        None if name == "MD5" => bytes::array_buffer(&ctx, md5::Md5::digest(&data.0)),
        None => Err(not_supported(format!("there is no hash `{name}` here")).throw(&ctx)),
    }
}

fn import_hmac<'js>(ctx: Ctx<'js>, hash: Hash, secret: Source) -> rquickjs::Result<Key<'js>> {
    let bytes = Zeroizing::new(secret.0);
    KeyMaterial::put(&ctx, HmacKey { key: hmac::Key::new(hash.hmac(), &bytes), bytes })
}

fn sign<'js>(ctx: Ctx<'js>, key: Key<'js>, data: Source) -> rquickjs::Result<Value<'js>> {
    let tag = hmac::sign(&key.borrow().get::<HmacKey>(&ctx)?.key, &data.0);
    bytes::array_buffer(&ctx, tag)
}

fn verify<'js>(ctx: Ctx<'js>, key: Key<'js>, signature: Source, data: Source) -> rquickjs::Result<bool> {
    Ok(hmac::verify(&key.borrow().get::<HmacKey>(&ctx)?.key, &data.0, &signature.0).is_ok())
}

/// HMAC with a key that is there as bytes.
fn mac<'js>(ctx: Ctx<'js>, hash: Hash, secret: Source, data: Source) -> rquickjs::Result<Value<'js>> {
    let secret = Zeroizing::new(secret.0);
    bytes::array_buffer(&ctx, hmac::sign(&hmac::Key::new(hash.hmac(), &secret), &data.0))
}
