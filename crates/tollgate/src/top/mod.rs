//! `tollgate top`: a running gateway, watched in the terminal.
//!
//! [`sample`] makes of two looks what happened between them, [`sheet`] the tables of it; [`app`] is what
//! is shown at a moment, [`screen`] draws it.

mod app;
pub(crate) mod sample;
mod screen;
pub(crate) mod sheet;

use std::time::Duration;

use anyhow::Context;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tollgate_admin::views::LiveView;

use crate::client::ManagementClient;
use crate::output::Palette;
use app::{After, App};
use screen::Looks;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// One look at a gateway.
pub(crate) async fn look(client: &ManagementClient) -> anyhow::Result<LiveView> {
    let answer = tokio::time::timeout(PATIENCE, client.get("/v1/live")).await;
    answer.with_context(|| format!("the gateway did not answer within {} s", PATIENCE.as_secs()))?
}

/// Watches until a key, or a signal, ends it. The terminal is as it was when this returns, and after a
/// panic too.
pub(crate) async fn watch(client: ManagementClient, first: LiveView, every: Duration) -> anyhow::Result<()> {
    let mut ends = Ends::new().context("signals cannot be waited for")?;
    let mut terminal = ratatui::try_init().context("the terminal cannot be taken over")?;
    let outcome = run(&mut terminal, client, App::new(first), every, &mut ends).await;
    ratatui::restore();
    outcome
}

async fn run(
    terminal: &mut DefaultTerminal,
    client: ManagementClient,
    mut app: App,
    every: Duration,
    ends: &mut Ends,
) -> anyhow::Result<()> {
    let looks = Looks { color: Palette::stdout().0 };
    let mut events = events();
    let mut looked = looks_at(client, every);
    loop {
        terminal.draw(|frame| screen::draw(frame, &app, looks)).context("the terminal is gone")?;
        tokio::select! {
            outcome = looked.recv() => match outcome {
                Some(outcome) => app.look(outcome),
                None => return Ok(()),
            },
            event = events.recv() => match event {
                Some(Event::Key(key)) if app.key(key) == After::Quit => return Ok(()),
                // A terminal of another size is drawn anew.
                Some(_) => {}
                None => return Ok(()),
            },
            () = ends.come() => return Ok(()),
        }
    }
}

/// Looks again and again, beside the keys: a gateway that hangs does not make them wait.
fn looks_at(client: ManagementClient, every: Duration) -> mpsc::Receiver<anyhow::Result<LiveView>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            if sender.send(look(&client).await).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// What comes from the terminal. Reading it blocks, and so has a thread, which ends with the process.
fn events() -> mpsc::UnboundedReceiver<Event> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The signals that end it.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Ends {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn come(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
