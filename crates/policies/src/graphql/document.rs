//! A document, and what it costs. Nothing is executed, and nothing is known of the schema.

use std::collections::HashMap;

use apollo_parser::Parser;
use apollo_parser::cst::{CstNode, Definition, Field, Selection, SelectionSet};

/// How deep a document may be nested, in its text and through its fragments.
const DEEPEST: usize = 100;
/// How many tokens it may have.
const MOST_TOKENS: usize = 20_000;

/// A document that can be executed.
#[derive(Debug)]
pub(crate) struct Document {
    operations: Vec<SelectionSet>,
    fragments: HashMap<String, SelectionSet>,
    introspects: bool,
}

/// What a document costs at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// How many fields it asks for, each of a fragment as often as that is used.
    pub(crate) complexity: u64,
    /// How many levels are below the fields of its operation.
    pub(crate) depth: u64,
}

impl Document {
    /// Reads it.
    ///
    /// # Errors
    /// Where it is none, or one that is too long or too deep.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tree = Parser::new(text).recursion_limit(DEEPEST).token_limit(MOST_TOKENS).parse();
        if let Some(error) = tree.errors().next() {
            return Err(format!("the document cannot be read at byte {}: {}", error.index(), error.message()));
        }
        let document = tree.document();
        let (mut operations, mut fragments) = (Vec::new(), HashMap::new());
        for definition in document.definitions() {
            match definition {
                Definition::OperationDefinition(operation) => {
                    operations.push(operation.selection_set().ok_or("an operation asks for nothing")?);
                }
                Definition::FragmentDefinition(fragment) => {
                    let name = fragment.fragment_name().and_then(|name| name.name()).ok_or("a fragment has no name")?;
                    let fields = fragment.selection_set().ok_or("a fragment asks for nothing")?;
                    if fragments.insert(name.text().to_string(), fields).is_some() {
                        return Err(format!("two fragments are called `{}`", name.text()));
                    }
                }
                _ => return Err("the document defines something".to_owned()),
            }
        }
        if operations.is_empty() {
            return Err("the document has no operation".to_owned());
        }
        let introspects = document
            .syntax()
            .descendants()
            .filter_map(Field::cast)
            .any(|field| field.name().is_some_and(|name| matches!(name.text().as_str(), "__schema" | "__type")));
        Ok(Self { operations, fragments, introspects })
    }

    /// Whether it asks for the schema, anywhere.
    pub(crate) const fn introspects(&self) -> bool {
        self.introspects
    }

    /// What its dearest operation costs. Fields of the names in `ignored` have no depth.
    ///
    /// # Errors
    /// Where fragments are not there, or hold themselves.
    pub(crate) fn cost(&self, ignored: &[String]) -> Result<Cost, String> {
        let mut measured = Measuring { document: self, ignored, fragments: HashMap::new() };
        let mut most = Cost::default();
        for operation in &self.operations {
            let cost = measured.selection(operation, 0)?;
            most.complexity = most.complexity.max(cost.complexity);
            most.depth = most.depth.max(cost.depth);
        }
        Ok(most)
    }
}

/// Each fragment is measured once, however often it is used: documents can be made that double with every line.
struct Measuring<'d> {
    document: &'d Document,
    ignored: &'d [String],
    /// `None` while it is being measured.
    fragments: HashMap<String, Option<Cost>>,
}

impl Measuring<'_> {
    fn selection(&mut self, set: &SelectionSet, level: usize) -> Result<Cost, String> {
        if level > DEEPEST {
            return Err(format!("the document is nested deeper than {DEEPEST} levels"));
        }
        let mut whole = Cost::default();
        for selection in set.selections() {
            let cost = match selection {
                Selection::Field(field) => self.field(&field, level)?,
                Selection::InlineFragment(fragment) => {
                    let fields = fragment.selection_set().ok_or("a fragment asks for nothing")?;
                    self.selection(&fields, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name().and_then(|name| name.name()).ok_or("a fragment has no name")?;
                    self.fragment(&name.text(), level)?
                }
            };
            whole.complexity = whole.complexity.saturating_add(cost.complexity);
            whole.depth = whole.depth.max(cost.depth);
        }
        Ok(whole)
    }

    fn field(&mut self, field: &Field, level: usize) -> Result<Cost, String> {
        let name = field.name().ok_or("a field has no name")?;
        let name = name.text();
        let below = match field.selection_set() {
            Some(fields) => self.selection(&fields, level + 1)?,
            None => Cost::default(),
        };
        let own = u64::from(name.as_str() != "__typename");
        let flat = name.as_str().starts_with("__") || self.ignored.iter().any(|ignored| ignored == name.as_str());
        let depth = match field.selection_set() {
            Some(_) if !flat => below.depth + 1,
            _ => 0,
        };
        Ok(Cost { complexity: below.complexity.saturating_add(own), depth })
    }

    fn fragment(&mut self, name: &str, level: usize) -> Result<Cost, String> {
        match self.fragments.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => return Err(format!("the fragment `{name}` holds itself")),
            None => {}
        }
        let document = self.document;
        let fields = document.fragments.get(name).ok_or_else(|| format!("there is no fragment `{name}`"))?;
        self.fragments.insert(name.to_owned(), None);
        let cost = self.selection(fields, level + 1)?;
        self.fragments.insert(name.to_owned(), Some(cost));
        Ok(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(text: &str) -> Result<(u64, u64), String> {
        let cost = Document::parse(text)?.cost(&["skip".to_owned()])?;
        Ok((cost.complexity, cost.depth))
    }

    #[test]
    fn fields_count_one_each_and_depth_is_what_is_below_the_first_level() {
        for (text, complexity, depth) in [
            ("{ a }", 1, 0),
            ("{ a { b { c } } d }", 4, 2),
            ("query Q($x: Int) { a(first: $x) @include(if: true) { b } }", 2, 1),
            ("{ x: a { b } y: a { b } }", 4, 1),
            ("{ a { ... on T { b { c } } ... { d } } }", 4, 2),
            ("{ a { ...F } } fragment F on T { b ...G } fragment G on T { c { d } }", 4, 2),
            ("{ a { __typename b } }", 2, 1),
            ("{ skip { b { c { d } } } }", 4, 0),
            ("{ __schema { types { name } } }", 3, 0),
            // The dearest of all operations, whichever is meant.
            ("query A { a } query B { a { b { c } } } mutation C { m }", 3, 2),
        ] {
            assert_eq!(cost(text), Ok((complexity, depth)), "{text}");
        }
    }

    #[test]
    fn a_document_that_doubles_with_every_line_is_measured_at_once() {
        let mut text = "{ ...F0 }".to_owned();
        for at in 0..40 {
            text.push_str(&format!(" fragment F{at} on T {{ x {{ ...F{} }} y {{ ...F{} }} }}", at + 1, at + 1));
        }
        text.push_str(" fragment F40 on T { z }");
        let (complexity, depth) = cost(&text).unwrap();
        assert!(complexity > 1 << 40 && depth == 40);
    }

    #[test]
    fn what_cannot_be_measured_is_an_error() {
        let deep = format!("{}a{}", "{ a ".repeat(5_000), " }".repeat(5_000));
        let long = format!("{{ {} }}", "a ".repeat(30_000));
        let chain: String = (0..500).map(|at| format!(" fragment F{at} on T {{ ...F{} }}", at + 1)).collect();
        let chain = format!("{{ ...F0 }} {chain} fragment F500 on T {{ a }}");
        for text in [
            "",
            "{",
            "{ a ",
            "{ }",
            "type A { b: Int }",
            "fragment F on T { a }",
            "{ ...F }",
            "{ ...F } fragment F on T { ...F }",
            "{ ...F } fragment F on T { ...G } fragment G on T { a { ...F } }",
            "{ ...F } fragment F on T { a } fragment F on T { b }",
            "{ a } schema { query: Q }",
            &deep,
            &long,
            &chain,
        ] {
            assert!(cost(text).is_err(), "{}", &text[..text.len().min(60)]);
        }
    }

    #[test]
    fn introspection_is_seen_wherever_it_is_asked_for() {
        for (text, introspects) in [
            ("{ __schema { types { name } } }", true),
            ("{ a: __type(name: \"T\") { name } }", true),
            ("{ b } query Other { ...F } fragment F on Query { x: __schema { types { name } } }", true),
            ("{ ... on Query { __schema { types { name } } } }", true),
            ("{ __typename a(name: \"__schema\") # __schema\n }", false),
            ("{ __schema: a }", false),
        ] {
            assert_eq!(Document::parse(text).unwrap().introspects(), introspects, "{text}");
        }
    }
}
