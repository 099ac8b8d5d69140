//! Tokens that were signed and are handed out again.
//!
//! Everything that is in a token decides whether it is the same one: the caller's proof, subject,
//! audience, claims, lifetime, prefix, the issuer's name and the signing key. A token is handed
//! out for half of its lifetime at most, so that the upstream always gets one with time left.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderValue;
use papaya::Equivalent;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tollgate_core::exchange::Credential;
use tollgate_core::services::{IssueError, TokenRequest};
use tollgate_core::time::Timestamp;

use super::Signed;

/// Callers that are remembered at once.
const OWNERS: usize = 50_000;
/// Tokens of one caller: a few audiences or claim sets, not one for each request.
const PER_OWNER: usize = 8;

/// Whose tokens they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner<'a> {
    /// A key's, by its id.
    Key(&'a str),
    /// A verified token's, by its digest.
    Token(&'a [u8; 16]),
    /// Somebody's who was established in another way, by name.
    Subject(&'a str),
}

#[derive(Debug)]
enum KeptOwner {
    Key(Box<str>),
    Token([u8; 16]),
    Subject(Box<str>),
}

impl KeptOwner {
    fn borrowed(&self) -> Owner<'_> {
        match self {
            Self::Key(id) => Owner::Key(id),
            Self::Token(digest) => Owner::Token(digest),
            Self::Subject(subject) => Owner::Subject(subject),
        }
    }
}

impl From<Owner<'_>> for KeptOwner {
    fn from(owner: Owner<'_>) -> Self {
        match owner {
            Owner::Key(id) => Self::Key(id.into()),
            Owner::Token(digest) => Self::Token(*digest),
            Owner::Subject(subject) => Self::Subject(subject.into()),
        }
    }
}

impl PartialEq for KeptOwner {
    fn eq(&self, other: &Self) -> bool {
        self.borrowed() == other.borrowed()
    }
}

impl Eq for KeptOwner {}

impl Hash for KeptOwner {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

impl Equivalent<KeptOwner> for Owner<'_> {
    fn equivalent(&self, kept: &KeptOwner) -> bool {
        *self == kept.borrowed()
    }
}

/// The tokens of one caller.
#[derive(Debug, Default)]
struct Slot {
    tokens: ArcSwap<Vec<Arc<Token>>>,
    /// Held while one is signed: a thousand requests at once sign once.
    signing: Mutex<()>,
}

#[derive(Debug)]
struct Token {
    subject: Box<str>,
    audience: Option<Box<str>>,
    expires_in: Duration,
    claims: Map<String, Value>,
    prefix: Box<str>,
    version: u64,
    kid: Box<str>,
    issuer: Arc<str>,
    signed: Signed,
}

impl Token {
    fn fits(&self, request: &TokenRequest<'_>, kid: &str, issuer: &Arc<str>) -> bool {
        self.version == version(request)
            && *self.subject == *request.subject
            && self.audience.as_deref() == request.audience
            && self.expires_in == request.expires_in
            && *self.prefix == *request.prefix
            && *self.kid == *kid
            && Arc::ptr_eq(&self.issuer, issuer)
            && self.claims == *request.claims
    }

    /// Whether it may still be handed out. A clock that went back does not lengthen its life.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.signed.issued <= now && now < self.signed.reuse_until
    }
}

/// The consumer's version: other metadata, another token.
fn version(request: &TokenRequest<'_>) -> u64 {
    match request.credential {
        Some(Credential::Key { version, .. }) => *version,
        _ => 0,
    }
}

/// Remembers tokens.
#[derive(Debug, Default)]
pub(super) struct TokenCache(papaya::HashMap<KeptOwner, Arc<Slot>>);

impl TokenCache {
    /// The remembered token for a request, or a new one.
    pub(super) fn get_or_sign(
        &self,
        owner: Owner<'_>,
        request: &TokenRequest<'_>,
        kid: &str,
        issuer: &Arc<str>,
        now: Timestamp,
        sign: impl FnOnce() -> Result<Signed, IssueError>,
    ) -> Result<HeaderValue, IssueError> {
        let slot = self.slot(owner, now);
        let find = || {
            let tokens = slot.tokens.load();
            let found = tokens.iter().find(|token| token.is_fresh(now) && token.fits(request, kid, issuer));
            found.map(|token| token.signed.header.clone())
        };
        if let Some(header) = find() {
            return Ok(header);
        }
        let _one = slot.signing.lock();
        if let Some(header) = find() {
            return Ok(header);
        }
        let signed = sign()?;
        let header = signed.header.clone();
        let token = Token {
            subject: request.subject.into(),
            audience: request.audience.map(Into::into),
            expires_in: request.expires_in,
            claims: request.claims.clone(),
            prefix: request.prefix.into(),
            version: version(request),
            kid: kid.into(),
            issuer: Arc::clone(issuer),
            signed,
        };
        let kept = slot.tokens.load_full();
        let mut tokens: Vec<Arc<Token>> =
            kept.iter().filter(|old| old.is_fresh(now) && *old.kid == *token.kid).cloned().collect();
        if tokens.len() >= PER_OWNER {
            tokens.remove(0);
        }
        tokens.push(Arc::new(token));
        slot.tokens.store(Arc::new(tokens));
        Ok(header)
    }

    /// Drops the tokens of a key.
    pub(super) fn forget(&self, key: &str) {
        self.0.pin().remove(&Owner::Key(key));
    }

    fn slot(&self, owner: Owner<'_>, now: Timestamp) -> Arc<Slot> {
        let slots = self.0.pin();
        if let Some(slot) = slots.get(&owner) {
            return Arc::clone(slot);
        }
        if slots.len() >= OWNERS {
            // First those who have nothing that could be handed out; if that is not enough, a
            // quarter of all: signing anew costs a fraction of a millisecond.
            slots.retain(|_, slot| slot.tokens.load().iter().any(|token| token.is_fresh(now)));
            let mut surplus = slots.len().saturating_sub(OWNERS / 4 * 3);
            slots.retain(|_, _| {
                let drop = surplus > 0;
                surplus = surplus.saturating_sub(1);
                !drop
            });
        }
        Arc::clone(slots.get_or_insert_with(owner.into(), Arc::default))
    }
}
