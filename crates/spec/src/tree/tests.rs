//! Trees of all syntaxes: values, ranges, mistakes.

use serde_json::{Value, json};

use super::{Arrays, Tree};
use crate::Diagnostics;

fn parse(name: &str, text: &str) -> (Option<Tree>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let tree = Tree::parse(name, text.as_bytes(), &mut diagnostics);
    if let Some(tree) = &tree {
        assert!(tree.spans.fits(&tree.value), "{text}");
    }
    (tree, diagnostics)
}

#[track_caller]
fn good(name: &str, text: &str) -> Tree {
    let (tree, diagnostics) = parse(name, text);
    assert!(diagnostics.is_empty(), "{}", diagnostics.to_text(&crate::diagnostic::TextStyle::default()));
    tree.unwrap()
}

#[track_caller]
fn bad(name: &str, text: &str, code: &str, line: usize, column: usize) -> Diagnostics {
    let (_, diagnostics) = parse(name, text);
    let found: Vec<_> = diagnostics.iter().map(|d| (d.code, d.span.start())).collect();
    assert_eq!(found, [(code, Some((line, column)))], "{text}");
    diagnostics
}

#[test]
fn every_pointer_has_the_range_of_its_key_and_value() {
    let yaml = "# c\na: 1\nb:\n  - x\n  - { c/d: 'y', e: |\n      block\n  }\n";
    let yaml = yaml.replace("e: |\n      block\n  }", "e: z }");
    let json = "{\n  \"a\": 1, \"b\": [\"x\", { \"c/d\": \"y\", \"e\": \"z\" }]\n}";
    for (name, text) in [("a.yaml", yaml.as_str()), ("a.json", json)] {
        let tree = good(name, text);
        assert_eq!(*tree.value(), json!({ "a": 1, "b": ["x", { "c/d": "y", "e": "z" }] }));
        let written = |pointer: &str| tree.at(pointer).unwrap().span().text().trim_matches(['"', '\'']).to_owned();
        assert_eq!(written("/a"), "1");
        assert_eq!(written("/b/0"), "x");
        assert_eq!(written("/b/1/c~1d"), "y");
        assert_eq!(written("/b/1/e"), "z");
        let key = |pointer: &str| tree.at(pointer).unwrap().key_span().text().trim_matches('"').to_owned();
        assert_eq!(key("/b/1/c~1d"), "c/d");
        assert_eq!(key("/b"), "b");
        assert_eq!(tree.nearest("/b/1/nothing/there").pointer(), "/b/1");
        assert!(tree.at("/b/2").is_none());
    }
}

#[test]
fn plain_scalars_are_read_by_the_core_schema_and_quoted_ones_are_texts() {
    let tree = good(
        "a.yaml",
        "[~, null, true, FALSE, 12, -3, +4, 0x1F, 0o17, 1.5, 1e3, .5, 18446744073709551615, 007, '1', \"true\", yes, on, 1.2.3, 2020-01-01, .inf, 1_000, !!str 5, e3, 1e999]",
    );
    let expected = json!([
        null,
        null,
        true,
        false,
        12,
        -3,
        4,
        31,
        15,
        1.5,
        1000.0,
        0.5,
        18_446_744_073_709_551_615_u64,
        7,
        "1",
        "true",
        "yes",
        "on",
        "1.2.3",
        "2020-01-01",
        ".inf",
        "1_000",
        "5",
        "e3",
        "1e999"
    ]);
    assert_eq!(*tree.value(), expected);
}

#[test]
fn anchors_aliases_and_merge_keys_are_resolved_and_point_where_they_are_written() {
    let tree = good(
        "a.yaml",
        "base: &b { x: 1, y: 2 }\none: *b\ntwo:\n  <<: *b\n  y: 3\nthree: { <<: [{ z: 5, x: 6 }, *b] }\n&k key: *k\n",
    );
    assert_eq!(
        *tree.value(),
        json!({ "base": { "x": 1, "y": 2 }, "one": { "x": 1, "y": 2 }, "two": { "y": 3, "x": 1 }, "three": { "z": 5, "x": 6, "y": 2 }, "key": "key" })
    );
    assert_eq!(tree.at("/one").unwrap().span().text(), "*b");
    assert_eq!(tree.at("/two/x").unwrap().span().start(), Some((1, 15)));
    let (_, diagnostics) = parse("a.yaml", "a: { <<: 5 }");
    assert_eq!(diagnostics.iter().next().unwrap().code, "yaml-merge");
}

#[test]
fn alias_bombs_deep_nesting_and_self_reference_are_diagnostics() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    assert_eq!(parse("a.yaml", &bomb).1.iter().next().unwrap().code, "yaml-alias");
    assert_eq!(parse("a.yaml", "a: &a [*a]\n").1.iter().next().unwrap().code, "yaml-alias");
    for text in ["[".repeat(5000), "{\"a\":".repeat(5000), "- ".repeat(5000), "a: {".repeat(5000)] {
        for name in ["a.yaml", "a.json", "a.jsonc"] {
            let (tree, diagnostics) = parse(name, &text);
            assert!(tree.is_none() && diagnostics.has_errors(), "{name}");
        }
    }
    assert!(parse("a.json", &format!("{}{}", "[".repeat(150), "]".repeat(150))).0.is_some());
}

#[test]
fn ill_formed_text_is_a_diagnostic_at_its_line() {
    bad("a.yaml", "a: 1\n\tb: 2\n", "yaml-syntax", 2, 1);
    bad("a.yaml", "a: 1\nb: [1, 2\nc: 3\n", "yaml-syntax", 3, 2);
    bad("a.yaml", "a: 1\n---\nb: 2\n", "yaml-documents", 2, 1);
    bad("a.yaml", "a: 1\n? [x]\n: 2\n", "yaml-key", 2, 3);
    bad("a.json", "{\n  \"a\": 1,\n}\n", "json-syntax", 2, 9);
    bad("a.json", "{\n  \"a\": tru\n}\n", "json-syntax", 2, 8);
    bad("a.json", "{ 'a': 1 }\n", "json-syntax", 1, 3);
    let twice = bad("a.yaml", "a: 1\nb: 2\na: 3\n", "duplicate-key", 3, 1);
    assert!(twice.iter().next().unwrap().message.contains("line 1"));
    bad("a.json", "{ \"a\": 1,\n\"a\": 2 }", "duplicate-key", 2, 1);
    let mut diagnostics = Diagnostics::new();
    assert!(Tree::parse("a.yaml", b"a: 1\nb: \xFF\n", &mut diagnostics).is_none());
    let found: Vec<_> = diagnostics.iter().map(|d| (d.code, d.span.start())).collect();
    assert_eq!(found, [("not-utf8", Some((2, 4)))]);
    for text in ["", "# only a comment\n", "---\n"] {
        assert_eq!(*good("a.yaml", text).value(), Value::Null);
    }
    assert_eq!(*good("a.yaml", "\u{FEFF}a: 1\n").value(), json!({ "a": 1 }));
    assert_eq!(*good("a.json", "\u{FEFF}{}").value(), json!({}));
    assert_eq!(*good("a.jsonc", "{ // c\n\"a\": [1,], }").value(), json!({ "a": [1] }));
}

#[test]
fn laying_trees_over_each_other_keeps_the_file_that_wrote_each_value() {
    let mut tree = good("a.yaml", "x: { a: 1, b: [1] }\ny: 1\n");
    let over = good("b.yaml", "x: { b: [2], c: 3 }\n");
    tree.merge(&over, Arrays::Replace);
    assert_eq!(*tree.value(), json!({ "x": { "a": 1, "b": [2], "c": 3 }, "y": 1 }));
    let file = |tree: &Tree, pointer: &str| tree.at(pointer).unwrap().key_span().place().to_string();
    assert_eq!(file(&tree, "/x/a"), "a.yaml:1:6");
    assert_eq!(file(&tree, "/x/b"), "b.yaml:1:6");
    assert_eq!(file(&tree, "/x/c"), "b.yaml:1:14");
    let mut tree = good("a.yaml", "x: { b: [1], d: 1 }\n");
    tree.merge(&over, Arrays::Append);
    assert!(tree.remove("/x/d") && tree.remove("/x/b/0") && !tree.remove("/z"));
    assert_eq!(*tree.value(), json!({ "x": { "b": [2], "c": 3 } }));
    assert!(tree.spans.fits(&tree.value));
    assert!(tree.append_at("/x/b", &over.at("/x").unwrap()));
    assert!(tree.spans.fits(&tree.value));
    assert_eq!(file(&tree, "/x/b/1/c"), "b.yaml:1:14");
}

#[test]
fn env_is_replaced_in_texts_alone_and_what_is_shown_stays_as_written() {
    let mut tree = good(
        "a.yaml",
        "a: x$env(A)y\nb: ['$env(B:-d e)', '$env(A)$env(A)', $5]\n$env(A): k\nc: $env(C) $env(1x) $env(\n",
    );
    let mut diagnostics = Diagnostics::new();
    tree.expand("", &|name| (name == "A").then(|| "secret".to_owned()), &mut diagnostics);
    assert_eq!(
        *tree.value(),
        json!({ "a": "xsecrety", "b": ["d e", "secretsecret", "$5"], "$env(A)": "k", "c": "$env(C) $env(1x) $env(" })
    );
    assert_eq!(tree.at("/a").unwrap().shown(), "x$env(A)y");
    assert_eq!(tree.at("/b/1").unwrap().shown(), "$env(A)$env(A)");
    assert_eq!(tree.root().redact("`secretsecret` is wrong"), "`$env(A)$env(A)` is wrong");
    let codes: Vec<_> = diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["env-unset", "env-syntax", "env-syntax"]);
}
