//! Debug tokens: short-lived, signed with a key that every node derives from the master key, so that
//! none is stored and every node knows those of the others.
//!
//! A token is `tgd_`, its content and its HMAC-SHA-256, in base64 with a dot between. Nothing of the
//! content is read before the HMAC was compared, in constant time.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tollgate_core::services::{DebugGrant, DebugTokens};
use tollgate_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::MasterKey;

const PREFIX: &[u8] = b"tgd_";
/// The longest token: a longer one is refused before anything is computed.
const LONGEST: usize = 768;
const PURPOSE: &[u8] = b"tollgate debug tokens 1";

/// Makes and checks debug tokens.
pub struct DebugTokenKey(hmac::Key);

impl DebugTokenKey {
    /// The key that belongs to a master key.
    pub fn of(master: &MasterKey) -> Self {
        let derived: Zeroizing<[u8; 32]> = master.derived(PURPOSE);
        Self(hmac::Key::new(hmac::HMAC_SHA256, &*derived))
    }
}

/// The content of a token.
#[derive(Serialize, Deserialize)]
struct Content {
    /// Seconds since 1970.
    exp: i64,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<String>,
}

impl DebugTokens for DebugTokenKey {
    fn make(&self, grant: &DebugGrant) -> String {
        let content =
            Content { exp: grant.expires_on.seconds(), by: grant.operator.clone(), route: grant.route.clone() };
        // Texts and a number: this does not fail.
        let content = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&content).unwrap_or_default());
        let mac = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, content.as_bytes()));
        format!("tgd_{content}.{mac}")
    }

    fn check(&self, token: &[u8], now: Timestamp) -> Option<DebugGrant> {
        let rest = token.strip_prefix(PREFIX).filter(|_| token.len() <= LONGEST)?;
        let dot = rest.iter().position(|byte| *byte == b'.')?;
        let (content, mac) = (&rest[..dot], &rest[dot + 1..]);
        let mac = BASE64_URL_SAFE_NO_PAD.decode(mac).ok()?;
        hmac::verify(&self.0, content, &mac).ok()?;
        let content: Content = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(content).ok()?).ok()?;
        let expires_on = Timestamp::from_seconds(content.exp);
        (now < expires_on).then_some(DebugGrant { operator: content.by, route: content.route, expires_on })
    }
}

impl fmt::Debug for DebugTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DebugTokenKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn key(secret: &str) -> DebugTokenKey {
        DebugTokenKey::of(&MasterKey::from_base64(&secret.repeat(44), "the test").unwrap())
    }

    fn grant(route: Option<&str>) -> DebugGrant {
        let expires_on = Timestamp::from_seconds(NOW.seconds() + 900);
        DebugGrant { operator: "ann".to_owned(), route: route.map(ToOwned::to_owned), expires_on }
    }

    #[test]
    fn a_token_is_good_until_it_expires_and_on_every_node_with_the_same_master_key() {
        for route in [None, Some("getTodos")] {
            let token = key("A").make(&grant(route));
            assert_eq!(key("A").check(token.as_bytes(), NOW), Some(grant(route)));
            assert_eq!(key("A").check(token.as_bytes(), grant(route).expires_on), None, "expired");
            assert_eq!(key("B").check(token.as_bytes(), NOW), None, "of another master key");
        }
    }

    #[test]
    fn no_byte_of_a_token_can_be_another_one() {
        let key = key("A");
        let token = key.make(&grant(Some("getTodos")));
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] ^= 1;
            assert_eq!(key.check(&forged, NOW), None, "byte {at}");
        }
        for wrong in ["", "tgd_", "tgd_.", "tgd_e30.", &token[..token.len() - 1], &token.repeat(9)] {
            assert_eq!(key.check(wrong.as_bytes(), NOW), None, "{wrong}");
        }
    }
}
