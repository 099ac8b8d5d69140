//! What scripts hold in Rust's memory, which the engine's own limit does not see: all bodies together may
//! be as large as its heap.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rquickjs::{Ctx, Exception};

use super::realm::Realm;

/// The bytes that an engine's scripts hold.
#[derive(Debug)]
pub(super) struct Ledger {
    used: AtomicUsize,
    most: usize,
}

/// There is no room for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bodies that scripts have in memory take more than they may")]
pub(super) struct Full;

impl Full {
    /// Throws what a full heap throws, which ends the call like that.
    pub(super) fn throw(self, ctx: &Ctx<'_>) -> rquickjs::Error {
        Exception::throw_internal(ctx, "out of memory")
    }
}

/// Bytes that are held. They are given back when this goes.
#[derive(Debug)]
pub(super) struct Charge {
    ledger: Arc<Ledger>,
    bytes: usize,
}

impl Ledger {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), most })
    }

    /// That of an engine.
    ///
    /// # Errors
    /// Where it was made without it.
    pub(super) fn of(ctx: &Ctx<'_>) -> rquickjs::Result<Arc<Self>> {
        Realm::of(ctx).map(|realm| Arc::clone(realm.ledger()))
    }

    /// A charge of nothing, which grows.
    pub(super) fn open(self: &Arc<Self>) -> Charge {
        Charge { ledger: Arc::clone(self), bytes: 0 }
    }

    /// Charges for bytes that are there.
    ///
    /// # Errors
    /// Where there is no room for them: what a full heap throws.
    pub(super) fn charge(ctx: &Ctx<'_>, bytes: usize) -> rquickjs::Result<Arc<Charge>> {
        let mut charge = Self::of(ctx)?.open();
        charge.add(bytes).map_err(|full| full.throw(ctx))?;
        Ok(Arc::new(charge))
    }
}

impl Charge {
    /// Charges for more.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), Full> {
        let used = self.ledger.used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.bytes += bytes;
        if used > self.ledger.most { Err(Full) } else { Ok(()) }
    }

    /// Gives some back.
    pub(super) fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.ledger.used.fetch_sub(bytes, Ordering::Relaxed);
        self.bytes -= bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.ledger.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_is_given_back() {
        let ledger = Ledger::new(10);
        let mut first = ledger.open();
        assert_eq!(first.add(6), Ok(()));
        let mut second = ledger.open();
        assert_eq!(second.add(6), Err(Full));
        drop(second);
        first.give_back(2);
        assert_eq!(first.add(6), Ok(()));
        drop(first);
        assert_eq!(ledger.used.load(Ordering::Relaxed), 0);
    }
}
