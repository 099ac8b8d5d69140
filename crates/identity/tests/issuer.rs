//! The issuer over a real store: what its tokens say, how long they are handed out, and how its
//! keys live and die.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value, json};
use support::{TestStore, eventually, open};
use tollgate_core::exchange::Credential;
use tollgate_core::keys::{Consumer, Key, KeyDigest, KeyGrant};
use tollgate_core::services::{TokenIssuer, TokenRequest};
use tollgate_core::settings::{IssuerSettings, SecretSettings, SigningAlgorithm};
use tollgate_core::store::{KeyChange, SigningKeys};
use tollgate_core::time::{Clock, ManualClock, Timestamp};
use tollgate_core::units::Interval;
use tollgate_identity::{Issuer, IssuerError, MasterKey, SigningKeyState};

const URL: &str = "https://api.test/__tollgate/issuer";
const MINUTE: Duration = Duration::from_secs(60);

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    store: Arc<TestStore>,
}

fn master_key(folder: &Path) -> MasterKey {
    MasterKey::from_settings(&SecretSettings::default(), folder).expect("a master key")
}

/// EdDSA, because it is made and signs fast; what is tested is the same for all.
fn settings() -> IssuerSettings {
    IssuerSettings { algorithm: SigningAlgorithm::EdDSA, ..IssuerSettings::default() }
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::default());
        let store = open(folder.path(), &clock).await;
        Self { folder, clock, store }
    }

    async fn try_issuer(&self, settings: &IssuerSettings, key: MasterKey) -> Result<Arc<Issuer>, IssuerError> {
        let store: Arc<dyn SigningKeys> = Arc::<TestStore>::clone(&self.store);
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        Issuer::load(store, clock, key, settings, URL.to_owned()).await
    }

    async fn issuer(&self) -> Arc<Issuer> {
        self.try_issuer(&settings(), master_key(self.folder.path())).await.expect("loaded")
    }
}

fn credential(version: u64) -> Credential {
    Credential::Key { id: "key_1".into(), consumer: "con_1".into(), version, digest: KeyDigest([0; 32]) }
}

/// A token for `sub`, valid for ten minutes.
fn token(issuer: &Issuer, sub: &str) -> String {
    token_with(issuer, sub, None, &Map::new(), &credential(1))
}

fn token_with(
    issuer: &Issuer,
    sub: &str,
    audience: Option<&str>,
    claims: &Map<String, Value>,
    credential: &Credential,
) -> String {
    let request = TokenRequest {
        subject: sub,
        audience,
        expires_in: 10 * MINUTE,
        claims,
        prefix: "Bearer ",
        credential: Some(credential),
    };
    let header = issuer.header(&request).expect("signed");
    assert!(header.is_sensitive());
    header.to_str().expect("text").strip_prefix("Bearer ").expect("the prefix").to_owned()
}

/// Verifies as a backend does: with the published keys and nothing else.
fn verify(jwks: &Value, token: &str) -> Option<Value> {
    let set: JwkSet = serde_json::from_value(jwks.clone()).expect("a JWK set");
    let header = decode_header(token).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    let key = set.find(header.kid.as_deref().expect("a kid"))?;
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(key).expect("a key");
    Some(decode::<Value>(token, &key, &validation).expect("verified").claims)
}

fn kid(token: &str) -> String {
    decode_header(token).expect("a header").kid.expect("a kid")
}

fn kids(jwks: &Value) -> Vec<String> {
    let keys = jwks["keys"].as_array().expect("keys");
    keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

#[tokio::test]
async fn every_algorithm_signs_what_its_published_key_verifies() {
    let names = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
    for name in names {
        let bench = Bench::new().await;
        let algorithm: SigningAlgorithm = serde_json::from_value(json!(name)).expect("an algorithm");
        let settings = IssuerSettings { algorithm, ..IssuerSettings::default() };
        let key = master_key(bench.folder.path());
        let issuer = bench.try_issuer(&settings, key.clone()).await.expect("loaded");
        let signed = token(&issuer, "bob");
        let jwks = issuer.jwks();
        assert_eq!(verify(&jwks, &signed).expect("verified")["sub"], "bob", "{name}");
        assert_eq!((&jwks["keys"][0]["alg"], &jwks["keys"][0]["use"]), (&json!(name), &json!("sig")));
        assert_eq!(issuer.discovery()["id_token_signing_alg_values_supported"], json!([name]));
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(jwks["keys"][0].get(private).is_none(), "{name} publishes `{private}`");
        }
        // It is the same key after a restart.
        let restarted = bench.try_issuer(&settings, key).await.expect("loaded");
        assert_eq!(restarted.jwks(), jwks, "{name}");
        assert!(verify(&jwks, &token(&restarted, "bob")).is_some());
    }
}

#[tokio::test]
async fn a_token_says_who_whose_and_when() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let now = bench.clock.now().seconds();
    let claims = json!({
        "plan": "gold", "iss": "evil", "sub": "root", "aud": "evil", "exp": 1, "nbf": 1, "iat": 1, "jti": "evil"
    });
    let claims = claims.as_object().expect("an object");
    let signed = token_with(&issuer, "bob", Some("todo"), claims, &credential(1));
    let mut found = verify(&issuer.jwks(), &signed).expect("verified");
    let jti = found.as_object_mut().expect("an object").remove("jti").expect("a jti");
    assert_eq!(jti.as_str().expect("text").len(), 36);
    assert_eq!(
        found,
        json!({ "iss": URL, "sub": "bob", "aud": "todo", "iat": now, "nbf": now, "exp": now + 600, "plan": "gold" })
    );
    let without = verify(&issuer.jwks(), &token(&issuer, "bob")).expect("verified");
    assert!(without.get("aud").is_none(), "no audience unless one is configured");
}

#[tokio::test]
async fn the_discovery_document_leads_to_the_keys() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    assert_eq!(&*issuer.issuer(), URL);
    let document = issuer.discovery();
    assert_eq!(document["issuer"], URL);
    assert_eq!(document["jwks_uri"], format!("{URL}/.well-known/jwks.json"));
    assert_eq!(document["subject_types_supported"], json!(["public"]));
    assert_eq!(document["response_types_supported"], json!(["id_token"]));
}

#[tokio::test]
async fn a_token_is_handed_out_again_for_half_of_its_lifetime() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let first = token(&issuer, "bob");
    bench.clock.advance(5 * MINUTE - Duration::from_millis(1));
    assert_eq!(token(&issuer, "bob"), first);
    bench.clock.advance(Duration::from_millis(1));
    let second = token(&issuer, "bob");
    assert_ne!(second, first);
    assert_eq!(token(&issuer, "bob"), second);
}

#[tokio::test]
async fn whatever_is_in_a_token_decides_whether_it_is_the_same_one() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let gold = json!({ "plan": "gold" });
    let free = json!({ "plan": "free" });
    let (gold, free, none) = (gold.as_object().expect("object"), free.as_object().expect("object"), Map::new());
    let other =
        Credential::Key { id: "key_2".into(), consumer: "con_1".into(), version: 1, digest: KeyDigest([0; 32]) };
    let script = Credential::Other;
    let by_token = |byte| Credential::Token { digest: [byte; 16] };
    let all = [
        token_with(&issuer, "bob", None, &none, &credential(1)),
        token_with(&issuer, "bob", None, &none, &credential(2)),
        token_with(&issuer, "bob", None, &none, &other),
        token_with(&issuer, "bob", None, &none, &script),
        token_with(&issuer, "bob", None, &none, &by_token(1)),
        token_with(&issuer, "bob", None, &none, &by_token(2)),
        token_with(&issuer, "alice", None, &none, &credential(1)),
        token_with(&issuer, "bob", Some("a"), &none, &credential(1)),
        token_with(&issuer, "bob", Some("b"), &none, &credential(1)),
        token_with(&issuer, "bob", None, gold, &credential(1)),
        token_with(&issuer, "bob", None, free, &credential(1)),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(token_with(&issuer, "bob", None, free, &credential(1)), all[10]);
    assert_eq!(token_with(&issuer, "bob", None, &none, &by_token(2)), all[5]);
}

#[tokio::test]
async fn a_caller_with_ever_new_claims_fills_only_its_own_place() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let other =
        Credential::Key { id: "key_2".into(), consumer: "con_2".into(), version: 1, digest: KeyDigest([0; 32]) };
    let kept = token_with(&issuer, "alice", None, &Map::new(), &other);
    for number in 0..100 {
        let claims = json!({ "n": number });
        token_with(&issuer, "bob", None, claims.as_object().expect("an object"), &credential(1));
    }
    assert_eq!(token_with(&issuer, "alice", None, &Map::new(), &other), kept);
}

fn grant(version: u64) -> KeyGrant {
    let at = Timestamp(0);
    let consumer = Consumer {
        id: "con_1".into(),
        bucket: "default".into(),
        name: "bob".into(),
        description: None,
        metadata: Arc::new(json!({})),
        tags: std::collections::BTreeMap::new(),
        created_on: at,
        updated_on: at,
        version,
    };
    let key = Key {
        id: "key_1".into(),
        consumer: "con_1".into(),
        description: None,
        hint: String::new(),
        created_on: at,
        expires_on: None,
        revoked_on: None,
        quarantined_on: None,
        development: false,
    };
    KeyGrant { digest: KeyDigest([0; 32]), key: Arc::new(key), consumer: Arc::new(consumer) }
}

#[tokio::test]
async fn cached_tokens_are_dropped_when_the_key_is_revoked_or_its_consumer_changes() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let digest = KeyDigest([0; 32]);
    let changes = [KeyChange::Granted(grant(1)), KeyChange::Withdrawn { digest, key: "key_1".into(), revoked: true }];
    for change in changes {
        let before = token(&issuer, "bob");
        assert_eq!(token(&issuer, "bob"), before);
        issuer.forget(&change);
        assert_ne!(token(&issuer, "bob"), before, "{change:?}");
    }
}

#[tokio::test]
async fn another_public_url_is_in_the_next_token() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let old = token(&issuer, "bob");
    issuer.reconfigure(&settings(), URL.to_owned());
    assert_eq!(token(&issuer, "bob"), old, "nothing changed");
    issuer.reconfigure(&settings(), "https://new.test/i".to_owned());
    let new = verify(&issuer.jwks(), &token(&issuer, "bob")).expect("verified");
    assert_eq!(new["iss"], "https://new.test/i");
    assert_eq!(issuer.discovery()["jwks_uri"], "https://new.test/i/.well-known/jwks.json");
}

#[tokio::test]
async fn the_life_of_a_signing_key() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let first = kid(&token(&issuer, "bob"));
    assert_eq!(kids(&issuer.jwks()), std::slice::from_ref(&first), "the first key signs at once");

    // Published, not signing yet.
    let rotation = issuer.rotate(false).await.expect("rotated");
    assert_eq!(rotation.active_on, bench.clock.now().plus(10 * MINUTE));
    assert_eq!(kids(&issuer.jwks()), [first.clone(), rotation.kid.clone()]);
    assert_eq!(issuer.rotate(false).await.expect("under way").kid, rotation.kid, "it is not done twice");
    bench.clock.advance(10 * MINUTE - Duration::from_millis(1));
    issuer.tick().await.expect("ticked");
    let last_of_first = token(&issuer, "bob");
    assert_eq!(kid(&last_of_first), first);

    // Signing, by the clock alone.
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(kid(&token(&issuer, "bob")), rotation.kid);
    issuer.tick().await.expect("ticked");
    assert_eq!(kids(&issuer.jwks()), [rotation.kid.clone(), first.clone()], "the one that signs stands first");

    // The old one is published until its last token is over, which was made for ten minutes.
    bench.clock.advance(10 * MINUTE - Duration::from_secs(1));
    issuer.tick().await.expect("ticked");
    assert!(verify(&issuer.jwks(), &last_of_first).is_some());
    assert_eq!(issuer.list()[0].state, SigningKeyState::Retired);
    bench.clock.advance(2 * MINUTE);
    issuer.tick().await.expect("ticked");
    assert_eq!(kids(&issuer.jwks()), [rotation.kid]);
    assert_eq!(issuer.list().len(), 1, "and forgotten");
}

#[tokio::test]
async fn a_key_stays_published_as_long_as_its_longest_token_lives() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    issuer.rotate(false).await.expect("rotated");
    let (claims, credential) = (Map::new(), credential(1));
    bench.clock.advance(9 * MINUTE);
    let request = TokenRequest {
        subject: "bob",
        audience: None,
        expires_in: Duration::from_secs(86_400),
        claims: &claims,
        prefix: "",
        credential: Some(&credential),
    };
    let long = issuer.header(&request).expect("signed").to_str().expect("text").to_owned();
    issuer.tick().await.expect("ticked");
    bench.clock.advance(Duration::from_secs(86_399));
    issuer.tick().await.expect("ticked");
    assert!(verify(&issuer.jwks(), &long).is_some());
}

#[tokio::test]
async fn rotation_by_schedule_takes_the_place_at_the_right_moment() {
    let bench = Bench::new().await;
    let settings = IssuerSettings { rotate_every: Interval::from_secs(86_400), ..settings() };
    let issuer = bench.try_issuer(&settings, master_key(bench.folder.path())).await.expect("loaded");
    let start = bench.clock.now();
    bench.clock.advance(Duration::from_secs(86_400) - 10 * MINUTE - Duration::from_secs(1));
    issuer.tick().await.expect("ticked");
    assert_eq!(issuer.list().len(), 1);
    bench.clock.advance(Duration::from_secs(1));
    issuer.tick().await.expect("ticked");
    issuer.tick().await.expect("ticked");
    let keys = issuer.list();
    assert_eq!(keys.len(), 2, "once, however often it is looked at");
    assert_eq!(keys[1].active_on, start.plus(Duration::from_secs(86_400)));
    assert_eq!((keys[0].state, keys[1].state), (SigningKeyState::Active, SigningKeyState::Pending));

    let never = IssuerSettings { rotate_every: Interval::from_secs(0), ..settings };
    issuer.reconfigure(&never, URL.to_owned());
    bench.clock.advance(Duration::from_secs(86_400 * 365));
    issuer.tick().await.expect("ticked");
    assert_eq!(issuer.list().iter().filter(|key| key.state == SigningKeyState::Pending).count(), 0);
}

#[tokio::test]
async fn rotating_now_withdraws_the_old_key_everywhere() {
    let bench = Bench::new().await;
    let (one, other) = (bench.issuer().await, bench.issuer().await);
    let old = token(&one, "bob");
    assert_eq!(kid(&token(&other, "bob")), kid(&old), "two nodes, one key");
    let rotation = other.rotate(true).await.expect("rotated");
    assert_eq!(rotation.withdrawn, [kid(&old)]);
    assert_eq!(kid(&token(&other, "bob")), rotation.kid, "the cached token is not handed out any more");
    assert!(verify(&other.jwks(), &old).is_none());

    one.tick().await.expect("ticked");
    assert_eq!(kids(&one.jwks()), std::slice::from_ref(&rotation.kid));
    assert_eq!(kid(&token(&one, "bob")), rotation.kid);
    one.tick().await.expect("ticked");
    assert!(!kids(&one.jwks()).contains(&kid(&old)), "no node publishes it again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_start_and_rotate_together_have_one_new_key() {
    let bench = Bench::new().await;
    let (one, other) = tokio::join!(bench.issuer(), bench.issuer());
    one.tick().await.expect("ticked");
    other.tick().await.expect("ticked");
    assert_eq!(one.list().len(), 1, "{:?}", one.list());
    assert_eq!(one.jwks(), other.jwks());
    let (a, b) = tokio::join!(one.rotate(false), other.rotate(false));
    assert_eq!(a.expect("rotated").kid, b.expect("rotated").kid);
    one.tick().await.expect("ticked");
    assert_eq!(one.list().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_issuer_follows_the_rotation_of_another_process() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let running = tokio::spawn(Arc::clone(&issuer).run());
    let elsewhere = open(bench.folder.path(), &bench.clock).await;
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&bench.clock);
    // The command line does not know the project's algorithm.
    let cli =
        Issuer::load(elsewhere, clock, master_key(bench.folder.path()), &IssuerSettings::default(), String::new())
            .await
            .expect("loaded");
    let rotation = cli.rotate(true).await.expect("rotated");
    eventually("the new key signs", || kid(&token(&issuer, "bob")) == rotation.kid).await;
    assert_eq!(issuer.list().last().expect("a key").algorithm, "EdDSA", "the algorithm stays");
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_algorithm_in_the_settings_rotates_in_time() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let settings = IssuerSettings { algorithm: SigningAlgorithm::ES256, ..settings() };
    issuer.reconfigure(&settings, URL.to_owned());
    issuer.tick().await.expect("ticked");
    issuer.tick().await.expect("ticked");
    assert_eq!(issuer.list().len(), 2);
    assert_eq!(issuer.discovery()["id_token_signing_alg_values_supported"], json!(["ES256", "EdDSA"]));
    bench.clock.advance(10 * MINUTE);
    assert_eq!(decode_header(token(&issuer, "bob")).expect("a header").alg, jsonwebtoken::Algorithm::ES256);
}

#[tokio::test]
async fn a_wrong_master_key_is_said_to_be_wrong() {
    let bench = Bench::new().await;
    drop(bench.issuer().await);
    let other = tempfile::tempdir().expect("a folder");
    let error = bench.try_issuer(&settings(), master_key(other.path())).await.expect_err("refused");
    assert!(matches!(error, IssuerError::WrongMasterKey { .. }), "{error:?}");
    assert!(error.to_string().contains("another master key"), "{error}");
    bench.try_issuer(&settings(), master_key(bench.folder.path())).await.expect("the right one still works");
}

#[tokio::test]
async fn the_private_key_is_nowhere_in_the_clear() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let stored = bench.store.signing_keys().await.expect("listed");
    let public = issuer.jwks()["keys"][0]["x"].as_str().expect("x").to_owned();
    assert!(stored[0].sealed.len() > 48 && !format!("{issuer:?}").contains(&public));
    // An Ed25519 key in PKCS #8 begins with these bytes.
    assert!(!stored[0].sealed.windows(6).any(|window| window == [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_every_token_verifies_with_keys_that_were_published_before_it() {
    let bench = Bench::new().await;
    let issuer = bench.issuer().await;
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|caller| {
            let (issuer, stop, clock) = (Arc::clone(&issuer), Arc::clone(&stop), Arc::clone(&bench.clock));
            tokio::task::spawn_blocking(move || {
                let mut seen = BTreeSet::new();
                while !stop.load(Ordering::SeqCst) {
                    // A backend that fetched the keys before the token came.
                    let fetched = clock.monotonic();
                    let published = issuer.jwks();
                    let signed = token(&issuer, &format!("caller-{caller}"));
                    // Where this thread slept for longer than keys are published ahead, it may not
                    // know the key, and a backend would have asked again.
                    if clock.monotonic() - fetched < 10 * MINUTE {
                        assert!(verify(&published, &signed).is_some(), "{} is unknown", kid(&signed));
                    }
                    seen.insert(kid(&signed));
                }
                seen.len()
            })
        })
        .collect();
    for _ in 0..5 {
        issuer.rotate(false).await.expect("rotated");
        for _ in 0..11 {
            bench.clock.advance(MINUTE);
            issuer.tick().await.expect("ticked");
        }
    }
    stop.store(true, Ordering::SeqCst);
    for caller in callers {
        assert!(caller.await.expect("no token failed") >= 1);
    }
    assert!(issuer.list().len() >= 2);
}
