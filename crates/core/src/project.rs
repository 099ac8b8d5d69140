//! What a folder of documents means, once it was parsed, checked and lowered. Both project forms
//! end here; nothing behind this type knows which form it came from, except the few places that
//! ask [`Compatibility`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::Route;
use crate::keys::DeclaredConsumer;
use crate::route::Document;
use crate::services::{Export, Scripts};
use crate::settings::{CorsSettings, Settings};

/// A place in a file of the project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Relative to the project.
    pub file: Arc<str>,
    /// JSON pointer in that file.
    pub pointer: String,
    /// From 1; 0 where unknown.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line == 0 {
            write!(f, "{}", self.file)
        } else {
            write!(f, "{}:{}:{}", self.file, self.line, self.column)
        }
    }
}

/// The stages of a pipeline, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Before any key or token work.
    Guard,
    /// Who calls.
    Auth,
    /// How often.
    Limit,
    /// Whatever else happens to the request.
    Inbound,
    /// The token for the upstream.
    Sign,
    /// What ends the route.
    Handler,
    /// Whatever happens to the response.
    Outbound,
}

impl Stage {
    /// As documents and logs spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Auth => "auth",
            Self::Limit => "limit",
            Self::Inbound => "inbound",
            Self::Sign => "sign",
            Self::Handler => "handler",
            Self::Outbound => "outbound",
        }
    }
}

/// A step of a route: an instance of a policy in a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRef {
    /// Index into [`Project::policies`].
    pub policy: usize,
    /// Where it runs.
    pub stage: Stage,
    /// Where the route, or what it inherits from, names the instance, where that is another place
    /// than the instance's own.
    pub named: Option<Arc<Place>>,
}

impl StepRef {
    /// A step that is written where its instance is.
    pub const fn new(policy: usize, stage: Stage) -> Self {
        Self { policy, stage, named: None }
    }
}

/// What implements a policy or a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// One of the catalog, by its name.
    BuiltIn(String),
    /// An export of a module of the project.
    Module(Export),
}

/// A policy with its options: what `{ NAME: options }` or an entry of `policies` comes to.
#[derive(Debug, Clone)]
pub struct PolicyInstance {
    /// Stable across reloads and unique in the project; its state (counters) is kept under it.
    /// The name in `policies`, or the place where a step is written: `openapi.yaml#/x-tollgate/limit`.
    pub id: Arc<str>,
    /// What logs and metrics call it: the name under `policies`, or the built-in's name.
    pub name: Arc<str>,
    /// What implements it.
    pub implementation: Use,
    /// Its options, `$env` resolved.
    pub options: Value,
    /// Where it is written, for diagnostics.
    pub place: Place,
    /// Whether no route runs it, itself or within another policy. It is built only where a script
    /// asks for it by name, so what is wrong with it (a module that does not load) is no error.
    pub unused: bool,
}

/// What an export of a module is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportRole {
    /// A policy.
    Policy,
    /// The handler of a route.
    Handler,
    /// A function that the options of a policy name.
    Function,
}

/// An export of a module that the project names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedExport {
    /// The export.
    pub export: Export,
    /// What for.
    pub role: ExportRole,
    /// Where it is named.
    pub place: Place,
    /// Whether only policies name it that no route runs ([`PolicyInstance::unused`]): a module that
    /// does not load is no error then.
    pub unused: bool,
}

/// What ends a route.
#[derive(Debug, Clone, PartialEq)]
pub struct HandlerDefinition {
    /// What implements it.
    pub implementation: Use,
    /// Its options, `$env` resolved. For the forwarding handlers the route's upstream and path
    /// rule have been merged in (see the handlers' own options).
    pub options: Value,
    /// Where it is written.
    pub place: Place,
}

/// Which CORS policy a route has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorsChoice {
    /// No CORS headers; a preflight is refused.
    None,
    /// Every origin.
    AnythingGoes,
    /// Index into [`Project::cors`].
    Named(usize),
}

/// The timeouts of a route, resolved. `None` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// DNS, TCP and TLS together.
    pub connect: Duration,
    /// From sending the head until the response head.
    pub first_byte: Option<Duration>,
    /// Between two pieces of a body, both directions.
    pub idle: Option<Duration>,
    /// The whole exchange.
    pub total: Option<Duration>,
}

/// Which of the two forms a project is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectForm {
    /// `openapi.yaml` and `x-tollgate`.
    Native,
    /// `config/*.oas.json` and `policies.json`.
    Zuplo,
}

/// The switches that the Zuplo form's compatibility date and form decide. Native projects have
/// the newest of everything.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is one documented switch")]
pub struct Compatibility {
    /// The date, as written.
    pub date: Option<String>,
    /// Routes are tried in document order; otherwise literal segments go before parameters.
    pub document_order: bool,
    /// A wrong method on a known path is 404; otherwise 405.
    pub method_mismatch_is_404: bool,
    /// Outbound policies run on every response; otherwise on 200–299 only.
    pub outbound_on_all: bool,
    /// Characters that mean something to a regular expression are literal in open-api paths.
    pub literal_paths: bool,
    /// `followRedirects` of the forwarding handlers is honoured.
    pub follow_redirects: bool,
    /// A method that is not a standard one, and that no route at the path serves, is 501;
    /// otherwise it is like any other.
    pub unknown_method_is_501: bool,
    /// CORS headers are added to refusals too.
    pub cors_on_refusals: bool,
    /// Problem bodies carry `trace`, answers `zp-rid`.
    pub zuplo_problems: bool,
    /// A body on GET or HEAD is removed, and the upstream told so.
    pub strip_get_body: bool,
    /// `RateLimit` fields are sent unless `headerMode` says otherwise.
    pub rate_limit_fields: bool,
}

impl Compatibility {
    /// What native projects have.
    pub const fn native() -> Self {
        Self {
            date: None,
            document_order: false,
            method_mismatch_is_404: false,
            outbound_on_all: true,
            literal_paths: true,
            follow_redirects: true,
            unknown_method_is_501: false,
            cors_on_refusals: true,
            zuplo_problems: false,
            strip_get_body: false,
            rate_limit_fields: true,
        }
    }
}

/// A checked and lowered project.
#[derive(Debug)]
pub struct Project {
    /// The folder; empty where there is none (`dev --upstream`).
    pub root: PathBuf,
    /// Which form it is written in.
    pub form: ProjectForm,
    /// What depends on the form.
    pub compatibility: Compatibility,
    /// The server's settings, defaults filled in.
    pub settings: Settings,
    /// Every policy instance of every route, what they nest, and those that only a script can name.
    pub policies: Vec<PolicyInstance>,
    /// The named CORS policies.
    pub cors: Vec<CorsSettings>,
    /// The routes, in document order.
    pub routes: Vec<Arc<Route>>,
    /// The documents, in their order.
    pub documents: Vec<Arc<Document>>,
    /// The consumers declared in the project.
    pub consumers: Vec<DeclaredConsumer>,
    /// `modules/tollgate.runtime.ts` (or `zuplo.runtime.ts`), relative to the project, where there
    /// is one: its `runtimeInit` is run at load.
    pub runtime_module: Option<String>,
    /// Every export of a module that a policy, a handler or an option names, in no particular order:
    /// what linking loads, besides `runtime_module`.
    pub exports: Vec<NamedExport>,
    /// The modules, once they are linked.
    pub scripts: Option<Arc<dyn Scripts>>,
    /// The values that `${env.NAME}` may read.
    pub environment: Arc<std::collections::BTreeMap<String, String>>,
    /// Those of them that `$env(NAME)` has brought into options and settings: nobody prints them.
    pub expanded: Arc<std::collections::BTreeMap<String, String>>,
    /// Every file that was read, absolute, so that a watcher knows them.
    pub files: Vec<PathBuf>,
    /// A digest of everything that was read: the snapshot's id.
    pub digest: String,
}

impl Project {
    /// Whether there is anything to link.
    pub fn has_modules(&self) -> bool {
        self.runtime_module.is_some() || !self.exports.is_empty()
    }
}
