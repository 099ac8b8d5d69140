//! HKDF (RFC 5869) and PBKDF2 (RFC 8018 §5.2).

use std::num::NonZeroU32;

use aws_lc_rs::hkdf::{KeyType, Salt};
use aws_lc_rs::pbkdf2;
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Object, Value};
use zeroize::Zeroizing;

use super::failures::{Throws, not_supported, operation_error};
use super::hash::Hash;
use super::jobs::elsewhere;
use super::material::{Key, KeyMaterial, Material};
use crate::Failure;
use crate::bytes::{self, Source};

/// Rounds of HMAC that a script's thread does itself: about half a millisecond.
const ROUNDS_HERE: u64 = 1_000;

/// Rounds of HMAC that PBKDF2 may take, blocks of output times iterations: some seconds, which nothing
/// can stop once they run.
const MOST_ROUNDS: u64 = 10_000_000;

/// Rounds on the script's own thread: a quarter of a second.
const MOST_ROUNDS_AT_ONCE: u64 = 500_000;

/// Bytes that PBKDF2 gives at once: far more than any key has.
const MOST_BYTES: usize = 1 << 20;

/// A secret to derive from.
struct Secret(Zeroizing<Vec<u8>>);

impl Material for Secret {
    fn secret(&self) -> Option<&[u8]> {
        Some(&self.0)
    }
}

/// `{ importSecret, hkdf, pbkdf2, pbkdf2Sync }`
pub(super) fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("importSecret", Func::from(import_secret))?;
    native.set("hkdf", Func::from(hkdf))?;
    native.set("pbkdf2", Func::from(pbkdf2))?;
    native.set("pbkdf2Sync", Func::from(pbkdf2_sync))?;
    Ok(native)
}

fn import_secret<'js>(ctx: Ctx<'js>, secret: Source) -> rquickjs::Result<Key<'js>> {
    KeyMaterial::put(&ctx, Secret(Zeroizing::new(secret.0)))
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn hkdf<'js>(
    ctx: Ctx<'js>,
    hash: Hash,
    key: Key<'js>,
    salt: Source,
    info: Source,
    length: usize,
) -> rquickjs::Result<Value<'js>> {
    let key = key.borrow();
    let secret = key.secret(&ctx)?;
    let expand = || {
        let too_long = || operation_error("HKDF gives at most 255 times the output of its hash");
        if length > 255 * hash.digest().output_len() {
            return Err(too_long());
        }
        let mut derived = Zeroizing::new(vec![0; length]);
        if length > 0 {
            let key = Salt::new(hash.hkdf(), &salt.0).extract(secret);
            let info = [&info.0[..]];
            let okm = key.expand(&info, Length(length)).map_err(|_| too_long())?;
            okm.fill(&mut derived).map_err(|_| operation_error("HKDF failed"))?;
        }
        Ok(derived)
    };
    bytes::array_buffer(&ctx, &expand().throws(&ctx)?[..])
}

fn pbkdf2<'js>(
    ctx: Ctx<'js>,
    hash: Hash,
    key: Key<'js>,
    salt: Source,
    iterations: u32,
    length: usize,
) -> rquickjs::Result<Value<'js>> {
    let iterations = NonZeroU32::new(iterations).ok_or_else(no_iterations).throws(&ctx)?;
    let secret = Zeroizing::new(key.borrow().secret(&ctx)?.to_vec());
    let rounds = rounds(hash, iterations, length);
    if rounds > MOST_ROUNDS || length > MOST_BYTES {
        let message = format!("PBKDF2 takes at most {MOST_ROUNDS} rounds and gives at most {MOST_BYTES} bytes here");
        return Err(not_supported(message).throw(&ctx));
    }
    let derive = move || {
        let mut derived = Zeroizing::new(vec![0; length]);
        if length > 0 {
            pbkdf2::derive(hash.pbkdf2(), iterations, &salt.0, &secret, &mut derived);
        }
        derived
    };
    if rounds <= ROUNDS_HERE {
        return bytes::array_buffer(&ctx, &derive()[..]);
    }
    let promise = elsewhere(&ctx, move || Ok(derive()), |ctx, derived| bytes::array_buffer(ctx, &derived[..]))?;
    Ok(promise.into_value())
}

/// The same on the script's thread, for callers that cannot wait: fewer rounds, because nothing stops them.
fn pbkdf2_sync<'js>(
    ctx: Ctx<'js>,
    hash: Hash,
    key: Key<'js>,
    salt: Source,
    iterations: u32,
    length: usize,
) -> rquickjs::Result<Value<'js>> {
    let iterations = NonZeroU32::new(iterations).ok_or_else(no_iterations).throws(&ctx)?;
    if rounds(hash, iterations, length) > MOST_ROUNDS_AT_ONCE {
        let message = format!("more than {MOST_ROUNDS_AT_ONCE} rounds of PBKDF2 at once: use the form with a callback");
        return Err(not_supported(message).throw(&ctx));
    }
    let mut derived = Zeroizing::new(vec![0; length]);
    if length > 0 {
        pbkdf2::derive(hash.pbkdf2(), iterations, &salt.0, key.borrow().secret(&ctx)?, &mut derived);
    }
    bytes::array_buffer(&ctx, &derived[..])
}

fn no_iterations() -> Failure {
    operation_error("PBKDF2 wants at least one iteration")
}

fn rounds(hash: Hash, iterations: NonZeroU32, length: usize) -> u64 {
    let blocks = length.div_ceil(hash.digest().output_len());
    u64::from(iterations.get()).saturating_mul(u64::try_from(blocks).unwrap_or(u64::MAX))
}
