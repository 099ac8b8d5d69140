//! `tollgate man`

use anyhow::Context;

use crate::cli::{self, ManArgs};
use crate::output;

pub(crate) fn run(args: &ManArgs) -> anyhow::Result<()> {
    match &args.dir {
        Some(dir) => {
            std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
            clap_mangen::generate_to(cli::command(), dir)
                .with_context(|| format!("cannot write the manual pages into {}", dir.display()))?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(cli::command()).render(&mut page)?;
            output::raw(String::from_utf8_lossy(&page));
        }
    }
    Ok(())
}
