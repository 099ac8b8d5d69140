//! Every file in `data/` is a project; what it says is the snapshot beside it.

mod common;

use common::Case;
use tollgate_spec::diagnostic::TextStyle;

#[test]
fn every_mistake_is_drawn_at_its_place_with_a_help_line() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    names.sort();
    assert!(names.len() >= 10, "the cases are gone");
    for path in names {
        let text = std::fs::read_to_string(&path).unwrap();
        let loaded = Case::parse(&text).load();
        let drawn = loaded.diagnostics.to_text(&TextStyle::default());
        assert_eq!(loaded.project.is_some(), !loaded.diagnostics.has_errors());
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        settings.bind(|| insta::assert_snapshot!(name, drawn));
    }
}
