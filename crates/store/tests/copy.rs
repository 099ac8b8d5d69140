//! Copying stores: whole, again, onto what is not empty, in place of what was there.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod suite;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use suite::{new_consumer, new_key};
use tollgate_core::keys::KeyUse;
use tollgate_core::store::{
    Actor, AuditQuery, Managed, NewManager, NewOperator, Scope, Store, StoredSigningKey, UsageBatch, UsageKey,
    UsageSample,
};
use tollgate_core::time::{ManualClock, Timestamp};
use tollgate_servers::PostgresServer;
use tollgate_store::{Copied, CopyMode, Progress};

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::default())
}

async fn open(url: &str) -> Arc<dyn Store> {
    tollgate_store::open(url, clock()).await.expect("opened")
}

async fn copy(from: &str, to: &str, mode: CopyMode) -> Result<Vec<Copied>, String> {
    let mut told = Vec::new();
    let mut progress = |progress: Progress| told.push(progress);
    let copied = tollgate_store::copy(from, to, clock(), Actor::gateway(), mode, &mut progress).await;
    let copied = copied.map_err(|error| error.to_string())?;
    assert!(told.iter().any(|progress| progress.table == "keys" && progress.done == progress.of), "{told:?}");
    Ok(copied)
}

/// Something of everything; more keys than go in one chunk.
async fn fill(store: &dyn Store) {
    for name in ["alice", "bob"] {
        store.create_consumer(new_consumer(name)).await.expect("a consumer");
    }
    let keys = (0..2500).map(|number| tollgate_core::store::ImportedKey {
        bucket: "default".to_owned(),
        consumer: if number % 3 == 0 { "alice" } else { "bob" }.to_owned(),
        key: new_key(number),
    });
    store.import_keys(keys.collect(), false).await.expect("kept");
    let keys = store.keys(None).await.expect("listed");
    store.revoke_key(&keys[7].key.id).await.expect("revoked");
    store.quarantine_key(&keys[8].key.id).await.expect("quarantined");
    let manager = NewManager { email: "ana@example.com".to_owned(), subject: Some("s".to_owned()) };
    store.add_manager(Managed::Consumer("default", "bob"), manager).await.expect("added");
    let operator = NewOperator {
        name: "ci".to_owned(),
        scopes: vec![Scope::Read],
        digest: suite::digest(9),
        hint: "tgo_…".to_owned(),
        expires_on: None,
    };
    store.create_operator(operator).await.expect("made");
    let signing_key = StoredSigningKey {
        kid: "kid".to_owned(),
        algorithm: "RS256".to_owned(),
        sealed: vec![1, 2, 3],
        created_on: Timestamp(1),
        active_on: Timestamp(1),
        retired_on: None,
        published_until: None,
    };
    assert!(store.add_signing_key(None, signing_key).await.expect("put"));
    let of = UsageKey { consumer: "con_x".to_owned(), key: String::new(), route: "r".to_owned(), status_class: 2 };
    let used = KeyUse { on: Timestamp(5), from: "192.0.2.1".to_owned() };
    let batch = UsageBatch {
        id: "b".to_owned(),
        samples: vec![UsageSample { of, last_seen: Timestamp(1_767_225_600_000), count: 3 }],
        key_uses: vec![(keys[0].key.id.to_string(), used)],
    };
    store.add_usage(batch).await.expect("added");
}

/// Everything that can be asked.
async fn everything(store: &dyn Store) -> String {
    let audit = store.audit(AuditQuery { limit: 10_000, ..AuditQuery::default() }).await.expect("read");
    let mut set = store.key_set().await.expect("the keys");
    set.grants.sort_by(|a, b| a.key.id.cmp(&b.key.id));
    set.revoked.sort_by_key(|digest| digest.0);
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        store.buckets().await.expect("listed"),
        store.consumers(None, &std::collections::BTreeMap::new()).await.expect("listed"),
        store.keys(None).await.expect("listed"),
        store.managers(Managed::Consumer("default", "bob")).await.expect("listed"),
        store.operators().await.expect("listed"),
        store.signing_keys().await.expect("listed"),
        (set.grants, set.revoked),
        store.verify_audit(None).await.expect("verified"),
        audit,
    )
}

fn sqlite(folder: &Path, name: &str) -> String {
    format!("sqlite://{}", folder.join(name).display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_holds_everything_in_either_direction_and_may_be_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = PostgresServer::start(&[]).expect("a server");
    let file = sqlite(folder.path(), "from.db");
    let database = server.url(&server.database().expect("a database"));
    let source = open(&file).await;
    fill(&*source).await;
    let copied = copy(&file, &database, CopyMode::Onto).await.expect("copied");
    assert_eq!(copied.iter().find(|copied| copied.table == "keys").map(|copied| copied.rows), Some(2500));
    let target = open(&database).await;
    assert_eq!(everything(&*target).await, everything(&*source).await);

    // More happens in the source; the same copy again brings it along.
    source.create_key("default", "bob", new_key(5000)).await.expect("a key");
    copy(&file, &database, CopyMode::Onto).await.expect("copied again");
    copy(&file, &database, CopyMode::Onto).await.expect("and once more, with nothing to do");
    assert_eq!(everything(&*target).await, everything(&*source).await);

    // The copy is a store like any other: it goes on where the source stopped.
    target.create_key("default", "bob", new_key(6000)).await.expect("a key");
    let second =
        StoredSigningKey { kid: "second".to_owned(), ..target.signing_keys().await.expect("listed")[0].clone() };
    assert!(target.add_signing_key(Some("kid"), second).await.expect("put"));
    let back = sqlite(folder.path(), "back.db");
    copy(&database, &back, CopyMode::Onto).await.expect("copied back");
    assert_eq!(everything(&*open(&back).await).await, everything(&*target).await);
    assert!(!folder.path().join("back.db-wal").exists() || open(&back).await.ping().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_empty_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (sqlite(folder.path(), "from.db"), sqlite(folder.path(), "to.db"));
    fill(&*open(&from).await).await;
    let target = open(&to).await;
    target.create_consumer(new_consumer("other")).await.expect("a consumer");
    let before = everything_small(&*target).await;
    let error = copy_quietly(&from, &to, CopyMode::Onto).await.expect_err("refused");
    assert!(error.contains("nothing was copied"), "{error}");
    assert_eq!(everything_small(&*target).await, before);
    let error = copy_quietly(&from, &from, CopyMode::Onto).await.expect_err("refused");
    assert!(error.contains("the same store"), "{error}");
}

async fn copy_quietly(from: &str, to: &str, mode: CopyMode) -> Result<Vec<Copied>, String> {
    tollgate_store::copy(from, to, clock(), Actor::gateway(), mode, &mut |_| {})
        .await
        .map_err(|error| error.to_string())
}

async fn everything_small(store: &dyn Store) -> String {
    format!(
        "{:?} {:?}",
        store.consumers(None, &std::collections::BTreeMap::new()).await.expect("listed"),
        store.verify_audit(None).await.expect("verified")
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_store_is_read_anew_by_whoever_followed_it_and_keeps_its_audit_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = PostgresServer::start(&[]).expect("a server");
    let database = server.url(&server.database().expect("a database"));
    let store = open(&database).await;
    store.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let key = store.create_key("default", "bob", new_key(1)).await.expect("a key");
    let backup = sqlite(folder.path(), "backup.db");
    copy_quietly(&database, &backup, CopyMode::Onto).await.expect("backed up");

    store.revoke_key(&key.id).await.expect("revoked");
    store.create_consumer(new_consumer("late")).await.expect("a consumer");
    let followed = store.key_set().await.expect("the keys").sequence;
    let waiting = store.changed();
    copy_quietly(&backup, &database, CopyMode::Replacing).await.expect("restored");
    assert!(store.key_changes(followed).await.expect("read").incomplete, "whoever followed must read everything");
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("and is woken");
    assert_eq!(store.key_set().await.expect("the keys").grants.len(), 1, "as it was then");
    assert!(store.consumer("default", "late").await.is_err());

    let verdict = store.verify_audit(None).await.expect("verified");
    assert_eq!(verdict.broken, None);
    let last = store.audit(AuditQuery { latest_first: true, limit: 3, ..AuditQuery::default() }).await.expect("read");
    let told: Vec<&str> = last.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["store.restore", "consumer.create", "key.revoke"], "what was taken back stays written down");
    let next = store.key_set().await.expect("the keys").sequence;
    store.create_key("default", "bob", new_key(2)).await.expect("a key");
    assert_eq!(store.key_changes(next).await.expect("read").changes.len(), 1);
}
