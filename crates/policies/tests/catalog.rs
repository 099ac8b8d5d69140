//! What holds of every policy: checked by walking the list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use tollgate_core::{Catalog, Reason};
use tollgate_policies::ALL;
use tollgate_testkit::{PolicyBench, transcript};

#[test]
fn names_are_unique_kebab_case_sorted_and_equal_to_the_folder() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let names: Vec<_> = ALL.iter().map(|kind| kind.name).collect();
    let sorted: BTreeSet<_> = names.iter().copied().collect();
    assert_eq!(names, sorted.into_iter().collect::<Vec<_>>(), "sorted, and each once");
    for name in names {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
        let folder = source.join(name.replace('-', "_"));
        assert!(folder.join("mod.rs").is_file() && folder.join("docs.md").is_file(), "{}", folder.display());
    }
}

#[test]
fn every_folder_of_a_policy_is_in_the_list() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(source).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("docs.md").is_file() {
            let name = folder.file_name().unwrap().to_str().unwrap().replace('_', "-");
            assert!(ALL.iter().any(|kind| kind.name == name), "{name} has a folder and no line in ALL");
        }
    }
}

/// Every member of every object of a schema must say what it is.
fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path}.{name}");
        if property.get("description").and_then(Value::as_str).is_none_or(str::is_empty) {
            found.push(path.clone());
        }
        undescribed(property, &path, found);
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(keyword) {
            undescribed(inner, path, found);
        }
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for inner in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            undescribed(inner, path, found);
        }
    }
}

#[test]
fn every_option_says_what_it_is() {
    let mut found = Vec::new();
    for kind in ALL {
        undescribed(&kind.schema(), kind.name, &mut found);
    }
    assert!(found.is_empty(), "without a description: {found:?}");
}

#[test]
fn every_schema_is_a_json_schema_and_accepts_the_examples_of_its_page() {
    for kind in ALL {
        let schema = kind.schema();
        let validator = jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        for transcript in transcript::read(kind.docs).unwrap() {
            let options = match kind.shorthand {
                Some(option) if !transcript.options.is_object() && !transcript.options.is_null() => {
                    json!({ option: transcript.options })
                }
                _ if transcript.options.is_null() => json!({}),
                _ => transcript.options,
            };
            let errors: Vec<_> = validator.iter_errors(&options).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{} line {}: {errors:?}", kind.name, transcript.line);
        }
    }
}

#[tokio::test]
async fn the_first_example_builds_and_an_option_that_is_not_there_is_refused() {
    for kind in ALL {
        let transcripts = transcript::read(kind.docs).unwrap();
        let first = transcripts.into_iter().next().unwrap_or_else(|| panic!("{} has no transcript", kind.name));
        let build = |options: Value| {
            let bench = PolicyBench::builder().project(first.project.clone()).policy(kind.name, options);
            async { bench.build().await.map(|_| ()) }
        };
        assert_eq!(build(first.options.clone()).await, Ok(()), "{}", kind.name);
        let mut misspelt = match (&first.options, kind.shorthand) {
            (Value::Null, _) => json!({}),
            (options, Some(option)) if !options.is_object() => json!({ option: options }),
            (options, _) => options.clone(),
        };
        // A list, so that it is no value either where names are free.
        misspelt["noSuchOption"] = json!([null]);
        assert!(build(misspelt).await.is_err(), "{} accepts `noSuchOption`", kind.name);
    }
}

#[test]
fn every_reason_is_on_its_policys_page() {
    for kind in ALL {
        for reason in kind.reasons {
            assert!(kind.docs.contains(reason.name), "{}/docs.md does not mention `{}`", kind.name, reason.name);
        }
    }
}

#[test]
fn reasons_are_declared_once_and_those_of_one_code_share_status_and_title() {
    let reasons = Catalog { policies: ALL, handlers: &[] }.reasons();
    let mut names: BTreeMap<&str, &Reason> = BTreeMap::new();
    let mut codes: BTreeMap<&str, &Reason> = BTreeMap::new();
    for kind in ALL {
        for reason in kind.reasons {
            let known = names.entry(reason.name).or_insert(reason);
            assert_eq!(known, reason, "`{}` means two things", reason.name);
        }
    }
    for reason in reasons {
        let known = codes.entry(reason.code).or_insert(reason);
        let (known, own) = ((known.status, known.title), (reason.status, reason.title));
        assert_eq!(known, own, "the code `{}`", reason.code);
        assert!(reason.name.contains('.') && !reason.meaning.is_empty() && !reason.fix.is_empty(), "{}", reason.name);
    }
}

#[test]
fn no_two_policies_claim_one_export() {
    let mut claimed: BTreeMap<&str, &str> = BTreeMap::new();
    for kind in ALL {
        for export in kind.exports {
            let other = claimed.insert(export, kind.name);
            assert_eq!(other, None, "`{export}` is claimed by {}", kind.name);
        }
    }
}
