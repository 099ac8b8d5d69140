//! `tollgate explain`

use std::process::ExitCode;

use anyhow::bail;

use crate::cli::{ExplainArgs, Explained};

pub(crate) async fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    match args.explained().map_err(anyhow::Error::msg)? {
        Explained::Answered(id) => bail!("`{id}` is no method\n  help: tollgate explain GET /path"),
        Explained::Request { .. } => bail!("requests cannot be explained yet"),
    }
}
