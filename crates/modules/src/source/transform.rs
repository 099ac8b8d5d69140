//! TypeScript, JSX and decorators to JavaScript, by oxc.

use std::{borrow::Cow, collections::HashSet};

use oxc::{
    allocator::Allocator,
    ast::ast::{ImportDeclarationSpecifier, Program, Statement},
    codegen::{Codegen, CodegenOptions, CommentOptions},
    semantic::{Scoping, SemanticBuilder},
    syntax::module_record::ModuleRecord,
    transformer::{Module, Transformer},
};

use super::{
    Compiled, Input,
    analysis::Analysis,
    edits::Edits,
    exported_names,
    format::{Ending, Written},
    items::items,
    module,
    parse::{complaint, complaints, parse, place},
};
use crate::{
    errors::{Complaint, Lines, ModuleError},
    positions::Mappings,
};

/// A file that was read and looked at, on its way to JavaScript.
pub(super) struct Unit<'u> {
    pub(super) input: &'u Input<'u>,
    pub(super) ending: Ending,
    pub(super) written: Written,
    pub(super) analysis: &'u Analysis,
}

impl Unit<'_> {
    /// Compiles a file whose text has to be changed first.
    pub(super) fn compile_edited(&self, edits: &mut Edits) -> Result<Compiled, Vec<ModuleError>> {
        let text = edits.apply(self.input.text);
        let lines = Lines::new(&text);
        let allocator = Allocator::default();
        let parsed = parse(&allocator, &text, self.ending.source_type(self.input))
            .map_err(|found| complaints(found, self.input.file, &lines))?;
        let semantic = SemanticBuilder::new().with_enum_eval(true).build(&parsed.program).semantic;
        let scoping = semantic.into_scoping();
        self.compile(&allocator, parsed.program, &parsed.module_record, scoping)
    }

    /// Compiles a file as it was read.
    pub(super) fn compile<'a>(
        &self,
        allocator: &'a Allocator,
        mut program: Program<'a>,
        record: &ModuleRecord<'a>,
        scoping: Scoping,
    ) -> Result<Compiled, Vec<ModuleError>> {
        let input = self.input;
        let lines = Lines::new(input.text);
        if self.analysis.has_decorators && !input.settings.experimental_decorators {
            return Err(vec![self.no_decorators(&lines)]);
        }
        let mut options = Cow::Borrowed(&input.settings.transform);
        program.source_type = match self.written {
            Written::Module => program.source_type.with_module(true),
            Written::CommonJs => {
                options.to_mut().env.module = Module::CommonJS;
                program.source_type.with_script(true)
            }
        };
        let transformed = Transformer::new(allocator, input.path, &options).build_with_scoping(scoping, &mut program);
        let meant = |code: &str| code == "1202";
        let mut errors: Vec<ModuleError> = Vec::new();
        for diagnostic in transformed.diagnostics.iter() {
            // `import x = require()` in a module is what `require` of this crate is for.
            if !diagnostic.code.number.as_deref().is_some_and(meant) {
                errors.push(complaint(diagnostic).at(input.file, place(diagnostic, &lines)));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        drop_types(&mut program, input.types);
        let items = items(&program, &lines, &self.analysis.only_exported);
        let printed = Codegen::new()
            .with_options(CodegenOptions {
                source_map_path: Some(input.path.to_owned()),
                comments: CommentOptions::disabled(),
                ..CodegenOptions::default()
            })
            .build(&program);
        let mappings =
            printed.map.map(|map| {
                Mappings::new(map.get_tokens().map(|token| {
                    (token.get_dst_line(), token.get_dst_col(), token.get_src_line(), token.get_src_col())
                }))
            });
        let mut exports = items.exports;
        let (names, unknown_types) = exported_names(record);
        let values: HashSet<&str> = exports
            .own
            .iter()
            .chain(exports.forwarded.iter().map(|forward| &forward.exported))
            .map(String::as_str)
            .collect();
        let types = names.into_iter().filter(|name| !values.contains(name.as_str())).collect();
        drop(values);
        (exports.types, exports.unknown_types) = (types, unknown_types);
        Ok(Compiled { code: printed.code, mappings, requests: items.requests, format: module(exports, self.analysis) })
    }

    fn no_decorators(&self, lines: &Lines<'_>) -> ModuleError {
        let complaint = Complaint::new("decorators need `experimentalDecorators`");
        let complaint = complaint.with_help("set `\"experimentalDecorators\": true` in tsconfig.json");
        complaint.at(self.input.file, lines.place(self.analysis.decorators_at))
    }
}

/// Removes imports and exports that are known to be of types.
fn drop_types(program: &mut Program<'_>, types: &HashSet<(String, String)>) {
    if types.is_empty() {
        return;
    }
    let is_type = |specifier: &str, name: &str| types.contains(&(specifier.to_owned(), name.to_owned()));
    let mut dropped: HashSet<String> = HashSet::new();
    program.body.retain_mut(|statement| match statement {
        Statement::ImportDeclaration(import) => {
            let source = import.source.value.as_str();
            let Some(specifiers) = &mut import.specifiers else { return true };
            specifiers.retain(|specifier| {
                let name = match specifier {
                    ImportDeclarationSpecifier::ImportSpecifier(named) => named.imported.name(),
                    ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => "default".into(),
                    ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => return true,
                };
                let drop = is_type(source, &name);
                if drop {
                    dropped.insert(specifier.local().name.to_string());
                }
                !drop
            });
            !specifiers.is_empty()
        }
        Statement::ExportFromDeclaration(export) => {
            let source = export.source.value.as_str();
            export.specifiers.retain(|specifier| !is_type(source, &specifier.local.name()));
            !export.specifiers.is_empty()
        }
        _ => true,
    });
    for statement in &mut program.body {
        if let Statement::ExportNamedDeclaration(export) = statement {
            export.specifiers.retain(|specifier| !dropped.contains(specifier.local.name().as_str()));
        }
    }
}
