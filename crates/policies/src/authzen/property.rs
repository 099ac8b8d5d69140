//! `$authzen-prop(…)`: a text that stands in the request.

use std::fmt;

use serde_json::Value;
use tollgate_core::catalog::BuildError;
use tollgate_core::exchange::select;
use tollgate_core::{Exchange, Request};

use crate::query;

/// A text of the options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// As it stands there.
    Plain(String),
    /// What stands in the request.
    Property(Property),
}

/// What can be named of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Property {
    Method,
    Url,
    Header(String),
    Param(String),
    Query(String),
    Sub,
    Data(String),
    RoutePath,
    OperationId,
    Custom(String),
    Ip,
    RequestId,
}

impl Text {
    pub(super) fn read(text: &str, at: &str) -> Result<Self, BuildError> {
        let Some(path) = text.strip_prefix("$authzen-prop(").and_then(|rest| rest.strip_suffix(')')) else {
            if text.contains("$authzen-prop(") {
                return Err(BuildError::at(at, format!("in `{text}`, `$authzen-prop(…)` must be the whole text")));
            }
            return Ok(Self::Plain(text.to_owned()));
        };
        let unknown = || {
            BuildError::at(at, format!("`{path}` is nothing of a request")).help(
                "request.method, request.url, request.headers.NAME, request.params.NAME, request.query.NAME, \
                 request.user.sub, request.user.data.PATH, context.route.path, context.route.operationId, \
                 context.custom.PATH, context.requestId or context.incomingRequestProperties.ip",
            )
        };
        let known = match path.trim() {
            "request.method" => Property::Method,
            "request.url" => Property::Url,
            "request.user.sub" => Property::Sub,
            "context.route.path" => Property::RoutePath,
            "context.route.operationId" => Property::OperationId,
            "context.requestId" | "context.contextId" => Property::RequestId,
            "context.incomingRequestProperties.ip" => Property::Ip,
            path => {
                let below = |prefix: &str| path.strip_prefix(prefix).filter(|rest| !rest.is_empty()).map(str::to_owned);
                let header = below("request.headers.").map(Property::Header);
                header
                    .or_else(|| below("request.params.").map(Property::Param))
                    .or_else(|| below("request.query.").map(Property::Query))
                    .or_else(|| below("request.user.data.").map(Property::Data))
                    .or_else(|| below("context.custom.").map(Property::Custom))
                    .ok_or_else(unknown)?
            }
        };
        Ok(Self::Property(known))
    }

    /// The text for a request; `None` where nothing stands there.
    pub(super) fn of(&self, exchange: &Exchange, request: &Request) -> Option<String> {
        let property = match self {
            Self::Plain(text) => return Some(text.clone()),
            Self::Property(property) => property,
        };
        let found = match property {
            Property::Method => request.method().to_string(),
            Property::Url => {
                let (client, target) = (&exchange.client, &exchange.target);
                let query = target.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
                format!("{}://{}{}{query}", client.scheme.as_str(), client.host, target.forward_path)
            }
            // Of a field that is there twice nobody knows which is meant.
            Property::Header(name) => {
                let mut values = request.headers().get_all(name).iter();
                let value = values.next().filter(|_| values.next().is_none())?;
                value.to_str().ok()?.to_owned()
            }
            Property::Param(name) => exchange.param(name)?.to_owned(),
            Property::Query(name) => match <[String; 1]>::try_from(query::values(&exchange.target, name)) {
                Ok([value]) => value,
                Err(_) => return None,
            },
            Property::Sub => exchange.user.as_ref()?.sub.to_string(),
            Property::Data(path) => text(select(&exchange.user.as_ref()?.data, path)?)?,
            Property::RoutePath => exchange.route.template.text.to_string(),
            Property::OperationId => exchange.route.operation.raw()?.get("operationId")?.as_str()?.to_owned(),
            Property::Custom(path) => {
                let custom = Value::Object(exchange.custom.clone());
                text(select(&custom, path)?)?
            }
            Property::Ip => exchange.client.ip.to_string(),
            Property::RequestId => exchange.id.to_string(),
        };
        (!found.is_empty()).then_some(found)
    }

    /// Whether it stands in the user.
    pub(super) const fn is_of_user(&self) -> bool {
        matches!(self, Self::Property(Property::Sub | Property::Data(_)))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        _ => None,
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::Property(property) => write!(f, "{property:?}"),
        }
    }
}
