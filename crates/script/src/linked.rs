//! The loaded modules of one project, as the rest of the gateway knows them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tollgate_core::catalog::{BuildContext, BuildError};
use tollgate_core::services::{
    Export, Hooks, MessageExports, MessageScripts, Plugins, ScriptFunction, ScriptTemplate, Scripts,
};
use tollgate_core::{Handler, Policy, Route};

use crate::calls::{Called, Rendered, ScriptHandler, ScriptHooks, ScriptPolicy};
use crate::generation::Definition;
use crate::joined::Joined;
use crate::live::Described;
use crate::runner::Runner;

/// The loaded modules of one project.
#[derive(Debug)]
pub(crate) struct Linked {
    pub(crate) runner: Arc<Runner>,
    /// The ids of modules, by how they are named.
    pub(crate) ids: HashMap<String, String>,
    pub(crate) described: Described,
    pub(crate) plugins: Plugins,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) digest: String,
}

impl Linked {
    fn module(&self, export: &Export) -> Result<String, BuildError> {
        let found = self.ids.get(&export.path).cloned();
        found.ok_or_else(|| BuildError::at("", format!("the module `{}` was not loaded", export.path)))
    }
}

impl Scripts for Linked {
    fn policy(&self, export: &Export, context: &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError> {
        let place = self.runner.generation.define(Definition::Policy {
            module: self.module(export)?,
            export: export.name.clone(),
            name: context.instance.name.to_string(),
            options: context.instance.options.clone(),
        });
        Ok(Arc::new(ScriptPolicy { runner: Arc::clone(&self.runner), place, name: Arc::clone(&context.instance.name) }))
    }

    fn handler(&self, export: &Export, _: &Value, _: &Arc<Route>) -> Result<Arc<dyn Handler>, BuildError> {
        let module = self.module(export)?;
        let place = self.runner.generation.define(Definition::Handler { module, export: export.name.clone() });
        Ok(Arc::new(ScriptHandler { runner: Arc::clone(&self.runner), place, name: export.to_string().into() }))
    }

    fn function(&self, export: &Export) -> Result<Arc<dyn ScriptFunction>, BuildError> {
        let module = self.module(export)?;
        let place = self.runner.generation.define(Definition::Function { module, export: export.name.clone() });
        Ok(Arc::new(Called { runner: Arc::clone(&self.runner), place, name: export.to_string().into() }))
    }

    fn messages(&self, exports: &MessageExports) -> Result<Arc<dyn MessageScripts>, BuildError> {
        let named = |export: &Export| Ok((self.module(export)?, export.name.clone()));
        let all = |exports: &[Export]| exports.iter().map(named).collect::<Result<Vec<_>, BuildError>>();
        let place = self.runner.generation.define(Definition::Messages {
            on_open: exports.on_open.as_ref().map(named).transpose()?,
            inbound: all(&exports.inbound)?,
            outbound: all(&exports.outbound)?,
        });
        Ok(Arc::new(Joined { runner: Arc::clone(&self.runner), place, name: "websocket".into() }))
    }

    fn template(&self, text: &str) -> Result<Arc<dyn ScriptTemplate>, BuildError> {
        let literal = tollgate_modules::compile_template(text).map_err(|what| BuildError::at("", what))?;
        let names = "env, request, context, params, query, headers, url, host, hostname, origin, pathname, port, \
                     protocol, search, method, encodeURIComponent, e";
        let code = format!("(({{ {names} }}) => {literal})");
        let place = self.runner.generation.define(Definition::Template(code));
        Ok(Arc::new(Rendered { runner: Arc::clone(&self.runner), place, name: "template".into() }))
    }

    fn hooks(&self) -> Option<Arc<dyn Hooks>> {
        Some(Arc::new(ScriptHooks {
            runner: Arc::clone(&self.runner),
            described: self.described.clone(),
            name: "runtime hooks".into(),
        }))
    }

    fn plugins(&self) -> &Plugins {
        &self.plugins
    }

    fn files(&self) -> &[PathBuf] {
        &self.files
    }

    fn digest(&self) -> &str {
        &self.digest
    }
}
