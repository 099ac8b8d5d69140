//! `tollgate operator`

use serde_json::json;
use tollgate_admin::operations::{self, parse_expiry};
use tollgate_core::store::{NewOperator, Operator, StoreError};
use tollgate_core::time::Timestamp;

use crate::cli::{OperatorCommand, Output};
use crate::output::{self, Palette};
use crate::stores;

/// What tokens of operators begin with.
pub(crate) const PREFIX: &str = "tgo";

pub(crate) async fn run(command: OperatorCommand) -> anyhow::Result<()> {
    match command {
        OperatorCommand::Create(args) => {
            operations::check_operator_name(&args.name)?;
            let open = stores::open_or_make(&args.store).await?;
            let expires_on = args.expires.as_deref().map(|text| parse_expiry(text, open.clock.now())).transpose()?;
            let token = tollgate_identity::new_key(PREFIX)?;
            let mut scopes = args.scopes;
            scopes.sort_unstable();
            scopes.dedup();
            let new = NewOperator { name: args.name, scopes, digest: token.digest, hint: token.hint, expires_on };
            let operator = open.store.create_operator(new).await.map_err(explain)?;
            show_created(&operator, token.secret.expose(), args.store.output)?;
        }
        OperatorCommand::List(args) => {
            let open = stores::open(&args.store).await?;
            let operators = open.store.operators().await?;
            let now = open.clock.now();
            match args.store.output {
                Output::Json => {
                    let views: Vec<_> = operators.iter().map(|operator| view(operator, now)).collect();
                    output::json(&views)?;
                }
                Output::Text if operators.is_empty() => {
                    output::note("there are no operators; make one: tollgate operator create NAME --scope read");
                }
                Output::Text => output::line(table(&operators, now)),
            }
        }
        OperatorCommand::Revoke(args) => {
            let open = stores::open(&args.store).await?;
            let operator = open.store.revoke_operator(&args.name).await.map_err(explain)?;
            match args.store.output {
                Output::Json => output::json(&view(&operator, open.clock.now()))?,
                Output::Text => output::line(format!("the token of `{}` is refused from now on", operator.name)),
            }
        }
    }
    Ok(())
}

fn explain(error: StoreError) -> anyhow::Error {
    match &error {
        StoreError::NotFound { .. } => anyhow::anyhow!("{error}\n  help: `tollgate operator list` shows all"),
        StoreError::Exists { name, .. } => {
            anyhow::anyhow!("{error}\n  help: take another name, or: tollgate operator revoke {}", super::quoted(name))
        }
        _ => error.into(),
    }
}

/// The token alone goes to standard output, so that `TOKEN=$(tollgate operator create …)` works.
fn show_created(operator: &Operator, token: &str, format: Output) -> anyhow::Result<()> {
    match format {
        Output::Json => output::json(&json!({
            "id": operator.id,
            "name": operator.name,
            "scopes": operator.scopes,
            "token": token,
            "expiresOn": operator.expires_on.map(Timestamp::rfc3339),
        }))?,
        Output::Text => {
            output::line(token);
            let until = operator.expires_on.map_or_else(String::new, |end| format!(", until {}", end.rfc3339()));
            output::note(format!(
                "operator `{}` ({}) may {}{until}; this is the only time its token is shown: only its hash is kept",
                operator.name,
                operator.id,
                scopes(operator)
            ));
        }
    }
    Ok(())
}

fn scopes(operator: &Operator) -> String {
    operator.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
}

fn status(operator: &Operator, now: Timestamp) -> &'static str {
    match operator {
        operator if operator.revoked_on.is_some() => "revoked",
        operator if operator.is_live(now) => "active",
        _ => "expired",
    }
}

fn view(operator: &Operator, now: Timestamp) -> serde_json::Value {
    json!({
        "id": operator.id,
        "name": operator.name,
        "status": status(operator, now),
        "scopes": operator.scopes,
        "hint": operator.hint,
        "createdOn": operator.created_on.rfc3339(),
        "expiresOn": operator.expires_on.map(Timestamp::rfc3339),
        "revokedOn": operator.revoked_on.map(Timestamp::rfc3339),
        "lastUsedOn": operator.last_used_on.map(Timestamp::rfc3339),
    })
}

fn table(operators: &[Operator], now: Timestamp) -> String {
    let rows: Vec<Vec<String>> = operators
        .iter()
        .map(|operator| {
            vec![
                operator.name.clone(),
                status(operator, now).to_owned(),
                scopes(operator),
                operator.hint.clone(),
                operator.expires_on.map_or_else(|| "never".to_owned(), Timestamp::rfc3339),
                operator.last_used_on.map_or_else(|| "never".to_owned(), Timestamp::rfc3339),
                operator.id.clone(),
            ]
        })
        .collect();
    output::table(Palette::stdout(), &["NAME", "STATUS", "SCOPES", "TOKEN", "EXPIRES ON", "LAST USED ON", "ID"], &rows)
}
