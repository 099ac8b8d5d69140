//! JSON Schemas for editors: `tollgate.yaml`, and `x-tollgate` with every policy's options.

use serde_json::{Map, Value, json};
use tollgate_core::catalog::{Catalog, Direction};
use tollgate_core::settings::TimeoutSettings;

use crate::load::settings::settings_schema;

/// The dialect of both.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schemas for editors.
#[derive(Debug, Clone, PartialEq)]
pub struct EditorSchemas {
    /// For `tollgate.yaml`: options of named policies are typed by what they use.
    pub settings: Value,
    /// For an `x-tollgate` object.
    pub extension: Value,
}

/// The schemas of everything that a catalog's projects can say.
pub fn schema(catalog: &Catalog) -> EditorSchemas {
    EditorSchemas { settings: settings(catalog), extension: extension(catalog) }
}

fn settings(catalog: &Catalog) -> Value {
    let mut schema = settings_schema();
    let typed: Vec<Value> = catalog
        .policies
        .iter()
        .map(|kind| {
            json!({
                "if": { "properties": { "use": { "const": kind.name } }, "required": ["use"] },
                "then": { "properties": { "options": kind.schema() } },
            })
        })
        .collect();
    if let Some(policy) = schema.pointer_mut("/properties/policies/additionalProperties").and_then(Value::as_object_mut)
    {
        policy.insert("allOf".to_owned(), Value::Array(typed));
    }
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!("tollgate.yaml"));
    }
    schema
}

fn extension(catalog: &Catalog) -> Value {
    let mut definitions = Map::new();
    for kind in catalog.policies {
        definitions.insert(format!("policy.{}", kind.name), kind.schema());
    }
    for kind in catalog.handlers {
        definitions.insert(format!("handler.{}", kind.name), kind.schema());
    }
    definitions.insert("inboundStep".to_owned(), step(catalog, Direction::Inbound));
    definitions.insert("outboundStep".to_owned(), step(catalog, Direction::Outbound));
    definitions.insert(
        "rate".to_owned(),
        json!({
            "type": "string", "pattern": "^[0-9]+ ?/ ?[0-9]*[smhd]$", "examples": ["100/m", "10/15m", "5/s"],
            "description": "So many requests in so long.",
        }),
    );
    definitions.insert("limit".to_owned(), json!({
        "anyOf": [
            { "$ref": "#/$defs/rate" },
            { "type": "object", "required": ["rate"], "additionalProperties": false, "properties": {
                "by": { "type": "string", "pattern": "^(user|ip|all|user\\.data\\..+|\\.\\.?/.+)$", "examples": ["user", "ip", "all", "user.data.plan", "./modules/limits.ts#byTenant"],
                    "description": "What is counted: the consumer, the address, everyone together, the consumer with the rate that a field of its metadata picks, or what a function of a module returns." },
                "rate": { "description": "So many in so long; or a rate for each value, and a `default`.", "anyOf": [
                    { "$ref": "#/$defs/rate" },
                    { "type": "object", "required": ["default"], "additionalProperties": { "$ref": "#/$defs/rate" } },
                ] },
            } },
        ],
    }));
    let steps = |name: &str| json!({ "type": "array", "items": { "$ref": format!("#/$defs/{name}") } });
    let change = |name: &str| {
        json!({ "anyOf": [
        steps(name),
        { "type": "object", "required": ["replace"], "additionalProperties": false, "properties": { "replace": steps(name) } },
        { "type": "object", "additionalProperties": false, "properties": {
            "without": { "type": "array", "items": { "type": "string" } }, "add": steps(name),
        } },
    ] })
    };
    let path = |text: &str| json!({ "type": "string", "pattern": "^/", "description": text });
    let sign = if catalog.policy("upstream-jwt").is_some() {
        json!({ "anyOf": [{ "type": "boolean" }, { "$ref": "#/$defs/policy.upstream-jwt" }] })
    } else {
        json!({ "type": ["boolean", "object"] })
    };
    let described = |text: &str, mut schema: Value| {
        schema["description"] = json!(text);
        schema
    };
    let timeouts = schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .into_generator()
        .into_root_schema_for::<TimeoutSettings>()
        .to_value();
    json!({
        "$schema": DIALECT,
        "title": "x-tollgate",
        "description": "What the gateway does with a document, a path or an operation. Nearer places win; steps add up.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "upstream": { "type": "string", "description": "Where to forward to: a URL, or a name under `upstreams` in tollgate.yaml.", "examples": ["http://127.0.0.1:8888"] },
            "path": { "description": "How the path changes on its way to the upstream.", "anyOf": [
                { "type": "object", "additionalProperties": false, "properties": {
                    "strip": path("Taken away from the front."), "prepend": path("Put in front."),
                } },
                { "type": "object", "additionalProperties": false, "required": ["rewrite"], "properties": {
                    "rewrite": path("The whole path, with parameters: /v2/users/{id}"),
                } },
            ] },
            "guard": described("Steps before any key or token work.", steps("inboundStep")),
            "auth": { "description": "Who may call: a step, a list of which the first that succeeds counts, or `public`.", "anyOf": [
                { "const": "public" }, { "$ref": "#/$defs/inboundStep" }, steps("inboundStep"),
            ] },
            "limit": { "description": "How often: 100/m, 10/15m.", "anyOf": [
                { "$ref": "#/$defs/limit" }, { "type": "array", "items": { "$ref": "#/$defs/limit" } },
            ] },
            "inbound": described("Steps on requests.", change("inboundStep")),
            "sign": described("Whether requests carry a token that the gateway has signed. Default: where the caller is authenticated.", sign),
            "handler": described("What ends the route. Default: forward.", handler(catalog)),
            "outbound": described("Steps on responses.", change("outboundStep")),
            "cors": { "type": "string", "description": "Who may call from web pages: `none`, `anything-goes`, or a name under `cors` in tollgate.yaml.", "examples": ["none", "anything-goes"] },
            "timeouts": timeouts,
            "hosts": { "type": "array", "items": { "type": "string" }, "description": "The hosts that are served; any where none is given." },
            "upgrades": { "type": "array", "items": { "type": "string" }, "description": "What a request may upgrade to, of what `server.tunnels.protocols` in tollgate.yaml lists: `[websocket]`, or `[]` for nothing. Default: all of it.", "examples": [["websocket"], []] },
            "mcp": described("How the operation appears to MCP clients, where an `mcp-server` offers it. Only in an operation.", crate::check::mcp::schema()),
        },
        "$defs": definitions,
    })
}

/// STEP = NAME | { NAME: options } | { use: REF, options?, as?: NAME }.
fn step(catalog: &Catalog, direction: Direction) -> Value {
    let kinds: Vec<_> = catalog.policies.iter().filter(|kind| kind.direction == direction).collect();
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    let mut forms = vec![
        json!({ "type": "string", "examples": names, "description": "A built-in policy, one under `policies` in tollgate.yaml, or an export of a module: ./modules/file.ts#export." }),
    ];
    for kind in &kinds {
        let reference = json!({ "$ref": format!("#/$defs/policy.{}", kind.name) });
        let options = match kind.shorthand {
            Some(option) => {
                json!({ "anyOf": [reference, { "not": { "type": "object" }, "description": format!("The same as `{option}`.") }] })
            }
            None => reference,
        };
        forms.push(json!({ "type": "object", "required": [kind.name], "additionalProperties": false, "properties": { kind.name: options } }));
    }
    forms.push(module());
    forms.push(using(names, kinds.iter().map(|kind| (kind.name, format!("#/$defs/policy.{}", kind.name))).collect()));
    json!({ "anyOf": forms })
}

fn handler(catalog: &Catalog) -> Value {
    let names: Vec<&str> = catalog.handlers.iter().map(|kind| kind.name).chain(["mock"]).collect();
    let mut forms = vec![
        json!({ "type": "string", "examples": names, "description": "A handler, or an export of a module: ./modules/file.ts#export." }),
    ];
    for kind in catalog.handlers.iter().filter(|kind| kind.name != "forward") {
        let options = json!({ "$ref": format!("#/$defs/handler.{}", kind.name) });
        forms.push(json!({ "type": "object", "required": [kind.name], "additionalProperties": false, "properties": { kind.name: options } }));
    }
    if catalog.policy("mock-api").is_some() {
        let options = json!({ "$ref": "#/$defs/policy.mock-api" });
        forms.push(json!({ "type": "object", "required": ["mock"], "additionalProperties": false, "properties": { "mock": options } }));
    }
    forms.push(module());
    forms.push(using(names, Vec::new()));
    json!({ "anyOf": forms })
}

/// { ./modules/file.ts#export: options }
fn module() -> Value {
    json!({
        "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
        "patternProperties": { "^\\.\\.?/": { "description": "What the code gets as its options." } },
    })
}

fn using(names: Vec<&str>, typed: Vec<(&str, String)>) -> Value {
    let typed: Vec<Value> = typed
        .into_iter()
        .map(|(name, reference)| {
            json!({
                "if": { "properties": { "use": { "const": name } } },
                "then": { "properties": { "options": { "$ref": reference } } },
            })
        })
        .collect();
    let mut form = json!({
        "type": "object", "required": ["use"], "additionalProperties": false,
        "properties": {
            "use": { "type": "string", "examples": names, "description": "A name, or ./modules/file.ts#export." },
            "options": {},
            "as": { "type": "string", "description": "What logs and `without` call it." },
        },
    });
    if !typed.is_empty() {
        form["allOf"] = Value::Array(typed);
    }
    form
}
