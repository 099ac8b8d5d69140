//! Texts of a project without what looks like a secret. Nobody writes secrets into a document who has read
//! the guides; a comparison must not be the place where those of others are seen.

use tollgate_identity::KeyFinder;

/// What stands in for a secret.
const HIDDEN: &str = "…";
/// A name with one of these in it names a secret.
const NAMES: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "masterkey",
    "credential",
    "authorization",
];
/// Values of `.env` that are shorter are words that stand everywhere.
const SHORTEST: usize = 4;

/// Hides secrets.
pub(super) struct Redactor {
    keys: KeyFinder,
    values: Vec<String>,
}

impl Redactor {
    /// Hides these values too, wherever they stand.
    pub(super) fn new(values: impl Iterator<Item = String>) -> Self {
        let mut values: Vec<String> = values.filter(|value| value.trim().len() >= SHORTEST).collect();
        // The longest first: one value may begin another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self { keys: KeyFinder::new(["tg", "tgo", "tgm", "zpka"]), values }
    }

    /// The lines of a text, each without its secrets.
    pub(super) fn lines(&self, text: &str) -> Vec<String> {
        let mut in_key = false;
        let lines = text.lines().map(|line| {
            let begins = line.contains("-----BEGIN") && line.contains("PRIVATE KEY-----");
            let ends = line.contains("-----END");
            let hidden = in_key && !ends;
            in_key = (in_key || begins) && !ends;
            if hidden { HIDDEN.to_owned() } else { self.line(line) }
        });
        lines.collect()
    }

    fn line(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for value in &self.values {
            if line.contains(value) {
                line = line.replace(value, HIDDEN);
            }
        }
        for sighting in self.keys.find(line.clone().as_bytes()).iter().rev() {
            line.replace_range(sighting.range.clone(), HIDDEN);
        }
        without_named(&without_passwords(&without_words(&line)))
    }
}

/// The lines of a file that is nothing but secrets: their names.
pub(super) fn names_only(text: &str) -> Vec<String> {
    let mut in_value = false;
    let lines = text.lines().map(|line| {
        let trimmed = line.trim();
        if in_value {
            // A value in quotes may span lines.
            in_value = !trimmed.contains(['"', '\'']);
            return HIDDEN.to_owned();
        }
        if trimmed.is_empty() {
            return String::new();
        }
        match line.split_once('=') {
            Some((name, value)) if !trimmed.starts_with('#') => {
                let value = value.trim();
                in_value = value.starts_with(['"', '\'']) && value[1..].find(['"', '\'']).is_none();
                format!("{}={HIDDEN}", name.trim_end())
            }
            // What is commented out may have been a secret once.
            _ => format!("# {HIDDEN}"),
        }
    });
    lines.collect()
}

/// `scheme://user:password@host` without what stands before the host.
fn without_passwords(line: &str) -> String {
    let mut result = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        result.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'`,".contains(c)).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(at) => {
                result.push_str(HIDDEN);
                &after[at..]
            }
            None => after,
        };
    }
    result.push_str(rest);
    result
}

/// Words that are secrets by their form: of webhooks, and what follows `Bearer` and `Basic`.
fn without_words(line: &str) -> String {
    let mut result = line.to_owned();
    for mark in ["whsec_", "Bearer ", "Basic ", "bearer ", "basic "] {
        let mut from = 0;
        while let Some(at) = result[from..].find(mark) {
            let start = from + at + mark.len();
            let is_secret = |c: char| c.is_ascii_alphanumeric() || "+/=._-~".contains(c);
            let end = result[start..].find(|c: char| !is_secret(c)).map_or(result.len(), |length| start + length);
            if end - start >= 8 {
                result.replace_range(start..end, HIDDEN);
                from = start + HIDDEN.len();
            } else {
                from = end;
            }
        }
    }
    result
}

/// `password: hunter2` and its like, without the value.
fn without_named(line: &str) -> String {
    let mut result = String::with_capacity(line.len());
    let mut rest = line;
    // Several of them may stand on one line, between braces.
    while let Some(at) = rest.find([':', '=']) {
        let (name, value) = (&rest[..at], &rest[at + 1..]);
        result.push_str(&rest[..=at]);
        rest = value;
        if !names_a_secret(name) {
            continue;
        }
        let space = value.len() - value.trim_start().len();
        let text = &value[space..];
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
        let length = match quote {
            Some(quote) => text[1..].find(quote).map_or(text.len(), |end| end + 2),
            None => text.find([',', '}']).unwrap_or(text.len()),
        };
        let shown = is_harmless(text[..length].trim());
        if !shown {
            result.push_str(&value[..space]);
            result.push_str(HIDDEN);
            rest = &value[space + length..];
        }
    }
    result.push_str(rest);
    result
}

fn names_a_secret(before: &str) -> bool {
    let word = before.trim_end().trim_end_matches(['"', '\'']);
    let start = word
        .rfind(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)))
        .map_or(0, |at| at + word[at..].chars().next().map_or(1, char::len_utf8));
    let name: String = word[start..].chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    NAMES.iter().any(|secret| name.contains(secret))
}

/// What is no secret: nothing, a reference to the environment, what opens a mapping, a number, a URL.
fn is_harmless(value: &str) -> bool {
    let bare = value.trim_matches(['"', '\'', ',']);
    bare.is_empty()
        || bare.starts_with("$env(")
        || bare.starts_with("${")
        || matches!(bare, "true" | "false" | "null" | "|" | ">" | "{" | "[" | "{}" | "[]")
        || bare.starts_with(['{', '['])
        || bare.parse::<f64>().is_ok()
        || bare.starts_with("http://")
        || bare.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let redactor = Redactor::new(["hunter2-of-env".to_owned()].into_iter());
        assert_eq!(redactor.lines(line), [expected]);
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden_and_nothing_else() {
        check("  upstream: http://127.0.0.1:8888", "  upstream: http://127.0.0.1:8888");
        check("  password: hunter2", "  password: …");
        check(r#""clientSecret": "a, b", "x": 1"#, r#""clientSecret": …, "x": 1"#);
        check("set: { api-key: abc, plan: gold }", "set: { api-key: …, plan: gold }");
        check("secret: $env(SECRET)", "secret: $env(SECRET)");
        check("tokenUrl: https://id.example/token", "tokenUrl: https://id.example/token");
        check("store: postgres://u:p@db/x", "store: postgres://…@db/x");
        check("x: Bearer abcdefghijkl", "x: Bearer …");
        check("x: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x: whsec_…");
        check("note: it is hunter2-of-env here", "note: it is … here");
        check("auth: api-key", "auth: api-key");
    }

    #[test]
    fn private_keys_and_environments_show_no_value() {
        let redactor = Redactor::new(std::iter::empty());
        let text = "a: |\n  -----BEGIN PRIVATE KEY-----\n  MIIabc\n  -----END PRIVATE KEY-----\nb: 1";
        assert!(!redactor.lines(text).join("\n").contains("MIIabc"));
        assert_eq!(redactor.lines(text).len(), 5, "line by line");
        let names = names_only("# KEY=old\nA=1\nexport B=\"two\nlines\"\n\nC='x'");
        assert_eq!(names, ["# …", "A=…", "export B=…", "…", "", "C=…"]);
    }
}
