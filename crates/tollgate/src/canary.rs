//! Whether a project that has just been put into force makes errors that the one before did not make: what
//! is counted, and how it is judged. Nothing here waits or reads a clock.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tollgate_core::Route;
use tollgate_core::project::{Project, StepRef};
use tollgate_proxy::metrics::Answers;

/// A share of fewer answers says nothing.
pub(crate) const LEAST_ANSWERS: u64 = 20;
/// One client that is cut off is no jump.
pub(crate) const LEAST_ERRORS: u64 = 5;
/// By how much the share of errors must have grown: at least by this, and then either …
pub(crate) const LEAST_JUMP: f64 = 0.05;
/// … to so many times what it was, …
pub(crate) const TIMES: f64 = 2.0;
/// … or by so much that there is nothing more to ask.
pub(crate) const LARGE_JUMP: f64 = 0.30;
/// How often what was counted is noted, and how many of these notes are kept: the share of errors before is
/// that of the last ten minutes.
pub(crate) const NOTE_EVERY: Duration = Duration::from_secs(60);
const NOTES: usize = 10;

/// What every route has answered since the gateway started.
pub(crate) type Counted = HashMap<Arc<str>, Answers>;

/// What was counted in the last minutes.
#[derive(Debug, Default)]
pub(crate) struct History(VecDeque<Counted>);

impl History {
    /// Notes what was counted up to now.
    pub(crate) fn note(&mut self, counted: Counted) {
        self.0.push_back(counted);
        while self.0.len() > NOTES {
            self.0.pop_front();
        }
    }

    /// What was answered since the oldest note.
    fn since(&self, counted: &Counted) -> Counted {
        let none = Counted::new();
        difference(counted, self.0.front().unwrap_or(&none))
    }
}

/// A project that is being watched.
#[derive(Debug)]
pub(crate) struct Canary {
    changed: Vec<Arc<str>>,
    before: Counted,
    at_start: Counted,
    /// When it is over; monotonic.
    until: Duration,
}

/// What is to be thought of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// Nothing yet.
    Watching,
    /// It made no more errors than the one before.
    Passed,
    /// It did.
    Jumped(Jump),
}

/// By how much the share of errors grew.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Jump {
    /// The route; none for all that changed together.
    pub(crate) route: Option<Arc<str>>,
    pub(crate) now: Answers,
    /// The share of errors before.
    pub(crate) before: f64,
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route =
            self.route.as_deref().map_or_else(|| "the changed routes".to_owned(), |route| format!("route {route}"));
        let (failed, total) = (self.now.failed, self.now.total);
        write!(f, "{failed} of {total} answers of {route} were errors, and {:.1}% before", self.before * 100.0)
    }
}

impl Canary {
    /// Watches routes from now on.
    pub(crate) fn new(changed: Vec<Arc<str>>, history: &History, counted: Counted, until: Duration) -> Self {
        Self { changed, before: history.since(&counted), at_start: counted, until }
    }

    /// Looks at what was counted meanwhile: at each route for itself, so that one with little traffic does not
    /// hide behind the others, and at all of them, so that many with little traffic are seen together.
    pub(crate) fn judge(&self, counted: &Counted, now: Duration) -> Verdict {
        let since = difference(counted, &self.at_start);
        let of = |counted: &Counted, route: &Arc<str>| counted.get(route).copied().unwrap_or_default();
        let (mut all_now, mut all_before) = (Answers::default(), Answers::default());
        for route in &self.changed {
            let (now, before) = (of(&since, route), of(&self.before, route));
            if let Some(before) = jumped(now, before) {
                return Verdict::Jumped(Jump { route: Some(Arc::clone(route)), now, before });
            }
            all_now = sum(all_now, now);
            all_before = sum(all_before, before);
        }
        match jumped(all_now, all_before) {
            Some(before) => Verdict::Jumped(Jump { route: None, now: all_now, before }),
            None if now >= self.until => Verdict::Passed,
            None => Verdict::Watching,
        }
    }
}

/// The share of errors before, where it jumped.
fn jumped(now: Answers, before: Answers) -> Option<f64> {
    if now.total < LEAST_ANSWERS || now.failed < LEAST_ERRORS {
        return None;
    }
    let (is, was) = (share(now), share(before));
    let grown = is >= was + LEAST_JUMP && (is >= was * TIMES || is >= was + LARGE_JUMP);
    grown.then_some(was)
}

#[expect(clippy::cast_precision_loss, reason = "a share of more than 2^52 answers may be off by one of them")]
fn share(answers: Answers) -> f64 {
    if answers.total == 0 { 0.0 } else { answers.failed as f64 / answers.total as f64 }
}

fn sum(a: Answers, b: Answers) -> Answers {
    Answers { total: a.total + b.total, failed: a.failed + b.failed }
}

fn difference(later: &Counted, earlier: &Counted) -> Counted {
    let since = |(route, now): (&Arc<str>, &Answers)| {
        let then = earlier.get(route).copied().unwrap_or_default();
        // The series of a route that was away for a while begin anew.
        let since =
            Answers { total: now.total.saturating_sub(then.total), failed: now.failed.saturating_sub(then.failed) };
        (Arc::clone(route), since)
    };
    later.iter().map(since).collect()
}

/// The routes of a project that are new, or that may answer otherwise than before. Where settings or modules
/// changed, that may be any of them.
pub(crate) fn changed_routes(old: &Project, new: &Project) -> Vec<Arc<str>> {
    let modules = |project: &Project| project.scripts.as_ref().map(|scripts| scripts.digest().to_owned());
    let all = old.settings != new.settings || modules(old) != modules(new) || environment(old) != environment(new);
    let known: HashMap<&str, &Arc<Route>> = old.routes.iter().map(|route| (&*route.id, route)).collect();
    let mut documents = Documents::default();
    let same = |route: &Arc<Route>, documents: &mut Documents| {
        known.get(&*route.id).is_some_and(|before| is_same(old, before, new, route, documents))
    };
    let changed = new.routes.iter().filter(|route| all || !same(route, &mut documents));
    changed.map(|route| Arc::clone(&route.id)).collect()
}

fn environment(project: &Project) -> Option<&std::collections::BTreeMap<String, String>> {
    // Only modules and templates can ask for a value that stands nowhere.
    project.scripts.is_some().then_some(&project.environment)
}

/// The trees of documents while they are compared: each is read from its text once.
#[derive(Default)]
struct Documents {
    trees: HashMap<usize, Arc<Value>>,
    alike: HashMap<(usize, usize), bool>,
}

impl Documents {
    fn tree(&mut self, route: &Route) -> Arc<Value> {
        let document = &route.operation.document;
        let tree = self.trees.entry(Arc::as_ptr(document).addr()).or_insert_with(|| document.root.tree());
        Arc::clone(tree)
    }

    /// Whether two documents are the same but for their paths: what operations refer to.
    fn are_alike(&mut self, a: &Route, b: &Route) -> bool {
        let key = (Arc::as_ptr(&a.operation.document).addr(), Arc::as_ptr(&b.operation.document).addr());
        if let Some(known) = self.alike.get(&key) {
            return *known;
        }
        let rest = |tree: &Value| {
            let members = tree.as_object().cloned().unwrap_or_default();
            members.into_iter().filter(|(name, _)| name != "paths").collect::<Vec<_>>()
        };
        let resources = |route: &Route| -> Vec<Arc<Value>> {
            route.operation.document.resources.iter().map(|(_, resource)| resource.tree()).collect()
        };
        let alike = rest(&self.tree(a)) == rest(&self.tree(b)) && resources(a) == resources(b);
        self.alike.insert(key, alike);
        alike
    }
}

fn is_same(old: &Project, a: &Route, new: &Project, b: &Route, documents: &mut Documents) -> bool {
    let handlers = (&a.handler.implementation, &a.handler.options) == (&b.handler.implementation, &b.handler.options);
    let matching = (&a.template, &a.methods, &a.hosts) == (&b.template, &b.methods, &b.hosts);
    let rules = (a.cors, a.timeouts, a.authenticated) == (b.cors, b.timeouts, b.authenticated);
    handlers
        && matching
        && rules
        && are_same(old, &a.inbound, new, &b.inbound)
        && are_same(old, &a.outbound, new, &b.outbound)
        && documents.are_alike(a, b)
        && path_item(documents, a) == path_item(documents, b)
}

fn path_item(documents: &mut Documents, route: &Route) -> Option<Value> {
    let (parent, _) = route.operation.pointer.rsplit_once('/')?;
    documents.tree(route).pointer(parent).cloned()
}

fn are_same(old: &Project, a: &[StepRef], new: &Project, b: &[StepRef]) -> bool {
    let same = |(a, b): (&StepRef, &StepRef)| {
        let policies = old.policies.get(a.policy).zip(new.policies.get(b.policy));
        a.stage == b.stage
            && policies.is_some_and(|(a, b)| (&a.implementation, &a.options) == (&b.implementation, &b.options))
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(routes: &[(&str, u64, u64)]) -> Counted {
        routes
            .iter()
            .map(|(route, total, failed)| (Arc::from(*route), Answers { total: *total, failed: *failed }))
            .collect()
    }

    /// Route `a` had answered 1,000 with `before` errors; then it answers what is given within the time.
    #[track_caller]
    fn check(before: u64, total: u64, failed: u64, expected: bool) {
        let mut history = History::default();
        history.note(Counted::new());
        let start = counted(&[("a", 1000, before)]);
        let canary = Canary::new(vec!["a".into()], &history, start, Duration::from_secs(300));
        let later = counted(&[("a", 1000 + total, before + failed)]);
        let verdict = canary.judge(&later, Duration::from_secs(10));
        assert_eq!(matches!(verdict, Verdict::Jumped(_)), expected, "{verdict:?}");
    }

    #[test]
    fn a_jump_is_many_errors_of_enough_answers_against_those_before() {
        check(0, 100, 50, true);
        check(0, 100, 5, true);
        check(0, 100, 4, false);
        check(0, 19, 19, false);
        check(0, 20, 5, true);
        check(100, 100, 10, false);
        check(100, 100, 15, false);
        check(100, 100, 20, true);
        check(600, 100, 80, false);
        check(600, 100, 90, true);
        check(0, 10_000, 400, false);
    }

    #[test]
    fn it_passes_when_its_time_is_over_and_not_before() {
        let canary = Canary::new(vec!["a".into()], &History::default(), Counted::new(), Duration::from_secs(300));
        let good = counted(&[("a", 100, 1)]);
        assert_eq!(canary.judge(&good, Duration::from_secs(299)), Verdict::Watching);
        assert_eq!(canary.judge(&good, Duration::from_secs(300)), Verdict::Passed);
        let bad = counted(&[("a", 100, 60)]);
        assert!(matches!(canary.judge(&bad, Duration::from_secs(300)), Verdict::Jumped(_)), "at the last moment, too");
    }

    #[test]
    fn only_routes_that_changed_count_and_small_ones_count_together() {
        let changed: Vec<Arc<str>> = ["a", "b", "c"].map(Arc::from).to_vec();
        let canary = Canary::new(changed, &History::default(), Counted::new(), Duration::from_secs(300));
        let others = counted(&[("z", 1000, 900), ("a", 15, 0)]);
        assert_eq!(canary.judge(&others, Duration::ZERO), Verdict::Watching);
        let together = counted(&[("a", 10, 2), ("b", 10, 2), ("c", 10, 2)]);
        let Verdict::Jumped(jump) = canary.judge(&together, Duration::ZERO) else { panic!("30 answers, 6 errors") };
        assert_eq!((jump.route, jump.now), (None, Answers { total: 30, failed: 6 }));
        let one = counted(&[("a", 1000, 0), ("b", 20, 10)]);
        let Verdict::Jumped(jump) = canary.judge(&one, Duration::ZERO) else { panic!("`b` fails by itself") };
        assert_eq!(jump.route.as_deref(), Some("b"));
        assert_eq!(jump.to_string(), "10 of 20 answers of route b were errors, and 0.0% before");
    }

    #[test]
    fn what_was_before_is_what_was_lately() {
        let mut history = History::default();
        // A bad hour long ago, then ten good minutes.
        history.note(counted(&[("a", 1000, 1000)]));
        for minute in 1..=10 {
            history.note(counted(&[("a", 1000 + minute * 100, 1000)]));
        }
        let canary = Canary::new(vec!["a".into()], &history, counted(&[("a", 2000, 1000)]), Duration::from_secs(300));
        let later = counted(&[("a", 2100, 1010)]);
        assert!(matches!(canary.judge(&later, Duration::ZERO), Verdict::Jumped(_)));
    }
}
