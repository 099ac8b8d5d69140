//! Keys of RSA: out of their forms, and into them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeyPair, KeyPairComponents, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey, PublicKeyComponents,
};
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use pkcs8::der::Decode;
use spki::ObjectIdentifier;
use zeroize::Zeroizing;

use super::super::encodings;
use super::super::failures::{data_error, not_supported, operation_error};
use super::super::hash::Hash;
use super::super::material::Material;
use super::schemes::{self, Scheme};
use crate::Failure;

/// `rsaEncryption` (RFC 8017 appendix A.1).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The numbers of a private key, as JWK names them (RFC 7518 §6.3): n, e, d, p, q, dp, dq, qi.
pub(super) type Numbers = [Zeroizing<Vec<u8>>; 8];

/// A public key.
pub(super) struct RsaPublic {
    pub(super) components: PublicKeyComponents<Vec<u8>>,
    pub(super) scheme: Scheme,
    pub(super) hash: Hash,
    pub(super) role: PublicRole,
}

/// What a public key is made ready for.
pub(super) enum PublicRole {
    Verify(ParsedPublicKey),
    Encrypt(OaepPublicEncryptingKey),
}

/// A private key.
pub(super) struct RsaPrivate {
    pub(super) pair: KeyPair,
    pub(super) scheme: Scheme,
    pub(super) hash: Hash,
    pub(super) decrypt: Option<OaepPrivateDecryptingKey>,
}

impl Material for RsaPublic {}
impl Material for RsaPrivate {}

impl RsaPublic {
    /// A key out of its modulus and exponent, both without zeros before them.
    pub(super) fn new(scheme: Scheme, hash: Hash, modulus: &[u8], exponent: &[u8]) -> Result<Self, Failure> {
        let malformed = || data_error("the RSA key is malformed");
        let components = PublicKeyComponents { n: strip(modulus).to_vec(), e: strip(exponent).to_vec() };
        let bits = bits(&components.n);
        if bits == 0 || components.e.is_empty() {
            return Err(malformed());
        }
        if !(2048..=8192).contains(&bits) {
            return Err(not_supported(format!("RSA keys have 2048 to 8192 bits here, and this has {bits}")));
        }
        let spki = components.as_der().map_err(|_| malformed())?;
        let role = match scheme {
            Scheme::Oaep => {
                let key = PublicEncryptingKey::from_der(spki.as_ref()).map_err(|_| malformed())?;
                PublicRole::Encrypt(OaepPublicEncryptingKey::new(key).map_err(|_| malformed())?)
            }
            Scheme::Pkcs1 | Scheme::Pss => {
                let algorithm = schemes::verifying(scheme, hash)?;
                PublicRole::Verify(ParsedPublicKey::new(algorithm, spki.as_ref()).map_err(|_| malformed())?)
            }
        };
        Ok(Self { components, scheme, hash, role })
    }

    pub(super) fn from_spki(scheme: Scheme, hash: Hash, spki: &[u8]) -> Result<Self, Failure> {
        let key = encodings::from_spki(spki, RSA_ENCRYPTION, None)?;
        let key = RsaPublicKeyRef::from_der(&key).map_err(|_| data_error("the SPKI holds no RSA key"))?;
        Self::new(scheme, hash, key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    pub(super) fn to_spki(&self) -> Result<Vec<u8>, Failure> {
        let der = self.components.as_der().map_err(|_| operation_error("the key cannot be written as SPKI"))?;
        Ok(der.as_ref().to_vec())
    }

    pub(super) fn bits(&self) -> usize {
        bits(&self.components.n)
    }
}

impl RsaPrivate {
    pub(super) fn new(scheme: Scheme, hash: Hash, pair: KeyPair) -> Result<Self, Failure> {
        if scheme == Scheme::Pss {
            schemes::verifying(scheme, hash)?;
        }
        let decrypt = match scheme {
            Scheme::Oaep => {
                let unusable = || operation_error("the key cannot be made ready for RSA-OAEP");
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| unusable())?;
                let key = PrivateDecryptingKey::from_pkcs8(der.as_ref()).map_err(|_| unusable())?;
                Some(OaepPrivateDecryptingKey::new(key).map_err(|_| unusable())?)
            }
            Scheme::Pkcs1 | Scheme::Pss => None,
        };
        Ok(Self { pair, scheme, hash, decrypt })
    }

    pub(super) fn from_pkcs8(scheme: Scheme, hash: Hash, pkcs8: &[u8]) -> Result<Self, Failure> {
        let key = encodings::from_pkcs8(pkcs8, RSA_ENCRYPTION, None)?;
        let key = RsaPrivateKeyRef::from_der(&key).map_err(|_| data_error("the PKCS#8 holds no RSA key"))?;
        let numbers = [
            key.modulus,
            key.public_exponent,
            key.private_exponent,
            key.prime1,
            key.prime2,
            key.exponent1,
            key.exponent2,
            key.coefficient,
        ];
        Self::from_numbers(scheme, hash, &numbers.map(|number| number.as_bytes()))
    }

    /// A key out of the numbers of [`Numbers`], which have to agree.
    pub(super) fn from_numbers(scheme: Scheme, hash: Hash, numbers: &[&[u8]; 8]) -> Result<Self, Failure> {
        let [n, e, d, p, q, dp, dq, qi] = *numbers;
        // Says what is wrong with the size.
        RsaPublic::new(Scheme::Oaep, hash, n, e)?;
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: strip(n), e: strip(e) },
            d,
            p,
            q,
            dP: dp,
            dQ: dq,
            qInv: qi,
        };
        let pair = KeyPair::from_components(&components);
        Self::new(scheme, hash, pair.map_err(|_| data_error("the numbers of the RSA key do not agree"))?)
    }

    pub(super) fn public(&self) -> Result<RsaPublic, Failure> {
        let key = self.pair.public_key();
        let key = RsaPublicKeyRef::from_der(key.as_ref()).map_err(|_| operation_error("the key has no public half"))?;
        RsaPublic::new(self.scheme, self.hash, key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    pub(super) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let der: Pkcs8V1Der<'_> =
            self.pair.as_der().map_err(|_| operation_error("the key cannot be written as PKCS#8"))?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    pub(super) fn to_numbers(&self) -> Result<Numbers, Failure> {
        let pkcs8 = self.to_pkcs8()?;
        let key = encodings::from_pkcs8(&pkcs8, RSA_ENCRYPTION, None)?;
        let key = RsaPrivateKeyRef::from_der(&key).map_err(|_| operation_error("the key cannot be written as JWK"))?;
        let numbers = [
            key.modulus,
            key.public_exponent,
            key.private_exponent,
            key.prime1,
            key.prime2,
            key.exponent1,
            key.exponent2,
            key.coefficient,
        ];
        Ok(numbers.map(|number| Zeroizing::new(number.as_bytes().to_vec())))
    }
}

fn strip(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// How many bits a number without zeros before it has.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or_default())
}
