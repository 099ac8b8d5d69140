//! The command line of what is written in TypeScript.

use std::path::PathBuf;

use clap::Args;

use super::{Output, ServeArgs};

/// `test`
#[derive(Debug, Args)]
#[command(after_help = "\
Tests are the files tests/**/*.test.ts; they import `describe`, `it` and `TestHelper` from
\"@tollgate/test\". TestHelper.TEST_URL is where the gateway listens.

Examples:
  tollgate test my-api
  tollgate test my-api --filter \"#smoke\"
  tollgate test my-api --filter \"/orders? (create|delete)/\"
  tollgate test my-api --endpoint https://staging.example.com      Against one that runs already")]
pub struct TestArgs {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Test a gateway that runs already, at this URL
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Only tests whose name (\"describe it\") has this text, or matches this /expression/
    #[arg(long, value_name = "TEXT|/REGEX/")]
    pub filter: Option<String>,
    /// Leave out tests whose name has this text, or matches this /expression/
    #[arg(long, value_name = "TEXT|/REGEX/")]
    pub skip_filter: Option<String>,
    /// Honour `it.only` and `describe.only`
    #[arg(long)]
    pub only: bool,
    /// How the gateway is started
    #[command(flatten)]
    pub serve: ServeArgs,
    /// How to print the results
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `types`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate types my-api            Then open my-api/modules in an editor
  npx tsc --noEmit -p my-api       Checks the modules, with the stock compiler")]
pub struct TypesArgs {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
}
