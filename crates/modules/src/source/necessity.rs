//! Whether a call runs whenever its module does.

use oxc::{
    ast::{AstKind, ast::LogicalOperator},
    semantic::{AstNodes, NodeId},
    span::GetSpan,
};

use super::environment::known_condition;

/// When a call runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// Whenever the module does, and nothing catches its failure.
    Always,
    /// Only if a condition holds, a function is called, or with a `catch` for its failure.
    Perhaps,
    /// Never in production.
    Never,
}

/// When the node runs. With `known_environment`, conditions on `NODE_ENV` are taken as decided.
pub(super) fn runs_of(nodes: &AstNodes<'_>, node: NodeId, known_environment: bool) -> Runs {
    let known = |test| if known_environment { known_condition(test) } else { None };
    let mut inner = nodes.kind(node).span();
    let mut runs = Runs::Always;
    for kind in nodes.ancestor_kinds(node) {
        let condition = match kind {
            AstKind::IfStatement(branch) if branch.test.span() != inner => {
                let taken = branch.consequent.span() == inner;
                Some(known(&branch.test).map(|value| value == taken))
            }
            AstKind::ConditionalExpression(branch) if branch.test.span() != inner => {
                let taken = branch.consequent.span() == inner;
                Some(known(&branch.test).map(|value| value == taken))
            }
            AstKind::LogicalExpression(logical) if logical.right.span() == inner => {
                Some(known(&logical.left).and_then(|left| match logical.operator {
                    LogicalOperator::And => Some(left),
                    LogicalOperator::Or => Some(!left),
                    LogicalOperator::Coalesce => None,
                }))
            }
            _ => None,
        };
        match condition {
            Some(Some(false)) => return Runs::Never,
            Some(None) => runs = Runs::Perhaps,
            Some(Some(true)) => {}
            None if may_be_skipped(kind, inner) => runs = Runs::Perhaps,
            None => {}
        }
        inner = kind.span();
    }
    runs
}

/// Whether production never comes to the node.
pub(crate) fn never_runs(nodes: &AstNodes<'_>, node: NodeId, known_environment: bool) -> bool {
    runs_of(nodes, node, known_environment) == Runs::Never
}

fn may_be_skipped(kind: AstKind<'_>, inner: oxc::span::Span) -> bool {
    match kind {
        AstKind::TryStatement(attempt) => attempt.block.span == inner && attempt.handler.is_some(),
        AstKind::Function(_)
        | AstKind::ArrowFunctionExpression(_)
        | AstKind::CatchClause(_)
        | AstKind::SwitchCase(_)
        | AstKind::WhileStatement(_)
        | AstKind::ForStatement(_)
        | AstKind::ForInStatement(_)
        | AstKind::ForOfStatement(_) => true,
        _ => false,
    }
}

/// Whether a `catch` of the function around it, or a handler of the promise, takes its failure.
pub(super) fn is_guarded(nodes: &AstNodes<'_>, node: NodeId) -> bool {
    let mut inner = nodes.kind(node).span();
    for kind in nodes.ancestor_kinds(node) {
        match kind {
            AstKind::TryStatement(attempt) if attempt.block.span == inner && attempt.handler.is_some() => return true,
            AstKind::StaticMemberExpression(member) if member.property.name == "catch" => return true,
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => return false,
            _ => inner = kind.span(),
        }
    }
    false
}
