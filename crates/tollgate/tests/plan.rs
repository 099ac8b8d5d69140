//! `tollgate plan`: what a change of a project does, told before it is in force.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

#[path = "plan/changes.rs"]
mod changes;
#[path = "plan/forms.rs"]
mod forms;
#[path = "plan/replay.rs"]
mod replay;
#[path = "plan/sides.rs"]
mod sides;

use serde_json::Value;

use support::{Ended, World};

/// A project before and after a change.
pub(crate) struct Change {
    pub(crate) world: World,
}

impl Change {
    /// Of one document, with nothing beside it.
    pub(crate) fn of(before: &str, after: &str) -> Self {
        Self::files(&[("openapi.yaml", before)], &[("openapi.yaml", after)])
    }

    pub(crate) fn files(before: &[(&str, &str)], after: &[(&str, &str)]) -> Self {
        let world = World::empty();
        for (folder, files) in [("before", before), ("after", after)] {
            for (name, text) in files {
                world.write(&format!("{folder}/{name}"), text);
            }
        }
        Self { world }
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let mut all = vec!["plan", "after", "--against", "before"];
        all.extend(arguments);
        self.world.tollgate(&all).await
    }

    pub(crate) async fn plan(&self) -> Value {
        self.run(&["--output", "json"]).await.good().json()
    }
}

/// A document with these routes below its `x-tollgate`.
pub(crate) fn document(top: &str, paths: &str) -> String {
    format!("openapi: 3.1.0\ninfo: {{ title: Test, version: 1.0.0 }}\nx-tollgate:\n{top}\npaths:\n{paths}\n")
}

/// One GET with what its `x-tollgate` says.
pub(crate) fn get(path: &str, extension: &str) -> String {
    operation("get", path, extension)
}

pub(crate) fn operation(method: &str, path: &str, extension: &str) -> String {
    let parameters: Vec<String> = path
        .split('{')
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap())
        .map(|name| format!("{{ name: {name}, in: path, required: true, schema: {{ type: string }} }}"))
        .collect();
    format!(
        "  {path}:\n    parameters: [{}]\n    {method}:\n      x-tollgate: {{ {extension} }}\n      responses: {{ \"200\": {{ description: ok }} }}\n",
        parameters.join(", ")
    )
}

pub(crate) const TOP: &str = "  upstream: http://127.0.0.1:8888\n  auth: api-key";

/// The kinds of all changes of a route, sorted.
#[track_caller]
pub(crate) fn kinds(plan: &Value, route: &str) -> Vec<String> {
    let routes = plan["routes"].as_array().unwrap();
    let found = routes.iter().find(|one| one["route"] == route);
    let found = found.unwrap_or_else(|| panic!("{route} has no changes: {plan:#}"));
    let mut kinds: Vec<String> =
        found["changes"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect();
    kinds.sort();
    kinds
}

/// The only change of a kind.
#[track_caller]
pub(crate) fn change(plan: &Value, kind: &str) -> Value {
    let routes = plan["routes"].as_array().unwrap();
    let mut found = routes.iter().flat_map(|one| one["changes"].as_array().unwrap()).filter(|one| one["kind"] == kind);
    let first = found.next().unwrap_or_else(|| panic!("no {kind}: {plan:#}"));
    assert!(found.next().is_none(), "more than one {kind}: {plan:#}");
    first.clone()
}
