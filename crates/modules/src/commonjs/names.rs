//! Which names a CommonJS module exports, as far as its text shows it without running it.
//!
//! The shapes are those that people write and that compilers emit: assignments to `exports.name` and
//! `module.exports`, `Object.defineProperty(exports, …)`, `__exportStar(require(…), exports)` and the
//! loop over `Object.keys` that Babel makes of `export *`.

use std::collections::BTreeSet;

use oxc::{
    ast::{
        AstKind,
        ast::{
            Argument, AssignmentExpression, CallExpression, Expression, IdentifierReference, MemberExpression,
            ObjectExpression, ObjectPropertyKind,
        },
    },
    semantic::{NodeId, Semantic},
    span::GetSpan,
};

use crate::source::{literal, never_runs};

/// What is known of a CommonJS module's exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) known: BTreeSet<String>,
    /// Specifiers of modules all of whose names are exported too.
    pub(crate) forwarded: Vec<String>,
    /// Whether every use of `exports` and `module` was understood, so that there are no other names.
    pub(crate) complete: bool,
}

/// Looks for exports. `package` says that `NODE_ENV` is decided.
pub(crate) fn names(semantic: &Semantic<'_>, package: bool) -> Names {
    let found = Names { complete: true, ..Names::default() };
    let mut search = Search { semantic, package, found };
    for (id, node) in semantic.nodes().iter_enumerated() {
        match node.kind() {
            AstKind::AssignmentExpression(assignment) => search.assignment(id, assignment),
            AstKind::CallExpression(call) => search.call(id, call),
            AstKind::TSExportAssignment(assignment) => search.replaced_by(id, &assignment.expression),
            AstKind::IdentifierReference(reference) => search.reference(id, reference),
            _ => {}
        }
    }
    search.found.forwarded.sort_unstable();
    search.found.forwarded.dedup();
    search.found
}

struct Search<'s, 'a> {
    semantic: &'s Semantic<'a>,
    package: bool,
    found: Names,
}

impl Search<'_, '_> {
    fn assignment(&mut self, id: NodeId, assignment: &AssignmentExpression<'_>) {
        let Some(member) = assignment.left.as_member_expression() else { return };
        if is_exports(member.object()) {
            match member.static_property_name() {
                Some(name) => drop(self.found.known.insert(name.to_owned())),
                None => self.computed(id),
            }
        } else if is_module_exports(member) {
            self.replaced_by(id, &assignment.right);
        }
    }

    /// `exports[key] = …`: understood where it is Babel's loop, which [`Self::call`] sees.
    fn computed(&mut self, id: NodeId) {
        let nodes = self.semantic.nodes();
        let in_loop = nodes.ancestor_kinds(id).any(|kind| match kind {
            AstKind::CallExpression(call) => looped_over(call).is_some(),
            _ => false,
        });
        self.found.complete &= in_loop;
    }

    /// `module.exports = right`.
    fn replaced_by(&mut self, id: NodeId, right: &Expression<'_>) {
        match right.without_parentheses() {
            Expression::ObjectExpression(object) => self.object(id, object),
            Expression::AssignmentExpression(inner) => self.replaced_by(id, &inner.right),
            other => match required(other) {
                Some(specifier) => self.forward(id, specifier),
                // A function or an instance: it may have any properties.
                None => self.found.complete &= is_exports(other),
            },
        }
    }

    fn object(&mut self, id: NodeId, object: &ObjectExpression<'_>) {
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                    Some(name) => drop(self.found.known.insert(name.into_owned())),
                    None => self.found.complete = false,
                },
                ObjectPropertyKind::SpreadProperty(spread) => match required(&spread.argument) {
                    Some(specifier) => self.forward(id, specifier),
                    None => self.found.complete = false,
                },
            }
        }
    }

    fn forward(&mut self, id: NodeId, specifier: String) {
        if !never_runs(self.semantic.nodes(), id, self.package) {
            self.found.forwarded.push(specifier);
        }
    }

    fn call(&mut self, id: NodeId, call: &CallExpression<'_>) {
        if let Some(object) = looped_over(call) {
            if let Some(specifier) = self.required_by(object) {
                self.forward(id, specifier);
            }
            return;
        }
        let exports = call.arguments.iter().filter_map(Argument::as_expression).any(is_exports);
        let compiled_star = match &call.callee {
            Expression::Identifier(callee) => callee.name == "__export" || callee.name == "__exportStar",
            _ => false,
        };
        if !exports && !compiled_star {
            return;
        }
        for argument in call.arguments.iter().filter_map(Argument::as_expression) {
            match argument {
                // `Object.defineProperty(exports, "name", …)`
                Expression::StringLiteral(name) => {
                    self.found.known.insert(name.value.to_string());
                }
                // `__export(exports, { name: () => value })`
                Expression::ObjectExpression(object) if !defines_one(call) => self.object(id, object),
                other => {
                    if let Some(specifier) = required(other) {
                        self.forward(id, specifier);
                    }
                }
            }
        }
    }

    /// What a variable was required from: `const other = require("./other")`, with or without a helper
    /// around the call.
    fn required_by(&self, variable: &IdentifierReference<'_>) -> Option<String> {
        let scoping = self.semantic.scoping();
        let symbol = scoping.get_reference(variable.reference_id.get()?).symbol_id()?;
        match self.semantic.symbol_declaration(symbol).kind() {
            AstKind::VariableDeclarator(declarator) => required(declarator.init.as_ref()?),
            _ => None,
        }
    }

    /// Whether a mention of `exports` or `module` is one of the shapes above.
    fn reference(&mut self, id: NodeId, reference: &IdentifierReference<'_>) {
        let name = reference.name.as_str();
        if !matches!(name, "exports" | "module") || !self.semantic.is_reference_to_global_variable(reference) {
            return;
        }
        let nodes = self.semantic.nodes();
        let (mut node, mut span) = (id, reference.span);
        if name == "module" {
            node = nodes.parent_id(id);
            match nodes.kind(node) {
                AstKind::StaticMemberExpression(member) if member.property.name == "exports" => span = member.span,
                // `module.id`, `typeof module` and their like say nothing.
                AstKind::StaticMemberExpression(_) | AstKind::UnaryExpression(_) => return,
                _ => {
                    self.found.complete = false;
                    return;
                }
            }
        }
        self.found.complete &= match nodes.parent_kind(node) {
            AstKind::StaticMemberExpression(_) | AstKind::UnaryExpression(_) | AstKind::ExpressionStatement(_) => true,
            AstKind::ComputedMemberExpression(member) => member.object.span() == span,
            AstKind::AssignmentExpression(assignment) => {
                assignment.left.span() == span && (name == "module" || replaces_module_exports(assignment))
                    || assignment.right.span() == span
                        && assignment.left.as_member_expression().is_some_and(is_module_exports)
            }
            AstKind::CallExpression(call) => is_understood(call) && call.callee.span() != span,
            AstKind::BinaryExpression(_) => true,
            _ => false,
        };
    }
}

/// `exports = module.exports = …` changes nothing that an assignment to the latter does not.
fn replaces_module_exports(assignment: &AssignmentExpression<'_>) -> bool {
    matches!(&assignment.right, Expression::AssignmentExpression(inner)
        if inner.left.as_member_expression().is_some_and(is_module_exports))
}

/// `Object.defineProperty`, whose object describes the property and is not a list of names.
fn defines_one(call: &CallExpression<'_>) -> bool {
    let callee = call.callee.as_member_expression().and_then(MemberExpression::static_property_name);
    callee == Some("defineProperty")
}

/// Whether a call with `exports` among its arguments tells all that it does to them.
fn is_understood(call: &CallExpression<'_>) -> bool {
    let mut rest = call.arguments.iter().filter_map(Argument::as_expression).filter(|argument| !is_exports(argument));
    let told = |argument: &Expression<'_>| match argument {
        Expression::StringLiteral(_) => defines_one(call),
        Expression::ObjectExpression(_) => true,
        other => required(other).is_some(),
    };
    call.arguments.len() > 1 && rest.next().is_some_and(told)
}

/// `object` in `Object.keys(object).forEach(function (key) { … exports … })`.
fn looped_over<'c, 'a>(call: &'c CallExpression<'a>) -> Option<&'c IdentifierReference<'a>> {
    let forms = call.callee.as_member_expression().filter(|member| member.static_property_name() == Some("forEach"))?;
    let Expression::CallExpression(keys) = forms.object() else { return None };
    let of_object = keys.callee.as_member_expression()?;
    let is_keys = of_object.static_property_name() == Some("keys") && of_object.object().is_specific_id("Object");
    match keys.arguments.first().filter(|_| is_keys)? {
        Argument::Identifier(object) => Some(object),
        _ => None,
    }
}

/// The specifier of `require("x")`, alone or as the argument of a helper such as `__importStar`.
fn required(expression: &Expression<'_>) -> Option<String> {
    let Expression::CallExpression(call) = expression.without_parentheses() else { return None };
    let argument = call.arguments.first()?;
    match &call.callee {
        Expression::Identifier(callee) if callee.name == "require" => literal(argument),
        _ => argument.as_expression().filter(|inner| inner.is_require_call()).and_then(required),
    }
}

fn is_exports(expression: &Expression<'_>) -> bool {
    expression.is_specific_id("exports") || expression.as_member_expression().is_some_and(is_module_exports)
}

fn is_module_exports(member: &MemberExpression<'_>) -> bool {
    member.static_property_name() == Some("exports") && member.object().is_specific_id("module")
}

#[cfg(test)]
mod tests {
    use oxc::{allocator::Allocator, parser::Parser, semantic::SemanticBuilder, span::SourceType};

    use super::*;

    #[track_caller]
    fn check(text: &str, known: &[&str], forwarded: &[&str], complete: bool) {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, text, SourceType::script()).parse();
        assert!(!parsed.diagnostics.has_errors(), "{text}");
        let semantic = SemanticBuilder::new().with_build_nodes(true).build(&parsed.program).semantic;
        let found = names(&semantic, true);
        assert_eq!(found.known.iter().map(String::as_str).collect::<Vec<_>>(), known, "{text}");
        assert_eq!(found.forwarded, forwarded, "{text}");
        assert_eq!(found.complete, complete, "{text}");
    }

    #[test]
    fn names_are_found_in_what_people_write() {
        check("exports.a = 1; module.exports.b = 2; exports['c-d'] = 3", &["a", "b", "c-d"], &[], true);
        check(
            "module.exports = { a, b: 1, 'c': 2, d() {}, get e() { return 1 } }",
            &["a", "b", "c", "d", "e"],
            &[],
            true,
        );
        check("exports = module.exports = { a }; exports.b = 1", &["a", "b"], &[], true);
        check("module.exports = { ...require('./x'), a: 1 }", &["a"], &["./x"], true);
        check("module.exports = require('./x')", &[], &["./x"], true);
        check("console.log(1)", &[], &[], true);
        check("if (typeof module !== 'undefined' && module.exports) { exports.a = 1 }", &["a"], &[], false);
    }

    #[test]
    fn names_are_found_in_what_compilers_emit() {
        check(
            "Object.defineProperty(exports, '__esModule', { value: true }); exports.a = exports.b = void 0",
            &["__esModule", "a", "b"],
            &[],
            true,
        );
        check(
            "Object.defineProperty(exports, 'a', { enumerable: true, get: function () { return x.a } })",
            &["a"],
            &[],
            true,
        );
        check(
            "__exportStar(require('./x'), exports); tslib_1.__exportStar(require('./y'), exports)",
            &[],
            &["./x", "./y"],
            true,
        );
        check(
            "var _x = require('./x'); Object.keys(_x).forEach(function (key) { if (key in exports) return; exports[key] = _x[key] })",
            &[],
            &["./x"],
            true,
        );
        check(
            "__export(src_exports, { a: () => a }); module.exports = __toCommonJS(src_exports); 0 && (module.exports = { a, b })",
            &["a", "b"],
            &[],
            false,
        );
        check(
            "_export(exports, { a: function () { return a } }); __reExport(exports, require('./x'))",
            &["a"],
            &["./x"],
            true,
        );
        check("(function (K) { K.A = 1 })(K || (exports.K = K = {}))", &["K"], &[], true);
    }

    #[test]
    fn what_is_not_understood_may_have_more_names() {
        check("module.exports = function () {}; module.exports.a = 1", &["a"], &[], false);
        check("exports[name] = 1", &[], &[], false);
        check(
            "(function (root, factory) { factory(exports) })(this, function (exports) { exports.a = 1 })",
            &["a"],
            &[],
            false,
        );
        check("Object.assign(exports, other)", &[], &[], false);
        check("module.exports = { ...other }", &[], &[], false);
        check("const self = module; self.exports = 1", &[], &[], false);
    }

    #[test]
    fn what_production_never_runs_exports_nothing() {
        let text = "if (process.env.NODE_ENV === 'production') { module.exports = require('./a') } else { module.exports = require('./b') }";
        check(text, &[], &["./a"], true);
    }
}
