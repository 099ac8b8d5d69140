//! `tollgate bucket`

use anyhow::bail;
use serde_json::json;
use tollgate_admin::operations;
use tollgate_core::keys::{Bucket, BucketSettings, LeakAction};
use tollgate_core::store::{BucketChange, NewBucket, StoreError};

use crate::cli::{BucketCommand, LeakArg, Output};
use crate::output::{self, Palette};
use crate::stores;

pub(crate) async fn run(command: BucketCommand) -> anyhow::Result<()> {
    match command {
        BucketCommand::Create(args) => {
            operations::check_bucket_name(&args.name)?;
            let open = stores::open_or_make(&args.store).await?;
            let settings = BucketSettings { on_leak: action(args.on_leak) };
            let new = NewBucket { name: args.name, description: args.description, settings, ..NewBucket::default() };
            let bucket = open.store.create_bucket(new).await.map_err(explain)?;
            show(&bucket, args.store.output, "made")?;
        }
        BucketCommand::List(args) => {
            let open = stores::open(&args.store).await?;
            let buckets = open.store.buckets().await?;
            match args.store.output {
                Output::Json => output::json(&buckets.iter().map(view).collect::<Vec<_>>())?,
                Output::Text => output::line(table(&buckets)),
            }
        }
        BucketCommand::Update(args) => {
            let open = stores::open(&args.store).await?;
            let settings = args.on_leak.map(|on_leak| BucketSettings { on_leak: action(on_leak) });
            let change = BucketChange { description: args.description.map(Some), settings, ..BucketChange::default() };
            let bucket = open.store.update_bucket(&args.name, change).await.map_err(explain)?;
            show(&bucket, args.store.output, "changed")?;
        }
        BucketCommand::Delete(args) => {
            let open = stores::open(&args.store).await?;
            let bucket = open.store.bucket(&args.name).await.map_err(explain)?;
            if !args.yes {
                bail!("this deletes all consumers of `{}` and their keys\n  help: --yes does it", bucket.name);
            }
            open.store.delete_bucket(&args.name, None).await.map_err(explain)?;
            match args.store.output {
                Output::Json => output::json(&json!({ "deleted": args.name }))?,
                Output::Text => output::line(format!("bucket `{}` and all of its consumers are gone", args.name)),
            }
        }
    }
    Ok(())
}

fn action(argument: LeakArg) -> LeakAction {
    match argument {
        LeakArg::Revoke => LeakAction::Revoke,
        LeakArg::Quarantine => LeakAction::Quarantine,
        LeakArg::Report => LeakAction::Report,
    }
}

fn explain(error: StoreError) -> anyhow::Error {
    match &error {
        StoreError::NotFound { .. } => anyhow::anyhow!("{error}\n  help: `tollgate bucket list` shows all"),
        StoreError::Exists { name, .. } => {
            anyhow::anyhow!("{error}\n  help: change it: tollgate bucket update {}", super::quoted(name))
        }
        _ => error.into(),
    }
}

fn show(bucket: &Bucket, format: Output, what: &str) -> anyhow::Result<()> {
    match format {
        Output::Json => output::json(&view(bucket)),
        Output::Text => {
            output::line(format!("bucket `{}` {what}: leaked keys are {}", bucket.name, fate(bucket)));
            Ok(())
        }
    }
}

fn fate(bucket: &Bucket) -> &'static str {
    match bucket.settings.on_leak {
        LeakAction::Revoke => "revoked",
        LeakAction::Quarantine => "quarantined",
        LeakAction::Report => "only reported",
    }
}

fn view(bucket: &Bucket) -> serde_json::Value {
    json!({
        "id": bucket.id,
        "name": bucket.name,
        "description": bucket.description,
        "tags": bucket.tags,
        "settings": bucket.settings,
        "createdOn": bucket.created_on.rfc3339(),
        "updatedOn": bucket.updated_on.rfc3339(),
        "version": bucket.version,
    })
}

fn table(buckets: &[Bucket]) -> String {
    let rows: Vec<Vec<String>> = buckets
        .iter()
        .map(|bucket| {
            let description = bucket.description.clone().unwrap_or_default();
            vec![bucket.name.clone(), bucket.settings.on_leak.as_str().to_owned(), description]
        })
        .collect();
    output::table(Palette::stdout(), &["NAME", "ON LEAK", "DESCRIPTION"], &rows)
}
