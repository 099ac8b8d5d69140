//! Two kept projects compared, file by file, without their secrets.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use similar::{ChangeTag, TextDiff};
use tollgate_admin::views::{FileDiff, SnapshotDiff};

use super::record::Kind;
use super::redact::{Redactor, names_only};
use super::{Record, SEALED_FOR, Snapshots};

/// Files that are longer are not compared line by line.
const LONGEST: u64 = 1024 * 1024;
/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// A file of one side.
struct Side {
    kind: Kind,
    sha256: String,
    bytes: u64,
    content: Vec<u8>,
}

impl Snapshots {
    /// Compares two; `None` where one of them is not kept.
    pub(crate) fn compare(&self, from: u32, to: u32) -> anyhow::Result<Option<SnapshotDiff>> {
        let (Some(old), Some(new)) = (self.find(from)?, self.find(to)?) else { return Ok(None) };
        let (mut old, mut new) = (self.sides(&old)?, self.sides(&new)?);
        old.retain(|name, side| match new.get(name) {
            Some(other) if other.sha256 == side.sha256 => {
                new.remove(name);
                false
            }
            _ => true,
        });
        let values = [&old, &new].into_iter().flat_map(|sides| sides.values().filter(|side| side.kind == Kind::Sealed));
        let redactor = Redactor::new(values.flat_map(|side| values_of(&side.content)));
        let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let files = names.into_iter().map(|name| difference(name, old.get(name), new.get(name), &redactor)).collect();
        Ok(Some(SnapshotDiff { from, to, files }))
    }

    fn sides(&self, record: &Record) -> anyhow::Result<BTreeMap<String, Side>> {
        let mut sides = BTreeMap::new();
        for file in &record.files {
            let path = self.place(record.id).join(file.path());
            let (content, sha256) = match file.kind {
                Kind::Sealed => {
                    // Sealed twice, the same looks different.
                    let opened = self.key()?.open(SEALED_FOR, &fs::read(path)?)?.to_vec();
                    let sha256 = tollgate_identity::digest_of(&opened).to_hex();
                    (opened, sha256)
                }
                _ if file.bytes > LONGEST => (Vec::new(), file.sha256.clone()),
                _ => (fs::read(path)?, file.sha256.clone()),
            };
            let side = Side { kind: file.kind, sha256, bytes: file.bytes, content };
            sides.insert(record.name(file), side);
        }
        Ok(sides)
    }
}

/// The values of an environment file, so that they can be hidden elsewhere.
fn values_of(content: &[u8]) -> Vec<String> {
    let mut ignored = tollgate_spec::Diagnostics::new();
    let text = String::from_utf8_lossy(content);
    tollgate_spec::load::environment::parse_dotenv(".env", &text, &mut ignored).into_values().collect()
}

fn difference(name: &str, old: Option<&Side>, new: Option<&Side>, redactor: &Redactor) -> FileDiff {
    let change = match (old, new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let text = |side: Option<&Side>| match side {
        None => Some(String::new()),
        Some(side) if side.bytes > LONGEST => None,
        Some(side) => String::from_utf8(side.content.clone()).ok().filter(|text| !text.contains('\0')),
    };
    let sealed = [old, new].into_iter().flatten().any(|side| side.kind == Kind::Sealed);
    let text = text(old).zip(text(new)).map(|(old_text, new_text)| {
        let shown = |text: &str| if sealed { names_only(text) } else { redactor.lines(text) };
        let heads = (
            old.map_or_else(|| "/dev/null".to_owned(), |_| format!("a/{name}")),
            new.map_or_else(|| "/dev/null".to_owned(), |_| format!("b/{name}")),
        );
        unified(&heads, (&old_text, &new_text), (&shown(&old_text), &shown(&new_text)))
    });
    FileDiff { path: name.to_owned(), change: change.to_owned(), text }
}

/// The unified form: what is compared are the lines as they are, what is shown are those without secrets, so
/// that a secret that changed is seen to have changed.
fn unified(heads: &(String, String), texts: (&str, &str), shown: (&[String], &[String])) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (texts.0.lines().collect(), texts.1.lines().collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut text = format!("--- {}\n+++ {}\n", heads.0, heads.1);
    for group in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |from: std::ops::Range<usize>, to: std::ops::Range<usize>| {
            let (start, length) = (from.start, to.end - from.start);
            format!("{},{length}", if length == 0 { start } else { start + 1 })
        };
        let (from, to) = (range(first.old_range(), last.old_range()), range(first.new_range(), last.new_range()));
        let _ = writeln!(text, "@@ -{from} +{to} @@");
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, line) = match change.tag() {
                ChangeTag::Delete => ('-', change.old_index().and_then(|index| shown.0.get(index))),
                ChangeTag::Insert => ('+', change.new_index().and_then(|index| shown.1.get(index))),
                ChangeTag::Equal => (' ', change.new_index().and_then(|index| shown.1.get(index))),
            };
            let _ = writeln!(text, "{sign}{}", line.map_or("", String::as_str));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_changed_is_seen_to_have_changed_and_not_seen() {
        let side = |text: &str| Side {
            kind: Kind::Plain,
            sha256: String::new(),
            bytes: text.len() as u64,
            content: text.as_bytes().to_vec(),
        };
        let (old, new) = (side("a: 1\npassword: one\nb: 2\n"), side("a: 1\npassword: two\nb: 2\n"));
        let redactor = Redactor::new(std::iter::empty());
        let found = difference("x.yaml", Some(&old), Some(&new), &redactor);
        let expected = "--- a/x.yaml\n+++ b/x.yaml\n@@ -1,3 +1,3 @@\n a: 1\n-password: …\n+password: …\n b: 2\n";
        assert_eq!((found.change.as_str(), found.text.as_deref()), ("changed", Some(expected)));
        let added = difference("x.yaml", None, Some(&new), &redactor);
        assert!(added.text.unwrap().starts_with("--- /dev/null\n+++ b/x.yaml\n@@ -0,0 +1,3 @@\n+a: 1\n"));
    }
}
