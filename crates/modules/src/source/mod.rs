//! One file: from what its author wrote to JavaScript, and what it asks of other files.

mod analysis;
mod edits;
mod environment;
mod format;
mod items;
mod necessity;
mod parse;
mod plain;
mod requests;
mod settings;
mod transform;

use std::{collections::HashSet, path::Path};

use oxc::{
    allocator::Allocator,
    semantic::{SemanticBuilder, SemanticBuilderReturn},
    span::Span,
    syntax::module_record::ModuleRecord,
};
use oxc_resolver::ModuleType;

use crate::{
    commonjs::{names, strict},
    errors::{Complaint, Lines, ModuleError, Place},
    positions::Mappings,
};
use analysis::{Analysis, analyse};
use format::{Ending, Written};
use parse::{complaints, parse};
use transform::Unit;

pub(crate) use analysis::literal;
pub(crate) use necessity::never_runs;
pub(crate) use parse::{Unclosed, expression};
pub(crate) use requests::{Exports, ImportedName, Kind, Purpose, Request};
pub(crate) use settings::Settings;

/// A file to compile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'i> {
    /// What errors call the file.
    pub(crate) file: &'i str,
    pub(crate) path: &'i Path,
    pub(crate) text: &'i str,
    /// Whether the file belongs to an installed package, whose author has checked it already.
    pub(crate) package: bool,
    /// What its ending or its `package.json` says it is.
    pub(crate) declared: Option<ModuleType>,
    pub(crate) settings: &'i Settings,
    /// Imports that are known to be types: specifier and name.
    pub(crate) types: &'i HashSet<(String, String)>,
}

/// What came of a file.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// JavaScript: a module, or the body of a CommonJS function.
    pub(crate) code: String,
    /// Absent where every line is where it was.
    pub(crate) mappings: Option<Mappings>,
    pub(crate) requests: Vec<Request>,
    pub(crate) format: Format,
}

/// The module system that a file is written for, with what it exports by it.
#[derive(Debug)]
pub(crate) enum Format {
    /// `import` and `export`.
    Module {
        exports: Exports,
        /// Whether it calls `require` all the same.
        uses_require: bool,
    },
    /// `require` and `module.exports`.
    CommonJs {
        names: names::Names,
        /// Variables that it assigns to without declaring them.
        undeclared: Vec<String>,
        /// Whether it is sloppy code.
        sloppy: bool,
    },
}

/// Compiles a file.
///
/// # Errors
///
/// Every mistake in its syntax.
pub(crate) fn compile(input: &Input<'_>) -> Result<Compiled, Vec<ModuleError>> {
    let lines = Lines::new(input.text);
    let allocator = Allocator::default();
    let ending = Ending::of(input.path);
    let parsed = parse(&allocator, input.text, ending.source_type(input))
        .map_err(|found| complaints(found, input.file, &lines))?;
    let syntax = format::syntax(&parsed.program, &parsed.module_record);
    if let Some(at) = syntax.module.filter(|_| ending == Ending::Cjs && !ending.is_typescript()) {
        let complaint = Complaint::new("`import` and `export` cannot be in a .cjs file");
        let complaint = complaint.with_help("name it .js or .mjs");
        return Err(vec![complaint.at(input.file, lines.place(at.start))]);
    }
    let hashbang = parsed.program.hashbang.as_ref().map(|hashbang| hashbang.span);
    let (program, record) = (parsed.program, parsed.module_record);
    if plain::is_plain(input, ending, &syntax, &program, &record) {
        return Ok(plain::module(input, &program, &record, &lines, hashbang));
    }
    let SemanticBuilderReturn { semantic, diagnostics } = SemanticBuilder::new()
        .with_build_nodes(true)
        .with_check_syntax_error(!input.package)
        .with_enum_eval(true)
        .with_excess_capacity(2.0)
        .build(&program);
    if diagnostics.has_errors() {
        return Err(complaints(diagnostics, input.file, &lines));
    }
    let mut analysis = analyse(&semantic, &lines, input.package);
    if !analysis.complaints.is_empty() {
        let said = analysis.complaints.into_iter();
        return Err(said.map(|(span, complaint)| complaint.at(input.file, lines.place(span.start))).collect());
    }
    let written = format::decide(input, ending, &syntax, &analysis);
    let names = (written == Written::CommonJs).then(|| names::names(&semantic, input.package));
    if let Some(hashbang) = hashbang {
        analysis.edits.replace(Span::new(hashbang.start, hashbang.start + 2), "//");
    }
    let is_strict = program.directives.iter().any(|directive| directive.directive == "use strict");
    let mut compiled = if ending.is_typescript() || analysis.needs_transform {
        let scoping = semantic.into_scoping();
        let mut edits = std::mem::take(&mut analysis.edits);
        let unit = Unit { input, ending, written, analysis: &analysis };
        match edits.is_empty() {
            true => unit.compile(&allocator, program, &record, scoping)?,
            false => unit.compile_edited(&mut edits)?,
        }
    } else {
        let items = items::items(&program, &lines, &HashSet::new());
        let code = analysis.edits.apply(input.text).into_owned();
        Compiled { code, mappings: None, requests: items.requests, format: module(items.exports, &analysis) }
    };
    compiled.requests.append(&mut analysis.requests);
    if analysis.computes_specifiers {
        compiled.requests.iter_mut().for_each(|request| request.whole = true);
    }
    if let Some(names) = names {
        // What TypeScript compiles is strict code, whether it says so or not.
        let sloppy = !is_strict && !ending.is_typescript();
        if !is_strict
            && !sloppy
            && let Err((complaint, place)) = strict::check(&compiled.code)
        {
            let original = compiled.mappings.map_or(Some(place), |mappings| mappings.place(place));
            return Err(vec![complaint.at(input.file, original.unwrap_or(Place::START))]);
        }
        let undeclared = if is_strict { Vec::new() } else { std::mem::take(&mut analysis.undeclared) };
        compiled.format = Format::CommonJs { names, undeclared, sloppy };
    }
    Ok(compiled)
}

fn module(exports: Exports, analysis: &Analysis) -> Format {
    Format::Module { exports, uses_require: analysis.uses_require }
}

/// The names that the source exports, types included, as far as the file itself says.
fn exported_names(record: &ModuleRecord<'_>) -> (Vec<String>, bool) {
    let entries = record.local_export_entries.iter().chain(&record.indirect_export_entries);
    let mut names: Vec<String> = entries
        .filter_map(|entry| match &entry.export_name {
            oxc::syntax::module_record::ExportExportName::Name(name) => Some(name.name.to_string()),
            oxc::syntax::module_record::ExportExportName::Default(_) => Some("default".to_owned()),
            oxc::syntax::module_record::ExportExportName::Null => None,
        })
        .collect();
    names.extend(record.exported_bindings.keys().map(|name| name.to_string()));
    (names, record.star_export_entries.iter().any(|entry| entry.is_type))
}
