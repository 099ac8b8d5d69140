//! The OpenAPI document of the management API: what the handlers say of themselves, and what
//! holds for all of them.

use serde_json::{Map, Value, json};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{OpenApi, ToSchema};

use crate::error::ProblemSchema;
use crate::server;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tollgate management API",
        description = "Buckets, consumers, keys, operators, usage, the audit log, the running gateway and the projects that it served. Keep its listener on loopback.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "health", description = "For probes and scrapers; no token needed."),
        (name = "gateway", description = "The running gateway."),
        (name = "snapshots", description = "The projects that were applied, and the way back to them."),
        (name = "buckets", description = "Sets of consumers."),
        (name = "consumers", description = "Who calls."),
        (name = "managers", description = "Who may manage a consumer's keys, or a bucket's consumers."),
        (name = "keys", description = "The API keys of consumers."),
        (name = "operators", description = "Who may use this API, and what for."),
        (name = "usage", description = "What was called."),
        (name = "audit", description = "Who changed what."),
    ),
    components(schemas(ProblemSchema)),
    modifiers(&Token)
)]
struct Frame;

struct Token;

impl utoipa::Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "The token of an operator, or the content of `management.token` in the data folder. The scope that a \
                 call needs stands with it.",
            ))
            .build();
        document.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// What there is besides the calls.
pub(crate) fn frame() -> utoipa::openapi::OpenApi {
    Frame::openapi()
}

/// The OpenAPI document of the management API.
pub fn document() -> Value {
    let mut document = serde_json::to_value(server::described()).unwrap_or_default();
    if let Some(paths) = document["paths"].as_object_mut() {
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            for (method, operation) in item.iter_mut() {
                if let Some(operation) =
                    operation.as_object_mut().filter(|operation| operation.contains_key("security"))
                {
                    complete(method, operation);
                }
            }
        }
    }
    document
}

/// Adds what holds for every call that needs a token.
fn complete(method: &str, operation: &mut Map<String, Value>) {
    let mut refusals = vec![
        ("400", "The call is not well-formed."),
        ("401", "No token, or one that is not good (any more)."),
        ("403", "The token does not have the scope."),
        ("422", "A value is not allowed."),
        ("503", "The store is away."),
    ];
    if operation.contains_key("requestBody") {
        refusals.push(("413", "The body is longer than 2 MiB."));
        refusals.push(("415", "The body is not said to be JSON."));
    }
    let writes = method != "get";
    if writes {
        refusals.push(("409", "A call with this `Idempotency-Key` is being made at this moment."));
    }
    let conditional = operation["responses"].get("412").is_some();
    let parameters = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut();
    if let Some(parameters) = parameters.filter(|_| writes) {
        parameters.push(header(
            "Idempotency-Key",
            "^[!-~]+$",
            "A call that is made again with the same key happens once; its answer comes again.",
        ));
        if conditional {
            parameters.push(header(
                "If-Match",
                "^[ -~]+$",
                "The `ETag` of what is meant; a 412 where it has changed since.",
            ));
        }
    }
    if operation["parameters"].as_array().is_some_and(Vec::is_empty) {
        operation.remove("parameters");
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        for (status, description) in refusals {
            responses.entry(status).or_insert_with(|| {
                json!({
                    "description": description,
                    "content": { "application/problem+json": { "schema": { "$ref": format!("#/components/schemas/{}", ProblemSchema::name()) } } }
                })
            });
        }
        responses.sort_keys();
    }
}

fn header(name: &str, pattern: &str, description: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "description": description,
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": pattern }
    })
}
