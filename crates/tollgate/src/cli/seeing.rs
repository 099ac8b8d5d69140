//! `requests` and `top`: what a running gateway is asked.

use std::path::PathBuf;

use clap::Args;
use tollgate_core::units::Interval;

use super::Output;

/// Which running gateway.
#[derive(Debug, Clone, Args)]
pub struct GatewayFlag {
    /// The folder of its data. Default: .tollgate in the project
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true, help_heading = "Gateway")]
    pub data_dir: Option<PathBuf>,
    /// The folder of its project; this folder unless given
    #[arg(long, value_name = "DIR", help_heading = "Gateway")]
    pub project: Option<PathBuf>,
}

/// `requests`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate requests                       The last failures
  tollgate requests --status 5xx
  tollgate requests --reason key. --limit 50     Everything about keys
  tollgate requests --all --route getTodos       Those that went well, too")]
pub struct RequestsArgs {
    /// Only those with this reason; with a dot at its end (`upstream.`) all that begin so
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Only those with this status (502), or of this class (5xx)
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// Only those on this route, by id
    #[arg(long, value_name = "ROUTE")]
    pub route: Option<String>,
    /// Only those of this consumer
    #[arg(long, value_name = "NAME")]
    pub consumer: Option<String>,
    /// Those without a failure that are remembered, too
    #[arg(long)]
    pub all: bool,
    /// How many at most, up to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub limit: u16,
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayFlag,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `top`
#[derive(Debug, Args)]
#[command(after_help = "\
Keys: 1-6 or Tab what to look at · s sort by the next column · r reverse · / filter · space pause · q quit

Examples:
  tollgate top --data-dir /var/lib/tollgate
  tollgate top --once                              One look, for a ticket or a log
  tollgate top --output json | jq '.routes[] | select(.serverErrorPercent > 0)'")]
pub struct TopArgs {
    /// How often to look
    #[arg(long, value_name = "DURATION", default_value = "1s")]
    pub interval: Interval,
    /// Print what happened within one interval, and end; so it does where there is no terminal
    #[arg(long)]
    pub once: bool,
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayFlag,
    /// How to print it; `json` looks once
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}
