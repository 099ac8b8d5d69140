//! The forms in which keys come and go: base64url (RFC 4648 §5, as JWK has it), SPKI (RFC 5280 §4.1.2.7),
//! PKCS#8 (RFC 5958), and text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use pkcs8::der::{Decode, Encode};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Object, Value};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::failures::{Throws, data_error};
use super::material::Key;
use crate::Failure;
use crate::bytes::{self, Source, UsvString};

/// `{ secretOf, toBase64Url, fromBase64Url, toUtf8, fromUtf8 }`
pub(super) fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("secretOf", Func::from(secret_of))?;
    native.set("toBase64Url", Func::from(|data: Source| to_base64url(&data.0)))?;
    native.set("fromBase64Url", Func::from(from_base64url_js))?;
    native.set("toUtf8", Func::from(to_utf8))?;
    native.set("fromUtf8", Func::from(|data: Source| String::from_utf8_lossy(&data.0).into_owned()))?;
    Ok(native)
}

/// The bytes of a secret key, for an export.
fn secret_of<'js>(ctx: Ctx<'js>, key: Key<'js>) -> rquickjs::Result<Value<'js>> {
    bytes::array_buffer(&ctx, key.borrow().secret(&ctx)?)
}

fn from_base64url_js<'js>(ctx: Ctx<'js>, text: String) -> rquickjs::Result<Value<'js>> {
    let text = Zeroizing::new(text);
    bytes::array_buffer(&ctx, &from_base64url(&text).throws(&ctx)?[..])
}

fn to_utf8(ctx: Ctx<'_>, text: UsvString) -> rquickjs::Result<Value<'_>> {
    bytes::array_buffer(&ctx, Zeroizing::new(text.0).as_bytes())
}

/// Bytes as a member of a JWK.
pub(super) fn to_base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a member of a JWK.
///
/// # Errors
/// `DataError` where it is not base64url without padding.
pub(super) fn from_base64url(text: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(text);
    bytes.map(Zeroizing::new).map_err(|_| data_error("a member of the JWK is not base64url without padding"))
}

/// A public key out of its SPKI, where that is for this algorithm; `curve` is its parameter.
///
/// # Errors
/// `DataError` where it is for another, or is malformed.
pub(super) fn from_spki(
    spki: &[u8],
    algorithm: ObjectIdentifier,
    curve: Option<ObjectIdentifier>,
) -> Result<Vec<u8>, Failure> {
    let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(|_| data_error("this is no SPKI"))?;
    check(&info.algorithm, algorithm, curve)?;
    let key = info.subject_public_key.as_bytes().ok_or_else(|| data_error("the SPKI does not hold whole bytes"))?;
    Ok(key.to_vec())
}

/// A private key out of its PKCS#8, where that is for this algorithm; `curve` is its parameter.
///
/// # Errors
/// `DataError` where it is for another, or is malformed.
pub(super) fn from_pkcs8(
    pkcs8: &[u8],
    algorithm: ObjectIdentifier,
    curve: Option<ObjectIdentifier>,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let info = PrivateKeyInfoRef::from_der(pkcs8).map_err(|_| data_error("this is no PKCS#8"))?;
    check(&info.algorithm, algorithm, curve)?;
    Ok(Zeroizing::new(info.private_key.as_bytes().to_vec()))
}

fn check(
    found: &AlgorithmIdentifierRef<'_>,
    algorithm: ObjectIdentifier,
    curve: Option<ObjectIdentifier>,
) -> Result<(), Failure> {
    if found.oid != algorithm {
        return Err(data_error("the key is for another algorithm"));
    }
    match curve {
        Some(curve) if found.parameters_oid() != Ok(curve) => Err(data_error("the key is for another curve")),
        _ => Ok(()),
    }
}

/// The SPKI of a public key.
///
/// # Errors
/// None that are known: lengths would have to overflow.
pub(super) fn to_spki(
    key: &[u8],
    algorithm: ObjectIdentifier,
    curve: Option<ObjectIdentifier>,
) -> Result<Vec<u8>, Failure> {
    let encode = || {
        let parameters = curve.as_ref().map(AnyRef::from);
        let subject_public_key = BitStringRef::from_bytes(key)?;
        SubjectPublicKeyInfoRef { algorithm: AlgorithmIdentifierRef { oid: algorithm, parameters }, subject_public_key }
            .to_der()
    };
    encode().map_err(|_| data_error("the key cannot be written as SPKI"))
}

/// The PKCS#8 of a private key that is bytes in an octet string (RFC 8410 §7).
///
/// # Errors
/// None that are known: lengths would have to overflow.
pub(super) fn to_pkcs8(seed: &[u8], algorithm: ObjectIdentifier) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let encode = || {
        let inner = Zeroizing::new(OctetStringRef::new(seed)?.to_der()?);
        let algorithm = AlgorithmIdentifierRef { oid: algorithm, parameters: None };
        PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&inner)?).to_der().map(Zeroizing::new)
    };
    encode().map_err(|_| data_error("the key cannot be written as PKCS#8"))
}

/// The bytes in the octet string that a private key of RFC 8410 is.
///
/// # Errors
/// `DataError` where there is none.
pub(super) fn seed(private_key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let octets = <&OctetStringRef>::from_der(private_key).map_err(|_| data_error("the PKCS#8 holds no key"))?;
    Ok(Zeroizing::new(octets.as_bytes().to_vec()))
}
