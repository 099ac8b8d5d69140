//! Calls that are made again because their answer got lost (`Idempotency-Key`).

use super::StoreError;
use crate::keys::KeyDigest;
use crate::later::BoxFuture;

/// An answer that is kept for a call that may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its status.
    pub status: u16,
    /// Whatever is needed to give it again, sealed by the caller where a secret is in it.
    pub body: Vec<u8>,
}

/// What is known of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: it is the caller's to make now.
    Yours,
    /// It is being made at this moment.
    UnderWay,
    /// It was made: this was its answer.
    Answered(KeptAnswer),
    /// The same key came with another call.
    Mismatch,
}

/// Calls that may come again.
pub trait Idempotency: Send + Sync {
    /// Claims a call. `scope` is whose key it is (an operator's id); `fingerprint` the digest of
    /// method, path and body. A claim that is neither answered nor given up ends after a minute,
    /// an answer after a day.
    fn claim_call(&self, scope: &str, key: &str, fingerprint: KeyDigest) -> BoxFuture<'_, Result<Claim, StoreError>>;
    /// Keeps the answer of a claimed call.
    fn answer_call(&self, scope: &str, key: &str, answer: KeptAnswer) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Gives a claim up: the call failed in a way that making it again may mend.
    fn give_up_call(&self, scope: &str, key: &str) -> BoxFuture<'_, Result<(), StoreError>>;
}
