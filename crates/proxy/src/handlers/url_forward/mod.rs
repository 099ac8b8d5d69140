//! Sends the request to a base URL with the incoming path behind it. The base URL is a template,
//! so that it may differ from request to request; for one that does not, `forward` keeps settings
//! and connections by name.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildError, HandlerKind, parse_options, schema_of};
use tollgate_core::later::BoxFuture;
use tollgate_core::{Exchange, Handler, Problem, Request, Response};

use super::HandlerContext;
use super::outgoing::{UrlTemplate, append_query, send};
use crate::upstream::Upstreams;

/// What the catalog says of it.
pub static KIND: HandlerKind = HandlerKind {
    name: "url-forward",
    exports: &["urlForwardHandler"],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: include_str!("docs.md"),
    schema: schema_of::<Options>,
};

/// Sends the request to a base URL with the incoming path behind it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// The URL in front of the incoming path; a template: `https://${env.HOST}/api`.
    pub base_url: String,
    /// Whether the query goes along.
    #[serde(default = "yes")]
    pub forward_search: bool,
    /// Whether the gateway follows the upstream's redirects instead of handing them on.
    #[serde(default)]
    pub follow_redirects: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Debug)]
struct UrlForward {
    base: UrlTemplate,
    forward_search: bool,
    follow_redirects: bool,
    upstreams: Arc<Upstreams>,
}

pub(super) fn build(options: Value, context: &HandlerContext<'_>) -> Result<Arc<dyn Handler>, BuildError> {
    let options: Options = parse_options(options)?;
    Ok(Arc::new(UrlForward {
        base: UrlTemplate::new(&options.base_url, "/baseUrl", context)?,
        forward_search: options.forward_search,
        follow_redirects: options.follow_redirects && context.project.compatibility.follow_redirects,
        upstreams: Arc::clone(context.upstreams),
    }))
}

impl Handler for UrlForward {
    fn handle<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        mut request: Request,
    ) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(async move {
            let mut to = self.base.render(exchange, &mut request, &self.upstreams).await?;
            let (path, query) = match to.path_and_query.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (to.path_and_query.as_str(), None),
            };
            let mut target = path.trim_end_matches('/').to_owned();
            target.push_str(&exchange.target.forward_path);
            append_query(&mut target, query);
            if self.forward_search {
                append_query(&mut target, exchange.target.query.as_deref());
            }
            to.path_and_query = target;
            send(exchange, request, to, self.follow_redirects.then_some(&*self.upstreams)).await
        })
    }
}
