//! A good project, and every way to get one line of it wrong: deleted, doubled, retyped, misspelt.

mod common;

use common::Case;
use tollgate_spec::diagnostic::TextStyle;

const SETTINGS: &str = "\
publicUrl: https://api.example.com
server:
  listen: 127.0.0.1:9000
  drain: 5s
  onBrokenProject: last-good
  limits:
    headerCount: 50
    body: 10MiB
  trustedProxies:
    - 10.0.0.0/8
documents:
  - from: openapi.yaml
    mount: /v1
upstreams:
  api:
    url: http://127.0.0.1:8888
    audience: api
    timeouts:
      connect: 1s
  plain: http://127.0.0.1:8889
policies:
  slow:
    use: sleep
    options:
      sleepInMs: 5
cors:
  web:
    allowedOrigins: https://a.example
    allowCredentials: true
issuer:
  algorithm: ES256
  expiresIn: 5m
failedAuthLimit: 60/m
consumers:
  - name: test
    keyHashes:
      - sha256:0000000000000000000000000000000000000000000000000000000000000000
";

const DOCUMENT: &str = "\
openapi: 3.1.0
info:
  title: Todo API
  version: 1.0.0
x-tollgate:
  upstream: api
  auth: api-key
  limit: 100/m
  cors: web
  guard:
    - ip-restriction:
        allow:
          - 10.0.0.0/8
  timeouts:
    total: 5s
paths:
  /todos/{id}:
    parameters:
      - name: id
        in: path
        required: true
        schema:
          type: string
    get:
      operationId: getTodo
      x-tollgate:
        path:
          rewrite: /items/{id}
        limit:
          - by: user.data.plan
            rate:
              gold: 600/m
              default: 60/m
        inbound:
          - slow
          - use: sleep
            options:
              sleepInMs: 3
            as: nap
        sign:
          audience: todos
          expiresIn: 60
      responses:
        '200':
          description: ok
    delete:
      x-tollgate:
        auth: public
        upstream: plain
        handler:
          redirect:
            location: /gone
      responses:
        '200':
          description: ok
  /files/{rest}:
    x-tollgate-path:
      rest: many
    x-tollgate-any:
      operationId: files
      x-tollgate:
        hosts:
          - files.example.com
        outbound:
          - set-response-headers:
              headers:
                - name: a
                  value: b
";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutation {
    Delete,
    Double,
    Retype,
    Misspell,
}

const ALL: [Mutation; 4] = [Mutation::Delete, Mutation::Double, Mutation::Retype, Mutation::Misspell];

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

/// The lines that belong to the field on a line: itself and everything that is deeper.
fn block(lines: &[&str], at: usize) -> usize {
    let deeper = lines[at + 1..].iter().take_while(|line| indent(line) > indent(lines[at])).count();
    at + 1 + deeper
}

/// The mutated text and the line (from 0) where a diagnostic belongs; none where the mutation
/// does not apply to the line.
fn mutate(text: &str, at: usize, mutation: Mutation) -> Option<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let line = lines[at];
    let end = block(&lines, at);
    let (key, value) = match line.split_once(": ").or_else(|| line.split_once(':')) {
        Some((key, value)) => (key, value.trim()),
        None => return None,
    };
    let (head, tail) = (&lines[..at], &lines[end..]);
    let join = |middle: Vec<String>| {
        let all =
            head.iter().map(|line| (*line).to_owned()).chain(middle).chain(tail.iter().map(|line| (*line).to_owned()));
        all.collect::<Vec<_>>().join("\n") + "\n"
    };
    let body = || lines[at..end].iter().map(|line| (*line).to_owned());
    // The first field of a list's item carries the dash: only its own words are changed.
    let first_of_item = line.trim_start().starts_with("- ");
    if key.contains("sha256") || value == "files" {
        return None;
    }
    match mutation {
        Mutation::Delete if first_of_item => None,
        Mutation::Delete => {
            let parent = (0..at).rev().find(|line| indent(lines[*line]) < indent(lines[at])).unwrap_or(0);
            Some((join(vec![]), parent))
        }
        Mutation::Double => {
            let second = body().map(|line| if first_of_item { line.replacen('-', " ", 1) } else { line });
            Some((join(body().chain(second).collect()), end))
        }
        Mutation::Retype if value.is_empty() => Some((join(vec![format!("{key}: 7")]), at)),
        Mutation::Retype => Some((join(vec![format!("{key}: [[]]")]), at)),
        Mutation::Misspell => {
            let name = key.trim_start_matches([' ', '-']);
            let mut chars: Vec<char> = name.chars().collect();
            if chars.len() < 2 {
                return None;
            }
            let last = chars.len() - 1;
            chars.swap(last - 1, last);
            if chars.iter().collect::<String>() == name {
                chars.pop();
            }
            let mut body: Vec<String> = body().collect();
            body[0] = line.replacen(name, &chars.iter().collect::<String>(), 1);
            Some((join(body), at))
        }
    }
}

/// Fields that mean nothing to the gateway, or names that the user chooses: changing them may be right.
fn is_free(line: &str, mutation: Mutation) -> bool {
    let name = line.trim_start_matches([' ', '-']).split(':').next().unwrap_or_default();
    match mutation {
        Mutation::Misspell => {
            matches!(
                name,
                "title"
                    | "version"
                    | "gold"
                    | "description"
                    | "'200'"
                    | "info"
                    | "responses"
                    | "type"
                    | "in"
                    | "required"
                    | "schema"
                    | "name"
                    | "value"
                    | "parameters"
                    | "test"
            ) || line.trim_start().starts_with('/')
        }
        Mutation::Retype => {
            matches!(
                name,
                "title"
                    | "version"
                    | "description"
                    | "'200'"
                    | "responses"
                    | "info"
                    | "type"
                    | "in"
                    | "required"
                    | "schema"
                    | "parameters"
                    | "name"
            ) || name.is_empty()
        }
        _ => false,
    }
}

fn case(settings: &str, document: &str) -> Case {
    Case::parse(&format!("=== tollgate.yaml\n{settings}=== openapi.yaml\n{document}"))
}

#[test]
fn the_project_that_is_mutated_is_good() {
    let loaded = case(SETTINGS, DOCUMENT).load();
    assert!(loaded.diagnostics.is_empty(), "{}", loaded.diagnostics.to_text(&TextStyle::default()));
}

#[test]
fn every_single_mistake_is_found_at_its_line() {
    let mut count = 0;
    let mut missed = Vec::new();
    for (file, text) in [("tollgate.yaml", SETTINGS), ("openapi.yaml", DOCUMENT)] {
        for at in 0..text.lines().count() {
            for mutation in ALL {
                let line = text.lines().nth(at).unwrap();
                let Some((mutated, place)) = mutate(text, at, mutation) else { continue };
                let project = if file == "tollgate.yaml" { case(&mutated, DOCUMENT) } else { case(SETTINGS, &mutated) };
                let loaded = project.load();
                count += 1;
                let lines: Vec<(String, usize)> = loaded
                    .diagnostics
                    .iter()
                    .flat_map(|d| std::iter::once(&d.span).chain(d.related.iter().map(|related| &related.span)))
                    .flat_map(|span| span.start().map(|(line, _)| (span.source.name().to_string(), line)))
                    .collect();
                let at_place = lines.iter().any(|(name, found)| name == file && *found == place + 1);
                let fine = match mutation {
                    // What is optional may go; what others name is missed where they name it.
                    Mutation::Delete => {
                        lines.is_empty()
                            || at_place
                            || !loaded.diagnostics.has_errors()
                            || loaded.diagnostics.iter().any(|d| {
                                let name = line.trim_start_matches([' ', '-']).split(':').next().unwrap_or_default();
                                d.message.contains(&format!("`{name}`"))
                                    || matches!(
                                        d.code,
                                        "no-auth"
                                            | "no-upstream"
                                            | "unknown-upstream"
                                            | "unknown-policy"
                                            | "unknown-cors"
                                            | "openapi-version"
                                            | "no-document"
                                            | "invalid-path"
                                            | "missing-field"
                                    )
                            })
                    }
                    _ => at_place || is_free(line, mutation),
                };
                if !fine {
                    let drawn = loaded.diagnostics.to_text(&TextStyle::default());
                    missed.push(format!(
                        "{mutation:?} of {file}:{} `{line}` belongs to line {}:\n{drawn}",
                        at + 1,
                        place + 1
                    ));
                }
            }
        }
    }
    assert!(count >= 200, "{count}");
    assert!(missed.is_empty(), "{} of {count} missed:\n{}", missed.len(), missed.join("\n----\n"));
}

#[test]
fn many_mistakes_at_once_and_cut_files_never_panic() {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    for _ in 0..150 {
        let (mut settings, mut document) = (SETTINGS.to_owned(), DOCUMENT.to_owned());
        for _ in 0..1 + random(6) {
            let text = if random(3) == 0 { &mut settings } else { &mut document };
            let at = random(text.lines().count().max(1));
            match random(6) {
                0..5 => {
                    if let Some((mutated, _)) = mutate(text, at, ALL[random(4)]) {
                        *text = mutated;
                    }
                }
                _ => text.truncate(random(text.len() + 1)),
            }
            if text.is_empty() {
                text.push('\n');
            }
        }
        let loaded = case(&settings, &document).load();
        assert!(!loaded.diagnostics.to_text(&TextStyle::default()).contains('\u{1b}'));
        assert!(loaded.diagnostics.to_sarif().is_object());
    }
}
