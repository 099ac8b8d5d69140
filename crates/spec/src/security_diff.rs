//! What a change of the project makes of its security: said when a file is saved in `dev`, and
//! by `check --against`.

use std::collections::BTreeMap;
use std::fmt;

use tollgate_core::Route;
use tollgate_core::project::{Project, Stage, StepRef, Use};
use tollgate_core::route::Methods;

/// A difference that matters for who may call, how often, and what the backend can rely on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityChange {
    /// `GET /users/{id}`
    pub route: String,
    /// What happened to it.
    pub change: Change,
}

/// What happened to a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// There is a new route: whether everyone may call it.
    Added {
        /// Whether everyone may call it.
        public: bool,
    },
    /// It is gone.
    Removed,
    /// Everyone may call it now.
    BecamePublic,
    /// It asks who calls now.
    BecameProtected,
    /// Other policies tell who calls: those before, those now.
    AuthChanged(String, String),
    /// A check is gone.
    Lost(Check, String),
    /// A check is new.
    Gained(Check, String),
    /// A check has other options.
    Changed(Check, String),
    /// Pages of other origins may call in another way.
    CorsChanged,
}

/// A kind of check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// A limit.
    Limit,
    /// The token for the upstream.
    Signature,
    /// Validation of requests.
    Validation,
    /// A step before any key or token work.
    Guard,
    /// Code of the project: it may have been any check.
    Code,
}

impl Check {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Signature => "signed token",
            Self::Validation => "validation",
            Self::Guard => "guard",
            Self::Code => "code",
        }
    }
}

impl Change {
    /// Whether it opens something that was closed: what a reviewer must not miss.
    pub const fn weakens(&self) -> bool {
        matches!(self, Self::Added { public: true } | Self::BecamePublic | Self::Lost(..))
    }
}

impl fmt::Display for SecurityChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.change.weakens() { '!' } else { ' ' };
        write!(f, "{sign} {}: {}", self.route, self.change)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |f: &mut fmt::Formatter<'_>, verb: &str, check: &Check, name: &str| match *check {
            Check::Signature => write!(f, "{verb} its {}", check.as_str()),
            _ => write!(f, "{verb} the {} `{name}`", check.as_str()),
        };
        match self {
            Self::Added { public: true } => f.write_str("new, and PUBLIC: everyone may call it"),
            Self::Added { public: false } => f.write_str("new"),
            Self::Removed => f.write_str("removed"),
            Self::BecamePublic => f.write_str("became PUBLIC: everyone may call it"),
            Self::BecameProtected => f.write_str("asks who calls now"),
            Self::AuthChanged(before, now) => write!(f, "authenticates with {now} instead of {before}"),
            Self::Lost(check, name) => named(f, "lost", check, name),
            Self::Gained(check, name) => named(f, "gained", check, name),
            Self::Changed(check, name) => named(f, "changed", check, name),
            Self::CorsChanged => f.write_str("changed its CORS policy"),
        }
    }
}

/// Compares two projects, route by route: a route is the same where methods, path and hosts are.
pub fn security_diff(old: &Project, new: &Project) -> Vec<SecurityChange> {
    let (before, after) = (by_name(old), by_name(new));
    let mut changes = Vec::new();
    let mut add = |route: &str, change| changes.push(SecurityChange { route: route.to_owned(), change });
    for (name, route) in &after {
        match before.get(name) {
            None => add(name, Change::Added { public: !route.authenticated }),
            Some(known) => compare(old, known, new, route).into_iter().for_each(|change| add(name, change)),
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        add(name, Change::Removed);
    }
    changes.sort_by_key(|change| !change.change.weakens());
    changes
}

fn compare(old: &Project, before: &Route, new: &Project, after: &Route) -> Vec<Change> {
    let mut changes = Vec::new();
    match (before.authenticated, after.authenticated) {
        (true, false) => changes.push(Change::BecamePublic),
        (false, true) => changes.push(Change::BecameProtected),
        (true, true) => {
            let names = |project, route: &Route| joined(project, route, |step| step.stage == Stage::Auth);
            let (was, is) = (names(old, before), names(new, after));
            if was != is {
                changes.push(Change::AuthChanged(was, is));
            }
        }
        (false, false) => {}
    }
    let (was, is) = (checks(old, before), checks(new, after));
    for (key, (name, _)) in was.iter().filter(|(key, _)| !is.contains_key(key)) {
        changes.push(Change::Lost(key.0, name.clone()));
    }
    for (key, (name, options)) in &is {
        match was.get(key) {
            None => changes.push(Change::Gained(key.0, name.clone())),
            Some((_, known)) if known != options => changes.push(Change::Changed(key.0, name.clone())),
            Some(_) => {}
        }
    }
    if cors(old, before) != cors(new, after) {
        changes.push(Change::CorsChanged);
    }
    changes
}

/// Every check of a route: its kind and its number among those of the same name → name and options.
fn checks(project: &Project, route: &Route) -> BTreeMap<(Check, String, usize), (String, String)> {
    let mut found: BTreeMap<(Check, String, usize), (String, String)> = BTreeMap::new();
    for step in &route.inbound {
        let Some(policy) = project.policies.get(step.policy) else { continue };
        let (kind, export) = match &policy.implementation {
            Use::BuiltIn(kind) => (kind.as_str(), None),
            Use::Module(export) => ("", Some(export.to_string())),
        };
        let check = match (step.stage, kind) {
            (Stage::Limit, _) | (_, "rate-limit") => Check::Limit,
            (Stage::Sign, _) | (_, "upstream-jwt") => Check::Signature,
            (_, "request-validation" | "request-size-limit") => Check::Validation,
            (Stage::Guard, _) | (_, "ip-restriction") => Check::Guard,
            // Which code authenticates is told with what else does.
            (stage, _) if export.is_some() && stage != Stage::Auth => Check::Code,
            _ => continue,
        };
        let name = policy.name.to_string();
        let number = found.keys().filter(|key| key.0 == check && key.1 == name).count();
        let (export, options) = (export.unwrap_or_default(), &policy.options);
        found.insert((check, name.clone(), number), (name, format!("{export} {options}")));
    }
    found
}

fn joined(project: &Project, route: &Route, wanted: impl Fn(&StepRef) -> bool) -> String {
    let names = route.inbound.iter().filter(|step| wanted(step)).filter_map(|step| project.policies.get(step.policy));
    let names: Vec<String> = names
        .map(|policy| match policy.options.get("policies").and_then(serde_json::Value::as_array) {
            // A list of alternatives is told from another by its members.
            Some(members) => {
                format!("{}({})", policy.name, members.iter().filter_map(|m| m.as_str()).collect::<Vec<_>>().join(", "))
            }
            None => policy.name.to_string(),
        })
        .collect();
    names.join(", ")
}

fn cors(project: &Project, route: &Route) -> String {
    use tollgate_core::project::CorsChoice;
    match route.cors {
        CorsChoice::Named(index) => format!("{:?}", project.cors.get(index)),
        other => format!("{other:?}"),
    }
}

fn by_name(project: &Project) -> BTreeMap<String, &Route> {
    let name = |route: &Route| {
        let methods = match &route.methods {
            Methods::Any => "ANY".to_owned(),
            Methods::Listed(list) => list.iter().map(http::Method::as_str).collect::<Vec<_>>().join("|"),
        };
        let hosts = if route.hosts.is_empty() { String::new() } else { format!(" on {}", route.hosts.join(", ")) };
        format!("{methods} {}{hosts}", route.template.text)
    };
    project.routes.iter().map(|route| (name(route), &**route)).collect()
}
