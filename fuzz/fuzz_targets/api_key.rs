//! See `tollgate_fuzz::api_key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_fuzz::api_key::run(bytes));
