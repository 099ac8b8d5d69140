//! `tollgate completions`

use crate::cli::{self, CompletionsArgs};
use crate::output;

pub(crate) fn run(args: &CompletionsArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "tollgate", &mut script);
    output::raw(String::from_utf8_lossy(&script));
}
