//! A small catalog, and a project in one text file.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError, Catalog, Configure, Direction, schema_of};
use tollgate_core::services::Export;
use tollgate_core::units::{Interval, Lifetime};
use tollgate_core::{HandlerKind, Policy, PolicyKind};
use tollgate_spec::{LoadOptions, Loaded, load_memory};

macro_rules! policies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        $(#[$doc])*
        pub struct $name { $($(#[$field_doc])* $field: $type,)* }
        impl Policy for $name {}
        impl Configure for $name {
            type Options = Self;
            fn configure(options: Self, _: &BuildContext<'_>) -> Result<Self, BuildError> {
                Ok(options)
            }
        }
    )*};
}

/// Where a limit is counted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The consumer.
    User,
    /// The address.
    Ip,
    /// Everyone together.
    All,
}

policies! {
    /// API keys.
    ApiKey {
        /// The header.
        header_name: Option<String>,
        /// Whether the key goes on.
        forward_key: Option<bool>,
    }
    /// Any of them.
    AnyOf {
        /// Their ids.
        policies: Vec<String>,
    }
    /// One after the other.
    Composite {
        /// Their names.
        policies: Vec<String>,
    }
    /// Limits.
    RateLimit {
        /// What is counted.
        rate_limit_by: Option<By>,
        /// How many.
        requests_allowed: Option<u32>,
        /// In how long.
        time_window_minutes: Option<f64>,
        /// As documents write it.
        by: Option<String>,
        /// As documents write it.
        rate: Option<Value>,
    }
    /// Tokens.
    UpstreamJwt {
        /// For whom.
        audience: Option<String>,
        /// Of whom.
        subject: Option<String>,
        /// For how long.
        expires_in: Option<Lifetime>,
        /// Where.
        header_name: Option<String>,
    }
    /// Addresses.
    IpRestriction {
        /// Those that may.
        allow: Vec<String>,
    }
    /// Waits.
    Sleep {
        /// For how long.
        sleep_in_ms: u32,
        /// At most.
        at_most: Option<Interval>,
    }
    /// Answers.
    MockApi {
        /// The status.
        status: Option<u16>,
    }
    /// Headers of responses.
    SetResponseHeaders {
        /// Which.
        headers: Vec<BTreeMap<String, String>>,
    }
}

static API_KEY: PolicyKind = PolicyKind::of::<ApiKey>("api-key", Direction::Inbound, "").authenticates();
static OPEN_ID: PolicyKind = PolicyKind::of::<ApiKey>("open-id-jwt-auth", Direction::Inbound, "").authenticates();
static ANY_OF: PolicyKind = PolicyKind::of::<AnyOf>("any-of", Direction::Inbound, "").authenticates();
static COMPOSITE: PolicyKind = PolicyKind::of::<Composite>("composite", Direction::Inbound, "");
static RATE_LIMIT: PolicyKind =
    PolicyKind::of::<RateLimit>("rate-limit", Direction::Inbound, "").functions(|options| {
        let by = options["by"].as_str().filter(|by| by.starts_with("./"));
        by.map(|by| ("/by", Export::from_reference(by))).into_iter().collect()
    });
static UPSTREAM_JWT: PolicyKind = PolicyKind::of::<UpstreamJwt>("upstream-jwt", Direction::Inbound, "");
static IP: PolicyKind = PolicyKind::of::<IpRestriction>("ip-restriction", Direction::Inbound, "");
static SLEEP: PolicyKind = PolicyKind::of::<Sleep>("sleep", Direction::Inbound, "").shorthand("sleepInMs");
static MOCK: PolicyKind = PolicyKind::of::<MockApi>("mock-api", Direction::Inbound, "");
static SET_RESPONSE: PolicyKind = PolicyKind::of::<SetResponseHeaders>("set-response-headers", Direction::Outbound, "");
static POLICIES: [&PolicyKind; 10] =
    [&API_KEY, &OPEN_ID, &ANY_OF, &COMPOSITE, &RATE_LIMIT, &UPSTREAM_JWT, &IP, &SLEEP, &MOCK, &SET_RESPONSE];

/// Options of `redirect`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Redirect {
    /// Where to.
    pub location: String,
    /// The status.
    pub status: Option<u16>,
}

/// Options of `forward`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Forward {
    /// Where to.
    pub upstream: String,
    /// How the path changes.
    pub path: Option<BTreeMap<String, String>>,
    /// Whether redirects are followed.
    pub follow_redirects: Option<bool>,
}

/// Options of `openapi`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenApi {}

static REDIRECT: HandlerKind = HandlerKind {
    name: "redirect",
    exports: &[],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: "",
    schema: schema_of::<Redirect>,
};
static FORWARD: HandlerKind = HandlerKind {
    name: "forward",
    exports: &[],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: "",
    schema: schema_of::<Forward>,
};
static OPENAPI: HandlerKind = HandlerKind {
    name: "openapi",
    exports: &[],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: "",
    schema: schema_of::<OpenApi>,
};
static HANDLERS: [&HandlerKind; 3] = [&REDIRECT, &FORWARD, &OPENAPI];

pub fn catalog() -> Catalog {
    Catalog { policies: &POLICIES, handlers: &HANDLERS }
}

/// A project written as one text: `=== NAME` before each file. Before the first, lines
/// `NAME=value` are the environment of the process, `--env NAME` and `--listen ADDR` options.
pub struct Case {
    pub files: BTreeMap<String, Vec<u8>>,
    pub process_env: BTreeMap<String, String>,
    pub env_name: Option<String>,
    pub listen: Option<String>,
}

impl Case {
    pub fn parse(text: &str) -> Self {
        let mut case = Self { files: BTreeMap::new(), process_env: BTreeMap::new(), env_name: None, listen: None };
        let mut parts = text.split("=== ");
        for line in parts.next().unwrap_or_default().lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix("--env ") {
                case.env_name = Some(name.to_owned());
            } else if let Some(listen) = line.strip_prefix("--listen ") {
                case.listen = Some(listen.to_owned());
            } else if let Some((name, value)) = line.split_once('=') {
                case.process_env.insert(name.to_owned(), value.to_owned());
            }
        }
        for part in parts {
            let (name, text) = part.split_once('\n').unwrap_or((part, ""));
            case.files.insert(name.trim().to_owned(), text.as_bytes().to_vec());
        }
        case
    }

    pub fn load(&self) -> Loaded {
        let fetch = |url: &str| Err(format!("{url} is not there"));
        let mut options = LoadOptions::new("", &fetch);
        options.process_env = self.process_env.clone();
        options.env_name = self.env_name.clone();
        options.listen = self.listen.clone();
        load_memory(self.files.clone(), &options, &catalog())
    }
}

/// Loads a project of one document.
pub fn load_document(text: &str) -> Loaded {
    Case::parse(&format!("=== openapi.yaml\n{text}")).load()
}
