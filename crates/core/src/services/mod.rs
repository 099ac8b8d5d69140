//! The rooms behind traits: what a policy or handler needs from elsewhere.

use std::fmt;
use std::sync::Arc;

use crate::byte_cache::ByteCache;
use crate::time::Clock;

pub mod alerts;
pub mod debugging;
pub mod gateway;
pub mod http_client;
pub mod issuer;
pub mod keyring;
pub mod limiter;
pub mod outgoing;
pub mod quota;
pub mod scripts;
pub mod verifier;

pub use alerts::Alerts;
pub use debugging::{DebugGrant, DebugTokens};
pub use gateway::{Called, Caller, Gateway, ScriptContext};
pub use http_client::{Duplex, HttpClient, HttpError, HttpResponse, Switched};
pub use issuer::{IssueError, TokenIssuer, TokenRequest};
pub use keyring::{ConsumersAway, KeyVerdict, Keyring};
pub use limiter::{Bucket, Charge, Counter, CounterGroup, Decision, Limit, Limiter, LimiterAway, Sharing, Window};
pub use outgoing::{Lane, Outgoing};
pub use quota::{Anchor, Correction, Every, Metered, Period, Quota, Quotas, Schedule, Usage};
pub use scripts::{
    Export, Hooks, IssuerPlugin, MessageExports, MessageScripts, PluginDocument, Plugins, ScriptFunction, ScriptIssue,
    ScriptTemplate, Scripts,
};
pub use verifier::{KeySet, TokenVerifier, VerifierFactory, VerifierSettings, VerifyError};

/// Everything that stands behind a trait. Lives as long as the process: snapshots come and go,
/// counters and keys stay.
pub struct Services {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// API keys.
    pub keyring: Arc<dyn Keyring>,
    /// Counters for limits.
    pub limiter: Arc<dyn Limiter>,
    /// What is used of quotas.
    pub quotas: Arc<dyn Quotas>,
    /// What is remembered for a while: answers, and what the project's code keeps.
    pub cache: Arc<ByteCache>,
    /// Tokens for upstreams.
    pub issuer: Arc<dyn TokenIssuer>,
    /// Checks of clients' tokens.
    pub verifiers: Arc<dyn VerifierFactory>,
    /// What policies send in the background.
    pub outgoing: Arc<Outgoing>,
    /// The gateway's own outbound requests.
    pub http: Arc<dyn HttpClient>,
    /// Whether refusals say how to mend them (`dev`).
    pub explain: bool,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("explain", &self.explain).finish_non_exhaustive()
    }
}
