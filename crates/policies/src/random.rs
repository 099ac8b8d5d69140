//! Chance, for what nobody must be able to foresee for money: which example, which backend.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Any 64 bits, each as likely as the others. Nothing may depend on their being secret.
pub(crate) fn bits() -> u64 {
    RandomState::new().hash_one(0_u8)
}

/// Any number of at least 0 and less than 1.
#[expect(clippy::cast_precision_loss, reason = "a float holds whole numbers of 53 bits")]
pub(crate) fn unit() -> f64 {
    (bits() >> 11) as f64 / (1_u64 << 53) as f64
}
