//! Replaces text in the body of the response.
//!
//! A text is replaced while the body streams by; an expression needs the whole of it. What belongs into a
//! field of JSON is better changed by a script, which knows where it is.

mod expression;
mod stream;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Body, Exchange, Flow, Policy, Problem, Response, Step};

use crate::content::{UNREADABLE, collect, open_response};
use expression::Expression;
use stream::Needle;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<ReplaceString>("replace-string", Direction::Outbound, include_str!("docs.md"))
        .exports(&["ReplaceStringOutboundPolicy"])
        .reasons(&UNREADABLE);

/// What is replaced, and by what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// Whether `match` is a text, or a regular expression.
    mode: Mode,
    /// The text, which is replaced everywhere; or the expression as JavaScript has it, `/PATTERN/FLAGS`, which is
    /// replaced everywhere with the flag `g` and once without it.
    r#match: String,
    /// What stands there afterwards. For an expression, `$1`, `$<name>` and `$&` stand for what was found.
    replace_with: String,
}

/// How `match` is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// As a text.
    String,
    /// As a regular expression.
    Regexp,
}

/// See the module.
#[derive(Debug)]
enum ReplaceString {
    Text(Needle),
    Expression { expression: Expression, limit: usize },
}

impl Configure for ReplaceString {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let limit = context.settings.server.limits.buffered_body.as_usize();
        match options.mode {
            Mode::String if options.r#match.is_empty() => {
                Err(BuildError::at("/match", "there is no text to replace").help("give the text that shall go"))
            }
            Mode::String => Ok(Self::Text(Needle::new(&options.r#match, options.replace_with))),
            Mode::Regexp => Expression::new(&options.r#match, &options.replace_with)
                .map(|expression| Self::Expression { expression, limit }),
        }
    }
}

impl Policy for ReplaceString {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        let body = match open_response(response) {
            Ok(Some(body)) => body,
            Ok(None) => return Step::CONTINUE,
            Err(problem) => return problem.into(),
        };
        match self {
            Self::Text(needle) => {
                *response.body_mut() = needle.replace_in(body);
                Step::CONTINUE
            }
            Self::Expression { expression, limit } => Step::later(async {
                match collect(body, *limit).await.and_then(|whole| replaced(expression, &whole)) {
                    Ok(whole) => {
                        *response.body_mut() = Body::full(whole);
                        Flow::Continue
                    }
                    Err(problem) => problem.into(),
                }
            }),
        }
    }
}

fn replaced(expression: &Expression, whole: &Bytes) -> Result<Bytes, Problem> {
    Ok(expression.replace_in(whole).into())
}

#[cfg(test)]
mod tests;
