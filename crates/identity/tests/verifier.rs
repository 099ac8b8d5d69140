//! Verification of clients' tokens: what is refused, what is remembered, and what happens while
//! an issuer is down or changes its keys.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use support::{Web, eventually};
use tollgate_core::MaybeLater;
use tollgate_core::services::verifier::VerifiedToken;
use tollgate_core::services::{HttpClient, TokenVerifier, VerifierFactory, VerifierSettings, VerifyError};
use tollgate_core::time::{Clock, ManualClock};
use tollgate_identity::Verifiers;

const ISSUER: &str = "https://issuer.test";

/// A key of an issuer that is not ours.
struct Signer {
    key: EncodingKey,
    algorithm: Algorithm,
    kid: Option<String>,
}

impl Signer {
    fn rsa(kid: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("made");
        let document = pair.as_der().expect("exported");
        let pem =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(document.as_ref()));
        Self {
            key: EncodingKey::from_rsa_pem(pem.as_bytes()).expect("read"),
            algorithm: Algorithm::RS256,
            kid: Some(kid.into()),
        }
    }

    fn ec(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("made");
        let document = pair.to_pkcs8v1().expect("exported");
        Self { key: EncodingKey::from_ec_der(document.as_ref()), algorithm: Algorithm::ES256, kid: Some(kid.into()) }
    }

    fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("a JWK");
        jwk.common.key_id.clone_from(&self.kid);
        serde_json::to_value(jwk).expect("JSON")
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: self.kid.clone(), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.key).expect("signed")
    }
}

fn set(signers: &[&Signer]) -> Value {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() })
}

struct Bench {
    clock: Arc<ManualClock>,
    web: Arc<Web>,
    verifiers: Verifiers,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let web = Arc::new(Web::default());
        let verifiers = Verifiers::new(
            Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>,
            Arc::<Web>::clone(&web) as Arc<dyn HttpClient>,
        );
        Self { clock, web, verifiers }
    }

    fn verifier(&self, settings: &VerifierSettings) -> Arc<dyn TokenVerifier> {
        self.verifiers.verifier(settings).expect("settings that work")
    }

    fn discovered(&self) -> Arc<dyn TokenVerifier> {
        self.verifier(&discovered())
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().seconds();
        json!({ "iss": ISSUER, "sub": "alice", "iat": now, "exp": now + 3600 })
    }
}

fn discovered() -> VerifierSettings {
    VerifierSettings { issuer: Some(ISSUER.to_owned()), ..VerifierSettings::default() }
}

fn secret(text: &str) -> VerifierSettings {
    VerifierSettings { secret: Some(text.to_owned()), ..VerifierSettings::default() }
}

async fn verify(verifier: &Arc<dyn TokenVerifier>, token: &str) -> Result<VerifiedToken, VerifyError> {
    verifier.verify(token).get().await
}

macro_rules! assert_refused {
    ($outcome:expr, $pattern:pat) => {
        let outcome = $outcome;
        assert!(matches!(outcome, Err($pattern)), "{outcome:?}");
    };
}

#[tokio::test]
async fn a_good_token_of_a_discovered_issuer_passes_and_is_remembered() {
    let bench = Bench::new();
    let signer = Signer::rsa("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    let verifier = bench.discovered();
    let token = signer.sign(&bench.claims());
    let first = verify(&verifier, &token).await.expect("good");
    assert_eq!(first.claims["sub"], "alice");
    assert_eq!(bench.web.fetched(), 2, "the discovery document and the keys");
    match verifier.verify(&token) {
        MaybeLater::Now(Ok(again)) => {
            assert!(Arc::ptr_eq(&again.claims, &first.claims) && again.digest == first.digest)
        }
        other => panic!("{other:?}"),
    }
    let other = signer.sign(&json!({ "iss": ISSUER, "sub": "carol", "exp": bench.clock.now().seconds() + 9 }));
    assert_ne!(verify(&verifier, &other).await.expect("good").digest, first.digest);
    assert_eq!(bench.web.fetched(), 2);
}

#[tokio::test]
async fn a_remembered_token_is_refused_once_it_has_expired() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    let verifier = bench.discovered();
    let token = signer.sign(&bench.claims());
    verify(&verifier, &token).await.expect("good");
    bench.clock.advance(Duration::from_millis(3_599_999));
    verify(&verifier, &token).await.expect("still good");
    bench.clock.advance(Duration::from_millis(1));
    assert_refused!(verify(&verifier, &token).await, VerifyError::Expired);
}

#[tokio::test]
async fn claims_that_do_not_fit_are_refused() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    let verifier = bench.verifier(&VerifierSettings { audience: Some("api".to_owned()), ..discovered() });
    let with = |name: &str, value: Value| {
        let mut claims = bench.claims();
        claims["aud"] = json!("api");
        claims[name] = value;
        signer.sign(&claims)
    };
    verify(&verifier, &with("x", json!(1))).await.expect("good");
    assert_refused!(verify(&verifier, &with("aud", json!("other"))).await, VerifyError::Claim { .. });
    assert_refused!(verify(&verifier, &with("iss", json!("https://evil.test"))).await, VerifyError::Claim { .. });
    assert_refused!(verify(&verifier, &with("exp", json!("tomorrow"))).await, VerifyError::Claim { .. });
    assert_refused!(
        verify(&verifier, &with("nbf", json!(bench.clock.now().seconds() + 3600))).await,
        VerifyError::NotYet
    );
    assert_refused!(verify(&verifier, &signer.sign(&bench.claims())).await, VerifyError::Claim { .. });
}

/// A token with a header of one's own, signed with a secret.
fn forged(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), Algorithm::HS256)
        .expect("signed");
    format!("{message}.{signature}")
}

#[tokio::test]
async fn a_public_key_is_never_a_secret() {
    let bench = Bench::new();
    let signer = Signer::rsa("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    let verifier = bench.discovered();
    let jwk = signer.jwk();
    let modulus = jwk["n"].as_str().expect("n");
    let secrets = [
        modulus.as_bytes().to_vec(),
        URL_SAFE_NO_PAD.decode(modulus).expect("base64"),
        jwk.to_string().into_bytes(),
        Vec::new(),
    ];
    for secret in secrets {
        for header in [json!({ "alg": "HS256", "kid": "a" }), json!({ "alg": "HS256" })] {
            assert_refused!(
                verify(&verifier, &forged(&header, &bench.claims(), &secret)).await,
                VerifyError::Signature(_)
            );
        }
    }
}

#[tokio::test]
async fn a_symmetric_key_in_a_public_set_is_no_key() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    let mut jwks = set(&[&signer]);
    let known = json!({ "kty": "oct", "kid": "s", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode("known-to-everybody") });
    jwks["keys"].as_array_mut().expect("keys").push(known);
    bench.web.issuer(ISSUER, jwks);
    let token = forged(&json!({ "alg": "HS256", "kid": "s" }), &bench.claims(), b"known-to-everybody");
    assert_refused!(verify(&bench.discovered(), &token).await, VerifyError::Signature(_));
}

#[tokio::test]
async fn none_is_not_an_algorithm() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    for verifier in [bench.discovered(), bench.verifier(&secret("s"))] {
        for name in ["none", "None", "NONE", "nOnE", ""] {
            let signed = forged(&json!({ "alg": name, "kid": "a" }), &bench.claims(), b"s");
            let bare = format!("{}.", signed.rsplit_once('.').expect("parts").0);
            assert_refused!(verify(&verifier, &signed).await, VerifyError::Signature(_));
            assert_refused!(verify(&verifier, &bare).await, VerifyError::Signature(_));
        }
    }
}

#[tokio::test]
async fn a_token_brings_no_key_of_its_own() {
    let bench = Bench::new();
    let (signer, attacker) = (Signer::ec("a"), Signer::ec("a"));
    bench.web.issuer(ISSUER, set(&[&signer]));
    bench.web.publish("https://evil.test/keys", set(&[&attacker]));
    let header = Header {
        kid: Some("a".to_owned()),
        jku: Some("https://evil.test/keys".to_owned()),
        jwk: serde_json::from_value(attacker.jwk()).ok(),
        ..Header::new(Algorithm::ES256)
    };
    let token = encode(&header, &bench.claims(), &attacker.key).expect("signed");
    assert_refused!(verify(&bench.discovered(), &token).await, VerifyError::Signature(_));
    assert_eq!(bench.web.fetched(), 2, "nothing is fetched that a token names");
}

#[tokio::test]
async fn algorithms_are_pinned_by_key_and_settings() {
    let bench = Bench::new();
    let mut signer = Signer::rsa("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    let pinned = bench.verifier(&VerifierSettings { algorithms: vec!["ES256".to_owned()], ..discovered() });
    assert_refused!(verify(&pinned, &signer.sign(&bench.claims())).await, VerifyError::Signature(_));
    let verifier = bench.discovered();
    verify(&verifier, &signer.sign(&bench.claims())).await.expect("good");
    // The key says `alg: RS256`: the same key does not verify PS256.
    signer.algorithm = Algorithm::PS256;
    assert_refused!(verify(&verifier, &signer.sign(&bench.claims())).await, VerifyError::Signature(_));
}

#[tokio::test]
async fn what_is_no_token_is_refused_without_a_fetch() {
    let bench = Bench::new();
    let verifier = bench.discovered();
    let crit = forged(&json!({ "alg": "RS256", "crit": ["exp"], "exp": 1 }), &bench.claims(), b"s");
    let empty_crit = forged(&json!({ "alg": "RS256", "crit": [] }), &bench.claims(), b"s");
    let null_crit = forged(&json!({ "alg": "RS256", "crit": null }), &bench.claims(), b"s");
    let twice = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","alg":"HS256"}"#));
    let long = format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), "A".repeat(16 * 1024));
    for token in
        ["", "a", "a.b", "a.b.c.d", "...", "!.e30.c2ln", "e30.e30.c2ln", &crit, &empty_crit, &null_crit, &twice, &long]
    {
        assert_refused!(verify(&verifier, token).await, VerifyError::Malformed(_));
    }
    assert_eq!(bench.web.fetched(), 0);
}

#[tokio::test]
async fn every_changed_byte_of_a_token_is_noticed() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    let verifier = bench.discovered();
    let token = signer.sign(&bench.claims());
    verify(&verifier, &token).await.expect("good");
    for at in 0..token.len() - 1 {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        assert!(verify(&verifier, &changed).await.is_err(), "byte {at}");
    }
}

#[tokio::test]
async fn a_new_key_is_found_by_its_kid_and_invented_ones_do_not_hammer_the_issuer() {
    let bench = Bench::new();
    let (old, new) = (Signer::ec("old"), Signer::ec("new"));
    bench.web.issuer(ISSUER, set(&[&old]));
    let verifier = bench.discovered();
    verify(&verifier, &old.sign(&bench.claims())).await.expect("good");
    assert_eq!(bench.web.fetched(), 2);

    bench.web.issuer(ISSUER, set(&[&old, &new]));
    bench.clock.advance(Duration::from_secs(30));
    verify(&verifier, &new.sign(&bench.claims())).await.expect("found after a look");
    assert_eq!(bench.web.fetched(), 4);
    for number in 0..100 {
        let invented = Signer { kid: Some(format!("x{number}")), ..Signer::ec("") };
        assert_refused!(verify(&verifier, &invented.sign(&bench.claims())).await, VerifyError::Signature(_));
    }
    assert_eq!(bench.web.fetched(), 4);
    verify(&verifier, &old.sign(&bench.claims())).await.expect("good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_under_load_refuses_nobody_and_fetches_once() {
    let bench = Bench::new();
    let (old, new) = (Signer::ec("old"), Signer::ec("new"));
    bench.web.issuer(ISSUER, set(&[&old]));
    let verifier = bench.discovered();
    verify(&verifier, &old.sign(&bench.claims())).await.expect("good");
    bench.web.issuer(ISSUER, set(&[&old, &new]));
    bench.clock.advance(Duration::from_secs(31));
    let callers: Vec<_> = (0..200)
        .map(|number| {
            let verifier = Arc::clone(&verifier);
            let mut claims = bench.claims();
            claims["n"] = json!(number);
            let token = if number % 2 == 0 { new.sign(&claims) } else { old.sign(&claims) };
            tokio::spawn(async move { verify(&verifier, &token).await })
        })
        .collect();
    for caller in callers {
        caller.await.expect("joined").expect("good");
    }
    assert_eq!(bench.web.fetched(), 4, "all that waited shared one look");
}

#[tokio::test]
async fn while_the_issuer_is_down_its_known_keys_stay_in_use() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    let verifier = bench.discovered();
    verify(&verifier, &signer.sign(&bench.claims())).await.expect("good");
    bench.web.down.store(true, Ordering::SeqCst);
    for hour in 0..48 {
        bench.clock.advance(Duration::from_secs(3600));
        verify(&verifier, &signer.sign(&bench.claims())).await.unwrap_or_else(|error| panic!("hour {hour}: {error}"));
        let expected = 2 + (hour + 1);
        eventually("it is asked beside the requests", || bench.web.fetched() >= expected).await;
    }
}

#[tokio::test]
async fn an_issuer_that_was_never_reached_is_not_hammered() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    bench.web.down.store(true, Ordering::SeqCst);
    let verifier = bench.discovered();
    for _ in 0..50 {
        assert_refused!(verify(&verifier, &signer.sign(&bench.claims())).await, VerifyError::KeysUnavailable(_));
    }
    assert_eq!(bench.web.fetched(), 1);
    bench.web.down.store(false, Ordering::SeqCst);
    bench.clock.advance(Duration::from_secs(5));
    verify(&verifier, &signer.sign(&bench.claims())).await.expect("good again");
}

#[tokio::test]
async fn a_token_whose_key_was_taken_back_is_refused_even_if_remembered() {
    let bench = Bench::new();
    let (leaked, new) = (Signer::ec("leaked"), Signer::ec("new"));
    bench.web.issuer(ISSUER, set(&[&leaked]));
    let verifier = bench.discovered();
    let token = leaked.sign(&bench.claims());
    verify(&verifier, &token).await.expect("good");
    bench.web.issuer(ISSUER, set(&[&new]));
    bench.clock.advance(Duration::from_secs(601));
    // The use of the remembered token itself notices that the set is old.
    verify(&verifier, &token).await.expect("not noticed yet");
    eventually("the set is fetched anew", || bench.web.fetched() >= 4).await;
    for _ in 0..100 {
        if verify(&verifier, &token).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_refused!(verify(&verifier, &token).await, VerifyError::Signature(_));
}

#[tokio::test]
async fn a_token_without_a_kid_is_tried_with_every_fitting_key() {
    let bench = Bench::new();
    let (mut one, mut two, rsa) = (Signer::ec("1"), Signer::ec("2"), Signer::rsa("3"));
    bench.web.issuer(ISSUER, set(&[&rsa, &one, &two]));
    let verifier = bench.discovered();
    (one.kid, two.kid) = (None, None);
    verify(&verifier, &two.sign(&bench.claims())).await.expect("good");
    assert_refused!(
        verify(&verifier, &Signer { kid: None, ..Signer::ec("") }.sign(&bench.claims())).await,
        VerifyError::Signature(_)
    );
    // And the other way round: a set whose keys have no names.
    let bench = Bench::new();
    bench.web.issuer(ISSUER, set(&[&one, &two]));
    two.kid = Some("whatever".to_owned());
    verify(&bench.discovered(), &two.sign(&bench.claims())).await.expect("good");
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_refused() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    bench.web.publish("https://evil.test/keys", set(&[&signer]));
    let at = format!("{ISSUER}/.well-known/openid-configuration");
    for document in [
        json!({ "issuer": "https://evil.test", "jwks_uri": "https://evil.test/keys" }),
        json!({ "jwks_uri": "https://evil.test/keys" }),
        json!({ "issuer": ISSUER }),
        json!({ "issuer": ISSUER, "jwks_uri": "http://evil.test/keys" }),
        json!({ "issuer": ISSUER, "jwks_uri": "file:///etc/passwd" }),
        json!([]),
    ] {
        bench.web.publish(&at, document);
        bench.clock.advance(Duration::from_secs(60));
        assert_refused!(
            verify(&bench.discovered(), &signer.sign(&bench.claims())).await,
            VerifyError::KeysUnavailable(_)
        );
    }
}

#[tokio::test]
async fn a_set_with_entries_that_are_not_known_here_still_works() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    let mut jwks = json!({ "keys": [
        { "kty": "future", "kid": "f" },
        { "kty": "RSA", "kid": "enc", "use": "enc", "n": "AQAB", "e": "AQAB" },
        { "kty": "RSA", "kid": "oaep", "alg": "RSA-OAEP", "n": "AQAB", "e": "AQAB" },
        { "kty": "EC", "crv": "P-521", "x": "AQAB", "y": "AQAB" },
        { "kty": "RSA", "n": 7 },
        "text", null
    ] });
    let mut jwk = signer.jwk();
    jwk["x5c"] = json!(["not a certificate"]);
    jwk["key_ops"] = json!(["verify"]);
    jwk["ext"] = json!(true);
    jwks["keys"].as_array_mut().expect("keys").push(jwk);
    bench.web.publish("https://keys.test/jwks", jwks);
    let verifier = bench.verifier(&VerifierSettings {
        jwks_url: Some("https://keys.test/jwks".to_owned()),
        ..VerifierSettings::default()
    });
    verify(&verifier, &signer.sign(&bench.claims())).await.expect("good");
}

#[tokio::test]
async fn a_shared_secret_is_its_own_bytes() {
    let bench = Bench::new();
    let text = "pässwörd, not base64!";
    let verifier = bench.verifier(&secret(text));
    let good = forged(&json!({ "alg": "HS256" }), &bench.claims(), text.as_bytes());
    verify(&verifier, &good).await.expect("good");
    let wrong = forged(&json!({ "alg": "HS256" }), &bench.claims(), b"another");
    assert_refused!(verify(&verifier, &wrong).await, VerifyError::Signature(_));
    let rsa = Signer::rsa("a");
    assert_refused!(verify(&verifier, &rsa.sign(&bench.claims())).await, VerifyError::Signature(_));
    assert!(!format!("{verifier:?} {:?}", secret(text)).contains("pässwörd"));
}

#[tokio::test]
async fn the_newer_name_of_edwards_curves_is_understood() {
    let bench = Bench::new();
    let pair = Ed25519KeyPair::generate().expect("made");
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    bench
        .web
        .issuer(ISSUER, json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "kid": "e", "x": x }] }));
    let verifier = bench.discovered();
    for name in ["Ed25519", "EdDSA"] {
        let header = json!({ "alg": name, "kid": "e" });
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(bench.claims().to_string())
        );
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()).as_ref());
        verify(&verifier, &format!("{message}.{signature}")).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let wrong = URL_SAFE_NO_PAD.encode([7; 64]);
        assert_refused!(verify(&verifier, &format!("{message}.{wrong}")).await, VerifyError::Signature(_));
    }
}

#[tokio::test]
async fn equal_settings_share_a_verifier_and_equal_places_their_keys() {
    let bench = Bench::new();
    let signer = Signer::ec("a");
    bench.web.issuer(ISSUER, set(&[&signer]));
    let (one, same) = (bench.discovered(), bench.discovered());
    assert!(Arc::ptr_eq(&one, &same), "a reload keeps keys and memory");
    let other = bench.verifier(&VerifierSettings { algorithms: vec!["ES256".to_owned()], ..discovered() });
    assert!(!Arc::ptr_eq(&one, &other));
    verify(&one, &signer.sign(&bench.claims())).await.expect("good");
    verify(&other, &signer.sign(&bench.claims())).await.expect("good");
    assert_eq!(bench.web.fetched(), 2);
}

#[tokio::test]
async fn our_own_tokens_verify_like_any_others() {
    use tollgate_core::services::{TokenIssuer, TokenRequest};
    let bench = Bench::new();
    let folder = tempfile::tempdir().expect("a folder");
    let store = support::open(folder.path(), &bench.clock).await;
    let key = tollgate_identity::MasterKey::from_settings(&Default::default(), folder.path()).expect("a master key");
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&bench.clock);
    let issuer = tollgate_identity::Issuer::load(store, clock, key, &Default::default(), ISSUER.to_owned())
        .await
        .expect("loaded");
    let discovery = issuer.discovery();
    bench.web.publish(&format!("{ISSUER}/.well-known/openid-configuration"), Value::clone(&discovery));
    bench.web.publish(discovery["jwks_uri"].as_str().expect("a URL"), Value::clone(&issuer.jwks()));
    let request = TokenRequest {
        subject: "bob",
        audience: None,
        expires_in: Duration::from_secs(60),
        claims: &serde_json::Map::new(),
        prefix: "",
        credential: None,
    };
    let header = issuer.header(&request).expect("signed");
    let token = verify(&bench.discovered(), header.to_str().expect("text")).await.expect("good");
    assert_eq!(token.claims["sub"], "bob");
}

#[tokio::test]
async fn a_public_key_of_the_settings_is_good_for_its_own_algorithms_and_never_a_secret() {
    let bench = Bench::new();
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("made");
    let document = pair.as_der().expect("exported");
    let private =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(document.as_ref()));
    let signer = Signer {
        key: EncodingKey::from_rsa_pem(private.as_bytes()).expect("read"),
        algorithm: Algorithm::RS256,
        kid: Some("of nobody's interest".into()),
    };
    let public = pair.public_key().as_der().expect("exported");
    let public =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(public.as_ref()));
    for written in [public.clone(), public.replace('\n', "\\n")] {
        let verifier =
            bench.verifier(&VerifierSettings { public_key: Some(written.clone()), ..VerifierSettings::default() });
        verify(&verifier, &signer.sign(&bench.claims())).await.expect("good");
        let other = Signer::rsa("another").sign(&bench.claims());
        verify(&verifier, &other).await.expect_err("signed by another key");
        // Whoever knows the public key knows its text: as a secret it would let everybody in.
        for secret in [written.as_bytes(), public.as_bytes(), public.trim().as_bytes()] {
            let confused = forged(&json!({ "alg": "HS256" }), &bench.claims(), secret);
            verify(&verifier, &confused).await.expect_err("a public key is no secret");
        }
    }
    assert_eq!(bench.web.fetched(), 0);
}
