//! Imports and exports at the top of a module, after everything of TypeScript is gone.

use std::collections::{BTreeSet, HashMap, HashSet};

use oxc::{
    ast::ast::{
        BindingPattern, Declaration, Expression, ImportDeclarationSpecifier, ModuleExportName, Program, Statement,
        StringLiteral,
    },
    span::{GetSpan, Span},
};

use super::requests::{Exports, Forward, ImportedName, Kind, Purpose, Request};
use crate::{
    errors::{Lines, Place},
    helpers::is_helper,
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) requests: Vec<Request>,
    pub(super) exports: Exports,
}

/// Walks over the statements of `program`. `only_exported` are imported bindings that only exports use.
pub(super) fn items(program: &Program<'_>, lines: &Lines<'_>, only_exported: &HashSet<String>) -> Items {
    let mut collector = Collector { lines, only_exported, items: Items::default(), imported: HashMap::new() };
    for statement in &program.body {
        collector.imports(program, statement);
    }
    for statement in &program.body {
        collector.exports(statement);
    }
    collector.items
}

struct Collector<'c> {
    lines: &'c Lines<'c>,
    only_exported: &'c HashSet<String>,
    items: Items,
    /// Bindings that are imports: the request, and the name over there.
    imported: HashMap<String, (usize, Option<String>)>,
}

impl Collector<'_> {
    fn place(&self, span: Span) -> Place {
        if span.is_unspanned() { Place::START } else { self.lines.place(span.start) }
    }

    fn request(&mut self, source: &StringLiteral<'_>) -> usize {
        let specifier = source.value.to_string();
        let known = self.items.requests.iter().position(|request| request.specifier == specifier);
        known.unwrap_or_else(|| {
            let kind = if is_helper(&specifier) { Kind::Helper } else { Kind::Static };
            let place = self.place(source.span);
            self.items.requests.push(Request { specifier, place, kind, names: Vec::new(), whole: false });
            self.items.requests.len() - 1
        })
    }

    fn name(&mut self, request: usize, name: ImportedName) {
        if let Some(request) = self.items.requests.get_mut(request) {
            request.names.push(name);
        }
    }

    fn whole(&mut self, request: usize) {
        if let Some(request) = self.items.requests.get_mut(request) {
            request.whole = true;
        }
    }

    fn imports(&mut self, program: &Program<'_>, statement: &Statement<'_>) {
        match statement {
            Statement::ImportDeclaration(import) => {
                let request = self.request(&import.source);
                for specifier in import.specifiers.iter().flatten() {
                    let local = specifier.local().name.to_string();
                    let name = match specifier {
                        ImportDeclarationSpecifier::ImportSpecifier(named) => Some(named.imported.name().to_string()),
                        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => Some("default".to_owned()),
                        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => None,
                    };
                    let place = self.place(specifier.span());
                    let exported = self.only_exported.contains(&local);
                    let purpose = if exported { Purpose::Export } else { Purpose::Value };
                    match &name {
                        Some(name) => self.name(request, ImportedName { name: name.clone(), place, purpose }),
                        None => {
                            self.whole(request);
                            for name in properties(program.source_text, &local) {
                                self.name(request, ImportedName { name, place, purpose: Purpose::Property });
                            }
                        }
                    }
                    self.imported.insert(local, (request, name));
                }
            }
            // What the compiler adds to a script, such as `var _jsx = require("react/jsx-runtime")`.
            Statement::VariableDeclaration(variables) if variables.span.is_unspanned() => {
                for variable in &variables.declarations {
                    if let Some(Expression::CallExpression(call)) = &variable.init
                        && let Some(source) = call.common_js_require()
                        && source.span.is_unspanned()
                    {
                        let specifier = source.value.to_string();
                        let kind = Kind::Require { necessary: true };
                        let request = Request { specifier, place: Place::START, kind, names: Vec::new(), whole: true };
                        self.items.requests.push(request);
                    }
                }
            }
            _ => {}
        }
    }

    fn exports(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::ExportAllDeclaration(star) => {
                let request = self.request(&star.source);
                self.whole(request);
                match &star.exported {
                    None => self.items.exports.stars.push(request),
                    Some(exported) => self.forward(exported, request, None),
                }
            }
            Statement::ExportFromDeclaration(export) => {
                let request = self.request(&export.source);
                for specifier in &export.specifiers {
                    let name = specifier.local.name().to_string();
                    let place = self.place(specifier.span);
                    self.name(request, ImportedName { name: name.clone(), place, purpose: Purpose::Export });
                    self.forward(&specifier.exported, request, Some(name));
                }
            }
            Statement::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    match self.imported.get(specifier.local.name().as_str()).cloned() {
                        Some((request, name)) => self.forward(&specifier.exported, request, name),
                        None => drop(self.items.exports.own.insert(specifier.exported.name().to_string())),
                    }
                }
            }
            Statement::ExportDefaultDeclaration(_) => drop(self.items.exports.own.insert("default".to_owned())),
            Statement::ExportDeclaration(export) => self.declared(&export.declaration),
            _ => {}
        }
    }

    fn forward(&mut self, exported: &ModuleExportName<'_>, request: usize, name: Option<String>) {
        let exported = exported.name().to_string();
        self.items.exports.forwarded.push(Forward { exported, request, name });
    }

    fn declared(&mut self, declaration: &Declaration<'_>) {
        let own = &mut self.items.exports.own;
        match declaration {
            Declaration::VariableDeclaration(variables) => {
                for variable in &variables.declarations {
                    own.extend(bound_names(&variable.id));
                }
            }
            Declaration::FunctionDeclaration(function) => {
                own.extend(function.id.as_ref().map(|id| id.name.to_string()));
            }
            Declaration::ClassDeclaration(class) => own.extend(class.id.as_ref().map(|id| id.name.to_string())),
            _ => {}
        }
    }
}

/// The names that follow a variable and a dot somewhere in a text. A package that is written for CommonJS
/// may have any properties, and of those only what is asked for becomes an export; the text tells well
/// enough what that is.
fn properties(text: &str, variable: &str) -> BTreeSet<String> {
    let is_letter = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(variable) {
        let (before, after) = (text.get(..at).unwrap_or(""), text.get(at + variable.len()..).unwrap_or(""));
        let Some(member) = after.strip_prefix('.') else { continue };
        let end = member.find(|letter| !is_letter(letter)).unwrap_or(member.len());
        let name = member.get(..end).unwrap_or("");
        let is_name = name.starts_with(|letter: char| !letter.is_numeric());
        if is_name && !before.ends_with(|letter| is_letter(letter) || letter == '.') {
            found.insert(name.to_owned());
        }
    }
    found
}

fn bound_names(pattern: &BindingPattern<'_>) -> Vec<String> {
    pattern.get_binding_identifiers().into_iter().map(|id| id.name.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_of_a_variable_are_found_in_the_text() {
        let text = "_.chunk(a); x._.no; my_.no; _ .no; _.a.b + _.$c; _.5; _.";
        assert_eq!(properties(text, "_").into_iter().collect::<Vec<_>>(), ["$c", "a", "chunk"]);
    }
}
