//! What a module does with other modules in expressions, and what in its text has to change.

use std::collections::HashSet;

use oxc::{
    ast::{
        AstKind,
        ast::{
            Argument, Expression, IdentifierReference, ImportAttributeKey, ImportDeclaration, ImportExpression,
            ImportOrExportKind, ImportPhase, Statement, TSModuleReference, TemplateLiteral, WithClause,
        },
    },
    semantic::{NodeId, Reference, Semantic},
    span::{GetSpan, Span},
};

use super::{
    edits::Edits,
    environment::{PRODUCTION, mention},
    necessity::{Runs, is_guarded, runs_of},
    requests::{Kind, Request},
};
use crate::errors::{Complaint, Lines};

/// What every CommonJS body has without declaring it.
const GIVEN: [&str; 5] = ["exports", "module", "require", "__filename", "__dirname"];

/// The result of looking at every node of a module once.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    /// `import()` and `require()` of literals, and `import x = require()`.
    pub(super) requests: Vec<Request>,
    /// Whether it computes what it asks for by `import()`.
    pub(super) computes_specifiers: bool,
    /// What must change in the text: import attributes go, and `NODE_ENV` is decided.
    pub(super) edits: Edits,
    pub(super) complaints: Vec<(Span, Complaint)>,
    /// Imported bindings that nothing but exports and types uses.
    pub(super) only_exported: HashSet<String>,
    /// Whether there is syntax that no engine reads: JSX, decorators.
    pub(super) needs_transform: bool,
    pub(super) has_decorators: bool,
    /// Where the first decorator is.
    pub(super) decorators_at: u32,
    /// Whether `require` is used and nothing in the file defines it.
    pub(super) uses_require: bool,
    /// Whether `module` or `exports` are used and nothing in the file defines them.
    pub(super) uses_exports: bool,
    /// Names that are assigned to though nothing defines them: sloppy code makes them global.
    pub(super) undeclared: Vec<String>,
}

/// Looks at a module. `package` says that its `NODE_ENV` is decided.
pub(super) fn analyse(semantic: &Semantic<'_>, lines: &Lines<'_>, package: bool) -> Analysis {
    let mut analyst = Analyst { semantic, lines, package, found: Analysis::default() };
    for (id, node) in semantic.nodes().iter_enumerated() {
        analyst.node(id, node.kind());
    }
    analyst.bindings();
    analyst.found
}

struct Analyst<'s, 'a> {
    semantic: &'s Semantic<'a>,
    lines: &'s Lines<'s>,
    package: bool,
    found: Analysis,
}

impl<'a> Analyst<'_, 'a> {
    fn node(&mut self, id: NodeId, kind: AstKind<'a>) {
        match kind {
            AstKind::JSXElement(_) | AstKind::JSXFragment(_) => self.found.needs_transform = true,
            AstKind::Decorator(decorator) => {
                if !self.found.has_decorators {
                    self.found.decorators_at = decorator.span.start;
                }
                self.found.needs_transform = true;
                self.found.has_decorators = true;
            }
            AstKind::ImportDeclaration(import) => self.import(import),
            AstKind::ExportAllDeclaration(export) => {
                self.attributes(export.export_kind, export.source.span, export.with_clause.as_deref());
            }
            AstKind::ExportFromDeclaration(export) => {
                self.attributes(export.export_kind, export.source.span, export.with_clause.as_deref());
            }
            AstKind::ImportExpression(import) => self.dynamic(id, import),
            AstKind::CallExpression(call) if call.arguments.len() == 1 => {
                let (function, runs) = match &call.callee {
                    Expression::StaticMemberExpression(member) if member.property.name == "resolve" => {
                        (&member.object, Some(Runs::Perhaps))
                    }
                    callee => (callee, None),
                };
                if let (Expression::Identifier(function), Some(argument)) = (function, call.arguments.first())
                    && function.name == "require"
                    && self.is_free(function)
                    && let Some(specifier) = literal(argument)
                {
                    let runs = runs.unwrap_or_else(|| runs_of(self.semantic.nodes(), id, self.package));
                    self.require(runs, specifier, call.span);
                }
            }
            AstKind::TSImportEqualsDeclaration(import) => {
                if let TSModuleReference::ExternalModuleReference(external) = &import.module_reference
                    && import.import_kind == ImportOrExportKind::Value
                    && self.is_value(import.id.symbol_id.get())
                {
                    self.found.uses_require = true;
                    let source = &external.expression;
                    self.require(Runs::Always, source.value.to_string(), source.span);
                }
            }
            AstKind::IdentifierReference(reference) => self.reference(reference),
            _ if self.package => {
                if let Some(span) = mention(kind, self.semantic.nodes().parent_kind(id)) {
                    self.found.edits.replace(span, PRODUCTION);
                }
            }
            _ => {}
        }
    }

    fn is_free(&self, reference: &IdentifierReference<'_>) -> bool {
        self.semantic.is_reference_to_global_variable(reference)
    }

    fn is_value(&self, symbol: Option<oxc::semantic::SymbolId>) -> bool {
        symbol.is_none_or(|symbol| !self.semantic.symbol_references(symbol).all(Reference::is_type))
    }

    fn reference(&mut self, reference: &IdentifierReference<'_>) {
        match reference.name.as_str() {
            "require" => self.found.uses_require |= self.is_free(reference),
            "module" | "exports" => self.found.uses_exports |= self.is_free(reference),
            _ => {}
        }
    }

    fn import(&mut self, import: &ImportDeclaration<'_>) {
        if let Some(phase) = import.phase {
            self.phase(phase, import.span);
        }
        self.attributes(import.import_kind, import.source.span, import.with_clause.as_deref());
    }

    fn phase(&mut self, phase: ImportPhase, span: Span) {
        let complaint = Complaint::new(format!("`import {}` is not supported", phase.as_str()));
        self.found.complaints.push((span, complaint.with_help("write a plain `import`")));
    }

    /// An engine tells modules apart by their attributes too; here a file is one module.
    fn attributes(&mut self, kind: ImportOrExportKind, source: Span, clause: Option<&WithClause<'_>>) {
        let Some(clause) = clause else { return };
        self.found.edits.blank(Span::new(source.end, clause.span.end));
        if kind == ImportOrExportKind::Type {
            return;
        }
        for attribute in &clause.with_entries {
            let key = match &attribute.key {
                ImportAttributeKey::Identifier(name) => name.name.as_str(),
                ImportAttributeKey::StringLiteral(name) => name.value.as_str(),
            };
            if (key, attribute.value.value.as_str()) != ("type", "json") {
                let written = format!("{key}: \"{}\"", attribute.value.value);
                let complaint = Complaint::new(format!("the import attribute `{written}` is not supported"));
                let help = "only `with { type: \"json\" }` is, and JSON files need no attribute";
                self.found.complaints.push((attribute.span, complaint.with_help(help)));
            }
        }
    }

    fn dynamic(&mut self, id: NodeId, import: &ImportExpression<'_>) {
        if let Some(phase) = import.phase {
            self.phase(phase, import.span);
        }
        if let Some(options) = &import.options {
            self.found.edits.blank(Span::new(import.source.span().end, options.span().end));
        }
        let specifier = match &import.source {
            Expression::StringLiteral(literal) => literal.value.to_string(),
            Expression::TemplateLiteral(template) => match constant(template) {
                Some(specifier) => specifier,
                None => return self.found.computes_specifiers = true,
            },
            _ => return self.found.computes_specifiers = true,
        };
        let necessary = !self.package && !is_guarded(self.semantic.nodes(), id);
        let place = self.lines.place(import.source.span().start);
        self.found.requests.push(Request {
            specifier,
            place,
            kind: Kind::Dynamic { necessary },
            names: Vec::new(),
            whole: true,
        });
    }

    fn require(&mut self, runs: Runs, specifier: String, span: Span) {
        let necessary = match runs {
            Runs::Never => return,
            Runs::Perhaps => false,
            Runs::Always => true,
        };
        let kind = Kind::Require { necessary };
        let place = self.lines.place(span.start);
        let known = self
            .found
            .requests
            .iter_mut()
            .find(|known| known.specifier == specifier && matches!(known.kind, Kind::Require { .. }));
        match known {
            Some(known) if necessary => (known.kind, known.place) = (kind, place),
            Some(_) => {}
            None => self.found.requests.push(Request { specifier, place, kind, names: Vec::new(), whole: true }),
        }
    }

    /// Which imports are only exported again, and which globals are made by assignment.
    fn bindings(&mut self) {
        let (scoping, nodes) = (self.semantic.scoping(), self.semantic.nodes());
        for statement in &nodes.program().body {
            let Statement::ImportDeclaration(import) = statement else { continue };
            for specifier in import.specifiers.iter().flatten() {
                let Some(symbol) = specifier.local().symbol_id.get() else { continue };
                let mut references = scoping.get_resolved_references(symbol).filter(|reference| !reference.is_type());
                let exported = |reference: &Reference| {
                    matches!(nodes.parent_kind(reference.node_id()), AstKind::ExportSpecifier(_))
                };
                if references.all(exported) {
                    self.found.only_exported.insert(specifier.local().name.to_string());
                }
            }
        }
        let unresolved = scoping.root_unresolved_references();
        let written = unresolved
            .iter()
            .filter(|(_, references)| references.iter().any(|reference| scoping.get_reference(*reference).is_write()));
        let undeclared = written.map(|(name, _)| name.as_str()).filter(|name| !GIVEN.contains(name));
        self.found.undeclared = undeclared.map(str::to_owned).collect();
        self.found.undeclared.sort_unstable();
    }
}

/// The text of an argument that is a literal.
pub(crate) fn literal(argument: &Argument<'_>) -> Option<String> {
    match argument {
        Argument::StringLiteral(literal) => Some(literal.value.to_string()),
        Argument::TemplateLiteral(template) => constant(template),
        _ => None,
    }
}

fn constant(template: &TemplateLiteral<'_>) -> Option<String> {
    let [only] = template.quasis.as_slice() else { return None };
    only.value.cooked.map(|text| text.to_string())
}
