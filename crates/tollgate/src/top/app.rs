//! What `top` shows at a moment, and what a key changes in it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tollgate_admin::views::LiveView;

use super::sample::Sample;
use super::sheet::{Sheet, View};

/// How the table of one view is sorted.
#[derive(Debug, Clone, Copy)]
struct Sorting {
    column: usize,
    reversed: bool,
}

/// What is shown.
#[derive(Debug)]
pub(crate) struct App {
    last: LiveView,
    pub(crate) sample: Sample,
    pub(crate) view: View,
    sortings: [Sorting; View::ALL.len()],
    pub(crate) filter: String,
    /// Whether keys are part of the filter.
    pub(crate) typing: bool,
    pub(crate) paused: bool,
    /// The first row that is shown.
    pub(crate) scroll: usize,
    /// Why the gateway does not answer any more.
    pub(crate) lost: Option<String>,
}

/// What comes after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Go,
    Quit,
}

impl App {
    pub(crate) fn new(first: LiveView) -> Self {
        // The busiest first; of what has no number there, by name.
        let by = |column| Sorting { column, reversed: false };
        Self {
            sample: Sample::between(None, &first),
            last: first,
            view: View::Routes,
            sortings: [by(1), by(1), by(1), by(1), by(0), by(2)],
            filter: String::new(),
            typing: false,
            paused: false,
            scroll: 0,
            lost: None,
        }
    }

    /// Takes another look at the gateway.
    pub(crate) fn look(&mut self, outcome: anyhow::Result<LiveView>) {
        match outcome {
            Ok(now) => {
                self.lost = None;
                if !self.paused {
                    self.sample = Sample::between(Some(&self.last), &now);
                }
                self.last = now;
            }
            Err(error) => self.lost = Some(format!("{error:#}")),
        }
    }

    /// The table as it is to be shown, and the column that it is sorted by.
    pub(crate) fn sheet(&self) -> (Sheet, usize) {
        let mut sheet = Sheet::of(self.view, &self.sample);
        let Sorting { column, reversed } = self.sortings[self.view as usize];
        if !self.filter.is_empty() {
            sheet.filter(&self.filter);
        }
        sheet.sort(column, reversed);
        (sheet, column)
    }

    /// Does what a key says.
    pub(crate) fn key(&mut self, key: KeyEvent) -> After {
        if key.kind == KeyEventKind::Release {
            return After::Go;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return if matches!(key.code, KeyCode::Char('c' | 'd')) { After::Quit } else { After::Go };
        }
        if self.typing {
            self.type_into_filter(key.code);
            return After::Go;
        }
        match key.code {
            KeyCode::Char('q') => return After::Quit,
            KeyCode::Esc if self.filter.is_empty() => return After::Quit,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Char(' ') => self.paused = !self.paused,
            KeyCode::Char('s') => self.sort_by_the_next(),
            KeyCode::Char('r') => self.sorting().reversed ^= true,
            KeyCode::Char(digit @ '1'..='6') => self.show(digit as usize - '1' as usize),
            KeyCode::Tab | KeyCode::Right => self.show(self.view as usize + 1),
            KeyCode::BackTab | KeyCode::Left => self.show(self.view as usize + View::ALL.len() - 1),
            KeyCode::Down => self.scroll += 1,
            KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageDown => self.scroll += 10,
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(10),
            KeyCode::Home => self.scroll = 0,
            _ => {}
        }
        After::Go
    }

    fn type_into_filter(&mut self, code: KeyCode) {
        self.scroll = 0;
        match code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => _ = self.filter.pop(),
            KeyCode::Char(character) if self.filter.chars().count() < 40 => self.filter.push(character),
            _ => {}
        }
    }

    fn show(&mut self, place: usize) {
        self.view = View::ALL[place % View::ALL.len()];
        self.scroll = 0;
    }

    fn sorting(&mut self) -> &mut Sorting {
        &mut self.sortings[self.view as usize]
    }

    fn sort_by_the_next(&mut self) {
        let columns = Sheet::of(self.view, &self.sample).head.len();
        let sorting = self.sorting();
        *sorting = Sorting { column: (sorting.column + 1) % columns, reversed: false };
    }
}
