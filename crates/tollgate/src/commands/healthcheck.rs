//! `tollgate healthcheck`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use http::Method;
use tollgate_admin::views::Readiness;

use crate::cli::HealthcheckArgs;
use crate::client::ManagementClient;
use crate::data_dir::DataDir;
use crate::output;
use crate::run_state::RunState;

/// A probe that waits is a probe that fails.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(args: &HealthcheckArgs) -> anyhow::Result<ExitCode> {
    let address = match (&args.management, &args.data_dir) {
        (Some(address), _) => address.clone(),
        (None, Some(path)) => {
            let state = DataDir::existing(path).as_ref().and_then(RunState::read);
            state.with_context(|| format!("no gateway runs on {}", path.display()))?.management
        }
        (None, None) => {
            bail!("which gateway?\n  help: give --data-dir DIR (the folder that `run` was given), or --management ADDR")
        }
    };
    let path = if args.live { "/livez" } else { "/readyz" };
    let client = ManagementClient::without_token(address.clone());
    let asked = tokio::time::timeout(PATIENCE, client.call(Method::GET, path));
    let (status, body) = asked.await.with_context(|| format!("{address} did not answer within 5 s"))??;
    if args.live {
        output::line(String::from_utf8_lossy(&body).trim_end());
    } else {
        let readiness: Readiness = serde_json::from_slice(&body)
            .with_context(|| format!("what listens on {address} is no management listener of a gateway"))?;
        output::line(readiness.status);
        for (check, state) in readiness.checks.iter().filter(|(_, state)| *state != "ok") {
            output::line(format!("{check}: {state}"));
        }
    }
    Ok(if status.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
