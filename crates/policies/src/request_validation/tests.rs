//! What the transcripts of `docs.md` do not show: the styles of parameters, references, limits.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tollgate_core::exchange::Params;
use tollgate_core::route::Document;

use super::body::{BodyRules, Verdict};
use super::parameters::{Source, of_operation, pairs};
use super::schemas::Schemas;
use super::violation::{In, MOST, Violation};
use tollgate_core::json_schema::References;

fn schemas(root: Value, resources: &[(&str, Value)]) -> Schemas {
    let document = Document {
        name: "openapi.yaml".to_owned(),
        uri: "file:///project/openapi.yaml".to_owned(),
        root: root.into(),
        resources: resources.iter().map(|(uri, value)| ((*uri).to_owned(), value.clone().into())).collect(),
        mount: String::new(),
    };
    Schemas::new(Arc::new(References::new(&Arc::new(document)).unwrap()))
}

/// What is wrong with one parameter, described by `parameter`, in a request.
fn violations(parameter: Value, path: &[(&str, &str)], query: &str, headers: &[(&str, &str)]) -> Vec<Violation> {
    let schemas = schemas(json!({ "paths": { "/x": { "get": { "parameters": [parameter] } } } }), &[]);
    let operation = schemas.references.spot("/paths/~1x/get").unwrap();
    let parameters = of_operation(&schemas, &operation, None, |_| true).unwrap();
    let params: Params = path.iter().map(|(name, value)| ((*name).into(), (*value).to_owned())).collect();
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    let query = pairs(query);
    let mut found = Vec::new();
    for parameter in &parameters {
        parameter.check(&Source { params: &params, query: &query, headers: &headers }, &mut found, MOST);
    }
    found
}

/// The schema `const` tells what value a text was read as.
#[track_caller]
fn reads(mut parameter: Value, text: &str, expected: Value) {
    let part = parameter["in"].as_str().unwrap().to_owned();
    parameter["schema"]["const"] = expected.clone();
    parameter["name"] = json!("p");
    let found = match part.as_str() {
        "path" => violations(parameter.clone(), &[("p", text)], "", &[]),
        "query" => violations(parameter.clone(), &[], text, &[]),
        "cookie" => violations(parameter.clone(), &[], "", &[("cookie", text)]),
        _ => violations(parameter.clone(), &[], "", &[("p", text)]),
    };
    assert_eq!(found, [], "{text} by {parameter}, expected {expected}");
}

#[test]
fn parameters_are_read_by_their_style_and_explode() {
    let (numbers, object) = (
        json!({ "type": "array", "items": { "type": "integer" } }),
        json!({ "type": "object", "properties": { "a": { "type": "integer" }, "b": { "type": "string" } } }),
    );
    let list = json!([1, 2]);
    let value = json!({ "a": 1, "b": "x" });
    reads(json!({ "in": "query", "schema": { "type": "boolean" } }), "p=true", json!(true));
    reads(json!({ "in": "query", "schema": { "type": "number" } }), "p=1.5e3", json!(1500.0));
    reads(json!({ "in": "query", "schema": { "type": "string" } }), "p=a%20b+c", json!("a b c"));
    reads(json!({ "in": "query", "schema": { "type": ["integer", "string"] } }), "p=7", json!(7));
    reads(json!({ "in": "query", "schema": { "type": ["integer", "null"] } }), "p=", json!(null));
    reads(json!({ "in": "query", "schema": numbers }), "p=1&p=2", list.clone());
    reads(json!({ "in": "query", "explode": false, "schema": numbers }), "p=1,2", list.clone());
    reads(json!({ "in": "query", "style": "spaceDelimited", "schema": numbers }), "p=1%202", list.clone());
    reads(json!({ "in": "query", "style": "pipeDelimited", "schema": numbers }), "p=1|2", list.clone());
    reads(json!({ "in": "query", "schema": object }), "a=1&b=x&c=other", value.clone());
    reads(json!({ "in": "query", "explode": false, "schema": object }), "p=a,1,b,x", value.clone());
    reads(json!({ "in": "query", "style": "deepObject", "schema": object }), "p%5Ba%5D=1&p[b]=x", value.clone());
    reads(json!({ "in": "path", "schema": numbers }), "1,2", list.clone());
    reads(json!({ "in": "path", "explode": true, "schema": object }), "a=1,b=x", value.clone());
    reads(json!({ "in": "path", "style": "label", "explode": true, "schema": numbers }), ".1.2", list.clone());
    reads(json!({ "in": "path", "style": "matrix", "schema": numbers }), ";p=1,2", list.clone());
    reads(json!({ "in": "path", "style": "matrix", "explode": true, "schema": numbers }), ";p=1;p=2", list.clone());
    reads(json!({ "in": "path", "style": "matrix", "explode": true, "schema": object }), ";a=1;b=x", value.clone());
    reads(json!({ "in": "header", "schema": numbers }), "1, 2", list.clone());
    reads(json!({ "in": "header", "schema": object }), "a,1,b,x", value);
    reads(json!({ "in": "cookie", "schema": { "type": "integer" } }), "o=2; p=1", json!(1));
}

#[test]
fn an_encoded_delimiter_belongs_to_its_item() {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    reads(json!({ "in": "query", "explode": false, "schema": texts }), "p=a%2Cb,c", json!(["a,b", "c"]));
}

#[test]
fn only_the_digits_of_an_integer_are_an_integer() {
    for text in ["1.0", "1e3", " 1", "0x1", "", "-", "1,2", "01"] {
        let parameter = json!({ "name": "p", "in": "query", "schema": { "type": "integer" } });
        let found = violations(parameter, &[], &format!("p={}", text.replace(' ', "+")), &[]);
        assert_eq!(found, [Violation::of_parameter(In::Query, "p", "must be integer")], "{text:?}");
    }
}

#[test]
fn parameters_in_json_are_parsed_and_checked() {
    let content = json!({ "application/json": { "schema": { "type": "object", "required": ["a"] } } });
    let parameter = json!({ "name": "p", "in": "query", "content": content });
    assert_eq!(violations(parameter.clone(), &[], "p=%7B%22a%22:1%7D", &[]), []);
    assert_eq!(violations(parameter.clone(), &[], "p=%7B%7D", &[])[0].detail, "must have required property 'a'");
    assert!(violations(parameter, &[], "p=%7B", &[])[0].detail.starts_with("must be JSON"));
}

#[test]
fn an_operations_parameter_replaces_that_of_its_path() {
    let root = json!({ "paths": { "/x": {
        "parameters": [
            { "name": "p", "in": "query", "required": true, "schema": { "type": "integer" } },
            { "name": "q", "in": "query", "required": true },
        ],
        "get": { "parameters": [{ "name": "p", "in": "query", "schema": { "type": "string" } }] },
    } } });
    let schemas = schemas(root, &[]);
    let (operation, item) =
        (schemas.references.spot("/paths/~1x/get").unwrap(), schemas.references.spot("/paths/~1x").unwrap());
    let parameters = of_operation(&schemas, &operation, Some(&item), |_| true).unwrap();
    let (params, headers, mut found) = (Params::new(), HeaderMap::new(), Vec::new());
    for parameter in &parameters {
        parameter.check(&Source { params: &params, query: &pairs("p=text"), headers: &headers }, &mut found, MOST);
    }
    assert_eq!(found, [Violation::of_parameter(In::Query, "q", "is required")]);
}

fn body_rules(schemas: &Schemas) -> BodyRules {
    let operation = schemas.references.spot("/paths/~1x~1{id}/post").unwrap();
    BodyRules::of_operation(schemas, &operation).unwrap().unwrap()
}

fn check_body(rules: &BodyRules, body: &str) -> Vec<Violation> {
    let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    match rules.judge(&headers, true) {
        Verdict::Check(check) => check.violations(&body.to_owned().into(), MOST),
        verdict => panic!("{verdict:?}"),
    }
}

/// A schema in another file that refers back and to itself.
fn tree() -> Schemas {
    schemas(
        json!({
            "paths": { "/x/{id}": { "post": { "requestBody": { "$ref": "#/components/requestBodies/Node" } } } },
            "components": {
                "requestBodies": { "Node": { "content": { "application/json": { "schema": { "$ref": "node.yaml" } } } } },
                "schemas": { "Name": { "type": "string", "maxLength": 3 } },
            },
        }),
        &[(
            "file:///project/node.yaml",
            json!({
                "type": "object",
                "required": ["name", "id"],
                "properties": {
                    "id": { "$ref": "#/$defs/id" },
                    "name": { "$ref": "openapi.yaml#/components/schemas/Name" },
                    "children": { "type": "array", "items": { "$ref": "#" } },
                },
                "$defs": { "id": { "type": "integer", "readOnly": true } },
            }),
        )],
    )
}

#[test]
fn references_lead_into_other_files_back_and_round() {
    let schemas = tree();
    let rules = body_rules(&schemas);
    assert_eq!(check_body(&rules, r#"{"name": "a", "children": [{"name": "b"}]}"#), []);
    let found = check_body(&rules, r#"{"name": "a", "children": [{"name": "long"}, {}]}"#);
    let found: Vec<_> = found.iter().map(|v| (v.pointer.as_str(), v.detail.as_str())).collect();
    assert_eq!(
        found,
        [
            ("/children/0/name", "must NOT have more than 3 characters"),
            ("/children/1", "must have required property 'name'"),
        ],
    );
}

#[test]
fn an_answer_is_bounded_and_repeats_no_value() {
    let schema = json!({ "type": "array", "items": { "type": "object", "additionalProperties": false } });
    let schemas = schemas(
        json!({ "paths": { "/x/{id}": { "post": { "requestBody": { "content": { "application/json": { "schema": schema } } } } } } }),
        &[],
    );
    let long = "n".repeat(10_000);
    let items: Vec<Value> = (0..500).map(|_| json!({ (long.clone()): "secret-value" })).collect();
    let found = check_body(&body_rules(&schemas), &Value::Array(items).to_string());
    assert_eq!(found.len(), MOST);
    let answer: String = found.iter().map(|violation| violation.object().to_string()).collect();
    assert!(answer.len() < 20_000 && !answer.contains("secret-value"), "{} bytes", answer.len());
}

#[test]
fn a_schema_that_is_none_is_a_mistake_with_its_place() {
    for (schema, expected) in [
        (json!({ "type": "strin" }), "strin"),
        (json!({ "$ref": "#/components/schemas/Missing" }), "Missing"),
        (
            json!({ "type": "object", "properties": { "a": { "$ref": "http://elsewhere.test/a.json" } } }),
            "elsewhere.test",
        ),
        (json!({ "pattern": "(" }), "pattern"),
        (
            json!({ "allOf": [{ "properties": { "a": { "minLength": "x" } } }] }),
            "schema/allOf/0/properties/a/minLength",
        ),
    ] {
        let media = json!({ "application/json": { "schema": schema } });
        let schemas = schemas(json!({ "paths": { "/x": { "post": { "requestBody": { "content": media } } } } }), &[]);
        let operation = schemas.references.spot("/paths/~1x/post").unwrap();
        let error = BodyRules::of_operation(&schemas, &operation).unwrap_err();
        assert!(error.message.contains(expected) && error.message.contains("openapi.yaml#"), "{error}");
    }
}

#[test]
fn deeply_nested_json_is_refused_and_not_followed() {
    let schemas = tree();
    let found = check_body(&body_rules(&schemas), &"[".repeat(100_000));
    assert!(found[0].detail.contains("recursion limit"), "{found:?}");
}
