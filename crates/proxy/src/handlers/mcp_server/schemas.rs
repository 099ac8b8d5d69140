//! Schemas of a document that stand alone: clients get them without the document.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use tollgate_core::catalog::BuildError;
use tollgate_core::json_schema::{References, Spot};

/// So many values may a schema hold whose references are written out; one that holds more refers to `$defs`.
const LARGEST: usize = 4000;
/// So deep may one be: deeper ones, no client could read.
const DEEPEST: usize = 64;

/// Keywords under which there is one schema for each name.
const MAPS: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];
/// Keywords under which there is a list of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords under which there is a schema.
const SINGLE: [&str; 11] = [
    "items",
    "additionalProperties",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];
/// What only the document needs: names of places, and what no schema is about.
const DROPPED: [&str; 9] =
    ["$id", "$schema", "$anchor", "$dynamicAnchor", "$defs", "definitions", "discriminator", "xml", "externalDocs"];
/// What a reference may have beside it without becoming another schema.
const ANNOTATIONS: [&str; 8] =
    ["description", "title", "default", "example", "examples", "deprecated", "readOnly", "writeOnly"];

/// For whom a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// For who sends a value: what is `readOnly` is not theirs to send.
    Input,
    /// For who receives one.
    Output,
}

/// Makes a schema that stands alone of places in a document.
///
/// # Errors
/// Where a reference leads nowhere, or the schema is deeper than anyone could read.
pub(super) fn alone(
    references: &References,
    direction: Direction,
    build: impl Fn(&mut Writer<'_>) -> Result<Value, BuildError>,
) -> Result<Value, BuildError> {
    let mut written = Writer::new(references, direction, false);
    let mut schema = build(&mut written)?;
    if written.size > LARGEST {
        written = Writer::new(references, direction, true);
        schema = build(&mut written)?;
    }
    let definitions = written.definitions()?;
    if let Some(schema) = schema.as_object_mut().filter(|_| !definitions.is_empty()) {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Ok(schema)
}

/// Writes schemas of a document out.
pub(super) struct Writer<'d> {
    references: &'d References,
    direction: Direction,
    /// Whether everything that is referred to becomes a definition, or only what refers to itself.
    defines: bool,
    size: usize,
    /// What is being written, from the outermost: whatever comes again refers to itself.
    open: Vec<String>,
    /// The name of each place that is a definition.
    names: HashMap<String, String>,
    pending: Vec<(String, Spot<'d>)>,
}

impl<'d> Writer<'d> {
    fn new(references: &'d References, direction: Direction, defines: bool) -> Self {
        Self { references, direction, defines, size: 0, open: Vec::new(), names: HashMap::new(), pending: Vec::new() }
    }

    /// The document's references.
    pub(super) const fn references(&self) -> &'d References {
        self.references
    }

    /// The schema at a place.
    ///
    /// # Errors
    /// As [`alone`].
    pub(super) fn write(&mut self, spot: Spot<'d>) -> Result<Value, BuildError> {
        self.schema(spot, 0)
    }

    fn schema(&mut self, spot: Spot<'d>, depth: usize) -> Result<Value, BuildError> {
        if depth > DEEPEST && !self.defines {
            // It is written anew, and is not that deep with definitions.
            self.size = LARGEST + 1;
            return Ok(Value::Bool(true));
        }
        if depth > DEEPEST {
            return Err(BuildError::at("", format!("the schema at {} is too deep for a tool", spot.pointer)));
        }
        let Some(members) = spot.value.as_object() else { return Ok(spot.value.clone()) };
        if !members.get("$ref").is_some_and(Value::is_string) {
            return self.members(&spot, depth);
        }
        let target = self.target(self.references.follow(spot.clone())?, depth)?;
        let mut beside = self.members(&spot, depth)?;
        let Some(beside) = beside.as_object_mut().filter(|beside| !beside.is_empty()) else { return Ok(target) };
        match target {
            Value::Object(mut target) if beside.keys().all(|name| ANNOTATIONS.contains(&name.as_str())) => {
                target.append(beside);
                Ok(Value::Object(target))
            }
            target => {
                let all = beside.entry("allOf").or_insert_with(|| json!([]));
                if let Some(all) = all.as_array_mut() {
                    all.push(target);
                }
                Ok(Value::Object(std::mem::take(beside)))
            }
        }
    }

    /// What a reference leads to: written out, or a reference to a definition.
    fn target(&mut self, target: Spot<'d>, depth: usize) -> Result<Value, BuildError> {
        let place = target.reference();
        if self.defines || self.open.contains(&place) {
            return Ok(json!({ "$ref": format!("#/$defs/{}", self.define(place, target)) }));
        }
        // Once it is far too large, it is written anew in any case.
        if self.size > LARGEST {
            return Ok(Value::Bool(true));
        }
        self.open.push(place);
        let schema = self.schema(target, depth + 1);
        self.open.pop();
        schema
    }

    fn define(&mut self, place: String, target: Spot<'d>) -> String {
        if let Some(name) = self.names.get(&place) {
            return name.clone();
        }
        let stem = target.pointer.rsplit('/').next().unwrap_or_default();
        let stem: String =
            stem.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
        let stem = if stem.is_empty() { "schema".to_owned() } else { stem };
        let taken = |name: &String| self.names.values().any(|known| known == name);
        let name = (1..).map(|n| if n == 1 { stem.clone() } else { format!("{stem}_{n}") }).find(|name| !taken(name));
        let name = name.unwrap_or_default();
        self.names.insert(place, name.clone());
        self.pending.push((name.clone(), target));
        name
    }

    fn definitions(&mut self) -> Result<Map<String, Value>, BuildError> {
        let mut definitions = Map::new();
        while let Some((name, target)) = self.pending.pop() {
            self.open = vec![target.reference()];
            let schema = self.schema(target, 0)?;
            definitions.insert(name, schema);
        }
        definitions.sort_keys();
        Ok(definitions)
    }

    fn members(&mut self, spot: &Spot<'d>, depth: usize) -> Result<Value, BuildError> {
        let mut written = Map::new();
        for (name, member) in spot.members() {
            self.size += 1;
            if name == "$ref" || name.starts_with("x-") || DROPPED.contains(&name) {
                continue;
            }
            let value = if MAPS.contains(&name) && member.value.is_object() {
                let mut schemas = Map::new();
                for (key, schema) in member.members() {
                    if name != "properties" || !self.is_others(&schema) {
                        schemas.insert(key.to_owned(), self.schema(schema, depth + 1)?);
                    }
                }
                Value::Object(schemas)
            } else if (LISTS.contains(&name) || name == "items") && member.value.is_array() {
                let schemas: Result<Vec<_>, _> = member.items().map(|item| self.schema(item, depth + 1)).collect();
                Value::Array(schemas?)
            } else if SINGLE.contains(&name) {
                self.schema(member, depth + 1)?
            } else if name == "required" {
                self.required(spot, member.value)
            } else {
                member.value.clone()
            };
            written.insert(name.to_owned(), value);
        }
        Ok(Value::Object(written))
    }

    /// What is required of whom the schema is for.
    fn required(&self, spot: &Spot<'d>, required: &Value) -> Value {
        let properties = spot.member("properties");
        let is_others = |name: &&Value| {
            let property = name.as_str().and_then(|name| properties.as_ref()?.member(name));
            property.is_some_and(|property| self.is_others(&property))
        };
        let names = required.as_array().into_iter().flatten();
        names.filter(|name| !is_others(name)).cloned().collect()
    }

    /// Whether a property is not for whom the schema is for.
    fn is_others(&self, property: &Spot<'d>) -> bool {
        let mark = match self.direction {
            Direction::Input => "readOnly",
            Direction::Output => "writeOnly",
        };
        let marked = |value: &Value| value.get(mark) == Some(&Value::Bool(true));
        marked(property.value) || self.references.follow(property.clone()).is_ok_and(|target| marked(target.value))
    }
}

/// A schema of an object that is being put together.
#[derive(Debug, Default)]
pub(super) struct ObjectSchema {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl ObjectSchema {
    pub(super) fn add(&mut self, name: &str, schema: Value, required: bool) {
        self.properties.insert(name.to_owned(), schema);
        if required {
            self.required.push(name.to_owned());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.properties.is_empty()
    }

    /// Whether a member of it is required.
    pub(super) fn requires(&self) -> bool {
        !self.required.is_empty()
    }

    /// It, with nothing else allowed.
    pub(super) fn closed(self) -> Value {
        let mut schema = json!({ "type": "object", "properties": self.properties });
        if !self.required.is_empty() {
            schema["required"] = json!(self.required);
        }
        schema["additionalProperties"] = json!(false);
        schema
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tollgate_core::StoredJson;
    use tollgate_core::route::Document;

    use super::*;

    #[track_caller]
    fn check(schemas: Value, direction: Direction, expected: &Value) {
        let document = Document {
            name: "openapi.yaml".to_owned(),
            uri: "file:///p/openapi.yaml".to_owned(),
            root: StoredJson::from(json!({ "s": schemas })),
            resources: vec![(
                "file:///p/pet.json".to_owned(),
                StoredJson::from(json!({ "type": "object", "properties": { "name": { "type": "string" } } })),
            )],
            mount: String::new(),
        };
        let references = References::new(&Arc::new(document)).unwrap();
        let schema = alone(&references, direction, |writer| {
            let spot = writer.references().spot("/s/Root").unwrap();
            writer.write(spot)
        });
        assert_eq!(&schema.unwrap(), expected);
    }

    #[test]
    fn references_are_written_out_wherever_they_lead() {
        check(
            json!({
                "Root": { "type": "array", "items": { "$ref": "#/s/Pet" }, "x-internal": 1, "xml": {} },
                "Pet": { "allOf": [{ "$ref": "pet.json" }, { "$ref": "#/s/Tagged", "minProperties": 1 }] },
                "Tagged": { "$ref": "#/s/Tag", "description": "near" },
                "Tag": { "properties": { "tag": { "const": { "$ref": "data" } } }, "description": "far" },
            }),
            Direction::Input,
            &json!({ "type": "array", "items": { "allOf": [
                { "type": "object", "properties": { "name": { "type": "string" } } },
                { "minProperties": 1, "allOf": [{ "properties": { "tag": { "const": { "$ref": "data" } } }, "description": "far" }] },
            ] } }),
        );
    }

    #[test]
    fn what_refers_to_itself_is_a_definition() {
        check(
            json!({
                "Root": { "properties": { "tree": { "$ref": "#/s/Node" } } },
                "Node": { "properties": { "left": { "$ref": "#/s/Node" }, "right": { "$ref": "#/s/Node" } } },
            }),
            Direction::Input,
            &json!({
                "properties": { "tree": { "properties": { "left": { "$ref": "#/$defs/Node" }, "right": { "$ref": "#/$defs/Node" } } } },
                "$defs": { "Node": { "properties": { "left": { "$ref": "#/$defs/Node" }, "right": { "$ref": "#/$defs/Node" } } } },
            }),
        );
    }

    #[test]
    fn what_grows_without_measure_is_kept_small_by_definitions() {
        let mut schemas = Map::new();
        for level in 0..40 {
            let next = json!({ "$ref": format!("#/s/L{}", level + 1) });
            schemas.insert(format!("L{level}"), json!({ "properties": { "a": next, "b": next } }));
        }
        schemas.insert("L40".to_owned(), json!({ "type": "string" }));
        schemas.insert("Root".to_owned(), json!({ "properties": { "a": { "$ref": "#/s/L0" } } }));
        let document = Document {
            name: String::new(),
            uri: "file:///p/x.yaml".to_owned(),
            root: StoredJson::from(json!({ "s": schemas })),
            resources: Vec::new(),
            mount: String::new(),
        };
        let references = References::new(&Arc::new(document)).unwrap();
        let schema = alone(&references, Direction::Input, |writer| {
            let spot = writer.references().spot("/s/Root").unwrap();
            writer.write(spot)
        });
        let schema = schema.unwrap();
        assert_eq!(schema["$defs"].as_object().unwrap().len(), 41);
        assert_eq!(schema["properties"]["a"], json!({ "$ref": "#/$defs/L0" }));
    }

    #[test]
    fn each_side_sees_only_what_is_for_it() {
        let schemas = json!({ "Root": {
            "required": ["id", "name", "secret"],
            "properties": { "id": { "readOnly": true }, "name": {}, "secret": { "$ref": "#/s/Secret" } },
        }, "Secret": { "writeOnly": true } });
        check(
            schemas.clone(),
            Direction::Input,
            &json!({ "required": ["name", "secret"], "properties": { "name": {}, "secret": { "writeOnly": true } } }),
        );
        check(
            schemas,
            Direction::Output,
            &json!({ "required": ["id", "name"], "properties": { "id": { "readOnly": true }, "name": {} } }),
        );
    }
}
