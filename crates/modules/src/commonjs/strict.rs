//! Whether a CommonJS body that TypeScript compiled can be part of a module, where all code is strict.

use oxc::{allocator::Allocator, parser::Parser, semantic::SemanticBuilder, span::SourceType};

use crate::errors::{Complaint, Lines, Place};

const OPEN: &str = "(function(){";

/// Reads a body as strict code.
///
/// # Errors
///
/// The body has a `with`, an octal literal or another thing that only sloppy code may have.
pub(crate) fn check(body: &str) -> Result<(), (Complaint, Place)> {
    let wrapped = format!("{OPEN}{body}\n}})");
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &wrapped, SourceType::mjs()).parse();
    let mut found = parsed.diagnostics;
    if !found.has_errors() {
        found = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program).diagnostics;
    }
    let Some(first) = found.errors().next() else { return Ok(()) };
    let offset = first.labels.first().map_or(0, |label| label.offset());
    let place = Lines::new(body).place(offset.saturating_sub(OPEN.len() as u32));
    let message = first.message.trim_end_matches('.');
    let complaint = Complaint::new(format!("this CommonJS module is not strict code: {message}"));
    Err((
        complaint
            .with_help("what is written in TypeScript runs in strict mode; write it in another way, or in a .cjs file"),
        place,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_sloppy_code_may_have_is_refused_at_its_place() {
        let (_, place) = check("var a;\nwith (a) { b }").unwrap_err();
        assert_eq!(place, Place { line: 2, column: 1 });
        assert!(check("var x = 010").is_err());
        assert!(check("var a = 1; return a // end").is_ok());
        assert!(check("exports.a = arguments.length; new.target").is_ok());
    }
}
