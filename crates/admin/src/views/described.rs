//! A project as it can be compared with another: every route with all that is in force on it. Secrets
//! are not in it, and yet one that changed can be told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A project, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProjectDescription)]
pub struct ProjectDescription {
    /// Of this form of description: 1.
    pub schema: u32,
    /// The snapshot's id.
    pub snapshot: String,
    /// `native` or `zuplo`.
    pub form: String,
    /// What depends on the form and its compatibility date.
    #[schema(value_type = Object)]
    pub compatibility: Value,
    /// The routes, in document order.
    pub routes: Vec<RouteDescription>,
    /// The settings in force, defaults filled in, without those that routes are made of.
    pub settings: OptionsDescription,
    /// What tells the code of its modules from another; `null` where it has none.
    pub code: Option<String>,
}

/// A route, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RouteDescription)]
pub struct RouteDescription {
    /// Unique in the project.
    pub id: String,
    /// The methods it serves; `["*"]` for any.
    pub methods: Vec<String>,
    /// Its template.
    pub path: String,
    /// How the template is matched: `open-api` or `url-pattern`.
    pub mode: String,
    /// The parameter that takes the rest of the path, where there is one.
    pub rest: Option<String>,
    /// The hosts it serves; empty for any.
    pub hosts: Vec<String>,
    /// Whether everyone may call it.
    pub public: bool,
    /// Whether published documents leave it out.
    pub internal: bool,
    /// The inbound steps in running order.
    pub inbound: Vec<StepDescription>,
    /// What ends it.
    pub handler: HandlerDescription,
    /// Where it goes, where its handler forwards.
    pub upstream: Option<UpstreamDescription>,
    /// The outbound steps in running order.
    pub outbound: Vec<StepDescription>,
    /// Who may call from pages of other origins.
    pub cors: CorsDescription,
    /// What a request to it may upgrade to; not there for all that the settings allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrades: Option<Vec<String>>,
    /// Its timeouts, resolved; what is not there has no limit.
    pub timeouts: BTreeMap<String, String>,
    /// Where it is written: `openapi.yaml:9:5`.
    pub place: String,
}

/// Options as they may be shown, and what tells hidden values apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Options)]
pub struct OptionsDescription {
    /// The options. What came from the environment is `$env(NAME)`, other secrets are `(hidden)`.
    #[schema(value_type = Object)]
    pub shown: Value,
    /// For each value that is not shown as it is, by its JSON pointer: what tells it from another. It can be
    /// compared only by whoever holds the token of the data folder, and says nothing of the value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden: BTreeMap<String, String>,
}

/// A step of a route, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StepDescription)]
pub struct StepDescription {
    /// `guard`, `auth`, `limit`, `inbound`, `sign`, `handler`, `outbound`
    pub stage: String,
    /// Its name in the project.
    pub name: String,
    /// What its state is kept under: the name under `policies`, or the place where it is written.
    pub id: String,
    /// What implements it: a built-in's name, or an export of a module.
    pub policy: String,
    /// Whether that is an export of a module.
    pub module: bool,
    /// What it protects by, where it does: `auth`, `limit`, `signature`, `validation`, `guard`, `code`.
    pub check: Option<String>,
    /// Its options.
    pub options: OptionsDescription,
    /// Where it is written.
    pub place: String,
    /// What it is written in: `document`, `path item`, `operation`, `security scheme`, or a file of settings.
    pub scope: String,
    /// Where it is named, where it is written elsewhere.
    pub named: Option<String>,
    /// The policies that it runs itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub policies: Vec<StepDescription>,
}

/// What ends a route, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HandlerDescription)]
pub struct HandlerDescription {
    /// What implements it.
    pub handler: String,
    /// Whether that is an export of a module.
    pub module: bool,
    /// Its options.
    pub options: OptionsDescription,
    /// Where it is written.
    pub place: String,
    /// What it is written in.
    pub scope: String,
}

/// A backend, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpstreamDescription)]
pub struct UpstreamDescription {
    /// Its name under `upstreams`, where it has one.
    pub name: Option<String>,
    /// Its settings, its URL among them.
    pub settings: OptionsDescription,
}

/// Who may call from pages of other origins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CorsDescription)]
pub struct CorsDescription {
    /// `none`, `anything-goes` or `custom`.
    pub policy: String,
    /// The settings of a custom one.
    #[schema(value_type = Option<Object>)]
    pub settings: Value,
}
