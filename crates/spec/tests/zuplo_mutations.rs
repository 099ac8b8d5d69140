//! A good project of the Zuplo form, and 200 ways to get one line of it wrong, chosen at random from
//! a fixed seed: a field deleted, doubled, retyped, misspelt.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::HandlerKind;
use tollgate_core::catalog::{Catalog, schema_of};
use tollgate_spec::diagnostic::TextStyle;
use tollgate_spec::{LoadOptions, Loaded, load_memory};

/// Options of `urlForwardHandler`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Forward {
    base_url: String,
    forward_search: Option<bool>,
}

/// Options of `redirectHandler`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Redirect {
    location: String,
    status: Option<u16>,
}

/// The real policies, and two handlers.
fn catalog() -> Catalog {
    static FORWARD: HandlerKind = HandlerKind {
        name: "url-forward",
        exports: &["urlForwardHandler"],
        reasons: &[],
        functions: |_| Vec::new(),
        docs: "",
        schema: schema_of::<Forward>,
    };
    static REDIRECT: HandlerKind = HandlerKind {
        name: "redirect",
        exports: &["redirectHandler"],
        reasons: &[],
        functions: |_| Vec::new(),
        docs: "",
        schema: schema_of::<Redirect>,
    };
    static HANDLERS: [&HandlerKind; 2] = [&FORWARD, &REDIRECT];
    Catalog { policies: tollgate_policies::ALL, handlers: &HANDLERS }
}

const CONFIG: &str = r#"{
  "version": 1,
  "compatibilityDate": "2025-02-06",
  "allowDuplicateRoutes": false
}
"#;

const POLICIES: &str = r#"{
  "policies": [
    {
      "name": "keys",
      "policyType": "api-key-inbound",
      "handler": {
        "module": "$import(@zuplo/runtime)",
        "export": "ApiKeyInboundPolicy",
        "options": {
          "cacheTtlSeconds": 60,
          "allowUnauthenticatedRequests": false
        }
      }
    },
    {
      "name": "limit",
      "policyType": "rate-limit-inbound",
      "handler": {
        "module": "$import(@zuplo/runtime)",
        "export": "RateLimitInboundPolicy",
        "options": {
          "rateLimitBy": "user",
          "requestsAllowed": 2,
          "timeWindowMinutes": 1
        }
      }
    },
    {
      "name": "both",
      "policyType": "composite-inbound",
      "handler": {
        "module": "$import(@zuplo/runtime)",
        "export": "CompositeInboundPolicy",
        "options": {
          "policies": ["keys", "limit"]
        }
      }
    },
    {
      "name": "headers",
      "policyType": "set-headers-outbound",
      "handler": {
        "module": "$import(@zuplo/runtime)",
        "export": "SetHeadersOutboundPolicy",
        "options": {
          "headers": [
            {
              "name": "x-a",
              "value": "b"
            }
          ]
        }
      }
    }
  ],
  "corsPolicies": [
    {
      "name": "web",
      "allowedOrigins": "https://a.example",
      "maxAge": 600,
      "allowCredentials": true
    }
  ]
}
"#;

const ROUTES: &str = r#"{
  "openapi": "3.1.0",
  "paths": {
    "/todos/{id}": {
      "x-zuplo-path": {
        "pathMode": "open-api"
      },
      "get": {
        "operationId": "getTodo",
        "x-zuplo-route": {
          "corsPolicy": "web",
          "handler": {
            "module": "$import(@zuplo/runtime)",
            "export": "urlForwardHandler",
            "options": {
              "baseUrl": "https://todo.example",
              "forwardSearch": true
            }
          },
          "policies": {
            "inbound": ["both"],
            "outbound": ["headers"]
          }
        }
      },
      "delete": {
        "operationId": "deleteTodo",
        "x-zuplo-route": {
          "corsPolicy": "none",
          "handler": {
            "module": "$import(@zuplo/runtime)",
            "export": "redirectHandler",
            "options": {
              "location": "/gone",
              "status": 302
            }
          }
        }
      }
    }
  }
}
"#;

const FILES: [(&str, &str); 3] =
    [("zuplo.jsonc", CONFIG), ("config/policies.json", POLICIES), ("config/routes.oas.json", ROUTES)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutation {
    Delete,
    Double,
    Retype,
    Misspell,
}

const ALL: [Mutation; 4] = [Mutation::Delete, Mutation::Double, Mutation::Retype, Mutation::Misspell];

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The line behind the last one of the field that begins on a line.
fn end_of(lines: &[&str], at: usize) -> usize {
    if !lines[at].trim_end_matches(',').ends_with(['{', '[']) {
        return at + 1;
    }
    let deeper = lines[at + 1..].iter().take_while(|line| indent(line) > indent(lines[at])).count();
    at + 1 + deeper + 1
}

/// The name of the field on a line, its mutated file and the line (from 0) where it is to be seen.
fn mutate(text: &str, at: usize, mutation: Mutation) -> Option<(String, String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let (before, after) = lines[at].split_once("\": ")?;
    let name = before.trim_start().strip_prefix('"')?;
    let end = end_of(&lines, at);
    let last = !lines[end - 1].ends_with(',');
    let comma = if last { "" } else { "," };
    let mut head: Vec<String> = lines[..at].iter().map(|line| (*line).to_owned()).collect();
    let body: Vec<String> = lines[at..end].iter().map(|line| (*line).to_owned()).collect();
    let tail = lines[end..].iter().map(|line| (*line).to_owned());
    let indentation = " ".repeat(indent(lines[at]));
    let (middle, place) = match mutation {
        Mutation::Delete => {
            let parent = (0..at).rev().find(|line| indent(lines[*line]) < indent(lines[at]))?;
            // What was the last field now is the one before it.
            if last && let Some(previous) = head.last_mut().filter(|line| line.ends_with(',')) {
                previous.pop();
            }
            (Vec::new(), parent)
        }
        Mutation::Double => {
            let mut first = body.clone();
            if last {
                first.last_mut()?.push(',');
            }
            (first.into_iter().chain(body).collect(), end)
        }
        Mutation::Retype => {
            // A value of no type that anything takes.
            let value = if after.starts_with(['{', '[']) { "7" } else { "[[]]" };
            (vec![format!("{indentation}\"{name}\": {value}{comma}")], at)
        }
        Mutation::Misspell => {
            let mut letters: Vec<char> = name.chars().collect();
            let (a, b) = (letters.len().checked_sub(2)?, letters.len() - 1);
            letters.swap(a, b);
            if letters[a] == letters[b] {
                letters.pop();
            }
            let mut body = body;
            body[0] = format!("{indentation}\"{}\": {after}", letters.iter().collect::<String>());
            (body, at)
        }
    };
    let all: Vec<String> = head.into_iter().chain(middle).chain(tail).collect();
    Some((name.to_owned(), all.join("\n") + "\n", place))
}

/// Where a mutation leaves a project that is as good as before: labels, what is optional, names
/// that the user chooses.
fn may_be_right(file: &str, name: &str, mutation: Mutation) -> bool {
    const LABELS: [&str; 1] = ["policyType"];
    match mutation {
        Mutation::Delete => true,
        Mutation::Double => false,
        Mutation::Retype => LABELS.contains(&name) || (name == "value" && file.ends_with("policies.json")),
        Mutation::Misspell => name.starts_with('/'),
    }
}

fn load(changed: &str, text: &str) -> Loaded {
    let files =
        FILES.map(|(name, good)| (name.to_owned(), if name == changed { text } else { good }.as_bytes().to_vec()));
    let fetch = |url: &str| Err(format!("{url} is not there"));
    load_memory(files.into(), &LoadOptions::new("", &fetch), &catalog())
}

#[test]
fn the_project_that_is_mutated_is_good() {
    let loaded = load("", "");
    assert!(loaded.diagnostics.is_empty(), "{}", loaded.diagnostics.to_text(&TextStyle::default()));
    assert_eq!(loaded.project.map(|project| project.routes.len()), Some(2));
}

#[test]
fn each_of_200_random_mistakes_is_found_at_its_line() {
    let mut places: Vec<(&str, &str, usize, Mutation)> = FILES
        .iter()
        .flat_map(|(file, text)| {
            let lines = 0..text.lines().count();
            lines.flat_map(move |at| ALL.map(|mutation| (*file, *text, at, mutation)))
        })
        .filter(|(_, text, at, mutation)| mutate(text, *at, *mutation).is_some())
        .collect();
    // Fisher and Yates with a fixed seed: the same 200 on every machine.
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    for index in (1..places.len()).rev() {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        places.swap(index, usize::try_from(seed % (index as u64 + 1)).unwrap());
    }
    assert!(places.len() >= 200, "{}", places.len());
    let mut missed = Vec::new();
    let mut found = 0;
    for (file, text, at, mutation) in places.into_iter().take(200) {
        let Some((name, mutated, place)) = mutate(text, at, mutation) else { continue };
        let loaded = load(file, &mutated);
        let spans = loaded
            .diagnostics
            .iter()
            .flat_map(|d| std::iter::once(&d.span).chain(d.related.iter().map(|related| &related.span)));
        let here = spans
            .filter_map(|span| Some((span.source.name().to_string(), span.start()?.0)))
            .any(|(found, line)| found == file && line == place + 1);
        // What is gone is missed at its parent, or where somebody asks for it by its name.
        let told = mutation == Mutation::Delete && !loaded.diagnostics.is_empty();
        found += usize::from(here || told);
        let fine = here || told || (may_be_right(file, &name, mutation) && !loaded.diagnostics.has_errors());
        if !fine {
            missed.push(format!(
                "{mutation:?} of `{name}`, {file}:{} belongs to line {}:\n{}",
                at + 1,
                place + 1,
                loaded.diagnostics.to_text(&TextStyle::default())
            ));
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n----\n"));
    assert!(found >= 140, "most of them are mistakes: {found}");
}
