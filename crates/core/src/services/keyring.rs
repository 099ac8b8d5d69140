//! Looking up API keys.

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use crate::MaybeLater;
use crate::keys::{Consumer, KeyDigest, KeyGrant};
use crate::later::BoxFuture;

/// What became of a presented key. Clients see one answer for all refusals.
#[derive(Debug, Clone)]
pub enum KeyVerdict {
    /// It is good.
    Good(KeyGrant),
    /// It does not have the form of a key, or its checksum is wrong.
    Malformed,
    /// Nobody knows it.
    Unknown,
    /// It was revoked.
    Revoked,
    /// It has expired.
    Expired,
    /// It is the development key, and this is not `dev`.
    DevelopmentOnly,
    /// The store has been away for too long to trust any key.
    Unavailable,
}

/// Why a consumer could not be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ConsumersAway(pub String);

/// Knows every live key.
pub trait Keyring: Send + Sync + fmt::Debug {
    /// Looks a presented key up in a bucket (`None`: the default one). A key that nobody knows
    /// yet may need a look at the store first, which is limited per client address: then the answer comes
    /// later, and holds what it needs of the key, so that the caller may go on with the request.
    fn find<'a>(&'a self, presented: &str, bucket: Option<&'a str>, client: IpAddr) -> MaybeLater<'a, KeyVerdict>;

    /// Waits for the end of a key that was good: until it is revoked, quarantined, deleted or expired. It
    /// never comes where nobody follows keys.
    fn ended(&self, key: KeyDigest) -> BoxFuture<'_, KeyVerdict> {
        let _ = key;
        Box::pin(std::future::pending())
    }

    /// Where keys of this gateway's form stand in a text, in the order of their places, whether or not anybody
    /// knows them.
    fn sightings(&self, text: &[u8]) -> Vec<Range<usize>> {
        let _ = text;
        Vec::new()
    }

    /// The consumer with this name in a bucket (`None`: the default one); `None` where there is none.
    ///
    /// # Errors
    /// Where the store does not answer, or there is none.
    fn consumer<'a>(
        &'a self,
        bucket: Option<&'a str>,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Consumer>, ConsumersAway>> {
        let _ = (bucket, name);
        Box::pin(std::future::ready(Err(ConsumersAway("there is no store of consumers here".to_owned()))))
    }
}
