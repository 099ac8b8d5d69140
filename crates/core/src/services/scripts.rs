//! Running TypeScript modules.
//!
//! A project that has modules is *linked* once, after it was lowered and before anything is built
//! from it: the modules are loaded, `runtimeInit` is run, and what comes out are its [`Scripts`]. Policies,
//! handlers and functions are then found in those; what `runtimeInit` asked for stands in
//! [`Plugins`] and [`Hooks`].

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::catalog::{BuildContext, BuildError};
use crate::later::BoxFuture;
use crate::project::Place;
use crate::services::Duplex;
use crate::settings::{SigningAlgorithm, TraceSettings};
use crate::units::Lifetime;
use crate::{Exchange, Flow, Handler, MaybeLater, Policy, Problem, Request, Response, Route};

/// A mistake in a module, or one that running it brought to light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptIssue {
    /// Where: a line of the module as it is written, or the place that names it.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// An export of a module of the project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Export {
    /// The module, relative to the project, as it was named: the ending may be missing.
    pub path: String,
    /// The export; `default` for the default one.
    pub name: String,
}

impl Export {
    /// An export of the module that `./modules/x.ts` or `$import(./modules/x)` names, both from the
    /// project's folder; `None` where that is no file of the project: a package, or a path out of it.
    pub fn of(module: &str, name: &str) -> Option<Self> {
        let inner = module.strip_prefix("$import(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(module).trim();
        if inner.starts_with(['/', '@']) || inner.contains([':', '\\']) || name.is_empty() {
            return None;
        }
        let mut segments: Vec<&str> = Vec::new();
        for segment in inner.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop()?;
                }
                segment => segments.push(segment),
            }
        }
        (!segments.is_empty()).then(|| Self { path: segments.join("/"), name: name.to_owned() })
    }

    /// What `./modules/x.ts#name` refers to; the default export where no name follows. `None` as in
    /// [`Export::of`].
    pub fn from_reference(reference: &str) -> Option<Self> {
        let (module, name) = reference.split_once('#').unwrap_or((reference, "default"));
        Self::of(module, name)
    }
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.path, self.name)
    }
}

/// The loaded modules of one project.
pub trait Scripts: Send + Sync + fmt::Debug {
    /// The policy that an export is.
    ///
    /// # Errors
    /// Where it is neither a function nor a class of a policy.
    fn policy(&self, export: &Export, context: &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError>;
    /// The handler that an export is, with its options.
    ///
    /// # Errors
    /// Where it is no function.
    fn handler(&self, export: &Export, options: &Value, route: &Arc<Route>) -> Result<Arc<dyn Handler>, BuildError>;
    /// A function that a policy's options name, such as the one that says whom a limit counts.
    ///
    /// # Errors
    /// Where it is no function.
    fn function(&self, export: &Export) -> Result<Arc<dyn ScriptFunction>, BuildError>;
    /// What the messages of a WebSocket go through.
    ///
    /// # Errors
    /// Where one of the exports is no function.
    fn messages(&self, exports: &MessageExports) -> Result<Arc<dyn MessageScripts>, BuildError>;
    /// A template literal that the native evaluator does not know, compiled.
    ///
    /// # Errors
    /// Where it does not parse.
    fn template(&self, text: &str) -> Result<Arc<dyn ScriptTemplate>, BuildError>;
    /// What runs around every route; `None` where `runtimeInit` added nothing.
    fn hooks(&self) -> Option<Arc<dyn Hooks>>;
    /// What `runtimeInit` set up.
    fn plugins(&self) -> &Plugins;
    /// The files that were read, absolute, so that a watcher knows them.
    fn files(&self) -> &[std::path::PathBuf];
    /// A digest of the modules' text, for the snapshot's id.
    fn digest(&self) -> &str;
}

/// A function of a module, called with `(request, context, …)`.
pub trait ScriptFunction: Send + Sync + fmt::Debug {
    /// Calls it as `(request, context, policyName)`, and gives what it returned as JSON; `null` for
    /// `undefined`.
    ///
    /// # Errors
    /// Where it throws or breaks a limit.
    fn call<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        request: &'a mut Request,
        policy: &'a str,
    ) -> BoxFuture<'a, Result<Value, Problem>>;
}

/// The functions that see the messages of a WebSocket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageExports {
    /// Called before messages go on: `(target, source, request, context)`.
    pub on_open: Option<Export>,
    /// What the client's messages go through, in turn: `(data, target, source, request, context)`.
    pub inbound: Vec<Export>,
    /// What the server's messages go through.
    pub outbound: Vec<Export>,
}

/// Code between the two sides of a WebSocket.
pub trait MessageScripts: Send + Sync + fmt::Debug {
    /// Puts the code between a client and a server whose connection has been switched; gives what stands for
    /// the server on the client's side. `request` is the head of the one that asked for it, `protocol` what the
    /// server chose of its subprotocols.
    ///
    /// # Errors
    /// Where the function that is called first throws: then there shall be no WebSocket.
    fn join<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        request: Request,
        protocol: &str,
        server: Box<dyn Duplex>,
    ) -> BoxFuture<'a, Result<Box<dyn Duplex>, Problem>>;
}

/// A template literal, evaluated for each request.
pub trait ScriptTemplate: Send + Sync + fmt::Debug {
    /// Renders it.
    ///
    /// # Errors
    /// Where an expression throws.
    fn render<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        request: &'a mut Request,
    ) -> BoxFuture<'a, Result<String, Problem>>;
}

/// What runs around every route. Each does nothing where the project has nothing to say.
pub trait Hooks: Send + Sync + fmt::Debug {
    /// Whether there are hooks that run before routing.
    fn has_pre_routing(&self) -> bool;
    /// Whether there are hooks that run before the inbound policies.
    fn has_request_hooks(&self) -> bool;
    /// Whether something of it asks, behind the handler, for the request's head.
    fn wants_request(&self) -> bool;
    /// Whether the project answers what no route does.
    fn has_not_found(&self) -> bool;
    /// Whether the project writes problems in a way of its own.
    fn has_problem_format(&self) -> bool;
    /// Before routing: may change the request, its target and method included.
    fn pre_routing<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> BoxFuture<'a, Flow>;
    /// Before the inbound policies.
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> BoxFuture<'a, Flow>;
    /// Behind the outbound policies: the response-sending hooks, those of the context included,
    /// then the final ones.
    fn on_response<'a>(&'a self, exchange: &'a mut Exchange, response: Response) -> MaybeLater<'a, Response>;
    /// Where no route matched. `matched_by_path` are routes that serve the path by other methods.
    fn not_found<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        request: Request,
        matched_by_path: Vec<Arc<Route>>,
    ) -> BoxFuture<'a, Result<Response, Problem>>;
    /// Whether the project's code changes the events of Lambda functions.
    fn has_lambda_event(&self) -> bool {
        false
    }
    /// The event that a Lambda function is called with, as the project's code wants it. `request` is the head.
    ///
    /// # Errors
    /// Where the code throws.
    fn lambda_event<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        request: Request,
        event: Value,
    ) -> BoxFuture<'a, Result<Value, Problem>> {
        let _ = (exchange, request);
        Box::pin(std::future::ready(Ok(event)))
    }
    /// Writes a problem in the project's way; the response is the gateway's own form of it.
    fn format_problem<'a>(&'a self, exchange: &'a mut Exchange, response: Response) -> BoxFuture<'a, Response>;
}

/// What `runtimeInit` set up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plugins {
    /// `JwtServicePlugin`.
    pub issuer: Option<IssuerPlugin>,
    /// `OpenTelemetryPlugin`.
    pub traces: Option<TraceSettings>,
    /// Documents served at fixed paths: `OAuthProtectedResourcePlugin`'s metadata.
    pub documents: Vec<PluginDocument>,
}

/// `JwtServicePlugin`, as it was configured. What it does not say stays as the settings have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IssuerPlugin {
    /// Where discovery and keys are served.
    pub path: Option<String>,
    /// What tokens are signed with.
    pub algorithm: Option<SigningAlgorithm>,
    /// How long they are valid.
    pub expires_in: Option<Lifetime>,
}

/// The metadata of a protected resource (RFC 9728), served for every path below `/.well-known/…`.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginDocument {
    /// The path it is served at, and below which a resource's own path may follow.
    pub path: String,
    /// The document; `resource` is filled in for each request.
    pub body: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_file_of_the_project_and_nothing_else() {
        for (reference, expected) in [
            ("./modules/x.ts#check", Some("modules/x.ts#check")),
            ("./modules/x", Some("modules/x#default")),
            ("$import(./modules/a/../x)", Some("modules/x#default")),
            ("modules/x", Some("modules/x#default")),
            ("./modules/x.ts#", None),
            ("./modules/../../x", None),
            ("../x", None),
            ("/etc/x", None),
            ("@zuplo/runtime", None),
            ("https://example.com/x.ts", None),
            ("./", None),
            ("", None),
        ] {
            let export = Export::from_reference(reference).map(|export| export.to_string());
            assert_eq!(export.as_deref(), expected, "{reference}");
        }
    }
}
