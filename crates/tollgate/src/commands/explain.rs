//! `tollgate explain`

use std::process::ExitCode;

use anyhow::bail;

use super::explain_request;
use crate::cli::{ExplainArgs, Explained, GatewayFlag};

pub(crate) async fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    match args.explained().map_err(anyhow::Error::msg)? {
        Explained::Answered(id) => {
            let gateway = GatewayFlag { data_dir: args.data_dir.clone(), project: Some(args.dir.clone()) };
            explain_request::run(id, &gateway, args.output).await?;
            Ok(ExitCode::SUCCESS)
        }
        Explained::Request { .. } => bail!("requests cannot be explained yet"),
    }
}
