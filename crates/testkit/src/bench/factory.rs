//! Policies by their names, built as the gateway builds them.

use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Direction, Nested};
use tollgate_core::pipeline::Placed;
use tollgate_core::project::{Compatibility, Place, PolicyInstance, Stage, Use};
use tollgate_core::{Catalog, Policy, Services};

use super::project::BenchProject;

/// Builds policies as the gateway does.
pub(super) struct Factory<'b> {
    pub(super) project: &'b BenchProject,
    pub(super) services: &'b Arc<Services>,
    pub(super) compatibility: &'b Compatibility,
}

impl Factory<'_> {
    /// A step: with its own options a built-in, without a named policy or a built-in.
    pub(super) fn step(&self, name: &str, options: Option<Value>) -> Result<(Direction, Placed), BuildError> {
        let (implementation, options) = match (self.project.policies.get(name), options) {
            (Some(named), None) => (named.implementation.as_str(), named.options.clone().unwrap_or_default()),
            (_, options) => (name, options.unwrap_or_default()),
        };
        let catalog = Catalog { policies: tollgate_policies::ALL, handlers: &[] };
        let kind = catalog
            .policy(implementation)
            .ok_or_else(|| BuildError::at("", format!("there is no policy `{implementation}`")))?;
        let options = match kind.shorthand {
            Some(option) if !options.is_object() && !options.is_null() => json!({ option: options }),
            _ => options,
        };
        let instance = PolicyInstance {
            id: format!("bench#/{name}").into(),
            name: name.into(),
            implementation: Use::BuiltIn(kind.name.to_owned()),
            options: options.clone(),
            place: Place::default(),
            unused: false,
        };
        let nested = |name: &str| {
            let (_, placed) = self.step(name, None)?;
            Ok(Nested { name: placed.name, policy: placed.policy })
        };
        let context = BuildContext {
            instance: &instance,
            services: self.services,
            settings: &self.project.settings,
            compatibility: self.compatibility,
            scripts: None,
            nested: &nested,
        };
        let policy: Arc<dyn Policy> = kind.build(options, &context)?;
        let stage = if kind.authenticates { Stage::Auth } else { Stage::Inbound };
        let stage = if kind.direction == Direction::Outbound { Stage::Outbound } else { stage };
        Ok((kind.direction, Placed { name: name.into(), stage, policy }))
    }
}
