//! The form of API keys and of their digests.

use tollgate_identity::key_format::{Form, form, import_key, is_prefix};
use tollgate_identity::{digest, parse_key_hash};

/// The bytes are a prefix and, on the next line, what somebody presents as a key.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (prefix, presented) = text.split_once('\n').unwrap_or(("zk", text));
    if let Some(hash) = parse_key_hash(presented) {
        let digits = presented.trim().trim_start_matches("sha256:").to_ascii_lowercase();
        assert_eq!(parse_key_hash(&digits), Some(hash), "{presented:?}");
        assert_eq!(digits.len(), 64, "{presented:?}");
    }
    if !is_prefix(prefix) {
        return;
    }
    let found = form(prefix, presented);
    if found != Form::Bad {
        assert!(presented.bytes().all(|byte| byte.is_ascii_graphic()), "{presented:?}");
    }
    if let Ok(imported) = import_key(prefix, presented) {
        assert_eq!(found, Form::Good, "{presented:?}");
        assert_eq!(imported.digest, digest(presented), "{presented:?}");
        assert!(!format!("{imported:?}").contains(presented), "a key must not be printed");
    }
    // A key of our own: one wrong character, and the checksum tells.
    let own = presented.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    if found == Form::Good && own.is_some_and(|rest| rest.len() == 39 && rest.as_bytes()[32] == b'_') {
        for at in prefix.len() + 1..presented.len() {
            let old = presented.as_bytes()[at];
            let mut wrong = presented.as_bytes().to_vec();
            wrong[at] = if old == b'a' { b'b' } else { b'a' };
            if let Ok(wrong) = std::str::from_utf8(&wrong)
                && old != b'_'
            {
                assert_eq!(form(prefix, wrong), Form::WrongChecksum, "{wrong:?}");
            }
        }
    }
}
