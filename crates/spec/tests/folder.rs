//! A project in a real folder: what is found by default, and what a watcher has to know.

mod common;

use std::fs;

use common::catalog;
use tollgate_spec::diagnostic::TextStyle;
use tollgate_spec::{LoadOptions, load};

const DOCUMENT: &str = "openapi: 3.1.0\ninfo: { title: t, version: '1' }\nx-tollgate: { upstream: '$env(BACKEND)', auth: public }\npaths: { PATH: { get: {} } }\n";

#[test]
fn a_folder_needs_no_settings_and_its_files_are_known_even_while_it_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("apis")).unwrap();
    fs::write(root.join("openapi.yaml"), DOCUMENT.replace("PATH", "/a")).unwrap();
    fs::write(root.join("apis/more.yml"), DOCUMENT.replace("PATH", "/b")).unwrap();
    fs::write(root.join("apis/readme.md"), "not a document").unwrap();
    fs::write(root.join(".env"), "BACKEND=http://127.0.0.1:8888\n").unwrap();
    let fetch = |_: &str| Err(String::new());
    let options = LoadOptions::new(root, &fetch);

    let loaded = load(&options, &catalog());
    assert!(loaded.diagnostics.is_empty(), "{}", loaded.diagnostics.to_text(&TextStyle::default()));
    let project = loaded.project.unwrap();
    let templates: Vec<&str> = project.routes.iter().map(|route| &*route.template.text).collect();
    assert_eq!(templates, ["/a", "/b"]);
    assert_eq!(project.routes[0].handler.options["upstream"], "http://127.0.0.1:8888");
    for name in ["openapi.yaml", "apis/more.yml", ".env", "tollgate.yaml"] {
        assert!(project.files.contains(&root.join(name)), "{name}");
    }

    fs::write(root.join("openapi.yaml"), "openapi: [").unwrap();
    let broken = load(&options, &catalog());
    assert!(broken.project.is_none());
    assert!(broken.files.contains(&root.join("openapi.yaml")));

    let nowhere = load(&LoadOptions::new(root.join("nowhere"), &fetch), &catalog());
    assert_eq!(nowhere.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["missing-file"]);
    let empty = tempfile::tempdir().unwrap();
    let empty = load(&LoadOptions::new(empty.path(), &fetch), &catalog());
    assert_eq!(empty.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["no-document"]);
}
