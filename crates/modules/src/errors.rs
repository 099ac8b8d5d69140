//! What can be wrong with a module, and where.

/// A mistake in a file of the project, or in a package that it needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct ModuleError {
    /// The file, relative to the project with `/`, or absolute when it is elsewhere. Where an entry
    /// itself cannot be found, the entry's path as it was written.
    pub file: String,
    /// The line, from 1; 0 where an entry itself cannot be found, for its place is in another document.
    pub line: usize,
    /// The column in UTF-16 code units, as editors count, from 1; 0 where `line` is.
    pub column: usize,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place in a text that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file, relative to the project with `/`, or absolute when it is elsewhere.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in UTF-16 code units, from 1.
    pub column: u32,
}

/// A message with its help, before it is known where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Complaint {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn at(self, file: &str, place: Place) -> ModuleError {
        ModuleError {
            file: file.to_owned(),
            line: place.line as usize,
            column: place.column as usize,
            message: self.message,
            help: self.help,
        }
    }

    /// Message and help as one text, for where there is room for a sentence only.
    pub(crate) fn sentence(&self) -> String {
        match &self.help {
            Some(help) => format!("{}; {help}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Line and column in a file that is known otherwise; both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Place {
    /// The file as a whole.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
    /// Not in any file that is read here.
    pub(crate) const NOWHERE: Self = Self { line: 0, column: 0 };
}

/// Finds lines and columns of byte offsets in one text.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<u32>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect();
        Self { text, starts }
    }

    pub(crate) fn place(&self, offset: u32) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.starts.get(line).copied().unwrap_or(0) as usize;
        let end = (offset as usize).clamp(start, self.text.len());
        let column = self.text.get(start..end).map_or(0, |before| before.encode_utf16().count());
        Place { line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// The text of a line (from 1), without its end.
    pub(crate) fn line(&self, line: u32) -> Option<&'t str> {
        let index = line.checked_sub(1)? as usize;
        let start = *self.starts.get(index)? as usize;
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| *next as usize - 1);
        self.text.get(start..end)
    }
}

/// The candidate that somebody most probably meant by `written`, if one is near enough.
pub(crate) fn nearest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (written.chars().count() / 3).min(3);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != written)
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters that differ in their case only are the same here.
fn distance(left: &str, right: &str) -> usize {
    strsim::damerau_levenshtein(&left.to_lowercase(), &right.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_counts_utf16_units() {
        let lines = Lines::new("ab\nä𝒳c\n");
        assert_eq!(lines.place(0), Place { line: 1, column: 1 });
        assert_eq!(lines.place(2), Place { line: 1, column: 3 });
        assert_eq!(lines.place(3), Place { line: 2, column: 1 });
        assert_eq!(lines.place(9), Place { line: 2, column: 4 });
        assert_eq!(lines.place(99), Place { line: 3, column: 1 });
        assert_eq!(lines.line(2), Some("ä𝒳c"));
        assert_eq!(lines.line(4), None);
    }

    #[test]
    fn only_a_near_name_is_proposed() {
        assert_eq!(nearest("helo", ["hello", "world"]), Some("hello"));
        assert_eq!(nearest("Hello", ["hello"]), Some("hello"));
        assert_eq!(nearest("a", ["zebra", "b"]), None);
        assert_eq!(nearest("a", ["A"]), Some("A"));
        assert_eq!(nearest("hello", ["hello"]), None);
    }
}
