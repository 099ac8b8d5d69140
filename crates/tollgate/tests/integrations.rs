//! The rules that other scanners are given find this gateway's keys, and what looks like one is told apart
//! as far as the scanner can.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use tollgate_identity::new_key;
use tollgate_testkit::temp_dir;

const IMPORTED: &str = "zpka_d67b7e241bb948758f415b79aa8ec2b1_2efb1a07";

fn integrations() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../integrations").canonicalize().unwrap()
}

fn key(prefix: &str) -> String {
    new_key(prefix).unwrap().secret.expose().to_owned()
}

fn wrong(key: &str) -> String {
    let last = if key.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &key[..key.len() - 1])
}

/// The rules of the file for gitleaks, as regular expressions and the words that must be there for them.
fn gitleaks_rules() -> Vec<(Regex, String)> {
    let text = std::fs::read_to_string(integrations().join("gitleaks/tollgate.toml")).unwrap();
    let rules = text.split("[[rules]]").skip(1);
    let between = |rule: &str, from: &str, to: &str| {
        rule.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(inner, _)| inner.to_owned()).unwrap()
    };
    rules
        .map(|rule| {
            let regex = Regex::new(&between(rule, "regex = '''", "'''")).unwrap();
            (regex, between(rule, "keywords = [\"", "\"]"))
        })
        .collect()
}

/// What gitleaks would call the secret: the first group, where the keyword is in the text.
fn gitleaks(text: &str) -> Vec<String> {
    let rules = gitleaks_rules();
    let of = |(regex, word): &(Regex, String)| {
        let found = regex.captures_iter(text).map(|captures| captures[1].to_owned()).collect::<Vec<_>>();
        if text.contains(word.as_str()) { found } else { Vec::new() }
    };
    rules.iter().flat_map(of).collect()
}

#[test]
fn the_rules_for_gitleaks_find_every_kind_of_key_and_nothing_shorter() {
    let (native, operator) = (key("tg"), key("tgo"));
    for key in [native.as_str(), operator.as_str(), IMPORTED] {
        for text in [key.to_owned(), format!("KEY=\"{key}\"\n"), format!("?key%3D{key}&a=b")] {
            assert_eq!(gitleaks(&text), [key], "{text}");
        }
        assert!(gitleaks(&key[..key.len() - 1]).is_empty());
        assert!(gitleaks(&format!("{key}x")).is_empty());
    }
    assert!(gitleaks("tg_ tgo_ zpka_ tg_config_value_of_something_else").is_empty());
}

#[test]
fn the_plugin_for_detect_secrets_finds_a_key_and_not_one_with_a_wrong_checksum() {
    let Some(python) = std::env::var_os("TOLLGATE_TEST_PYTHON") else {
        eprintln!("SKIPPED: TOLLGATE_TEST_PYTHON does not name the Python of the tests, so no detect-secrets");
        return;
    };
    let folder = temp_dir().unwrap();
    let (native, operator) = (key("tg"), key("tgo"));
    let lines = [
        native.clone(),
        operator.clone(),
        IMPORTED.to_owned(),
        wrong(&native),
        wrong(&operator),
        format!("{IMPORTED}0"),
    ];
    let text: String = lines.iter().enumerate().map(|(at, line)| format!("value{at}: {line}\n")).collect();
    std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    let plugin = integrations().join("detect-secrets/tollgate_keys.py");
    let output = Command::new(python)
        .args(["-m", "detect_secrets", "scan", "--all-files", "--plugin"])
        .arg(&plugin)
        .arg(".")
        .current_dir(folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let baseline: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = baseline["results"]["config.yaml"].as_array().cloned().unwrap_or_default();
    let lines: Vec<u64> = found
        .iter()
        .filter(|secret| secret["type"] == "Tollgate API key")
        .map(|secret| secret["line_number"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [1, 2, 3], "{baseline}");
}
