//! The routes of one host, by segments.
//!
//! A tree of our own and not a radix tree from a crate, because three things are needed at once that none
//! offers: any number of parameters in a segment, falling through to the next template where a
//! path serves other methods, and document order instead of specificity for the Zuplo form. Every node is
//! reached by one way only, so that a look-up visits no node twice, whatever the path.

use smallvec::SmallVec;

use super::segment::{Pattern, Segment};

/// What stood for the parameters, in template order.
pub(super) type Captures<'p> = SmallVec<[Option<&'p str>; 4]>;

#[derive(Debug, Default)]
pub(super) struct Trie {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// Sorted, for binary search.
    literals: Vec<(Box<str>, usize)>,
    param: Option<usize>,
    /// Routes whose template ends here: mostly one for each method.
    ends: Routes,
    rare: Option<Box<Rare>>,
}

type Routes = SmallVec<[usize; 2]>;

/// What few nodes have.
#[derive(Debug, Default)]
struct Rare {
    /// Those with the most fixed characters first.
    patterns: Vec<(Pattern, usize)>,
    /// Routes whose last segment takes whatever follows.
    rests: Routes,
}

/// What a visitor says of the routes at one template.
pub(super) enum Visit {
    /// Look further.
    Continue,
    /// This was it.
    Stop,
}

impl Trie {
    /// Adds a route under its template. With `rest` the template's last segment has been cut off.
    pub(super) fn insert(&mut self, segments: &[Segment], rest: bool, route: usize) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for segment in segments {
            at = self.child(at, segment);
        }
        let node = &mut self.nodes[at];
        if rest { node.rare.get_or_insert_default().rests.push(route) } else { node.ends.push(route) }
    }

    /// Gives back what further routes would have had room in: there are none.
    pub(super) fn finish(&mut self) {
        // Moved and not shrunk: an allocator may leave what is shrunk by less than half as it is.
        let mut nodes = Vec::with_capacity(self.nodes.len());
        nodes.append(&mut self.nodes);
        self.nodes = nodes;
        for node in &mut self.nodes {
            node.literals.shrink_to_fit();
        }
    }

    fn child(&mut self, at: usize, segment: &Segment) -> usize {
        let new = self.nodes.len();
        let node = &mut self.nodes[at];
        let found = match segment {
            Segment::Literal(text) => match node.literals.binary_search_by(|(known, _)| (**known).cmp(text)) {
                Ok(index) => node.literals[index].1,
                Err(index) => {
                    node.literals.insert(index, (text.as_str().into(), new));
                    new
                }
            },
            Segment::Param(_) => *node.param.get_or_insert(new),
            Segment::Mixed { pattern, .. } => {
                let patterns = &mut node.rare.get_or_insert_default().patterns;
                match patterns.iter().find(|(known, _)| known == pattern) {
                    Some((_, index)) => *index,
                    None => {
                        let index = patterns.partition_point(|(known, _)| known.weight() >= pattern.weight());
                        patterns.insert(index, (pattern.clone(), new));
                        new
                    }
                }
            }
        };
        if found == new {
            self.nodes.push(Node::default());
        }
        found
    }

    /// Shows the routes of every template that the path matches to `visit`, most literal first.
    pub(super) fn walk<'p>(&self, path: &'p str, visit: &mut dyn FnMut(&[usize], &Captures<'p>) -> Visit) {
        if !self.nodes.is_empty() {
            self.step(0, path.strip_prefix('/'), &mut Captures::new(), visit);
        }
    }

    fn step<'p>(
        &self,
        at: usize,
        remaining: Option<&'p str>,
        captures: &mut Captures<'p>,
        visit: &mut dyn FnMut(&[usize], &Captures<'p>) -> Visit,
    ) -> Visit {
        let Some(node) = self.nodes.get(at) else { return Visit::Continue };
        if let Some(remaining) = remaining {
            let (segment, next) = match remaining.split_once('/') {
                Some((segment, next)) => (segment, Some(next)),
                None => (remaining, None),
            };
            if let Ok(index) = node.literals.binary_search_by(|(known, _)| (**known).cmp(segment))
                && let Visit::Stop = self.step(node.literals[index].1, next, captures, visit)
            {
                return Visit::Stop;
            }
            let before = captures.len();
            for (pattern, child) in node.rare.as_deref().map_or(&[][..], |rare| &rare.patterns) {
                if pattern.captures(segment, |value| captures.push(Some(value)))
                    && let Visit::Stop = self.step(*child, next, captures, visit)
                {
                    return Visit::Stop;
                }
                captures.truncate(before);
            }
            if let Some(child) = node.param
                && !segment.is_empty()
            {
                captures.push(Some(segment));
                if let Visit::Stop = self.step(child, next, captures, visit) {
                    return Visit::Stop;
                }
                captures.truncate(before);
            }
        } else if !node.ends.is_empty()
            && let Visit::Stop = visit(&node.ends, captures)
        {
            return Visit::Stop;
        }
        if let Some(rare) = node.rare.as_deref().filter(|rare| !rare.rests.is_empty()) {
            captures.push(Some(remaining.unwrap_or_default()));
            if let Visit::Stop = visit(&rare.rests, captures) {
                return Visit::Stop;
            }
            captures.pop();
        }
        Visit::Continue
    }
}
