//! JSON Schema as documents have it: the places of a document and the references between them, and what a validator
//! finds, in words.

mod references;
mod words;

pub use references::{FRAGMENT, LastDocument, References, Spot};
pub use words::{cut, detail};
