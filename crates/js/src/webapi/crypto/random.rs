//! Randomness of the system's cryptographic generator, and comparison that takes the same time whatever it
//! compares.

use aws_lc_rs::{constant_time, rand};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Object, Value};

use super::failures::{Throws, operation_error};
use crate::bytes::{self, Source};
use crate::{Failure, engine::Engine};

/// As many random bytes as a call may ask for at once.
const MOST: usize = 16 << 20;

/// `{ randomBytes, randomUUID, equal, load }`
pub(super) fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("randomBytes", Func::from(random_bytes))?;
    native.set("randomUUID", Func::from(random_uuid))?;
    native.set("equal", Func::from(equal))?;
    native.set("load", Func::from(load))?;
    Ok(native)
}

/// Random bytes.
///
/// # Errors
/// Where the system gives none.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    rand::fill(bytes).map_err(|_| operation_error("the system gives no random bytes"))
}

fn random_bytes(ctx: Ctx<'_>, length: usize) -> rquickjs::Result<Value<'_>> {
    if length > MOST {
        return Err(Failure::range_error(format!("more than {MOST} random bytes at once")).throw(&ctx));
    }
    let mut random = zeroize::Zeroizing::new(vec![0; length]);
    fill(&mut random).throws(&ctx)?;
    bytes::array_buffer(&ctx, &random[..])
}

/// A UUID of version 4 (RFC 9562 §5.4).
fn random_uuid(ctx: Ctx<'_>) -> rquickjs::Result<String> {
    let mut random = [0; 16];
    fill(&mut random).throws(&ctx)?;
    Ok(uuid::Builder::from_random_bytes(random).into_uuid().to_string())
}

fn equal(ctx: Ctx<'_>, one: Source, other: Source) -> rquickjs::Result<bool> {
    if one.0.len() != other.0.len() {
        return Err(Failure::range_error("only buffers of the same length can be compared").throw(&ctx));
    }
    Ok(constant_time::verify_slices_are_equal(&one.0, &other.0).is_ok())
}

/// The module of another area, loaded when its first algorithm is used.
fn load<'js>(ctx: Ctx<'js>, area: String) -> rquickjs::Result<Object<'js>> {
    Engine::of(&ctx)?.library(&ctx, &area)
}
