//! What a change makes of a project's security.

mod common;

use common::load_document;
use tollgate_spec::security_diff;

#[track_caller]
fn check(before: &str, after: &str, expected: &[&str]) {
    let load = |body: &str| {
        let loaded = load_document(&format!(
            "openapi: 3.1.0\ninfo: {{ title: t, version: '1' }}\nx-tollgate: {{ upstream: 'http://d', auth: api-key, limit: 1/s }}\npaths:\n  /a: {{ get: {{ x-tollgate: {before} }} }}\n",
            before = body
        ));
        loaded.project.unwrap_or_else(|| panic!("{}", loaded.diagnostics.to_text(&Default::default())))
    };
    let changes: Vec<String> = security_diff(&load(before), &load(after)).iter().map(ToString::to_string).collect();
    assert_eq!(changes, expected);
}

#[test]
fn what_became_public_unlimited_or_unsigned_is_said_first() {
    check("{}", "{}", &[]);
    check(
        "{}",
        "{ auth: public }",
        &["! GET /a: became PUBLIC: everyone may call it", "! GET /a: lost its signed token"],
    );
    check("{ auth: public }", "{}", &["  GET /a: asks who calls now", "  GET /a: gained its signed token"]);
    check("{}", "{ sign: false }", &["! GET /a: lost its signed token"]);
    check("{}", "{ sign: { audience: x } }", &["  GET /a: changed its signed token"]);
    check("{ limit: 2/s }", "{}", &["! GET /a: lost the limit `rate-limit`"]);
    check("{ limit: 2/s }", "{ limit: 3/s }", &["  GET /a: changed the limit `rate-limit`"]);
    check("{ guard: [{ ip-restriction: { allow: [a] } }] }", "{}", &["! GET /a: lost the guard `ip-restriction`"]);
    check("{}", "{ auth: open-id-jwt-auth }", &["  GET /a: authenticates with open-id-jwt-auth instead of api-key"]);
    check("{}", "{ cors: anything-goes }", &["  GET /a: changed its CORS policy"]);
    check("{}", "{ hosts: [x] }", &["  GET /a on x: new", "  GET /a: removed"]);
    check(
        "{}",
        "{ hosts: [x], auth: public }",
        &["! GET /a on x: new, and PUBLIC: everyone may call it", "  GET /a: removed"],
    );
}
