//! `Cache-Control` of requests and of answers (RFC 9111 §5.2).

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

/// What the directives say that matter here. Durations are in seconds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) private: bool,
    pub(super) only_if_cached: bool,
    pub(super) max_age: Option<u64>,
    pub(super) s_maxage: Option<u64>,
    pub(super) min_fresh: Option<u64>,
}

impl Directives {
    /// Those of a request, where a `Pragma: no-cache` of old counts as well (RFC 9111 §5.4).
    pub(super) fn of_request(headers: &HeaderMap) -> Self {
        let mut directives = Self::of(headers);
        if !headers.contains_key(CACHE_CONTROL) {
            let old = headers.get_all(PRAGMA).iter().any(|value| value.as_bytes().eq_ignore_ascii_case(b"no-cache"));
            directives.no_cache |= old;
        }
        directives
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        for field in headers.get_all(CACHE_CONTROL) {
            // What no directive can hold cannot forbid anything either, but nobody knows what was meant.
            let Ok(text) = field.to_str() else {
                found.no_store = true;
                continue;
            };
            split(text).for_each(|directive| found.note(directive));
        }
        found
    }

    fn note(&mut self, directive: &str) {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim().trim_matches('"')),
            None => (directive.trim(), ""),
        };
        // A number that cannot be read says that nothing is fresh (RFC 9111 §4.2.1); of two the smaller counts.
        let seconds = |known: Option<u64>| {
            let read = if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
                value.parse().unwrap_or(u64::MAX)
            } else {
                0
            };
            Some(known.map_or(read, |known| known.min(read)))
        };
        match name.to_ascii_lowercase().as_str() {
            "no-store" => self.no_store = true,
            // With names of fields behind them they forbid the same here: nothing is kept in part.
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "only-if-cached" => self.only_if_cached = true,
            "max-age" => self.max_age = seconds(self.max_age),
            "s-maxage" => self.s_maxage = seconds(self.s_maxage),
            "min-fresh" => self.min_fresh = seconds(self.min_fresh),
            _ => {}
        }
    }
}

/// The members of a list whose values may be quoted.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(text: &'static str) -> Directives {
        Directives::of(&HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(text))]))
    }

    #[test]
    fn directives_are_read_in_any_case_quoted_or_not() {
        let none = Directives::default;
        assert_eq!(of("public, MAX-AGE=5"), Directives { max_age: Some(5), ..none() });
        assert_eq!(of("max-age=\"7\",s-maxage=9"), Directives { max_age: Some(7), s_maxage: Some(9), ..none() });
        assert_eq!(of("private=\"a, no-store\""), Directives { private: true, ..none() });
        assert_eq!(of("No-Store , no-cache=x"), Directives { no_store: true, no_cache: true, ..none() });
        assert_eq!(of("max-age=60, max-age=3"), Directives { max_age: Some(3), ..none() });
        assert_eq!(of("max-age=-1"), Directives { max_age: Some(0), ..none() });
        assert_eq!(of("max-age=99999999999999999999"), Directives { max_age: Some(u64::MAX), ..none() });
    }
}
