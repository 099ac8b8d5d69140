//! Modules of packages that are passed on as they are: nearly all that is published as ES modules.

use std::{borrow::Cow, collections::HashSet};

use oxc::{
    ast::ast::{Program, Statement},
    span::Span,
    syntax::module_record::{DynamicImport, ModuleRecord},
};

use super::{
    Compiled, Format, Input,
    format::{Ending, Syntax, is_declared_module},
    items::items,
    requests::{Kind, Request},
};
use crate::errors::Lines;

/// Whether a file of a package can be passed on without a look at its expressions.
pub(super) fn is_plain(
    input: &Input<'_>,
    ending: Ending,
    syntax: &Syntax,
    program: &Program<'_>,
    record: &ModuleRecord<'_>,
) -> bool {
    let is_module = syntax.module.is_some() || is_declared_module(input, ending);
    let plain_import = |import: &DynamicImport| {
        let after = input.text.get(import.module_request.end as usize..import.span.end as usize);
        after.is_none_or(|after| after.trim() == ")")
    };
    let plain_statement = |statement: &Statement<'_>| match statement {
        Statement::ImportDeclaration(import) => import.with_clause.is_none() && import.phase.is_none(),
        Statement::ExportAllDeclaration(export) => export.with_clause.is_none(),
        Statement::ExportFromDeclaration(export) => export.with_clause.is_none(),
        _ => true,
    };
    input.package
        && is_module
        && !ending.is_typescript()
        && ending != Ending::Jsx
        && !input.text.contains("NODE_ENV")
        && program.body.iter().all(plain_statement)
        && record.dynamic_imports.iter().all(plain_import)
}

/// The file as it is, but for a line that is meant for a shell.
pub(super) fn module(
    input: &Input<'_>,
    program: &Program<'_>,
    record: &ModuleRecord<'_>,
    lines: &Lines<'_>,
    hashbang: Option<Span>,
) -> Compiled {
    let items = items(program, lines, &HashSet::new());
    let mut requests = items.requests;
    for import in &record.dynamic_imports {
        let span = import.module_request;
        let written = input.text.get(span.start as usize..span.end as usize).unwrap_or("");
        if let Some(specifier) = unquoted(written) {
            let kind = Kind::Dynamic { necessary: false };
            let place = lines.place(span.start);
            requests.push(Request { specifier: specifier.to_owned(), place, kind, names: Vec::new(), whole: true });
        } else {
            requests.iter_mut().for_each(|request| request.whole = true);
        }
    }
    let code = match hashbang {
        Some(_) => Cow::Owned(input.text.replacen("#!", "//", 1)),
        None => Cow::Borrowed(input.text),
    };
    let format = Format::Module { exports: items.exports, uses_require: false };
    Compiled { code: code.into_owned(), mappings: None, requests, format }
}

/// The text of a string literal that needs no unescaping.
fn unquoted(written: &str) -> Option<&str> {
    let quote = written.chars().next().filter(|quote| "\"'`".contains(*quote))?;
    let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(['\\', '$'])).then_some(inner)
}
