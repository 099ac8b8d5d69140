//! The short forms become options that the real policies take.

mod common;

use common::{Case, catalog};
use tollgate_core::Catalog;
use tollgate_core::project::Use;
use tollgate_spec::check::SchemaCheck;
use tollgate_spec::diagnostic::TextStyle;
use tollgate_spec::{Diagnostics, LoadOptions, Tree, load_memory};

#[test]
fn every_instance_that_a_short_form_becomes_fits_the_schema_of_its_policy() {
    let real = Catalog { policies: tollgate_policies::ALL, handlers: catalog().handlers };
    let case = Case::parse(
        "=== tollgate.yaml\npolicies: { both: { use: composite, options: { policies: [api-key] } } }\n=== openapi.yaml\nopenapi: 3.1.0\ninfo: { title: t, version: '1' }\nsecurity: [{ k: [] }, { j: [], k: [] }]\ncomponents: { securitySchemes: { k: { type: apiKey, in: header, name: x, x-tollgate: api-key }, j: { type: http, scheme: bearer, x-tollgate: { api-key: { authHeader: x-key } } } } }\nx-tollgate: { upstream: 'http://d', limit: [100/m, { by: ip, rate: 5/s }, { by: user.data.plan, rate: { gold: 5/s, default: 1/s } }] }\npaths:\n  /a: { get: {} }\n  /b: { get: { x-tollgate: { auth: [api-key, { use: api-key }], sign: { audience: x, expiresIn: 60, claims: { plan: data.plan } } } } }\n  /c: { get: { x-tollgate: { auth: both, handler: mock } } }\n",
    );
    let fetch = |_: &str| Err(String::new());
    let loaded = load_memory(case.files.clone(), &LoadOptions::new("", &fetch), &real);
    assert!(loaded.diagnostics.is_empty(), "{}", loaded.diagnostics.to_text(&TextStyle::default()));
    let project = loaded.project.unwrap();
    let mut kinds: Vec<&str> = Vec::new();
    for policy in &project.policies {
        let Use::BuiltIn(name) = &policy.implementation else { panic!("{}", policy.id) };
        let kind = real.policy(name).unwrap_or_else(|| panic!("no policy {name}"));
        let mut diagnostics = Diagnostics::new();
        let options = policy.options.to_string();
        let tree = Tree::parse(format!("{name}.json"), options.as_bytes(), &mut diagnostics).unwrap();
        SchemaCheck::new(kind.schema()).check(&tree.root(), &mut diagnostics);
        assert!(diagnostics.is_empty(), "{}: {}", policy.id, diagnostics.to_text(&TextStyle::default()));
        kinds.push(kind.name);
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["any-of", "api-key", "composite", "mock-api", "rate-limit", "upstream-jwt"]);
}
