//! `tollgate test`

use std::process::ExitCode;

use crate::cli::TestArgs;

pub(crate) async fn run(_: TestArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not there yet")
}
