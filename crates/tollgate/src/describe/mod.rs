//! What a project comes to, route by route, as data that can be compared, printed and sent: every step
//! with its place and its options. `plan` compares two of them, `explain` shows the route of one request, the
//! management API gives that of the project in force. Secrets are not in it ([`redact`]).

mod redact;
mod scope;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tollgate_admin::views::{
    CorsDescription, HandlerDescription, OptionsDescription, ProjectDescription, RouteDescription, StepDescription,
    UpstreamDescription,
};
use tollgate_core::Route;
use tollgate_core::project::{CorsChoice, PolicyInstance, Project, ProjectForm, Stage, StepRef, Timeouts, Use};
use tollgate_core::route::{Methods, PathMode};
use tollgate_core::units::Interval;

use crate::views;
pub(crate) use redact::{Fingerprints, Redactor};

/// The version of the form.
const SCHEMA: u32 = 1;
/// How deep policies may hold policies. A circle has been refused when the project was built.
const DEEPEST: usize = 8;
/// Settings that routes are made of, and are compared there.
const OF_ROUTES: [&str; 4] = ["upstreams", "policies", "cors", "timeouts"];

/// Describes a project.
pub(crate) fn project(project: &Project, fingerprints: &Fingerprints) -> ProjectDescription {
    let describing = Describing { project, redactor: Redactor::new(&project.expanded, fingerprints) };
    ProjectDescription {
        schema: SCHEMA,
        snapshot: project.digest.clone(),
        form: match project.form {
            ProjectForm::Native => "native".to_owned(),
            ProjectForm::Zuplo => "zuplo".to_owned(),
        },
        compatibility: serde_json::to_value(&project.compatibility).unwrap_or_default(),
        routes: project.routes.iter().map(|route| describing.route(route)).collect(),
        settings: describing.settings(),
        code: code(project),
    }
}

/// Describes one route.
pub(crate) fn route(project: &Project, route: &Route, fingerprints: &Fingerprints) -> RouteDescription {
    Describing { project, redactor: Redactor::new(&project.expanded, fingerprints) }.route(route)
}

/// What tells the code of a project from another: as it runs, where it was loaded, else as it is on disk.
fn code(project: &Project) -> Option<String> {
    if let Some(scripts) = &project.scripts {
        return Some(format!("loaded:{}", scripts.digest()));
    }
    if !project.has_modules() || project.root.as_os_str().is_empty() {
        return None;
    }
    let mut files = Vec::new();
    collect(&project.root.join("modules"), 0, &mut files);
    files.sort();
    let mut content = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&project.root).unwrap_or(file);
        content.extend_from_slice(name.as_os_str().as_encoded_bytes());
        content.push(0);
        content.extend(std::fs::read(file).unwrap_or_default());
        content.push(0);
    }
    Some(format!("files:{}", redact::digest(&content)))
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth < DEEPEST {
            collect(&entry.path(), depth + 1, files);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
}

struct Describing<'p> {
    project: &'p Project,
    redactor: Redactor<'p>,
}

impl Describing<'_> {
    fn route(&self, route: &Route) -> RouteDescription {
        RouteDescription {
            id: route.id.to_string(),
            methods: match &route.methods {
                Methods::Any => vec!["*".to_owned()],
                Methods::Listed(methods) => methods.iter().map(ToString::to_string).collect(),
            },
            path: route.template.text.to_string(),
            mode: match route.template.mode {
                PathMode::OpenApi => "open-api".to_owned(),
                PathMode::UrlPattern => "url-pattern".to_owned(),
            },
            rest: route.template.rest.as_deref().map(str::to_owned),
            hosts: route.hosts.clone(),
            public: !route.authenticated,
            internal: route.internal,
            inbound: self.steps(&route.inbound),
            handler: HandlerDescription {
                handler: implementation(&route.handler.implementation),
                module: matches!(route.handler.implementation, Use::Module(_)),
                options: self.redactor.options(&route.handler.options),
                place: route.handler.place.to_string(),
                scope: scope::of(&route.handler.place).to_owned(),
            },
            upstream: self.upstream(route),
            outbound: self.steps(&route.outbound),
            cors: self.cors(route.cors),
            upgrades: route.upgrades.as_ref().map(|names| names.iter().map(ToString::to_string).collect()),
            timeouts: timeouts(&route.timeouts),
            place: route.place.to_string(),
        }
    }

    fn steps(&self, steps: &[StepRef]) -> Vec<StepDescription> {
        let described = steps.iter().filter_map(|step| {
            let instance = self.project.policies.get(step.policy)?;
            let named = step.named.as_ref().map(ToString::to_string);
            Some(self.step(instance, step.stage, named, 0))
        });
        described.collect()
    }

    fn step(&self, instance: &PolicyInstance, stage: Stage, named: Option<String>, depth: usize) -> StepDescription {
        StepDescription {
            stage: stage.as_str().to_owned(),
            name: instance.name.to_string(),
            id: instance.id.to_string(),
            policy: implementation(&instance.implementation),
            module: matches!(instance.implementation, Use::Module(_)),
            check: check(instance, stage).map(str::to_owned),
            options: self.redactor.options(&instance.options),
            place: instance.place.to_string(),
            scope: scope::of(&instance.place).to_owned(),
            named,
            policies: if depth < DEEPEST { self.nested(instance, stage, depth) } else { Vec::new() },
        }
    }

    /// The policies that a policy runs itself, which it names under `policies`.
    fn nested(&self, instance: &PolicyInstance, stage: Stage, depth: usize) -> Vec<StepDescription> {
        let holds =
            matches!(&instance.implementation, Use::BuiltIn(kind) if kind.starts_with("composite") || kind == "any-of");
        let names = instance.options.get("policies").and_then(Value::as_array).filter(|_| holds);
        let policies = &self.project.policies;
        let found = names.into_iter().flatten().filter_map(Value::as_str).filter_map(|name| {
            let by_id = policies.iter().find(|policy| *policy.id == *name);
            by_id.or_else(|| policies.iter().find(|policy| *policy.name == *name))
        });
        found.map(|policy| self.step(policy, stage, None, depth + 1)).collect()
    }

    fn upstream(&self, route: &Route) -> Option<UpstreamDescription> {
        let settings = views::upstream_settings(self.project, route)?;
        let options = &route.handler.options;
        let reference = options["upstream"].as_str().or_else(|| options["baseUrl"].as_str());
        let name = reference.filter(|name| self.project.settings.upstreams.contains_key(*name));
        let value = serde_json::to_value(&settings).ok()?;
        Some(UpstreamDescription { name: name.map(str::to_owned), settings: self.redactor.options(&value) })
    }

    fn cors(&self, choice: CorsChoice) -> CorsDescription {
        let (policy, settings) = match choice {
            CorsChoice::None => ("none", Value::Null),
            CorsChoice::AnythingGoes => ("anything-goes", Value::Null),
            CorsChoice::Named(index) => {
                let settings = self.project.cors.get(index).and_then(|cors| serde_json::to_value(cors).ok());
                ("custom", settings.unwrap_or_default())
            }
        };
        CorsDescription { policy: policy.to_owned(), settings: self.redactor.options(&settings).shown }
    }

    fn settings(&self) -> OptionsDescription {
        let mut settings = serde_json::to_value(&self.project.settings).unwrap_or_default();
        if let Some(settings) = settings.as_object_mut() {
            settings.retain(|name, _| !OF_ROUTES.contains(&name.as_str()));
            // A list of consumers is compared by their names.
            let consumers = settings.remove("consumers");
            let named = consumers.as_ref().and_then(Value::as_array).into_iter().flatten();
            let named = named.filter_map(|one| {
                let name = format!("{}/{}", one["bucket"].as_str()?, one["name"].as_str()?);
                Some((name, one.clone()))
            });
            settings.insert("consumers".to_owned(), named.collect::<serde_json::Map<_, _>>().into());
        }
        self.redactor.options(&settings)
    }
}

pub(crate) fn implementation(implementation: &Use) -> String {
    match implementation {
        Use::BuiltIn(name) => name.clone(),
        Use::Module(export) => export.to_string(),
    }
}

/// What a step protects by.
fn check(instance: &PolicyInstance, stage: Stage) -> Option<&'static str> {
    let kind = match &instance.implementation {
        Use::BuiltIn(kind) => crate::catalog().policy(kind),
        Use::Module(_) => None,
    };
    let name = kind.map_or("", |kind| kind.name);
    Some(match (stage, name) {
        (Stage::Limit, _) | (_, "rate-limit" | "complex-rate-limit" | "quota") => "limit",
        (Stage::Sign, _) | (_, "upstream-jwt") => "signature",
        (_, "request-validation" | "validate-json-schema" | "request-size-limit") => "validation",
        (_, "any-of" | "jwt-scopes" | "require-user-claims") => "auth",
        _ if kind.is_some_and(|kind| kind.authenticates) => "auth",
        (Stage::Guard, _) | (_, "ip-restriction" | "require-origin") => "guard",
        (Stage::Auth, "") => "auth",
        // Code may be any check, and so may be what it stands in.
        (_, "" | "composite") => "code",
        _ => return None,
    })
}

fn timeouts(timeouts: &Timeouts) -> BTreeMap<String, String> {
    let shown = |duration: Duration| Interval(duration).to_string();
    let all = [
        ("connect", Some(timeouts.connect)),
        ("firstByte", timeouts.first_byte),
        ("idle", timeouts.idle),
        ("total", timeouts.total),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), shown(value?)))).collect()
}

/// `GET /users/{id}`, with its hosts where it has some.
pub(crate) fn title(route: &RouteDescription) -> String {
    let methods = if route.methods == ["*"] { "ANY".to_owned() } else { route.methods.join("|") };
    let hosts = if route.hosts.is_empty() { String::new() } else { format!(" on {}", route.hosts.join(", ")) };
    format!("{methods} {}{hosts}", route.path)
}
