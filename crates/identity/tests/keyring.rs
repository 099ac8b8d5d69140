//! The keyring over a real store.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use support::{TestStore, eventually, open};
use tollgate_core::keys::DeclaredConsumer;
use tollgate_core::services::{KeyVerdict, Keyring as _};
use tollgate_core::store::{ConsumerChange, KeyChange, KeyFeed};
use tollgate_core::time::{Clock, ManualClock};
use tollgate_identity::{DeclaredError, Keyring, KeyringOptions, new_key};

struct Bench {
    _folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    store: Arc<TestStore>,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::default());
        let store = open(folder.path(), &clock).await;
        store.consumer("bob", json!({ "plan": "gold" })).await;
        Self { _folder: folder, clock, store }
    }

    async fn keyring(&self, dev: bool) -> Arc<Keyring> {
        let options = KeyringOptions { prefix: "tg".to_owned(), max_stale: Duration::from_secs(3600), dev };
        let store: Arc<dyn KeyFeed> = Arc::<TestStore>::clone(&self.store);
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        Keyring::load(store, clock, options).await.expect("loaded")
    }

    fn looks(&self) -> usize {
        self.store.looks.load(Ordering::SeqCst)
    }
}

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

async fn find(keyring: &Arc<Keyring>, presented: &str) -> KeyVerdict {
    keyring.find(presented, None, CLIENT).get().await
}

macro_rules! assert_verdict {
    ($verdict:expr, $pattern:pat) => {
        let verdict = $verdict;
        assert!(matches!(verdict, $pattern), "{verdict:?}");
    };
}

#[tokio::test]
async fn a_good_key_is_found_with_its_consumer_without_a_look_at_the_store() {
    let bench = Bench::new().await;
    let (secret, key) = bench.store.key("bob").await;
    let keyring = bench.keyring(false).await;
    match find(&keyring, secret.secret.expose()).await {
        KeyVerdict::Good(grant) => {
            assert_eq!(*grant.key, key);
            assert_eq!((&*grant.consumer.name, &grant.consumer.metadata["plan"]), ("bob", &json!("gold")));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.looks(), 0);
}

#[tokio::test]
async fn a_malformed_key_is_refused_without_a_look_at_the_store() {
    let bench = Bench::new().await;
    let (secret, _) = bench.store.key("bob").await;
    let keyring = bench.keyring(false).await;
    let mut cut = secret.secret.expose().to_owned();
    cut.pop();
    for text in [cut.as_str(), "", "short", "with space in it", "tg_invented_000000"] {
        assert_verdict!(find(&keyring, text).await, KeyVerdict::Malformed);
    }
    assert_eq!(bench.looks(), 0);
}

#[tokio::test]
async fn a_token_is_no_key_and_costs_neither_a_look_at_the_store_nor_one_of_the_addresss() {
    let bench = Bench::new().await;
    let keyring = bench.keyring(false).await;
    for number in 0..100 {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJqdGkiOiJh{number}In0.c2lnbmF0dXJl");
        assert_verdict!(find(&keyring, &token).await, KeyVerdict::Unknown);
    }
    assert_eq!(bench.looks(), 0);
    let (secret, _) = bench.store.key("bob").await;
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Good(_));
}

#[tokio::test]
async fn a_key_that_was_made_a_moment_ago_is_found_at_its_first_use() {
    let bench = Bench::new().await;
    let keyring = bench.keyring(false).await;
    // More of them than an address has looks: those that find something cost none.
    for _ in 0..50 {
        let (secret, _) = bench.store.key("bob").await;
        assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Good(_));
    }
}

#[tokio::test]
async fn guessing_costs_an_address_its_looks_and_nobody_elses() {
    let bench = Bench::new().await;
    let keyring = bench.keyring(false).await;
    for _ in 0..100 {
        let guess = new_key("tg").expect("made");
        assert_verdict!(find(&keyring, guess.secret.expose()).await, KeyVerdict::Unknown);
    }
    assert_eq!(bench.looks(), 30);
    let (secret, _) = bench.store.key("bob").await;
    let other: IpAddr = "192.0.2.2".parse().expect("an address");
    assert_verdict!(keyring.find(secret.secret.expose(), None, other).get().await, KeyVerdict::Good(_));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_keys_at_the_same_moment_share_their_looks() {
    let bench = Bench::new().await;
    let keyring = bench.keyring(false).await;
    let guesses: Vec<_> = (0..200_u16)
        .map(|n| {
            let keyring = Arc::clone(&keyring);
            tokio::spawn(async move {
                let guess = new_key("tg").expect("made");
                let client: IpAddr = format!("192.0.{}.{}", n / 100, n % 100).parse().expect("an address");
                keyring.find(guess.secret.expose(), None, client).get().await
            })
        })
        .collect();
    for guess in guesses {
        assert_verdict!(guess.await.expect("joined"), KeyVerdict::Unknown);
    }
    assert!(bench.looks() < 150, "{} looks for 200 guesses", bench.looks());
}

#[tokio::test]
async fn an_expired_key_is_refused_from_its_moment_on() {
    let bench = Bench::new().await;
    let expires = bench.clock.now().plus(Duration::from_secs(60));
    let (secret, _) = bench.store.key_with("bob", Some(expires), false).await;
    let keyring = bench.keyring(false).await;
    bench.clock.advance(Duration::from_millis(59_999));
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Good(_));
    bench.clock.advance(Duration::from_millis(1));
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Expired);
}

#[tokio::test]
async fn a_revoked_key_is_refused_as_revoked_even_after_a_restart() {
    let bench = Bench::new().await;
    let (secret, key) = bench.store.key("bob").await;
    let keyring = bench.keyring(false).await;
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Good(_));
    bench.store.revoke_key(&key.id).await.expect("revoked");
    keyring.catch_up().await.expect("caught up");
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Revoked);
    let restarted = bench.keyring(false).await;
    assert_verdict!(find(&restarted, secret.secret.expose()).await, KeyVerdict::Revoked);
}

#[tokio::test]
async fn keys_of_a_deleted_consumer_are_unknown() {
    let bench = Bench::new().await;
    let (secret, _) = bench.store.key("bob").await;
    let keyring = bench.keyring(false).await;
    bench.store.delete_consumer("default", "bob", None).await.expect("deleted");
    keyring.catch_up().await.expect("caught up");
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Unknown);
}

#[tokio::test]
async fn the_development_key_is_good_in_dev_alone() {
    let bench = Bench::new().await;
    let (secret, _) = bench.store.key_with("bob", None, true).await;
    assert_verdict!(find(&bench.keyring(true).await, secret.secret.expose()).await, KeyVerdict::Good(_));
    assert_verdict!(find(&bench.keyring(false).await, secret.secret.expose()).await, KeyVerdict::DevelopmentOnly);
}

#[tokio::test]
async fn a_key_of_another_bucket_does_not_exist() {
    let bench = Bench::new().await;
    let (secret, _) = bench.store.key("bob").await;
    let keyring = bench.keyring(false).await;
    let verdict = async |bucket| keyring.find(secret.secret.expose(), bucket, CLIENT).get().await;
    assert_verdict!(verdict(Some("partners")).await, KeyVerdict::Unknown);
    assert_verdict!(verdict(Some("default")).await, KeyVerdict::Good(_));
}

#[tokio::test]
async fn while_the_store_is_away_known_keys_serve_for_max_stale_and_then_nobody() {
    let bench = Bench::new().await;
    let (secret, _) = bench.store.key("bob").await;
    let keyring = bench.keyring(false).await;
    bench.store.away.store(true, Ordering::SeqCst);
    assert!(keyring.catch_up().await.is_err());
    bench.clock.advance(Duration::from_secs(3600));
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Good(_));
    let status = keyring.status();
    assert_eq!((status.keys, status.away_for), (1, Duration::from_secs(3600)));
    assert!(status.error.is_some());

    bench.clock.advance(Duration::from_millis(1));
    for _ in 0..50 {
        assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Unavailable);
    }
    let unknown = new_key("tg").expect("made");
    assert_verdict!(find(&keyring, unknown.secret.expose()).await, KeyVerdict::Unavailable);

    // The first use after it is back confirms the key, even before the follower notices.
    bench.store.away.store(false, Ordering::SeqCst);
    bench.clock.advance(Duration::from_secs(60));
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Good(_));
    assert_eq!((keyring.status().away_for, keyring.status().error), (Duration::ZERO, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_follower_takes_over_what_others_change() {
    let bench = Bench::new().await;
    let (secret, key) = bench.store.key("bob").await;
    let keyring = bench.keyring(false).await;
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = Arc::clone(&seen);
    keyring.on_change(move |change| {
        notes.lock().push(match change {
            KeyChange::Granted(grant) => format!("granted {}", grant.consumer.version),
            KeyChange::Withdrawn { revoked, .. } => format!("withdrawn {revoked}"),
        });
    });
    let follower = tokio::spawn(Arc::clone(&keyring).run());
    // Another handle on the same file, as the command line has.
    let other = open(bench._folder.path(), &bench.clock).await;
    let change = ConsumerChange { metadata: Some(json!({ "plan": "free" })), ..ConsumerChange::default() };
    other.update_consumer("default", "bob", change).await.expect("changed");
    eventually("the change is seen", || seen.lock().contains(&"granted 2".to_owned())).await;
    match find(&keyring, secret.secret.expose()).await {
        KeyVerdict::Good(grant) => assert_eq!(grant.consumer.metadata["plan"], "free"),
        other => panic!("{other:?}"),
    }
    other.revoke_key(&key.id).await.expect("revoked");
    eventually("the revocation is seen", || seen.lock().contains(&"withdrawn true".to_owned())).await;
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Revoked);
    follower.abort();
}

fn declared(name: &str, hashes: &[String]) -> DeclaredConsumer {
    DeclaredConsumer {
        name: name.to_owned(),
        bucket: "default".to_owned(),
        metadata: json!({ "plan": "declared" }),
        tags: std::collections::BTreeMap::new(),
        key_hashes: hashes.to_vec(),
    }
}

#[tokio::test]
async fn declared_consumers_are_honoured_and_forgotten_with_the_project() {
    let bench = Bench::new().await;
    let keyring = bench.keyring(false).await;
    let value = "a-value-of-my-own";
    let hash = format!("sha256:{}", tollgate_identity::digest(value).to_hex());
    keyring.set_declared(&[declared("ci", std::slice::from_ref(&hash))]).expect("set");
    match find(&keyring, value).await {
        KeyVerdict::Good(grant) => {
            assert_eq!((&*grant.consumer.name, &grant.consumer.metadata["plan"]), ("ci", &json!("declared")));
            assert!(!format!("{grant:?}").contains(value));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        keyring.set_declared(&[declared("ci", &["sha256:zz".to_owned()])]),
        Err(DeclaredError::Hash { consumer: "ci".to_owned(), number: 1 })
    );
    let twice = keyring.set_declared(&[declared("a", std::slice::from_ref(&hash)), declared("b", &[hash])]);
    assert_eq!(twice, Err(DeclaredError::Twice { consumer: "b".to_owned(), number: 1, other: "a".to_owned() }));
    assert_verdict!(find(&keyring, value).await, KeyVerdict::Good(_));
    keyring.set_declared(&[]).expect("set");
    assert_verdict!(find(&keyring, value).await, KeyVerdict::Unknown);
}

#[tokio::test]
async fn a_revoked_key_is_not_revived_by_declaring_it() {
    let bench = Bench::new().await;
    let (secret, key) = bench.store.key("bob").await;
    bench.store.revoke_key(&key.id).await.expect("revoked");
    let keyring = bench.keyring(false).await;
    keyring.set_declared(&[declared("ci", &[secret.digest.to_hex()])]).expect("set");
    assert_verdict!(find(&keyring, secret.secret.expose()).await, KeyVerdict::Revoked);
}

#[tokio::test]
async fn imported_keys_of_other_forms_work() {
    let bench = Bench::new().await;
    let value = "zpka_0123456789abcdef0123456789abcdef_01234567";
    let imported = tollgate_identity::key_format::import_key("tg", value).expect("imported");
    let new = tollgate_core::store::NewKey {
        digest: imported.digest,
        hint: imported.hint,
        description: None,
        expires_on: None,
        development: false,
    };
    bench.store.create_key("default", "bob", new).await.expect("a key");
    assert_verdict!(find(&bench.keyring(false).await, value).await, KeyVerdict::Good(_));
}

/// What a reader that was away for too long learns: that it must read everything, which is more
/// than what was made meanwhile.
#[tokio::test]
async fn a_reader_that_fell_behind_the_kept_changes_forgets_what_was_deleted_meanwhile() {
    let bench = Bench::new().await;
    bench.store.consumer("eve", json!({})).await;
    let (gone, _) = bench.store.key("eve").await;
    let keyring = bench.keyring(false).await;
    assert_verdict!(find(&keyring, gone.secret.expose()).await, KeyVerdict::Good(_));
    bench.store.delete_consumer("default", "eve", None).await.expect("deleted");
    let (made, _) = bench.store.key("bob").await;
    bench.store.pruned.store(true, Ordering::SeqCst);
    keyring.catch_up().await.expect("read");
    assert_verdict!(find(&keyring, gone.secret.expose()).await, KeyVerdict::Unknown);
    assert_verdict!(find(&keyring, made.secret.expose()).await, KeyVerdict::Good(_));
}

/// Whoever waits for the end of a key, and what came of it.
async fn waiting(keyring: &Arc<Keyring>, secret: &str) -> tokio::task::JoinHandle<KeyVerdict> {
    let KeyVerdict::Good(grant) = find(keyring, secret).await else { panic!("the key is good") };
    let keyring = Arc::clone(keyring);
    tokio::spawn(async move { keyring.ended(grant.digest).await })
}

async fn soon(ended: tokio::task::JoinHandle<KeyVerdict>) -> KeyVerdict {
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("it ends").expect("without a panic")
}

#[tokio::test]
async fn the_end_of_a_key_is_told_to_those_who_wait_for_it_and_to_nobody_else() {
    let bench = Bench::new().await;
    let (one, key) = bench.store.key("bob").await;
    let (other, _) = bench.store.key("bob").await;
    let keyring = bench.keyring(false).await;
    let revoked = waiting(&keyring, one.secret.expose()).await;
    let lives_on = waiting(&keyring, other.secret.expose()).await;
    tokio::task::yield_now().await;
    bench.store.revoke_key(&key.id).await.expect("revoked");
    keyring.catch_up().await.expect("read");
    assert_verdict!(soon(revoked).await, KeyVerdict::Revoked);
    assert!(!lives_on.is_finished());
    // Asked for only now, it has ended already.
    let grant = keyring.held().grants.into_iter().next().expect("the other one");
    lives_on.abort();
    bench.store.revoke_key(&grant.key.id).await.expect("revoked");
    keyring.catch_up().await.expect("read");
    assert_verdict!(keyring.ended(grant.digest).await, KeyVerdict::Revoked);
}

#[tokio::test]
async fn a_key_that_expires_ends_at_its_moment() {
    let bench = Bench::new().await;
    let expires = bench.clock.now().plus(Duration::from_millis(20));
    let (secret, _) = bench.store.key_with("bob", Some(expires), false).await;
    let keyring = bench.keyring(false).await;
    let ended = waiting(&keyring, secret.secret.expose()).await;
    tokio::task::yield_now().await;
    assert!(!ended.is_finished());
    bench.clock.advance(Duration::from_millis(20));
    assert_verdict!(soon(ended).await, KeyVerdict::Expired);
}

#[tokio::test]
async fn a_declared_key_ends_when_the_project_declares_it_no_more() {
    let bench = Bench::new().await;
    let keyring = bench.keyring(false).await;
    let secret = new_key("tg").expect("random");
    keyring.set_declared(&[declared("alice", &[secret.digest.to_hex()])]).expect("declared");
    let ended = waiting(&keyring, secret.secret.expose()).await;
    tokio::task::yield_now().await;
    keyring.set_declared(&[]).expect("none");
    assert_verdict!(soon(ended).await, KeyVerdict::Unknown);
}
