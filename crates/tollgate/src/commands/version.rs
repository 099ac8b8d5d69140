//! `tollgate version`

use serde_json::json;

use crate::cli::{Output, VersionArgs};
use crate::output;

pub(crate) fn run(args: &VersionArgs) -> anyhow::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    match args.output {
        Output::Json => output::json(&json!({ "name": "tollgate", "version": version }))?,
        Output::Text => output::line(format!("tollgate {version}")),
    }
    Ok(())
}
