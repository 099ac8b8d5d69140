//! Which of the two module systems a file is written for.

use std::path::Path;

use oxc::{
    ast::ast::{Program, Statement},
    span::{GetSpan, SourceType, Span},
    syntax::module_record::ModuleRecord,
};
use oxc_resolver::ModuleType;

use super::{Input, analysis::Analysis};

/// What the ending of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Js,
    Jsx,
    Mjs,
    Cjs,
    Ts,
    Tsx,
    Mts,
    Cts,
}

impl Ending {
    pub(super) fn of(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("jsx") => Self::Jsx,
            Some("mjs") => Self::Mjs,
            Some("cjs") => Self::Cjs,
            Some("ts") => Self::Ts,
            Some("tsx") => Self::Tsx,
            Some("mts") => Self::Mts,
            Some("cts") => Self::Cts,
            _ => Self::Js,
        }
    }

    pub(super) fn is_typescript(self) -> bool {
        matches!(self, Self::Ts | Self::Tsx | Self::Mts | Self::Cts)
    }

    fn is_declared(self, input: &Input<'_>) -> Option<ModuleType> {
        match self {
            Self::Mjs | Self::Mts => Some(ModuleType::Module),
            Self::Cjs | Self::Cts => Some(ModuleType::CommonJs),
            Self::Js | Self::Jsx | Self::Ts | Self::Tsx => input.declared,
        }
    }

    /// How the file has to be read: where nothing is declared, what is in it decides.
    pub(super) fn source_type(self, input: &Input<'_>) -> SourceType {
        let jsx = match self {
            Self::Jsx | Self::Tsx => true,
            Self::Js | Self::Mjs => !input.package,
            _ => false,
        };
        let kind = SourceType::unambiguous().with_typescript(self.is_typescript()).with_jsx(jsx);
        match self.is_declared(input) {
            Some(ModuleType::Module) => kind.with_module(true),
            _ => kind,
        }
    }
}

/// What syntax of the two systems is in a file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Syntax {
    /// Where `import`, `export`, `import.meta` or a top-level `await` makes it a module.
    pub(super) module: Option<Span>,
    /// Whether there is TypeScript's `export =`.
    pub(super) assigns_exports: bool,
}

pub(super) fn syntax(program: &Program<'_>, record: &ModuleRecord<'_>) -> Syntax {
    let mut syntax = Syntax { module: record.import_metas.first().copied(), assigns_exports: false };
    let mut requires = false;
    for statement in &program.body {
        match statement {
            Statement::TSExportAssignment(_) => syntax.assigns_exports = true,
            Statement::TSImportEqualsDeclaration(_) => requires = true,
            Statement::ImportDeclaration(_)
            | Statement::ExportAllDeclaration(_)
            | Statement::ExportDefaultDeclaration(_)
            | Statement::ExportDeclaration(_)
            | Statement::ExportNamedDeclaration(_)
            | Statement::ExportFromDeclaration(_) => syntax.module = syntax.module.or(Some(statement.span())),
            _ => {}
        }
    }
    // A module without any of these has an `await` that makes it one.
    if syntax.module.is_none() && program.source_type.is_module() && !syntax.assigns_exports {
        let start = program.body.first().map_or(program.span, GetSpan::span);
        syntax.module = (!requires || record.has_module_syntax).then_some(start);
    }
    syntax
}

/// The system that a file is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Module,
    CommonJs,
}

pub(super) fn is_declared_module(input: &Input<'_>, ending: Ending) -> bool {
    ending.is_declared(input) == Some(ModuleType::Module)
}

/// Node's rules (<https://nodejs.org/api/packages.html#determining-module-system>), but that a file of
/// the project which uses neither system is a module, as TypeScript's authors expect.
pub(super) fn decide(input: &Input<'_>, ending: Ending, syntax: &Syntax, analysis: &Analysis) -> Written {
    if is_declared_module(input, ending) || syntax.module.is_some() {
        return Written::Module;
    }
    let declared = ending.is_declared(input) == Some(ModuleType::CommonJs);
    let used = analysis.uses_exports || analysis.uses_require || syntax.assigns_exports;
    if input.package || declared || used { Written::CommonJs } else { Written::Module }
}
