//! What can go wrong with a store.

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing.
    #[error("there is no {kind} `{name}`")]
    NotFound {
        /// `consumer`, `key`, …
        kind: &'static str,
        /// What was asked for.
        name: String,
    },
    /// There is one already.
    #[error("there is a {kind} `{name}` already")]
    Exists {
        /// `consumer`, `key`, …
        kind: &'static str,
        /// What was to be made.
        name: String,
    },
    /// It is not, or no longer, what the change was meant for.
    #[error("{kind} `{name}` has changed meanwhile: it is at version {found}")]
    Changed {
        /// `consumer`, `bucket`, …
        kind: &'static str,
        /// What was to be changed.
        name: String,
        /// The version that it has.
        found: u64,
    },
    /// The store was written by a newer Tollgate.
    #[error(
        "the store has schema version {found}, and this Tollgate knows {known}: use the newer Tollgate that wrote it, \
         or a backup from before it was upgraded"
    )]
    Newer {
        /// What the store has.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// It cannot be reached, read or written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl StoreError {
    /// Whether it is the store that is away, and not the question that is wrong.
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
