//! What a module asks of others.

use std::collections::BTreeSet;

use crate::{errors::Place, resolve::Asked};

/// One specifier in a module, with what is asked of it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) specifier: String,
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    /// Names that are imported, or exported again, from it. Only where `kind` is `Static`.
    pub(crate) names: Vec<ImportedName>,
    /// Whether anything else of it may be asked for: all of it is imported or exported again, or a program
    /// computes what it asks for.
    pub(crate) whole: bool,
}

/// How a specifier is asked for, and whether the project can do without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `import … from` or `export … from`: linked before anything runs.
    Static,
    /// `import()` of a literal.
    Dynamic { necessary: bool },
    /// `require` of a literal; necessary where it runs whenever the module does.
    Require { necessary: bool },
    /// Inserted by the compiler, and answered by this crate itself.
    Helper,
}

impl Kind {
    pub(crate) fn asked(self) -> Asked {
        match self {
            Self::Require { .. } => Asked::Require,
            Self::Static | Self::Dynamic { .. } | Self::Helper => Asked::Import,
        }
    }

    /// Whether the module cannot do its work when this leads nowhere.
    pub(crate) fn is_necessary(self) -> bool {
        match self {
            Self::Static | Self::Helper => true,
            Self::Dynamic { necessary } | Self::Require { necessary } => necessary,
        }
    }

    /// Whether an engine asks for it by `import`, so that the answer must be in the graph's table.
    pub(crate) fn is_import(self) -> bool {
        !matches!(self, Self::Require { .. })
    }
}

/// A name that is asked of another module.
#[derive(Debug, Clone)]
pub(crate) struct ImportedName {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) purpose: Purpose,
}

/// What an imported name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is used as a value.
    Value,
    /// Nothing but an export uses it, so that it may well be a type: a compiler that sees one file at a
    /// time cannot know.
    Export,
    /// It seems to be read from a namespace that is imported as a whole, and may be absent.
    Property,
}

/// What a module written with `export` gives to others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exports {
    /// Defined in the module itself.
    pub(crate) own: BTreeSet<String>,
    /// Taken from another module.
    pub(crate) forwarded: Vec<Forward>,
    /// `export * from`, by the requests' indices.
    pub(crate) stars: Vec<usize>,
    /// Names that are types only.
    pub(crate) types: BTreeSet<String>,
    /// Whether there is an `export type * from`, of which nothing more is known.
    pub(crate) unknown_types: bool,
}

/// A name that a module has from another one and gives away.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    pub(crate) exported: String,
    /// Index of the request.
    pub(crate) request: usize,
    /// The name over there; nothing for the namespace as a whole.
    pub(crate) name: Option<String>,
}
