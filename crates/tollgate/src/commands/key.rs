//! `tollgate key`

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail};
use tollgate_admin::operations::{self, parse_expiry};
use tollgate_admin::views::{CreatedKey, KeyStatus, KeyView};
use tollgate_core::store::{KeysOf, Store};
use tollgate_core::time::Timestamp;

use crate::cli::{KeyCommand, KeyIdArgs, Output, RevokeKeyArgs, RollKeyArgs};
use crate::minting;
use crate::output::{self, Palette};
use crate::stores;

pub(crate) const KEY_COLUMNS: &[&str] =
    &["ID", "CONSUMER", "STATUS", "KEY", "MADE ON", "EXPIRES ON", "LAST USED", "DESCRIPTION"];

pub(crate) async fn run(command: KeyCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeyCommand::Scan(args) => return super::scan::run(*args).await,
        KeyCommand::Create(args) => {
            let open = stores::open(&args.store).await?;
            let expires_on = args.expires.as_deref().map(|text| parse_expiry(text, open.clock.now())).transpose()?;
            let minted = minting::mint(&open.settings.keys.prefix, args.description, expires_on)?;
            let created = operations::create_key(&*open.store, &args.bucket, &args.consumer, minted)
                .await
                .map_err(super::explain)?;
            show_created(&created, args.store.output)?;
        }
        KeyCommand::List(args) => {
            let open = stores::open(&args.store).await?;
            let of = args.consumer.as_deref().map(|name| (args.bucket.as_str(), name));
            let keys = operations::keys(&*open.store, of, open.clock.now()).await.map_err(super::explain)?;
            match args.store.output {
                Output::Json => output::json(&keys)?,
                Output::Text if keys.is_empty() => {
                    output::note("there are no keys; make one: tollgate key create CONSUMER")
                }
                Output::Text => output::line(output::table(Palette::stdout(), KEY_COLUMNS, &key_rows(&keys))),
            }
        }
        KeyCommand::Revoke(args) => revoke(args).await?,
        KeyCommand::Quarantine(args) => {
            refuse_a_key_as_id(&args.id)?;
            let open = stores::open(&args.store).await?;
            let now = open.clock.now();
            operations::key(&*open.store, &args.id, now).await.map_err(super::explain)?;
            open.store.quarantine_key(&args.id).await?;
            show_changed(&*open.store, &args, now, "is refused until it is released").await?;
        }
        KeyCommand::Release(args) => {
            refuse_a_key_as_id(&args.id)?;
            let open = stores::open(&args.store).await?;
            let now = open.clock.now();
            let key = operations::key(&*open.store, &args.id, now).await.map_err(super::explain)?;
            if key.status == KeyStatus::Revoked {
                bail!(
                    "key {} is revoked, which is for good\n  help: make a new one: tollgate key create {}",
                    key.id,
                    super::quoted(&key.consumer)
                );
            }
            open.store.release_key(&args.id).await?;
            show_changed(&*open.store, &args, now, "is out of quarantine").await?;
        }
        KeyCommand::Roll(args) => roll(args).await?,
        KeyCommand::Import(args) => return super::key_import::run(args).await,
        KeyCommand::Hash => {
            let mut text = String::new();
            std::io::stdin().take(64 * 1024).read_to_string(&mut text).context("cannot read standard input")?;
            let key = text.trim();
            if key.is_empty() {
                bail!("there is no key on standard input\n  help: tollgate key hash < key.txt");
            }
            output::line(format!("sha256:{}", tollgate_identity::digest(key).to_hex()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show_changed(store: &dyn Store, args: &KeyIdArgs, now: Timestamp, what: &str) -> anyhow::Result<()> {
    let key = operations::key(store, &args.id, now).await.map_err(super::explain)?;
    match args.store.output {
        Output::Json => output::json(&key)?,
        Output::Text => output::line(format!("key {} of `{}` {what}", key.id, key.consumer)),
    }
    Ok(())
}

async fn revoke(args: RevokeKeyArgs) -> anyhow::Result<()> {
    let open = stores::open(&args.store).await?;
    let bucket = operations::bucket_or_default(args.bucket.as_deref());
    let (of, whose) = match (&args.id, &args.consumer) {
        (Some(id), _) => {
            refuse_a_key_as_id(id)?;
            let key = operations::revoke_key(&*open.store, id, open.clock.now()).await.map_err(super::explain)?;
            match args.store.output {
                Output::Json => output::json(&key)?,
                Output::Text => output::line(format!("key {} of `{}` is refused from now on", key.id, key.consumer)),
            }
            return Ok(());
        }
        (None, Some(name)) => (KeysOf::Consumer(bucket, name), format!("`{name}`")),
        (None, None) if args.yes => (KeysOf::Bucket(bucket), format!("bucket `{bucket}`")),
        (None, None) => {
            bail!("this ends all keys of bucket `{bucket}`, for good\n  help: add --yes where that is meant")
        }
    };
    let revoked = operations::revoke_keys(&*open.store, of).await.map_err(super::explain)?;
    match args.store.output {
        Output::Json => output::json(&serde_json::json!({ "revoked": revoked }))?,
        Output::Text => {
            let count = i64::try_from(revoked).unwrap_or(i64::MAX);
            output::line(format!("{} of {whose} refused from now on", output::count_of(count, "key", "keys")));
        }
    }
    Ok(())
}

async fn roll(args: RollKeyArgs) -> anyhow::Result<()> {
    let open = stores::open(&args.store).await?;
    let (store, now) = (&*open.store, open.clock.now());
    let expires_on = args.expires.as_deref().map(|text| parse_expiry(text, now)).transpose()?;
    let ends_on = now.plus(args.overlap.0);
    let prefix = &open.settings.keys.prefix;
    let (created, old) = match (&args.id, &args.consumer) {
        (Some(id), _) => {
            refuse_a_key_as_id(id)?;
            let old = operations::key(store, id, now).await.map_err(super::explain)?;
            let minted = minting::mint(prefix, old.description, expires_on)?;
            let created = operations::roll_key(store, id, ends_on, minted, now).await;
            (created.map_err(super::explain)?, format!("the old key {id} lives"))
        }
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let minted = minting::mint(prefix, None, expires_on)?;
            let created = operations::roll_keys(store, &args.bucket, name, ends_on, minted).await;
            (created.map_err(super::explain)?, format!("the old keys of `{name}` live"))
        }
    };
    show_created(&created, args.store.output)?;
    if args.store.output == Output::Text {
        output::note(format!("{old} on for {}", args.overlap));
    }
    Ok(())
}

/// The key alone goes to standard output, so that `KEY=$(tollgate key create acme)` works.
fn show_created(created: &CreatedKey, format: Output) -> anyhow::Result<()> {
    match format {
        Output::Json => output::json(created)?,
        Output::Text => {
            output::line(&created.key);
            let until = created.expires_on.as_deref().map_or_else(String::new, |end| format!(", until {end}"));
            output::note(format!(
                "key {} of `{}`{until}; this is the only time it is shown: only its hash is kept",
                created.id, created.consumer
            ));
        }
    }
    Ok(())
}

/// Someone who pastes the key where its id belongs should not find it in an error or a log.
fn refuse_a_key_as_id(id: &str) -> anyhow::Result<()> {
    if id.starts_with("key_") || id.len() < 24 {
        return Ok(());
    }
    bail!(
        "this looks like a key, not like its id\n  help: `tollgate key list` shows ids and the first characters of each key"
    )
}

pub(crate) fn key_rows(keys: &[KeyView]) -> Vec<Vec<String>> {
    keys.iter()
        .map(|key| {
            let status = match key.status {
                KeyStatus::Active if key.development => "development",
                KeyStatus::Active => "active",
                KeyStatus::Expired => "expired",
                KeyStatus::Revoked => "revoked",
                KeyStatus::Quarantined => "quarantined",
            };
            vec![
                key.id.clone(),
                key.consumer.clone(),
                status.to_owned(),
                key.hint.clone(),
                key.created_on.clone(),
                key.expires_on.clone().unwrap_or_else(|| "never".to_owned()),
                match (&key.last_used_on, &key.last_used_from) {
                    (Some(on), Some(from)) => format!("{on} from {from}"),
                    _ => "-".to_owned(),
                },
                key.description.clone().unwrap_or_default(),
            ]
        })
        .collect()
}
