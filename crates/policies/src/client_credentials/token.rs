//! The token that is in use: kept until shortly before its end, and fetched by one request for all.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::HeaderValue;
use tollgate_core::Services;

use super::wire::{Answer, Grant, Refused};

/// How long a token is good whose server does not say it.
const UNSAID: Duration = Duration::from_secs(60);
/// The longest that a token is kept, whatever its server says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// For how long a failure answers those who come after it, so that a flood of requests is not one of the server.
const FAILED: Duration = Duration::from_secs(1);
/// Before the server is asked again for the first time.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Where tokens come from, and the one that is in use.
pub(crate) struct Tokens {
    grant: Grant,
    prefix: String,
    retries: u8,
    offset: Duration,
    kept: Mutex<Kept>,
    /// Held by whoever asks the server; the others wait for what it gets.
    asking: tokio::sync::Mutex<()>,
}

/// Moments are of the clock that never goes back.
#[derive(Default)]
struct Kept {
    token: Option<Token>,
    failed: Option<(Duration, String)>,
}

struct Token {
    field: HeaderValue,
    /// From when on another one is fetched.
    renew: Duration,
    /// Until when it is good.
    end: Duration,
}

impl Tokens {
    pub(crate) fn new(grant: Grant, prefix: String, retries: u8, offset: u64) -> Self {
        let (kept, asking) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { grant, prefix, retries, offset: Duration::from_secs(offset), kept, asking }
    }

    /// The token, where it is there and need not be replaced.
    pub(crate) fn at_hand(&self, services: &Services) -> Option<HeaderValue> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.token.as_ref().filter(|token| services.clock.monotonic() < token.renew).map(|token| token.field.clone())
    }

    /// The token, fetched where it has to be. One that is still good is used where no other can be had.
    pub(crate) async fn ask(&self, services: &Services) -> Result<HeaderValue, String> {
        let _asking = self.asking.lock().await;
        if let Some(token) = self.at_hand(services) {
            return Ok(token);
        }
        if let Some(answer) = self.failed_lately(services) {
            return answer;
        }
        let fetched = self.fetch(services).await;
        let now = services.clock.monotonic();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match fetched.and_then(|answer| self.token(&answer, now)) {
            Ok(token) => {
                let field = token.field.clone();
                *kept = Kept { token: Some(token), failed: None };
                Ok(field)
            }
            Err(why) => {
                kept.failed = Some((now + FAILED, why.clone()));
                kept.good(now).ok_or(why)
            }
        }
    }

    /// What those get who come right behind a failure.
    fn failed_lately(&self, services: &Services) -> Option<Result<HeaderValue, String>> {
        let now = services.clock.monotonic();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, why) = kept.failed.as_ref().filter(|(until, _)| now < *until)?;
        Some(kept.good(now).ok_or_else(|| why.clone()))
    }

    async fn fetch(&self, services: &Services) -> Result<Answer, String> {
        let mut wait = FIRST_WAIT;
        let mut left = self.retries;
        loop {
            match self.grant.send(services).await {
                Ok(answer) => return Ok(answer),
                Err(Refused::Finally(why)) => return Err(why),
                Err(Refused::ForNow(why)) if left == 0 => return Err(why),
                Err(Refused::ForNow(_)) => {
                    left -= 1;
                    services.clock.wait(wait).await;
                    wait *= 2;
                }
            }
        }
    }

    fn token(&self, answer: &Answer, now: Duration) -> Result<Token, String> {
        let mut field = HeaderValue::from_str(&format!("{}{}", self.prefix, answer.token))
            .map_err(|_| "the token has a character that no header field may hold".to_owned())?;
        field.set_sensitive(true);
        let lifetime = answer.lifetime.unwrap_or(UNSAID).min(LONGEST);
        let used = lifetime.saturating_sub(self.offset).max(lifetime / 2);
        Ok(Token { field, renew: now + used, end: now + lifetime })
    }
}

impl Kept {
    fn good(&self, now: Duration) -> Option<HeaderValue> {
        self.token.as_ref().filter(|token| now < token.end).map(|token| token.field.clone())
    }
}
