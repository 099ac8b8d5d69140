//! Finds the route of a request: by host, by path, by method.
//!
//! In the native form a host that is spelt out goes before a wildcard and that before none, then a literal segment before
//! a parameter, then patterns in their order. In the Zuplo form the first match in document order
//! wins. Both fall through to the next template where a path matches and the method does not; only
//! where nothing serves the method is it 405.

pub mod near;
mod pattern;
mod segment;
mod trie;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Method};
use tollgate_core::exchange::Params;
use tollgate_core::project::Compatibility;
use tollgate_core::reason::REQUEST_MALFORMED;
use tollgate_core::route::{Methods, PathMode, PathTemplate};
use tollgate_core::{Problem, Route};

use pattern::PathPattern;
use trie::{Captures, Trie, Visit};

/// All routes of a snapshot.
#[derive(Debug)]
pub struct Router {
    document_order: bool,
    routes: Vec<Entry>,
    any_host: Table,
    /// By host, lower-case, with or without a port.
    hosts: HashMap<String, Table>,
    /// By suffix (`.example.com`), longest first.
    suffixes: Vec<(String, Table)>,
}

#[derive(Debug)]
struct Entry {
    methods: Methods,
    names: Box<[Arc<str>]>,
}

#[derive(Default)]
struct Table {
    trie: Trie,
    patterns: Vec<(Arc<PathPattern>, usize)>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("patterns", &self.patterns.len()).finish_non_exhaustive()
    }
}

/// What a route matches.
#[derive(Debug, Clone, Copy)]
pub struct Pattern<'r> {
    /// Its template.
    pub template: &'r PathTemplate,
    /// The methods it serves.
    pub methods: &'r Methods,
    /// The hosts it serves; empty for any.
    pub hosts: &'r [String],
}

impl<'r> Pattern<'r> {
    /// That of a route.
    pub fn of(route: &'r Route) -> Self {
        Self { template: &route.template, methods: &route.methods, hosts: &route.hosts }
    }
}

/// A template that cannot be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Index of the route.
    pub route: usize,
    /// What is wrong with it.
    pub message: String,
}

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<'p> {
    /// A route.
    Found(Match<'p>),
    /// The path, but nothing that serves the method: the value of `Allow`.
    WrongMethod(HeaderValue),
    /// Nothing.
    NotFound,
}

/// A route, and what stands for its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match<'p> {
    /// Index of the route in the project.
    pub route: usize,
    captures: Captures<'p>,
}

enum Compiled {
    Segments { segments: Vec<segment::Segment>, rest: bool },
    Pattern(Arc<PathPattern>),
}

impl Router {
    /// Compiles all templates.
    ///
    /// # Errors
    /// Every template that cannot be matched, not only the first.
    pub fn new(routes: &[Arc<Route>], compatibility: &Compatibility) -> Result<Self, Vec<TemplateError>> {
        Self::of(routes.iter().map(|route| Pattern::of(route)), compatibility)
    }

    /// The same from what routes match alone.
    ///
    /// # Errors
    /// Every template that cannot be matched, not only the first.
    pub fn of<'r>(
        routes: impl ExactSizeIterator<Item = Pattern<'r>>,
        compatibility: &Compatibility,
    ) -> Result<Self, Vec<TemplateError>> {
        let mut router = Self {
            document_order: compatibility.document_order,
            routes: Vec::with_capacity(routes.len()),
            any_host: Table::default(),
            hosts: HashMap::new(),
            suffixes: Vec::new(),
        };
        let mut errors = Vec::new();
        let mut known = HashSet::new();
        for (index, route) in routes.enumerate() {
            match compile(route.template, compatibility) {
                Ok((compiled, names)) => {
                    // Thousands of routes have an `id`, and share it.
                    let names = names.into_iter().map(|name| shared(&mut known, name)).collect();
                    router.routes.push(Entry { methods: route.methods.clone(), names });
                    router.insert(index, route.hosts, &compiled);
                }
                Err(message) => errors.push(TemplateError { route: index, message }),
            }
        }
        router.suffixes.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        let others = router.hosts.values_mut().chain(router.suffixes.iter_mut().map(|(_, table)| table));
        std::iter::once(&mut router.any_host).chain(others).for_each(|table| table.trie.finish());
        if errors.is_empty() { Ok(router) } else { Err(errors) }
    }

    fn insert(&mut self, index: usize, hosts: &[String], compiled: &Compiled) {
        if hosts.is_empty() {
            self.any_host.insert(index, compiled);
        }
        for host in hosts {
            let host = host.to_ascii_lowercase();
            let table = if let Some(suffix) = host.strip_prefix('*') {
                if !self.suffixes.iter().any(|(known, _)| known == suffix) {
                    self.suffixes.push((suffix.to_owned(), Table::default()));
                }
                self.suffixes.iter_mut().find(|(known, _)| known == suffix).map(|(_, table)| table)
            } else {
                Some(self.hosts.entry(host).or_default())
            };
            if let Some(table) = table {
                table.insert(index, compiled);
            }
        }
    }

    /// Finds the route for a host (lower-case, with its port where there is one), a method and a match path.
    pub fn find<'p>(&self, host: &str, method: &Method, path: &'p str) -> Outcome<'p> {
        let mut search = Search { router: self, method, best: None, allowed: BTreeSet::new(), any_path: false };
        for table in self.tables(host) {
            table.search(path, &mut search);
            if search.best.is_some() && !self.document_order {
                break;
            }
        }
        match search.best {
            Some(found) => Outcome::Found(found),
            None if search.any_path => Outcome::WrongMethod(allow(&search.allowed)),
            None => Outcome::NotFound,
        }
    }

    /// The parameters of a match, percent-decoded once.
    ///
    /// # Errors
    /// [`REQUEST_MALFORMED`] where one is not UTF-8.
    pub fn params(&self, found: &Match<'_>) -> Result<Params, Problem> {
        let Some(entry) = self.routes.get(found.route) else { return Ok(Params::new()) };
        let pairs = entry.names.iter().zip(&found.captures);
        pairs
            .filter_map(|(name, value)| value.map(|value| (name, value)))
            .map(|(name, value)| match percent_encoding::percent_decode_str(value).decode_utf8() {
                Ok(decoded) => Ok((Arc::clone(name), decoded.into_owned())),
                Err(_) => Err(Problem::new(&REQUEST_MALFORMED, "A path parameter is not well-formed UTF-8.")),
            })
            .collect()
    }

    /// The methods of every route that has this path, for CORS.
    pub fn methods_at(&self, host: &str, path: &str) -> Option<HeaderValue> {
        let mut allowed = BTreeSet::new();
        let mut any = false;
        for table in self.tables(host) {
            table.walk(path, &mut |routes, _| {
                for route in routes {
                    match self.routes.get(*route).map(|entry| &entry.methods) {
                        Some(Methods::Listed(methods)) => list(methods, &mut allowed),
                        Some(Methods::Any) => any = true,
                        None => {}
                    }
                }
                Visit::Continue
            });
        }
        if any {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                allowed.insert(method.to_owned());
            }
        }
        (!allowed.is_empty()).then(|| allow(&allowed))
    }

    fn tables<'r>(&'r self, host: &str) -> impl Iterator<Item = &'r Table> {
        let (exact, wild) = if self.hosts.is_empty() && self.suffixes.is_empty() {
            (None, None)
        } else {
            let bare = strip_port(host);
            let exact = self.hosts.get(host).into_iter().chain(self.hosts.get(bare).filter(|_| bare != host));
            let bare = bare.to_owned();
            let wild = self.suffixes.iter().filter(move |(suffix, _)| {
                // At least one label must stand before the suffix.
                bare.len() > suffix.len() && bare.ends_with(suffix.as_str())
            });
            (Some(exact), Some(wild.map(|(_, table)| table)))
        };
        exact.into_iter().flatten().chain(wild.into_iter().flatten()).chain(std::iter::once(&self.any_host))
    }
}

/// The same text as before, where it was there before.
fn shared(known: &mut HashSet<Arc<str>>, text: Arc<str>) -> Arc<str> {
    if let Some(known) = known.get(&text) {
        return Arc::clone(known);
    }
    known.insert(Arc::clone(&text));
    text
}

fn strip_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

fn compile(template: &PathTemplate, compatibility: &Compatibility) -> Result<(Compiled, Vec<Arc<str>>), String> {
    let loose = (!compatibility.literal_paths).then(|| pattern::from_loose_template(&template.text)).flatten();
    let pattern = match template.mode {
        PathMode::UrlPattern => Some(&*template.text),
        PathMode::OpenApi => loose.as_deref(),
    };
    if let Some(text) = pattern {
        let pattern = PathPattern::new(text).map_err(|error| format!("`{text}` is not a URL pattern: {error}"))?;
        let names = pattern.names.clone();
        return Ok((Compiled::Pattern(Arc::new(pattern)), names));
    }
    let mut segments = segment::parse(&template.text)?;
    let rest = match &template.rest {
        None => None,
        Some(name) => match segments.pop() {
            Some(segment::Segment::Param(last)) if *last == **name => Some(last),
            _ => return Err(format!("`{{{name}}}` takes the rest of the path, so it must be its whole last segment")),
        },
    };
    let mut names: Vec<Arc<str>> = Vec::new();
    for segment in &segments {
        match segment {
            segment::Segment::Literal(_) => {}
            segment::Segment::Param(name) => names.push(name.as_str().into()),
            segment::Segment::Mixed { names: inside, .. } => {
                names.extend(inside.iter().map(|name| name.as_str().into()))
            }
        }
    }
    names.extend(rest.as_deref().map(Into::into));
    let rest = rest.is_some();
    Ok((Compiled::Segments { segments, rest }, names))
}

impl Table {
    fn insert(&mut self, index: usize, compiled: &Compiled) {
        match compiled {
            Compiled::Segments { segments, rest } => self.trie.insert(segments, *rest, index),
            Compiled::Pattern(pattern) => self.patterns.push((Arc::clone(pattern), index)),
        }
    }

    fn walk<'p>(&self, path: &'p str, visit: &mut dyn FnMut(&[usize], &Captures<'p>) -> Visit) {
        let mut stopped = false;
        self.trie.walk(path, &mut |routes, captures| {
            let next = visit(routes, captures);
            stopped |= matches!(next, Visit::Stop);
            next
        });
        if stopped {
            return;
        }
        for (pattern, route) in &self.patterns {
            if let Some(captures) = pattern.captures(path)
                && let Visit::Stop = visit(&[*route], &captures)
            {
                return;
            }
        }
    }

    fn search<'p>(&self, path: &'p str, search: &mut Search<'_, 'p>) {
        self.walk(path, &mut |routes, captures| search.visit(routes, captures));
    }
}

struct Search<'r, 'p> {
    router: &'r Router,
    method: &'r Method,
    best: Option<Match<'p>>,
    allowed: BTreeSet<String>,
    any_path: bool,
}

impl<'p> Search<'_, 'p> {
    fn visit(&mut self, routes: &[usize], captures: &Captures<'p>) -> Visit {
        self.any_path = true;
        let serving = routes.iter().filter_map(|&route| {
            let entry = self.router.routes.get(route)?;
            Some((rank(&entry.methods, self.method)?, route))
        });
        match serving.min() {
            Some((_, route)) => {
                if self.best.as_ref().is_none_or(|best| route < best.route) {
                    self.best = Some(Match { route, captures: captures.clone() });
                }
                if self.router.document_order { Visit::Continue } else { Visit::Stop }
            }
            None => {
                if self.best.is_none() {
                    for route in routes {
                        if let Some(Entry { methods: Methods::Listed(methods), .. }) = self.router.routes.get(*route) {
                            list(methods, &mut self.allowed);
                        }
                    }
                }
                Visit::Continue
            }
        }
    }
}

/// How well a route serves a method: itself, HEAD by GET, anything.
fn rank(methods: &Methods, method: &Method) -> Option<u8> {
    match methods {
        Methods::Any => Some(2),
        Methods::Listed(listed) if listed.contains(method) => Some(0),
        Methods::Listed(listed) => (*method == Method::HEAD && listed.contains(&Method::GET)).then_some(1),
    }
}

fn list(methods: &[Method], allowed: &mut BTreeSet<String>) {
    for method in methods {
        allowed.insert(method.as_str().to_owned());
        if *method == Method::GET {
            allowed.insert(Method::HEAD.as_str().to_owned());
        }
    }
}

fn allow(methods: &BTreeSet<String>) -> HeaderValue {
    let joined = methods.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    HeaderValue::from_str(&joined).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::test_route;
