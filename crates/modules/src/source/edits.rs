//! Small changes to a text that leave every line and, nearly always, every column where it was.

use std::borrow::Cow;

use oxc::span::Span;

/// Replacements in a text, made all at once.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    edits: Vec<(Span, &'static str)>,
}

impl Edits {
    /// Replaces a part by spaces.
    pub(crate) fn blank(&mut self, span: Span) {
        self.edits.push((span, ""));
    }

    /// Replaces a part by something that is not longer, and spaces.
    pub(crate) fn replace(&mut self, span: Span, by: &'static str) {
        self.edits.push((span, by));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The changed text. Parts that overlap are changed once.
    pub(crate) fn apply<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        if self.edits.is_empty() {
            return Cow::Borrowed(text);
        }
        self.edits.sort_by_key(|(span, _)| span.start);
        let mut changed = String::with_capacity(text.len());
        let mut done = 0;
        for (span, by) in &self.edits {
            let (start, end) = (span.start as usize, span.end as usize);
            let (Some(before), Some(replaced)) = (text.get(done..start), text.get(start..end)) else { continue };
            changed.push_str(before);
            changed.push_str(by);
            // Lines keep their ends, and what follows keeps its column.
            let mut column = 0;
            for letter in replaced.chars() {
                match letter {
                    '\n' => changed.push('\n'),
                    _ if column < by.len() => {}
                    _ => changed.extend(std::iter::repeat_n(' ', letter.len_utf16())),
                }
                column += letter.len_utf16();
            }
            done = end;
        }
        changed.push_str(text.get(done..).unwrap_or(""));
        Cow::Owned(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_keeps_its_width_and_its_lines() {
        let mut edits = Edits::default();
        edits.replace(Span::new(4, 10), "x");
        edits.blank(Span::new(12, 16));
        assert_eq!(edits.apply("abc 123456 d\nef g"), "abc x      d\n   g");
    }

    #[test]
    fn nothing_to_do_copies_nothing() {
        assert!(matches!(Edits::default().apply("abc"), Cow::Borrowed("abc")));
    }
}
