//! What an API key looks like: `<prefix>_<32 base62>_<6 base62 of a CRC-32>`.
//!
//! The prefix tells people and secret scanners whose key it is. The 32 characters hold 190
//! random bits, so that a plain SHA-256 is enough to keep. The checksum covers everything before
//! it and lets the gateway refuse mistyped and invented keys without looking anything up.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest as sha};
use aws_lc_rs::rand;
use tollgate_core::keys::KeyDigest;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The random part, in characters.
pub(crate) const RANDOM: usize = 32;
/// The checksum, in characters: 62⁶ is the first power of 62 above 2³².
pub(crate) const CHECKSUM: usize = 6;
/// The checksum of imported keys that may share this gateway's prefix, in characters.
pub(crate) const IMPORTED_CHECKSUM: usize = 8;
/// The shortest key that is accepted: imported ones may be this short.
pub const MIN_LENGTH: usize = 8;
/// The longest key that is accepted.
pub const MAX_LENGTH: usize = 512;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Why a key could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The prefix is not one.
    #[error("a key prefix has 2 to 12 lower-case letters and digits, and begins with a letter: `{0}` does not")]
    Prefix(String),
    /// The text cannot be a key.
    #[error("a key has {MIN_LENGTH} to {MAX_LENGTH} visible ASCII characters")]
    Form,
    /// It looks like one of ours, mistyped.
    #[error("the text begins like a key of this gateway, but its checksum is wrong: it is mistyped or cut off")]
    Checksum,
    /// The system's source of randomness failed.
    #[error("the system gave no random bytes")]
    Random,
}

/// A key in the clear. It is shown once and then gone: its debug form hides it, and its memory is
/// wiped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey(String);

impl SecretKey {
    /// The key itself, to be shown to its owner and nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// A new key and what is kept of it.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The key, to be shown once.
    pub secret: SecretKey,
    /// What is stored and looked up.
    pub digest: KeyDigest,
    /// How people recognise it: `tg_Ab…9xYz`.
    pub hint: String,
}

/// Makes a key.
///
/// # Errors
/// Where the prefix is not one, or the system gives no random bytes.
pub fn new_key(prefix: &str) -> Result<NewApiKey, KeyError> {
    if !is_prefix(prefix) {
        return Err(KeyError::Prefix(prefix.to_owned()));
    }
    // Reserved at full length: growing would leave copies of the beginning behind.
    let mut text = String::with_capacity(prefix.len() + 2 + RANDOM + CHECKSUM);
    text.push_str(prefix);
    text.push('_');
    push_random(&mut text)?;
    let sum = checksum(&text);
    text.push('_');
    text.extend(sum.map(char::from));
    Ok(describe(text))
}

/// Takes over a key that was made elsewhere, such as a `zpka_…` one or a value of one's own.
/// `prefix` is this gateway's.
///
/// # Errors
/// Where it cannot be presented in a header, or looks like one of this gateway's but is not.
pub fn import_key(prefix: &str, text: &str) -> Result<NewApiKey, KeyError> {
    match form(prefix, text) {
        Form::Bad => Err(KeyError::Form),
        Form::WrongChecksum => Err(KeyError::Checksum),
        Form::Good => Ok(describe(text.to_owned())),
    }
}

fn describe(text: String) -> NewApiKey {
    NewApiKey { digest: digest(&text), hint: hint(&text), secret: SecretKey(text) }
}

/// The SHA-256 of a presented key: what is stored, and what is looked up.
pub fn digest(presented: &str) -> KeyDigest {
    digest_of(presented.as_bytes())
}

/// The SHA-256 of anything.
pub fn digest_of(content: &[u8]) -> KeyDigest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(sha(&SHA256, content).as_ref());
    KeyDigest(bytes)
}

/// Reads a digest as the project's files spell it: `sha256:…` or 64 hexadecimal digits.
pub fn parse_key_hash(text: &str) -> Option<KeyDigest> {
    let digits = text.trim();
    let digits = digits.strip_prefix("sha256:").unwrap_or(digits);
    // `from_str_radix` would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| KeyDigest::from_hex(digits))?
}

/// What a presented text is, by its form alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It may be a key.
    Good,
    /// Too short, too long, or characters that no key has.
    Bad,
    /// It begins like one of this gateway's keys, but its checksum is wrong.
    WrongChecksum,
}

/// Looks at the form of a presented text. Only what begins with this gateway's own prefix is held
/// to the checksum; keys from elsewhere have forms of their own, also where they share the prefix.
pub fn form(prefix: &str, presented: &str) -> Form {
    let visible = presented.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || !(MIN_LENGTH..=MAX_LENGTH).contains(&presented.len()) {
        return Form::Bad;
    }
    let Some(rest) = presented.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) else {
        return Form::Good;
    };
    if is_imported(rest) {
        return Form::Good;
    }
    let head = &presented[..presented.len().saturating_sub(CHECKSUM + 1)];
    let right = rest.len() == RANDOM + 1 + CHECKSUM
        && rest.as_bytes().get(RANDOM) == Some(&b'_')
        && rest[..RANDOM].bytes().all(|byte| byte.is_ascii_alphanumeric())
        && presented.as_bytes().ends_with(&checksum(head));
    if right { Form::Good } else { Form::WrongChecksum }
}

/// Whether this, behind the prefix, is a key of another maker: `<32 letters or digits>_<8 of them>`, as `zpka_…` keys have it. A gateway whose own prefix is `zpka` takes those too; their longer
/// checksum tells them apart.
fn is_imported(rest: &str) -> bool {
    let Some((random, sum)) = rest.split_once('_') else { return false };
    random.len() == RANDOM
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && sum.len() == IMPORTED_CHECKSUM
        && sum.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a text is shaped like a token, a compact JWS (RFC 7515, §3.1): three parts in base64url,
/// of which the first is a JSON object.
pub(crate) fn is_compact_jws(presented: &str) -> bool {
    let mut parts = presented.split('.');
    let (Some(head), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let url_safe = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    // What a JSON object looks like in base64: `{"` and the first bits of a letter.
    head.starts_with("eyJ") && url_safe(head) && url_safe(claims) && url_safe(signature)
}

/// Whether a text can be the prefix of keys.
pub fn is_prefix(text: &str) -> bool {
    (2..=12).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// How people recognise a key, an ASCII text: prefix and a few characters at both ends; never so many that guessing the rest gets easier.
pub fn hint(text: &str) -> String {
    let head = text.rfind('_').and_then(|_| text.find('_')).map_or(0, |at| at + 1);
    let (first, last) = match text.len() {
        0..=15 => (0, 2),
        16..=31 => (head.min(8), 3),
        _ => (head.min(13) + 2, 4),
    };
    format!("{}…{}", &text[..first], &text[text.len() - last.min(text.len())..])
}

/// 32 characters, each equally likely: bytes above the last multiple of 62 are drawn again.
fn push_random(text: &mut String) -> Result<(), KeyError> {
    let mut pool = [0_u8; 64];
    let mut missing = RANDOM;
    while missing > 0 {
        rand::fill(&mut pool).map_err(|_| KeyError::Random)?;
        for byte in pool.iter().filter(|byte| **byte < 248).take(missing) {
            text.push(char::from(ALPHABET[usize::from(byte % 62)]));
            missing -= 1;
        }
    }
    pool.zeroize();
    Ok(())
}

fn checksum(text: &str) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_new_key_has_prefix_random_part_and_checksum() {
        let key = new_key("tg").expect("made");
        let text = key.secret.expose();
        assert_eq!(text.len(), 2 + 1 + 32 + 1 + 6);
        assert!(text.starts_with("tg_"));
        assert_eq!(form("tg", text), Form::Good);
        assert_eq!(key.digest, digest(text));
        let (head, tail) = key.hint.split_once('…').expect("a hint");
        assert!(text.starts_with(head) && text.ends_with(tail) && head.len() + tail.len() <= 10, "{}", key.hint);
    }

    #[test]
    fn the_checksum_has_a_known_value() {
        // CRC-32 of "123456789" is 0xCBF43926 = 3421780262.
        assert_eq!(&checksum("123456789"), b"3jZRME");
        assert_eq!(&checksum(""), b"000000");
    }

    #[test]
    fn every_single_mistyped_character_is_noticed() {
        let key = new_key("tg").expect("made");
        let text = key.secret.expose();
        for at in 3..text.len() {
            for other in ["0", "z", "_"] {
                let mut wrong = text.to_owned();
                wrong.replace_range(at..=at, other);
                if wrong != text {
                    assert_eq!(form("tg", &wrong), Form::WrongChecksum, "{at}");
                }
            }
            assert_ne!(form("tg", &text[..at]), Form::Good, "cut at {at}");
        }
    }

    #[track_caller]
    fn check(text: &str, expected: Form) {
        assert_eq!(form("tg", text), expected, "{text:?}");
    }

    #[test]
    fn keys_from_elsewhere_are_judged_by_length_and_characters_alone() {
        check("zpka_d67b7e241bb948758f415b79aa8exxxx_2efbxxxx", Form::Good);
        check("my-own-value", Form::Good);
        check("tgx_anything", Form::Good);
        check("12345678", Form::Good);
        check("1234567", Form::Bad);
        check(&"k".repeat(512), Form::Good);
        check(&"k".repeat(513), Form::Bad);
        check("with space", Form::Bad);
        check("umlaut-ä-key", Form::Bad);
        check("new\nline-key", Form::Bad);
        check("", Form::Bad);
        check("tg_short_key", Form::WrongChecksum);
        check("tg_______", Form::WrongChecksum);
    }

    #[test]
    fn imported_keys_that_share_the_prefix_are_no_mistyped_ones() {
        for (text, expected) in [
            ("zpka_d67b7e241bb948758f415b79aa8exxxx_2efbxxxx", Form::Good),
            ("zpka_d67b7e241bb948758f415b79aa8exxxx_2efbxxx", Form::WrongChecksum),
            ("zpka_d67b7e241bb948758f415b79aa8exxx_2efbxxxx", Form::WrongChecksum),
            ("zpka_d67b7e241bb948758f415b79aa8e-xxx_2efbxxxx", Form::WrongChecksum),
        ] {
            assert_eq!(form("zpka", text), expected, "{text:?}");
        }
        assert!(import_key("zpka", "zpka_d67b7e241bb948758f415b79aa8exxxx_2efbxxxx").is_ok());
    }

    #[test]
    fn a_token_is_told_from_a_key_by_its_shape() {
        for (text, expected) in [
            ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", true),
            ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", true),
            ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0", false),
            ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln.c2ln", false),
            ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln=", false),
            ("my.own.value", false),
            ("tg_0123", false),
        ] {
            assert_eq!(is_compact_jws(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_key_is_in_no_debug_form() {
        let key = new_key("tg").expect("made");
        assert!(!format!("{key:?}").contains(&key.secret.expose()[6..30]));
    }

    #[test]
    fn characters_are_equally_likely() {
        let mut seen: BTreeMap<char, u32> = BTreeMap::new();
        for _ in 0..2000 {
            let key = new_key("tg").expect("made");
            for character in key.secret.expose()[3..35].chars() {
                *seen.entry(character).or_default() += 1;
            }
        }
        // 64,000 characters over 62: 1032 each, with a standard deviation of 32. Taking bytes
        // modulo 62 would give the first eight 1250.
        assert_eq!(seen.len(), 62);
        for (character, count) in seen {
            assert!((800..1230).contains(&count), "{character}: {count}");
        }
    }

    #[test]
    fn a_bad_prefix_is_refused() {
        for prefix in ["", "t", "TG", "9tg", "t_g", "toolongprefix", "tü"] {
            assert!(matches!(new_key(prefix), Err(KeyError::Prefix(_))), "{prefix}");
        }
    }

    #[test]
    fn an_imported_key_must_be_presentable() {
        assert!(import_key("tg", "zpka_0123456789_abc").is_ok());
        assert_eq!(import_key("tg", "short").err(), Some(KeyError::Form));
        assert_eq!(import_key("tg", "tg_0123456789").err(), Some(KeyError::Checksum));
    }

    #[test]
    fn key_hashes_are_read_with_and_without_their_name() {
        let digest = digest("a-key-of-mine");
        assert_eq!(parse_key_hash(&digest.to_hex()), Some(digest));
        assert_eq!(parse_key_hash(&format!(" sha256:{}\n", digest.to_hex())), Some(digest));
        assert_eq!(parse_key_hash("sha256:12"), None);
        assert_eq!(parse_key_hash(&format!("+{}", &digest.to_hex()[1..])), None);
    }
}
