//! What is kept, as traits, so that SQLite and PostgreSQL pass the same tests, and so that the
//! rooms that need it do not know SQL. One trait for each thing that is kept; [`Store`] is all of
//! them, and says on whose behalf something is changed.

mod audit;
mod directory;
mod error;
mod idempotency;
mod keyroom;
mod operators;
mod signing;
mod usage;

use std::fmt;
use std::sync::Arc;

use crate::later::BoxFuture;

pub use audit::{Actor, ActorKind, AuditEntry, AuditLog, AuditQuery, AuditVerdict, BrokenEntry, NewAuditEntry};
pub use directory::{
    BucketChange, ConsumerChange, ConsumerQuery, Directory, Managed, Member, NewBucket, NewConsumer, NewManager,
    NewMember, Page,
};
pub use error::StoreError;
pub use idempotency::{Claim, Idempotency, KeptAnswer};
pub use keyroom::{
    ImportedKey, KeyChange, KeyChanges, KeyFeed, KeySet, KeyUpdate, Keys, KeysOf, Leak, LeakReport, NewKey, OwnedKey,
};
pub use operators::{NewOperator, NoScope, Operator, Operators, Scope};
pub use signing::{SigningKeys, StoredSigningKey};
pub use usage::{Period, UsageBatch, UsageKey, UsageLog, UsageQuery, UsageRow, UsageSample};

/// Where everything is kept.
///
/// Every writing method returns when the change is durable. A change, its entry in the list of
/// changes and its entry in the audit log are one transaction.
pub trait Store:
    Directory + Keys + KeyFeed + SigningKeys + Operators + AuditLog + UsageLog + Idempotency + fmt::Debug
{
    /// The same store, for someone: what is changed through it is written down as theirs. Without
    /// it, changes are the gateway's own.
    fn on_behalf_of(&self, actor: Actor) -> Arc<dyn Store>;
    /// Whether other machines share it, so that it can be away while this one is well.
    fn is_shared(&self) -> bool;
    /// Whether it answers at the moment.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}
