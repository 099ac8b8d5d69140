//! What ends a route. Each handler is one folder and one line in [`ALL`].

pub mod aws_lambda;
pub mod forward;
pub mod mcp_server;
pub mod openapi;
mod outgoing;
pub mod redirect;
pub mod url_forward;
pub mod url_rewrite;
pub mod websocket;

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use tollgate_core::catalog::BuildError;
use tollgate_core::project::{HandlerDefinition, Project, ProjectForm, Use};
use tollgate_core::settings::{UpstreamOrUrl, UpstreamSettings};
use tollgate_core::{Catalog, Handler, HandlerKind, Route, Services};

use crate::template::{Template, TemplateContext};
use crate::upstream::{Upstream, Upstreams};

/// Every handler.
pub static ALL: &[&HandlerKind] = &[
    &forward::KIND,
    &url_forward::KIND,
    &url_rewrite::KIND,
    &redirect::KIND,
    &openapi::KIND,
    &websocket::KIND,
    &aws_lambda::KIND,
    &mcp_server::KIND,
];

/// What a handler may ask for while it is built.
pub struct HandlerContext<'a> {
    /// The project.
    pub project: &'a Project,
    /// What the project can name.
    pub catalog: &'a Catalog,
    /// The route that it ends.
    pub route: &'a Arc<Route>,
    /// The rooms behind the traits.
    pub services: &'a Arc<Services>,
    /// Where upstreams come from.
    pub upstreams: &'a Arc<Upstreams>,
    /// Every upstream that was given out.
    pub used: &'a RefCell<Vec<Arc<Upstream>>>,
    /// What else is wrong with the options, where a handler finds more than it can say at once.
    pub further: &'a RefCell<Vec<BuildError>>,
}

impl HandlerContext<'_> {
    /// The upstream that an option means: a URL, a name under `upstreams`, or all about it.
    fn upstream(&self, option: &UpstreamOrUrl) -> Result<Arc<Upstream>, BuildError> {
        let settings = match option {
            UpstreamOrUrl::Upstream(settings) => (**settings).clone(),
            UpstreamOrUrl::Url(url) if url.contains("://") => UpstreamSettings::new(url.as_str()),
            UpstreamOrUrl::Url(name) => match self.project.settings.upstreams.get(name) {
                Some(UpstreamOrUrl::Upstream(settings)) => (**settings).clone(),
                Some(UpstreamOrUrl::Url(url)) => UpstreamSettings::new(url.as_str()),
                None => {
                    return Err(BuildError::at("", format!("there is no upstream `{name}`"))
                        .help("write a URL, or the name of one under `upstreams` in tollgate.yaml"));
                }
            },
        };
        let upstream = self.upstreams.get(&settings)?;
        self.used.borrow_mut().push(Arc::clone(&upstream));
        Ok(upstream)
    }

    /// Compiles a template for this route; `braces` where `{name}` means a parameter.
    fn template(&self, text: &str, braces: bool) -> Result<Template, BuildError> {
        let context = TemplateContext {
            environment: &self.project.environment,
            path: &self.route.template,
            braces,
            undefined: self.project.form == ProjectForm::Zuplo,
        };
        Template::compile(text, &context)
    }
}

impl fmt::Debug for HandlerContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerContext").field("route", &self.route.id).finish_non_exhaustive()
    }
}

/// Builds the handler of a route.
///
/// # Errors
/// Where there is no such handler, or its options do not fit.
pub fn build(definition: &HandlerDefinition, context: &HandlerContext<'_>) -> Result<Arc<dyn Handler>, BuildError> {
    let options = definition.options.clone();
    match &definition.implementation {
        Use::Module(export) => match &context.project.scripts {
            Some(scripts) => scripts.handler(export, &options, context.route),
            None => Err(BuildError::at("", "modules cannot run here")),
        },
        Use::BuiltIn(name) => match name.as_str() {
            "forward" => forward::build(options, context),
            "url-forward" => url_forward::build(options, context),
            "url-rewrite" => url_rewrite::build(options, context),
            "redirect" => redirect::build(options),
            "openapi" => openapi::build(options, context),
            "websocket" => websocket::build(options, context),
            "aws-lambda" => aws_lambda::build(options, context),
            "mcp-server" => mcp_server::build(options, context),
            _ => Err(BuildError::at("", format!("there is no handler `{name}`"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handler_describes_itself() {
        for kind in ALL {
            let schema = kind.schema();
            let properties = schema["properties"].as_object().unwrap();
            for (name, property) in properties {
                assert!(property.get("description").is_some(), "{}: `{name}` has no description", kind.name);
            }
            assert_eq!(schema["additionalProperties"], false, "{} takes any field", kind.name);
            assert!(kind.docs.starts_with(&format!("# {}", kind.name)), "{}", kind.name);
        }
    }
}
