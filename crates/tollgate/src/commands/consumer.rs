//! `tollgate consumer`

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};
use tollgate_admin::operations;
use tollgate_admin::views::ConsumerView;
use tollgate_core::store::{ConsumerChange, NewConsumer};

use super::key::{KEY_COLUMNS, key_rows};
use crate::cli::{ConsumerCommand, Output};
use crate::output::{self, Palette};
use crate::stores;

pub(crate) async fn run(command: ConsumerCommand) -> anyhow::Result<()> {
    match command {
        ConsumerCommand::Create(args) => {
            let metadata = args.metadata.as_deref().map_or(Ok(json!({})), parse_metadata)?;
            let tags = parse_tags(&args.tag)?;
            let open = stores::open_or_make(&args.store).await?;
            let new =
                NewConsumer { bucket: args.bucket, name: args.name, description: args.description, metadata, tags };
            let consumer = operations::create_consumer(&*open.store, new).await.map_err(super::explain)?;
            let consumer = ConsumerView::from(&consumer);
            show(&consumer, args.store.output, "made")?;
            if args.store.output == Output::Text {
                output::note(format!("next: tollgate key create {}", super::quoted(&consumer.name)));
            }
        }
        ConsumerCommand::List(args) => {
            let tags = parse_tags(&args.tag)?;
            let open = stores::open(&args.store).await?;
            let consumers = operations::consumers(&*open.store, args.bucket.as_deref(), &tags).await?;
            if args.store.output == Output::Json {
                return output::json(&consumers);
            }
            if consumers.is_empty() {
                output::note("there are no consumers; make one: tollgate consumer create NAME");
                return Ok(());
            }
            let rows: Vec<Vec<String>> = consumers
                .iter()
                .map(|c| vec![c.name.clone(), c.bucket.clone(), show_tags(&c.tags), c.metadata.to_string()])
                .collect();
            output::line(output::table(Palette::stdout(), &["NAME", "BUCKET", "TAGS", "METADATA"], &rows));
        }
        ConsumerCommand::Show(args) => {
            let open = stores::open(&args.store).await?;
            let consumer =
                operations::consumer(&*open.store, &args.bucket, &args.name).await.map_err(super::explain)?;
            let view = ConsumerView::from(&consumer);
            let keys = operations::keys(&*open.store, Some((&args.bucket, &args.name)), open.clock.now()).await?;
            if args.store.output == Output::Json {
                let mut document = serde_json::to_value(&view)?;
                document["keys"] = serde_json::to_value(&keys)?;
                return output::json(&document);
            }
            show(&view, Output::Text, "")?;
            if let Some(description) = &view.description {
                output::line(format!("for       {description}"));
            }
            output::line(format!("metadata  {}", view.metadata));
            output::line(format!("tags      {}", show_tags(&view.tags)));
            output::line(format!("made on   {}", view.created_on));
            output::line("");
            output::line(output::table(Palette::stdout(), KEY_COLUMNS, &key_rows(&keys)));
        }
        ConsumerCommand::Update(args) => {
            let metadata = args.metadata.as_deref().map(parse_metadata).transpose()?;
            let tags = if args.tag.is_empty() { None } else { Some(parse_tags(&args.tag)?) };
            let open = stores::open(&args.store).await?;
            let description = args.description.map(|text| (!text.is_empty()).then_some(text));
            let change = ConsumerChange { description, metadata, tags, if_version: None };
            let consumer = operations::update_consumer(&*open.store, &args.bucket, &args.name, change)
                .await
                .map_err(super::explain)?;
            show(&ConsumerView::from(&consumer), args.store.output, "changed")?;
        }
        ConsumerCommand::Delete(args) => {
            let open = stores::open(&args.store).await?;
            operations::delete_consumer(&*open.store, &args.bucket, &args.name).await.map_err(super::explain)?;
            match args.store.output {
                Output::Json => output::json(&json!({ "deleted": args.name, "bucket": args.bucket }))?,
                Output::Text => output::line(format!("consumer `{}` and all of its keys are gone", args.name)),
            }
        }
    }
    Ok(())
}

fn show(consumer: &ConsumerView, format: Output, what: &str) -> anyhow::Result<()> {
    match format {
        Output::Json => output::json(consumer)?,
        Output::Text => {
            output::line(format!("consumer `{}` {what} ({})", consumer.name, consumer.id).replace("  ", " "))
        }
    }
    Ok(())
}

fn show_tags(tags: &BTreeMap<String, String>) -> String {
    tags.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn parse_metadata(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).with_context(|| {
        format!("--metadata: `{text}` is not JSON\n  help: quote it for the shell: --metadata '{{\"plan\":\"gold\"}}'")
    })
}

fn parse_tags(tags: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    tags.iter().map(|tag| operations::parse_tag(tag).map_err(Into::into)).collect()
}
