//! What `init` writes into a document: additions only, whatever the document looks like.

#![allow(clippy::unwrap_used, reason = "a test fails loudly")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tollgate_spec::edit::{self, Edit, EditError};
use tollgate_spec::{Diagnostics, Tree, overlay};

fn extension() -> Map<String, Value> {
    let value = json!({ "upstream": "http://127.0.0.1:8888", "auth": "api-key", "limit": "100/m" });
    value.as_object().cloned().unwrap()
}

fn parse(name: &str, bytes: &[u8]) -> Tree {
    let mut diagnostics = Diagnostics::new();
    let tree = Tree::parse(name, bytes, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{}", String::from_utf8_lossy(bytes));
    tree.unwrap()
}

/// Taking the insertions away gives the original back, byte for byte.
#[track_caller]
fn without_insertions(edit: &Edit) -> Vec<u8> {
    let mut bytes = edit.bytes.clone();
    for insertion in edit.insertions.iter().rev() {
        let before: usize =
            edit.insertions.iter().take_while(|other| *other != insertion).map(|other| other.text.len()).sum();
        let start = insertion.offset + before;
        let removed: Vec<u8> = bytes.drain(start..start + insertion.text.len()).collect();
        assert_eq!(removed, insertion.text.as_bytes());
    }
    bytes
}

#[track_caller]
fn check(name: &str, before: &str, after: &str) {
    let edit = edit::insert(name, before.as_bytes(), &extension()).unwrap();
    assert_eq!(String::from_utf8(edit.bytes.clone()).unwrap(), after);
    assert_eq!(without_insertions(&edit), before.as_bytes());
}

#[test]
fn yaml_keeps_its_comments_anchors_and_number_forms() {
    check(
        "openapi.yaml",
        "# Mine\nopenapi: 3.1.0 # version\ninfo: &info { title: T, version: 1.0 }\npaths:\n    /health:\n        get:\n            security: [] # open\n            responses: {}\n    /a: { get: { security: [], x-n: 0x1F } }\n",
        "# Mine\nopenapi: 3.1.0 # version\nx-tollgate:\n    upstream: http://127.0.0.1:8888\n    auth: api-key\n    limit: 100/m\ninfo: &info { title: T, version: 1.0 }\npaths:\n    /health:\n        get:\n            security: [] # open\n            x-tollgate:\n                auth: public\n            responses: {}\n    /a: { get: { security: [], \"x-tollgate\": {\"auth\": \"public\"}, x-n: 0x1F } }\n",
    );
}

#[test]
fn json_keeps_its_indentation_and_its_line_ends() {
    check(
        "openapi.json",
        "\u{FEFF}{\r\n\t\"openapi\": \"3.0.0\",\r\n\t\"x-n\": 1.50e3,\r\n\t\"paths\": { \"/a\": { \"get\": { \"security\": [] } } }\r\n}\r\n",
        "\u{FEFF}{\r\n\t\"openapi\": \"3.0.0\",\r\n\t\"x-tollgate\": {\r\n\t\t\"upstream\": \"http://127.0.0.1:8888\",\r\n\t\t\"auth\": \"api-key\",\r\n\t\t\"limit\": \"100/m\"\r\n\t},\r\n\t\"x-n\": 1.50e3,\r\n\t\"paths\": { \"/a\": { \"get\": { \"security\": [], \"x-tollgate\": {\"auth\": \"public\"} } } }\r\n}\r\n",
    );
    check(
        "openapi.json",
        "{\"paths\":{},\"openapi\":\"3.0.0\"}",
        "{\"paths\":{},\"openapi\":\"3.0.0\",\"x-tollgate\":{\"upstream\":\"http://127.0.0.1:8888\",\"auth\":\"api-key\",\"limit\":\"100/m\"}}",
    );
}

#[test]
fn a_last_line_without_a_line_break_stays_the_last_line() {
    check(
        "openapi.yml",
        "paths: {}\r\nopenapi: 3.1.0",
        "paths: {}\r\nopenapi: 3.1.0\r\nx-tollgate:\r\n  upstream: http://127.0.0.1:8888\r\n  auth: api-key\r\n  limit: 100/m",
    );
}

#[test]
fn an_operation_that_an_alias_repeats_is_added_to_once() {
    let text = "openapi: 3.1.0\npaths:\n  /a:\n    get: &op\n      security: []\n  /b:\n    get: *op\n";
    let edit = edit::insert("openapi.yaml", text.as_bytes(), &extension()).unwrap();
    assert_eq!((edit.insertions.len(), edit.public.len()), (2, 2));
    assert_eq!(without_insertions(&edit), text.as_bytes());
}

#[test]
fn where_an_addition_would_spread_there_is_none() {
    let text = "openapi: 3.1.0\npaths:\n  /a:\n    get: &op\n      security: []\n  /b:\n    get:\n      <<: *op\n      security: [{ key: [] }]\n";
    let result = edit::insert("openapi.yaml", text.as_bytes(), &extension());
    assert!(matches!(result, Err(EditError::NoPlace(_))), "{result:?}");
    let result = edit::insert("openapi.yaml", b"openapi: 3.1.0\nx-tollgate: {}\n", &extension());
    assert!(matches!(result, Err(EditError::AlreadyThere(_))));
    let result = edit::insert("openapi.json", b"{", &extension());
    assert!(matches!(result, Err(EditError::Unreadable(_))));
}

#[test]
fn an_overlay_says_the_same_as_an_edit() {
    let text = "openapi: 3.1.0\npaths:\n  /it's/{id}: { get: { security: [] }, post: {} }\n";
    let edited = edit::insert("openapi.yaml", text.as_bytes(), &extension()).unwrap();
    let mut tree = parse("openapi.yaml", text.as_bytes());
    let over = parse("overlay.yaml", edit::overlay(&tree, &extension()).as_bytes());
    let mut diagnostics = Diagnostics::new();
    overlay::apply(&mut tree, &over, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{}", diagnostics.to_text(&tollgate_spec::diagnostic::TextStyle::default()));
    assert_eq!(tree.value(), parse("openapi.yaml", &edited.bytes).value());
}

#[test]
fn a_backend_without_a_document_gets_one_that_takes_everything() {
    let tree = parse("openapi.yaml", edit::catch_all("My: API", &extension()).as_bytes());
    assert_eq!(tree.value()["info"]["title"], "My: API");
    assert_eq!(tree.value()["x-tollgate"], Value::Object(extension()));
    assert_eq!(tree.value()["paths"]["/{rest}"]["x-tollgate-path"], json!({ "rest": "many" }));
}

#[test]
fn what_is_not_used_is_said_with_its_line() {
    let text = "openapi: 3.1.0
servers: [{ url: 'https://a.example/v1/' }, { url: / }]
security: [{ key: [] }]
webhooks: {}
paths:
  /a?b=c:
    get: { security: [{}, { oauth: [read] }] }
";
    let edit = edit::insert("openapi.yaml", text.as_bytes(), &extension()).unwrap();
    let lines: Vec<_> = edit.notes.iter().map(|note| note.span.start().unwrap().0).collect();
    assert_eq!(lines, [2, 3, 4, 6, 7, 7]);
}

/// Documents of many looks: the same content in block and flow style, with comments between.
fn document() -> impl Strategy<Value = (String, String)> {
    let operation = prop_oneof![Just("security: []"), Just("security: [{ k: [] }]"), Just("summary: '{ \" # }'")];
    let operations = prop::collection::vec((operation, prop::bool::ANY), 0..5);
    let comment = prop_oneof![Just(""), Just(" # c: [] }"), Just("   ")];
    (operations, comment, 1usize..5, prop::bool::ANY, prop::bool::ANY, prop::bool::ANY).prop_map(
        |(operations, comment, width, crlf, bom, json)| {
            let mut text = String::new();
            if json {
                text.push_str("{\"openapi\": \"3.1.0\", \"paths\": {");
                for (index, (operation, _)) in operations.iter().enumerate() {
                    let (key, value) = operation.split_once(": ").unwrap();
                    let value = match value {
                        "[{ k: [] }]" => "[{\"k\":[]}]",
                        "[]" => "[ ]",
                        _ => "\"{ \\\" # }\"",
                    };
                    let comma = if index > 0 { ",\n" } else { "" };
                    text.push_str(&format!("{comma}\"/p{index}\": {{\"get\":{{\"{key}\":{value}}}}}"));
                }
                text.push_str("}}");
            } else {
                let step = " ".repeat(width);
                text.push_str(&format!(
                    "info: {{ title: T }}{comment}\nopenapi: \"3.1.0\"{comment}\npaths:{comment}\n"
                ));
                for (index, (operation, flow)) in operations.iter().enumerate() {
                    text.push_str(&format!("{step}/p{index}:\n{step}{step}get:"));
                    if *flow {
                        text.push_str(&format!(" {{ {operation} , x-a: 1 }}{comment}\n"));
                    } else {
                        text.push_str(&format!("{comment}\n{step}{step}{step}{operation}{comment}\n\n"));
                    }
                }
            }
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            if bom {
                text.insert(0, '\u{FEFF}');
            }
            (if json { "a.json" } else { "a.yaml" }.to_owned(), text)
        },
    )
}

proptest! {
    #[test]
    fn an_edit_only_adds_bytes_and_the_document_says_what_it_said((name, text) in document()) {
        let before = parse(&name, text.as_bytes());
        let edit = edit::insert(&name, text.as_bytes(), &extension()).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(without_insertions(&edit), text.as_bytes());
        let after = parse(&name, &edit.bytes);
        let mut value = after.value().clone();
        prop_assert_eq!(value.as_object_mut().unwrap().shift_remove("x-tollgate"), Some(Value::Object(extension())));
        for operation in &edit.public {
            let object = value.pointer_mut(&operation.pointer).unwrap().as_object_mut().unwrap();
            prop_assert_eq!(object.shift_remove("x-tollgate"), Some(json!({ "auth": "public" })));
        }
        prop_assert_eq!(&value, before.value());
    }
}

#[test]
fn what_many_operations_have_in_common_is_said_once() {
    let text = "openapi: 3.1.0
security: [{ key: [] }]
paths:
  /a:
    get: { security: [{}, { key: [] }] }
    put: { security: [{ oauth: [write] }] }
  /b:
    get: { security: [{}] }
    put: { security: [{ oauth: [write] }] }
    post: { security: [{ oauth: [read] }] }
";
    let edit = edit::insert("openapi.yaml", text.as_bytes(), &extension()).unwrap();
    let groups = edit::grouped(&edit.notes);
    let said: Vec<_> = groups.iter().map(|group| (group.count, group.first.start().unwrap().0)).collect();
    assert_eq!(said, [(1, 2), (2, 5), (3, 6)]);
    assert_eq!(groups.iter().map(|group| group.count).sum::<usize>(), edit.notes.len());
}
