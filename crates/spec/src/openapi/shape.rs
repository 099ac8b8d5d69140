//! Which object of a document stands where: the grammar of OpenAPI 3.x as a table.
//!
//! Whether `$ref` or `nullable` mean something depends on the place. An example may hold a field
//! of any name, and a schema may have a property called `example`. So every walk over a document
//! goes through [`walk`], which knows what kind of object it is in and never enters data.

use serde_json::{Map, Value};

/// The kinds of objects that hold references or schemas, directly or further down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Document,
    Components,
    Paths,
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    Responses,
    Response,
    MediaType,
    Encoding,
    Callback,
    Schema,
    Example,
    Link,
    SecurityScheme,
}

/// How a field holds its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// One object, or a list of them where a schema keyword allows both.
    One(Kind),
    /// An object whose every field is one.
    Map(Kind),
    /// An array of them.
    List(Kind),
}

/// The methods that have a field of their own in a path item.
pub(crate) const METHOD_FIELDS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

impl Kind {
    /// What a field of this object holds, where that is of interest.
    pub(crate) fn field(self, name: &str) -> Option<Holds> {
        use Holds::{List, Map, One};
        use Kind as K;
        match self {
            K::Document => match name {
                "paths" => Some(One(K::Paths)),
                "webhooks" => Some(Map(K::PathItem)),
                "components" => Some(One(K::Components)),
                _ => None,
            },
            K::Components => Some(Map(match name {
                "schemas" => K::Schema,
                "responses" => K::Response,
                "parameters" => K::Parameter,
                "examples" => K::Example,
                "requestBodies" => K::RequestBody,
                "headers" => K::Header,
                "securitySchemes" => K::SecurityScheme,
                "links" => K::Link,
                "callbacks" => K::Callback,
                "pathItems" => K::PathItem,
                "mediaTypes" => K::MediaType,
                _ => return None,
            })),
            K::Paths | K::Callback => (!name.starts_with("x-")).then_some(One(K::PathItem)),
            K::Responses => (!name.starts_with("x-")).then_some(One(K::Response)),
            K::PathItem => match name {
                "parameters" => Some(List(K::Parameter)),
                "additionalOperations" => Some(Map(K::Operation)),
                "x-tollgate-any" => Some(One(K::Operation)),
                _ => METHOD_FIELDS.contains(&name).then_some(One(K::Operation)),
            },
            K::Operation => match name {
                "parameters" => Some(List(K::Parameter)),
                "requestBody" => Some(One(K::RequestBody)),
                "responses" => Some(One(K::Responses)),
                "callbacks" => Some(Map(K::Callback)),
                _ => None,
            },
            K::Parameter | K::Header => match name {
                "schema" => Some(One(K::Schema)),
                "content" => Some(Map(K::MediaType)),
                "examples" => Some(Map(K::Example)),
                _ => None,
            },
            K::RequestBody => (name == "content").then_some(Map(K::MediaType)),
            K::Response => match name {
                "headers" => Some(Map(K::Header)),
                "content" => Some(Map(K::MediaType)),
                "links" => Some(Map(K::Link)),
                _ => None,
            },
            K::MediaType => match name {
                "schema" | "itemSchema" => Some(One(K::Schema)),
                "examples" => Some(Map(K::Example)),
                "encoding" => Some(Map(K::Encoding)),
                "prefixEncoding" => Some(List(K::Encoding)),
                "itemEncoding" => Some(One(K::Encoding)),
                _ => None,
            },
            K::Encoding => match name {
                "headers" => Some(Map(K::Header)),
                "encoding" => Some(Map(K::Encoding)),
                "prefixEncoding" => Some(List(K::Encoding)),
                "itemEncoding" => Some(One(K::Encoding)),
                _ => None,
            },
            K::Schema => match name {
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                    Some(Map(K::Schema))
                }
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => Some(List(K::Schema)),
                "items"
                | "not"
                | "if"
                | "then"
                | "else"
                | "additionalProperties"
                | "unevaluatedItems"
                | "unevaluatedProperties"
                | "propertyNames"
                | "contains"
                | "contentSchema" => Some(One(K::Schema)),
                _ => None,
            },
            K::Example | K::Link | K::SecurityScheme => None,
        }
    }
}

/// What is done on a walk.
pub(crate) trait Visitor {
    /// At each object, before those in it.
    fn object(&mut self, kind: Kind, pointer: &str, object: &Map<String, Value>);
    /// Where something else stands than may stand there.
    fn mistyped(&mut self, kind: Kind, pointer: &str, expected: &'static str);
}

/// Visits an object and then all that it holds, in document order. `pointer` is where it stands.
pub(crate) fn walk(kind: Kind, value: &Value, pointer: &mut String, visitor: &mut impl Visitor) {
    let object = match value {
        Value::Object(object) => object,
        // A schema may be as short as `true`.
        Value::Bool(_) if kind == Kind::Schema => return,
        _ => return visitor.mistyped(kind, pointer, "an object"),
    };
    visitor.object(kind, pointer, object);
    for (name, field) in object {
        let Some(holds) = kind.field(name) else { continue };
        let length = pointer.len();
        push_segment(pointer, name);
        match (holds, field) {
            // Before 2020-12, `items` could be a list.
            (Holds::List(kind), Value::Array(items)) | (Holds::One(kind @ Kind::Schema), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let length = pointer.len();
                    push_index(pointer, index);
                    walk(kind, item, pointer, visitor);
                    pointer.truncate(length);
                }
            }
            (Holds::One(kind), field) => walk(kind, field, pointer, visitor),
            (Holds::Map(kind), Value::Object(map)) => {
                for (key, item) in map {
                    let length = pointer.len();
                    push_segment(pointer, key);
                    walk(kind, item, pointer, visitor);
                    pointer.truncate(length);
                }
            }
            (Holds::Map(kind), _) => visitor.mistyped(kind, pointer, "an object"),
            (Holds::List(kind), _) => visitor.mistyped(kind, pointer, "a list"),
        }
        pointer.truncate(length);
    }
}

/// Changes everything that an object holds and then the object itself.
pub(crate) fn rewrite(kind: Kind, value: &mut Value, change: &mut impl FnMut(Kind, &mut Map<String, Value>)) {
    let Value::Object(object) = value else { return };
    for (name, field) in object.iter_mut() {
        match (kind.field(name), field) {
            (Some(Holds::One(kind)), field @ Value::Object(_)) => rewrite(kind, field, change),
            (Some(Holds::One(kind) | Holds::List(kind)), Value::Array(items)) => {
                items.iter_mut().for_each(|item| rewrite(kind, item, change));
            }
            (Some(Holds::Map(kind)), Value::Object(map)) => {
                map.values_mut().for_each(|item| rewrite(kind, item, change));
            }
            _ => {}
        }
    }
    change(kind, object);
}

/// Appends a segment to a JSON pointer (RFC 6901 §3).
pub(crate) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    if segment.contains(['~', '/']) {
        pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(segment);
    }
}

/// Appends an array index to a JSON pointer.
pub(crate) fn push_index(pointer: &mut String, index: usize) {
    use std::fmt::Write;
    let _ = write!(pointer, "/{index}");
}

/// A pointer and one more segment.
pub(crate) fn join(pointer: &str, segment: &str) -> String {
    let mut joined = String::with_capacity(pointer.len() + segment.len() + 1);
    joined.push_str(pointer);
    push_segment(&mut joined, segment);
    joined
}
