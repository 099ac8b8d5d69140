//! Drawing: three lines about the whole, the views, one table, and the keys. Everything that matters
//! fits into 80 columns and 24 lines.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table};

use super::app::App;
use super::sheet::{Cell, View};

/// Whether there are colours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looks {
    pub(crate) color: bool,
}

impl Looks {
    fn paint(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new().add_modifier(Modifier::BOLD) }
    }

    fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }
}

pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, looks: Looks) {
    let parts = [Constraint::Length(3), Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)];
    let [head, views, table, foot] = Layout::vertical(parts).areas(frame.area());
    frame.render_widget(Paragraph::new(summary(app, looks)), head);
    frame.render_widget(Paragraph::new(views_line(app)), views);
    draw_table(frame, table, app, looks);
    frame.render_widget(Paragraph::new(keys_line(app, looks)), foot);
}

fn summary(app: &App, looks: Looks) -> Vec<Line<'static>> {
    let sample = &app.sample;
    let snapshot: String = sample.snapshot.chars().take(12).collect();
    let mut first = vec![
        Span::styled("tollgate", Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!(
            " {} · {} · snapshot {snapshot} · up {}",
            sample.version,
            sample.mode,
            up(sample.up_seconds)
        )),
    ];
    if let Some(lost) = &app.lost {
        let lost = lost.lines().next().unwrap_or_default();
        first = vec![Span::styled(format!("NO ANSWER: {lost}; asking again"), looks.paint(Color::Red))];
    } else if sample.degraded.is_some() {
        first.push(Span::styled(" · the project on disk is broken", looks.paint(Color::Yellow)));
    }
    if app.paused {
        first.push(Span::styled(" · PAUSED", looks.paint(Color::Yellow)));
    }
    let total = &sample.total;
    let errors = if total.server_error_percent > 0.0 { looks.paint(Color::Red) } else { Style::new() };
    let second = vec![
        Span::raw(format!(
            "{:.1} req/s · p50 {:.1} ms · p99 {:.1} ms · 4xx {:.1}% · ",
            total.per_second, total.p50_ms, total.p99_ms, total.client_error_percent
        )),
        Span::styled(format!("5xx {:.1}%", total.server_error_percent), errors),
    ];
    let state = |name: &str, good: bool| {
        let style = if good { Style::new() } else { looks.paint(Color::Red) };
        Span::styled(format!(" · {name} {}", if good { "ok" } else { "AWAY" }), style)
    };
    let threads = sample.script_threads;
    let mut third = vec![
        Span::raw(format!("{} under way · {} connections", sample.in_flight, sample.connections)),
        state("store", sample.store.up),
        state("limits", sample.limits.up),
    ];
    if !sample.key_sets.is_empty() {
        third.push(state("key sets", sample.key_sets.iter().all(|set| set.error.is_none())));
    }
    if threads.threads > 0 {
        let text = format!(" · scripts {}/{} busy, {} wait", threads.busy, threads.threads, threads.waiting);
        third.push(Span::raw(text));
    }
    vec![Line::from(first), Line::from(second), Line::from(third)]
}

fn up(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a process does not run for so long")]
    let seconds = seconds.max(0.0) as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

fn views_line(app: &App) -> Line<'static> {
    let mut spans = Vec::new();
    for (place, view) in View::ALL.into_iter().enumerate() {
        let style = match view == app.view {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new(),
        };
        spans.push(Span::styled(format!(" {} {} ", place + 1, view.title()), style));
    }
    Line::from(spans)
}

fn draw_table(frame: &mut Frame<'_>, area: Rect, app: &App, looks: Looks) {
    let (sheet, sorted_by) = app.sheet();
    if sheet.rows.is_empty() {
        let text = if app.filter.is_empty() { "nothing yet" } else { "nothing that the filter lets through" };
        frame.render_widget(Paragraph::new(text).style(looks.dim()), area);
        return;
    }
    let scroll = app.scroll.min(sheet.rows.len().saturating_sub(1));
    let is_number = |column: usize| sheet.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Number(..))));
    let widths: Vec<Constraint> = (0..sheet.head.len())
        .map(|column| match column {
            0 => Constraint::Min(16),
            // With room for the mark behind the title.
            column => Constraint::Length(longest(&sheet.rows, column).max(width(sheet.head[column]) + 1)),
        })
        .collect();
    let head = sheet.head.iter().enumerate().map(|(column, title)| {
        let mark = if column == sorted_by { "▾" } else { "" };
        match is_number(column) {
            true => Line::from(format!("{title}{mark}")).right_aligned(),
            false => Line::from(format!("{title}{mark}")),
        }
    });
    let rows = sheet.rows.iter().skip(scroll).map(|row| {
        Row::new(row.iter().map(|cell| match cell {
            Cell::Number(_, shown) => Line::from(shown.clone()).right_aligned(),
            Cell::Text(text) => Line::from(text.clone()),
        }))
    });
    let table = Table::new(rows, widths).header(Row::new(head).style(looks.dim())).column_spacing(1);
    frame.render_widget(table, area);
}

fn longest(rows: &[Vec<Cell>], column: usize) -> u16 {
    rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell.shown())).max().unwrap_or(0)
}

fn width(text: &str) -> u16 {
    u16::try_from(text.chars().count()).unwrap_or(u16::MAX - 1)
}

fn keys_line(app: &App, looks: Looks) -> Line<'static> {
    if app.typing {
        return Line::from(format!("filter: {}_   Enter keeps it, Esc drops it", app.filter));
    }
    let filter = if app.filter.is_empty() { String::new() } else { format!("filter: {} · ", app.filter) };
    let keys = "q quit · 1-6 Tab view · s sort · r reverse · / filter · ↑↓ scroll · space pause";
    Line::from(vec![Span::raw(filter), Span::styled(keys, looks.dim())])
}
