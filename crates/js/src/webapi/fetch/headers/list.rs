//! A list of fields as scripts see it (Fetch §2.2.2): sorted, with what comes more than once combined.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::Failure;

/// The value of a field, all of its lines combined.
pub(crate) fn combined(list: &HeaderMap, name: &str) -> Option<Combined> {
    let mut lines = list.get_all(name).iter();
    let first = lines.next()?;
    Some(match lines.next() {
        None => Combined::One(first.clone()),
        Some(second) => {
            // What HTTP/2 sends as several cookie fields is one list of cookies (RFC 9113 §8.2.3).
            let separator: &[u8] = if name.eq_ignore_ascii_case("cookie") { b"; " } else { b", " };
            Combined::Many(join([first, second].into_iter().chain(lines), separator))
        }
    })
}

/// A value, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Combined {
    /// One line.
    One(HeaderValue),
    /// Several lines, joined.
    Many(Vec<u8>),
}

impl Combined {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::One(value) => value.as_bytes(),
            Self::Many(bytes) => bytes,
        }
    }
}

fn join<'a>(lines: impl Iterator<Item = &'a HeaderValue>, separator: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    for (at, line) in lines.enumerate() {
        if at > 0 {
            joined.extend_from_slice(separator);
        }
        joined.extend_from_slice(line.as_bytes());
    }
    joined
}

/// All fields by name, `set-cookie` line by line.
pub(crate) fn sorted(list: &HeaderMap) -> Vec<(HeaderName, Combined)> {
    let mut names: Vec<&HeaderName> = list.keys().collect();
    names.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    let mut entries = Vec::with_capacity(list.len());
    for name in names {
        if *name == header::SET_COOKIE {
            entries.extend(list.get_all(name).iter().map(|line| (name.clone(), Combined::One(line.clone()))));
        } else if let Some(value) = combined(list, name.as_str()) {
            entries.push((name.clone(), value));
        }
    }
    entries
}

/// Adds a line.
///
/// # Errors
/// A `TypeError` where there are too many.
pub(crate) fn append(list: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<(), Failure> {
    list.try_append(name, value).map(drop).map_err(|_| too_many())
}

/// Puts a line in the place of all of that name.
///
/// # Errors
/// A `TypeError` where there are too many.
pub(crate) fn set(list: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<(), Failure> {
    list.try_insert(name, value).map(drop).map_err(|_| too_many())
}

fn too_many() -> Failure {
    Failure::type_error("there are too many headers")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[(&str, &str)]) -> HeaderMap {
        let mut list = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            append(&mut list, name, HeaderValue::from_str(value).unwrap()).unwrap();
        }
        list
    }

    #[test]
    fn lines_of_one_name_are_combined_in_their_order() {
        let list = list(&[("b", "2"), ("a", "1"), ("b", "3"), ("b", "")]);
        assert_eq!(combined(&list, "b").unwrap().as_bytes(), b"2, 3, ");
        assert_eq!(combined(&list, "c"), None);
        let cookies = self::list(&[("cookie", "a=1"), ("cookie", "b=2")]);
        assert_eq!(combined(&cookies, "Cookie").unwrap().as_bytes(), b"a=1; b=2");
        let entries: Vec<_> = sorted(&list).iter().map(|(name, _)| name.as_str().to_owned()).collect();
        assert_eq!(entries, ["a", "b"]);
    }

    #[test]
    fn cookies_that_are_set_stay_apart() {
        let list = list(&[("set-cookie", "a=1"), ("x", "1"), ("set-cookie", "b=2")]);
        let entries: Vec<_> =
            sorted(&list).into_iter().map(|(name, value)| (name, value.as_bytes().to_vec())).collect();
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[0], (header::SET_COOKIE, b"a=1".to_vec()));
        assert_eq!(entries[1], (header::SET_COOKIE, b"b=2".to_vec()));
    }
}
