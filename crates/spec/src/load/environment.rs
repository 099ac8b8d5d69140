//! `.env` files, and the values that `$env(NAME)` and `${env.NAME}` may read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::ProjectFiles;
use crate::source::{Source, Span};
use crate::{Diagnostic, Diagnostics};

/// The values of a project's environment: those of the process win over those of `.env`.
#[derive(Default)]
pub struct Environment {
    values: Arc<BTreeMap<String, String>>,
    used: RefCell<BTreeMap<String, String>>,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").field("names", &self.values.keys()).finish_non_exhaustive()
    }
}

impl Environment {
    /// The process's values over those of a file.
    pub fn new(file: BTreeMap<String, String>, process: &BTreeMap<String, String>) -> Self {
        let mut values = file;
        values.extend(process.iter().map(|(name, value)| (name.clone(), value.clone())));
        Self { values: Arc::new(values), used: RefCell::default() }
    }

    /// The value of a name. What was asked for is part of the project's digest.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = self.values.get(name).cloned()?;
        self.used.borrow_mut().insert(name.to_owned(), value.clone());
        Some(value)
    }

    /// All of them.
    pub fn values(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.values)
    }

    /// The names that were asked for, and their values.
    pub(crate) fn used(&self) -> BTreeMap<String, String> {
        self.used.borrow().clone()
    }

    /// Lets the values that were asked for decide which snapshot this is.
    pub fn add_to_digest(&self, files: &ProjectFiles<'_>) {
        for (name, value) in self.used.borrow().iter() {
            files.add_to_digest(name.as_bytes());
            files.add_to_digest(value.as_bytes());
        }
    }
}

/// Reads a `.env` file: `NAME=value` or `export NAME=value` on each line; `#` begins a comment; a
/// value in double quotes knows `\n`, `\t`, `\"`, `\\` and may span lines, one in single quotes is taken as it
/// is. Nothing is looked up in the process's environment.
pub fn parse_dotenv(name: &str, text: &str, diagnostics: &mut Diagnostics) -> BTreeMap<String, String> {
    let source = Source::new(name, text);
    let mut values = BTreeMap::new();
    let mut at = 0;
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let line = text[at..end].trim_end_matches('\r');
        let start = at + (line.len() - line.trim_start().len());
        at = end + 1;
        let entry = line.trim();
        let entry = entry.strip_prefix('\u{FEFF}').unwrap_or(entry);
        if entry.is_empty() || entry.starts_with('#') {
            continue;
        }
        let entry = entry.strip_prefix("export ").map_or(entry, str::trim_start);
        let span = || Span { source: Arc::clone(&source), range: start..end, pointer: String::new() };
        let Some((key, value)) = entry.split_once('=').map(|(key, value)| (key.trim_end(), value.trim_start())) else {
            let message = "a line of this file is `NAME=value`";
            diagnostics.push(Diagnostic::error("dotenv-syntax", span(), message));
            continue;
        };
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.') {
            diagnostics.push(Diagnostic::error("dotenv-syntax", span(), format!("`{key}` is no name of a variable")));
            continue;
        }
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let open = start + line.trim_start().len() - value.len() + 1;
                match quoted(&text[open..], quote) {
                    Some((value, length)) => {
                        let rest = open + length;
                        at = text[rest..].find('\n').map_or(text.len(), |length| rest + length + 1);
                        value
                    }
                    None => {
                        let message = format!("the value of `{key}` has no closing quote");
                        diagnostics.push(Diagnostic::error("dotenv-syntax", span(), message));
                        continue;
                    }
                }
            }
            _ => value.split(" #").next().unwrap_or_default().trim_end().to_owned(),
        };
        values.insert(key.to_owned(), value);
    }
    values
}

/// The text up to the closing quote, and how many bytes it and the quote take.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            _ if c == quote => return Some((value, index + 1)),
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                c @ ('"' | '\\' | '$') => value.push(c),
                c => value.extend(['\\', c]),
            },
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dotenv_file_is_read_line_by_line_and_mistakes_do_not_hide_the_rest() {
        let mut diagnostics = Diagnostics::new();
        let text = "# c\nA=1\r\nexport B = two words # not this\nC=\"x\\n\\\"y\\\"\n z\" # c\nD='$A \\n'\nE=\nbad line\nF=a#b\n1-2=x\nG=\"open\n";
        let values = parse_dotenv(".env", text, &mut diagnostics);
        let expected =
            [("A", "1"), ("B", "two words"), ("C", "x\n\"y\"\n z"), ("D", "$A \\n"), ("E", ""), ("F", "a#b")];
        assert_eq!(values, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        let lines: Vec<_> = diagnostics.iter().map(|d| d.span.start().unwrap().0).collect();
        assert_eq!(lines, [8, 10, 11]);
    }
}
