//! Serves a document of the project, without what is only the gateway's business.

mod bundle;
mod publish;

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildError, HandlerKind, parse_options, schema_of};
use tollgate_core::later::BoxFuture;
use tollgate_core::route::Document;
use tollgate_core::{Body, Exchange, Handler, Problem, Request, Response};

use super::HandlerContext;

/// What the catalog says of it.
pub static KIND: HandlerKind = HandlerKind {
    name: "openapi",
    exports: &["openApiSpecHandler"],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: include_str!("docs.md"),
    schema: schema_of::<Options>,
};

/// Serves a document of the project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// The document, relative to the project: `openapi.yaml`, `./config/routes.oas.json`.
    /// Default: the one that holds the route.
    pub open_api_file_path: Option<String>,
}

#[derive(Debug)]
struct OpenApi {
    json: Bytes,
    etag: HeaderValue,
}

pub(super) fn build(options: Value, context: &HandlerContext<'_>) -> Result<Arc<dyn Handler>, BuildError> {
    let options: Options = parse_options(options)?;
    let document = match &options.open_api_file_path {
        None => &context.route.operation.document,
        Some(path) => find(&context.project.documents, path).ok_or_else(|| {
            let names: Vec<_> = context.project.documents.iter().map(|document| document.name.as_str()).collect();
            BuildError::at("/openApiFilePath", format!("`{path}` is no document of the project"))
                .help(format!("the documents are: {}", names.join(", ")))
        })?,
    };
    let json = publish::published(document, context.project, context.catalog).to_string();
    let mut hasher = DefaultHasher::new();
    hasher.write(json.as_bytes());
    let etag = HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish()))
        .map_err(|error| BuildError::at("", error.to_string()))?;
    Ok(Arc::new(OpenApi { json: json.into(), etag }))
}

fn find<'d>(documents: &'d [Arc<Document>], path: &str) -> Option<&'d Arc<Document>> {
    let wanted = path.trim_start_matches("./");
    documents.iter().find(|document| document.name.trim_start_matches("./") == wanted)
}

impl Handler for OpenApi {
    fn handle<'a>(&'a self, _: &'a mut Exchange, request: Request) -> BoxFuture<'a, Result<Response, Problem>> {
        let unchanged = request.headers().get_all(IF_NONE_MATCH).iter().any(|value| self.matches(value));
        let mut response = if unchanged {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::full(self.json.clone()));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        };
        response.headers_mut().insert(ETAG, self.etag.clone());
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Box::pin(std::future::ready(Ok(response)))
    }
}

impl OpenApi {
    /// Weak comparison (RFC 9110, section 13.1.2).
    fn matches(&self, field: &HeaderValue) -> bool {
        let Ok(field) = field.to_str() else { return false };
        field
            .split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.etag.as_bytes())
    }
}
