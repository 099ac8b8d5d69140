//! What every store must do, whatever is behind it. Each database's test file runs [`all`] on
//! empty stores of its own.

#![allow(dead_code, reason = "each test file uses a part of it")]

mod logs;
mod managing;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_core::keys::{Consumer, Key, KeyDigest};
use tollgate_core::store::{ConsumerChange, KeyChange, NewConsumer, NewKey, Store, StoreError, StoredSigningKey};
use tollgate_core::time::{Clock, ManualClock};

/// A store under test and the clock that it was opened with.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
}

/// Runs everything; `fresh` opens an empty store.
pub(crate) async fn all<F: Future<Output = Subject>>(fresh: impl Fn() -> F) {
    consumers_are_made_found_listed_changed_and_deleted(fresh().await).await;
    names_are_unique_in_their_bucket(fresh().await).await;
    metadata_and_tags_come_back_as_they_were(fresh().await).await;
    keys_are_made_found_and_listed(fresh().await).await;
    a_digest_belongs_to_one_key_for_ever(fresh().await).await;
    a_revoked_key_stays_revoked(fresh().await).await;
    rolling_lets_the_old_key_expire_and_never_later(fresh().await).await;
    a_reader_that_resumes_sees_what_a_new_reader_sees(fresh().await).await;
    changes_are_folded_and_in_order(fresh().await).await;
    deleting_a_consumer_withdraws_its_keys(fresh().await).await;
    a_change_wakes_those_who_wait(fresh().await).await;
    signing_keys_are_added_by_one_of_two(fresh().await).await;
    a_withdrawn_signing_key_is_not_published_again(fresh().await).await;
    what_is_not_there_is_said_so(fresh().await).await;
    many_writers_lose_nothing(fresh().await).await;
    managing::buckets_have_settings_and_take_their_consumers_along(fresh().await).await;
    managing::a_change_that_was_meant_for_another_version_is_refused(fresh().await).await;
    managing::lists_come_page_by_page(fresh().await).await;
    managing::managers_are_of_a_consumer_or_of_a_bucket(fresh().await).await;
    managing::members_are_made_all_or_none(fresh().await).await;
    managing::a_quarantined_key_is_refused_until_it_is_released(fresh().await).await;
    managing::a_leaked_key_fares_as_its_bucket_says(fresh().await).await;
    managing::imported_keys_have_each_their_own_answer(fresh().await).await;
    managing::keys_are_changed_rolled_together_and_deleted(fresh().await).await;
    managing::operators_have_scopes_and_are_refused_once_revoked(fresh().await).await;
    managing::a_call_that_comes_again_is_answered_once(fresh().await).await;
    logs::every_change_has_an_entry_that_says_who(fresh().await).await;
    logs::usage_is_added_up_by_minute_hour_and_day_and_counts_once(fresh().await).await;
    logs::usage_of_many_nodes_adds_up(fresh().await).await;
}

pub(crate) fn digest(number: u32) -> KeyDigest {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    KeyDigest(bytes)
}

pub(crate) fn new_key(number: u32) -> NewKey {
    NewKey {
        digest: digest(number),
        hint: format!("tg_…{number}"),
        description: None,
        expires_on: None,
        development: false,
    }
}

pub(crate) fn new_consumer(name: &str) -> NewConsumer {
    NewConsumer {
        bucket: "default".to_owned(),
        name: name.to_owned(),
        description: None,
        metadata: json!({}),
        tags: BTreeMap::new(),
    }
}

impl Subject {
    async fn consumer(&self, name: &str) -> Consumer {
        self.store.create_consumer(new_consumer(name)).await.expect("a consumer")
    }

    async fn key(&self, consumer: &str, number: u32) -> Key {
        self.store.create_key("default", consumer, new_key(number)).await.expect("a key")
    }

    async fn live(&self) -> BTreeSet<[u8; 32]> {
        let set = self.store.key_set().await.expect("the keys");
        set.grants.iter().map(|grant| grant.digest.0).collect()
    }
}

fn names(consumers: &[Consumer]) -> Vec<&str> {
    consumers.iter().map(|consumer| &*consumer.name).collect()
}

async fn consumers_are_made_found_listed_changed_and_deleted(subject: Subject) {
    let store = &subject.store;
    let made = subject.consumer("bob").await;
    subject.consumer("alice").await;
    assert!(made.id.starts_with("con_"), "{}", made.id);
    assert_eq!((made.version, made.created_on, made.updated_on), (1, subject.clock.now(), subject.clock.now()));
    assert_eq!(store.consumer("default", "bob").await.expect("found"), made);
    assert_eq!(names(&store.consumers(None, &BTreeMap::new()).await.expect("listed")), ["alice", "bob"]);

    subject.clock.advance(Duration::from_secs(5));
    let change = ConsumerChange { metadata: Some(json!({ "plan": "gold" })), ..ConsumerChange::default() };
    let changed = store.update_consumer("default", "bob", change).await.expect("changed");
    assert_eq!(*changed.metadata, json!({ "plan": "gold" }));
    assert_eq!((changed.version, changed.updated_on), (2, subject.clock.now()));
    assert_eq!((changed.id.clone(), changed.created_on), (made.id, made.created_on));
    let described =
        |text: Option<&str>| ConsumerChange { description: Some(text.map(str::to_owned)), ..ConsumerChange::default() };
    let changed = store.update_consumer("default", "bob", described(Some("the web shop"))).await.expect("changed");
    assert_eq!(changed.description.as_deref(), Some("the web shop"));
    let change = ConsumerChange { tags: Some(BTreeMap::new()), ..ConsumerChange::default() };
    let changed = store.update_consumer("default", "bob", change).await.expect("changed");
    assert_eq!(changed.description.as_deref(), Some("the web shop"), "what is not given stays");
    let changed = store.update_consumer("default", "bob", described(None)).await.expect("changed");
    assert_eq!(changed.description, None);
    assert_eq!(store.consumer("default", "bob").await.expect("found"), changed);

    store.delete_consumer("default", "bob", None).await.expect("deleted");
    assert_eq!(names(&store.consumers(None, &BTreeMap::new()).await.expect("listed")), ["alice"]);
    let again = subject.consumer("bob").await;
    assert_ne!(again.id, changed.id, "the name may be used again, the id is new");
}

async fn names_are_unique_in_their_bucket(subject: Subject) {
    subject.consumer("bob").await;
    let error = subject.store.create_consumer(new_consumer("bob")).await.expect_err("refused");
    assert!(matches!(&error, StoreError::Exists { kind: "consumer", name } if name == "bob"), "{error:?}");
    let other = NewConsumer { bucket: "partners".to_owned(), ..new_consumer("bob") };
    subject.store.create_consumer(other).await.expect("another bucket");
    let partners = subject.store.consumers(Some("partners"), &BTreeMap::new()).await.expect("listed");
    assert_eq!(partners.len(), 1);
    assert_eq!(&*partners[0].bucket, "partners");
}

async fn metadata_and_tags_come_back_as_they_were(subject: Subject) {
    let text = r#"{"z":1,"a":{"ä\u0000\"'":[null,true,1.5,-3,9007199254740993]},"plan":"gold"}"#;
    let metadata: Value = serde_json::from_str(text).expect("JSON");
    let tags: BTreeMap<String, String> =
        [("team", "a'; DROP TABLE keys; --"), ("city", "Zürich")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let new = NewConsumer { metadata, tags: tags.clone(), ..new_consumer("o'hara") };
    subject.store.create_consumer(new).await.expect("made");
    let found = subject.store.consumer("default", "o'hara").await.expect("found");
    assert_eq!(found.metadata.to_string(), text, "members keep their order");
    assert_eq!(found.tags, tags);

    let store = &subject.store;
    subject.consumer("other").await;
    let team: BTreeMap<_, _> =
        tags.iter().filter(|(name, _)| *name == "team").map(|(k, v)| (k.clone(), v.clone())).collect();
    assert_eq!(names(&store.consumers(None, &team).await.expect("listed")), ["o'hara"]);
    let wrong = BTreeMap::from([("team".to_owned(), "b".to_owned())]);
    assert!(store.consumers(None, &wrong).await.expect("listed").is_empty());
    let change = ConsumerChange { tags: Some(BTreeMap::new()), ..ConsumerChange::default() };
    let changed = store.update_consumer("default", "o'hara", change).await.expect("changed");
    assert!(changed.tags.is_empty() && changed.metadata == found.metadata);
}

async fn keys_are_made_found_and_listed(subject: Subject) {
    let store = &subject.store;
    let bob = subject.consumer("bob").await;
    subject.consumer("alice").await;
    let expires_on = Some(subject.clock.now().plus(Duration::from_secs(60)));
    let new = NewKey { description: Some("for the CI".to_owned()), expires_on, development: true, ..new_key(1) };
    let key = store.create_key("default", "bob", new).await.expect("a key");
    assert!(key.id.starts_with("key_"));
    assert_eq!(key.consumer, bob.id);
    assert_eq!((key.description.as_deref(), key.hint.as_str()), (Some("for the CI"), "tg_…1"));
    assert_eq!((key.expires_on, key.revoked_on, key.development), (expires_on, None, true));
    let found = store.key(&key.id).await.expect("found");
    assert_eq!((&*found.key, &*found.consumer), (&key, &bob));

    let second = subject.key("bob", 2).await;
    let third = subject.key("alice", 3).await;
    let listed =
        |keys: Vec<tollgate_core::store::OwnedKey>| keys.iter().map(|key| key.key.id.clone()).collect::<Vec<_>>();
    assert_eq!(listed(store.keys(None).await.expect("listed")), [key.id.clone(), second.id.clone(), third.id]);
    assert_eq!(listed(store.keys(Some(("default", "bob"))).await.expect("listed")), [key.id, second.id]);
}

async fn a_digest_belongs_to_one_key_for_ever(subject: Subject) {
    subject.consumer("bob").await;
    let key = subject.key("bob", 1).await;
    subject.store.revoke_key(&key.id).await.expect("revoked");
    let error = subject.store.create_key("default", "bob", new_key(1)).await.expect_err("refused");
    assert!(matches!(error, StoreError::Exists { kind: "key", .. }), "a revoked key cannot be made again: {error:?}");
    assert!(subject.live().await.is_empty());
}

async fn a_revoked_key_stays_revoked(subject: Subject) {
    let store = &subject.store;
    subject.consumer("bob").await;
    let key = subject.key("bob", 1).await;
    let revoked = store.revoke_key(&key.id).await.expect("revoked");
    assert_eq!(revoked.revoked_on, Some(subject.clock.now()));
    subject.clock.advance(Duration::from_secs(9));
    assert_eq!(store.revoke_key(&key.id).await.expect("twice is no error"), revoked);
    let later = subject.clock.now().plus(Duration::from_secs(60));
    store.roll_key(&key.id, later, new_key(2)).await.expect("rolled");
    assert_eq!(store.key(&key.id).await.expect("found").key.revoked_on, revoked.revoked_on);
    let set = store.key_set().await.expect("the keys");
    assert_eq!(set.revoked, [digest(1)]);
    assert_eq!(set.grants.iter().map(|grant| grant.digest).collect::<Vec<_>>(), [digest(2)]);
}

async fn rolling_lets_the_old_key_expire_and_never_later(subject: Subject) {
    let store = &subject.store;
    let bob = subject.consumer("bob").await;
    let minute = |n: u64| subject.clock.now().plus(Duration::from_secs(60 * n));
    let endless = subject.key("bob", 1).await;
    let short =
        store.create_key("default", "bob", NewKey { expires_on: Some(minute(1)), ..new_key(2) }).await.expect("a key");

    let new = store.roll_key(&endless.id, minute(10), new_key(3)).await.expect("rolled");
    assert_eq!((new.consumer.clone(), new.expires_on), (bob.id, None));
    assert_eq!(store.key(&endless.id).await.expect("found").key.expires_on, Some(minute(10)));
    store.roll_key(&short.id, minute(10), new_key(4)).await.expect("rolled");
    assert_eq!(store.key(&short.id).await.expect("found").key.expires_on, Some(minute(1)));

    let error = store.roll_key(&endless.id, minute(5), new_key(4)).await.expect_err("the digest is taken");
    assert!(matches!(error, StoreError::Exists { .. }));
    let kept = store.key(&endless.id).await.expect("found").key.expires_on;
    assert_eq!(kept, Some(minute(10)), "a roll that failed changed nothing");
}

/// Applies changes as a keyring does.
fn apply(held: &mut BTreeMap<[u8; 32], (String, u64)>, changes: Vec<KeyChange>) {
    for change in changes {
        match change {
            KeyChange::Granted(grant) => {
                held.insert(grant.digest.0, (grant.key.id.to_string(), grant.consumer.version));
            }
            KeyChange::Withdrawn { digest, .. } => {
                held.remove(&digest.0);
            }
        }
    }
}

async fn a_reader_that_resumes_sees_what_a_new_reader_sees(subject: Subject) {
    let store = &subject.store;
    let mut held = BTreeMap::new();
    let mut sequence = 0;
    // A walk through all kinds of changes in a fixed, mixed order.
    let mut state = 7_u32;
    for step in 0..150_u32 {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let name = format!("c{}", (state >> 16) % 5);
        let keys = store.keys(None).await.expect("listed");
        let some = keys.get((state >> 8) as usize % keys.len().max(1)).map(|key| key.key.id.to_string());
        match ((state >> 20) % 7, some) {
            (0, _) => drop(store.create_consumer(new_consumer(&name)).await),
            (1 | 2, _) => drop(store.create_key("default", &name, new_key(step)).await),
            (3, Some(id)) => drop(store.revoke_key(&id).await),
            (4, _) => {
                let change = ConsumerChange { metadata: Some(json!({ "step": step })), ..ConsumerChange::default() };
                drop(store.update_consumer("default", &name, change).await);
            }
            (5, Some(id)) => drop(store.roll_key(&id, subject.clock.now(), new_key(step)).await),
            (6, _) if step % 3 == 0 => drop(store.delete_consumer("default", &name, None).await),
            _ => {}
        }
        if step % 4 == 0 {
            let read = store.key_changes(sequence).await.expect("the changes");
            assert!(read.sequence >= sequence);
            sequence = read.sequence;
            apply(&mut held, read.changes);
            let set = store.key_set().await.expect("the keys");
            let new: BTreeMap<_, _> = set
                .grants
                .into_iter()
                .map(|grant| (grant.digest.0, (grant.key.id.to_string(), grant.consumer.version)))
                .collect();
            assert_eq!(held, new, "after step {step}");
        }
    }
    assert!(sequence > 20, "the walk did something");
    let all = store.key_changes(0).await.expect("the changes");
    let mut from_nothing = BTreeMap::new();
    apply(&mut from_nothing, all.changes);
    let rest = store.key_changes(sequence).await.expect("the changes");
    apply(&mut held, rest.changes);
    assert_eq!(from_nothing, held);
}

async fn changes_are_folded_and_in_order(subject: Subject) {
    let store = &subject.store;
    subject.consumer("bob").await;
    let one = subject.key("bob", 1).await;
    let two = subject.key("bob", 2).await;
    let before = store.key_set().await.expect("the keys").sequence;
    store.revoke_key(&one.id).await.expect("revoked");
    let change = ConsumerChange { metadata: Some(json!({ "plan": "gold" })), ..ConsumerChange::default() };
    store.update_consumer("default", "bob", change).await.expect("changed");
    let read = store.key_changes(before).await.expect("the changes");
    match read.changes.as_slice() {
        [KeyChange::Withdrawn { digest: gone, key, revoked: true }, KeyChange::Granted(grant)] => {
            assert_eq!((*gone, key), (digest(1), &one.id));
            assert_eq!((&grant.key.id, grant.consumer.version), (&two.id, 2));
            assert_eq!(*grant.consumer.metadata, json!({ "plan": "gold" }));
        }
        other => panic!("{other:?}"),
    }
    let nothing = store.key_changes(read.sequence).await.expect("the changes");
    assert!(nothing.changes.is_empty() && nothing.sequence == read.sequence);
}

async fn deleting_a_consumer_withdraws_its_keys(subject: Subject) {
    let store = &subject.store;
    subject.consumer("bob").await;
    subject.consumer("alice").await;
    let bobs = subject.key("bob", 1).await;
    subject.key("alice", 2).await;
    let before = store.key_set().await.expect("the keys").sequence;
    store.delete_consumer("default", "bob", None).await.expect("deleted");
    let read = store.key_changes(before).await.expect("the changes");
    assert!(
        matches!(read.changes.as_slice(), [KeyChange::Withdrawn { key, revoked: false, .. }] if *key == bobs.id),
        "{:?}",
        read.changes
    );
    assert!(matches!(store.key(&bobs.id).await, Err(StoreError::NotFound { .. })));
    assert_eq!(subject.live().await, BTreeSet::from([digest(2).0]));
}

async fn a_change_wakes_those_who_wait(subject: Subject) {
    let store = &subject.store;
    // Let what may resolve early do so.
    for _ in 0..3 {
        let _ = tokio::time::timeout(Duration::from_millis(300), store.changed()).await;
    }
    let first = store.changed();
    let second = store.changed();
    subject.consumer("bob").await;
    let both = async { tokio::join!(first, second) };
    tokio::time::timeout(Duration::from_secs(5), both).await.expect("what happened before the wait began counts too");
}

fn signing_key(subject: &Subject, kid: &str) -> StoredSigningKey {
    StoredSigningKey {
        kid: kid.to_owned(),
        algorithm: "RS256".to_owned(),
        sealed: vec![0, 1, 255],
        created_on: subject.clock.now(),
        active_on: subject.clock.now(),
        retired_on: None,
        published_until: None,
    }
}

async fn signing_keys_are_added_by_one_of_two(subject: Subject) {
    let store = &subject.store;
    assert!(store.add_signing_key(None, signing_key(&subject, "a")).await.expect("put"));
    assert!(!store.add_signing_key(None, signing_key(&subject, "b")).await.expect("refused"));
    let (b, c) = tokio::join!(
        store.add_signing_key(Some("a"), signing_key(&subject, "b")),
        store.add_signing_key(Some("a"), signing_key(&subject, "c")),
    );
    assert_eq!([b.expect("answered"), c.expect("answered")].iter().filter(|added| **added).count(), 1);
    let keys = store.signing_keys().await.expect("listed");
    assert_eq!(keys.len(), 2);
    assert_eq!((keys[0].kid.as_str(), keys[0].sealed.as_slice()), ("a", &[0, 1, 255][..]));

    let newest = keys[1].kid.clone();
    let until = subject.clock.now().plus(Duration::from_secs(60));
    let retired = StoredSigningKey {
        retired_on: Some(subject.clock.now()),
        published_until: Some(until),
        ..signing_key(&subject, "a")
    };
    assert!(store.change_signing_key(&newest, retired).await.expect("put"));
    let keys = store.signing_keys().await.expect("listed");
    assert_eq!(keys.len(), 2, "changed, not added");
    assert_eq!((keys[0].retired_on, keys[0].published_until), (Some(subject.clock.now()), Some(until)));

    store.prune_signing_keys(until).await.expect("pruned");
    assert_eq!(store.signing_keys().await.expect("listed").len(), 2, "published until then, so not before");
    store.prune_signing_keys(until.plus(Duration::from_millis(1))).await.expect("pruned");
    assert_eq!(store.signing_keys().await.expect("listed").len(), 1);
}

async fn a_withdrawn_signing_key_is_not_published_again(subject: Subject) {
    let store = &subject.store;
    let now = subject.clock.now();
    let change = async |key| store.change_signing_key("a", key).await.expect("answered");
    assert!(store.add_signing_key(None, signing_key(&subject, "a")).await.expect("put"));
    assert!(change(StoredSigningKey { published_until: Some(now), ..signing_key(&subject, "a") }).await);
    let longer =
        StoredSigningKey { published_until: Some(now.plus(Duration::from_secs(60))), ..signing_key(&subject, "a") };
    assert!(!change(longer.clone()).await);
    assert_eq!(store.signing_keys().await.expect("listed")[0].published_until, Some(now));

    // Not even by a node that has not heard of it when the key is forgotten already.
    let successor = StoredSigningKey { kid: "b".to_owned(), ..signing_key(&subject, "a") };
    assert!(store.add_signing_key(Some("a"), successor).await.expect("added"));
    store.prune_signing_keys(now.plus(Duration::from_millis(1))).await.expect("pruned");
    assert!(!store.change_signing_key("b", longer).await.expect("answered"));
    let kids: Vec<String> = store.signing_keys().await.expect("listed").into_iter().map(|key| key.kid).collect();
    assert_eq!(kids, ["b"]);
}

async fn what_is_not_there_is_said_so(subject: Subject) {
    let store = &subject.store;
    let change = ConsumerChange::default;
    let outcomes = [
        store.consumer("default", "nobody").await.err(),
        store.update_consumer("default", "nobody", change()).await.err(),
        store.delete_consumer("default", "nobody", None).await.err(),
        store.create_key("default", "nobody", new_key(1)).await.err(),
        store.keys(Some(("default", "nobody"))).await.err(),
    ];
    for error in outcomes {
        let error = error.expect("refused");
        assert_eq!(error.to_string(), "there is no consumer `nobody`");
    }
    for error in [
        store.key("key_none").await.err(),
        store.revoke_key("key_none").await.err(),
        store.roll_key("key_none", subject.clock.now(), new_key(1)).await.err(),
    ] {
        assert_eq!(error.expect("refused").to_string(), "there is no key `key_none`");
    }
    store.ping().await.expect("it answers");
}

async fn many_writers_lose_nothing(subject: Subject) {
    subject.consumer("bob").await;
    let writers: Vec<_> = (0..8_u32)
        .map(|writer| {
            let store = Arc::clone(&subject.store);
            tokio::spawn(async move {
                for n in 0..10 {
                    store.create_key("default", "bob", new_key(writer * 100 + n)).await.expect("a key");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("joined");
    }
    assert_eq!(subject.live().await.len(), 80);
}
