//! The arrows between the crates, and what each must not know, as ARCHITECTURE.md draws them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn manifest(name: &str) -> String {
    std::fs::read_to_string(crates().join(name).join("Cargo.toml")).unwrap()
}

/// The dependencies of a crate, without those of its tests.
fn dependencies(name: &str) -> Vec<String> {
    let manifest = manifest(name);
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap();
    let name = |line: &str| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned();
    section.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).map(name).collect()
}

/// The code of a crate: everything under `src`, without comments and without test modules.
fn code(name: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(&crates().join(name).join("src"), &mut files);
    let without_comments = |text: String| {
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    files.into_iter().map(|path| (path.clone(), without_comments(std::fs::read_to_string(path).unwrap()))).collect()
}

#[track_caller]
fn never_says(name: &str, words: &[&str]) {
    for (path, text) in code(name) {
        for word in words {
            assert!(!text.contains(word), "{} says `{word}`", path.display());
        }
    }
}

#[test]
fn every_room_knows_the_core_and_no_other_room() {
    for name in ["spec", "policies", "proxy", "identity", "limits", "store", "script", "js", "admin"] {
        let rooms: Vec<_> = dependencies(name).into_iter().filter(|name| name.starts_with("tollgate")).collect();
        let own: &[&str] = match name {
            "proxy" => &["tollgate-core", "tollgate-http1"],
            "script" => &["tollgate-core", "tollgate-modules", "tollgate-js"],
            _ => &["tollgate-core"],
        };
        assert_eq!(rooms, own, "{name}");
    }
    for name in ["core", "modules", "servers"] {
        assert!(dependencies(name).iter().all(|name| !name.starts_with("tollgate")), "{name}");
    }
}

#[test]
fn the_engine_knows_nothing_of_the_gateway_around_it() {
    never_says("js", &["Exchange", "Snapshot", "Pipeline", "tollgate_core::Route", "tollgate_core::Policy"]);
    never_says("modules", &["rquickjs", "tollgate_"]);
    for name in ["core", "spec", "policies", "proxy", "identity", "limits", "store", "admin", "tollgate"] {
        assert!(!dependencies(name).iter().any(|name| name == "rquickjs" || name.starts_with("oxc")), "{name}");
    }
}

#[test]
fn the_proxy_names_no_policy() {
    let quoted: Vec<String> = tollgate::catalog().policies.iter().map(|kind| format!("\"{}\"", kind.name)).collect();
    assert!(quoted.len() > 10);
    never_says("proxy", &quoted.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn http1_knows_no_socket_no_task_and_nothing_of_the_gateway() {
    never_says("http1", &["std::net", "std::io", "tokio", "hyper", "tollgate_", "async ", "Instant", "SystemTime"]);
    assert!(
        dependencies("http1").iter().all(|name| !name.starts_with("tollgate") && name != "tokio" && name != "hyper")
    );
}

#[test]
fn documents_are_read_without_a_socket_an_environment_or_a_clock() {
    never_says("spec", &["std::net::Tcp", "tokio::", "hyper::", "std::env::var", "Instant::now", "SystemTime::now"]);
    for forbidden in ["tokio", "hyper", "reqwest"] {
        assert!(!dependencies("spec").iter().any(|name| name == forbidden), "{forbidden}");
    }
}

#[test]
fn policies_read_no_clock_no_environment_and_no_file() {
    never_says("policies", &["Instant::now", "SystemTime::now", "std::env", "std::fs", "tokio::time"]);
}

#[test]
fn only_the_proxy_serves_requests_with_hyper() {
    for name in ["core", "spec", "policies", "identity", "limits", "store", "script"] {
        never_says(name, &["hyper::server", "server::conn"]);
    }
}

#[test]
fn only_identity_hashes_keys_and_signs_tokens() {
    for name in ["core", "spec", "policies", "proxy", "limits", "store", "admin"] {
        assert!(!dependencies(name).iter().any(|name| name == "jsonwebtoken"), "{name}");
        // The proxy speaks TLS, and tells certificates and handshakes by their digests; the store chains
        // the entries of the audit log by theirs; limits name counters in a shared store by digests, and policies the
        // answers that they keep; that is all.
        let digests = matches!(name, "proxy" | "store" | "limits" | "policies");
        assert!(digests || !dependencies(name).iter().any(|name| name == "aws-lc-rs"), "{name}");
    }
    for name in ["proxy", "store", "limits", "policies"] {
        never_says(name, &["aws_lc_rs::signature", "aws_lc_rs::rsa", "aws_lc_rs::aead"]);
    }
    for name in ["store", "limits"] {
        never_says(name, &["aws_lc_rs::hmac"]);
    }
    // Requests to AWS are signed by the handler that makes them, in one file, and Stripe's webhooks are verified by
    // their policy; that is neither a key nor a token.
    for (path, text) in code("proxy").into_iter().chain(code("policies")) {
        let signs =
            path.ends_with("handlers/aws_lambda/signature.rs") || path.ends_with("stripe_webhook_verification/mod.rs");
        assert!(signs || !text.contains("aws_lc_rs::hmac"), "{}", path.display());
    }
}

#[test]
fn only_the_store_speaks_sql() {
    for name in ["core", "spec", "policies", "proxy", "identity", "limits", "script", "admin", "tollgate"] {
        assert!(!dependencies(name).iter().any(|name| name == "sqlx"), "{name}");
    }
}
