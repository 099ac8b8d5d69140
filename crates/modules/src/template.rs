//! Template literals that are written in documents, as `https://${env.HOST}/a`.

use crate::{
    room,
    source::{Unclosed, expression},
};

/// The longest expression in bytes: what is longer belongs into a module.
const LONGEST: usize = 4 * 1024;

/// Checks a text with `${…}` in it and gives it as a template literal of JavaScript, with its backticks,
/// that can stand wherever an expression can. What is not in `${…}` is taken by the letter: backticks and
/// backslashes are nothing special there.
///
/// # Errors
///
/// A sentence, if something in `${…}` is not an expression.
pub fn compile_template(text: &str) -> Result<String, String> {
    // Short texts are not nested too deep for the stack that is there.
    if text.len() <= 512 { compile(text) } else { room::deep(|| compile(text)) }
}

fn compile(text: &str) -> Result<String, String> {
    let mut literal = String::from("`");
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, opened) = rest.split_at(start);
        let inner = opened.get(2..).unwrap_or("");
        let (code, length) = first_expression(inner)?;
        escape(before, &mut literal);
        literal.push_str("${");
        literal.push_str(&code);
        literal.push('}');
        rest = inner.get(length + 1..).unwrap_or("");
    }
    escape(rest, &mut literal);
    literal.push('`');
    Ok(literal)
}

/// The expression at the start of `text` that ends before a `}`, and how long it is as it was written.
/// The brace that ends it is the first one before which there is an expression: any other is in a string,
/// a comment or an object, and what is before it is incomplete.
fn first_expression(text: &str) -> Result<(String, usize), String> {
    let mut wrong = None;
    for (end, _) in text.match_indices('}') {
        if end > LONGEST {
            return Err(format!("an expression in `${{}}` is longer than {LONGEST} bytes: write it in a module"));
        }
        let written = text.get(..end).unwrap_or("");
        if written.trim().is_empty() {
            return Err("there is nothing in `${}`: write an expression, such as `${env.NAME}`".to_owned());
        }
        match expression(written) {
            Ok(code) => return Ok((code, end)),
            Err(Unclosed(why)) => wrong = wrong.or(Some((written, why))),
        }
    }
    match wrong {
        Some((written, why)) => Err(format!("`${{{written}}}` is not an expression of JavaScript: {why}")),
        None => Err(format!("`${{{text}` has no closing brace")),
    }
}

fn escape(text: &str, literal: &mut String) {
    for letter in text.chars() {
        match letter {
            '`' | '\\' => literal.extend(['\\', letter]),
            // A template literal would have a line feed in its place.
            '\r' => literal.push_str("\\r"),
            // The text may end in a dollar sign, and a brace may follow an expression.
            '$' => literal.push_str("\\$"),
            letter => literal.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(compile_template(text).as_deref(), Ok(expected));
    }

    #[test]
    fn literal_parts_are_taken_by_the_letter() {
        check("https://${env.X}/a", "`https://${env.X}/a`");
        check("plain", "`plain`");
        check("a`b\\n${x}\r\n", "`a\\`b\\\\n${x}\\r\n`");
        check("$5 $${x}$", "`\\$5 \\$${x}\\$`");
        check("{a}", "`{a}`");
    }

    #[test]
    fn an_expression_may_have_braces_in_it() {
        check("${{ a: 1 }.a}b", "`${({ a: 1 }).a}b`");
        check("${'}'}", "`${\"}\"}`");
        check("${`x${y}z`}", "`${`x${y}z`}`");
        check("${/}/.test(x)}", "`${/}/.test(x)}`");
        check("${a /* } */ + b}", "`${a + b}`");
        check("${a ?? 'b'}${c}", "`${a ?? \"b\"}${c}`");
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["${", "${a", "${a b}", "${}", "${ }", "${a as string}", "${await x}", "${a; b}", "${if (a) b}"] {
            assert!(compile_template(text).is_err(), "{text}");
        }
        assert!(compile_template(&format!("${{{}}}", "(".repeat(100_000))).is_err());
        assert!(compile_template(&format!("${{a}}{}", "b".repeat(100_000))).is_ok());
        let deep = format!("${{{}a{}}}", "(".repeat(2000), ")".repeat(2000));
        assert_eq!(compile_template(&deep).as_deref(), Ok("`${a}`"));
        let why = compile_template("a ${b c} d").unwrap_err();
        assert!(why.starts_with("`${b c}` is not an expression of JavaScript"), "{why}");
    }
}
