//! RSA (RFC 8017): RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP.

mod keys;
mod schemes;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use rquickjs::prelude::Func;
use rquickjs::{Array, Ctx, Object, Value};
use zeroize::Zeroizing;

use super::encodings::{from_base64url, to_base64url};
use super::failures::{Throws, not_supported, operation_error};
use super::hash::Hash;
use super::jobs::elsewhere;
use super::material::{Key, KeyMaterial};
use crate::Failure;
use crate::bytes::{self, Source};
use keys::{PublicRole, RsaPrivate, RsaPublic};
use schemes::Scheme;

/// What came of an import or a generation: `[key, bits of the modulus, public exponent]`.
type Imported<'js> = Array<'js>;

/// `{ generate, importSpki, importPkcs8, importNumbers, exportSpki, exportPkcs8, exportPublicNumbers,
/// exportNumbers, sign, verify, encrypt, decrypt }`
pub(super) fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("generate", Func::from(generate))?;
    native.set("importSpki", Func::from(import_spki))?;
    native.set("importPkcs8", Func::from(import_pkcs8))?;
    native.set("importNumbers", Func::from(import_numbers))?;
    native.set("exportSpki", Func::from(export_spki))?;
    native.set("exportPkcs8", Func::from(export_pkcs8))?;
    native.set("exportPublicNumbers", Func::from(export_public_numbers))?;
    native.set("exportNumbers", Func::from(export_numbers))?;
    native.set("sign", Func::from(sign))?;
    native.set("verify", Func::from(verify))?;
    native.set("encrypt", Func::from(encrypt))?;
    native.set("decrypt", Func::from(decrypt))?;
    Ok(native)
}

/// A promise for `[private key, public key]`. It takes some hundred milliseconds, or seconds.
fn generate<'js>(ctx: Ctx<'js>, scheme: Scheme, hash: Hash, bits: u32) -> rquickjs::Result<Value<'js>> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => {
            let message = format!("RSA keys are generated with 2048, 3072 or 4096 bits here, not with {bits}");
            return Err(not_supported(message).throw(&ctx));
        }
    };
    let job = move || {
        let pair = KeyPair::generate(size).map_err(|_| operation_error("no RSA key was generated"))?;
        let private = RsaPrivate::new(scheme, hash, pair)?;
        let public = private.public()?;
        Ok((private, public))
    };
    let promise = elsewhere(&ctx, job, |ctx, (private, public)| {
        let keys = Array::new(ctx.clone())?;
        keys.set(0, KeyMaterial::put(ctx, private)?)?;
        keys.set(1, KeyMaterial::put(ctx, public)?)?;
        Ok(keys.into_value())
    })?;
    Ok(promise.into_value())
}

fn imported<'js>(ctx: &Ctx<'js>, key: Key<'js>, bits: usize, exponent: &[u8]) -> rquickjs::Result<Imported<'js>> {
    let imported = Array::new(ctx.clone())?;
    imported.set(0, key)?;
    imported.set(1, bits)?;
    imported.set(2, bytes::uint8_array(ctx, exponent)?)?;
    Ok(imported)
}

fn put_public<'js>(ctx: &Ctx<'js>, key: RsaPublic) -> rquickjs::Result<Imported<'js>> {
    let (bits, exponent) = (key.bits(), key.components.e.clone());
    imported(ctx, KeyMaterial::put(ctx, key)?, bits, &exponent)
}

fn put_private<'js>(ctx: &Ctx<'js>, key: RsaPrivate) -> rquickjs::Result<Imported<'js>> {
    let public = key.public().throws(ctx)?;
    imported(ctx, KeyMaterial::put(ctx, key)?, public.bits(), &public.components.e)
}

fn import_spki<'js>(ctx: Ctx<'js>, scheme: Scheme, hash: Hash, spki: Source) -> rquickjs::Result<Imported<'js>> {
    put_public(&ctx, RsaPublic::from_spki(scheme, hash, &spki.0).throws(&ctx)?)
}

fn import_pkcs8<'js>(ctx: Ctx<'js>, scheme: Scheme, hash: Hash, pkcs8: Source) -> rquickjs::Result<Imported<'js>> {
    let pkcs8 = Zeroizing::new(pkcs8.0);
    put_private(&ctx, RsaPrivate::from_pkcs8(scheme, hash, &pkcs8).throws(&ctx)?)
}

/// A key out of its members of JWK: n and e, or n, e, d, p, q, dp, dq and qi.
fn import_numbers<'js>(
    ctx: Ctx<'js>,
    scheme: Scheme,
    hash: Hash,
    members: Vec<String>,
) -> rquickjs::Result<Imported<'js>> {
    let decode = || members.iter().map(|member| from_base64url(member)).collect::<Result<Vec<_>, _>>();
    let numbers = decode().throws(&ctx)?;
    let numbers: Vec<&[u8]> = numbers.iter().map(|number| &number[..]).collect();
    if let [n, e] = numbers[..] {
        return put_public(&ctx, RsaPublic::new(scheme, hash, n, e).throws(&ctx)?);
    }
    let numbers = <&[&[u8]; 8]>::try_from(&numbers[..]).map_err(|_| Failure::type_error("eight numbers are wanted"));
    put_private(&ctx, RsaPrivate::from_numbers(scheme, hash, numbers.throws(&ctx)?).throws(&ctx)?)
}

fn export_spki<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    bytes::array_buffer(&ctx, key.borrow().get::<RsaPublic>(&ctx)?.to_spki().throws(&ctx)?)
}

fn export_pkcs8<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    bytes::array_buffer(&ctx, &key.borrow().get::<RsaPrivate>(&ctx)?.to_pkcs8().throws(&ctx)?[..])
}

fn export_public_numbers<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Vec<String>> {
    let key = key.borrow();
    let components = &key.get::<RsaPublic>(&ctx)?.components;
    Ok(vec![to_base64url(&components.n), to_base64url(&components.e)])
}

fn export_numbers<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Vec<String>> {
    let numbers = key.borrow().get::<RsaPrivate>(&ctx)?.to_numbers().throws(&ctx)?;
    Ok(numbers.iter().map(|number| to_base64url(&number[..])).collect())
}

fn sign<'js>(ctx: Ctx<'js>, key: Key<'js>, salt: u32, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<RsaPrivate>(&ctx)?;
    let encoding = schemes::signing(key.scheme, key.hash, salt).throws(&ctx)?;
    let mut signature = vec![0; key.pair.public_modulus_len()];
    let signed = key.pair.sign(encoding, &SystemRandom::new(), &data.0, &mut signature);
    signed.map_err(|_| operation_error("nothing was signed")).throws(&ctx)?;
    bytes::array_buffer(&ctx, signature)
}

fn verify<'js>(ctx: Ctx<'js>, key: Key<'js>, salt: u32, signature: Source, data: Source) -> rquickjs::Result<bool> {
    let key = key.borrow();
    let key = key.get::<RsaPublic>(&ctx)?;
    let PublicRole::Verify(verifier) = &key.role else { return Ok(false) };
    let digest = u32::try_from(key.hash.digest().output_len()).unwrap_or_default();
    if key.scheme == Scheme::Pkcs1 || salt == digest {
        return Ok(verifier.verify_sig(&data.0, &signature.0).is_ok());
    }
    let parameters = schemes::verifying_salted(key.hash, salt).throws(&ctx)?;
    Ok(parameters.is_some_and(|parameters| key.components.verify(&parameters, &data.0, &signature.0).is_ok()))
}

fn encrypt<'js>(ctx: Ctx<'js>, key: Key<'js>, label: Source, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<RsaPublic>(&ctx)?;
    let plain = Zeroizing::new(data.0);
    let failed = || operation_error("the data is longer than the RSA key can encrypt");
    let PublicRole::Encrypt(encrypter) = &key.role else { return Err(failed().throw(&ctx)) };
    let mut sealed = vec![0; encrypter.ciphertext_size()];
    let sealed = encrypter.encrypt(schemes::encrypting(key.hash), &plain, &mut sealed, Some(&label.0));
    bytes::array_buffer(&ctx, sealed.map_err(|_| failed()).throws(&ctx)?)
}

fn decrypt<'js>(ctx: Ctx<'js>, key: Key<'js>, label: Source, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<RsaPrivate>(&ctx)?;
    let failed = || operation_error("the operation failed");
    let decrypter = key.decrypt.as_ref().ok_or_else(failed).throws(&ctx)?;
    let mut plain = Zeroizing::new(vec![0; decrypter.min_output_size()]);
    let plain = decrypter.decrypt(schemes::encrypting(key.hash), &data.0, &mut plain, Some(&label.0));
    bytes::array_buffer(&ctx, plain.map_err(|_| failed()).throws(&ctx)?)
}
