//! `tollgate store`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use serde_json::json;
use tollgate_core::settings::SecretSettings;
use tollgate_core::time::{Clock, SystemClock};
use tollgate_identity::MasterKey;
use tollgate_store::{Copied, CopyMode, Progress, StoreUrl};

use crate::actor;
use crate::cli::{BackupStoreArgs, CopyStoreArgs, Output, RestoreStoreArgs, StoreCommand, StoreFlag};
use crate::output::{self, Palette};
use crate::stores;

pub(crate) async fn run(command: StoreCommand) -> anyhow::Result<()> {
    match command {
        StoreCommand::Copy(args) => copy(args).await,
        StoreCommand::Backup(args) => backup(args).await,
        StoreCommand::Restore(args) => restore(args).await,
    }
}

async fn copy(args: CopyStoreArgs) -> anyhow::Result<()> {
    let (StoreFlag(from), StoreFlag(to)) = (&args.from, &args.to);
    must_be_there(from)?;
    let copied = transfer(from, to, CopyMode::Onto, args.output).await?;
    let sealed = keep_master_key(&args, from, to).await?;
    show(&copied, args.output)?;
    if args.output == Output::Text {
        output::line(format!(
            "{} everything is in {}, counted on both sides",
            Palette::stdout().green("ok:"),
            stores::place(to)
        ));
        if !sealed {
            output::note(
                "the signing keys in it open only with the master key of the source: bring `secrets.masterKey`, or the \
                 `master.key` of its data folder, along",
            );
        }
    }
    Ok(())
}

/// Where the target is shared and the master key lies in a file beside the source, the target gets it,
/// so that nodes start with nothing but its URL. False where the master key stays the user's affair.
async fn keep_master_key(args: &CopyStoreArgs, from: &str, to: &str) -> anyhow::Result<bool> {
    let beside = match StoreUrl::parse(from)? {
        StoreUrl::Sqlite(path) => path.parent().map(Path::to_owned),
        // What it keeps for all its nodes was copied along.
        StoreUrl::Postgres(_) => return Ok(true),
    };
    let Some(folder) = args.data_dir.clone().or(beside) else { return Ok(false) };
    if !StoreUrl::parse(to)?.is_shared() || !folder.join(tollgate_identity::master_key::FILE_NAME).is_file() {
        return Ok(false);
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let target = tollgate_store::open(to, clock).await?;
    // The file is what is asked to be kept; it is kept where nothing is yet.
    MasterKey::shared(&SecretSettings::default(), Some(&folder), &*target).await?;
    Ok(true)
}

async fn backup(args: BackupStoreArgs) -> anyhow::Result<()> {
    if args.file.exists() {
        bail!("{} is there already\n  help: name a file that is not", args.file.display());
    }
    let open = stores::open(&args.store).await?;
    let copied = transfer(&open.url, &url_of(&args.file)?, CopyMode::Onto, args.store.output).await;
    let copied = copied.inspect_err(|_| {
        // Half a backup would be taken for one.
        let _ = std::fs::remove_file(&args.file);
    })?;
    show(&copied, args.store.output)?;
    if args.store.output == Output::Text {
        output::line(format!("{} {} is in {}", Palette::stdout().green("ok:"), open.place, args.file.display()));
        output::note("the signing keys in it open only with the master key: keep that too, and keep it elsewhere");
    }
    Ok(())
}

async fn restore(args: RestoreStoreArgs) -> anyhow::Result<()> {
    if !args.file.is_file() {
        bail!("there is no file {}", args.file.display());
    }
    let open = stores::open_or_make(&args.store).await?;
    if !args.yes {
        bail!(
            "this replaces all consumers, keys, signing keys and operators in {} by those of {}\n  help: --yes does it",
            open.place,
            args.file.display()
        );
    }
    let copied = transfer(&url_of(&args.file)?, &open.url, CopyMode::Replacing, args.store.output).await?;
    show(&copied, args.store.output)?;
    if args.store.output == Output::Text {
        output::line(format!(
            "{} {} holds what {} held",
            Palette::stdout().green("ok:"),
            open.place,
            args.file.display()
        ));
    }
    Ok(())
}

fn url_of(file: &Path) -> anyhow::Result<String> {
    let path: PathBuf = std::path::absolute(file)?;
    Ok(format!("sqlite://{}", path.display()))
}

/// A source that is not there would be made, empty, and copied.
fn must_be_there(from: &str) -> anyhow::Result<()> {
    match StoreUrl::parse(from)? {
        StoreUrl::Sqlite(path) if !path.is_file() => bail!("there is no file {}", path.display()),
        _ => Ok(()),
    }
}

async fn transfer(from: &str, to: &str, mode: CopyMode, format: Output) -> anyhow::Result<Vec<Copied>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut told = 0;
    let mut progress = |progress: Progress| {
        // A line for every tenth of what is large; small tables come in one piece.
        let tenth = progress.done * 10 / progress.of.max(1);
        if format == Output::Text && progress.of > 10_000 && tenth != told {
            told = tenth;
            output::note(format!("{}: {} of {}", progress.table, progress.done, progress.of));
        }
    };
    Ok(tollgate_store::copy(from, to, clock, actor::command_line(), mode, &mut progress).await?)
}

fn show(copied: &[Copied], format: Output) -> anyhow::Result<()> {
    if format == Output::Json {
        return output::json(&json!({ "tables": copied }));
    }
    let rows: Vec<Vec<String>> =
        copied.iter().map(|copied| vec![copied.table.to_owned(), copied.rows.to_string()]).collect();
    output::line(output::table(Palette::stdout(), &["TABLE", "ROWS"], &rows));
    Ok(())
}
