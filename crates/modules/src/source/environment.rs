//! `process.env.NODE_ENV`, by which packages choose what they are built for.

use oxc::ast::{
    AstKind,
    ast::{BinaryOperator, Expression, LogicalOperator, UnaryOperator},
};
use oxc::span::{GetSpan, Span};

/// What stands for it in packages, as JavaScript.
pub(super) const PRODUCTION: &str = "\"production\"";

/// Whether an expression is `process.env.NODE_ENV`, however it is punctuated.
pub(super) fn is_node_env(expression: &Expression<'_>) -> bool {
    property(expression, "NODE_ENV").and_then(|env| property(env, "env")).is_some_and(|process| {
        process.is_specific_id("process")
            || property(process, "process").is_some_and(|global| global.is_specific_id("globalThis"))
    })
}

fn property<'e, 'a>(expression: &'e Expression<'a>, name: &str) -> Option<&'e Expression<'a>> {
    let member = expression.get_member_expr()?;
    (member.static_property_name() == Some(name)).then(|| member.object())
}

/// The value of a condition that asks for nothing but the environment.
pub(super) fn known_condition(expression: &Expression<'_>) -> Option<bool> {
    match expression.without_parentheses() {
        Expression::BooleanLiteral(literal) => Some(literal.value),
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
            known_condition(&unary.argument).map(|value| !value)
        }
        Expression::LogicalExpression(logical) => {
            let (left, right) = (known_condition(&logical.left), known_condition(&logical.right));
            match logical.operator {
                LogicalOperator::And if left == Some(false) || right == Some(false) => Some(false),
                LogicalOperator::Or if left == Some(true) || right == Some(true) => Some(true),
                LogicalOperator::And | LogicalOperator::Or => left.and(right),
                LogicalOperator::Coalesce => None,
            }
        }
        Expression::BinaryExpression(binary) => {
            let (left, right) = (text(&binary.left)?, text(&binary.right)?);
            match binary.operator {
                BinaryOperator::StrictEquality | BinaryOperator::Equality => Some(left == right),
                BinaryOperator::StrictInequality | BinaryOperator::Inequality => Some(left != right),
                _ => None,
            }
        }
        _ => None,
    }
}

fn text<'e>(expression: &'e Expression<'_>) -> Option<&'e str> {
    match expression.without_parentheses() {
        Expression::StringLiteral(literal) => Some(literal.value.as_str()),
        other => is_node_env(other).then_some("production"),
    }
}

/// The span to replace, if a node is a mention of `process.env.NODE_ENV` that reads it.
pub(super) fn mention(kind: AstKind<'_>, parent: AstKind<'_>) -> Option<Span> {
    let (object, name, span) = match kind {
        AstKind::StaticMemberExpression(member) => (&member.object, member.property.name.as_str(), member.span),
        AstKind::ComputedMemberExpression(member) => match &member.expression {
            Expression::StringLiteral(literal) => (&member.object, literal.value.as_str(), member.span),
            _ => return None,
        },
        _ => return None,
    };
    let process = (name == "NODE_ENV").then(|| property(object, "env")).flatten()?;
    let of_process = process.is_specific_id("process")
        || property(process, "process").is_some_and(|global| global.is_specific_id("globalThis"));
    let written = match parent {
        AstKind::AssignmentExpression(assignment) => assignment.left.span() == span,
        AstKind::UpdateExpression(_) => true,
        AstKind::UnaryExpression(unary) => unary.operator == UnaryOperator::Delete,
        _ => false,
    };
    (of_process && !written).then_some(span)
}
