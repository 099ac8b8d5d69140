//! Diagnostics for people, drawn by `miette`.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use super::{Diagnostic, Diagnostics, Related, Severity};
use crate::source::{Source, Span};

/// How text is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    /// Whether with colours: only where the reader is a terminal that wants them.
    pub color: bool,
    /// How wide lines may be.
    pub width: usize,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self { color: false, width: 100 }
    }
}

pub(super) fn render(diagnostics: &Diagnostics, style: &TextStyle) -> String {
    let theme = if style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting();
    let mut out = String::new();
    for diagnostic in diagnostics {
        let drawing = Drawing::new(diagnostic);
        if handler.render_report(&mut out, &drawing).is_err() {
            // Nothing that can go wrong with the picture may hide the mistake itself.
            out.push_str(&plain(diagnostic));
        }
        for other in &drawing.elsewhere {
            out.push('\n');
            let before = out.len();
            if handler.render_report(&mut out, other).is_err() {
                out.truncate(before);
                out.push_str(&format!("{}: {}\n", other.related.label, other.related.span.place()));
            }
        }
        out.push('\n');
    }
    let (errors, warnings) = diagnostics.counts();
    if errors + warnings > 0 {
        out.push_str(&summary(errors, warnings));
        out.push('\n');
    }
    out
}

/// `2 errors, 1 warning`
fn summary(errors: usize, warnings: usize) -> String {
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, warnings) => count(warnings, "warning"),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}

fn plain(diagnostic: &Diagnostic) -> String {
    format!("{}: {}: {}\n", diagnostic.severity.as_str(), diagnostic.span.place(), diagnostic.message)
}

/// A diagnostic in the form that `miette` draws.
struct Drawing<'a> {
    diagnostic: &'a Diagnostic,
    message: String,
    code: Option<&'a Source>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Elsewhere<'a>>,
}

impl<'a> Drawing<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        let span = &diagnostic.span;
        let readable = !span.source.text().is_empty();
        let message = if readable {
            diagnostic.message.clone()
        } else {
            format!("{}: {}", span.source.name(), diagnostic.message)
        };
        let mut labels = Vec::new();
        let mut elsewhere = Vec::new();
        if readable {
            labels.push(LabeledSpan::new_primary_with_span(None, caret(span)));
        }
        for related in &diagnostic.related {
            if readable && is_near(span, &related.span) {
                labels.push(LabeledSpan::new_with_span(Some(related.label.clone()), caret(&related.span)));
            } else {
                elsewhere.push(Elsewhere { related });
            }
        }
        Self { diagnostic, message, code: readable.then_some(&*span.source), labels, elsewhere }
    }
}

/// How many lines apart two places of one file may be to be drawn in one picture, which shows
/// every line between them.
const NEAR: usize = 6;

fn is_near(a: &Span, b: &Span) -> bool {
    let line = |span: &Span| span.start().map(|(line, _)| line);
    a.source.name() == b.source.name() && line(a).zip(line(b)).is_some_and(|(a, b)| a.abs_diff(b) <= NEAR)
}

/// At least one character, and never more than one line.
fn caret(span: &Span) -> SourceSpan {
    let range = span.first_line();
    let text = span.source.text();
    let start = range.start.min(text.len());
    let least = text[start..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    (start, range.len().max(least)).into()
}

impl fmt::Debug for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drawing")
    }
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing<'_> {}

impl miette::Diagnostic for Drawing<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("{}[{}]", self.diagnostic.severity.as_str(), self.diagnostic.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.code.map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as _)
    }
}

/// A related place in another file, or far away in the same one: a picture of its own.
struct Elsewhere<'a> {
    related: &'a Related,
}

impl fmt::Debug for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Elsewhere")
    }
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.related.label)
    }
}

impl std::error::Error for Elsewhere<'_> {}

impl miette::Diagnostic for Elsewhere<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.related.span.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let readable = !self.related.span.source.text().is_empty();
        readable.then(|| {
            let label = LabeledSpan::new_primary_with_span(None, caret(&self.related.span));
            Box::new(std::iter::once(label)) as _
        })
    }
}

impl SourceCode for Source {
    /// Hands out only the lines around a span, found by the index of lines: `miette`'s own way
    /// reads the whole text for every label, which a document of many megabytes makes slow.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        if span.offset() + span.len() > self.text().len() {
            return Err(MietteError::OutOfBounds);
        }
        let (line, column) = self.line_column(span.offset());
        let (last, _) = self.line_column(span.offset() + span.len());
        let first = line.saturating_sub(before).max(1);
        let end = self.line_range(last + after).end;
        let start = self.line_range(first).start;
        let column = if before == 0 { column - 1 } else { 0 };
        let start = if before == 0 { span.offset() } else { start };
        let contents = MietteSpanContents::new_named(
            self.name().to_string(),
            &self.text().as_bytes()[start..end.max(span.offset() + span.len())],
            (start, end.max(span.offset() + span.len()) - start).into(),
            first - 1,
            column,
            self.line_count(),
        );
        Ok(Box::new(contents))
    }
}
