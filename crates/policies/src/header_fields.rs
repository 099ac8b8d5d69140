//! What the policies for header fields share: their options, checked and turned into typed fields.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de};
use tollgate_core::catalog::{BuildContext, BuildError, Direction};

/// Fields that belong to one connection or to the framing of one message (RFC 9110 §7.6.1,
/// RFC 9112 §6). A policy that touched them could make two parties read one message in two ways.
const RESERVED: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// The gateway's own fields, which a backend may trust.
const OWN_PREFIX: &str = "x-tollgate-";

/// What clearing a request leaves: what the gateway itself says of it, and how its body is read.
const KEPT_OF_REQUESTS: [&str; 11] = [
    "content-encoding",
    "content-range",
    "forwarded",
    "traceparent",
    "tracestate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
];

/// What clearing a response leaves: how its body is read, what keeps a cache from mixing answers up, and
/// what the route's CORS policy says.
const KEPT_OF_RESPONSES: [&str; 11] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "content-encoding",
    "content-range",
    "vary",
    "x-request-id",
    "zp-rid",
];

/// The handshake of a WebSocket.
const WEBSOCKET_PREFIX: &str = "sec-websocket-";

/// A field to set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldOption {
    /// The name of the header field.
    name: String,
    /// Its value.
    value: FieldText,
    /// Whether it replaces the fields of this name that are there already. Otherwise it is added
    /// beside them.
    #[serde(default = "yes")]
    overwrite: bool,
}

const fn yes() -> bool {
    true
}

/// A value: a text, or a number or boolean that is meant as one.
#[derive(Debug)]
pub(crate) struct FieldText(pub(crate) String);

impl<'de> Deserialize<'de> for FieldText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = FieldText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text of a header field")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<FieldText, E> {
                Ok(FieldText(text.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<FieldText, E> {
                Ok(FieldText(value.to_string()))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<FieldText, E> {
                Ok(FieldText(value.to_string()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<FieldText, E> {
                Ok(FieldText(value.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for FieldText {
    fn schema_name() -> Cow<'static, str> {
        "FieldText".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": ["string", "integer", "boolean"], "description": "The text of the field." })
    }
}

/// The options of the two policies that set fields: `{ headers: [{ name, value, overwrite }] }`,
/// or the fields themselves as a map.
#[derive(Debug)]
pub(crate) enum SetOptions {
    List(Vec<FieldOption>),
    Map(Vec<(String, FieldText)>),
}

impl<'de> Deserialize<'de> for SetOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SetOptions;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`headers: [{ name, value }]`, or a map of names and values")
            }
            // By hand rather than `untagged`, so that a mistake keeps its place.
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<SetOptions, A::Error> {
                let mut list = None;
                let mut fields = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "headers" {
                        list = Some(map.next_value()?);
                    } else {
                        fields.push((key, map.next_value()?));
                    }
                }
                match list {
                    None => Ok(SetOptions::Map(fields)),
                    Some(list) if fields.is_empty() => Ok(SetOptions::List(list)),
                    Some(_) => {
                        let other = &fields[0].0;
                        Err(de::Error::custom(format!(
                            "unknown field `{other}` beside `headers`, expected only `headers`"
                        )))
                    }
                }
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// For the schema of [`SetOptions`] only.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct SetShape {
    /// The fields to set, in this order. A map of names and values may stand in place of this
    /// option.
    headers: Option<Vec<FieldOption>>,
    #[serde(flatten)]
    map: std::collections::BTreeMap<String, FieldText>,
}

impl JsonSchema for SetOptions {
    fn schema_name() -> Cow<'static, str> {
        "SetHeaders".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        SetShape::json_schema(generator)
    }
}

/// The options of the two policies that remove fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveOptions {
    /// The names of the fields to remove. A list of names may stand in place of all options.
    headers: Vec<String>,
}

/// A checked field.
#[derive(Debug, Clone)]
struct Field {
    name: HeaderName,
    value: HeaderValue,
    overwrite: bool,
}

/// Fields to set, checked.
#[derive(Debug, Clone)]
pub(crate) struct FieldsToSet(Vec<Field>);

impl FieldsToSet {
    /// Checks the options.
    ///
    /// # Errors
    /// At the entry that is no field, or one that no policy may set.
    pub(crate) fn new(options: SetOptions, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let entries: Vec<_> = match options {
            SetOptions::List(list) => {
                let at = |index| (format!("/headers/{index}/name"), format!("/headers/{index}/value"));
                list.into_iter().enumerate().map(|(i, f)| (at(i), f.name, f.value, f.overwrite)).collect()
            }
            SetOptions::Map(map) => {
                let at = |name: &str| {
                    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                    (pointer.clone(), pointer)
                };
                map.into_iter().map(|(name, value)| (at(&name), name, value, true)).collect()
            }
        };
        if entries.is_empty() {
            return Err(BuildError::at("", "there is no header field to set").help("give `headers: [{ name, value }]`"));
        }
        let mut fields = Vec::with_capacity(entries.len());
        for ((name_at, value_at), name, FieldText(value), overwrite) in entries {
            let Some(name) = field_name(&name, &name_at, context)? else { continue };
            let value = HeaderValue::from_str(&value).map_err(|_| {
                BuildError::at(value_at, format!("the value of `{name}` has a character that no header field may hold"))
                    .help("header fields hold visible characters, spaces and tabs; no line breaks")
            })?;
            fields.push(Field { name, value, overwrite });
        }
        Ok(Self(fields))
    }

    /// Sets them, in order.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        for Field { name, value, overwrite } in &self.0 {
            if *overwrite {
                headers.insert(name, value.clone());
            } else {
                headers.append(name, value.clone());
            }
        }
    }
}

/// Fields to remove, checked.
#[derive(Debug, Clone)]
pub(crate) struct FieldsToRemove(Vec<HeaderName>);

impl FieldsToRemove {
    /// Checks the options.
    ///
    /// # Errors
    /// At the entry that is no name, or one that no policy may remove.
    pub(crate) fn new(options: &RemoveOptions, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if options.headers.is_empty() {
            return Err(
                BuildError::at("/headers", "there is no header field to remove").help("give the names to remove")
            );
        }
        let names = options.headers.iter().enumerate();
        let names = names.map(|(index, name)| field_name(name, &format!("/headers/{index}"), context));
        Ok(Self(names.filter_map(Result::transpose).collect::<Result<_, _>>()?))
    }

    /// Removes them.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        for name in &self.0 {
            headers.remove(name);
        }
    }
}

/// The options of the two policies that clear fields.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClearOptions {
    /// The names of the fields that stay. A list of names may stand in place of all options.
    exclude: Vec<String>,
}

/// Fields that stay where all others go, checked.
#[derive(Debug, Clone)]
pub(crate) struct FieldsToKeep {
    excluded: Vec<HeaderName>,
    kept: &'static [&'static str],
}

impl FieldsToKeep {
    /// Checks the options.
    ///
    /// # Errors
    /// At the entry that is no name.
    pub(crate) fn new(options: &ClearOptions, direction: Direction) -> Result<Self, BuildError> {
        let names = options.exclude.iter().enumerate();
        let excluded = names.map(|(index, name)| parsed_name(name, &format!("/exclude/{index}")));
        let kept: &[&str] = match direction {
            Direction::Inbound => &KEPT_OF_REQUESTS,
            Direction::Outbound => &KEPT_OF_RESPONSES,
        };
        Ok(Self { excluded: excluded.collect::<Result<_, _>>()?, kept })
    }

    /// Removes all others, but for those without which the message would be another.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        let doomed: Vec<HeaderName> = headers.keys().filter(|name| !self.keeps(name)).cloned().collect();
        for name in doomed {
            headers.remove(name);
        }
    }

    fn keeps(&self, name: &HeaderName) -> bool {
        let text = name.as_str();
        self.excluded.contains(name)
            || RESERVED.contains(&text)
            || self.kept.contains(&text)
            || [OWN_PREFIX, WEBSOCKET_PREFIX].iter().any(|prefix| text.starts_with(prefix))
    }
}

/// A text as the name of a field.
pub(crate) fn parsed_name(name: &str, pointer: &str) -> Result<HeaderName, BuildError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        BuildError::at(pointer, format!("`{name}` is not the name of a header field"))
            .help("names hold letters, digits and -, without spaces or a colon")
    })
}

/// A name that a policy may touch. In projects of the Zuplo form, whose runtime ignores reserved
/// names in silence, a reserved one is `None`, and a warning.
pub(crate) fn field_name(
    name: &str,
    pointer: &str,
    context: &BuildContext<'_>,
) -> Result<Option<HeaderName>, BuildError> {
    let parsed = parsed_name(name, pointer)?;
    let own = parsed.as_str().replace(['_', '.'], "-").starts_with(OWN_PREFIX);
    if !own && !RESERVED.contains(&parsed.as_str()) {
        return Ok(Some(parsed));
    }
    if context.compatibility.zuplo_problems {
        tracing::warn!(policy = %context.instance.name, place = %context.instance.place, field = name, "a policy may not touch this header field: ignored");
        return Ok(None);
    }
    let why = if own { "is the gateway's own" } else { "belongs to the connection or to the framing of the message" };
    Err(BuildError::at(pointer, format!("`{name}` {why}: no policy may touch it")).help("take it out of the list"))
}
