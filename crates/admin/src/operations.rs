//! What can be done to consumers and keys: used by the API and by the command line, so that both
//! accept and refuse the same things.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate_core::keys::{Bucket, Consumer, DEFAULT_BUCKET, Manager};
use tollgate_core::store::{
    BucketChange, ConsumerChange, ConsumerQuery, KeyUpdate, KeysOf, Managed, NewBucket, NewConsumer, NewManager,
    NewOperator, Operator, Scope, Store, StoreError,
};
use tollgate_core::time::Timestamp;
use tollgate_core::units::Interval;

use crate::control::MintedKey;
use crate::views::{ConsumerView, CreatedKey, CreatedOperator, KeyStatus, KeyView, OperatorView};

/// How many names are looked at for the one that may have been meant.
const LOOKED_AT: usize = 5000;

/// Why something could not be done.
#[derive(Debug)]
pub enum OperationError {
    /// There is no such thing.
    NotFound {
        /// `consumer` or `key`
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What it may have been meant for, the nearest first.
        near: Vec<String>,
    },
    /// There is one already.
    Exists {
        /// `consumer` or `key`
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A value is not allowed.
    Invalid {
        /// Which one.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The store could not do it.
    Store(StoreError),
}

impl std::fmt::Display for OperationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound { kind, name, near } => {
                write!(f, "there is no {kind} `{name}`")?;
                match near.first() {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
            Self::Exists { kind, name } => write!(f, "there is a {kind} `{name}` already"),
            Self::Invalid { what, problem } => write!(f, "{what}: {problem}"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OperationError {}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { kind, name } => Self::NotFound { kind, name, near: Vec::new() },
            StoreError::Exists { kind, name } => Self::Exists { kind, name },
            other => Self::Store(other),
        }
    }
}

fn invalid(what: &'static str, problem: impl Into<String>) -> OperationError {
    OperationError::Invalid { what, problem: problem.into() }
}

/// The bucket that is meant.
pub fn bucket_or_default(bucket: Option<&str>) -> &str {
    bucket.unwrap_or(DEFAULT_BUCKET)
}

/// A name that can stand in a header, a log line and a token.
fn check_name(what: &'static str, name: &str) -> Result<(), OperationError> {
    if name.is_empty() {
        return Err(invalid(what, "is empty"));
    }
    if name.chars().count() > 128 {
        return Err(invalid(what, "is longer than 128 characters"));
    }
    if name.trim() != name || name.chars().any(char::is_control) {
        return Err(invalid(what, "has control characters, or blanks at its ends"));
    }
    Ok(())
}

/// Checks the name of a bucket that is asked for.
///
/// # Errors
/// Where none can have it.
pub fn check_bucket_name(name: &str) -> Result<(), OperationError> {
    check_name("bucket", name)
}

/// Checks the name of an operator, which stands in the audit log.
///
/// # Errors
/// Where it cannot stand there.
pub fn check_operator_name(name: &str) -> Result<(), OperationError> {
    check_name("name", name)
}

/// Checks a text for people: it may have several lines.
fn check_text(what: &'static str, text: &str) -> Result<(), OperationError> {
    if text.chars().count() > 1024 {
        return Err(invalid(what, "is longer than 1024 characters"));
    }
    if text.chars().any(|char| char.is_control() && char != '\n' && char != '\t') {
        return Err(invalid(what, "has control characters"));
    }
    Ok(())
}

fn check_metadata(metadata: &Value) -> Result<(), OperationError> {
    if !metadata.is_object() {
        return Err(invalid("metadata", "is not a JSON object such as {\"plan\":\"gold\"}"));
    }
    if metadata.to_string().len() > 64 * 1024 {
        return Err(invalid("metadata", "is longer than 64 KiB"));
    }
    Ok(())
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), OperationError> {
    tags.iter().try_for_each(|(name, value)| {
        check_name("tag", name)?;
        if value.len() > 256 || value.chars().any(char::is_control) {
            return Err(invalid("tag", format!("the value of `{name}` is too long, or has control characters")));
        }
        Ok(())
    })
}

/// Reads `name=value`.
///
/// # Errors
/// Where there is no `=`, or nothing before it.
pub fn parse_tag(text: &str) -> Result<(String, String), OperationError> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err(invalid("tag", format!("`{text}` is not of the form name=value"))),
    }
}

/// Reads when something ends: `30d` from now, or a moment (RFC 3339).
///
/// # Errors
/// Where it is neither, or lies in the past.
pub fn parse_expiry(text: &str, now: Timestamp) -> Result<Timestamp, OperationError> {
    let moment = if let Ok(interval) = text.parse::<Interval>() {
        now.plus(interval.0)
    } else {
        let moment: jiff::Timestamp = text.parse().map_err(|_| {
            invalid(
                "expiry",
                format!("`{text}` is neither a duration such as 30d nor a moment such as 2030-01-31T00:00:00Z"),
            )
        })?;
        Timestamp(moment.as_millisecond())
    };
    if moment <= now {
        return Err(invalid("expiry", format!("`{text}` lies in the past")));
    }
    Ok(moment)
}

/// Makes a consumer.
///
/// # Errors
/// Where a value is not allowed, the name is taken, or the store is away.
pub async fn create_consumer(store: &dyn Store, new: NewConsumer) -> Result<Consumer, OperationError> {
    check_new_consumer(&new)?;
    Ok(store.create_consumer(new).await?)
}

/// Checks everything that a new consumer brings along.
///
/// # Errors
/// Where a value is not allowed.
pub fn check_new_consumer(new: &NewConsumer) -> Result<(), OperationError> {
    check_name("name", &new.name)?;
    check_name("bucket", &new.bucket)?;
    new.description.as_deref().map_or(Ok(()), |text| check_text("description", text))?;
    check_metadata(&new.metadata)?;
    check_tags(&new.tags)
}

/// Finds a consumer by its name.
///
/// # Errors
/// Where there is none; the error then names the nearest ones.
pub async fn consumer(store: &dyn Store, bucket: &str, name: &str) -> Result<Consumer, OperationError> {
    match store.consumer(bucket, name).await {
        Ok(consumer) => Ok(consumer),
        Err(StoreError::NotFound { kind, name }) => {
            let query = ConsumerQuery { bucket: Some(bucket.to_owned()), limit: LOOKED_AT, ..ConsumerQuery::default() };
            let others = store.consumer_page(query).await?.items;
            let near = nearest(&name, others.iter().map(|other| &*other.name));
            Err(OperationError::NotFound { kind, name, near })
        }
        Err(error) => Err(error.into()),
    }
}

/// Lists consumers.
///
/// # Errors
/// Where the store is away.
pub async fn consumers(
    store: &dyn Store,
    bucket: Option<&str>,
    tags: &BTreeMap<String, String>,
) -> Result<Vec<ConsumerView>, OperationError> {
    Ok(store.consumers(bucket, tags).await?.iter().map(ConsumerView::from).collect())
}

/// Changes a consumer.
///
/// # Errors
/// Where a value is not allowed, there is no such consumer, or the store is away.
pub async fn update_consumer(
    store: &dyn Store,
    bucket: &str,
    name: &str,
    change: ConsumerChange,
) -> Result<Consumer, OperationError> {
    let description = change.description.as_ref().and_then(Option::as_deref);
    description.map_or(Ok(()), |text| check_text("description", text))?;
    change.metadata.as_ref().map_or(Ok(()), check_metadata)?;
    change.tags.as_ref().map_or(Ok(()), check_tags)?;
    consumer(store, bucket, name).await?;
    Ok(store.update_consumer(bucket, name, change).await?)
}

/// Deletes a consumer and all of its keys.
///
/// # Errors
/// Where there is no such consumer, or the store is away.
pub async fn delete_consumer(store: &dyn Store, bucket: &str, name: &str) -> Result<(), OperationError> {
    consumer(store, bucket, name).await?;
    Ok(store.delete_consumer(bucket, name, None).await?)
}

/// Keeps a key that was just made and gives it out: the only time that it is seen.
///
/// # Errors
/// Where there is no such consumer, or the store is away.
pub async fn create_key(
    store: &dyn Store,
    bucket: &str,
    name: &str,
    minted: MintedKey,
) -> Result<CreatedKey, OperationError> {
    let owner = consumer(store, bucket, name).await?;
    let key = store.create_key(bucket, name, minted.stored).await?;
    Ok(CreatedKey {
        id: key.id.to_string(),
        key: minted.key,
        consumer: owner.name.to_string(),
        expires_on: key.expires_on.map(Timestamp::rfc3339),
    })
}

/// Lists keys: those of one consumer, or all.
///
/// # Errors
/// Where there is no such consumer, or the store is away.
pub async fn keys(store: &dyn Store, of: Option<(&str, &str)>, now: Timestamp) -> Result<Vec<KeyView>, OperationError> {
    if let Some((bucket, name)) = of {
        consumer(store, bucket, name).await?;
    }
    Ok(store.keys(of).await?.iter().map(|owned| KeyView::of(owned, now)).collect())
}

/// Finds a key by its id.
///
/// # Errors
/// Where there is none; the error then names the nearest ones.
pub async fn key(store: &dyn Store, id: &str, now: Timestamp) -> Result<KeyView, OperationError> {
    match store.key(id).await {
        Ok(owned) => Ok(KeyView::of(&owned, now)),
        Err(StoreError::NotFound { kind, name }) => {
            let others = store.key_page(None, None, LOOKED_AT).await?.items;
            let near = nearest(&name, others.iter().map(|other| &*other.key.id));
            Err(OperationError::NotFound { kind, name, near })
        }
        Err(error) => Err(error.into()),
    }
}

/// Ends a key at once and for good.
///
/// # Errors
/// Where there is no such key, or the store is away.
pub async fn revoke_key(store: &dyn Store, id: &str, now: Timestamp) -> Result<KeyView, OperationError> {
    key(store, id, now).await?;
    store.revoke_key(id).await?;
    key(store, id, now).await
}

/// Makes a new key for the consumer of an old one, which ends at `old_expires_on`.
///
/// # Errors
/// Where there is no such key, it is revoked or expired, or the store is away.
pub async fn roll_key(
    store: &dyn Store,
    id: &str,
    old_expires_on: Timestamp,
    minted: MintedKey,
    now: Timestamp,
) -> Result<CreatedKey, OperationError> {
    let old = key(store, id, now).await?;
    if old.status != KeyStatus::Active {
        return Err(invalid("key", format!("`{id}` is not active any more; make a new one instead")));
    }
    let new = store.roll_key(id, old_expires_on, minted.stored).await?;
    Ok(CreatedKey {
        id: new.id.to_string(),
        key: minted.key,
        consumer: old.consumer,
        expires_on: new.expires_on.map(Timestamp::rfc3339),
    })
}

/// Makes a new key for a consumer and lets all of their others end at `old_expires_on`.
///
/// # Errors
/// Where there is no such consumer, or the store is away.
pub async fn roll_keys(
    store: &dyn Store,
    bucket: &str,
    name: &str,
    old_expires_on: Timestamp,
    minted: MintedKey,
) -> Result<CreatedKey, OperationError> {
    let owner = consumer(store, bucket, name).await?;
    let new = store.roll_keys(bucket, name, old_expires_on, minted.stored).await?;
    Ok(CreatedKey {
        id: new.id.to_string(),
        key: minted.key,
        consumer: owner.name.to_string(),
        expires_on: new.expires_on.map(Timestamp::rfc3339),
    })
}

/// Changes what is written about a key, or when it ends.
///
/// # Errors
/// Where a value is not allowed, there is no such key, or the store is away.
pub async fn update_key(
    store: &dyn Store,
    id: &str,
    change: KeyUpdate,
    now: Timestamp,
) -> Result<KeyView, OperationError> {
    let description = change.description.as_ref().and_then(Option::as_deref);
    description.map_or(Ok(()), |text| check_text("description", text))?;
    key(store, id, now).await?;
    store.update_key(id, change).await?;
    key(store, id, now).await
}

/// Checks what is written about a new key.
///
/// # Errors
/// Where it is too long, or not a text.
pub fn check_description(description: Option<&str>) -> Result<(), OperationError> {
    description.map_or(Ok(()), |text| check_text("description", text))
}

/// Ends all keys of a consumer or a bucket, and says how many were live.
///
/// # Errors
/// Where there is no such consumer or bucket, or the store is away.
pub async fn revoke_keys(store: &dyn Store, of: KeysOf<'_>) -> Result<u64, OperationError> {
    match of {
        KeysOf::Consumer(bucket, name) => drop(consumer(store, bucket, name).await?),
        KeysOf::Bucket(name) => drop(bucket(store, name).await?),
    }
    Ok(store.revoke_keys(of).await?)
}

/// Finds a bucket by its name.
///
/// # Errors
/// Where there is none; the error then names the nearest ones.
pub async fn bucket(store: &dyn Store, name: &str) -> Result<Bucket, OperationError> {
    match store.bucket(name).await {
        Err(StoreError::NotFound { kind, name }) => {
            let others = store.buckets().await?;
            let near = nearest(&name, others.iter().map(|other| other.name.as_str()));
            Err(OperationError::NotFound { kind, name, near })
        }
        other => Ok(other?),
    }
}

/// Makes a bucket.
///
/// # Errors
/// Where a value is not allowed, the name is taken, or the store is away.
pub async fn create_bucket(store: &dyn Store, new: NewBucket) -> Result<Bucket, OperationError> {
    check_name("name", &new.name)?;
    new.description.as_deref().map_or(Ok(()), |text| check_text("description", text))?;
    check_tags(&new.tags)?;
    Ok(store.create_bucket(new).await?)
}

/// Changes a bucket.
///
/// # Errors
/// Where a value is not allowed, there is no such bucket, or the store is away.
pub async fn update_bucket(store: &dyn Store, name: &str, change: BucketChange) -> Result<Bucket, OperationError> {
    let description = change.description.as_ref().and_then(Option::as_deref);
    description.map_or(Ok(()), |text| check_text("description", text))?;
    change.tags.as_ref().map_or(Ok(()), check_tags)?;
    bucket(store, name).await?;
    Ok(store.update_bucket(name, change).await?)
}

/// Adds a manager.
///
/// # Errors
/// Where it is no e-mail address, they are one already, or the store is away.
pub async fn add_manager(store: &dyn Store, of: Managed<'_>, new: NewManager) -> Result<Manager, OperationError> {
    check_manager(&new)?;
    Ok(store.add_manager(of, new).await?)
}

/// Checks who is to be a manager.
///
/// # Errors
/// Where it is no e-mail address.
pub fn check_manager(new: &NewManager) -> Result<(), OperationError> {
    let email = &new.email;
    let parts = email.split_once('@');
    let good = parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if !good || email.len() > 254 || email.chars().any(|char| char.is_control() || char.is_whitespace()) {
        return Err(invalid("email", format!("`{}` is no e-mail address", email.escape_debug())));
    }
    new.subject.as_deref().map_or(Ok(()), |subject| check_name("subject", subject))
}

/// Makes an operator, whose token is seen this one time.
///
/// # Errors
/// Where a value is not allowed, the name is taken, or the store is away.
pub async fn create_operator(
    store: &dyn Store,
    name: String,
    mut scopes: Vec<Scope>,
    expires_on: Option<Timestamp>,
    token: MintedKey,
) -> Result<CreatedOperator, OperationError> {
    check_operator_name(&name)?;
    if scopes.is_empty() {
        return Err(invalid("scopes", "names none; an operator that may do nothing is of no use"));
    }
    scopes.sort_unstable();
    scopes.dedup();
    let new = NewOperator { name, scopes, digest: token.stored.digest, hint: token.stored.hint, expires_on };
    let operator = store.create_operator(new).await?;
    Ok(CreatedOperator {
        id: operator.id,
        name: operator.name,
        scopes: operator.scopes,
        token: token.key,
        expires_on: operator.expires_on.map(Timestamp::rfc3339),
    })
}

/// Finds an operator by id, or by name (a live one first).
///
/// # Errors
/// Where there is none; the error then names the nearest ones.
pub async fn operator(store: &dyn Store, id_or_name: &str) -> Result<Operator, OperationError> {
    let all = store.operators().await?;
    let by_id = all.iter().find(|operator| operator.id == id_or_name);
    let named = || all.iter().filter(|operator| operator.name == id_or_name);
    let found =
        by_id.or_else(|| named().find(|operator| operator.revoked_on.is_none())).or_else(|| named().next_back());
    found.cloned().ok_or_else(|| OperationError::NotFound {
        kind: "operator",
        name: id_or_name.to_owned(),
        near: nearest(id_or_name, all.iter().map(|operator| operator.name.as_str())),
    })
}

/// Refuses an operator's token from now on, for good.
///
/// # Errors
/// Where there is no such operator, or the store is away.
pub async fn revoke_operator(
    store: &dyn Store,
    id_or_name: &str,
    now: Timestamp,
) -> Result<OperatorView, OperationError> {
    let found = operator(store, id_or_name).await?;
    Ok(OperatorView::of(&store.revoke_operator(&found.id).await?, now))
}

/// The names that someone may have meant, the nearest first.
fn nearest<'a>(name: &str, others: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut near: Vec<(f64, &str)> =
        others.map(|other| (strsim::jaro_winkler(name, other), other)).filter(|(score, _)| *score > 0.8).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|(_, other)| other.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_duration_or_a_moment_that_lies_ahead() {
        let now = Timestamp::from_seconds(1_767_225_600);
        assert_eq!(parse_expiry("30d", now).unwrap(), now.plus(std::time::Duration::from_secs(30 * 86_400)));
        assert_eq!(parse_expiry("2026-01-02T00:00:00Z", now).unwrap().seconds(), 1_767_312_000);
        assert_eq!(parse_expiry("2026-01-02T00:00:00+01:00", now).unwrap().seconds(), 1_767_308_400);
        for wrong in ["", "soon", "30", "2020-01-01T00:00:00Z", "0s", "2026-13-01T00:00:00Z"] {
            assert!(parse_expiry(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_that_cannot_stand_in_a_header_or_a_log_line_is_refused() {
        for wrong in ["", " a", "a ", "a\nb", "a\0", &"a".repeat(129), "é\u{85}"] {
            assert!(check_name("name", wrong).is_err(), "{wrong:?}");
        }
        for good in ["acme", "acme inc.", "Müller", "a@b.c", &"é".repeat(128)] {
            assert!(check_name("name", good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_misspelt_name_brings_the_nearest_one() {
        assert_eq!(nearest("acmee", ["zeta", "acme"].into_iter()), ["acme"]);
        assert!(nearest("acme", ["zeta"].into_iter()).is_empty());
    }
}
