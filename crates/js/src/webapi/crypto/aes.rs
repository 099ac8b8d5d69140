//! AES in the modes of the standard: GCM (SP 800-38D), CBC and CTR (SP 800-38A), key wrap (RFC 3394).

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    self, DecryptionContext, EncryptingKey, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::key_wrap::{self, AesKek, KeyWrap};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Object, Value};
use zeroize::Zeroizing;

use super::failures::{Throws, data_error, not_supported, operation_error};
use super::material::{Key, KeyMaterial, Material};
use crate::Failure;
use crate::bytes::{self, Source};

const BLOCK: usize = 16;

/// A key of AES; its schedule for GCM, which is dear, is made once.
struct AesKey {
    bytes: Zeroizing<Vec<u8>>,
    gcm: Option<LessSafeKey>,
}

impl Material for AesKey {
    fn secret(&self) -> Option<&[u8]> {
        Some(&self.bytes)
    }
}

/// `{ importAes, sealGcm, openGcm, encryptCbc, decryptCbc, applyCtr, wrap, unwrap }`
pub(super) fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("importAes", Func::from(import_aes))?;
    native.set("sealGcm", Func::from(seal_gcm))?;
    native.set("openGcm", Func::from(open_gcm))?;
    native.set("encryptCbc", Func::from(encrypt_cbc))?;
    native.set("decryptCbc", Func::from(decrypt_cbc))?;
    native.set("applyCtr", Func::from(apply_ctr))?;
    native.set("wrap", Func::from(wrap))?;
    native.set("unwrap", Func::from(unwrap))?;
    Ok(native)
}

fn import_aes<'js>(ctx: Ctx<'js>, algorithm: String, secret: Source) -> rquickjs::Result<Key<'js>> {
    let bytes = Zeroizing::new(secret.0);
    let key = import(&algorithm, bytes).throws(&ctx)?;
    KeyMaterial::put(&ctx, key)
}

fn import(algorithm: &str, bytes: Zeroizing<Vec<u8>>) -> Result<AesKey, Failure> {
    let gcm = match bytes.len() {
        16 => &aead::AES_128_GCM,
        24 if algorithm == "AES-KW" => return Err(not_supported("AES-KW has keys of 128 and 256 bits here")),
        24 => &aead::AES_192_GCM,
        32 => &aead::AES_256_GCM,
        _ => return Err(data_error("a key of AES has 128, 192 or 256 bits")),
    };
    let gcm = match algorithm {
        "AES-GCM" => Some(LessSafeKey::new(UnboundKey::new(gcm, &bytes).map_err(|_| failed())?)),
        _ => None,
    };
    Ok(AesKey { bytes, gcm })
}

/// No word about why: that would tell of the plaintext.
fn failed() -> Failure {
    operation_error("the operation failed")
}

impl AesKey {
    fn gcm(&self) -> Result<&LessSafeKey, Failure> {
        self.gcm.as_ref().ok_or_else(failed)
    }

    fn cipher(&self) -> Result<UnboundCipherKey, Failure> {
        let algorithm = match self.bytes.len() {
            16 => &cipher::AES_128,
            24 => &cipher::AES_192,
            _ => &cipher::AES_256,
        };
        UnboundCipherKey::new(algorithm, &self.bytes).map_err(|_| failed())
    }

    fn kek(&self) -> Result<AesKek, Failure> {
        let cipher = if self.bytes.len() == 16 { &key_wrap::AES_128 } else { &key_wrap::AES_256 };
        AesKek::new(cipher, &self.bytes).map_err(|_| failed())
    }
}

fn nonce(iv: &[u8]) -> Result<Nonce, Failure> {
    Nonce::try_assume_unique_for_key(iv).map_err(|_| not_supported("AES-GCM has an `iv` of 12 bytes here"))
}

fn block(iv: &[u8]) -> Result<[u8; BLOCK], Failure> {
    iv.try_into().map_err(|_| operation_error("the initial block of AES has 16 bytes"))
}

fn seal_gcm<'js>(ctx: Ctx<'js>, key: Key<'js>, iv: Source, aad: Source, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<AesKey>(&ctx)?.gcm().throws(&ctx)?;
    let nonce = nonce(&iv.0).throws(&ctx)?;
    let mut in_out = data.0;
    key.seal_in_place_append_tag(nonce, Aad::from(&aad.0), &mut in_out).map_err(|_| failed()).throws(&ctx)?;
    bytes::array_buffer(&ctx, in_out)
}

fn open_gcm<'js>(ctx: Ctx<'js>, key: Key<'js>, iv: Source, aad: Source, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<AesKey>(&ctx)?.gcm().throws(&ctx)?;
    let nonce = nonce(&iv.0).throws(&ctx)?;
    let mut in_out = Zeroizing::new(data.0);
    let plain = key.open_in_place(nonce, Aad::from(&aad.0), &mut in_out).map_err(|_| failed()).throws(&ctx)?;
    bytes::array_buffer(&ctx, plain)
}

fn encrypt_cbc<'js>(ctx: Ctx<'js>, key: Key<'js>, iv: Source, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<AesKey>(&ctx)?;
    let encrypt = |mut in_out: Vec<u8>| {
        let context = EncryptionContext::Iv128(FixedLength::from(block(&iv.0)?));
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key.cipher()?).map_err(|_| failed())?;
        key.less_safe_encrypt(&mut in_out, context).map_err(|_| failed())?;
        Ok(in_out)
    };
    bytes::array_buffer(&ctx, encrypt(data.0).throws(&ctx)?)
}

fn decrypt_cbc<'js>(ctx: Ctx<'js>, key: Key<'js>, iv: Source, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<AesKey>(&ctx)?;
    let mut in_out = Zeroizing::new(data.0);
    let decrypt = |in_out| {
        let context = DecryptionContext::Iv128(FixedLength::from(block(&iv.0)?));
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key.cipher()?).map_err(|_| failed())?;
        key.decrypt(in_out, context).map_err(|_| failed())
    };
    bytes::array_buffer(&ctx, decrypt(&mut in_out).throws(&ctx)?)
}

fn apply_ctr<'js>(
    ctx: Ctx<'js>,
    key: Key<'js>,
    counter: Source,
    length: u32,
    data: Source,
) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<AesKey>(&ctx)?;
    let mut in_out = Zeroizing::new(data.0);
    ctr(key, &counter.0, length, &mut in_out).throws(&ctx)?;
    bytes::array_buffer(&ctx, &in_out[..])
}

/// CTR whose counter is the last `length` bits of the block. The cipher counts in all of its 128 bits:
/// where the counter comes to its end and begins anew, so does the cipher.
fn ctr(key: &AesKey, counter: &[u8], length: u32, in_out: &mut [u8]) -> Result<(), Failure> {
    let first = u128::from_be_bytes(block(counter)?);
    let mask = match length {
        1..=127 => (1_u128 << length) - 1,
        128 => u128::MAX,
        _ => return Err(operation_error("the counter of AES-CTR has 1 to 128 bits")),
    };
    let blocks = u128::try_from(in_out.len().div_ceil(BLOCK)).unwrap_or(u128::MAX);
    if blocks.saturating_sub(1) > mask {
        return Err(operation_error("the data is longer than the counter of AES-CTR can count"));
    }
    let before_wrap = (mask - (first & mask)).saturating_add(1);
    let split = usize::try_from(before_wrap.saturating_mul(16)).unwrap_or(usize::MAX).min(in_out.len());
    let (before, after) = in_out.split_at_mut(split);
    let key = EncryptingKey::ctr(key.cipher()?).map_err(|_| failed())?;
    for (counter, part) in [(first, before), (first & !mask, after)] {
        if !part.is_empty() {
            let context = EncryptionContext::Iv128(FixedLength::from(counter.to_be_bytes()));
            key.less_safe_encrypt(part, context).map_err(|_| failed())?;
        }
    }
    Ok(())
}

fn wrap<'js>(ctx: Ctx<'js>, key: Key<'js>, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let kek = key.get::<AesKey>(&ctx)?.kek().throws(&ctx)?;
    let plain = Zeroizing::new(data.0);
    let mut wrapped = vec![0; plain.len() + 8];
    let wrapped = kek
        .wrap(&plain, &mut wrapped)
        .map_err(|_| operation_error("AES-KW wraps 16 or more bytes, a multiple of 8"))
        .throws(&ctx)?;
    bytes::array_buffer(&ctx, wrapped)
}

fn unwrap<'js>(ctx: Ctx<'js>, key: Key<'js>, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let kek = key.get::<AesKey>(&ctx)?.kek().throws(&ctx)?;
    let mut plain = Zeroizing::new(vec![0; data.0.len()]);
    let plain = kek.unwrap(&data.0, &mut plain).map_err(|_| failed()).throws(&ctx)?;
    bytes::array_buffer(&ctx, plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AesKey {
        import("AES-CTR", Zeroizing::new(vec![7; 16])).unwrap()
    }

    fn stream(counter: u128, length: u32, bytes: usize) -> Vec<u8> {
        let mut data = vec![0; bytes];
        ctr(&key(), &counter.to_be_bytes(), length, &mut data).unwrap();
        data
    }

    #[test]
    fn a_short_counter_wraps_within_its_own_bits() {
        let prefix = 0xAABB_u128 << 64;
        let around = stream(prefix | 0xFE, 8, 16 * 4);
        let from_zero = stream(prefix, 8, 16 * 2);
        assert_eq!(around[32..], from_zero[..]);
        // In 128 bits, the byte above would be carried into.
        assert_ne!(around, stream(prefix | 0xFE, 128, 16 * 4));
        assert_eq!(stream(u128::MAX, 128, 32)[16..], stream(0, 128, 16)[..]);
    }

    #[test]
    fn no_block_of_the_counter_is_used_twice() {
        let mut data = vec![0; 16 * 2 + 1];
        assert!(ctr(&key(), &[0; 16], 1, &mut data).is_err());
        assert!(ctr(&key(), &[0; 16], 1, &mut data[..32]).is_ok());
    }
}
