//! From the files of a project to JavaScript that an engine can load.
//!
//! [`load()`] begins with the modules that the project's documents name, follows what they import through
//! the project and `node_modules`, and gives a [`Graph`]: for every module a text that is an ES module of
//! ES2023, for every specifier in it the module that it means, for every place in it the place in the
//! file as its author wrote it. TypeScript and JSX are compiled ([`source`]), specifiers are resolved as
//! Node, TypeScript and bundlers do it together ([`resolve`]), modules that are written for CommonJS are
//! run inside of ES modules ([`commonjs`]), and names that are imported are held against what is exported
//! ([`link`]), so that mistakes are told all at once, at their places, before anything runs.
//!
//! Nothing here knows an engine or the gateway: what the host provides itself is a question that the
//! caller answers, and what a module does when it runs is the engine's.
//!
//! *Limits.* A variable that sloppy code forgets to declare is its module's own; an ES module that a CommonJS module requires runs
//! before it, even where the `require` is never come to; import attributes other than `type: "json"`,
//! `import defer`, WebAssembly and standard decorators are not supported.
#![allow(rustdoc::private_intra_doc_links)]

mod commonjs;
mod emit;
mod errors;
mod files;
mod graph;
mod helpers;
mod link;
mod load;
mod loader;
mod module;
mod positions;
mod resolve;
mod room;
mod source;
mod stack;
mod template;

pub use errors::{ModuleError, Position};
pub use graph::{Graph, HostImport};
pub use load::{Entry, LoadOptions, load};
pub use template::compile_template;
