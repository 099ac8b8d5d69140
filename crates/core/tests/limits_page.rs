//! docs/limits.md names every limit of the server, with the default that it has.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use serde_json::Value;
use tollgate_core::settings::ServerSettings;

#[test]
fn every_limit_stands_in_the_table_with_its_default() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/limits.md")).unwrap();
    let server = serde_json::to_value(ServerSettings::default()).unwrap();
    let mut seen = 0;
    for group in ["limits", "timeouts", "http2"] {
        for (name, default) in server[group].as_object().unwrap() {
            let setting = format!("| `server.{group}.{name}` |");
            let row = page.lines().find(|line| line.starts_with(&setting));
            let row = row.unwrap_or_else(|| panic!("docs/limits.md has no row for server.{group}.{name}"));
            let stated = row.split('|').nth(2).unwrap().trim();
            let actual = match default {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(stated, actual, "the default of server.{group}.{name} in docs/limits.md");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
    for line in page.lines().filter_map(|line| line.strip_prefix("| `server.")) {
        let name = line.split('`').next().unwrap();
        let pointer = format!("/{}", name.replace('.', "/"));
        assert!(server.pointer(&pointer).is_some(), "docs/limits.md names server.{name}, which does not exist");
    }
}
