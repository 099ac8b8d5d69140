//! Sets parameters of the query before the request reaches the upstream.
//!
//! Values are fixed when the project is loaded; what depends on the caller is a script's affair.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::header_fields::FieldText;
use crate::query;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<SetQueryParams>("set-query-params", Direction::Inbound, include_str!("docs.md"))
        .exports(&["SetQueryParamsInboundPolicy"])
        .shorthand("params");

/// What to set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The parameters to set, in this order. The list may stand in place of all options.
    params: Vec<ParamOption>,
}

/// A parameter to set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ParamOption {
    /// The name of the parameter, not encoded.
    name: String,
    /// Its value, not encoded.
    value: FieldText,
    /// Whether it replaces the parameters of this name that are there already. Otherwise it is added beside
    /// them. Default: true.
    #[serde(default = "yes")]
    overwrite: bool,
}

const fn yes() -> bool {
    true
}

/// See the module.
#[derive(Debug)]
struct SetQueryParams(Vec<Param>);

#[derive(Debug)]
struct Param {
    name: String,
    /// Name and value, encoded.
    pair: String,
    overwrite: bool,
}

impl Configure for SetQueryParams {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        if options.params.is_empty() {
            return Err(BuildError::at("/params", "there is no parameter to set").help("give `[{ name, value }]`"));
        }
        if let Some(index) = options.params.iter().position(|param| param.name.is_empty()) {
            return Err(BuildError::at(format!("/params/{index}/name"), "a parameter needs a name"));
        }
        let params = options.params.into_iter();
        let params = params.map(|ParamOption { name, value: FieldText(value), overwrite }| Param {
            pair: query::pair(&name, &value),
            name,
            overwrite,
        });
        Ok(Self(params.collect()))
    }
}

impl Policy for SetQueryParams {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        query::change(&mut exchange.target, request, |query| {
            let set = |query: String, param: &Param| match param.overwrite {
                true => query::with(&query, &param.name, &param.pair),
                false => query::beside(&query, &param.pair),
            };
            Some(self.0.iter().fold(query.to_owned(), set))
        });
        Step::CONTINUE
    }
}
