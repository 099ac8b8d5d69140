//! Buckets, managers, quarantine, leaks, imports, operators, calls that come again.

use std::time::Duration;

use serde_json::json;
use tollgate_core::keys::{BucketSettings, LeakAction};
use tollgate_core::store::{
    BucketChange, Claim, ConsumerChange, ConsumerQuery, ImportedKey, KeptAnswer, KeyChange, KeyUpdate, KeysOf,
    LeakReport, Managed, NewBucket, NewConsumer, NewManager, NewMember, NewOperator, Scope, StoreError,
};
use tollgate_core::time::Clock;

use super::{Subject, digest, new_consumer, new_key};

pub(super) async fn buckets_have_settings_and_take_their_consumers_along(subject: Subject) {
    let store = &subject.store;
    let names = |buckets: Vec<tollgate_core::keys::Bucket>| buckets.into_iter().map(|b| b.name).collect::<Vec<_>>();
    assert_eq!(names(store.buckets().await.expect("listed")), ["default"], "it is always there");
    let new =
        NewBucket { name: "partners".to_owned(), description: Some("who pays".to_owned()), ..NewBucket::default() };
    let made = store.create_bucket(new.clone()).await.expect("made");
    assert!(made.id.starts_with("bkt_"));
    assert_eq!((made.version, made.settings.on_leak), (1, LeakAction::Revoke));
    let error = store.create_bucket(new).await.expect_err("refused");
    assert!(matches!(error, StoreError::Exists { kind: "bucket", .. }), "{error:?}");

    let settings = BucketSettings { on_leak: LeakAction::Report };
    let change = BucketChange { settings: Some(settings), if_version: Some(7), ..BucketChange::default() };
    let error = store.update_bucket("partners", change.clone()).await.expect_err("refused");
    assert!(matches!(error, StoreError::Changed { found: 1, .. }), "{error:?}");
    let change = BucketChange { description: Some(None), if_version: Some(1), ..change };
    let changed = store.update_bucket("partners", change).await.expect("changed");
    assert_eq!((changed.version, changed.description.clone(), changed.settings.on_leak), (2, None, LeakAction::Report));
    assert_eq!(store.bucket("partners").await.expect("found"), changed);

    // A consumer brings its bucket along.
    let consumer = NewConsumer { bucket: "new".to_owned(), ..new_consumer("bob") };
    store.create_consumer(consumer).await.expect("made");
    store.create_key("new", "bob", new_key(1)).await.expect("a key");
    assert_eq!(names(store.buckets().await.expect("listed")), ["default", "new", "partners"]);
    let before = store.key_set().await.expect("the keys").sequence;
    store.delete_bucket("new", None).await.expect("deleted");
    let read = store.key_changes(before).await.expect("the changes");
    assert!(matches!(read.changes.as_slice(), [KeyChange::Withdrawn { revoked: false, .. }]), "{:?}", read.changes);
    assert!(matches!(store.bucket("new").await, Err(StoreError::NotFound { kind: "bucket", .. })));
    store.delete_bucket("default", None).await.expect("deleted");
    assert_eq!(store.bucket("default").await.expect("it is always there").name, "default");
}

pub(super) async fn a_change_that_was_meant_for_another_version_is_refused(subject: Subject) {
    let store = &subject.store;
    subject.consumer("bob").await;
    let change = |version| ConsumerChange {
        metadata: Some(json!({ "v": version })),
        if_version: Some(version),
        ..ConsumerChange::default()
    };
    assert_eq!(store.update_consumer("default", "bob", change(1)).await.expect("changed").version, 2);
    let error = store.delete_consumer("default", "bob", Some(1)).await.expect_err("refused");
    assert!(matches!(error, StoreError::Changed { kind: "consumer", found: 2, .. }), "{error:?}");
    let error = store.delete_bucket("default", Some(7)).await.expect_err("refused");
    assert!(matches!(error, StoreError::Changed { kind: "bucket", .. }), "{error:?}");
    let bob = store.consumer("default", "bob").await.expect("still there");
    assert_eq!(store.consumer_by_id(&bob.id).await.expect("found"), bob);
    assert!(matches!(store.consumer_by_id("con_0").await, Err(StoreError::NotFound { kind: "consumer", .. })));
    let error = store.update_consumer("default", "bob", change(1)).await.expect_err("refused");
    assert!(matches!(error, StoreError::Changed { kind: "consumer", found: 2, .. }), "{error:?}");
    assert_eq!(*store.consumer("default", "bob").await.expect("found").metadata, json!({ "v": 1 }));
}

pub(super) async fn lists_come_page_by_page(subject: Subject) {
    let store = &subject.store;
    for number in 0..25 {
        let tags = [("even".to_owned(), (number % 2 == 0).to_string())].into();
        store.create_consumer(NewConsumer { tags, ..new_consumer(&format!("c{number:02}")) }).await.expect("made");
        store.create_key("default", &format!("c{number:02}"), new_key(number)).await.expect("a key");
    }
    let mut query = ConsumerQuery { limit: 10, ..ConsumerQuery::default() };
    let mut seen = Vec::new();
    loop {
        let page = store.consumer_page(query.clone()).await.expect("a page");
        seen.extend(page.items.iter().map(|consumer| consumer.name.to_string()));
        let Some(last) = page.items.last().filter(|_| page.more) else { break };
        query.after = Some((last.bucket.to_string(), last.name.to_string()));
    }
    assert_eq!(seen, (0..25).map(|number| format!("c{number:02}")).collect::<Vec<_>>());

    let even = [("even".to_owned(), "true".to_owned())].into();
    let query = ConsumerQuery { tags: even, offset: 3, limit: 4, ..ConsumerQuery::default() };
    let page = store.consumer_page(query).await.expect("a page");
    assert_eq!(page.items.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["c06", "c08", "c10", "c12"]);
    assert!(page.more);
    assert!(store.consumer_page(ConsumerQuery { limit: 0, ..ConsumerQuery::default() }).await.expect("a page").more);

    let first = store.key_page(Some(KeysOf::Bucket("default")), None, 20).await.expect("a page");
    assert!(first.more && first.items.len() == 20);
    let after = first.items.last().expect("some").key.id.to_string();
    let second = store.key_page(Some(KeysOf::Bucket("default")), Some(&after), 20).await.expect("a page");
    assert!(!second.more && second.items.len() == 5);
    let of = store.key_page(Some(KeysOf::Consumer("default", "c03")), None, 20).await.expect("a page");
    assert_eq!(of.items.iter().map(|key| &*key.consumer.name).collect::<Vec<_>>(), ["c03"]);
}

pub(super) async fn managers_are_of_a_consumer_or_of_a_bucket(subject: Subject) {
    let store = &subject.store;
    subject.consumer("bob").await;
    subject.consumer("alice").await;
    let manager = |email: &str| NewManager { email: email.to_owned(), subject: None };
    let bobs = Managed::Consumer("default", "bob");
    let made = store.add_manager(bobs, manager("Ana@Example.com")).await.expect("added");
    assert_eq!(made.email, "ana@example.com");
    let error = store.add_manager(bobs, manager("ANA@example.com")).await.expect_err("refused");
    assert!(matches!(error, StoreError::Exists { kind: "manager", .. }), "{error:?}");
    store.add_manager(Managed::Bucket("default"), manager("ana@example.com")).await.expect("of the bucket, too");
    store.add_manager(Managed::Consumer("default", "alice"), manager("eve@example.com")).await.expect("added");
    assert_eq!(store.managers(bobs).await.expect("listed"), std::slice::from_ref(&made));

    let managed_by = async |email: &str| {
        let query = ConsumerQuery { manager: Some(email.to_owned()), limit: 10, ..ConsumerQuery::default() };
        let page = store.consumer_page(query).await.expect("a page");
        page.items.iter().map(|consumer| consumer.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(managed_by("eve@example.com").await, ["alice"]);
    assert_eq!(managed_by("ana@example.com").await, ["alice", "bob"], "who manages a bucket manages all of it");

    store.remove_manager(bobs, &made.id).await.expect("removed");
    assert!(store.managers(bobs).await.expect("listed").is_empty());
    let error = store.remove_manager(bobs, &made.id).await.expect_err("refused");
    assert!(matches!(error, StoreError::NotFound { kind: "manager", .. }), "{error:?}");
    assert!(store.managers(Managed::Consumer("default", "nobody")).await.is_err());
}

pub(super) async fn members_are_made_all_or_none(subject: Subject) {
    let store = &subject.store;
    let member = |name: &str, number| NewMember {
        consumer: new_consumer(name),
        keys: vec![new_key(number)],
        managers: vec![NewManager { email: format!("{name}@example.com"), subject: None }],
    };
    let made = store.create_members(vec![member("a", 1), member("b", 2)]).await.expect("made");
    assert_eq!(made.len(), 2);
    assert_eq!((made[1].keys.len(), made[1].managers[0].email.as_str()), (1, "b@example.com"));
    assert_eq!(subject.live().await.len(), 2);
    let error = store.create_members(vec![member("c", 3), member("a", 4)]).await.expect_err("refused");
    assert!(matches!(&error, StoreError::Exists { kind: "consumer", name } if name == "a"), "{error:?}");
    assert!(store.consumer("default", "c").await.is_err(), "none of them");
    assert_eq!(subject.live().await.len(), 2);
}

pub(super) async fn a_quarantined_key_is_refused_until_it_is_released(subject: Subject) {
    let store = &subject.store;
    subject.consumer("bob").await;
    let key = subject.key("bob", 1).await;
    let before = store.key_set().await.expect("the keys").sequence;
    let quarantined = store.quarantine_key(&key.id).await.expect("done");
    assert_eq!(quarantined.quarantined_on, Some(subject.clock.now()));
    let read = store.key_changes(before).await.expect("the changes");
    assert!(matches!(read.changes.as_slice(), [KeyChange::Withdrawn { revoked: true, .. }]), "{:?}", read.changes);
    let set = store.key_set().await.expect("the keys");
    assert!(set.grants.is_empty() && set.revoked == [digest(1)]);

    let before = set.sequence;
    let released = store.release_key(&key.id).await.expect("done");
    assert_eq!(released.quarantined_on, None);
    let read = store.key_changes(before).await.expect("the changes");
    assert!(matches!(read.changes.as_slice(), [KeyChange::Granted(_)]), "{:?}", read.changes);

    store.revoke_key(&key.id).await.expect("revoked");
    store.quarantine_key(&key.id).await.expect("no error");
    store.release_key(&key.id).await.expect("no error");
    assert!(store.key(&key.id).await.expect("found").key.revoked_on.is_some(), "revoked is for good");
}

pub(super) async fn a_leaked_key_fares_as_its_bucket_says(subject: Subject) {
    let store = &subject.store;
    let report = || LeakReport { source: "github".to_owned(), place: Some("https://github.test/a/b".to_owned()) };
    for (number, action) in [LeakAction::Revoke, LeakAction::Quarantine, LeakAction::Report].into_iter().enumerate() {
        let number = u32::try_from(number).expect("small");
        let name = action.as_str().to_owned();
        let bucket =
            NewBucket { name: name.clone(), settings: BucketSettings { on_leak: action }, ..NewBucket::default() };
        store.create_bucket(bucket).await.expect("made");
        store.create_consumer(NewConsumer { bucket: name.clone(), ..new_consumer("bob") }).await.expect("made");
        store.create_key(&name, "bob", new_key(number)).await.expect("a key");
        let leak = store.report_leak(digest(number), report()).await.expect("answered").expect("known");
        assert_eq!((leak.action, leak.acted), (action, action != LeakAction::Report));
        assert_eq!(leak.key.key.revoked_on.is_some(), action == LeakAction::Revoke);
        assert_eq!(leak.key.key.quarantined_on.is_some(), action == LeakAction::Quarantine);
        assert_eq!(subject.live().await.contains(&digest(number).0), action == LeakAction::Report);
        let again = store.report_leak(digest(number), report()).await.expect("answered").expect("known");
        assert!(!again.acted, "twice is once");
    }
    assert!(store.report_leak(digest(99), report()).await.expect("answered").is_none());
}

pub(super) async fn imported_keys_have_each_their_own_answer(subject: Subject) {
    let store = &subject.store;
    subject.consumer("bob").await;
    subject.key("bob", 1).await;
    let import = |consumer: &str, number| ImportedKey {
        bucket: "default".to_owned(),
        consumer: consumer.to_owned(),
        key: new_key(number),
    };
    let keys = vec![import("bob", 2), import("bob", 1), import("new", 3), import("new", 3), import("new", 4)];
    let good = |answers: Vec<Result<(), StoreError>>| answers.iter().map(Result::is_ok).collect::<Vec<_>>();
    let expected = [true, false, true, false, true];
    assert_eq!(good(store.import_keys(keys.clone(), true).await.expect("rehearsed")), expected);
    assert_eq!(subject.live().await.len(), 1, "nothing was kept");
    assert!(store.consumer("default", "new").await.is_err());

    assert_eq!(good(store.import_keys(keys.clone(), false).await.expect("kept")), expected);
    assert_eq!(subject.live().await.len(), 4);
    assert_eq!(store.keys(Some(("default", "new"))).await.expect("listed").len(), 2);
    assert_eq!(good(store.import_keys(keys, false).await.expect("kept")), [false; 5], "again changes nothing");
}

pub(super) async fn keys_are_changed_rolled_together_and_deleted(subject: Subject) {
    let store = &subject.store;
    subject.consumer("bob").await;
    let (one, two) = (subject.key("bob", 1).await, subject.key("bob", 2).await);
    let minute = |n: u64| subject.clock.now().plus(Duration::from_secs(60 * n));
    let change = KeyUpdate { description: Some(Some("ci".to_owned())), expires_on: Some(Some(minute(9))) };
    let changed = store.update_key(&one.id, change).await.expect("changed");
    assert_eq!((changed.description.as_deref(), changed.expires_on), (Some("ci"), Some(minute(9))));
    let change = KeyUpdate { expires_on: Some(None), ..KeyUpdate::default() };
    let changed = store.update_key(&one.id, change).await.expect("changed");
    assert_eq!((changed.description.as_deref(), changed.expires_on), (Some("ci"), None));

    let new = store.roll_keys("default", "bob", minute(5), new_key(3)).await.expect("rolled");
    for id in [&one.id, &two.id] {
        assert_eq!(store.key(id).await.expect("found").key.expires_on, Some(minute(5)));
    }
    assert_eq!(new.expires_on, None);
    assert_eq!(store.revoke_keys(KeysOf::Consumer("default", "bob")).await.expect("revoked"), 3);
    assert!(subject.live().await.is_empty());
    assert_eq!(store.revoke_keys(KeysOf::Bucket("default")).await.expect("revoked"), 0);

    let before = store.key_set().await.expect("the keys").sequence;
    store.delete_key(&two.id).await.expect("deleted");
    assert!(store.key(&two.id).await.is_err());
    assert!(store.key_by_digest(digest(2)).await.expect("answered").is_none());
    assert_eq!(store.key_by_digest(digest(1)).await.expect("answered").expect("known").key.id, one.id);
    assert!(store.key_changes(before).await.expect("the changes").sequence > before);
}

pub(super) async fn operators_have_scopes_and_are_refused_once_revoked(subject: Subject) {
    let store = &subject.store;
    let new = |name: &str, number| NewOperator {
        name: name.to_owned(),
        scopes: vec![Scope::Read, Scope::KeysWrite],
        digest: digest(number),
        hint: "tgo_…".to_owned(),
        expires_on: None,
    };
    let made = store.create_operator(new("ci", 1)).await.expect("made");
    assert!(made.id.starts_with("opr_"));
    assert!(made.may(Scope::KeysWrite) && made.may(Scope::Read) && !made.may(Scope::Admin));
    let error = store.create_operator(new("ci", 2)).await.expect_err("refused");
    assert!(matches!(error, StoreError::Exists { kind: "operator", .. }), "{error:?}");
    assert_eq!(store.operator_by_digest(digest(1)).await.expect("answered"), Some(made.clone()));
    assert_eq!(store.operator_by_digest(digest(9)).await.expect("answered"), None);

    store.note_operator_use(&made.id, subject.clock.now()).await.expect("noted");
    assert_eq!(store.operators().await.expect("listed")[0].last_used_on, Some(subject.clock.now()));
    let revoked = store.revoke_operator("ci").await.expect("revoked");
    assert!(!revoked.is_live(subject.clock.now()));
    assert_eq!(store.revoke_operator(&made.id).await.expect("twice is no error"), revoked);
    let again = store.create_operator(new("ci", 3)).await.expect("the name is free again");
    assert_ne!(again.id, made.id);
    assert!(store.create_operator(new("other", 1)).await.is_err(), "a token belongs to one operator for ever");
    assert!(store.revoke_operator("nobody").await.is_err());
}

pub(super) async fn a_call_that_comes_again_is_answered_once(subject: Subject) {
    let store = &subject.store;
    let claim = async |fingerprint| store.claim_call("opr_1", "k", digest(fingerprint)).await.expect("answered");
    assert_eq!(claim(1).await, Claim::Yours);
    assert_eq!(claim(1).await, Claim::UnderWay);
    assert_eq!(claim(2).await, Claim::Mismatch);
    assert_eq!(store.claim_call("opr_2", "k", digest(2)).await.expect("answered"), Claim::Yours, "each has their own");
    let answer = KeptAnswer { status: 201, body: vec![0, 1, 2] };
    store.answer_call("opr_1", "k", answer.clone()).await.expect("kept");
    assert_eq!(claim(1).await, Claim::Answered(answer));
    assert_eq!(claim(2).await, Claim::Mismatch);
    subject.clock.advance(Duration::from_secs(86_401));
    assert_eq!(claim(2).await, Claim::Yours, "a day later it is another one");
    store.give_up_call("opr_1", "k").await.expect("given up");
    assert_eq!(claim(1).await, Claim::Yours);
    subject.clock.advance(Duration::from_secs(61));
    assert_eq!(claim(1).await, Claim::Yours, "whoever had it died");

    let many: Vec<_> = (0..8)
        .map(|_| {
            let store = std::sync::Arc::clone(store);
            tokio::spawn(async move { store.claim_call("opr_1", "race", digest(1)).await.expect("answered") })
        })
        .collect();
    let mut yours = 0;
    for one in many {
        yours += usize::from(one.await.expect("joined") == Claim::Yours);
    }
    assert_eq!(yours, 1);
}
