//! A stand-in for the modules of a project.

use std::sync::Arc;

use http::HeaderValue;
use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError};
use tollgate_core::later::BoxFuture;
use tollgate_core::reason::SCRIPT_THREW;
use tollgate_core::services::{
    Export, Hooks, MessageExports, MessageScripts, Plugins, ScriptFunction, ScriptTemplate, Scripts,
};
use tollgate_core::{Exchange, Handler, Policy, Problem, Request, Route};

/// Modules with functions that take one header field of the request, and what it says as JSON: they
/// return it. Without that field they return nothing, and where it is no JSON they throw.
#[derive(Debug)]
pub(crate) struct FakeScripts {
    /// The only exports that there are.
    pub(crate) exports: Vec<&'static str>,
}

/// Where a [`FakeScripts`] function finds what it is to return.
pub(crate) const RETURNS: &str = "x-returns";

#[derive(Debug)]
struct Returns;

impl FakeScripts {
    fn find(&self, export: &Export) -> Result<(), BuildError> {
        let known = self.exports.contains(&export.to_string().as_str());
        known.then_some(()).ok_or_else(|| BuildError::at("", format!("there is no `{export}`")))
    }
}

impl Scripts for FakeScripts {
    fn policy(&self, export: &Export, _: &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError> {
        Err(BuildError::at("", format!("`{export}` is no policy")))
    }

    fn handler(&self, export: &Export, _: &Value, _: &Arc<Route>) -> Result<Arc<dyn Handler>, BuildError> {
        Err(BuildError::at("", format!("`{export}` is no handler")))
    }

    fn function(&self, export: &Export) -> Result<Arc<dyn ScriptFunction>, BuildError> {
        self.find(export).map(|()| Arc::new(Returns) as Arc<dyn ScriptFunction>)
    }

    fn messages(&self, exports: &MessageExports) -> Result<Arc<dyn MessageScripts>, BuildError> {
        Err(BuildError::at("", format!("`{exports:?}` are no functions")))
    }

    fn template(&self, text: &str) -> Result<Arc<dyn ScriptTemplate>, BuildError> {
        Err(BuildError::at("", format!("`{text}` is no template")))
    }

    fn hooks(&self) -> Option<Arc<dyn Hooks>> {
        None
    }

    fn plugins(&self) -> &Plugins {
        static NONE: Plugins = Plugins { issuer: None, traces: None, documents: Vec::new() };
        &NONE
    }

    fn files(&self) -> &[std::path::PathBuf] {
        &[]
    }

    fn digest(&self) -> &str {
        ""
    }
}

impl ScriptFunction for Returns {
    fn call<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        request: &'a mut Request,
        policy: &'a str,
    ) -> BoxFuture<'a, Result<Value, Problem>> {
        exchange.record.fields.insert("asked".to_owned(), policy.into());
        let text = request.headers().get(RETURNS).map_or(Ok("null"), HeaderValue::to_str).map(str::to_owned);
        Box::pin(async move {
            let json = text.ok().and_then(|text| serde_json::from_str(&text).ok());
            json.ok_or_else(|| Problem::new(&SCRIPT_THREW, "The request could not be handled"))
        })
    }
}
