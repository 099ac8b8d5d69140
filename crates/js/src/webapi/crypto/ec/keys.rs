//! Keys of ECDSA and ECDH: out of their forms, and into them.

use aws_lc_rs::agreement::{self, UnparsedPublicKey};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair, ParsedPublicKey};
use zeroize::Zeroizing;

use super::super::encodings;
use super::super::failures::{data_error, operation_error};
use super::super::material::Material;
use super::curves::{Curve, EC_PUBLIC_KEY};
use crate::Failure;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Sign,
    Agree,
}

/// A public key.
pub(super) struct EcPublic {
    pub(super) curve: Curve,
    /// Uncompressed (SEC 1 §2.3.3).
    pub(super) point: Vec<u8>,
    /// Made ready for signatures; checked, whatever it is for.
    pub(super) verifier: ParsedPublicKey,
}

/// A private key.
pub(super) struct EcPrivate {
    pub(super) curve: Curve,
    pub(super) role: PrivateRole,
}

/// What a private key is made ready for.
pub(super) enum PrivateRole {
    Sign(EcdsaKeyPair),
    Agree(agreement::PrivateKey),
}

impl Material for EcPublic {}
impl Material for EcPrivate {}

impl EcPublic {
    /// A key out of its point, compressed or not.
    pub(super) fn from_point(curve: Curve, point: &[u8]) -> Result<Self, Failure> {
        let no_point = || data_error("the key is no point of its curve");
        // Other lengths would be read as SPKI.
        if ![curve.size() + 1, 2 * curve.size() + 1].contains(&point.len()) {
            return Err(no_point());
        }
        let verifier = ParsedPublicKey::new(curve.verifying(), point).map_err(|_| no_point())?;
        let point = match point[0] {
            4 => point.to_vec(),
            _ => {
                let spki = verifier.as_der().map_err(|_| no_point())?;
                encodings::from_spki(spki.as_ref(), EC_PUBLIC_KEY, Some(curve.oid()))?
            }
        };
        Ok(Self { curve, point, verifier })
    }

    pub(super) fn from_spki(curve: Curve, spki: &[u8]) -> Result<Self, Failure> {
        Self::from_point(curve, &encodings::from_spki(spki, EC_PUBLIC_KEY, Some(curve.oid()))?)
    }

    /// A key out of its coordinates.
    pub(super) fn from_coordinates(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, Failure> {
        if x.len() != curve.size() || y.len() != curve.size() {
            return Err(data_error("the coordinates are not as long as the curve wants them"));
        }
        Self::from_point(curve, &[&[4], x, y].concat())
    }

    pub(super) fn to_spki(&self) -> Result<Vec<u8>, Failure> {
        encodings::to_spki(&self.point, EC_PUBLIC_KEY, Some(self.curve.oid()))
    }

    /// The key for an agreement.
    pub(super) fn agreement(&self) -> UnparsedPublicKey<&[u8]> {
        UnparsedPublicKey::new(self.curve.agreement(), &self.point)
    }
}

impl EcPrivate {
    pub(super) fn generate(curve: Curve, purpose: Purpose) -> Result<Self, Failure> {
        let failed = |_| operation_error("no key was generated");
        let role = match purpose {
            Purpose::Sign => PrivateRole::Sign(EcdsaKeyPair::generate(curve.signing()).map_err(failed)?),
            Purpose::Agree => PrivateRole::Agree(agreement::PrivateKey::generate(curve.agreement()).map_err(failed)?),
        };
        Ok(Self { curve, role })
    }

    pub(super) fn from_pkcs8(curve: Curve, purpose: Purpose, pkcs8: &[u8]) -> Result<Self, Failure> {
        // The library would take other forms too.
        encodings::from_pkcs8(pkcs8, EC_PUBLIC_KEY, Some(curve.oid()))?;
        let malformed = |_| data_error("the PKCS#8 holds no key of this curve");
        let role = match purpose {
            Purpose::Sign => PrivateRole::Sign(EcdsaKeyPair::from_pkcs8(curve.signing(), pkcs8).map_err(malformed)?),
            Purpose::Agree => PrivateRole::Agree(
                agreement::PrivateKey::from_private_key_der(curve.agreement(), pkcs8).map_err(malformed)?,
            ),
        };
        Ok(Self { curve, role })
    }

    /// A key out of its number, which has to belong to the public key.
    pub(super) fn from_number(purpose: Purpose, number: &[u8], public: &EcPublic) -> Result<Self, Failure> {
        let curve = public.curve;
        let mismatch = |_| data_error("the private key does not belong to the public one");
        if number.len() != curve.size() {
            return Err(data_error("the private key is not as long as the curve wants it"));
        }
        let role = match purpose {
            Purpose::Sign => PrivateRole::Sign(
                EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), number, &public.point)
                    .map_err(mismatch)?,
            ),
            Purpose::Agree => PrivateRole::Agree(
                agreement::PrivateKey::from_private_key(curve.agreement(), number).map_err(mismatch)?,
            ),
        };
        let key = Self { curve, role };
        if key.public()?.point != public.point {
            return Err(data_error("the private key does not belong to the public one"));
        }
        Ok(key)
    }

    pub(super) fn public(&self) -> Result<EcPublic, Failure> {
        match &self.role {
            PrivateRole::Sign(pair) => EcPublic::from_point(self.curve, pair.public_key().as_ref()),
            PrivateRole::Agree(key) => {
                let public = key.compute_public_key().map_err(|_| operation_error("the key has no public half"))?;
                EcPublic::from_point(self.curve, public.as_ref())
            }
        }
    }

    /// The key as a number, as long as the curve wants it.
    pub(super) fn to_number(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let number: Result<EcPrivateKeyBin<'_>, _> = match &self.role {
            PrivateRole::Sign(pair) => pair.private_key().as_be_bytes(),
            PrivateRole::Agree(key) => key.as_be_bytes(),
        };
        let number = number.map_err(|_| operation_error("the key cannot be written as JWK"))?;
        Ok(Zeroizing::new(number.as_ref().to_vec()))
    }

    pub(super) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let failed = |_| operation_error("the key cannot be written as PKCS#8");
        Ok(Zeroizing::new(match &self.role {
            PrivateRole::Sign(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            PrivateRole::Agree(key) => {
                let der: Pkcs8V1Der<'_> = key.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
        }))
    }
}
