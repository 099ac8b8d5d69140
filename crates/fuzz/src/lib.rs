//! What is held against bytes that nobody chose.
//!
//! Each target is a plain function that takes bytes and panics where a guarantee does not hold.
//! libFuzzer calls them (`fuzz/`, with `cargo fuzz run TARGET`), and the tests of this crate play the
//! corpora in `fuzz/corpus` through them, with some mutations of each entry. What a fuzzer finds goes
//! into the corpus, and so stays found.

pub mod answer;
pub mod api_key;
pub mod head;
pub mod path;
pub mod proxy_protocol;
pub mod request;
pub mod routes;
pub mod token;

/// A target: it panics where a guarantee does not hold.
pub type Target = fn(&[u8]);

/// All targets, by the names of their corpora.
pub const TARGETS: &[(&str, Target)] = &[
    ("path", path::run),
    ("head", head::run),
    ("routes", routes::run),
    ("token", token::run),
    ("api_key", api_key::run),
    ("answer", answer::run),
    ("request", request::run),
    ("proxy_protocol", proxy_protocol::run),
];
