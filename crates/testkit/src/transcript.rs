//! Transcripts: examples in a policy's `docs.md` that run as tests.
//!
//! A page holds fenced blocks of three kinds; everything else on it is prose.
//!
//! ````text
//! ```yaml project           optional; holds for every transcript below it, until the next one
//! document: { openapi: 3.1.0, … }      the document (default: see `bench::default_document`)
//! policies: { NAME: { use: REF, options: … } }    named policies, for `# with:` and for nesting
//! consumers: { alice: { metadata: { plan: gold } }, bob: { key: revoked } }   (key: good, revoked, expired)
//! settings: { … }                      as in tollgate.yaml
//! form: zuplo                          the switches of that form; default: native
//! upstream: { status: 200, headers: { x-a: b }, body: "text or JSON" }   default: it echoes the request
//! tokens: { good: { secret: s3cret-…, expiresIn: 300, claims: { sub: alice } } }   HS256 tokens
//! ```
//! ```yaml policy            the options of the policy of this page
//! # with: api-key, gold-limit          optional: policies that stand before it
//! requestsAllowed: 2
//! ```
//! ```http                   runs against the policy block above it, with fresh counters
//! GET /pets                                          -> 200
//! POST /pets [x-a: b; x-c: d] {"name": "Rex"}        -> 400 validation-failed, retry-after: 60
//! ```
//! ````
//!
//! Lines of an `http` block:
//!
//! - `METHOD TARGET [NAME: VALUE; …] BODY -> STATUS CODE, CHECK, CHECK` where header fields, body, code and
//!   checks may be missing. A body that looks like JSON gets `content-type: application/json`
//!   unless the line says otherwise (`content-type: -` for none). `transfer-encoding: chunked`
//!   sends it without a length. The code is that of the problem.
//! - `wait 60s` lets time pass. `from 203.0.113.9` changes the client's address.
//! - `key alice` sends that consumer's key (as `Authorization: Bearer …`) from now on; `key none` stops that.
//! - `# …` is a comment.
//!
//! `{key:alice}` and `{token:good}` stand for a consumer's key and a token, anywhere in a
//! request. A key of a consumer that is not declared is well-formed but unknown; `alice` and
//! `bob` are declared unless `consumers` says otherwise.
//!
//! A check is `NAME: EXPECTED` for a header field of the answer, `body: …` for its body, or
//! `/pointer: …` for a place in its JSON body; with `upstream ` in front it is about what
//! the upstream received (`upstream x-a: b`, `upstream body: …`, and `upstream /claims/…` for the claims of
//! the token in its `Authorization`). `upstream: -` says that the request never got there.
//! EXPECTED is the exact text, `*` for anything, `-` for nothing at all, `~text` for something
//! that contains it.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;
use tollgate_core::PolicyKind;
use tollgate_core::units::Interval;

use crate::bench::{Answer, BenchProject, PolicyBench};

/// One policy block and one `http` block below it.
#[derive(Debug, Clone)]
pub struct Transcript {
    /// The line of its `http` fence (from 1).
    pub line: usize,
    /// What the nearest `yaml project` block above it says.
    pub project: BenchProject,
    /// The policies that stand before it.
    pub with: Vec<String>,
    /// The options of the policy.
    pub options: Value,
    lines: Vec<(usize, String)>,
}

/// Reads all transcripts of a page.
///
/// # Errors
/// A sentence with the line that is wrong.
pub fn read(page: &str) -> Result<Vec<Transcript>, String> {
    let mut transcripts = Vec::new();
    let mut project = BenchProject::default();
    let mut policy: Option<(Vec<String>, Value)> = None;
    for block in fenced_blocks(page) {
        let wrong = |error: String| format!("line {}: {error}", block.line);
        match block.info.as_str() {
            "yaml project" => {
                project = serde_saphyr::from_str(&block.text).map_err(|error| wrong(error.to_string()))?;
            }
            "yaml policy" => {
                let with = block.text.lines().filter_map(|line| line.strip_prefix("# with:"));
                let with = with.flat_map(|names| names.split(',')).map(|name| name.trim().to_owned()).collect();
                policy = Some((with, yaml(&block.text).map_err(wrong)?));
            }
            "http" => {
                let (with, options) = policy.clone().ok_or_else(|| wrong("no `yaml policy` block above".to_owned()))?;
                let numbered =
                    block.text.lines().enumerate().map(|(index, line)| (block.line + 1 + index, line.trim()));
                let lines = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
                let lines = lines.map(|(number, line)| (number, line.to_owned())).collect();
                transcripts.push(Transcript { line: block.line, project: project.clone(), with, options, lines });
            }
            _ => {}
        }
    }
    Ok(transcripts)
}

fn yaml(text: &str) -> Result<Value, String> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Value::Null);
    }
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

struct Block {
    line: usize,
    info: String,
    text: String,
}

fn fenced_blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let info = info.split_whitespace().collect::<Vec<_>>().join(" ");
                open = Some(Block { line: index + 1, info, text: String::new() });
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Runs every transcript of a policy's page.
///
/// # Errors
/// Everything that was otherwise than written, a line each.
pub async fn run_page(kind: &'static PolicyKind) -> Result<usize, String> {
    let transcripts = read(kind.docs).map_err(|error| format!("{}: {error}", kind.name))?;
    let mut failures = String::new();
    for transcript in &transcripts {
        if let Err(error) = transcript.run(kind).await {
            let _ = writeln!(failures, "{}/docs.md: {error}", kind.name);
        }
    }
    if failures.is_empty() { Ok(transcripts.len()) } else { Err(failures) }
}

impl Transcript {
    /// Runs it against a policy.
    ///
    /// # Errors
    /// Everything that was otherwise than written, a line each.
    pub async fn run(&self, kind: &'static PolicyKind) -> Result<(), String> {
        let mut builder = PolicyBench::builder().project(self.project.clone());
        for name in &self.with {
            builder = builder.step(name);
        }
        let builder = builder.policy(kind.name, self.options.clone());
        let mut bench = builder.build().await.map_err(|error| {
            let help = error.help.as_deref().unwrap_or_default();
            format!("line {}: does not build: {} {} {help}", self.line, error.pointer, error.message)
        })?;
        let mut key = None;
        let mut failures = String::new();
        for (number, line) in &self.lines {
            if let Err(error) = run_line(&mut bench, &mut key, line).await {
                let _ = writeln!(failures, "line {number}: {line}\n    {error}");
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }
}

async fn run_line(bench: &mut PolicyBench, key: &mut Option<String>, line: &str) -> Result<(), String> {
    match line.split_once(' ') {
        Some(("wait", text)) => {
            let Interval(duration) = text.trim().parse().map_err(|error| format!("{error}"))?;
            bench.advance(duration);
            Ok(())
        }
        Some(("from", text)) => {
            bench.set_client(text.trim().parse().map_err(|error| format!("{error}"))?);
            Ok(())
        }
        Some(("key", "none")) => {
            *key = None;
            Ok(())
        }
        Some(("key", consumer)) => {
            *key = Some(consumer.trim().to_owned());
            Ok(())
        }
        _ => run_request(bench, key.as_deref(), line).await,
    }
}

async fn run_request(bench: &PolicyBench, key: Option<&str>, line: &str) -> Result<(), String> {
    let (request, expected) = line.rsplit_once("->").ok_or("a request line needs `-> STATUS`")?;
    let expected = Expected::read(expected.trim())?;
    let request = bench.fill_placeholders(request.trim())?;
    let (method, rest) = request.split_once(' ').ok_or("a request line begins with METHOD TARGET")?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| format!("`{method}` is not a method"))?;
    let (target, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
    let (fields, body) = split_fields(rest.trim());

    let mut builder = http::Request::builder().method(method).uri(target);
    let mut has_type = false;
    let mut authorized = false;
    for field in split_list(fields) {
        let (name, value) = field.split_once(':').ok_or_else(|| format!("`{field}` is not a header field"))?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|error| error.to_string())?;
        has_type |= name == http::header::CONTENT_TYPE;
        authorized |= name == http::header::AUTHORIZATION;
        if value.trim() != "-" {
            builder = builder.header(name, HeaderValue::from_str(value.trim()).map_err(|error| error.to_string())?);
        }
    }
    if let Some(consumer) = key.filter(|_| !authorized) {
        builder = builder.header(http::header::AUTHORIZATION, format!("Bearer {}", bench.key(consumer)));
    }
    if !has_type && body.starts_with(['{', '[']) {
        builder = builder.header(http::header::CONTENT_TYPE, "application/json");
    }
    let request = builder.body(body.to_owned()).map_err(|error| error.to_string())?;
    let answer = tokio::time::timeout(Duration::from_secs(30), bench.send(request))
        .await
        .map_err(|_| "no answer within 30 s".to_owned())?;
    expected.check(&answer)
}

/// Splits `[x-a: b; x-c: d] BODY`; a JSON array is a body.
fn split_fields(text: &str) -> (&str, &str) {
    let inner = text.strip_prefix('[').filter(|inner| {
        let name = inner.split(':').next().unwrap_or_default();
        inner.contains(':') && !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    });
    match inner.and_then(|inner| inner.split_once(']')) {
        Some((fields, body)) => (fields, body.trim()),
        None => ("", text),
    }
}

/// Splits `x-a: b; x-c: d` at every semicolon behind which a field begins: `text/html; charset=utf-8`
/// is one value.
fn split_list(fields: &str) -> Vec<&str> {
    let mut list = Vec::new();
    let mut start = 0;
    for (at, _) in fields.match_indices(';') {
        if fields[at + 1..].split_once(':').is_some_and(|(name, _)| is_token(name.trim())) {
            list.push(fields[start..at].trim());
            start = at + 1;
        }
    }
    list.push(fields[start..].trim());
    list.retain(|field| !field.is_empty());
    list
}

struct Expected<'t> {
    status: u16,
    code: Option<&'t str>,
    checks: Vec<(&'t str, &'t str)>,
}

impl<'t> Expected<'t> {
    fn read(text: &'t str) -> Result<Self, String> {
        let mut items = split_items(text).into_iter();
        let mut head = items.next().unwrap_or_default().split_whitespace();
        let status = head.next().and_then(|status| status.parse().ok()).ok_or("`->` must be followed by a status")?;
        let code = head.next();
        let checks = items.map(|item| {
            // A pointer may hold colons no more than a field name does.
            item.split_once(": ")
                .map(|(name, value)| (name.trim(), value.trim()))
                .ok_or(format!("`{item}` is no check"))
        });
        Ok(Self { status, code, checks: checks.collect::<Result<_, String>>()? })
    }

    fn check(&self, answer: &Answer) -> Result<(), String> {
        let mut wrong = Vec::new();
        if answer.status.as_u16() != self.status {
            wrong.push(format!("answered {}", answer.status.as_u16()));
        }
        let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
        if let Some(code) = self.code
            && json.as_ref().and_then(|body| body.get("code")).and_then(Value::as_str) != Some(code)
        {
            wrong.push(format!("the code is not `{code}`"));
        }
        for (name, expected) in &self.checks {
            let actual = actual(answer, json.as_ref(), name);
            if !matches(actual.as_deref(), expected) {
                wrong.push(format!("`{name}` is {}", actual.as_deref().unwrap_or("not there")));
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        if !answer.body.is_empty() {
            wrong.push(format!("body: {}", String::from_utf8_lossy(&answer.body)));
        }
        Err(wrong.join("; "))
    }
}

/// Splits at every `, ` behind which a check begins.
fn split_items(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(", ") {
        let next = &text[at + 2..];
        let name = next.split_once(": ").map(|(name, _)| name.strip_prefix("upstream ").unwrap_or(name));
        if name.is_some_and(|name| name.starts_with('/') && !name.contains(' ') || is_token(name)) {
            items.push(&text[start..at]);
            start = at + 2;
        }
    }
    items.push(&text[start..]);
    items
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn matches(actual: Option<&str>, expected: &str) -> bool {
    match (actual, expected) {
        (actual, "-") => actual.is_none(),
        (actual, "*") => actual.is_some(),
        (Some(actual), _) => match expected.strip_prefix('~') {
            Some(part) => actual.contains(part),
            None => actual == expected,
        },
        (None, _) => false,
    }
}

fn actual(answer: &Answer, json: Option<&Value>, name: &str) -> Option<String> {
    if name == "upstream" {
        return answer.seen.as_ref().map(|seen| format!("{} {}", seen.method, seen.target));
    }
    let (headers, body, name) = match name.strip_prefix("upstream ") {
        Some(name) => {
            let seen = answer.seen.as_ref()?;
            (&seen.headers, &seen.body, name)
        }
        None => (&answer.headers, &answer.body, name),
    };
    if let Some(pointer) = name.strip_prefix("/claims/") {
        return jwt_claims(headers)?.pointer(&format!("/{pointer}")).map(text_of);
    }
    if name.starts_with('/') {
        return json?.pointer(name).map(text_of);
    }
    if name == "body" {
        return Some(String::from_utf8_lossy(body).into_owned());
    }
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The claims of the token in `Authorization`, unverified: the bench trusts the policy's issuer.
fn jwt_claims(headers: &http::HeaderMap) -> Option<Value> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let token = value.rsplit(' ').next()?;
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).ok().map(|data| data.claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_with_commas_are_not_split() {
        let expected =
            Expected::read("429 rate-limited, vary: Origin, Accept, retry-after: 60, /errors/0/in: body").unwrap();
        assert_eq!(expected.code, Some("rate-limited"));
        assert_eq!(expected.checks, [("vary", "Origin, Accept"), ("retry-after", "60"), ("/errors/0/in", "body")],);
    }

    #[test]
    fn parameters_of_a_field_stay_with_it() {
        assert_eq!(split_list("accept: a/b; q=0.5; x-c: d"), ["accept: a/b; q=0.5", "x-c: d"]);
        assert!(split_list(" ").is_empty());
    }

    #[tokio::test]
    async fn a_transcript_that_is_not_true_fails_at_its_line() {
        let kind = tollgate_policies::ALL.iter().find(|kind| kind.name == "set-request-headers").unwrap();
        let page = "```yaml policy\nX-A: b\n```\n```http\nGET /pets -> 200, upstream x-a: c\nGET /pets -> 404\n```\n";
        let error = read(page).unwrap()[0].run(kind).await.unwrap_err();
        assert!(error.contains("line 5:") && error.contains("`upstream x-a` is b"), "{error}");
        assert!(error.contains("line 6:") && error.contains("answered 200"), "{error}");
    }

    #[test]
    fn a_json_array_is_a_body_and_not_a_list_of_fields() {
        assert_eq!(split_fields(r#"[x-a: b] ["c"]"#), ("x-a: b", r#"["c"]"#));
        assert_eq!(split_fields(r#"["c: d"]"#), ("", r#"["c: d"]"#));
    }

    #[test]
    fn expectations_mean_what_the_format_says() {
        for (actual, expected, holds) in [
            (Some("a b"), "a b", true),
            (Some("a b"), "~b", true),
            (Some("a b"), "b", false),
            (Some(""), "*", true),
            (None, "*", false),
            (None, "-", true),
            (Some("a"), "-", false),
        ] {
            assert_eq!(matches(actual, expected), holds, "{actual:?} {expected}");
        }
    }
}
