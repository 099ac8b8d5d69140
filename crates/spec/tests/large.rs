//! A document of many megabytes is read, checked and lowered quickly.

mod common;

use std::fmt::Write;

use common::Case;

/// About the size and shape of the largest public documents: 1,000 paths, 12 MB.
fn large(json: bool) -> String {
    let mut text = String::with_capacity(13_000_000);
    if json {
        text.push_str("{\n  \"openapi\": \"3.0.3\",\n  \"info\": { \"title\": \"Large\", \"version\": \"1\" },\n  \"x-tollgate\": { \"upstream\": \"http://127.0.0.1:1\", \"auth\": \"api-key\", \"limit\": \"100/m\" },\n  \"paths\": {\n");
    } else {
        text.push_str("openapi: 3.0.3\ninfo:\n  title: Large\n  version: '1'\nx-tollgate:\n  upstream: http://127.0.0.1:1\n  auth: api-key\n  limit: 100/m\npaths:\n");
    }
    for path in 0..1000 {
        let mut properties = String::new();
        for property in 0..60 {
            let comma = if property == 0 { "" } else { "," };
            if json {
                let _ = write!(
                    properties,
                    "{comma}\n                  \"property{property}\": {{ \"type\": \"string\", \"nullable\": true, \"description\": \"One of the many fields of this object, with a few words on it.\", \"example\": \"value {property}\" }}"
                );
            } else {
                let _ = write!(
                    properties,
                    "                  property{property}:\n                    type: string\n                    nullable: true\n                    description: One of the many fields of this object, with a few words on it.\n                    example: value {property}\n"
                );
            }
        }
        if json {
            let comma = if path == 0 { "" } else { ",\n" };
            let _ = write!(
                text,
                "{comma}    \"/things{path}/{{id}}\": {{ \"get\": {{ \"operationId\": \"get{path}\", \"parameters\": [{{ \"name\": \"id\", \"in\": \"path\", \"required\": true, \"schema\": {{ \"type\": \"string\" }} }}],\n      \"responses\": {{ \"200\": {{ \"description\": \"ok\", \"content\": {{ \"application/json\": {{ \"schema\": {{ \"type\": \"object\", \"properties\": {{{properties} }} }} }} }} }} }} }} }}"
            );
        } else {
            let _ = write!(
                text,
                "  /things{path}/{{id}}:\n    get:\n      operationId: get{path}\n      parameters:\n      - name: id\n        in: path\n        required: true\n        schema:\n          type: string\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema:\n                type: object\n                properties:\n{properties}"
            );
        }
    }
    if json {
        text.push_str("\n  }\n}\n");
    }
    text
}

#[test]
#[ignore = "measures; run it with --release --run-ignored all"]
fn twelve_megabytes_are_checked_within_two_seconds() {
    for (name, json) in [("openapi.json", true), ("openapi.yaml", false)] {
        let text = large(json);
        let case = Case::parse(&format!("=== {name}\n{text}"));
        #[expect(clippy::disallowed_methods, reason = "this is a measurement")]
        let start = std::time::Instant::now();
        let loaded = case.load();
        let took = start.elapsed();
        println!("{name}: {} MB in {took:?}", text.len() / 1_000_000);
        assert!(loaded.project.is_some(), "{}", loaded.diagnostics.to_text(&Default::default()));
        assert_eq!(loaded.project.map(|project| project.routes.len()), Some(1000));
        assert!(took.as_secs() < 2 || cfg!(debug_assertions));
    }
}
