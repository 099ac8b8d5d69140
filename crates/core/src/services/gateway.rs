//! The gateway as code on a route sees it: its other routes, its policies, its handlers.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::catalog::BuildError;
use crate::exchange::{Client, Target, Trace};
use crate::later::BoxFuture;
use crate::mcp::ToolCall;
use crate::{Exchange, Handler, Policy, Problem, Request, Response};

/// On whose behalf a route is called from within.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The id of the request that calls.
    pub id: Arc<str>,
    /// Where that request came from.
    pub client: Client,
    /// The trace it belongs to.
    pub trace: Trace,
    /// How many calls from within there are already around this one.
    pub depth: u8,
    /// The context of the script that calls.
    pub context: Option<ScriptContext>,
    /// The call of a tool that it is, where it is one.
    pub tool_call: Option<Arc<ToolCall>>,
}

/// How scripts find the context of an exchange again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptContext {
    /// The thread that it lives on.
    pub thread: usize,
    /// Its key there.
    pub key: u64,
}

impl Caller {
    /// The caller that an exchange is.
    pub fn of(exchange: &Exchange) -> Self {
        Self {
            id: Arc::clone(&exchange.id),
            client: exchange.client.clone(),
            trace: exchange.trace,
            depth: exchange.depth,
            context: None,
            tool_call: None,
        }
    }
}

/// What came of calling a route from within.
#[derive(Debug)]
pub struct Called {
    /// Its answer.
    pub response: Response,
    /// Whether a credential was presented on the way and refused.
    pub refused_credential: bool,
}

/// One snapshot of the gateway, as seen from within.
pub trait Gateway: Send + Sync + fmt::Debug {
    /// Sends a request through its route, policies and all, without leaving the process.
    fn call(self: Arc<Self>, caller: Caller, request: Request) -> BoxFuture<'static, Response>;
    /// The same for one certain route, by its id. A request whose target leads to another is refused: what may be
    /// called is the route, and not whatever else its path can be made to name.
    ///
    /// # Errors
    /// A [`Problem`] where it leads to another route, or nowhere.
    fn call_route(
        self: Arc<Self>,
        caller: Caller,
        route: Arc<str>,
        request: Request,
    ) -> BoxFuture<'static, Result<Called, Problem>>;
    /// Reads a target that a script has made, as a client's would be.
    ///
    /// # Errors
    /// A [`Problem`] where it is none, or one that two parties could read in two ways.
    fn target(&self, path_and_query: &str) -> Result<Target, Problem>;
    /// Notes a refusal and writes its answer.
    fn refuse(&self, exchange: &mut Exchange, problem: Problem) -> Response;
    /// The policy of the project with this name.
    fn policy(&self, name: &str) -> Option<Arc<dyn Policy>>;
    /// A policy of the catalog, by its export, with options of its own.
    ///
    /// # Errors
    /// Where there is no such export, or the options do not fit.
    fn built_in_policy(&self, export: &str, options: Value, name: &str) -> Result<Arc<dyn Policy>, BuildError>;
    /// A handler of the catalog, by its export, with options of its own.
    ///
    /// # Errors
    /// As for policies.
    fn built_in_handler(
        &self,
        export: &str,
        options: Value,
        exchange: &Exchange,
    ) -> Result<Arc<dyn Handler>, BuildError>;
}
