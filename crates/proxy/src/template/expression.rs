//! What stands inside of `${…}`.

use std::borrow::Cow;
use std::fmt;

use http::HeaderName;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tollgate_core::exchange::select;
use tollgate_core::{Exchange, Problem, Request};

use super::encode::{self, Position};
use super::unsafe_target;

/// An expression that the native evaluator knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// `params.id`
    Param {
        name: String,
        /// Whether its value may hold slashes that separate segments.
        spans: bool,
    },
    /// `query.page`: the first one of this name.
    Query(String),
    /// `headers.get('x')`
    Header(HeaderName),
    /// `request.user.sub`
    Sub,
    /// `request.user.data.a.b`, by the dotted path behind `data`.
    UserData(String),
    /// `context.custom.a.b`, by the dotted path behind `custom`.
    Custom(String),
    /// `context.requestId`
    RequestId,
    Url,
    Origin,
    Host,
    Hostname,
    Port,
    Protocol,
    Pathname,
    Search,
    Method,
    /// `encodeURIComponent(…)` or `e(…)`
    Encoded(Box<Expression>),
}

impl Expression {
    /// The value, or nothing where there is none.
    pub(super) fn value<'v>(&self, exchange: &'v Exchange, request: &'v Request) -> Option<Cow<'v, str>> {
        match self {
            Self::Param { name, .. } => exchange.param(name).map(Cow::Borrowed),
            Self::Query(name) => query_value(exchange.target.query.as_deref()?, name).map(Cow::Owned),
            Self::Header(name) => joined(request, name),
            Self::Sub => exchange.user.as_ref().map(|user| Cow::Borrowed(&*user.sub)),
            Self::UserData(path) => {
                let data = &*exchange.user.as_ref()?.data;
                if path.is_empty() { text(data) } else { select(data, path).and_then(text) }
            }
            Self::Custom(path) => {
                let found = match exchange.custom.get(path) {
                    Some(value) => Some(value),
                    None => path.split_once('.').and_then(|(first, rest)| select(exchange.custom.get(first)?, rest)),
                };
                found.and_then(text)
            }
            Self::RequestId => Some(Cow::Borrowed(&*exchange.id)),
            Self::Url => {
                Some(Cow::Owned(format!("{}{}{}", origin(exchange), exchange.target.forward_path, search(exchange))))
            }
            Self::Origin => Some(Cow::Owned(origin(exchange))),
            Self::Host => Some(Cow::Borrowed(&*exchange.client.host)),
            Self::Hostname => Some(Cow::Borrowed(host_and_port(exchange).0)),
            Self::Port => Some(Cow::Borrowed(host_and_port(exchange).1)),
            Self::Protocol => Some(Cow::Owned(format!("{}:", exchange.client.scheme.as_str()))),
            Self::Pathname => Some(Cow::Borrowed(&exchange.target.forward_path)),
            Self::Search => Some(Cow::Owned(search(exchange))),
            Self::Method => Some(Cow::Borrowed(request.method().as_str())),
            Self::Encoded(inner) => inner.value(exchange, request),
        }
    }

    /// Writes a value of this expression where it stands.
    pub(super) fn write(
        &self,
        value: &str,
        position: Position,
        exchange: &Exchange,
        out: &mut String,
    ) -> Result<(), Problem> {
        let by_client = self.is_of_the_client();
        match position {
            // Values of the configuration and of scripts may be whole URLs; a client's never.
            Position::Start | Position::Authority if by_client => {
                if !encode::is_host_part(value) {
                    return Err(unsafe_target(format!("`{self}` cannot stand in a host name.")));
                }
                out.push_str(value);
            }
            Position::Path if by_client => {
                if encode::hides_dot_segment(value) {
                    return Err(unsafe_target(format!("`{self}` brings a dot segment with it.")));
                }
                match self {
                    Self::Encoded(_) => encode::component(value, out),
                    Self::Param { spans: true, .. } => match sent_tail(exchange, value) {
                        Some(tail) => out.push_str(tail),
                        None => encode::segments(value, out),
                    },
                    _ => encode::segment(value, out),
                }
            }
            Position::Query if by_client => encode::component(value, out),
            _ if matches!(self, Self::Encoded(_)) => encode::component(value, out),
            _ => encode::raw(value, out),
        }
        Ok(())
    }

    /// Whether the value is the caller's own words and not a piece of a URL already.
    fn is_of_the_client(&self) -> bool {
        match self {
            Self::Param { .. } | Self::Query(_) | Self::Header(_) | Self::Sub | Self::UserData(_) | Self::RequestId => {
                true
            }
            Self::Encoded(inner) => inner.is_of_the_client(),
            _ => false,
        }
    }

    /// Whether its value begins with a slash or is empty, so that it cannot go on with a host.
    pub(super) const fn begins_path(&self) -> bool {
        matches!(self, Self::Pathname | Self::Search)
    }
}

/// The end of the path as the client spelt it, where it is what this value was decoded from.
fn sent_tail<'e>(exchange: &'e Exchange, value: &str) -> Option<&'e str> {
    let path = exchange.target.forward_path.as_str();
    let slashes = value.bytes().filter(|b| *b == b'/').count();
    // Encoded slashes of the value are none of the path, so that the cut lies at or behind the right one.
    let cuts = path.rmatch_indices('/').take(slashes + 1);
    let mut tails = cuts.map(|(at, _)| &path[at + 1..]);
    tails.find(|tail| percent_decode_str(tail).eq(value.bytes()))
}

fn joined<'v>(request: &'v Request, name: &HeaderName) -> Option<Cow<'v, str>> {
    let mut values = request.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
    let first = values.next()?;
    // As `Headers.get` does.
    Some(values.fold(Cow::Borrowed(first), |all, next| Cow::Owned(format!("{all}, {next}"))))
}

fn query_value(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn origin(exchange: &Exchange) -> String {
    format!("{}://{}", exchange.client.scheme.as_str(), exchange.client.host)
}

fn search(exchange: &Exchange) -> String {
    match exchange.target.query.as_deref() {
        None | Some("") => String::new(),
        Some(query) => format!("?{query}"),
    }
}

fn host_and_port(exchange: &Exchange) -> (&str, &str) {
    let host = &*exchange.client.host;
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    }
}

/// A value as JavaScript would put it into a template.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed("null"),
        Value::Bool(value) => Cow::Owned(value.to_string()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Array(items) => {
            let items = items.iter().map(|item| match item {
                Value::Null => Cow::Borrowed(""),
                item => text(item).unwrap_or_default(),
            });
            Cow::Owned(items.collect::<Vec<_>>().join(","))
        }
        Value::Object(_) => Cow::Borrowed("[object Object]"),
    })
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Param { name, .. } => write!(f, "params.{name}"),
            Self::Query(name) => write!(f, "query.{name}"),
            Self::Header(name) => write!(f, "headers.get('{name}')"),
            Self::Sub => f.write_str("user.sub"),
            Self::UserData(path) => write!(f, "user.data.{path}"),
            Self::Custom(path) => write!(f, "context.custom.{path}"),
            Self::RequestId => f.write_str("context.requestId"),
            Self::Url => f.write_str("url"),
            Self::Origin => f.write_str("origin"),
            Self::Host => f.write_str("host"),
            Self::Hostname => f.write_str("hostname"),
            Self::Port => f.write_str("port"),
            Self::Protocol => f.write_str("protocol"),
            Self::Pathname => f.write_str("pathname"),
            Self::Search => f.write_str("search"),
            Self::Method => f.write_str("method"),
            Self::Encoded(inner) => write!(f, "encodeURIComponent({inner})"),
        }
    }
}
