//! Sends the request to exactly the URL that a template gives.

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
    name: "url-rewrite",
    exports: &["urlRewriteHandler"],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: include_str!("docs.md"),
    schema: schema_of::<Options>,
};

/// Sends the request to exactly the URL that a template gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// The URL to ask for; a template: `https://${env.HOST}/users/${params.id}`.
    pub rewrite_pattern: String,
    /// Whether the incoming query is appended; behind the query of the pattern, where it has one.
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
struct UrlRewrite {
    url: UrlTemplate,
    forward_search: bool,
    follow_redirects: bool,
    upstreams: Arc<Upstreams>,
}

pub(super) fn build(options: Value, context: &HandlerContext<'_>) -> Result<Arc<dyn Handler>, BuildError> {
    let options: Options = parse_options(options)?;
    Ok(Arc::new(UrlRewrite {
        url: UrlTemplate::new(&options.rewrite_pattern, "/rewritePattern", context)?,
        forward_search: options.forward_search,
        follow_redirects: options.follow_redirects && context.project.compatibility.follow_redirects,
        upstreams: Arc::clone(context.upstreams),
    }))
}

impl Handler for UrlRewrite {
    fn handle<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        mut request: Request,
    ) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(async move {
            let mut to = self.url.render(exchange, &mut request, &self.upstreams).await?;
            if self.forward_search {
                append_query(&mut to.path_and_query, exchange.target.query.as_deref());
            }
            send(exchange, request, to, self.follow_redirects.then_some(&*self.upstreams)).await
        })
    }
}
