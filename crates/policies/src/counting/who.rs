//! Whom a limit counts.

use std::net::{IpAddr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use tollgate_core::exchange::select;
use tollgate_core::services::Export;
use tollgate_core::{Exchange, Fault, Problem, Reason};

/// There is nobody to count.
pub(crate) static NO_USER: Reason = Reason {
    name: "limit.no_user",
    code: "internal-error",
    status: 500,
    title: "Internal Server Error",
    fault: Fault::Gateway,
    meaning: "A limit counts users, and no policy before it has said who calls.",
    fix: "Put an authenticating policy before the limit, or count by `ip`.",
};

/// What is counted, in the native vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// Each user for itself.
    User,
    /// Each address for itself.
    Ip,
    /// Everyone together.
    All,
    /// By a value of the caller's data: the dotted path below `user.data`.
    Data(String),
    /// By what a function returns.
    Function(Export),
}

/// Who it is. A user may be called like an address, so they are kept apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// A user, a shared value, or everyone.
    Key(String),
    /// An address, or the network that counts as one caller.
    Address(String),
}

impl Who {
    /// Whom a request counts for. Functions are asked elsewhere.
    pub(crate) fn of(by: Option<&By>, exchange: &Exchange, limit: &str) -> Result<Self, Problem> {
        let address = || Self::Address(network(exchange.client.ip).to_string());
        let Some(user) = &exchange.user else {
            return match by {
                None | Some(By::Ip) => Ok(address()),
                // If a function ever came here, one counter for all is the strictest.
                Some(By::All | By::Function(_)) => Ok(Self::Key("all".to_owned())),
                Some(By::User | By::Data(_)) => {
                    let cause = format!("the limit `{limit}` counts users, and no policy before it sets one");
                    Err(Problem::new(&NO_USER, "The request could not be counted").caused_by(cause))
                }
            };
        };
        Ok(match by {
            None | Some(By::User) => Self::Key(user.sub.to_string()),
            Some(By::Ip) => address(),
            Some(By::All | By::Function(_)) => Self::Key("all".to_owned()),
            // Nobody else shares a value that is not there.
            Some(By::Data(path)) => Self::Key(match select(&user.data, path).and_then(text_of) {
                Some(value) => format!("{path}={value}"),
                None => user.sub.to_string(),
            }),
        })
    }

    /// As one text, in which an address is no user.
    pub(crate) fn into_key(self) -> String {
        match self {
            Self::Key(key) => format!("k:{key}"),
            Self::Address(address) => format!("a:{address}"),
        }
    }
}

/// Whose address counts as one caller's: an IPv6 customer has a /64 at least, and can send every
/// request from another address in it.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
    }
}

/// A value as tables spell it.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for By {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "user" => Ok(Self::User),
            "ip" => Ok(Self::Ip),
            "all" => Ok(Self::All),
            reference if is_reference(reference) => match Export::from_reference(reference) {
                Some(export) => Ok(Self::Function(export)),
                None => Err(de::Error::custom(format!("`{text}` names no function of the project's modules"))),
            },
            other => match other.strip_prefix("user.data.").filter(|path| path.split('.').all(|part| !part.is_empty()))
            {
                Some(path) => Ok(Self::Data(path.to_owned())),
                None => Err(de::Error::custom(format!(
                    "`{text}` is not one of user, ip, all, user.data.FIELD, ./modules/FILE.ts#FUNCTION"
                ))),
            },
        }
    }
}

impl JsonSchema for By {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "By".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(user|ip|all|user\\.data(\\.[^.]+)+|\\.\\.?/.+)$",
            "examples": ["user", "ip", "all", "user.data.plan", "./modules/limits.ts#byTenant"],
        })
    }
}

/// Whether a text names an export of a module.
pub(crate) fn is_reference(text: &str) -> bool {
    text.starts_with("./") || text.starts_with("../")
}
