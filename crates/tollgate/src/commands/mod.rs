//! One module for each command.

pub(crate) mod audit;
pub(crate) mod bucket;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod consumer;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod explain_request;
pub(crate) mod healthcheck;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod key_import;
pub(crate) mod log_level;
pub(crate) mod man;
pub(crate) mod operator;
pub(crate) mod plan;
pub(crate) mod policies;
pub(crate) mod reload;
pub(crate) mod requests;
pub(crate) mod routes;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod schema;
pub(crate) mod snapshots;
pub(crate) mod snippet;
pub(crate) mod store;
pub(crate) mod test;
pub(crate) mod token;
pub(crate) mod top;
pub(crate) mod types;
pub(crate) mod upgrade;
pub(crate) mod usage;
pub(crate) mod version;

use tollgate_admin::OperationError;

/// Adds what to do next to an error about consumers and keys.
pub(crate) fn explain(error: OperationError) -> anyhow::Error {
    let help = match &error {
        OperationError::NotFound { kind: "consumer", name, .. } => {
            Some(format!("`tollgate consumer list` shows all; make it: tollgate consumer create {}", quoted(name)))
        }
        OperationError::NotFound { kind: "key", .. } => Some("`tollgate key list` shows all".to_owned()),
        OperationError::Exists { kind: "consumer", name } => {
            Some(format!("change it: tollgate consumer update {}", quoted(name)))
        }
        _ => None,
    };
    match help {
        Some(help) => anyhow::anyhow!("{error}\n  help: {help}"),
        None => error.into(),
    }
}

/// A word for the shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
