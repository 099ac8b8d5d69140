//! What an operation takes: parameters of path, query and header, and a body; the schema of all that as the arguments
//! of a tool; and the way back from arguments to where each belongs.

use std::cell::Cell;
use std::collections::HashSet;

use http::HeaderName;
use serde_json::{Map, Value, json};
use tollgate_core::catalog::BuildError;
use tollgate_core::json_schema::{References, Spot};

use super::options::ToolInputStyle;
use super::path::Path;
use super::schemas::{self, Direction, ObjectSchema};
use super::values::Style;
use crate::hygiene;

/// Header fields that are described elsewhere (OpenAPI 3.1, Parameter Object, `name`), or are no arguments because they
/// follow from the others.
const NOT_ARGUMENTS: [&str; 6] =
    ["accept", "authorization", "content-encoding", "content-length", "content-type", "host"];

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Path,
    Query,
    Header,
}

impl Channel {
    /// The argument that holds all of it, where they are nested.
    const fn argument(self) -> &'static str {
        match self {
            Self::Path => "pathParams",
            Self::Query => "queryParams",
            Self::Header => "headers",
        }
    }
}

/// A parameter of an operation.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) channel: Channel,
    pub(super) required: bool,
    pub(super) style: Style,
    pub(super) field: Option<HeaderName>,
    pub(super) description: Option<String>,
    /// JSON pointer of its schema, with the file that it is in; none for any text.
    schema: Option<(String, String)>,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    Json,
    Form,
    Text,
}

/// The body of an operation.
#[derive(Debug)]
pub(super) struct BodyInput {
    pub(super) required: bool,
    pub(super) media_type: String,
    pub(super) notation: Notation,
    schema: Option<(String, String)>,
}

/// Everything that an operation takes.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<BodyInput>,
}

/// Where the arguments of a call are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Nested,
    Flat {
        /// Whether the members of the body stand among the others; else it is one of them.
        body: bool,
    },
}

/// Arguments, each where it goes.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) path: Map<String, Value>,
    pub(super) query: Map<String, Value>,
    pub(super) headers: Map<String, Value>,
    pub(super) body: Option<Value>,
}

impl Inputs {
    /// Reads what an operation takes.
    ///
    /// # Errors
    /// Where it cannot be understood, or has a body that no arguments can be.
    pub(super) fn of(references: &References, pointer: &str, path: &Path) -> Result<Self, BuildError> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let item = pointer.rsplit_once('/').map(|(item, _)| item);
        // The operation's own come first: they take the place of those of its path.
        for owner in [Some(pointer), item].into_iter().flatten().filter_map(|at| references.spot(at)) {
            let inherited = parameters.len();
            for spot in owner.member("parameters").iter().flat_map(Spot::items) {
                let spot = references.follow(spot)?;
                let Some(parameter) = Parameter::of(&spot)? else { continue };
                let same = |known: &Parameter| known.channel == parameter.channel && known.name == parameter.name;
                if !parameters[..inherited].iter().any(same) {
                    parameters.push(parameter);
                }
            }
        }
        let in_path = |name: &str| path.names().any(|(known, _)| known == name);
        parameters.retain(|parameter| parameter.channel != Channel::Path || in_path(&parameter.name));
        for (name, optional) in path.names() {
            let told = |known: &Parameter| known.channel == Channel::Path && known.name == name;
            match parameters.iter_mut().find(|known| told(known)) {
                Some(parameter) => parameter.required = !optional,
                None => parameters.push(Parameter::untold(name, !optional)),
            }
        }
        parameters.sort_by_key(|parameter| parameter.channel as u8);
        let body = references.spot(pointer).and_then(|operation| operation.member("requestBody"));
        let body = body.map(|body| BodyInput::of(references, body)).transpose()?.flatten();
        Ok(Self { parameters, body })
    }

    /// The schema of the arguments, and where they are.
    ///
    /// # Errors
    /// Where a schema cannot be read.
    pub(super) fn schema(&self, references: &References, style: ToolInputStyle) -> Result<(Value, Layout), BuildError> {
        if style == ToolInputStyle::Flat
            && let Some(flat) = self.flat(references)?
        {
            return Ok(flat);
        }
        Ok((self.nested(references)?, Layout::Nested))
    }

    fn nested(&self, references: &References) -> Result<Value, BuildError> {
        schemas::alone(references, Direction::Input, |writer| {
            let mut root = ObjectSchema::default();
            for channel in [Channel::Path, Channel::Query, Channel::Header] {
                let mut members = ObjectSchema::default();
                for parameter in self.parameters.iter().filter(|parameter| parameter.channel == channel) {
                    members.add(&parameter.name, parameter.written(writer)?, parameter.required);
                }
                if !members.is_empty() {
                    let required = members.requires();
                    root.add(channel.argument(), members.closed(), required);
                }
            }
            if let Some(body) = &self.body {
                root.add("body", body.written(writer)?, body.required);
            }
            Ok(root.closed())
        })
    }

    /// All arguments beside one another; none where two have one name.
    fn flat(&self, references: &References) -> Result<Option<(Value, Layout)>, BuildError> {
        let body =
            self.body.as_ref().map(|body| schemas::alone(references, Direction::Input, |writer| body.written(writer)));
        let body = body.transpose()?;
        let opened = body.as_ref().and_then(|body| members_of(body));
        let names = self.parameters.iter().map(|parameter| parameter.name.as_str());
        let of_body: Vec<&str> = match (&opened, &self.body) {
            (Some(members), _) => members.keys().map(String::as_str).collect(),
            (None, Some(_)) => vec!["body"],
            (None, None) => Vec::new(),
        };
        let mut seen = HashSet::new();
        if !names.chain(of_body).all(|name| seen.insert(name)) {
            return Ok(None);
        }
        let beside = Cell::new(false);
        let schema = schemas::alone(references, Direction::Input, |writer| {
            let mut root = ObjectSchema::default();
            for parameter in &self.parameters {
                root.add(&parameter.name, parameter.written(writer)?, parameter.required);
            }
            let Some(input) = &self.body else { return Ok(root.closed()) };
            let written = input.written(writer)?;
            let Some(members) = members_of(&written).filter(|_| opened.is_some()) else {
                beside.set(false);
                root.add("body", written, input.required);
                return Ok(root.closed());
            };
            beside.set(true);
            let required = written.get("required").and_then(Value::as_array).into_iter().flatten();
            let required: Vec<&str> = required.filter_map(Value::as_str).filter(|_| input.required).collect();
            for (name, member) in members {
                root.add(name, member.clone(), required.contains(&name.as_str()));
            }
            // What a body may hold besides, only a schema that says so lets through.
            let open = written.get("additionalProperties").filter(|more| **more != Value::Bool(false)).cloned();
            let mut schema = root.closed();
            if let Some(open) = open {
                schema["additionalProperties"] = open;
            }
            Ok(schema)
        })?;
        Ok(Some((schema, Layout::Flat { body: beside.get() })))
    }

    /// Makes the body JSON, whatever the document says of it.
    pub(super) fn take_json(&mut self) {
        let media_type = "application/json".to_owned();
        self.body = Some(BodyInput { required: true, media_type, notation: Notation::Json, schema: None });
    }

    /// Puts arguments where they go.
    pub(super) fn given(&self, layout: Layout, mut arguments: Map<String, Value>) -> Given {
        let mut given = Given::default();
        match layout {
            Layout::Nested => {
                for (channel, place) in [
                    (Channel::Path, &mut given.path),
                    (Channel::Query, &mut given.query),
                    (Channel::Header, &mut given.headers),
                ] {
                    if let Some(Value::Object(members)) = arguments.shift_remove(channel.argument()) {
                        *place = members;
                    }
                }
                given.body = arguments.shift_remove("body");
            }
            Layout::Flat { body } => {
                for parameter in &self.parameters {
                    let Some(value) = arguments.shift_remove(&parameter.name) else { continue };
                    let place = match parameter.channel {
                        Channel::Path => &mut given.path,
                        Channel::Query => &mut given.query,
                        Channel::Header => &mut given.headers,
                    };
                    place.insert(parameter.name.clone(), value);
                }
                given.body = match &self.body {
                    None => None,
                    Some(input) if body => {
                        (input.required || !arguments.is_empty()).then_some(Value::Object(arguments))
                    }
                    Some(_) => arguments.shift_remove("body"),
                };
            }
        }
        given
    }
}

/// The members of a body that may stand among other arguments: it is an object, and nothing else is said of it.
fn members_of(schema: &Value) -> Option<&Map<String, Value>> {
    const SAID: [&str; 8] =
        ["type", "properties", "required", "additionalProperties", "title", "description", "example", "examples"];
    let members = schema.as_object()?;
    let plain = members.keys().all(|keyword| SAID.contains(&keyword.as_str()) || keyword == "$defs");
    if members.get("type").is_none_or(|of| of != "object") || !plain {
        return None;
    }
    members.get("properties")?.as_object()
}

impl Parameter {
    fn of(spot: &Spot<'_>) -> Result<Option<Self>, BuildError> {
        let text = |name: &str| spot.value.get(name).and_then(Value::as_str);
        let flag = |name: &str| spot.value.get(name).and_then(Value::as_bool);
        let (Some(name), Some(place)) = (text("name"), text("in")) else {
            return Err(BuildError::at("", format!("the parameter at {} has no `name` or no `in`", spot.pointer)));
        };
        let channel = match place {
            "path" => Channel::Path,
            "query" => Channel::Query,
            "header" => Channel::Header,
            // A cookie is the client's own, and goes along with the others.
            _ => return Ok(None),
        };
        let mut field = None;
        if channel == Channel::Header {
            let named = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| BuildError::at("", format!("`{name}` is not the name of a header field")))?;
            // What no client may send, no model may either.
            if NOT_ARGUMENTS.contains(&named.as_str()) || !hygiene::may_be_sent(&named) {
                return Ok(None);
            }
            field = Some(named);
        }
        let content = spot.member("content").and_then(|content| content.members().next().map(|(_, media)| media));
        let explode = |default| flag("explode").unwrap_or(default);
        let style = match (content.is_some(), text("style")) {
            (true, _) => Style::Json,
            (_, Some("spaceDelimited")) => Style::Spaces,
            (_, Some("pipeDelimited")) => Style::Pipes,
            (_, Some("deepObject")) => Style::DeepObject,
            _ => Style::Form { explode: explode(true) },
        };
        let schema = content.as_ref().unwrap_or(spot).member("schema");
        Ok(Some(Self {
            name: name.to_owned(),
            channel,
            required: channel == Channel::Path || flag("required").unwrap_or(false),
            style,
            field,
            description: text("description").filter(|text| !text.is_empty()).map(str::to_owned),
            schema: schema.map(|schema| (schema.uri, schema.pointer)),
        }))
    }

    /// One of the path of which nothing is said.
    fn untold(name: &str, required: bool) -> Self {
        Self {
            name: name.to_owned(),
            channel: Channel::Path,
            required,
            style: Style::Form { explode: true },
            field: None,
            description: None,
            schema: None,
        }
    }

    fn written(&self, writer: &mut schemas::Writer<'_>) -> Result<Value, BuildError> {
        let mut schema = written(writer, self.schema.as_ref(), json!({ "type": "string" }))?;
        if let (Some(description), Some(schema)) = (&self.description, schema.as_object_mut())
            && !schema.contains_key("description")
        {
            schema.insert("description".to_owned(), json!(description));
        }
        Ok(schema)
    }
}

impl BodyInput {
    /// Reads it; none where it is said of no media type. JSON goes before other notations.
    fn of(references: &References, body: Spot<'_>) -> Result<Option<Self>, BuildError> {
        let body = references.follow(body)?;
        let notation = |media_type: &str| {
            let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            Some(match essence.as_str() {
                "application/json" | "text/json" | "*/*" | "application/*" => Notation::Json,
                essence if essence.ends_with("+json") => Notation::Json,
                "application/x-www-form-urlencoded" => Notation::Form,
                essence if essence.starts_with("text/") => Notation::Text,
                _ => return None,
            })
        };
        let content = body.member("content");
        let media: Vec<_> = content.iter().flat_map(Spot::members).collect();
        let usable = media.iter().filter_map(|(name, spot)| Some((notation(name)?, *name, spot)));
        let Some((notation, name, spot)) = usable.min_by_key(|(notation, ..)| *notation as u8) else {
            return match media.first() {
                None => Ok(None),
                Some((name, _)) => Err(BuildError::at("", format!("its body is `{name}`, which no arguments can be"))
                    .help("a tool sends JSON, a form or a text")),
            };
        };
        Ok(Some(Self {
            required: body.value.get("required").and_then(Value::as_bool).unwrap_or(false),
            media_type: if name.contains('*') { "application/json".to_owned() } else { name.to_owned() },
            notation,
            schema: spot.member("schema").map(|schema| (schema.uri, schema.pointer)),
        }))
    }

    fn written(&self, writer: &mut schemas::Writer<'_>) -> Result<Value, BuildError> {
        let default = match self.notation {
            Notation::Json => json!({}),
            Notation::Form => json!({ "type": "object" }),
            Notation::Text => json!({ "type": "string" }),
        };
        written(writer, self.schema.as_ref(), default)
    }
}

fn written(
    writer: &mut schemas::Writer<'_>,
    place: Option<&(String, String)>,
    default: Value,
) -> Result<Value, BuildError> {
    let Some((uri, pointer)) = place else { return Ok(default) };
    let Some(value) = writer.references().root(uri).and_then(|root| root.pointer(pointer)) else { return Ok(default) };
    writer.write(Spot { uri: uri.clone(), pointer: pointer.clone(), value })
}
