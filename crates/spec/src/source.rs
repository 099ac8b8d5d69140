//! Files as they were read, and stretches of them.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use tollgate_core::project::Place;

/// A file as it was read.
pub struct Source {
    name: Arc<str>,
    text: Box<str>,
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// A file with this name (relative to the project, `/` between segments) and text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Box<str>>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), lines: OnceLock::new() })
    }

    /// Its name relative to the project, or its URL.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What is in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The offset of the start of every line. Made when first asked for: most files have no mistake.
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(index, _)| index + 1)).collect()
        })
    }

    /// Line and column of an offset, both from 1, the column in characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = floor_char_boundary(&self.text, offset);
        let line = self.lines().partition_point(|start| *start <= offset).max(1);
        let start = self.lines().get(line - 1).copied().unwrap_or_default();
        (line, self.text[start..offset].chars().count() + 1)
    }

    /// How many lines there are.
    pub fn line_count(&self) -> usize {
        self.lines().len()
    }

    /// The range of a line (from 1) without its line break; the last line where there are fewer.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let lines = self.lines();
        let index = line.clamp(1, lines.len()) - 1;
        let start = lines.get(index).copied().unwrap_or_default();
        let end = lines.get(index + 1).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }
}

impl fmt::Debug for Source {
    /// The text may hold secrets that somebody wrote into a file: only its size is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// A stretch of a file, and the JSON pointer of what is written there.
#[derive(Debug, Clone)]
pub struct Span {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes in it; empty for the file as a whole.
    pub range: Range<usize>,
    /// The JSON pointer of the value that is meant; empty for the whole document.
    pub pointer: String,
}

impl Span {
    /// A file as a whole, or one that could not be read.
    pub fn of_file(name: impl Into<Arc<str>>) -> Self {
        Self { source: Source::new(name, ""), range: 0..0, pointer: String::new() }
    }

    /// Line and column of its start; `None` where the file was not read.
    pub fn start(&self) -> Option<(usize, usize)> {
        (!self.source.text.is_empty()).then(|| self.source.line_column(self.range.start))
    }

    /// The text that is written there.
    pub fn text(&self) -> &str {
        self.source.text.get(self.range.clone()).unwrap_or_default()
    }

    /// The part that lies on its first line: what a caret can point at.
    pub fn first_line(&self) -> Range<usize> {
        let (line, _) = self.source.line_column(self.range.start);
        let end = self.source.line_range(line).end;
        self.range.start..self.range.end.min(end).max(self.range.start)
    }

    /// As the rest of the product names places.
    pub fn place(&self) -> Place {
        let (line, column) = self.start().unwrap_or_default();
        Place { file: Arc::clone(&self.source.name), pointer: self.pointer.clone(), line, column }
    }

    /// Whether both mean the same stretch of the same file.
    pub fn same(&self, other: &Self) -> bool {
        self.source.name == other.source.name && self.range == other.range
    }
}

/// The largest character boundary that is not above `offset`.
pub(crate) fn floor_char_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_before_their_break() {
        let source = Source::new("a.yaml", "ä: 1\r\nb: ü\n");
        assert_eq!(source.line_column(3), (1, 3));
        assert_eq!(source.line_column(source.text().find('ü').unwrap()), (2, 4));
        assert_eq!(&source.text()[source.line_range(1)], "ä: 1");
        assert_eq!(&source.text()[source.line_range(2)], "b: ü");
        assert_eq!(source.line_column(9999), (3, 1));
    }
}
