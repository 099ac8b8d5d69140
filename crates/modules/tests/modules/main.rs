//! Whole projects: what is written in files, what runs, and what is said of mistakes.

mod commonjs;
mod mistakes;
mod positions;
mod project;
mod resolution;
mod typescript;
