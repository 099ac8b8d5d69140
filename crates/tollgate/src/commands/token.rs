//! `tollgate token`

use std::sync::Arc;

use tollgate_admin::views::{SigningKeyStatus, SigningKeyView};

use crate::cli::{Output, TokenCommand};
use crate::output::{self, Palette};
use crate::stores::{self, OpenStore};
use crate::wiring;

pub(crate) async fn run(command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Rotate(args) => {
            let open = stores::open_or_make(&args.store).await?;
            let issuer = wiring::issuer_of_store(&open).await?;
            issuer.rotate(args.now).await?;
            show(&open, args.store.output).await?;
            if args.store.output == Output::Text {
                output::note(if args.now {
                    "the old keys are withdrawn; backends fetch the new one when they first see it"
                } else {
                    "the new key is published; it signs as soon as backends had the time to fetch it"
                });
            }
        }
        TokenCommand::List(args) => show(&stores::open(&args.store).await?, args.store.output).await?,
    }
    Ok(())
}

async fn show(open: &OpenStore, format: Output) -> anyhow::Result<()> {
    let keys = SigningKeyView::list(&Arc::clone(&open.store).signing_keys().await?, open.clock.now());
    if format == Output::Json {
        return output::json(&keys);
    }
    if keys.is_empty() {
        output::note("there are no signing keys yet; the gateway makes one when it starts");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|key| {
            let status = match key.status {
                SigningKeyStatus::Announced => "announced",
                SigningKeyStatus::Active => "active",
                SigningKeyStatus::Retired => "retired",
                SigningKeyStatus::Withdrawn => "withdrawn",
            };
            let or_dash = |moment: &Option<String>| moment.clone().unwrap_or_else(|| "-".to_owned());
            vec![
                key.kid.clone(),
                key.algorithm.clone(),
                status.to_owned(),
                key.active_on.clone(),
                or_dash(&key.retired_on),
                or_dash(&key.published_until),
            ]
        })
        .collect();
    let head = ["KEY ID", "ALGORITHM", "STATUS", "SIGNS FROM", "SIGNS UNTIL", "PUBLISHED UNTIL"];
    output::line(output::table(Palette::stdout(), &head, &rows));
    Ok(())
}
