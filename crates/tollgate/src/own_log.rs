//! The gateway's own log: how it looks, and what it tells, which can change while it runs.

use std::sync::OnceLock;

use tollgate_proxy::debugged;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, reload};

/// How it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// For people at a terminal.
    Compact {
        /// Whether levels are coloured.
        color: bool,
    },
    /// One JSON object in each line.
    Json,
}

/// The filter in force.
struct Filter {
    /// What it was at the start.
    usual: String,
    replace: Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>,
}

/// A subscriber is the process's, and so is its filter.
static FILTER: OnceLock<Filter> = OnceLock::new();

/// Begins to write to standard error: what `RUST_LOG` asks for, else `usual`.
pub(crate) fn begin(style: Style, usual: &str) {
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    // Requests in detail are told of where somebody has asked for them.
    let usual = format!("{asked},{}=debug", debugged::TARGET);
    let (filter, handle) = reload::Layer::new(EnvFilter::new(&usual));
    let subscriber = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match style {
        Style::Json => subscriber.with(lines.json().flatten_event(true)).init(),
        Style::Compact { color } => subscriber.with(lines.compact().with_target(false).with_ansi(color)).init(),
    }
    let _ = FILTER.set(Filter { usual, replace: Box::new(move |filter| handle.reload(filter)) });
}

/// Tells what is usual, and of these targets what their levels say.
///
/// # Errors
/// Where a level is no directive, or nobody writes this log.
pub(crate) fn tell(levels: &[(String, &'static str)]) -> Result<(), String> {
    let Some(filter) = FILTER.get() else { return Err("this process has no log to set levels of".to_owned()) };
    let mut text = filter.usual.clone();
    for (target, level) in levels {
        text.push_str(&format!(",{target}={level}"));
    }
    let wanted = EnvFilter::try_new(text).map_err(|error| error.to_string())?;
    (filter.replace)(wanted).map_err(|error| error.to_string())
}
