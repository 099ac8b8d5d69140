//! `tollgate key import`

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;
use tollgate_core::store::{ImportedKey, Store};
use tollgate_core::time::{Clock, Timestamp};

use crate::cli::{ImportFormat, ImportKeysArgs, Output};
use crate::importing::{self, Format, Place, Rules};
use crate::output::{self, Palette};
use crate::stores;

/// How many keys go into the store together. Nodes read so many changes one by one.
const CHUNK: usize = 5000;
/// How many refused entries are told one by one where no report is written.
const TOLD: usize = 20;
/// How often progress is told where nobody watches a terminal, in milliseconds.
const TELL_EVERY: i64 = 10_000;

/// An entry that was not taken over.
#[derive(Debug, Serialize)]
struct Refused {
    place: Place,
    consumer: String,
    problem: String,
}

pub(crate) async fn run(args: ImportKeysArgs) -> anyhow::Result<ExitCode> {
    let format = format_of(&args)?;
    let file: Box<dyn Read> = if args.file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?)
    };
    let entries = importing::entries(format, file).with_context(|| args.file.display().to_string())?;
    // Before anything is kept: a report that cannot be written is worth nothing.
    let mut report = args.report.as_deref().map(Report::create).transpose()?;
    let open = stores::open_or_make(&args.store).await?;
    let rules = Rules {
        prefix: open.settings.keys.prefix.clone(),
        bucket: args.bucket,
        hashed: args.hashed,
        now: open.clock.now(),
    };
    let mut run = Run { store: &*open.store, dry_run: args.dry_run, kept: 0, refused: Vec::new() };
    let mut progress = Progress::new(&*open.clock, args.store.output);
    let mut chunk: Vec<(Place, ImportedKey)> = Vec::with_capacity(CHUNK);
    for (place, entry) in entries {
        let consumer = entry.as_ref().map(|entry| entry.consumer().to_owned()).unwrap_or_default();
        match entry.and_then(|entry| entry.checked(&rules)) {
            Ok(key) => chunk.push((place, key)),
            Err(problem) => run.refused.push(Refused { place, consumer, problem }),
        }
        if chunk.len() == CHUNK {
            run.keep(&mut chunk).await?;
            progress.tell(run.kept, run.refused.len());
        }
    }
    run.keep(&mut chunk).await?;
    progress.end();
    run.refused.sort_by_key(|refused| refused.place);
    if let Some(report) = &mut report {
        report.write(&run.refused)?;
    }
    tell(&run, args.report.as_deref(), args.store.output)?;
    Ok(if run.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn format_of(args: &ImportKeysArgs) -> anyhow::Result<Format> {
    let named = match args.file.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Some(ImportFormat::Csv),
        Some("json" | "jsonl" | "ndjson") => Some(ImportFormat::Json),
        _ => None,
    };
    match args.format.or(named) {
        Some(ImportFormat::Csv) => Ok(Format::Csv),
        Some(ImportFormat::Json) => Ok(Format::Json),
        None => bail!("what does {} hold?\n  help: give --format csv or --format json", args.file.display()),
    }
}

struct Run<'a> {
    store: &'a dyn Store,
    dry_run: bool,
    kept: u64,
    refused: Vec<Refused>,
}

impl Run<'_> {
    /// Hands a chunk to the store: one transaction.
    async fn keep(&mut self, chunk: &mut Vec<(Place, ImportedKey)>) -> anyhow::Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        let (places, keys): (Vec<_>, Vec<_>) =
            chunk.drain(..).map(|(place, key)| ((place, key.consumer.clone()), key)).unzip();
        let answers = self.store.import_keys(keys, self.dry_run).await;
        let answers = answers.with_context(|| format!("{} were taken over before this", self.kept))?;
        for ((place, consumer), answer) in places.into_iter().zip(answers) {
            match answer {
                Ok(()) => self.kept += 1,
                Err(error) => self.refused.push(Refused { place, consumer, problem: error.to_string() }),
            }
        }
        Ok(())
    }
}

/// A line on a terminal that is written over, or one now and then.
struct Progress<'a> {
    clock: &'a dyn Clock,
    started_on: Timestamp,
    told_on: Timestamp,
    terminal: bool,
    quiet: bool,
}

impl<'a> Progress<'a> {
    fn new(clock: &'a dyn Clock, format: Output) -> Self {
        let now = clock.now();
        let terminal = std::io::stderr().is_terminal();
        Self { clock, started_on: now, told_on: now, terminal, quiet: format == Output::Json && !terminal }
    }

    fn tell(&mut self, kept: u64, refused: usize) {
        let now = self.clock.now();
        if self.quiet || !self.terminal && now.0 - self.told_on.0 < TELL_EVERY {
            return;
        }
        self.told_on = now;
        let millis = u64::try_from(now.0 - self.started_on.0).unwrap_or(0).max(1);
        let text = format!("{kept} keys, {refused} refused, {} a second", kept.saturating_mul(1000) / millis);
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r{text}\u{1b}[K");
        } else {
            output::note(text);
        }
    }

    fn end(&self) {
        if self.terminal && self.told_on != self.started_on {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// The file of refused entries.
struct Report(csv::Writer<File>);

impl Report {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(csv::Writer::from_writer(file)))
    }

    fn write(&mut self, refused: &[Refused]) -> anyhow::Result<()> {
        if refused.is_empty() {
            self.0.write_record(["place", "consumer", "problem"])?;
        }
        refused.iter().try_for_each(|one| self.0.serialize(one))?;
        Ok(self.0.flush()?)
    }
}

fn tell(run: &Run<'_>, report: Option<&Path>, format: Output) -> anyhow::Result<()> {
    if format == Output::Json {
        return output::json(&serde_json::json!({
            "dryRun": run.dry_run,
            "kept": run.kept,
            "refused": run.refused,
        }));
    }
    let palette = Palette::stderr();
    if let Some(path) = report.filter(|_| !run.refused.is_empty()) {
        output::note(format!("{} says which were refused, and why", path.display()));
    } else {
        for one in run.refused.iter().take(TOLD) {
            let whose = if one.consumer.is_empty() { String::new() } else { format!(" (`{}`)", one.consumer) };
            output::note(format!("{} {}{whose}: {}", palette.red("refused:"), one.place, one.problem));
        }
        if run.refused.len() > TOLD {
            output::note(format!("… and {} more; --report FILE writes all of them", run.refused.len() - TOLD));
        }
    }
    let kept = output::count_of(i64::try_from(run.kept).unwrap_or(i64::MAX), "key", "keys");
    let verb = if run.dry_run { "would be taken over" } else { "taken over" };
    output::line(format!("{kept} {verb}, {} refused", run.refused.len()));
    Ok(())
}
