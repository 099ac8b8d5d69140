//! Takes the files that a document refers to into it, so that the published one stands alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tollgate_core::route::Document;
use url::Url;

/// Where the files go: an extension, because they may hold anything that can be referred to.
const FILES: &str = "x-files";

/// Puts every file of the project that is referred to under `x-files`, and lets the references
/// point there. References to elsewhere stay as they are.
pub(super) fn bundle(root: &mut Value, document: &Document) {
    let Ok(base) = Url::parse(&document.uri) else { return };
    if document.resources.is_empty() {
        return;
    }
    let mut names = BTreeMap::new();
    names.insert(document.uri.as_str(), None);
    for (uri, _) in &document.resources {
        let stem = uri.rsplit('/').next().unwrap_or_default();
        let stem: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        let taken = |name: &str| names.values().flatten().any(|known: &String| known == name);
        let name = (1..).map(|n| if n == 1 { stem.clone() } else { format!("{n}-{stem}") }).find(|name| !taken(name));
        names.insert(uri, name);
    }
    point(root, &base, &names);
    let files: Map<String, Value> = document
        .resources
        .iter()
        .filter_map(|(uri, resource)| {
            let mut resource = (*resource.tree()).clone();
            point(&mut resource, &Url::parse(uri).ok()?, &names);
            Some((names.get(uri.as_str())?.clone()?, resource))
        })
        .collect();
    if let Some(root) = root.as_object_mut() {
        root.insert(FILES.to_owned(), Value::Object(files));
    }
}

/// Rewrites the references of one file.
fn point(value: &mut Value, base: &Url, names: &BTreeMap<&str, Option<String>>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(reference) if name == "$ref" => {
                        if let Some(pointed) = pointed(reference, base, names) {
                            *reference = pointed;
                        }
                    }
                    // Data, in which `$ref` means nothing.
                    _ if matches!(name.as_str(), "example" | "default" | "enum" | "const") => {}
                    member => point(member, base, names),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point(item, base, names)),
        _ => {}
    }
}

fn pointed(reference: &str, base: &Url, names: &BTreeMap<&str, Option<String>>) -> Option<String> {
    let mut target = base.join(reference).ok()?;
    let fragment = target.fragment().unwrap_or_default().to_owned();
    if !fragment.is_empty() && !fragment.starts_with('/') {
        // An anchor is found by its name alone, wherever it has come to.
        return names.contains_key(without_fragment(&mut target)).then(|| format!("#{fragment}"));
    }
    let pointed = match names.get(without_fragment(&mut target))? {
        None => format!("#{fragment}"),
        Some(name) => format!("#/{FILES}/{name}{fragment}"),
    };
    Some(pointed)
}

fn without_fragment(url: &mut Url) -> &str {
    url.set_fragment(None);
    url.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tollgate_core::StoredJson;

    use super::*;

    #[test]
    fn references_to_files_of_the_project_point_into_the_document() {
        let document = Document {
            name: "openapi.yaml".to_owned(),
            uri: "file:///p/openapi.yaml".to_owned(),
            root: StoredJson::from(json!({})),
            resources: vec![
                (
                    "file:///p/schemas/a b.json".replace(' ', "%20"),
                    StoredJson::from(json!({ "$ref": "../other/pet.json#/x" })),
                ),
                (
                    "file:///p/other/pet.json".to_owned(),
                    StoredJson::from(
                        json!({ "x": { "items": { "$ref": "#/y" } }, "y": { "$ref": "../openapi.yaml#/info" } }),
                    ),
                ),
                ("file:///p/pet.json".to_owned(), StoredJson::from(json!({}))),
            ],
            mount: String::new(),
        };
        let mut root = json!({
            "a": { "$ref": "./schemas/a%20b.json" },
            "b": { "$ref": "other/pet.json#/y" },
            "c": [{ "$ref": "#/info" }, { "$ref": "https://elsewhere.example/x.json" }, { "$ref": "pet.json" }],
            "example": { "$ref": "pet.json" },
        });
        bundle(&mut root, &document);
        assert_eq!(
            root,
            json!({
                "a": { "$ref": "#/x-files/a-20b.json" },
                "b": { "$ref": "#/x-files/pet.json/y" },
                "c": [{ "$ref": "#/info" }, { "$ref": "https://elsewhere.example/x.json" }, { "$ref": "#/x-files/2-pet.json" }],
                "example": { "$ref": "pet.json" },
                "x-files": {
                    "a-20b.json": { "$ref": "#/x-files/pet.json/x" },
                    "pet.json": { "x": { "items": { "$ref": "#/x-files/pet.json/y" } }, "y": { "$ref": "#/info" } },
                    "2-pet.json": {},
                },
            })
        );
    }
}
