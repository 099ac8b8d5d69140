//! The list of things that a project can name, as plain constants.
//!
//! A policy describes itself once: the doc comments of its options become JSON Schema, reference
//! page, validation and editor completion. [`PolicyKind::of`] erases the types; anyone can read
//! the list, and tests walk over it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::project::{Compatibility, Place, PolicyInstance};
use crate::services::{Export, Scripts};
use crate::settings::Settings;
use crate::{Policy, Reason, Services};

/// On which side of the handler a policy may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Before it.
    Inbound,
    /// Behind it.
    Outbound,
}

/// Something in the options of a policy or handler that only building it brings to light.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BuildError {
    /// JSON pointer inside the options; empty for the options as a whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl BuildError {
    /// A mistake at a pointer inside the options.
    pub fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help: None }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A [`BuildError`] and the place in the project that it belongs to.
#[derive(Debug, Clone)]
pub struct BuildIssue {
    /// The instance's place; the error's pointer continues it.
    pub place: Place,
    /// The instance's name.
    pub name: Arc<str>,
    /// What is wrong.
    pub error: BuildError,
}

/// What a policy may ask for while it is built.
pub struct BuildContext<'a> {
    /// The instance that is being built.
    pub instance: &'a PolicyInstance,
    /// The rooms behind the traits.
    pub services: &'a Arc<Services>,
    /// The server's settings.
    pub settings: &'a Settings,
    /// What depends on the project's form.
    pub compatibility: &'a Compatibility,
    /// The project's modules, where it has any.
    pub scripts: Option<&'a Arc<dyn Scripts>>,
    /// Builds another instance of the project by its name (composition).
    pub nested: &'a dyn Fn(&str) -> Result<Nested, BuildError>,
}

impl BuildContext<'_> {
    /// The project's modules.
    ///
    /// # Errors
    /// Where there are none: scripts are not linked on this machine.
    pub fn scripts(&self) -> Result<&Arc<dyn Scripts>, BuildError> {
        self.scripts.ok_or_else(|| BuildError::at("", "modules cannot run here"))
    }
}

impl fmt::Debug for BuildContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildContext").field("instance", &self.instance.id).finish_non_exhaustive()
    }
}

/// A policy inside another.
#[derive(Debug, Clone)]
pub struct Nested {
    /// Its name in the project.
    pub name: Arc<str>,
    /// The policy.
    pub policy: Arc<dyn Policy>,
}

/// A policy with typed options. `policies/` implements this; [`PolicyKind::of`] erases it.
pub trait Configure: Policy + Sized + 'static {
    /// Its options, every field with a doc comment.
    type Options: DeserializeOwned + JsonSchema;

    /// Turns options into a policy: everything that can be prepared is prepared here.
    ///
    /// # Errors
    /// What only the values, not their types, make wrong.
    fn configure(options: Self::Options, context: &BuildContext<'_>) -> Result<Self, BuildError>;
}

/// An OpenAPI security scheme out of a policy's options; `None` where it shall not be documented.
pub type SecurityScheme = fn(&Value) -> Option<Value>;

/// The functions of modules that a policy's options name: the JSON pointer of each, and what it
/// names; `None` where that is no file of the project.
pub type NamedFunctions = fn(&Value) -> Vec<(&'static str, Option<Export>)>;

type Build = fn(Value, &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError>;

/// A kind of policy: everything the rest of the product knows about it.
pub struct PolicyKind {
    /// Its name in documents: kebab-case, equal to its folder's.
    pub name: &'static str,
    /// Where it may stand.
    pub direction: Direction,
    /// The exports of `@zuplo/runtime` that mean this policy.
    pub exports: &'static [&'static str],
    /// Whether it tells who calls, so that a route with it is not public.
    pub authenticates: bool,
    /// The option whose bare value may stand for all options, as in `{ sleep: 100 }`.
    pub shorthand: Option<&'static str>,
    /// How published documents say what a caller must send, where they do.
    pub security_scheme: Option<SecurityScheme>,
    /// The reasons it may give.
    pub reasons: &'static [&'static Reason],
    /// Which functions of modules its options name.
    pub functions: NamedFunctions,
    /// The options that are secrets, as JSON pointers in which `*` stands for every item of a list.
    pub secrets: &'static [&'static str],
    /// The options that may name a JSON file of the project by `$import(…)`, as JSON pointers: the file's
    /// content stands in their place.
    pub imports: &'static [&'static str],
    /// Its reference page, whose transcripts run as tests.
    pub docs: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    build: Build,
}

impl PolicyKind {
    /// The constant for a policy; the remaining fields are set by struct update.
    pub const fn of<P: Configure>(name: &'static str, direction: Direction, docs: &'static str) -> Self {
        Self {
            name,
            direction,
            exports: &[],
            authenticates: false,
            shorthand: None,
            security_scheme: None,
            reasons: &[],
            functions: |_| Vec::new(),
            secrets: &[],
            imports: &[],
            docs,
            schema: schema_of::<P::Options>,
            build: Erased::<P>::build,
        }
    }

    /// Names the exports that mean this policy.
    #[must_use]
    pub const fn exports(mut self, exports: &'static [&'static str]) -> Self {
        self.exports = exports;
        self
    }

    /// Says that it tells who calls.
    #[must_use]
    pub const fn authenticates(mut self) -> Self {
        self.authenticates = true;
        self
    }

    /// Names the option that a bare value stands for.
    #[must_use]
    pub const fn shorthand(mut self, option: &'static str) -> Self {
        self.shorthand = Some(option);
        self
    }

    /// Says how published documents describe what a caller must send.
    #[must_use]
    pub const fn documented_as(mut self, scheme: SecurityScheme) -> Self {
        self.security_scheme = Some(scheme);
        self
    }

    /// Names the reasons it may give.
    #[must_use]
    pub const fn reasons(mut self, reasons: &'static [&'static Reason]) -> Self {
        self.reasons = reasons;
        self
    }

    /// Names the options that are secrets: one that is written out is a warning.
    #[must_use]
    pub const fn secrets(mut self, pointers: &'static [&'static str]) -> Self {
        self.secrets = pointers;
        self
    }

    /// Names the options that may be a JSON file of the project.
    #[must_use]
    pub const fn imports(mut self, pointers: &'static [&'static str]) -> Self {
        self.imports = pointers;
        self
    }

    /// Says which functions of modules its options name, so that their modules are loaded.
    #[must_use]
    pub const fn functions(mut self, functions: NamedFunctions) -> Self {
        self.functions = functions;
        self
    }

    /// The JSON Schema of its options.
    pub fn schema(&self) -> Value {
        schema_value(self.schema)
    }

    /// Builds a policy from options.
    ///
    /// # Errors
    /// Where the options do not fit.
    pub fn build(&self, options: Value, context: &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError> {
        (self.build)(options, context)
    }
}

impl fmt::Debug for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyKind").field("name", &self.name).finish_non_exhaustive()
    }
}

struct Erased<P>(PhantomData<P>);

impl<P: Configure> Erased<P> {
    fn build(options: Value, context: &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError> {
        let options = parse_options::<P::Options>(options)?;
        P::configure(options, context).map(|policy| Arc::new(policy) as Arc<dyn Policy>)
    }
}

/// Reads options into their type; a mistake keeps its place.
///
/// # Errors
/// Where they do not fit.
pub fn parse_options<T: DeserializeOwned>(options: Value) -> Result<T, BuildError> {
    let options = if options.is_null() { Value::Object(serde_json::Map::new()) } else { options };
    serde_path_to_error::deserialize(options).map_err(|error| {
        let pointer = pointer_of(error.path());
        BuildError::at(pointer, error.into_inner().to_string())
    })
}

/// The JSON pointer of a path that serde was on.
pub fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |mut pointer, segment| {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        pointer
    })
}

/// A kind of handler. `proxy` builds them; here is what the rest of the product knows.
pub struct HandlerKind {
    /// Its name in documents.
    pub name: &'static str,
    /// The exports of `@zuplo/runtime` that mean this handler.
    pub exports: &'static [&'static str],
    /// The reasons it may give, besides the upstream's.
    pub reasons: &'static [&'static Reason],
    /// Its reference page.
    pub docs: &'static str,
    /// Which functions of modules its options name.
    pub functions: HandlerFunctions,
    /// The JSON Schema of its options.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// The functions of modules that a handler's options name, as [`NamedFunctions`] for policies.
pub type HandlerFunctions = fn(&Value) -> Vec<(String, Option<Export>)>;

impl HandlerKind {
    /// The JSON Schema of its options.
    pub fn schema(&self) -> Value {
        schema_value(self.schema)
    }
}

impl fmt::Debug for HandlerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerKind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// For the `schema` field of a [`HandlerKind`].
pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

/// A self-contained schema: subschemas inline, so that each can stand alone.
fn schema_value(schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    schema(&mut settings.into_generator()).to_value()
}

/// Everything that a project can name.
#[derive(Debug, Clone, Copy)]
pub struct Catalog {
    /// The policies.
    pub policies: &'static [&'static PolicyKind],
    /// The handlers.
    pub handlers: &'static [&'static HandlerKind],
}

impl Catalog {
    /// The policy of this name.
    pub fn policy(&self, name: &str) -> Option<&'static PolicyKind> {
        self.policies.iter().copied().find(|kind| kind.name == name)
    }

    /// The policy that an export of `@zuplo/runtime` means.
    pub fn policy_by_export(&self, export: &str) -> Option<&'static PolicyKind> {
        self.policies.iter().copied().find(|kind| kind.exports.contains(&export))
    }

    /// The handler of this name.
    pub fn handler(&self, name: &str) -> Option<&'static HandlerKind> {
        self.handlers.iter().copied().find(|kind| kind.name == name)
    }

    /// The handler that an export of `@zuplo/runtime` means.
    pub fn handler_by_export(&self, export: &str) -> Option<&'static HandlerKind> {
        self.handlers.iter().copied().find(|kind| kind.exports.contains(&export))
    }

    /// The closed list of reasons: the gateway's own, then those of every policy and handler.
    pub fn reasons(&self) -> Vec<&'static Reason> {
        let mut reasons: Vec<&'static Reason> = crate::reason::CORE.to_vec();
        let declared = self.policies.iter().flat_map(|kind| kind.reasons.iter().copied());
        let declared = declared.chain(self.handlers.iter().flat_map(|kind| kind.reasons.iter().copied()));
        for reason in declared {
            if !reasons.iter().any(|known| known.name == reason.name) {
                reasons.push(reason);
            }
        }
        reasons
    }
}
