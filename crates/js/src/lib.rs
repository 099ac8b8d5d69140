//! JavaScript with Web APIs and with limits: one [`Engine`] is one QuickJS runtime that lives on one
//! thread, runs calls that interleave, and never lets one of them take more than its share.
//!
//! *Entry points.* [`engine`]: entering, draining, budgets, work of the host. [`webapi`]: the areas,
//! a folder and a line in [`webapi::ALL`] each. [`library`]: how areas become modules and globals. `json`: what
//! takes the place of the engine's own JSON.
//!
//! *Invariants.* Nothing here knows routes, policies or projects: what a script may reach outside of
//! its engine goes through [`Host`]. JavaScript runs only inside of [`Engine::enter`], which holds
//! the budget.

pub mod bytes;
pub mod engine;
pub mod failure;
pub mod host;
mod json;
pub mod library;
pub mod memory;
pub mod webapi;

pub use engine::{Engine, Limits, Task};
pub use failure::{Failure, Thrown};
pub use host::Host;
pub use library::{Area, Modules};
pub use rquickjs;
