//! How far the streams have come that a call answers with.

use std::cell::Cell;
use std::rc::Rc;

use tokio::time::Instant;

/// How far one stream has come.
#[derive(Debug)]
pub(crate) struct Progress {
    moved: Cell<Instant>,
    state: Cell<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The next piece is the script's business.
    Flows,
    /// There is one, and nobody has taken it so far.
    Waits,
    Ended,
    /// Nobody reads any more, and there was more to come.
    Left,
}

impl Default for Progress {
    fn default() -> Self {
        Self { moved: Cell::new(Instant::now()), state: Cell::new(State::Flows) }
    }
}

impl Progress {
    /// There is a piece, or one was taken.
    pub(crate) fn moves(&self) {
        self.turn(State::Flows);
    }

    /// A piece waits for whoever reads.
    pub(crate) fn waits(&self) {
        self.turn(State::Waits);
    }

    /// It is over: because the stream has ended, or because nobody reads.
    pub(crate) fn ends(&self, ended: bool) {
        self.turn(if ended { State::Ended } else { State::Left });
    }

    fn turn(&self, state: State) {
        if !matches!(self.state.get(), State::Ended | State::Left) {
            self.state.set(state);
            self.moved.set(Instant::now());
        }
    }
}

/// What has become of the streams that a call answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Streams {
    /// Whether one of them has not ended.
    pub open: bool,
    /// When the last piece came, or was taken. This moment, where one waits for whoever reads.
    pub moved: Option<Instant>,
    /// Whether whoever read one has gone before its end.
    pub left: bool,
}

impl Streams {
    pub(super) fn of(streams: &[Rc<Progress>]) -> Self {
        let moved = streams.iter().map(|stream| match stream.state.get() {
            State::Waits => Instant::now(),
            _ => stream.moved.get(),
        });
        Self {
            open: streams.iter().any(|stream| matches!(stream.state.get(), State::Flows | State::Waits)),
            moved: moved.max(),
            left: streams.iter().any(|stream| stream.state.get() == State::Left),
        }
    }
}
