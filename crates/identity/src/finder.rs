//! Finds keys in bytes that hold anything else: files, commits, messages.
//!
//! The prefix is looked for by a vectorised search; what follows is judged by its form, and, for
//! keys that this gateway made, by its checksum. So a key is found wherever it stands (behind a
//! letter too, as in `%3Dtg_…`), and a word that merely looks like one is not. Keys that were
//! imported with a form of their own cannot be told from any other word and are not found.

use std::fmt;
use std::ops::Range;

use memchr::memmem::Finder;

use crate::key_format::{CHECKSUM, Form, IMPORTED_CHECKSUM, RANDOM, form, is_prefix};

/// The prefix of keys of the imported form.
pub const IMPORTED_PREFIX: &str = "zpka";

/// No key that can be found is longer than this.
pub const LONGEST: usize = 12 + 1 + RANDOM + 1 + IMPORTED_CHECKSUM;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoundForm {
    /// The form of this gateway's keys, with the right checksum.
    Native,
    /// `zpka_…`, or another prefix with the longer checksum that imported keys have; there is no
    /// telling whether that one is right.
    Imported,
}

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its bytes, all of them ASCII.
    pub range: Range<usize>,
    /// What it looks like.
    pub form: FoundForm,
    /// Which of the prefixes it has.
    pub prefix: usize,
}

/// Looks for keys with certain prefixes.
#[derive(Clone)]
pub struct KeyFinder {
    needles: Vec<Needle>,
}

#[derive(Clone)]
struct Needle {
    prefix: String,
    finder: Finder<'static>,
}

impl KeyFinder {
    /// A finder of keys with these prefixes. What cannot be a prefix finds nothing.
    pub fn new<'p>(prefixes: impl IntoIterator<Item = &'p str>) -> Self {
        let needle = |prefix: &str| Needle {
            prefix: prefix.to_owned(),
            finder: Finder::new(format!("{prefix}_").as_bytes()).into_owned(),
        };
        Self { needles: prefixes.into_iter().filter(|prefix| is_prefix(prefix)).map(needle).collect() }
    }

    /// The prefixes, in the order of [`Sighting::prefix`].
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.needles.iter().map(|needle| needle.prefix.as_str())
    }

    /// All keys in these bytes, in the order of their places.
    pub fn find(&self, haystack: &[u8]) -> Vec<Sighting> {
        let mut found: Vec<Sighting> = Vec::new();
        for (prefix, needle) in self.needles.iter().enumerate() {
            for start in needle.finder.find_iter(haystack) {
                if let Some((end, form)) = judge(&needle.prefix, &haystack[start..]) {
                    found.push(Sighting { range: start..start + end, form, prefix });
                }
            }
        }
        // One prefix may be the end of another: the longer one is the key's.
        found.sort_by_key(|sighting| (sighting.range.end, sighting.range.start));
        found.dedup_by_key(|sighting| sighting.range.end);
        found.sort_by_key(|sighting| sighting.range.start);
        found
    }
}

impl fmt::Debug for KeyFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.prefixes()).finish()
    }
}

/// Whether a key stands at the beginning of these bytes, and where it ends.
fn judge(prefix: &str, bytes: &[u8]) -> Option<(usize, FoundForm)> {
    let sum_at = prefix.len() + 1 + RANDOM + 1;
    let random = bytes.get(prefix.len() + 1..sum_at - 1)?;
    if bytes.get(sum_at - 1) != Some(&b'_') || !random.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let text = |end: usize| bytes.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok());
    // The checksum proves a key, whatever stands behind it.
    let native = sum_at + CHECKSUM;
    if text(native).is_some_and(|text| form(prefix, text) == Form::Good) {
        return Some((native, FoundForm::Native));
    }
    let imported = sum_at + IMPORTED_CHECKSUM;
    let sum = bytes.get(sum_at..imported)?;
    let ends = bytes.get(imported).is_none_or(|next| !next.is_ascii_alphanumeric());
    // Eight zeros or the like are placeholders of documentation.
    let real = sum.iter().all(u8::is_ascii_alphanumeric) && sum.iter().any(|byte| *byte != sum[0]);
    (ends && real).then_some((imported, FoundForm::Imported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_format::new_key;

    const IMPORTED: &str = "zpka_d67b7e241bb948758f415b79aa8ec2b1_2efb1a07";

    #[track_caller]
    fn check(haystack: &str, expected: &[(&str, FoundForm)]) {
        let finder = KeyFinder::new(["tg", "zpka"]);
        let found = finder.find(haystack.as_bytes());
        let found: Vec<_> = found.iter().map(|hit| (&haystack[hit.range.clone()], hit.form)).collect();
        assert_eq!(found, expected, "{haystack:?}");
    }

    #[test]
    fn a_key_is_found_wherever_it_stands() {
        let key = new_key("tg").unwrap();
        let key = key.secret.expose();
        let native = (key, FoundForm::Native);
        check(key, &[native]);
        check(&format!("KEY={key}\n"), &[native]);
        check(&format!("https://example.com/?key%3D{key}&x=1"), &[native]);
        check(&format!("{key}{key}"), &[native, native]);
        check(&format!("ä{key}ä tg_ tg_short {IMPORTED}."), &[native, (IMPORTED, FoundForm::Imported)]);
    }

    #[test]
    fn a_wrong_checksum_is_no_key() {
        let key = new_key("tg").unwrap();
        let mut wrong = key.secret.expose().to_owned();
        let last = if wrong.ends_with('0') { "1" } else { "0" };
        wrong.replace_range(wrong.len() - 1.., last);
        check(&wrong, &[]);
        check(&key.secret.expose()[..40], &[]);
        check(&key.secret.expose().to_uppercase(), &[]);
    }

    #[test]
    fn what_only_resembles_an_imported_key_is_none() {
        check(IMPORTED, &[(IMPORTED, FoundForm::Imported)]);
        check(&format!("{IMPORTED}7"), &[]);
        check(&IMPORTED[..45], &[]);
        check("zpka_d67b7e241bb948758f415b79aa8ec2b1_xxxxxxxx", &[]);
        check("zpka_d67b7e241bb948758f415b79aa8-c2b1_2efb1a07", &[]);
    }

    #[test]
    fn what_cannot_be_a_prefix_finds_nothing() {
        assert_eq!(KeyFinder::new(["", "T", "a b"]).prefixes().count(), 0);
    }
}
