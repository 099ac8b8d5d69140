//! The reference page of the management API, out of its OpenAPI document.

use std::fmt::Write;

use serde_json::{Map, Value};

const METHODS: [&str; 4] = ["get", "post", "patch", "delete"];

/// The page: calls by tag, then what bodies hold.
pub(crate) fn page(document: &Value) -> String {
    let mut page = "# Management API\n\nOn the management listener (`127.0.0.1:9001` unless configured), with \
        `Authorization: Bearer TOKEN`. [The guide](../guides/management-api.md) shows it at work; \
        `tollgate schema --kind admin` and `/v1/openapi.json` have the document that this page is made of. A list comes \
        as `{ \"items\": […], \"next\": … }`: `next` is the `cursor` of the next page. Refusals are problems (RFC 9457).\n"
        .to_owned();
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        let _ = write!(page, "\n## {}\n\n{}\n", capital(name), text(&tag["description"]));
        for (path, item) in members(&document["paths"]) {
            for method in METHODS {
                let operation = &item[method];
                if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == name)) {
                    call(&mut page, &method.to_uppercase(), path, operation);
                }
            }
        }
    }
    page.push_str("\n## What bodies hold\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        // One that holds all of another, and more, stands beside a reference to that one.
        let parts = || schema["allOf"].as_array().into_iter().flatten();
        let base = parts().find_map(reference);
        let whole = schema;
        let Some(schema) = std::iter::once(schema).chain(parts()).find(|schema| schema["properties"].is_object())
        else {
            continue;
        };
        if !name.starts_with("Listing_") {
            let description =
                [schema, whole].iter().find_map(|schema| schema["description"].as_str()).unwrap_or_default();
            let more = base.map_or_else(String::new, |base| {
                format!("\n\nEverything that a [{base}](#{}) holds, and:", base.to_lowercase())
            });
            let _ = write!(
                page,
                "\n### {name}\n\n{}{more}\n\n| member | holds | meaning |\n| --- | --- | --- |\n",
                description.replace('\n', " ")
            );
            let required =
                |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
            for (member, property) in members(&schema["properties"]) {
                let mark = if required(member) { "" } else { ", may be missing" };
                let _ =
                    writeln!(page, "| `{member}` | {}{mark} | {} |", holds(property), text(&property["description"]));
            }
        }
    }
    page
}

fn call(page: &mut String, method: &str, path: &str, operation: &Value) {
    let _ = write!(page, "\n### {}\n\n`{method} {path}`", text(&operation["summary"]));
    match operation["security"][0]["token"][0].as_str() {
        Some(scope) => drop(writeln!(page, ", scope `{scope}`")),
        None => page.push_str(", no token\n"),
    }
    if let Some(description) = operation["description"].as_str() {
        let _ = write!(page, "\n{}\n", description.replace('\n', " "));
    }
    let parameters = operation["parameters"].as_array();
    if let Some(parameters) = parameters.filter(|all| !all.is_empty()) {
        page.push_str("\n| parameter | in | meaning |\n| --- | --- | --- |\n");
        for parameter in parameters {
            let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
            let _ = writeln!(page, "| `{name}` | {place} | {} |", text(&parameter["description"]));
        }
    }
    if let Some(body) = reference(&operation["requestBody"]["content"]["application/json"]["schema"]) {
        let _ = write!(page, "\nBody: [{body}](#{}).\n", body.to_lowercase());
    }
    page.push_str("\nAnswers:");
    for (status, answer) in members(&operation["responses"]) {
        let content = members(&answer["content"]).find_map(|(_, content)| reference(&content["schema"]));
        let content = content.filter(|name| name != "Problem").map(|name| match name.strip_prefix("Listing_") {
            Some(item) => format!(" (a list of [{item}](#{}))", item.to_lowercase()),
            None => format!(" ([{name}](#{}))", name.to_lowercase()),
        });
        // What holds for all calls stands at the end of the page once.
        if status.starts_with('2') || !["400", "401", "403", "413", "415", "422", "503"].contains(&status.as_str()) {
            let _ = write!(page, " `{status}` {}{}", text(&answer["description"]), content.unwrap_or_default());
        }
    }
    page.push('\n');
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

fn reference(schema: &Value) -> Option<String> {
    schema["$ref"].as_str()?.rsplit('/').next().map(str::to_owned)
}

fn holds(property: &Value) -> String {
    if let Some(name) = reference(property) {
        return format!("`{name}`");
    }
    match &property["type"] {
        Value::String(one) if one == "array" => format!("list of {}", holds(&property["items"])),
        Value::String(one) => one.clone(),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => {
            let any = property["oneOf"].as_array().or_else(|| property["anyOf"].as_array());
            any.into_iter().flatten().map(holds).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
