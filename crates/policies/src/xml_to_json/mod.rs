//! Makes JSON of XML in the body of the response, for clients that read no XML.
//!
//! What it makes has the shape that fast-xml-parser gives it; whoever wants another one puts a script behind.

mod charset;
mod convert;
mod number;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Body, Exchange, Flow, Policy, Problem, Response, Step};

use crate::content::{ANSWER_MALFORMED, UNREADABLE, collect, open_response};
use crate::statuses::{StatusCodes, Statuses};
use convert::{Shape, StopNode};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<XmlToJson>("xml-to-json", Direction::Outbound, include_str!("docs.md"))
    .exports(&["XmlToJsonOutboundPolicy"])
    .reasons(&UNREADABLE);

/// What becomes of the parts of a document.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    /// Whether prefixes of namespaces are left out of names: `soap:Body` is `Body`. Default: true.
    #[serde(rename = "removeNSPrefix")]
    remove_ns_prefix: bool,
    /// Whether processing instructions are left out. Default: true.
    ignore_processing_instructions: bool,
    /// Whether the declaration (`<?xml …?>`) is left out. Default: true.
    ignore_declarations: bool,
    /// Whether attributes are left out. Default: true.
    ignore_attributes: bool,
    /// Whether white space around texts is left out. Default: true.
    trim_values: bool,
    /// Elements whose content stays a text, markup included, by their paths: `root.a`, or `*.a` wherever it is.
    stop_nodes: Vec<String>,
    /// What stands in front of the names of attributes. Default: `@_`.
    attribute_name_prefix: String,
    /// The name of the text of an element that has attributes or other elements as well. Default: `#text`.
    text_node_name: String,
    /// Which answers are changed: `200-299`, `200-299, 404`, or `[200, 201]`. Default: all.
    parse_on_status_codes: Option<StatusCodes>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            remove_ns_prefix: true,
            ignore_processing_instructions: true,
            ignore_declarations: true,
            ignore_attributes: true,
            trim_values: true,
            stop_nodes: Vec::new(),
            attribute_name_prefix: "@_".to_owned(),
            text_node_name: "#text".to_owned(),
            parse_on_status_codes: None,
        }
    }
}

/// See the module.
#[derive(Debug)]
struct XmlToJson {
    shape: Shape,
    statuses: Option<Statuses>,
    limit: usize,
}

impl Configure for XmlToJson {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if options.text_node_name.is_empty() {
            return Err(BuildError::at("/textNodeName", "a text needs a name"));
        }
        let stop = options.stop_nodes.iter().enumerate().map(|(index, path)| {
            StopNode::parse(path).ok_or_else(|| {
                BuildError::at(format!("/stopNodes/{index}"), format!("`{path}` is not the path of an element"))
                    .help("names with dots between them from the root on (`root.a`), or `*.a`")
            })
        });
        let statuses = options.parse_on_status_codes.as_ref();
        Ok(Self {
            statuses: statuses.map(|codes| Statuses::read(codes, "/parseOnStatusCodes")).transpose()?,
            shape: Shape {
                stop: stop.collect::<Result<_, _>>()?,
                without_prefixes: options.remove_ns_prefix,
                instructions: !options.ignore_processing_instructions,
                declaration: !options.ignore_declarations,
                attributes: !options.ignore_attributes,
                trims: options.trim_values,
                prefix: options.attribute_name_prefix,
                text: options.text_node_name,
            },
            limit: context.settings.server.limits.buffered_body.as_usize(),
        })
    }
}

impl Policy for XmlToJson {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        let meant = self.statuses.as_ref().is_none_or(|statuses| statuses.contain(response.status()));
        let Some(charset) = charset_of_xml(response.headers()).filter(|_| meant) else { return Step::CONTINUE };
        let opened = open_response(response);
        if opened.is_ok() {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        match opened {
            Ok(Some(body)) => Step::later(async move {
                match self.converted(body, charset.as_deref()).await {
                    Ok(json) => {
                        *response.body_mut() = Body::full(json);
                        Flow::Continue
                    }
                    Err(problem) => problem.into(),
                }
            }),
            Ok(None) => Step::CONTINUE,
            Err(problem) => problem.into(),
        }
    }
}

impl XmlToJson {
    async fn converted(&self, body: Body, charset: Option<&str>) -> Result<Vec<u8>, Problem> {
        let whole = collect(body, self.limit).await?;
        let json = charset::decoded(&whole, charset).and_then(|text| self.shape.convert(&text));
        let json = json.and_then(|json| serde_json::to_vec(&json).map_err(|error| error.to_string()));
        // What is wrong with it may quote the upstream, which is nobody's business but the operator's.
        json.map_err(|why| Problem::new(&ANSWER_MALFORMED, "The answer of the upstream cannot be read").caused_by(why))
    }
}

/// What the header fields say of the letters of XML: `None` where they say that it is none.
#[expect(clippy::option_option, reason = "no XML, XML that says nothing of its letters, XML that does")]
fn charset_of_xml(headers: &HeaderMap) -> Option<Option<String>> {
    let mut fields = headers.get_all(CONTENT_TYPE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return None };
    let mut parts = field.to_str().ok()?.split(';').map(str::trim);
    let essence = parts.next()?.to_ascii_lowercase();
    if !matches!(essence.as_str(), "application/xml" | "text/xml") && !essence.ends_with("+xml") {
        return None;
    }
    let charset = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    Some(charset.map(|(_, value)| value.trim_matches('"').to_owned()))
}

#[cfg(test)]
mod tests;
