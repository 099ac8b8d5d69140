//! What becomes of a gateway when one project takes the place of another: route by route, what the requests
//! of clients would find instead, and what of the server changes. A comparison of two descriptions
//! ([`crate::describe`]); nothing here reads a file or asks anybody.

mod graded;
mod leaves;
mod markdown;
pub(crate) mod replay;
mod routes;
mod server;
mod steps;
mod text;
pub(crate) mod traffic;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use tollgate_admin::views::ProjectDescription;

pub(crate) use markdown::{markdown, replayed as replayed_markdown};
pub(crate) use routes::Pairs;
pub(crate) use text::{replayed, text};

/// The version of the JSON form.
const SCHEMA: u32 = 1;

/// The whole comparison, as `--output json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// Of this form: 1.
    schema: u32,
    /// What the project is compared with.
    pub(crate) against: Side,
    /// The project.
    pub(crate) project: Side,
    pub(crate) summary: Summary,
    /// Routes that are added, removed or changed; those that become weaker stand first.
    pub(crate) routes: Vec<RouteChange>,
    /// Requests that another route would answer, one example for each pair of routes.
    pub(crate) requests: Vec<Diverted>,
    /// Settings of the server.
    pub(crate) server: Vec<SettingChange>,
}

/// One of the two states of the project.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Side {
    /// `folder`, `git` or `running`.
    pub(crate) kind: &'static str,
    /// The folder, the ref or the address.
    pub(crate) name: String,
    /// The commit, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    pub(crate) snapshot: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) added: usize,
    pub(crate) removed: usize,
    pub(crate) changed: usize,
    pub(crate) unchanged: usize,
    /// How many changes make something weaker.
    pub(crate) weaker: usize,
    /// Whether a reload is not enough.
    pub(crate) needs_restart: bool,
}

/// What happens to a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    Added,
    Removed,
    Changed,
}

/// A route that is not as it was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteChange {
    /// `GET /users/{id}`
    pub(crate) route: String,
    pub(crate) id: String,
    pub(crate) fate: Fate,
    /// Where it is written: in the project, or, where it is removed, in what that is compared with.
    pub(crate) place: String,
    pub(crate) changes: Vec<Change>,
}

impl RouteChange {
    pub(crate) fn weakens(&self) -> bool {
        self.changes.iter().any(|change| change.weakens)
    }
}

/// One thing that is not as it was.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    /// Whether it opens something that was closed.
    pub(crate) weakens: bool,
    /// The step it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<String>,
    /// The option, by its JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) option: Option<String>,
    /// What it was, where that can be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Value>,
    /// What it becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Value>,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    /// In a sentence.
    pub(crate) text: String,
}

impl Change {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            weakens: false,
            step: None,
            option: None,
            before: None,
            after: None,
            place: None,
            text: text.into(),
        }
    }

    #[must_use]
    fn weakens(mut self, weakens: bool) -> Self {
        self.weakens = weakens;
        self
    }

    #[must_use]
    fn step(mut self, step: &str, place: &str) -> Self {
        self.step = Some(step.to_owned());
        self.place = Some(place.to_owned());
        self
    }

    #[must_use]
    fn values(mut self, before: Option<Value>, after: Option<Value>) -> Self {
        (self.before, self.after) = (before, after);
        self
    }
}

/// The kinds of changes: part of the JSON form, so that none is ever renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// It is new, and everyone may call it.
    AddedPublic,
    /// It is new, and asks who calls.
    AddedProtected,
    /// It is gone.
    Removed,
    /// Everyone may call it now.
    BecamePublic,
    /// It asks who calls now.
    BecameProtected,
    /// Other policies tell who calls, or by other options.
    AuthChanged,
    LimitLost,
    LimitGained,
    LimitChanged,
    SignatureLost,
    SignatureGained,
    SignatureChanged,
    ValidationLost,
    ValidationGained,
    ValidationChanged,
    GuardLost,
    GuardGained,
    GuardChanged,
    /// Code of the project runs no more: it may have been any check.
    CodeLost,
    CodeGained,
    CodeChanged,
    PolicyLost,
    PolicyGained,
    PolicyChanged,
    /// The same steps in another order.
    OrderChanged,
    /// It matches by another path.
    PathChanged,
    MethodsChanged,
    HostsChanged,
    HandlerChanged,
    UpstreamChanged,
    CorsChanged,
    TimeoutsChanged,
    UpgradesChanged,
    /// Published documents show it now, or hide it.
    VisibilityChanged,
}

/// Requests that another route answers than before.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Diverted {
    /// An example: `GET /users/me`.
    pub(crate) request: String,
    /// The route that answered it.
    pub(crate) before: String,
    /// The route that would; none where it would be refused.
    pub(crate) after: Option<String>,
    /// Whether the other route lets more through.
    pub(crate) weakens: bool,
    pub(crate) text: String,
}

/// A setting that is not as it was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingChange {
    /// `server.limits.connections`
    pub(crate) setting: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Value>,
    /// Whether a reload refuses it.
    pub(crate) needs_restart: bool,
    pub(crate) weakens: bool,
    pub(crate) text: String,
}

/// Compares two states of a project.
pub(crate) fn compare(
    old: &ProjectDescription,
    new: &ProjectDescription,
    against: Side,
    project: Side,
) -> anyhow::Result<Plan> {
    let pairs = Pairs::of(old, new);
    let mut routes = routes::changes(old, new, &pairs);
    routes.sort_by_key(|route| !route.weakens());
    let requests = traffic::diverted(old, new, &pairs)?;
    let server = server::changes(old, new);
    let count = |fate| routes.iter().filter(|route| route.fate == fate).count();
    let weaker = routes.iter().flat_map(|route| &route.changes).filter(|change| change.weakens).count()
        + requests.iter().filter(|request| request.weakens).count()
        + server.iter().filter(|setting| setting.weakens).count();
    let (added, removed, changed) = (count(Fate::Added), count(Fate::Removed), count(Fate::Changed));
    let summary = Summary {
        added,
        removed,
        changed,
        unchanged: new.routes.len().saturating_sub(added + changed),
        weaker,
        needs_restart: server.iter().any(|setting| setting.needs_restart),
    };
    Ok(Plan { schema: SCHEMA, against, project, summary, routes, requests, server })
}

impl Plan {
    /// Whether nothing would change.
    pub(crate) fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.requests.is_empty() && self.server.is_empty()
    }

    /// The settings that only a restart changes, by their names.
    pub(crate) fn restarts(&self) -> BTreeSet<&str> {
        self.server.iter().filter(|one| one.needs_restart).map(|one| one.setting.as_str()).collect()
    }
}
