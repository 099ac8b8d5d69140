//! Where a head, or a trailer section, ends.

use crate::HeadError;

/// Finds the empty line that ends a section, and looks at no byte twice, however small the pieces
/// are in which it arrives. Every line ends with CR LF; a bare LF, which RFC 9112 §2.2 would let a
/// lenient reader accept, is an error at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineScanner {
    seen: usize,
    line: usize,
}

impl LineScanner {
    /// How long the section is, with its empty line; `None` while that has not come.
    ///
    /// # Errors
    /// A bare line feed, or no end within `limit` bytes.
    pub(crate) fn end(&mut self, buf: &[u8], limit: usize) -> Result<Option<usize>, HeadError> {
        let window = buf.get(..limit).unwrap_or(buf);
        let begin = self.seen;
        for at in memchr::memchr_iter(b'\n', window.get(begin..).unwrap_or_default()) {
            let at = begin + at;
            if at == 0 || window.get(at - 1) != Some(&b'\r') {
                return Err(HeadError::BareLineEnd);
            }
            if at - 1 == self.line {
                return Ok(Some(at + 1));
            }
            self.line = at + 1;
        }
        self.seen = window.len();
        if buf.len() >= limit { Err(HeadError::TooLarge(limit)) } else { Ok(None) }
    }
}

/// The same for the head of a request, where a bare LF is taken for a line end and empty lines before the first one
/// are passed over (RFC 9112 §2.2).
#[derive(Debug, Clone, Default)]
pub(crate) struct LenientScanner {
    seen: usize,
    line: usize,
    begun: bool,
}

impl LenientScanner {
    /// How long the head is, with its empty line; `None` while that has not come.
    pub(crate) fn end(&mut self, buf: &[u8]) -> Option<usize> {
        let begin = self.seen;
        for at in memchr::memchr_iter(b'\n', buf.get(begin..).unwrap_or_default()) {
            let at = begin + at;
            let is_empty = matches!(buf.get(self.line..at), Some([] | [b'\r']));
            if is_empty && self.begun {
                return Some(at + 1);
            }
            self.begun |= !is_empty;
            self.line = at + 1;
        }
        self.seen = buf.len();
        None
    }

    /// Whether the first line has come.
    pub(crate) fn has_line(&self) -> bool {
        self.begun
    }
}
