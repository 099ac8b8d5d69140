//! One small file for each class of bug that has had a name elsewhere: raw bytes on both sides of a
//! real listener, and a reader in front and behind that forgives nothing.
//!
//! `docs/hygiene.md` lists what happens in each case and which of these files shows it.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an origin that is not there must not be skipped in silence"
)]
#![allow(clippy::disallowed_methods, reason = "the test command says by the environment where things are")]

mod answers;
mod attack;
mod canonical;
mod corpus;
mod frames;
mod mutations;
mod origins;
#[allow(dead_code, unused_imports, reason = "shared with the tests of the wire")]
#[path = "../wire/support/mod.rs"]
mod support;

mod cve_2015_0219_twin_names;
mod cve_2016_4553_two_hosts;
mod cve_2017_7656_old_versions;
mod cve_2018_8004_after_an_error;
mod cve_2019_16276_space_before_colon;
mod cve_2019_18277_te_disguise;
mod cve_2019_20372_unread_bodies;
mod cve_2020_10108_two_lengths;
mod cve_2021_21295_h2_downgrade;
mod cve_2021_21299_te_list;
mod cve_2021_32714_chunk_size_overflow;
mod cve_2021_32715_numbers_that_are_none;
mod cve_2021_40346_long_names;
mod cve_2021_41773_path_spellings;
mod cve_2022_31813_nominated_fields;
mod cve_2022_32213_te_not_quite_chunked;
mod cve_2022_32214_bare_lf;
mod cve_2022_32215_folded_lines;
mod cve_2023_25690_encoded_line_ends;
mod cve_2023_25725_empty_names;
mod cve_2023_30589_bare_cr;
mod cve_2023_38709_split_answers;
mod cve_2023_46589_trailers;
mod cve_2024_23452_cl_beside_te;
mod cve_2025_22871_bare_lf_in_chunks;
mod cve_2025_29927_internal_fields;
mod cve_2025_32094_expect;
mod cve_2025_55315_chunk_extensions;
mod h2_conformance;
mod h2c_smuggling;
mod surplus_answers;
