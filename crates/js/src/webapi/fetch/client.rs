//! Who sent a request that came from outside, as far as scripts hear of it: its `signal` is aborted when they
//! have gone.

use std::cell::RefCell;
use std::fmt;

use rquickjs::{Ctx, Object, Persistent};

use super::body::{abandon, follow};

/// Who sent a request. All requests that are made of it know it.
#[derive(Default)]
pub struct Client(RefCell<State>);

#[derive(Default)]
enum State {
    /// No script has asked for a signal.
    #[default]
    Quiet,
    /// A script has: what its signal follows.
    Watched(Persistent<Object<'static>>),
    /// They have gone, and nobody had asked.
    Gone,
    /// Nobody will ever say so.
    Forgotten,
}

impl Client {
    /// The signal that is aborted when the client goes; none where nobody would say so.
    pub(super) fn signal<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        match &*self.0.borrow() {
            State::Watched(signal) => return signal.clone().restore(ctx).map(Some),
            State::Forgotten => return Ok(None),
            State::Quiet | State::Gone => {}
        }
        let signal = follow(ctx, None)?;
        let before = self.0.replace(State::Watched(Persistent::save(ctx, signal.clone())));
        if let State::Gone = before {
            abandon(ctx, &signal)?;
        }
        Ok(Some(signal))
    }

    /// They have gone: whoever listens to the signal is told.
    ///
    /// # Errors
    /// Where the engine has no memory for it, or is interrupted.
    pub fn leave(&self, ctx: &Ctx<'_>) -> rquickjs::Result<()> {
        let signal = match &*self.0.borrow() {
            State::Watched(signal) => Some(signal.clone()),
            State::Quiet | State::Gone | State::Forgotten => None,
        };
        match signal {
            Some(signal) => abandon(ctx, &signal.restore(ctx)?),
            None => {
                let quiet = matches!(*self.0.borrow(), State::Quiet);
                if quiet {
                    self.0.replace(State::Gone);
                }
                Ok(())
            }
        }
    }

    /// Lets go of what belongs to the engine: from now on nobody hears of them. A signal and its listeners may
    /// know the request, which knows its client.
    pub fn forget(&self) {
        self.0.replace(State::Forgotten);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
