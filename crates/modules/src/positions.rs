//! From a place in generated code to the place in the file that it was made of.

use crate::errors::{Lines, Place};

/// Where one piece of generated code comes from; all four count from 0, columns in UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    line: u32,
    column: u32,
    original_line: u32,
    original_column: u32,
}

/// A source map, with what a stack trace needs of it: no names, no texts, one source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mappings {
    segments: Box<[Segment]>,
}

impl Mappings {
    /// `tokens` are (line, column, original line, original column), in the order of the generated code.
    pub(crate) fn new(tokens: impl Iterator<Item = (u32, u32, u32, u32)>) -> Self {
        let segments = tokens
            .map(|(line, column, original_line, original_column)| Segment {
                line,
                column,
                original_line,
                original_column,
            })
            .collect();
        Self { segments }
    }

    /// The place in the file of a place in the generated code; both count from 1, in UTF-16 code units.
    pub(crate) fn place(&self, generated: Place) -> Option<Place> {
        self.original(generated.line.checked_sub(1)?, generated.column.checked_sub(1)?)
    }

    fn original(&self, line: u32, column: u32) -> Option<Place> {
        let after = self.segments.partition_point(|segment| (segment.line, segment.column) <= (line, column));
        let segment = self.segments.get(after.checked_sub(1)?)?;
        (segment.line == line).then_some(Place { line: segment.original_line + 1, column: segment.original_column + 1 })
    }
}

/// How the places of a generated text relate to those of a file.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The file, as errors call it.
    pub(crate) file: String,
    /// Bytes that were put before the first line.
    pub(crate) prelude: u32,
    /// Absent where the text is the file's own: then every line and column is where it was.
    pub(crate) mappings: Option<Mappings>,
}

impl Origin {
    /// The place in the file of a place in `generated`: the line from 1, the column in bytes from 1.
    pub(crate) fn place(&self, generated: &str, line: u32, column: u32) -> Option<Place> {
        let text = Lines::new(generated).line(line)?;
        let prelude = if line == 1 { self.prelude as usize } else { 0 };
        let text = text.get(prelude..).unwrap_or("");
        let mut bytes = (column as usize).saturating_sub(1).saturating_sub(prelude).min(text.len());
        while !text.is_char_boundary(bytes) {
            bytes -= 1;
        }
        let column = text.get(..bytes).map_or(0, |before| before.encode_utf16().count()) as u32;
        match &self.mappings {
            Some(mappings) => mappings.original(line - 1, column),
            None => Some(Place { line, column: column + 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_maps_to_the_segment_that_it_is_in() {
        let mappings = Mappings::new([(0, 0, 2, 4), (0, 6, 2, 9), (2, 0, 7, 0)].into_iter());
        let origin = Origin { file: "a.ts".into(), prelude: 0, mappings: Some(mappings) };
        let text = "ä 12345678\nx\nyy";
        assert_eq!(origin.place(text, 1, 1), Some(Place { line: 3, column: 5 }));
        assert_eq!(origin.place(text, 1, 8), Some(Place { line: 3, column: 10 }), "byte 7 is unit 6");
        assert_eq!(origin.place(text, 2, 1), None, "nothing of the file is in that line");
        assert_eq!(origin.place(text, 3, 2), Some(Place { line: 8, column: 1 }));
        assert_eq!(origin.place(text, 9, 1), None);
    }

    #[test]
    fn what_was_put_before_the_first_line_is_not_counted() {
        let origin = Origin { file: "a.js".into(), prelude: 3, mappings: None };
        assert_eq!(origin.place("xxxabc\nd", 1, 5), Some(Place { line: 1, column: 2 }));
        assert_eq!(origin.place("xxxabc\nd", 1, 2), Some(Place { line: 1, column: 1 }));
        assert_eq!(origin.place("xxxabc\nd", 2, 1), Some(Place { line: 2, column: 1 }));
    }
}
