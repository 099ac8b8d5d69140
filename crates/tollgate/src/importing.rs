//! Keys in files: CSV with a line of names, a JSON array, or one JSON object a line. An entry that cannot be read is
//! told with its place and does not hold up the others.

use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_admin::operations::{self, parse_expiry};
use tollgate_core::store::{ImportedKey, NewConsumer, NewKey};
use tollgate_core::time::Timestamp;

/// The columns that there may be.
const COLUMNS: [&str; 6] = ["consumer", "bucket", "key", "hash", "description", "expiresOn"];

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
}

/// An entry, as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Entry {
    consumer: String,
    bucket: Option<String>,
    key: Option<String>,
    hash: Option<String>,
    description: Option<String>,
    expires_on: Option<String>,
}

/// Where an entry stands: a line of the file, or (in a JSON array) its number.
pub(crate) type Place = u64;
type Entries = Box<dyn Iterator<Item = (Place, Result<Entry, String>)>>;

/// The entries of a file, one after the other.
pub(crate) fn entries(format: Format, file: impl Read + 'static) -> anyhow::Result<Entries> {
    match format {
        Format::Csv => of_csv(file),
        Format::Json => of_json(file),
    }
}

fn of_csv(file: impl Read + 'static) -> anyhow::Result<Entries> {
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let mut names = reader.headers().context("the first line cannot be read")?.clone();
    // Spreadsheets begin a file with a mark that no name has.
    if let Some(first) = names.get(0).and_then(|name| name.strip_prefix('\u{feff}')).map(str::to_owned) {
        names = std::iter::once(first.as_str()).chain(names.iter().skip(1)).collect();
    }
    names.trim();
    let unknown: Vec<&str> = names.iter().filter(|name| !COLUMNS.contains(name)).collect();
    if !unknown.is_empty() || !names.iter().any(|name| name == "consumer") {
        let found = if unknown.is_empty() { "no `consumer`".to_owned() } else { format!("`{}`", unknown.join("`, `")) };
        bail!(
            "the first line has {found}\n  help: it names the columns: consumer and key (or hash), and if you like {}",
            "bucket, description, expiresOn"
        );
    }
    Ok(Box::new(reader.into_records().map(move |record| match record {
        Ok(record) => {
            let place = record.position().map_or(0, csv::Position::line);
            let entry: Result<Entry, _> = record.deserialize(Some(&names));
            (place, entry.map(Entry::without_empty).map_err(|_| "cannot be read".to_owned()))
        }
        Err(error) => {
            let place = error.position().map_or(0, csv::Position::line);
            (place, Err(of_csv_error(error.kind(), names.len())))
        }
    })))
}

/// Without what stands in the line: it may be a key.
fn of_csv_error(kind: &csv::ErrorKind, names: usize) -> String {
    match kind {
        csv::ErrorKind::UnequalLengths { len, .. } => format!("has {len} cells, and the first line has {names}"),
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
        csv::ErrorKind::Io(error) => format!("cannot be read: {error}"),
        _ => "is not CSV".to_owned(),
    }
}

fn of_json(file: impl Read + 'static) -> anyhow::Result<Entries> {
    let mut reader = BufReader::new(file);
    let begins = loop {
        let bytes = reader.fill_buf().context("the file cannot be read")?;
        match bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(at) => break bytes.get(at) == Some(&b'['),
            None if bytes.is_empty() => break false,
            None => {
                let length = bytes.len();
                reader.consume(length);
            }
        }
    };
    if !begins {
        let line = |(number, line): (usize, std::io::Result<String>)| {
            let read = match line {
                Ok(line) if line.trim().is_empty() => return None,
                Ok(line) => of_object(&line),
                Err(error) => Err(format!("cannot be read: {error}")),
            };
            Some((number as Place + 1, read))
        };
        return Ok(Box::new(reader.lines().enumerate().filter_map(line)));
    }
    let mut text = String::new();
    reader.read_to_string(&mut text).context("the file cannot be read")?;
    let all: Vec<Box<RawValue>> = serde_json::from_str(&text)
        .map_err(|error| anyhow::anyhow!("this is no JSON array: line {}, column {}", error.line(), error.column()))?;
    let one = |(number, value): (usize, Box<RawValue>)| (number as Place + 1, of_object(value.get()));
    Ok(Box::new(all.into_iter().enumerate().map(one)))
}

fn of_object(text: &str) -> Result<Entry, String> {
    use serde_json::error::Category;
    let entry: Result<Entry, _> = serde_json::from_str(text);
    entry.map(Entry::without_empty).map_err(|error| match error.classify() {
        // What serde says of a value quotes it, and it may be a key.
        Category::Data if error.to_string().contains("field") => {
            error.to_string().split(" at line").next().unwrap_or_default().to_owned()
        }
        Category::Data => "a member has a value of the wrong type".to_owned(),
        _ => format!("is no JSON object (column {})", error.column()),
    })
}

impl Entry {
    /// What a spreadsheet leaves empty is not there.
    fn without_empty(mut self) -> Self {
        for member in [&mut self.bucket, &mut self.key, &mut self.hash, &mut self.description, &mut self.expires_on] {
            *member = member.take().filter(|text| !text.is_empty());
        }
        self
    }

    /// Whose key it is.
    pub(crate) fn consumer(&self) -> &str {
        &self.consumer
    }

    /// Checks everything and leaves only what is kept: of the key its hash.
    pub(crate) fn checked(self, rules: &Rules) -> Result<ImportedKey, String> {
        let bucket = self.bucket.unwrap_or_else(|| rules.bucket.clone());
        let consumer = NewConsumer {
            bucket,
            name: self.consumer,
            description: None,
            metadata: serde_json::json!({}),
            tags: std::collections::BTreeMap::new(),
        };
        operations::check_new_consumer(&consumer).map_err(|error| error.to_string())?;
        operations::check_description(self.description.as_deref()).map_err(|error| error.to_string())?;
        let expires_on = self.expires_on.as_deref().map(|text| parse_expiry(text, rules.now)).transpose();
        let expires_on = expires_on.map_err(|error| error.to_string())?;
        let (digest, hint) = match (self.key, self.hash) {
            (Some(_), Some(_)) => return Err("has a key and a hash: give one of them".to_owned()),
            (None, None) => return Err("has no key and no hash".to_owned()),
            (Some(key), None) if !rules.hashed => {
                let new = tollgate_identity::import_key(&rules.prefix, &key).map_err(|error| error.to_string())?;
                (new.digest, new.hint)
            }
            (Some(hash), None) | (None, Some(hash)) => {
                let digest = tollgate_identity::parse_key_hash(&hash)
                    .ok_or("the hash is not the 64 hexadecimal digits of a SHA-256")?;
                (digest, format!("sha256:{}…", &digest.to_hex()[..8]))
            }
        };
        let key = NewKey { digest, hint, description: self.description, expires_on, development: false };
        Ok(ImportedKey { bucket: consumer.bucket, consumer: consumer.name, key })
    }
}

/// What holds for all entries.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The prefix of the gateway's own keys.
    pub(crate) prefix: String,
    /// The bucket of those that name none.
    pub(crate) bucket: String,
    /// Whether what stands under `key` are hashes.
    pub(crate) hashed: bool,
    pub(crate) now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Format, text: &'static str) -> Vec<(Place, Result<String, String>)> {
        let rules = Rules {
            prefix: "tg".to_owned(),
            bucket: "default".to_owned(),
            hashed: false,
            now: Timestamp::from_seconds(0),
        };
        let checked = |(place, entry): (Place, Result<Entry, String>)| {
            (
                place,
                entry.and_then(|entry| entry.checked(&rules)).map(|key| format!("{} {}", key.consumer, key.key.hint)),
            )
        };
        entries(format, text.as_bytes()).expect("a file").map(checked).collect()
    }

    #[test]
    fn what_is_wrong_in_a_line_is_told_with_its_place_and_never_with_the_key() {
        let text = "consumer,key,expiresOn\nacme,secret-value-1,\n,secret-value-2,\nzeta,x,\nzeta,secret-value-3,soon\n\
                    zeta\nzeta,secret-value-4,30d\n";
        let read = read(Format::Csv, text);
        let good: Vec<Place> = read.iter().filter(|(_, entry)| entry.is_ok()).map(|(place, _)| *place).collect();
        assert_eq!(good, [2, 7]);
        for (place, entry) in &read {
            if let Err(problem) = entry {
                assert!(!problem.contains("secret-value"), "{place}: {problem}");
            }
        }
        assert_eq!(read.len(), 6);
    }

    #[test]
    fn json_is_an_array_or_an_object_a_line() {
        let array = r#"[{"consumer":"acme","key":"secret-value-1"},{"consumer":"acme"},7,{"consumer":"a","keyy":"secret-value"}]"#;
        let read_array = read(Format::Json, array);
        assert_eq!(read_array.iter().map(|(_, entry)| entry.is_ok()).collect::<Vec<_>>(), [true, false, false, false]);
        assert!(
            read_array[3].1.as_ref().is_err_and(|problem| problem.contains("unknown field `keyy`")),
            "{read_array:?}"
        );
        let lines = "{\"consumer\":\"acme\",\"hash\":\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"}\n\n{\n";
        let read_lines = read(Format::Json, lines);
        assert_eq!(read_lines[0].1.as_deref(), Ok("acme sha256:00000000…"));
        assert_eq!((read_lines[1].0, read_lines[1].1.is_err()), (3, true));
    }

    #[test]
    fn a_first_line_that_names_no_columns_is_refused() {
        assert!(entries(Format::Csv, "acme,secret-value-1\n".as_bytes()).is_err());
        assert!(entries(Format::Csv, "\u{feff}consumer,key\n".as_bytes()).is_ok());
    }
}
