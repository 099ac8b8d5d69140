//! `tollgate key scan`

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::bail;
use serde_json::{Value, json};
use tollgate_admin::views::{KeyStatus, KeyView};
use tollgate_core::settings::Settings;
use tollgate_core::store::{LeakReport, Store};
use tollgate_core::time::Timestamp;
use tollgate_identity::KeyFinder;
use tollgate_identity::finder::{FoundForm, IMPORTED_PREFIX};
use tollgate_identity::key_format::is_prefix;

use crate::cli::{Output, ScanArgs};
use crate::leaks::{self, Reported};
use crate::loading::{self, ProjectSource};
use crate::minting;
use crate::output::{self, Palette, count_of};
use crate::scan::{self, Findings, FoundAt, FoundKey, Place, Rules};
use crate::stores;

/// Keys were found.
const FOUND: u8 = 1;
/// Not everything could be looked at.
const INCOMPLETE: u8 = 2;

/// What is known of a key that was found.
struct Judged {
    found: FoundKey,
    status: &'static str,
    key: Option<KeyView>,
    /// The owner, where it is no key of the store: a declared consumer, an operator.
    owner: Option<String>,
    /// What was done about it.
    action: Option<&'static str>,
}

impl Judged {
    /// Whether it opens anything, as far as anybody knows.
    fn is_dangerous(&self) -> bool {
        !matches!(self.status, "revoked" | "expired")
    }
}

pub(crate) async fn run(args: ScanArgs) -> anyhow::Result<ExitCode> {
    match look(args).await {
        Ok(code) => Ok(code),
        Err(error) => {
            // 1 would say that keys were found.
            crate::tell(&error);
            Ok(ExitCode::from(INCOMPLETE))
        }
    }
}

async fn look(args: ScanArgs) -> anyhow::Result<ExitCode> {
    let named = args.store.url.is_some() || args.store.data_dir.is_some() || args.store.project.is_some();
    if args.report && !named {
        bail!("which store knows the keys?\n  help: --report needs --data-dir DIR, --project DIR or --store URL");
    }
    let open = if named { Some(stores::open(&args.store).await?) } else { None };
    let settings = match &open {
        Some(open) => Some(open.settings.clone()),
        None => settings_of_this_folder(&args).await,
    };
    if let Some(wrong) = args.prefix.iter().find(|prefix| !is_prefix(prefix)) {
        bail!("`{wrong}` is no prefix of keys\n  help: 2 to 12 lower-case letters and digits, a letter first");
    }
    let own = settings.as_ref().map_or_else(|| Settings::default().keys.prefix, |found| found.keys.prefix.clone());
    let mut prefixes: Vec<&str> = vec![&own, IMPORTED_PREFIX, minting::OPERATOR_PREFIX];
    prefixes.extend(args.prefix.iter().map(String::as_str));
    let rules = Rules::new(args.exclude.clone(), args.ignored, args.binary, args.max_size.0)?;
    let place = match (args.path == Path::new("-"), args.history) {
        (true, true) => bail!("standard input has no history\n  help: --history takes the folder of a git repository"),
        (true, false) => Place::Input,
        (false, true) => Place::History(&args.path, args.range.as_deref()),
        (false, false) => Place::Files(&args.path),
    };
    let (found, findings) = scan::scan(place, KeyFinder::new(prefixes), rules)?;
    let mut judged = Vec::new();
    for found in found {
        judged.push(match &open {
            Some(open) => judge(&*open.store, &open.settings, found, open.clock.now()).await?,
            None => Judged { found, status: "unchecked", key: None, owner: None, action: None },
        });
    }
    if args.report
        && let Some(open) = &open
    {
        report(&*open.store, &open.settings, &mut judged, open.clock.now()).await?;
    }
    match args.store.output {
        Output::Json => output::json(&document(&judged, &findings))?,
        Output::Text => tell(&judged, &findings, open.is_some()),
    }
    let incomplete = read(&findings.failed) > 0 || read(&findings.beyond) > 0;
    Ok(if judged.iter().any(Judged::is_dangerous) {
        ExitCode::from(FOUND)
    } else if incomplete {
        ExitCode::from(INCOMPLETE)
    } else {
        ExitCode::SUCCESS
    })
}

/// The settings of the project that one stands in, for the prefix alone; a mistake in it matters
/// to `check`, not here.
async fn settings_of_this_folder(args: &ScanArgs) -> Option<Settings> {
    let here = Path::new(".");
    if !loading::is_project(here) {
        return None;
    }
    let loaded = ProjectSource::new(here, &args.store.environment).load().await.ok()?;
    loaded.project.map(|project| project.settings.clone())
}

async fn judge(store: &dyn Store, settings: &Settings, found: FoundKey, now: Timestamp) -> anyhow::Result<Judged> {
    let mut judged = Judged { status: "unknown", key: None, owner: None, action: None, found };
    let digest = judged.found.digest;
    if let Some(owned) = store.key_by_digest(digest).await? {
        let view = KeyView::of(&owned, now);
        judged.status = status(view.status);
        judged.key = Some(view);
    } else if let Some(operator) = store.operator_by_digest(digest).await? {
        judged.status = match operator {
            _ if operator.revoked_on.is_some() => "revoked",
            _ if !operator.is_live(now) => "expired",
            _ => "active",
        };
        judged.owner = Some(format!("operator {}", operator.name));
    } else {
        if let Some(declared) = leaks::declared_owner(&settings.consumers, digest) {
            judged.status = "active";
            judged.owner = Some(format!("{} (declared in the project)", declared.name));
        }
    }
    Ok(judged)
}

const fn status(status: KeyStatus) -> &'static str {
    match status {
        KeyStatus::Active => "active",
        KeyStatus::Expired => "expired",
        KeyStatus::Revoked => "revoked",
        KeyStatus::Quarantined => "quarantined",
    }
}

/// Reports what the store knows as leaked, once for each key, with its first place.
async fn report(store: &dyn Store, settings: &Settings, judged: &mut [Judged], now: Timestamp) -> anyhow::Result<()> {
    for judged in judged {
        let place = judged.found.places.first().map(place);
        let report = LeakReport { source: "scan".to_owned(), place };
        match leaks::report(store, &settings.consumers, judged.found.digest, &report).await? {
            Reported::Key(leak) => {
                let view = KeyView::of(&leak.key, now);
                judged.status = status(view.status);
                judged.key = Some(view);
                judged.action = Some(leak.action.as_str());
            }
            Reported::Operator(_) => (judged.status, judged.action) = ("revoked", Some("revoke")),
            Reported::Declared { .. } => judged.action = Some("report"),
            Reported::Unknown => {}
        }
    }
    Ok(())
}

fn place(at: &FoundAt) -> String {
    let file = at.path.as_deref().unwrap_or(if at.object.is_some() { "the message" } else { "standard input" });
    let within = format!("{}:{}:{}", printable(file), at.line, at.column);
    match (&at.commit, &at.object) {
        (Some(commit), _) => format!("{within} in commit {}", &commit.id[..commit.id.len().min(12)]),
        (None, Some(object)) => format!("{within} in object {}", &object[..object.len().min(12)]),
        (None, None) => within,
    }
}

/// A name that a terminal shows as it is: whoever names a file must not move its cursor.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn kind(form: FoundForm, prefix: usize) -> &'static str {
    match (form, prefix) {
        (FoundForm::Native, 2) => "operator-token",
        (FoundForm::Native, _) => "key",
        (FoundForm::Imported, _) => "imported-key",
    }
}

fn document(judged: &[Judged], findings: &Findings) -> Value {
    let keys: Vec<Value> = judged
        .iter()
        .map(|judged| {
            let found = &judged.found;
            let (key, owner) = (judged.key.as_ref(), judged.owner.as_deref());
            json!({
                "hint": found.hint,
                "hash": format!("sha256:{}", found.digest.to_hex()),
                "kind": kind(found.form, found.prefix),
                "status": judged.status,
                "keyId": key.map(|key| &key.id),
                "consumer": key.map(|key| key.consumer.as_str()).or(owner),
                "bucket": key.map(|key| &key.bucket),
                "action": judged.action,
                "count": found.count,
                "places": found.places.iter().map(place_view).collect::<Vec<_>>(),
            })
        })
        .collect();
    let failures = findings.failures.lock().map(|failures| failures.clone()).unwrap_or_default();
    json!({
        "keys": keys,
        "lookedAt": read(&findings.looked_at),
        "bytes": read(&findings.bytes),
        "skipped": { "binary": read(&findings.binary), "tooLarge": read(&findings.too_large) },
        "moreKeys": read(&findings.beyond),
        "failures": failures,
    })
}

fn place_view(at: &FoundAt) -> Value {
    let mut view = json!({ "path": at.path, "line": at.line, "column": at.column });
    if let Some(members) = view.as_object_mut().filter(|_| at.object.is_some()) {
        members.insert("object".to_owned(), json!(at.object));
        let commit = at.commit.as_ref();
        let commit = commit.map(|commit| json!({ "id": commit.id, "author": commit.author, "on": commit.on }));
        members.insert("commit".to_owned(), json!(commit));
    }
    view
}

fn tell(judged: &[Judged], findings: &Findings, checked: bool) {
    let palette = Palette::stdout();
    for judged in judged {
        let found = &judged.found;
        let what = match kind(found.form, found.prefix) {
            "operator-token" => "operator token",
            "imported-key" => "key of the imported form",
            _ => "key",
        };
        let status = match judged.status {
            "unchecked" => String::new(),
            "unknown" => format!(", {}", palette.yellow("not known to this store")),
            status if judged.is_dangerous() => format!(", {}", palette.red(status)),
            status => format!(", {}", palette.dim(status)),
        };
        let owner = match (&judged.key, &judged.owner) {
            (Some(key), _) => format!(", {} of `{}` in bucket `{}`", key.id, key.consumer, key.bucket),
            (None, Some(owner)) => format!(", of {owner}"),
            (None, None) => String::new(),
        };
        let action = judged.action.map_or_else(String::new, |action| format!(" (reported: {action})"));
        output::line(format!("{} {what}{status}{owner}{action}", palette.bold(&found.hint)));
        for at in &found.places {
            let commit = at.commit.as_ref();
            let by = commit.map_or_else(String::new, |commit| {
                format!(", by {} on {}", printable(&commit.author), printable(&commit.on))
            });
            output::line(format!("  {}{}", place(at), palette.dim(by)));
        }
        let untold = found.count.saturating_sub(u64::try_from(found.places.len()).unwrap_or(u64::MAX));
        if untold > 0 {
            output::line(palette.dim(format!("  and {untold} more times")));
        }
    }
    summary(judged, findings, checked);
}

fn summary(judged: &[Judged], findings: &Findings, checked: bool) {
    let number = |counter| i64::try_from(read(counter)).unwrap_or(i64::MAX);
    let found = output::count(judged.len(), "key");
    let looked = count_of(number(&findings.looked_at), "file", "files");
    output::note(format!("{found} found; looked at {looked}, {}", scan::size(read(&findings.bytes))));
    for (count, why) in [
        (number(&findings.binary), "binary, left out; --binary looks at them as well"),
        (number(&findings.too_large), "larger than --max-size, left out"),
    ] {
        if count > 0 {
            output::note(format!("{}: {why}", count_of(count, "file", "files")));
        }
    }
    if read(&findings.beyond) > 0 {
        output::note(format!("{} more keys were found than are told", read(&findings.beyond)));
    }
    let failed = read(&findings.failed);
    if failed > 0 {
        let failures = findings.failures.lock().map(|failures| failures.clone()).unwrap_or_default();
        output::note(format!("{} could not be looked at:", count_of(number(&findings.failed), "place", "places")));
        failures.iter().for_each(|failure| output::note(format!("  {}", printable(failure))));
    }
    if judged.iter().any(Judged::is_dangerous) {
        output::note(if checked {
            "help: revoke what leaked: tollgate key revoke ID; or let --report do what the buckets say"
        } else {
            "help: whose they are: give --data-dir DIR, --project DIR or --store URL"
        });
    }
}
