//! The schemas for editors.

mod common;

use common::catalog;
use serde_json::json;

#[test]
fn the_schema_of_x_tollgate_takes_every_form_of_the_grammar_and_refuses_what_check_refuses() {
    let schema = tollgate_spec::schema(&catalog()).extension;
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = [
        json!({ "upstream": "api", "auth": "api-key", "limit": "100/m" }),
        json!({ "auth": "public", "sign": false, "inbound": ["slow", { "sleep": 5 }, { "sleep": { "sleepInMs": 5 } }] }),
        json!({ "auth": ["api-key", { "open-id-jwt-auth": { "headerName": "x" } }], "sign": { "audience": "x" } }),
        json!({ "limit": [{ "by": "user.data.plan", "rate": { "gold": "6/s", "default": "1/s" } }, "5/s"] }),
        json!({ "inbound": { "replace": ["x"] }, "outbound": { "without": ["x"], "add": [] } }),
        json!({ "inbound": [{ "use": "sleep", "options": { "sleepInMs": 1 }, "as": "x" }, { "use": "./modules/a.ts#b" }] }),
        json!({ "auth": "./modules/who.ts", "limit": { "by": "./modules/limits.ts#byTenant", "rate": "5/s" } }),
        json!({ "inbound": [{ "./modules/a.ts#b": { "x": 1 } }], "handler": { "./modules/a.ts#c": 5 } }),
        json!({ "handler": "mock", "path": { "strip": "/a" }, "timeouts": { "total": "5s" }, "hosts": ["a"], "cors": "none" }),
        json!({ "handler": { "redirect": { "location": "/x" } }, "path": { "rewrite": "/{id}" } }),
    ];
    for value in good {
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{value}: {errors:?}");
    }
    let bad = [
        json!({ "upstrem": "api" }),
        json!({ "limit": "100" }),
        json!({ "limit": { "rate": { "gold": "6/s" } } }),
        json!({ "inbound": [{ "sleep": { "sleepInMs": "x" } }] }),
        json!({ "inbound": [{ "use": "sleep", "options": { "sleepInMS": 1 } }] }),
        json!({ "path": { "strip": "a" } }),
        json!({ "outbound": [{ "sleep": { "sleepInMs": 5 } }] }),
    ];
    for value in bad {
        assert!(!validator.is_valid(&value), "{value}");
    }
}

#[test]
fn the_schema_of_the_settings_types_the_options_of_named_policies() {
    let schema = tollgate_spec::schema(&catalog()).settings;
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&json!({ "policies": { "slow": { "use": "sleep", "options": { "sleepInMs": 5 } } } })));
    assert!(!validator.is_valid(&json!({ "policies": { "slow": { "use": "sleep", "options": { "sleepInMS": 5 } } } })));
    assert!(!validator.is_valid(&json!({ "publicURL": "x" })));
}
