//! Looking through bytes of any length with little memory: a window of them at a time, each
//! overlapping the next by the length of the longest key.

use std::io::{ErrorKind, Read};

use tollgate_identity::KeyFinder;
use tollgate_identity::finder::{FoundForm, LONGEST};

/// How much is looked at together.
const WINDOW: usize = 256 * 1024;
/// How much of the beginning tells whether something is binary.
const SAMPLE: usize = 8 * 1024;

/// A key, and where it stands in what was read.
pub(super) struct Hit {
    pub(super) key: String,
    pub(super) form: FoundForm,
    pub(super) prefix: usize,
    /// Both count from 1; the column in bytes.
    pub(super) line: u64,
    pub(super) column: u64,
}

/// What became of something that was read.
pub(super) enum Reading {
    Done,
    /// There is a NUL in its beginning, and it was not looked at any further.
    Binary,
}

/// Reads to the end and tells each key. Text in UTF-16 that begins with its mark is read as such.
pub(super) fn look_through(
    finder: &KeyFinder,
    mut input: impl Read,
    binary_too: bool,
    mut read: impl FnMut(usize),
    mut tell: impl FnMut(Hit),
) -> std::io::Result<Reading> {
    let mut window = Vec::with_capacity(WINDOW);
    let mut place = Place::default();
    let mut first = true;
    let mut wide = false;
    loop {
        let before = window.len();
        let ended = fill(&mut input, &mut window)?;
        read(window.len() - before);
        if first {
            first = false;
            wide = window.starts_with(&[0xFF, 0xFE]) || window.starts_with(&[0xFE, 0xFF]);
            let sample = &window[..window.len().min(SAMPLE)];
            if !wide && !binary_too && memchr::memchr(0, sample).is_some() {
                return Ok(Reading::Binary);
            }
        }
        if wide {
            // Keys are ASCII: without its zero bytes the text reads as one.
            let fresh: Vec<u8> = window.drain(before..).filter(|byte| *byte != 0).collect();
            window.extend(fresh);
        }
        // What begins in the last bytes may go on in the next window.
        let settled = if ended { window.len() } else { window.len().saturating_sub(LONGEST + 1) };
        for sighting in finder.find(&window) {
            if sighting.range.start >= settled {
                break;
            }
            place.advance(&window[..sighting.range.start]);
            tell(Hit {
                key: String::from_utf8_lossy(&window[sighting.range]).into_owned(),
                form: sighting.form,
                prefix: sighting.prefix,
                line: place.line,
                column: place.column,
            });
        }
        if ended {
            return Ok(Reading::Done);
        }
        place.advance(&window[..settled]);
        place.seen = 0;
        window.drain(..settled);
    }
}

/// Reads until the window is full; true at the end of the input.
fn fill(input: &mut impl Read, window: &mut Vec<u8>) -> std::io::Result<bool> {
    let from = window.len();
    window.resize(WINDOW.max(from + 1), 0);
    let mut at = from;
    let ended = loop {
        match input.read(&mut window[at..]) {
            Ok(0) => break true,
            Ok(more) => at += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if at == window.len() {
            break false;
        }
    };
    window.truncate(at);
    Ok(ended)
}

/// A place in a text, from the beginning of the text on.
struct Place {
    line: u64,
    column: u64,
    /// How much of the window lies before it.
    seen: usize,
}

impl Default for Place {
    fn default() -> Self {
        Self { line: 1, column: 1, seen: 0 }
    }
}

impl Place {
    /// Goes to the end of these bytes, which begin with what was seen already.
    fn advance(&mut self, until: &[u8]) {
        let fresh = until.get(self.seen..).unwrap_or_default();
        self.seen = until.len().max(self.seen);
        let count = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        match memchr::memrchr(b'\n', fresh) {
            Some(last) => {
                self.line += u64::try_from(memchr::memchr_iter(b'\n', fresh).count()).unwrap_or(u64::MAX);
                self.column = 1 + count(&fresh[last + 1..]);
            }
            None => self.column += count(fresh),
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_identity::new_key;

    use super::*;

    fn hits(bytes: &[u8], binary_too: bool) -> Vec<(String, u64, u64)> {
        /// A reader that gives a few bytes at a time.
        struct Drops<'b>(&'b [u8]);
        impl Read for Drops<'_> {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                let most = into.len().min(4093);
                self.0.read(&mut into[..most])
            }
        }
        let finder = KeyFinder::new(["tg", "zpka"]);
        let mut found = Vec::new();
        look_through(&finder, Drops(bytes), binary_too, |_| {}, |hit| found.push((hit.key, hit.line, hit.column)))
            .unwrap();
        found
    }

    #[test]
    fn a_key_that_lies_across_two_windows_is_found_once_with_its_line() {
        let key = new_key("tg").unwrap().secret.expose().to_owned();
        for at in (WINDOW - 100..WINDOW + 10).step_by(7) {
            let mut bytes = b"one line\n".repeat(at / 9);
            let lines = at / 9;
            bytes.extend(vec![b' '; at % 9]);
            bytes.extend(key.as_bytes());
            bytes.extend(b"\nmore\n".repeat(WINDOW / 3));
            let expected = (key.clone(), lines as u64 + 1, (at % 9) as u64 + 1);
            assert_eq!(hits(&bytes, false), [expected], "at {at}");
        }
    }

    #[test]
    fn binary_is_left_alone_unless_it_is_wanted() {
        let key = new_key("tg").unwrap().secret.expose().to_owned();
        let bytes = [b"\x7fELF\0\0", key.as_bytes()].concat();
        assert!(hits(&bytes, false).is_empty());
        assert_eq!(hits(&bytes, true).len(), 1);
    }

    #[test]
    fn text_in_utf_16_is_text() {
        let key = new_key("tg").unwrap().secret.expose().to_owned();
        let text = format!("\u{feff}a\nKEY={key}\n");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            assert_eq!(hits(&bytes, false), [(key.clone(), 2, 5)]);
        }
    }
}
