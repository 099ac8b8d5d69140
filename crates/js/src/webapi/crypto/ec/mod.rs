//! ECDSA and ECDH on P-256, P-384 and P-521. Signatures are r and s, one after the other, as long as the
//! curve's order (IEEE P1363).

mod curves;
mod keys;

use aws_lc_rs::agreement;
use rquickjs::prelude::Func;
use rquickjs::{Array, Ctx, FromJs, Object, String as JsString, Value};
use zeroize::Zeroizing;

use super::encodings::{from_base64url, to_base64url};
use super::failures::{Throws, operation_error};
use super::hash::Hash;
use super::material::{Key, KeyMaterial};
use crate::bytes::{self, Source};
use curves::Curve;
use keys::{EcPrivate, EcPublic, PrivateRole, Purpose};

impl<'js> FromJs<'js> for Purpose {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        let name = JsString::from_js(ctx, value)?.to_string()?;
        Ok(if name == "ECDSA" { Self::Sign } else { Self::Agree })
    }
}

/// `{ generate, importRaw, importSpki, importPkcs8, importJwk, exportRaw, exportSpki, exportPkcs8,
/// exportPublicJwk, exportJwk, sign, verify, agree }`
pub(super) fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("generate", Func::from(generate))?;
    native.set("importRaw", Func::from(import_raw))?;
    native.set("importSpki", Func::from(import_spki))?;
    native.set("importPkcs8", Func::from(import_pkcs8))?;
    native.set("importJwk", Func::from(import_jwk))?;
    native.set("exportRaw", Func::from(export_raw))?;
    native.set("exportSpki", Func::from(export_spki))?;
    native.set("exportPkcs8", Func::from(export_pkcs8))?;
    native.set("exportPublicJwk", Func::from(export_public_jwk))?;
    native.set("exportJwk", Func::from(export_jwk))?;
    native.set("sign", Func::from(sign))?;
    native.set("verify", Func::from(verify))?;
    native.set("agree", Func::from(agree))?;
    Ok(native)
}

/// `[private key, public key]`
fn generate<'js>(ctx: Ctx<'js>, purpose: Purpose, curve: Curve) -> rquickjs::Result<Array<'js>> {
    let private = EcPrivate::generate(curve, purpose).throws(&ctx)?;
    let public = private.public().throws(&ctx)?;
    let keys = Array::new(ctx.clone())?;
    keys.set(0, KeyMaterial::put(&ctx, private)?)?;
    keys.set(1, KeyMaterial::put(&ctx, public)?)?;
    Ok(keys)
}

fn import_raw<'js>(ctx: Ctx<'js>, curve: Curve, point: Source) -> rquickjs::Result<Key<'js>> {
    KeyMaterial::put(&ctx, EcPublic::from_point(curve, &point.0).throws(&ctx)?)
}

fn import_spki<'js>(ctx: Ctx<'js>, curve: Curve, spki: Source) -> rquickjs::Result<Key<'js>> {
    KeyMaterial::put(&ctx, EcPublic::from_spki(curve, &spki.0).throws(&ctx)?)
}

fn import_pkcs8<'js>(ctx: Ctx<'js>, purpose: Purpose, curve: Curve, pkcs8: Source) -> rquickjs::Result<Key<'js>> {
    let pkcs8 = Zeroizing::new(pkcs8.0);
    KeyMaterial::put(&ctx, EcPrivate::from_pkcs8(curve, purpose, &pkcs8).throws(&ctx)?)
}

/// A key out of its members of JWK (RFC 7518 §6.2): x, y, and d where it is private.
fn import_jwk<'js>(
    ctx: Ctx<'js>,
    purpose: Purpose,
    curve: Curve,
    x: String,
    y: String,
    d: Option<String>,
) -> rquickjs::Result<Key<'js>> {
    let (x, y) = (from_base64url(&x).throws(&ctx)?, from_base64url(&y).throws(&ctx)?);
    let public = EcPublic::from_coordinates(curve, &x, &y).throws(&ctx)?;
    match d {
        None => KeyMaterial::put(&ctx, public),
        Some(d) => {
            let number = from_base64url(&Zeroizing::new(d)).throws(&ctx)?;
            KeyMaterial::put(&ctx, EcPrivate::from_number(purpose, &number, &public).throws(&ctx)?)
        }
    }
}

fn export_raw<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    bytes::array_buffer(&ctx, &key.borrow().get::<EcPublic>(&ctx)?.point)
}

fn export_spki<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    bytes::array_buffer(&ctx, key.borrow().get::<EcPublic>(&ctx)?.to_spki().throws(&ctx)?)
}

fn export_pkcs8<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    bytes::array_buffer(&ctx, &key.borrow().get::<EcPrivate>(&ctx)?.to_pkcs8().throws(&ctx)?[..])
}

/// x and y
fn export_public_jwk<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Vec<String>> {
    Ok(coordinates(key.borrow().get::<EcPublic>(&ctx)?))
}

/// x, y and d
fn export_jwk<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Vec<String>> {
    let key = key.borrow();
    let key = key.get::<EcPrivate>(&ctx)?;
    let mut members = coordinates(&key.public().throws(&ctx)?);
    members.push(to_base64url(&key.to_number().throws(&ctx)?[..]));
    Ok(members)
}

fn coordinates(key: &EcPublic) -> Vec<String> {
    let (x, y) = key.point[1..].split_at(key.curve.size());
    vec![to_base64url(x), to_base64url(y)]
}

fn sign<'js>(ctx: Ctx<'js>, key: Key<'js>, hash: Hash, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<EcPrivate>(&ctx)?;
    let sign = || match &key.role {
        PrivateRole::Sign(pair) => {
            let digest = key.curve.digest(hash, &data.0)?;
            pair.sign_digest(&digest).map_err(|_| operation_error("nothing was signed"))
        }
        PrivateRole::Agree(_) => Err(operation_error("a key of ECDH does not sign")),
    };
    bytes::array_buffer(&ctx, sign().throws(&ctx)?)
}

fn verify<'js>(ctx: Ctx<'js>, key: Key<'js>, hash: Hash, signature: Source, data: Source) -> rquickjs::Result<bool> {
    let key = key.borrow();
    let key = key.get::<EcPublic>(&ctx)?;
    let digest = key.curve.digest(hash, &data.0).throws(&ctx)?;
    Ok(key.verifier.verify_digest_sig(&digest, &signature.0).is_ok())
}

/// The secret that both sides come to: the x coordinate of a point.
fn agree<'js>(ctx: Ctx<'js>, private: Key<'js>, public: Key<'js>) -> rquickjs::Result<Value<'js>> {
    let (private, public) = (private.borrow(), public.borrow());
    let (private, public) = (private.get::<EcPrivate>(&ctx)?, public.get::<EcPublic>(&ctx)?);
    let failed = || operation_error("the keys do not agree");
    let PrivateRole::Agree(key) = &private.role else { return Err(failed().throw(&ctx)) };
    let secret = agreement::agree(key, public.agreement(), failed(), |secret| Ok(Zeroizing::new(secret.to_vec())));
    bytes::array_buffer(&ctx, &secret.throws(&ctx)?[..])
}
