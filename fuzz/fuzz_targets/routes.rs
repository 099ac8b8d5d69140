//! See `tollgate_fuzz::routes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_fuzz::routes::run(bytes));
