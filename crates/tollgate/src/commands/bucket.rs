//! `tollgate bucket`

use serde_json::{Value, json};
use tollgate_core::keys::{Bucket, BucketSettings};
use tollgate_core::store::{BucketChange, StoreError};

use crate::cli::{BucketCommand, Output};
use crate::output::{self, Palette};
use crate::stores;

pub(crate) async fn run(command: BucketCommand) -> anyhow::Result<()> {
    match command {
        BucketCommand::List(args) => {
            let open = stores::open(&args.store).await?;
            let buckets = open.store.buckets().await?;
            match args.store.output {
                Output::Json => output::json(&buckets.iter().map(view).collect::<Vec<_>>())?,
                Output::Text => {
                    let rows: Vec<Vec<String>> = buckets.iter().map(row).collect();
                    output::line(output::table(Palette::stdout(), &["NAME", "ON LEAK", "DESCRIPTION"], &rows));
                }
            }
        }
        BucketCommand::Update(args) => {
            let open = stores::open(&args.store).await?;
            let settings = BucketSettings { on_leak: args.on_leak.into() };
            let change = BucketChange { settings: Some(settings), ..BucketChange::default() };
            let bucket = open.store.update_bucket(&args.name, change).await.map_err(explain)?;
            match args.store.output {
                Output::Json => output::json(&view(&bucket))?,
                Output::Text => output::line(format!(
                    "a key of bucket `{}` that leaks meets: {}",
                    bucket.name,
                    bucket.settings.on_leak.as_str()
                )),
            }
        }
    }
    Ok(())
}

fn explain(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::NotFound { .. } => anyhow::anyhow!("{error}\n  help: `tollgate bucket list` shows all"),
        error => error.into(),
    }
}

fn view(bucket: &Bucket) -> Value {
    json!({
        "id": bucket.id,
        "name": bucket.name,
        "description": bucket.description,
        "tags": bucket.tags,
        "settings": bucket.settings,
        "createdOn": bucket.created_on.rfc3339(),
        "updatedOn": bucket.updated_on.rfc3339(),
    })
}

fn row(bucket: &Bucket) -> Vec<String> {
    vec![
        bucket.name.clone(),
        bucket.settings.on_leak.as_str().to_owned(),
        bucket.description.clone().unwrap_or_default(),
    ]
}
