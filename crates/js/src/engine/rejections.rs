//! Promises that were rejected while nobody was there to handle it.

use std::cell::RefCell;

use rquickjs::{Ctx, Persistent, Value};

use crate::Thrown;

/// The rejections of one entry. Told at its end: until then a handler may still come.
#[derive(Default)]
pub(super) struct Rejections(RefCell<Vec<(Persistent<Value<'static>>, Thrown)>>);

impl Rejections {
    /// What the engine tells of a promise.
    pub(super) fn note<'js>(&self, ctx: &Ctx<'js>, promise: Value<'js>, reason: &Value<'js>, handled: bool) {
        if handled {
            self.forget(ctx, &promise);
        } else {
            self.0.borrow_mut().push((Persistent::save(ctx, promise), Thrown::of(reason)));
        }
    }

    /// Somebody takes care of this one.
    pub(super) fn forget<'js>(&self, ctx: &Ctx<'js>, promise: &Value<'js>) {
        self.0.borrow_mut().retain(|(kept, _)| kept.clone().restore(ctx).is_ok_and(|kept| kept != *promise));
    }

    /// Tells of those that are left.
    pub(super) fn tell(&self, mut tell: impl FnMut(&Thrown, &str)) {
        for (_, thrown) in self.0.take() {
            let stack = if thrown.stack.is_empty() { String::new() } else { format!("\n{}", thrown.stack.trim_end()) };
            tell(&thrown, &format!("a promise was rejected, and nothing handles it: {thrown}{stack}"));
        }
    }
}
