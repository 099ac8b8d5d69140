//! Makes a header field of the request out of a parameter of its query.
//!
//! For clients that cannot set header fields. Secrets in URLs end in histories and logs; where clients can,
//! let them send the field.

use http::header::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Fault, Policy, Problem, Reason, Request, Step};

use crate::header_fields::field_name;
use crate::query;

/// The place of the value in `headerValue`.
const VALUE: &str = "{value}";

/// A value that no header field can hold.
pub static UNFIT: Reason = Reason {
    name: "query.unfit_for_header",
    code: "bad-query",
    status: 400,
    title: "Bad Request",
    fault: Fault::Client,
    meaning: "A parameter of the query is to become a header field, and holds what no header field can: a line break, a control character or a letter outside of ASCII.",
    fix: "Send the parameter without it; values in other alphabets have to be encoded once more.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<QueryParamToHeader>("query-param-to-header", Direction::Inbound, include_str!("docs.md"))
        .exports(&["QueryParamToHeaderInboundPolicy"])
        .reasons(&[&UNFIT]);

/// Which parameter becomes which field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The name of the parameter, not encoded.
    query_param: String,
    /// The name of the header field.
    header_name: String,
    /// The value of the field, in which `{value}` stands for the parameter's: `Bearer {value}`. Default:
    /// the parameter's value alone.
    #[serde(default = "value_alone")]
    header_value: String,
    /// Whether the parameter is taken out of the query. Default: true.
    #[serde(default = "yes")]
    remove_from_url: bool,
}

fn value_alone() -> String {
    VALUE.to_owned()
}

const fn yes() -> bool {
    true
}

/// See the module.
#[derive(Debug)]
struct QueryParamToHeader {
    param: String,
    /// `None` where a project of the Zuplo form names a field that no policy may set.
    header: Option<HeaderName>,
    template: String,
    remove: bool,
}

impl Configure for QueryParamToHeader {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if options.query_param.is_empty() {
            return Err(BuildError::at("/queryParam", "a parameter needs a name"));
        }
        if HeaderValue::from_str(&options.header_value).is_err() {
            return Err(BuildError::at("/headerValue", "has a character that no header field may hold")
                .help("header fields hold visible characters, spaces and tabs; no line breaks"));
        }
        Ok(Self {
            header: field_name(&options.header_name, "/headerName", context)?,
            param: options.query_param,
            template: options.header_value,
            remove: options.remove_from_url,
        })
    }
}

impl Policy for QueryParamToHeader {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let Some(first) = query::values(&exchange.target, &self.param).into_iter().next() else {
            return Step::CONTINUE;
        };
        if let Some(header) = &self.header {
            let value = self.template.replace(VALUE, &first);
            // Letters outside of ASCII have no meaning that all would agree upon (RFC 9110 §5.5).
            let Some(mut value) = HeaderValue::from_str(&value).ok().filter(|_| first.is_ascii()) else {
                let detail = format!("The parameter `{}` holds what no header field can.", self.param);
                return Problem::new(&UNFIT, detail).into();
            };
            // It may well be a credential.
            value.set_sensitive(true);
            request.headers_mut().insert(header, value);
        }
        if self.remove {
            query::remove(&mut exchange.target, request, &self.param);
        }
        Step::CONTINUE
    }
}
