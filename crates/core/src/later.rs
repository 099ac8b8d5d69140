//! An answer that may be there already.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// A boxed future, as trait objects need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Either a value or the future that brings it.
///
/// Most policies decide from what is in memory; `Now` lets them do so without a box or a poll,
/// while those that must wait return `Later` from the same method.
pub enum MaybeLater<'a, T> {
    /// The answer.
    Now(T),
    /// The answer, once some I/O is done.
    Later(BoxFuture<'a, T>),
}

impl<'a, T> MaybeLater<'a, T> {
    /// Boxes a future.
    pub fn later(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::Later(Box::pin(future))
    }

    /// Waits for the value; costs nothing where it is there.
    pub async fn get(self) -> T {
        match self {
            Self::Now(value) => value,
            Self::Later(future) => future.await,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for MaybeLater<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(value) => f.debug_tuple("Now").field(value).finish(),
            Self::Later(_) => f.write_str("Later(..)"),
        }
    }
}
