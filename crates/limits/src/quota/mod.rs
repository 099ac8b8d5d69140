//! Quotas: what somebody uses in an hour, a day, a week or a month.
//!
//! * [`LocalQuotas`]: on this node, in memory and in a journal in the data folder.
//! * [`SharedQuotas`]: in the store that limits are shared in, with what this node last saw of it beside.

mod book;
mod counts;
mod local;
mod shared;

pub use book::CountedElsewhere;
pub use local::LocalQuotas;
pub use shared::SharedQuotas;
