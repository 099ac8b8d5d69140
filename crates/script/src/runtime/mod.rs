//! The runtime module, in JavaScript: what `@tollgate/runtime` (and `@zuplo/runtime`, which is the same)
//! gives to the modules of a project.

pub(crate) mod modules;
pub(crate) mod part;
