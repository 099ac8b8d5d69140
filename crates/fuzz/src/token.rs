//! Tokens that clients bring: nothing passes but what was signed.

use std::sync::{Arc, LazyLock};

use tollgate_core::MaybeLater;
use tollgate_core::later::BoxFuture;
use tollgate_core::services::{HttpClient, HttpError, HttpResponse, TokenVerifier, VerifierFactory, VerifierSettings};
use tollgate_core::time::ManualClock;
use tollgate_identity::Verifiers;

/// Signed with [`SECRET`], and good for ever. Whoever finds another one has forged it.
const GOOD: &str = include_str!("../../../fuzz/corpus/token/good");
const SECRET: &str = "a secret that the fuzzer does not know, 42 times";

static VERIFIER: LazyLock<Option<Arc<dyn TokenVerifier>>> = LazyLock::new(|| {
    let settings = VerifierSettings {
        issuer: Some("https://issuer.test".to_owned()),
        audience: Some("tollgate".to_owned()),
        secret: Some(SECRET.to_owned()),
        ..VerifierSettings::default()
    };
    Verifiers::new(Arc::new(ManualClock::default()), Arc::new(Offline)).verifier(&settings).ok()
});

#[derive(Debug)]
struct Offline;

impl HttpClient for Offline {
    fn get<'a>(
        &'a self,
        _: &'a str,
        _: std::time::Duration,
        _: usize,
    ) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async { Err(HttpError("there is no network here".to_owned())) })
    }
}

/// The bytes are a token.
pub fn run(bytes: &[u8]) {
    let Ok(token) = std::str::from_utf8(bytes) else { return };
    let Some(verifier) = &*VERIFIER else { panic!("the settings of the verifier are wrong") };
    match verifier.verify(token) {
        MaybeLater::Now(Ok(_)) => assert_eq!(token, GOOD, "a token passed that nobody signed"),
        MaybeLater::Now(Err(why)) => assert_ne!(token, GOOD, "the good token was refused: {why}"),
        MaybeLater::Later(_) => panic!("a shared secret needs nobody else"),
    }
}
