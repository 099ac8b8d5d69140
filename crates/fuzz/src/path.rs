//! The two spellings of a path.

use percent_encoding::percent_decode_str;
use tollgate_proxy::hygiene::path::{Paths, canonicalise};

/// The bytes are a path as it stands in a target.
pub fn run(bytes: &[u8]) {
    let Ok(raw) = std::str::from_utf8(bytes) else { return };
    if let Ok(paths) = canonicalise(raw) {
        check(raw, &paths);
    }
}

/// Holds every guarantee of a path against what was made of `raw`.
pub(crate) fn check(raw: &str, paths: &Paths) {
    let Paths { matched, forward, second } = paths;
    for path in [Some(matched), Some(forward), second.as_ref()].into_iter().flatten() {
        assert!(path.starts_with('/'), "{raw:?} became {path:?}");
        let inner = path.trim_start_matches('/').trim_end_matches('/');
        let dull = inner.is_empty() || inner.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
        assert!(dull, "{raw:?} became {path:?}, which has segments that mean something");
        assert!(path.is_ascii(), "{raw:?} became {path:?}");
    }
    let segments = |path: &str| path.split('/').count();
    assert!(segments(forward) <= segments(raw), "{raw:?} became {forward:?}, which has more segments");
    assert_eq!(segments(forward), segments(matched), "{raw:?} became {forward:?} and {matched:?}");
    for (one, other) in forward.split('/').zip(matched.split('/')) {
        let (one, other) = (percent_decode_str(one), percent_decode_str(other));
        assert!(one.eq(other), "{raw:?} became {forward:?} and {matched:?}, which are not the same");
    }
    let again = |path: &str| canonicalise(path).unwrap_or_else(|why| panic!("{path:?} of {raw:?}: {why:?}"));
    let (of_matched, of_forward) = (again(matched), again(forward));
    assert_eq!((&of_matched.matched, &of_matched.forward), (matched, matched), "{raw:?}");
    assert_eq!((&of_forward.matched, &of_forward.forward), (matched, forward), "{raw:?}");
    assert_eq!(&of_matched.second, second, "{raw:?}");
}
