//! A node that starts while its store is away: what it kept, for how long it is good, and the master
//! key that nodes share.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Map, json};
use support::{TestStore, open};
use tollgate_core::services::{KeyVerdict, Keyring as _, TokenIssuer, TokenRequest};
use tollgate_core::settings::{IssuerSettings, SecretSettings, SigningAlgorithm};
use tollgate_core::store::{KeyFeed, SigningKeys};
use tollgate_core::time::{Clock, ManualClock};
use tollgate_identity::{Issuer, Keyring, KeyringOptions, MasterKey, Reserve, ReserveFile, master_key};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const URL: &str = "https://api.test/__tollgate/issuer";

fn options() -> KeyringOptions {
    KeyringOptions { prefix: "tg".to_owned(), max_stale: Duration::from_secs(3600), dev: false }
}

fn feed(store: &Arc<TestStore>) -> Arc<dyn KeyFeed> {
    Arc::<TestStore>::clone(store)
}

fn signing(store: &Arc<TestStore>) -> Arc<dyn SigningKeys> {
    Arc::<TestStore>::clone(store)
}

fn clock(clock: &Arc<ManualClock>) -> Arc<dyn Clock> {
    Arc::<ManualClock>::clone(clock)
}

async fn verdict(keyring: &Keyring, key: &str) -> KeyVerdict {
    keyring.find(key, None, CLIENT).get().await
}

#[tokio::test]
async fn what_was_kept_is_good_for_max_stale_since_it_was_confirmed_and_is_read_anew_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let time = Arc::new(ManualClock::default());
    let store = open(folder.path(), &time).await;
    store.consumer("bob", json!({})).await;
    let (good, key) = store.key("bob").await;
    let (gone, revoked) = store.key("bob").await;
    store.revoke_key(&revoked.id).await.expect("revoked");
    {
        let keyring = Keyring::load(feed(&store), clock(&time), options()).await.expect("loaded");
        let keys = keyring.held();
        let reserve = Reserve { keys, signing_keys: Vec::new(), synced_on: keyring.status().synced_on };
        ReserveFile::new(folder.path()).write(&reserve).expect("written");
    }
    // Somebody revokes the other one, and then the store is away when the node starts.
    store.revoke_key(&key.id).await.expect("revoked");
    store.away.store(true, Ordering::SeqCst);
    time.advance(Duration::from_secs(3000));
    let kept = ReserveFile::new(folder.path()).read().expect("read").expect("there");
    let keyring = Keyring::restore(feed(&store), clock(&time), options(), kept.keys, kept.synced_on);
    assert!(keyring.status().error.is_some());
    assert!(matches!(verdict(&keyring, good.secret.expose()).await, KeyVerdict::Good(_)));
    assert!(matches!(verdict(&keyring, gone.secret.expose()).await, KeyVerdict::Revoked));
    time.advance(Duration::from_secs(601));
    assert!(matches!(verdict(&keyring, good.secret.expose()).await, KeyVerdict::Unavailable), "an hour is over");

    store.away.store(false, Ordering::SeqCst);
    keyring.catch_up().await.expect("it is back");
    assert!(matches!(verdict(&keyring, good.secret.expose()).await, KeyVerdict::Revoked | KeyVerdict::Unknown));
    assert_eq!(keyring.status().error, None);
}

#[tokio::test]
async fn an_issuer_that_starts_without_its_store_signs_with_the_keys_that_were_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let time = Arc::new(ManualClock::default());
    let store = open(folder.path(), &time).await;
    let settings = IssuerSettings { algorithm: SigningAlgorithm::EdDSA, ..IssuerSettings::default() };
    let secrets = SecretSettings::default();
    let master = MasterKey::shared(&secrets, Some(folder.path()), &*signing(&store)).await.expect("a key");
    let issuer = Issuer::load(signing(&store), clock(&time), master, &settings, URL.to_owned()).await.expect("loaded");
    let kept = issuer.stored();
    store.away.store(true, Ordering::SeqCst);

    let master = MasterKey::shared_copy(&secrets, folder.path()).expect("the copy");
    let restored = Issuer::restore(signing(&store), clock(&time), master, &settings, URL.to_owned(), kept.clone());
    let restored = restored.expect("restored");
    assert_eq!(restored.jwks(), issuer.jwks());
    let claims = Map::new();
    let request = TokenRequest {
        subject: "bob",
        audience: None,
        expires_in: Duration::from_secs(60),
        claims: &claims,
        prefix: "Bearer ",
        credential: None,
    };
    restored.header(&request).expect("signed");

    let elsewhere = tempfile::tempdir().expect("a folder");
    assert!(MasterKey::shared_copy(&secrets, elsewhere.path()).is_err(), "there is no copy");
    let other = MasterKey::from_settings(&secrets, elsewhere.path()).expect("another key");
    let wrong = Issuer::restore(signing(&store), clock(&time), other, &settings, URL.to_owned(), kept);
    assert!(wrong.expect_err("refused").to_string().contains("another master key"));
    let none = MasterKey::from_settings(&secrets, elsewhere.path()).expect("a key");
    Issuer::restore(signing(&store), clock(&time), none, &settings, URL.to_owned(), Vec::new()).expect_err("refused");
}

#[tokio::test]
async fn nodes_that_start_at_once_share_one_master_key_and_a_configured_one_stays_out_of_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let time = Arc::new(ManualClock::default());
    let store = open(folder.path(), &time).await;
    let secrets = SecretSettings::default();
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let mut sealed = Vec::new();
    for node in &folders {
        let key = MasterKey::shared(&secrets, Some(node.path()), &*signing(&store)).await.expect("a key");
        sealed.push((key.seal("p", b"secret").expect("sealed"), key));
    }
    for (text, _) in &sealed {
        for (_, key) in &sealed {
            assert_eq!(key.open("p", text).expect("opened").as_slice(), b"secret");
        }
    }
    for node in &folders {
        use std::os::unix::fs::PermissionsExt;
        let path = node.path().join(master_key::SHARED_FILE_NAME);
        assert_eq!(std::fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    let given = SecretSettings {
        master_key: Some("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned()),
        ..SecretSettings::default()
    };
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other = open(elsewhere.path(), &time).await;
    MasterKey::shared(&given, None, &*signing(&other)).await.expect("a key");
    let kept = other.shared_secret("master-key", b"mine".to_vec()).await.expect("answered");
    assert_eq!(kept, b"mine", "nothing was kept there before");
}

#[tokio::test]
async fn the_master_key_of_a_single_node_becomes_that_of_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let time = Arc::new(ManualClock::default());
    let store = open(folder.path(), &time).await;
    let secrets = SecretSettings::default();
    let single = MasterKey::from_settings(&secrets, folder.path()).expect("a key");
    let sealed = single.seal("p", b"secret").expect("sealed");
    MasterKey::shared(&secrets, Some(folder.path()), &*signing(&store)).await.expect("proposed");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other = MasterKey::shared(&secrets, Some(elsewhere.path()), &*signing(&store)).await.expect("taken over");
    assert_eq!(other.open("p", &sealed).expect("opened").as_slice(), b"secret");
}
