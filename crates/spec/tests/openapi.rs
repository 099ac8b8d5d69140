//! Documents of every version: what is read, what is said, and where.

#![allow(clippy::unwrap_used, reason = "a test fails loudly")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate_spec::openapi::{self, Files, OpenApi};
use tollgate_spec::{Diagnostics, Tree, overlay};

/// Files in memory.
struct Memory(BTreeMap<&'static str, &'static str>);

impl Files for Memory {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let text = self.0.get(name).ok_or_else(|| "there is no such file".to_owned())?;
        Ok(text.as_bytes().to_vec())
    }
}

fn read(name: &str, text: &str, files: &[(&'static str, &'static str)]) -> (Option<OpenApi>, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let files = Memory(files.iter().copied().collect());
    let document = Tree::parse(name, text.as_bytes(), &mut diagnostics)
        .and_then(|tree| openapi::read(tree, "", &files, &mut diagnostics));
    (document, said(&mut diagnostics))
}

/// `file:line severity code`, sorted.
fn said(diagnostics: &mut Diagnostics) -> Vec<String> {
    diagnostics.sort();
    let line = |d: &tollgate_spec::Diagnostic| d.span.start().map_or(0, |(line, _)| line);
    diagnostics
        .iter()
        .map(|d| format!("{}:{} {} {}", d.span.source.name(), line(d), d.severity.as_str(), d.code))
        .collect()
}

#[track_caller]
fn check(text: &str, files: &[(&'static str, &'static str)], expected: &[&str]) -> Option<OpenApi> {
    let (document, said) = read("openapi.yaml", text, files);
    assert_eq!(said, expected);
    document
}

fn operations(document: &OpenApi) -> Vec<String> {
    let items = document.path_items();
    let all = items.iter().flat_map(|item| item.operations.iter().map(move |operation| (item, operation)));
    all.map(|(item, operation)| format!("{} {} {}", operation.method, item.template, operation.pointer)).collect()
}

#[test]
fn every_version_gives_its_operations_in_document_order_and_methods_are_no_closed_list() {
    let document = check(
        "openapi: 3.2.0
$self: https://example.com/api
info: { title: T, version: '1' }
paths:
  /b/{id}:
    query: { responses: {} }
    additionalOperations:
      PURGE: { responses: {} }
      link: { responses: {} }
  x-note: { get: {} }
  /a:
    post: {}
    get: {}
",
        &[],
        &[],
    );
    assert_eq!(
        operations(&document.unwrap()),
        [
            "QUERY /b/{id} /paths/~1b~1{id}/query",
            "PURGE /b/{id} /paths/~1b~1{id}/additionalOperations/PURGE",
            "link /b/{id} /paths/~1b~1{id}/additionalOperations/link",
            "POST /a /paths/~1a/post",
            "GET /a /paths/~1a/get",
        ]
    );
}

#[test]
fn what_is_no_openapi_3_is_said_at_its_version() {
    let cases = [
        ("swagger: '2.0'\npaths: {}\n", "openapi.yaml:1 error openapi-version"),
        ("info: {}\nopenapi: 3.1\n", "openapi.yaml:2 error openapi-version"),
        ("info: {}\nopenapi: 4.0.0\n", "openapi.yaml:2 error openapi-version"),
        ("opanapi: 3.0.0\n", "openapi.yaml:1 error openapi-version"),
        ("- a\n", "openapi.yaml:1 error openapi-version"),
    ];
    for (text, expected) in cases {
        assert!(check(text, &[], &[expected]).is_none(), "{text}");
    }
    check("openapi: 3.9.0\npaths: {}\n", &[], &["openapi.yaml:1 warning openapi-version"]);
}

#[test]
fn a_document_of_3_0_is_carried_in_the_shape_of_3_1_and_keeps_every_other_field() {
    let document = check(
        "openapi: 3.0.3
x-top: { nullable: true }
paths:
  /a:
    get:
      parameters:
        - { name: n, in: query, example: 1, schema: { type: integer, minimum: 1, exclusiveMinimum: true, x-keep: 1 } }
      responses:
        '200':
          description: d
          content: { application/json: { schema: { type: object, properties: { nullable: { type: string, nullable: true }, example: { type: string, example: e } } }, example: { nullable: true } } }
",
        &[],
        &[],
    );
    let root = document.unwrap().document.root.tree();
    assert_eq!(root["openapi"], "3.1.0");
    assert_eq!(root["x-top"], json!({ "nullable": true }));
    let get = &root["paths"]["/a"]["get"];
    let parameter = json!({ "name": "n", "in": "query", "example": 1, "schema": { "type": "integer", "exclusiveMinimum": 1, "x-keep": 1 } });
    assert_eq!(get["parameters"][0], parameter);
    let content = &get["responses"]["200"]["content"]["application/json"];
    assert_eq!(content["example"], json!({ "nullable": true }), "examples are data");
    let properties =
        json!({ "nullable": { "type": ["string", "null"] }, "example": { "type": "string", "examples": ["e"] } });
    assert_eq!(content["schema"]["properties"], properties);
}

#[test]
fn a_document_of_3_1_is_carried_as_it_is() {
    let text =
        "openapi: 3.1.0\npaths: {}\ncomponents: { schemas: { A: { type: string, nullable: true, example: 1 } } }\n";
    let document = check(text, &[], &[]).unwrap();
    assert_eq!(*document.document.root.tree(), *document.tree.value());
}

#[test]
fn references_to_files_are_read_once_each_upgraded_and_found_by_their_address() {
    let files = [
        (
            "schemas/user.json",
            r##"{ "type": "object", "properties": { "boss": { "$ref": "#" }, "pet": { "$ref": "pet.yaml#/definitions/Pet" } } }"##,
        ),
        ("schemas/pet.yaml", "definitions:\n  Pet: { type: string, nullable: true }\n"),
        ("../shared.yaml", "A: { type: integer }\n"),
    ];
    let text = "openapi: 3.0.0
paths:
  /a:
    post:
      requestBody: { content: { application/json: { schema: { $ref: ../schemas/user.json } } } }
      responses:
        '200': { description: d, content: { application/json: { schema: { $ref: '../../shared.yaml#/A' } } } }
";
    let (document, said) = read("config/routes.yaml", text, &files);
    assert_eq!(said, Vec::<String>::new());
    let document = document.unwrap().document;
    let resources: Vec<_> = document.resources.iter().map(|(uri, value)| (uri.as_str(), value)).collect();
    assert_eq!(resources.len(), 3);
    let pet = resources.iter().find(|(uri, _)| uri.ends_with("/schemas/pet.yaml")).unwrap();
    assert_eq!(pet.1.tree()["definitions"]["Pet"]["type"], json!(["string", "null"]));

    // The addresses fit together: a validator finds its way through all three files.
    let reference = format!("{}#/paths/~1a/post/requestBody/content/application~1json/schema", document.uri);
    let mut registry = jsonschema::Registry::new();
    registry = registry.add(&document.uri, (*document.root.tree()).clone()).unwrap();
    for (uri, value) in resources {
        registry = registry.add(uri, (*value.tree()).clone()).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let validator = jsonschema::options().with_registry(&registry).build(&json!({ "$ref": reference })).unwrap();
    assert!(validator.is_valid(&json!({ "boss": { "pet": null } })));
    assert!(!validator.is_valid(&json!({ "boss": { "pet": 1 } })));
}

#[test]
fn a_reference_that_leads_nowhere_is_said_at_its_line() {
    check(
        "openapi: 3.1.0
paths:
  /a:
    get:
      parameters:
        - $ref: '#/components/parameters/Pge'
        - $ref: missing.yaml
        - $ref: other.yaml#/A
        - $ref: https://example.com/p.yaml
      responses: {}
components:
  parameters:
    Page: { name: page, in: query }
  examples:
    E: { value: { $ref: '#/nowhere' } }
",
        &[("other.yaml", "A: { name: a, in: query, schema: { $ref: '#/B' } }\n")],
        &[
            "openapi.yaml:6 error ref-not-found",
            "openapi.yaml:7 error ref-not-found",
            "openapi.yaml:9 warning ref-remote",
            "other.yaml:1 error ref-not-found",
        ],
    );
}

#[test]
fn cycles_of_references_end() {
    let files = [("a.yaml", "$ref: b.yaml\n"), ("b.yaml", "$ref: a.yaml\n")];
    let text = "openapi: 3.1.0\npaths:\n  /a: { $ref: a.yaml }\n  /b: { $ref: '#/paths/~1b' }\n";
    let document = check(text, &files, &[]).unwrap();
    assert_eq!(operations(&document), Vec::<String>::new());
}

#[test]
fn a_path_item_of_another_place_has_its_operations_here_and_its_lines_there() {
    let files = [(
        "items.yaml",
        "Item:\n  get:\n    operationId: there\n    parameters: [{ $ref: '#/P' }]\nP: { name: p, in: query }\n",
    )];
    let text =
        "openapi: 3.1.0\npaths:\n  /a:\n    $ref: items.yaml#/Item\n    summary: s\n  /b:\n    $ref: '#/paths/~1a'\n";
    let document = check(text, &files, &[]).unwrap();
    assert_eq!(operations(&document), ["GET /a /paths/~1a/get", "GET /b /paths/~1b/get"]);
    let items = document.path_items();
    let place = items[0].operations[0].node.span().place();
    assert_eq!((&*place.file, place.line), ("items.yaml", 3));
    assert_eq!(items[0].field("summary").and_then(|node| node.as_str()), Some("s"));
    let parameters = items[0].parameters(&items[0].operations[0], &document);
    assert_eq!(parameters[0].get("name").and_then(|node| node.as_str()), Some("p"));
    let root = document.document.root.tree();
    let raw = root.pointer("/paths/~1a/get/parameters/0/$ref").and_then(Value::as_str).unwrap();
    assert!(document.document.resources.iter().any(|(uri, _)| raw == format!("{uri}#/P")), "{raw}");
}

#[test]
fn what_is_misspelt_or_of_the_wrong_type_is_said_where_it_stands() {
    check(
        "openapi: 3.1.0
pahts: {}
paths:
  a: {}
  /a:
    gte: {}
    get:
      operationId: one
      securty: []
      responses: []
    post: none
    additionalOperations:
      GET: {}
      'A B': {}
  /b:
    get: { operationId: one, parameters: {} }
",
        &[],
        &[
            "openapi.yaml:2 warning unknown-field",
            "openapi.yaml:4 error path-invalid",
            "openapi.yaml:6 error unknown-field",
            "openapi.yaml:9 warning unknown-field",
            "openapi.yaml:10 warning wrong-type",
            "openapi.yaml:11 error wrong-type",
            "openapi.yaml:13 error method-invalid",
            "openapi.yaml:14 error method-invalid",
            "openapi.yaml:16 warning duplicate-operation-id",
            "openapi.yaml:16 warning wrong-type",
        ],
    );
}

#[test]
fn an_operation_overrides_what_its_path_item_shares() {
    let text = "openapi: 3.1.0
paths:
  /a:
    parameters: [{ name: a, in: query, x: item }, { name: b, in: query }]
    get: { parameters: [{ name: a, in: query, x: own }, { name: b, in: header }] }
";
    let document = check(text, &[], &[]).unwrap();
    let items = document.path_items();
    let parameters = items[0].parameters(&items[0].operations[0], &document);
    let shown: Vec<_> =
        parameters.iter().map(|p| (p.get("name").unwrap().shown(), p.get("in").unwrap().shown())).collect();
    assert_eq!(shown.len(), 3);
    assert_eq!(parameters[0].get("x").unwrap().as_str(), Some("own"));
}

#[track_caller]
fn check_overlay(document: &str, actions: &str, expected: Value, said_expected: &[&str]) -> Tree {
    let mut diagnostics = Diagnostics::new();
    let mut tree = Tree::parse("openapi.yaml", document.as_bytes(), &mut diagnostics).unwrap();
    let text = format!("overlay: 1.1.0\ninfo: {{ title: T, version: '1' }}\nactions:\n{actions}");
    let over = Tree::parse("overlay.yaml", text.as_bytes(), &mut diagnostics).unwrap();
    overlay::apply(&mut tree, &over, &mut diagnostics);
    assert_eq!(*tree.value(), expected);
    assert_eq!(said(&mut diagnostics), said_expected);
    tree
}

#[test]
fn an_overlay_updates_copies_and_removes_and_its_values_keep_their_lines() {
    let document = "a: { x: 1, l: [1, 2, 3] }\nb: { x: 2 }\nc: 0\n";
    let tree = check_overlay(
        document,
        "- target: $.*[?@.x]\n  update: {}\n- target: $['a','b']\n  update:\n    x-tollgate: { auth: public }\n    l: [4]\n- target: $.a.l[0,2]\n  remove: true\n- target: $.a.l\n  update: 5\n- target: $.c\n  update: 7\n- target: $.b\n  copy: $.a\n",
        json!({
            "a": { "x": 1, "l": [2, 4, 5], "x-tollgate": { "auth": "public" } },
            "b": { "x": 1, "x-tollgate": { "auth": "public" }, "l": [4, 2, 4, 5] },
            "c": 7,
        }),
        &["overlay.yaml:4 warning overlay-no-match"],
    );
    let place = |pointer: &str| {
        let place = tree.at(pointer).unwrap().span().place();
        (place.file.to_string(), place.line)
    };
    assert_eq!(place("/a/x-tollgate/auth"), ("overlay.yaml".to_owned(), 8));
    assert_eq!(place("/a/l/0"), ("openapi.yaml".to_owned(), 1));
    assert_eq!(place("/a/l/1"), ("overlay.yaml".to_owned(), 9));
}

#[test]
fn a_broken_action_is_said_at_its_line_and_the_others_are_applied() {
    check_overlay(
        "a: { x: 1 }\n",
        "- target: $.a[\n  update: {}\n- target: $.nothing\n  remove: true\n- update: {}\n- target: $.a\n- target: $.a\n  updat: {}\n- target: $.a\n  update: 1\n- target: $.a\n  update: { y: 2 }\n- 5\n",
        json!({ "a": { "x": 1, "y": 2 } }),
        &[
            "overlay.yaml:4 error overlay-path",
            "overlay.yaml:6 warning overlay-no-match",
            "overlay.yaml:8 error overlay-invalid",
            "overlay.yaml:9 error overlay-invalid",
            "overlay.yaml:10 error overlay-invalid",
            "overlay.yaml:11 error unknown-field",
            "overlay.yaml:13 error overlay-invalid",
            "overlay.yaml:16 error overlay-invalid",
        ],
    );
}
