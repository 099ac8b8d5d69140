//! `tollgate operator`

use serde_json::json;
use tollgate_admin::OperationError;
use tollgate_admin::operations::{self, parse_expiry};
use tollgate_admin::views::{CreatedOperator, DebugTokenView, OperatorView};
use tollgate_core::store::{Operator, Scope};
use tollgate_core::time::Timestamp;

use crate::cli::{DebugTokenArgs, OperatorCommand, Output};
use crate::client::ManagementClient;
use crate::output::{self, Palette};
use crate::{minting, stores};

pub(crate) async fn run(command: OperatorCommand) -> anyhow::Result<()> {
    match command {
        OperatorCommand::Create(args) => {
            operations::check_operator_name(&args.name)?;
            let open = stores::open_or_make(&args.store).await?;
            let expires_on = args.expires.as_deref().map(|text| parse_expiry(text, open.clock.now())).transpose()?;
            let token = minting::token()?;
            let created = operations::create_operator(&*open.store, args.name, args.scopes, expires_on, token)
                .await
                .map_err(explain)?;
            show_created(&created, args.store.output)?;
        }
        OperatorCommand::List(args) => {
            let open = stores::open(&args.store).await?;
            let operators = open.store.operators().await?;
            let now = open.clock.now();
            match args.store.output {
                Output::Json => {
                    let views: Vec<_> = operators.iter().map(|operator| OperatorView::of(operator, now)).collect();
                    output::json(&views)?;
                }
                Output::Text if operators.is_empty() => {
                    output::note("there are no operators; make one: tollgate operator create NAME --scope read");
                }
                Output::Text => output::line(table(&operators, now)),
            }
        }
        OperatorCommand::DebugToken(args) => debug_token(&args).await?,
        OperatorCommand::Revoke(args) => {
            let open = stores::open(&args.store).await?;
            let operator =
                operations::revoke_operator(&*open.store, &args.name, open.clock.now()).await.map_err(explain)?;
            match args.store.output {
                Output::Json => output::json(&operator)?,
                Output::Text => output::line(format!("the token of `{}` is refused from now on", operator.name)),
            }
        }
    }
    Ok(())
}

/// The token alone goes to standard output, so that `TOKEN=$(tollgate operator debug-token)` works.
async fn debug_token(args: &DebugTokenArgs) -> anyhow::Result<()> {
    let client = ManagementClient::of_flag(&args.gateway)?;
    let wanted = json!({ "expiresIn": args.expires.to_string(), "route": args.route });
    let made: DebugTokenView = client.post("/v1/debug-tokens", &wanted).await?;
    match args.output {
        Output::Json => output::json(&made)?,
        Output::Text => {
            output::line(&made.token);
            let whose = made.route.as_deref().map_or_else(String::new, |route| format!(" on `{route}`"));
            output::note(format!("send it in {}{whose}; it is good until {}", made.header, made.expires_on));
        }
    }
    Ok(())
}

fn explain(error: OperationError) -> anyhow::Error {
    match &error {
        OperationError::NotFound { .. } => anyhow::anyhow!("{error}\n  help: `tollgate operator list` shows all"),
        OperationError::Exists { name, .. } => {
            anyhow::anyhow!("{error}\n  help: take another name, or: tollgate operator revoke {}", super::quoted(name))
        }
        _ => error.into(),
    }
}

/// The token alone goes to standard output, so that `TOKEN=$(tollgate operator create …)` works.
fn show_created(created: &CreatedOperator, format: Output) -> anyhow::Result<()> {
    match format {
        Output::Json => output::json(created)?,
        Output::Text => {
            output::line(&created.token);
            let until = created.expires_on.as_deref().map_or_else(String::new, |end| format!(", until {end}"));
            output::note(format!(
                "operator `{}` ({}) may {}{until}; this is the only time its token is shown: only its hash is kept",
                created.name,
                created.id,
                scopes(&created.scopes)
            ));
        }
    }
    Ok(())
}

fn scopes(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
}

fn table(operators: &[Operator], now: Timestamp) -> String {
    let rows: Vec<Vec<String>> = operators
        .iter()
        .map(|operator| {
            vec![
                operator.name.clone(),
                OperatorView::of(operator, now).status.as_str().to_owned(),
                scopes(&operator.scopes),
                operator.hint.clone(),
                operator.expires_on.map_or_else(|| "never".to_owned(), Timestamp::rfc3339),
                operator.last_used_on.map_or_else(|| "never".to_owned(), Timestamp::rfc3339),
                operator.id.clone(),
            ]
        })
        .collect();
    output::table(Palette::stdout(), &["NAME", "STATUS", "SCOPES", "TOKEN", "EXPIRES ON", "LAST USED ON", "ID"], &rows)
}
