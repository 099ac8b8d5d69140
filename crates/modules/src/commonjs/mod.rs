//! Modules written for CommonJS, in an engine that has ES modules only.
//!
//! Such a file becomes two modules. Its *body* is a function, which is made known and not run: what it
//! may `require` is made known before it, so that a `require` runs a module when it is come to, once,
//! and gives what is there so far in a cycle, as in Node. Its *face* is what `import` finds: it runs the
//! body and exports `default` and the names that are known or asked for. A face comes in two kinds,
//! since compilers of the past marked modules by `__esModule`: for files that Node itself would take as
//! ES modules of a package `default` is `module.exports`, for all others a marked module's `default` is
//! its own.
//!
//! All of a module is strict code. A body that is sloppy is therefore not in its module but in a *script* beside
//! it, a function expression which the engine evaluates and the module finds as `import.meta.body`.
//!
//! Modules in ES form that a body requires run before it.

pub(crate) mod names;
pub(crate) mod strict;
mod write;

pub(crate) use write::{Face, Link, body, face, json_body, json_face, require_prelude, script, scripted_body};

/// The id of the module that runs bodies.
pub(crate) const RUNTIME: &str = "tollgate:commonjs";

/// Its text.
pub(crate) const RUNTIME_SOURCE: &str = include_str!("runtime.js");

/// What the id of a body has after the file's.
pub(crate) const BODY: &str = "?commonjs";

/// What the id of a face for Node's own kind of ES modules has after the file's.
pub(crate) const NODE_FACE: &str = "?node";

/// The file that an id belongs to.
pub(crate) fn file_of(id: &str) -> &str {
    id.strip_suffix(BODY).or_else(|| id.strip_suffix(NODE_FACE)).unwrap_or(id)
}
