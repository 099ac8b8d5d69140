//! Reading text as JavaScript or TypeScript.

use oxc::{
    allocator::Allocator,
    ast::ast::Expression,
    codegen::{Codegen, CodegenOptions, CommentOptions},
    diagnostics::{Diagnostics, OxcDiagnostic},
    parser::{ParseOptions, Parser, ParserReturn},
    span::SourceType,
};

use crate::errors::{Complaint, Lines, ModuleError, Place};

fn options() -> ParseOptions {
    ParseOptions { preserve_parens: false, ..ParseOptions::default() }
}

/// Reads a file.
///
/// # Errors
///
/// All that the parser found.
pub(super) fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    source_type: SourceType,
) -> Result<ParserReturn<'a>, Diagnostics> {
    // Whatever is not a module may be the body of a CommonJS function, and such a body may return.
    let options = ParseOptions { allow_return_outside_function: !source_type.is_module(), ..options() };
    let parsed = Parser::new(allocator, text, source_type).with_options(options).parse();
    if parsed.panicked || parsed.diagnostics.has_errors() { Err(parsed.diagnostics) } else { Ok(parsed) }
}

/// The compiler's diagnostics as errors of a file; what it warns of would not do what was meant.
pub(super) fn complaints(found: Diagnostics, file: &str, lines: &Lines<'_>) -> Vec<ModuleError> {
    found.into_vec().iter().map(|diagnostic| complaint(diagnostic).at(file, place(diagnostic, lines))).collect()
}

pub(super) fn complaint(diagnostic: &OxcDiagnostic) -> Complaint {
    let message = diagnostic.message.trim_end_matches('.').to_owned();
    Complaint { message, help: diagnostic.help.as_ref().map(|help| help.to_string()) }
}

pub(super) fn place(diagnostic: &OxcDiagnostic, lines: &Lines<'_>) -> Place {
    diagnostic.labels.first().map_or(Place::START, |label| lines.place(label.offset()))
}

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unclosed(pub(crate) String);

/// The expression in canonical spelling, without comments.
///
/// # Errors
///
/// The text is not one expression of JavaScript.
pub(crate) fn expression(text: &str) -> Result<String, Unclosed> {
    let allocator = Allocator::default();
    let parser = Parser::new(&allocator, text, SourceType::script()).with_options(options());
    match parser.parse_expression() {
        Ok(expression) => Ok(print(&expression)),
        Err(found) => Err(Unclosed(found.first().map(|first| complaint(first).message).unwrap_or_default())),
    }
}

fn print(expression: &Expression<'_>) -> String {
    let mut codegen = Codegen::new()
        .with_options(CodegenOptions { comments: CommentOptions::disabled(), ..CodegenOptions::default() });
    codegen.print_expression(expression);
    codegen.into_source_text()
}
