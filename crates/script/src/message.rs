//! What goes between the gateway's workers and the threads of the scripts. Everything here can cross
//! threads; nothing here belongs to an engine.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};
use tollgate_core::exchange::{Client, Params, User};
use tollgate_core::mcp::ToolCall;
use tollgate_core::record::Fetch;
use tollgate_core::services::{Caller, Gateway, ScriptContext};
use tollgate_core::{BoxError, Request, Response, Route};
use tollgate_js::Thrown;
use tollgate_js::engine::Stopped;

use crate::generation::Generation;
use crate::socket::WireSocket;

/// What of a project is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// An inbound policy, by its place among the definitions.
    Inbound(usize),
    /// An outbound policy.
    Outbound(usize),
    /// A handler.
    Handler(usize),
    /// A function that options name.
    Function(usize),
    /// A template literal.
    Template(usize),
    /// What the messages of a WebSocket go through.
    Messages(usize),
    /// What changes the events of Lambda functions.
    LambdaEvent,
    /// The hooks before routing.
    PreRouting,
    /// The hooks of requests.
    RequestHooks,
    /// The hooks of responses, the final ones included.
    ResponseHooks,
    /// What answers where no route matched.
    NotFound,
    /// What writes problems.
    ProblemFormat,
}

/// A call on its way to a script.
pub(crate) struct Call {
    pub(crate) generation: Arc<Generation>,
    pub(crate) entry: Entry,
    pub(crate) seed: Box<Seed>,
    pub(crate) request: Option<Request>,
    pub(crate) response: Option<Response>,
    /// For functions: the policy on whose behalf it is called. For what answers where no route
    /// matched: the routes that serve the path by other methods.
    pub(crate) argument: Argument,
    /// To whoever waits.
    pub(crate) words: Words,
}

/// What a call says to whoever waits for it.
pub(crate) enum Word {
    Ask(Box<Ask>),
    /// The last one.
    Reply(Box<Reply>),
}

/// Where it says that.
pub(crate) type Words = mpsc::UnboundedSender<Word>;

/// What some calls take besides request and response.
#[derive(Debug, Default)]
pub(crate) enum Argument {
    #[default]
    Nothing,
    Policy(String),
    Routes(Vec<Arc<Route>>),
    Sockets(Sockets),
    Json(Value),
}

/// The two sides of a WebSocket whose messages go through scripts.
pub(crate) struct Sockets {
    pub(crate) client: WireSocket,
    pub(crate) server: WireSocket,
}

impl std::fmt::Debug for Sockets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sockets").finish_non_exhaustive()
    }
}

/// What a script may ask about its exchange.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    /// Of the exchange: all of its calls share one context.
    pub(crate) key: u64,
    pub(crate) id: Arc<str>,
    pub(crate) route: Arc<Route>,
    /// Whether a route matched.
    pub(crate) matched: bool,
    pub(crate) client: Client,
    pub(crate) params: Params,
    pub(crate) url: String,
    /// When the request came, on the monotonic clock.
    pub(crate) started: Duration,
    pub(crate) http2: bool,
    pub(crate) user: Option<User>,
    pub(crate) custom: Map<String, Value>,
    /// What policies have counted.
    pub(crate) usage: Map<String, Value>,
    pub(crate) gateway: Option<Arc<dyn Gateway>>,
    pub(crate) caller: Caller,
    pub(crate) called_by: Option<ScriptContext>,
    /// The call of an MCP tool that it is.
    pub(crate) tool_call: Option<Arc<ToolCall>>,
}

/// What a script has changed about its exchange.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// `Some(None)` for nobody.
    pub(crate) user: Option<Option<(String, Value)>>,
    pub(crate) params: Option<Map<String, Value>>,
    pub(crate) custom: Option<Map<String, Value>>,
    /// The path and query of the request that it gave back, where they are others.
    pub(crate) target: Option<String>,
    /// What it has told policies of the request.
    pub(crate) notes: Map<String, Value>,
}

/// What a call brought.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) outcome: Result<Outcome, Failed>,
    pub(crate) changes: Changes,
    /// The processor time that it took.
    pub(crate) cpu: Duration,
    /// Fields for the log.
    pub(crate) fields: Map<String, Value>,
    /// What it asked others for, where spans are sent.
    pub(crate) fetches: Vec<Fetch>,
    /// Whether the context has hooks of its own now.
    pub(crate) hooked: bool,
}

/// Replies on their way back, together: each by itself would wake a worker, which would take the
/// processor away from the calls that follow.
pub(crate) type Replies = Vec<(Words, Box<Reply>)>;

/// What a script gave back.
#[derive(Debug)]
pub(crate) enum Outcome {
    Request(Request),
    Response(Response),
    Value(Value),
    Text(String),
}

/// Why it gave nothing back.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It threw; the stack is that of the TypeScript.
    Thrown(Thrown),
    Stopped(Stopped),
    /// The body of the client's request could not be read, and it did not catch that.
    Unread(BoxError),
    /// The engine of this generation cannot be made again.
    Broken(String),
}

/// What a script asks of the exchange while it runs; served by whoever waits for its reply.
pub(crate) struct Ask {
    pub(crate) what: Asked,
    pub(crate) changes: Changes,
    pub(crate) answer: oneshot::Sender<Result<Told, String>>,
}

/// A part of the gateway that works on the exchange.
pub(crate) enum Asked {
    /// A policy of the project, on a request.
    Inbound { name: String, request: Request },
    /// A policy of the project, on a response.
    Outbound { name: String, response: Response },
    /// A policy of the catalog with options of its own, on a request.
    BuiltInPolicy { export: String, options: Value, name: String, request: Request },
    /// The same, on a response.
    BuiltInOutbound { export: String, options: Value, name: String, response: Response },
    /// A handler of the catalog.
    BuiltInHandler { export: String, options: Value, request: Request },
}

/// What came of it.
pub(crate) struct Told {
    pub(crate) result: Outcome,
    pub(crate) user: Option<User>,
    pub(crate) params: Params,
    pub(crate) custom: Map<String, Value>,
    pub(crate) usage: Map<String, Value>,
    pub(crate) url: String,
}
