//! Ed25519 (RFC 8032) and X25519 (RFC 7748), in the forms of RFC 8410 and RFC 8037.

use aws_lc_rs::agreement::{self, UnparsedPublicKey, X25519};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use rquickjs::prelude::Func;
use rquickjs::{Array, Ctx, FromJs, Object, String as JsString, Value};
use spki::ObjectIdentifier;
use zeroize::Zeroizing;

use super::encodings;
use super::failures::{Throws, data_error, operation_error};
use super::material::{Key, KeyMaterial, Material};
use super::random;
use crate::Failure;
use crate::bytes::{self, Source};

/// Bytes of a key, private or public.
const SIZE: usize = 32;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Sign,
    Agree,
}

impl Purpose {
    /// Its name in SPKI and PKCS#8 (RFC 8410 §3).
    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sign => ObjectIdentifier::new_unwrap("1.3.101.112"),
            Self::Agree => ObjectIdentifier::new_unwrap("1.3.101.110"),
        }
    }
}

impl<'js> FromJs<'js> for Purpose {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        let name = JsString::from_js(ctx, value)?.to_string()?;
        Ok(if name == "Ed25519" { Self::Sign } else { Self::Agree })
    }
}

/// A public key.
struct Public {
    purpose: Purpose,
    bytes: [u8; SIZE],
    verifier: Option<ParsedPublicKey>,
}

/// A private key, with the seed that it is made of.
struct Private {
    purpose: Purpose,
    seed: Zeroizing<[u8; SIZE]>,
    role: Role,
}

enum Role {
    Sign(Ed25519KeyPair),
    Agree(agreement::PrivateKey),
}

impl Material for Public {}
impl Material for Private {}

fn sized(bytes: &[u8]) -> Result<[u8; SIZE], Failure> {
    bytes.try_into().map_err(|_| data_error("a key of this curve has 32 bytes"))
}

impl Public {
    fn new(purpose: Purpose, bytes: &[u8]) -> Result<Self, Failure> {
        let bytes = sized(bytes)?;
        let verifier = match purpose {
            Purpose::Sign => {
                let key = ParsedPublicKey::new(&ED25519, bytes);
                Some(key.map_err(|_| data_error("this is no key of Ed25519"))?)
            }
            Purpose::Agree => None,
        };
        Ok(Self { purpose, bytes, verifier })
    }
}

impl Private {
    fn new(purpose: Purpose, seed: &[u8]) -> Result<Self, Failure> {
        let seed = Zeroizing::new(sized(seed)?);
        let malformed = |_| data_error("this is no private key of this curve");
        let role = match purpose {
            Purpose::Sign => Role::Sign(Ed25519KeyPair::from_seed_unchecked(&seed[..]).map_err(malformed)?),
            Purpose::Agree => {
                Role::Agree(agreement::PrivateKey::from_private_key(&X25519, &seed[..]).map_err(malformed)?)
            }
        };
        Ok(Self { purpose, seed, role })
    }

    fn public(&self) -> Result<Public, Failure> {
        match &self.role {
            Role::Sign(pair) => Public::new(self.purpose, pair.public_key().as_ref()),
            Role::Agree(key) => {
                let public = key.compute_public_key().map_err(|_| operation_error("the key has no public half"))?;
                Public::new(self.purpose, public.as_ref())
            }
        }
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
fn generate<'js>(ctx: Ctx<'js>, purpose: Purpose) -> rquickjs::Result<Array<'js>> {
    let make = || {
        let mut seed = Zeroizing::new([0; SIZE]);
        random::fill(&mut seed[..])?;
        let private = Private::new(purpose, &seed[..])?;
        let public = private.public()?;
        Ok((private, public))
    };
    let (private, public) = make().throws(&ctx)?;
    let keys = Array::new(ctx.clone())?;
    keys.set(0, KeyMaterial::put(&ctx, private)?)?;
    keys.set(1, KeyMaterial::put(&ctx, public)?)?;
    Ok(keys)
}

fn import_raw<'js>(ctx: Ctx<'js>, purpose: Purpose, key: Source) -> rquickjs::Result<Key<'js>> {
    KeyMaterial::put(&ctx, Public::new(purpose, &key.0).throws(&ctx)?)
}

fn import_spki<'js>(ctx: Ctx<'js>, purpose: Purpose, spki: Source) -> rquickjs::Result<Key<'js>> {
    let key = encodings::from_spki(&spki.0, purpose.oid(), None).throws(&ctx)?;
    KeyMaterial::put(&ctx, Public::new(purpose, &key).throws(&ctx)?)
}

fn import_pkcs8<'js>(ctx: Ctx<'js>, purpose: Purpose, pkcs8: Source) -> rquickjs::Result<Key<'js>> {
    let pkcs8 = Zeroizing::new(pkcs8.0);
    let import = || Private::new(purpose, &encodings::seed(&encodings::from_pkcs8(&pkcs8, purpose.oid(), None)?)?);
    KeyMaterial::put(&ctx, import().throws(&ctx)?)
}

/// A key out of its members of JWK (RFC 8037 §2): x, and d where it is private.
fn import_jwk<'js>(ctx: Ctx<'js>, purpose: Purpose, x: String, d: Option<String>) -> rquickjs::Result<Key<'js>> {
    let public = encodings::from_base64url(&x).and_then(|x| Public::new(purpose, &x)).throws(&ctx)?;
    let Some(d) = d.map(Zeroizing::new) else { return KeyMaterial::put(&ctx, public) };
    let import = || {
        let private = Private::new(purpose, &encodings::from_base64url(&d)?)?;
        if private.public()?.bytes != public.bytes {
            return Err(data_error("the private key does not belong to the public one"));
        }
        Ok(private)
    };
    KeyMaterial::put(&ctx, import().throws(&ctx)?)
}

fn export_raw<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    bytes::array_buffer(&ctx, key.borrow().get::<Public>(&ctx)?.bytes)
}

fn export_spki<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<Public>(&ctx)?;
    bytes::array_buffer(&ctx, encodings::to_spki(&key.bytes, key.purpose.oid(), None).throws(&ctx)?)
}

fn export_pkcs8<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let key = key.get::<Private>(&ctx)?;
    bytes::array_buffer(&ctx, &encodings::to_pkcs8(&key.seed[..], key.purpose.oid()).throws(&ctx)?[..])
}

/// x
fn export_public_jwk<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Vec<String>> {
    Ok(vec![encodings::to_base64url(key.borrow().get::<Public>(&ctx)?.bytes)])
}

/// x and d
fn export_jwk<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Vec<String>> {
    let key = key.borrow();
    let key = key.get::<Private>(&ctx)?;
    let public = key.public().throws(&ctx)?;
    Ok(vec![encodings::to_base64url(public.bytes), encodings::to_base64url(&key.seed[..])])
}

fn sign<'js>(ctx: Ctx<'js>, key: Key<'js>, data: Source) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let failed = || operation_error("nothing was signed");
    let sign = |key: &Private| match &key.role {
        Role::Sign(pair) => pair.try_sign(&data.0).map_err(|_| failed()),
        Role::Agree(_) => Err(failed()),
    };
    bytes::array_buffer(&ctx, sign(key.get::<Private>(&ctx)?).throws(&ctx)?)
}

fn verify<'js>(ctx: Ctx<'js>, key: Key<'js>, signature: Source, data: Source) -> rquickjs::Result<bool> {
    let key = key.borrow();
    let verifier = key.get::<Public>(&ctx)?.verifier.as_ref();
    Ok(verifier.is_some_and(|key| key.verify_sig(&data.0, &signature.0).is_ok()))
}

/// The secret that both sides come to; a failure where that is nothing but zeros (RFC 7748 §6.1).
fn agree<'js>(ctx: Ctx<'js>, private: Key<'js>, public: Key<'js>) -> rquickjs::Result<Value<'js>> {
    let (private, public) = (private.borrow(), public.borrow());
    let (private, public) = (private.get::<Private>(&ctx)?, public.get::<Public>(&ctx)?);
    let failed = || operation_error("the keys do not agree");
    let Role::Agree(key) = &private.role else { return Err(failed().throw(&ctx)) };
    let peer = UnparsedPublicKey::new(&X25519, public.bytes);
    let secret = agreement::agree(key, peer, failed(), |secret| Ok(Zeroizing::new(secret.to_vec())));
    bytes::array_buffer(&ctx, &secret.throws(&ctx)?[..])
}
