//! `tollgate plan`

use std::fs::File;
use std::io::{BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Context;

use crate::against::{self, Both};
use crate::cli::{Output, PlanArgs};
use crate::output::{self, Palette};
use crate::plan::replay::{self, Progress, Replay};
use crate::plan::{self, Plan};
use crate::scan::size;

/// With `--detailed-exit-code`: something changes, and nothing becomes weaker.
const CHANGES: u8 = 3;
/// With `--detailed-exit-code`: something becomes weaker.
const WEAKER: u8 = 4;

pub(crate) async fn run(args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let both = against::both(args).await?;
    let (weaker, any) = match &args.replay {
        Some(log) => {
            let replay = replayed(log, both)?;
            print_replay(&replay, args)?;
            (replay.weaker > 0, replay.different > 0)
        }
        None => {
            let plan = plan::compare(&both.old, &both.new, both.against, both.project)?;
            print(&plan, args)?;
            (plan.summary.weaker > 0, !plan.is_empty())
        }
    };
    Ok(match (args.detailed_exit_code, weaker, any) {
        (false, ..) | (_, false, false) => ExitCode::SUCCESS,
        (true, true, _) => ExitCode::from(WEAKER),
        (true, false, true) => ExitCode::from(CHANGES),
    })
}

fn print(plan: &Plan, args: &PlanArgs) -> anyhow::Result<()> {
    match args.output {
        _ if args.markdown => output::raw(plan::markdown(plan)),
        Output::Json => output::json(plan)?,
        Output::Text => output::raw(plan::text(plan, Palette::stdout())),
    }
    Ok(())
}

fn print_replay(replay: &Replay, args: &PlanArgs) -> anyhow::Result<()> {
    match args.output {
        _ if args.markdown => output::raw(plan::replayed_markdown(replay)),
        Output::Json => output::json(replay)?,
        Output::Text => output::raw(plan::replayed(replay, Palette::stdout())),
    }
    Ok(())
}

/// Reads the log, and tells how far it is once that takes longer than two seconds.
fn replayed(log: &Path, both: Both) -> anyhow::Result<Replay> {
    let progress = Arc::new(Progress::default());
    let (input, total): (Box<dyn Read>, Option<u64>) = if log == Path::new("-") {
        (Box::new(std::io::stdin().lock()), None)
    } else {
        let file = File::open(log).with_context(|| format!("the log {} cannot be read", log.display()))?;
        let total = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
        (Box::new(file), total)
    };
    let (done, is_done) = channel::<()>();
    let telling = Arc::clone(&progress);
    let teller = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
        let terminal = std::io::stderr().is_terminal();
        let mut pause = Duration::from_secs(2);
        let mut told = false;
        while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(pause) {
            let (lines, bytes) = (telling.lines.load(Ordering::Relaxed), telling.bytes.load(Ordering::Relaxed));
            let of = total.map(|total| format!(" of {}", size(total))).unwrap_or_default();
            let text = format!("replayed {lines} lines, {}{of}", size(bytes));
            if terminal {
                let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K{text}");
            } else {
                output::note(&text);
            }
            told = terminal;
            pause = if terminal { Duration::from_millis(500) } else { Duration::from_secs(10) };
        }
        if told {
            let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
        }
    });
    let Both { old, against, new, project } = both;
    let reader = BufReader::with_capacity(1 << 18, input);
    let replay = replay::run(reader, (&old, against), (&new, project), &progress);
    drop(done);
    if let Ok(teller) = teller {
        let _ = teller.join();
    }
    replay
}
