//! Stack traces of QuickJS, in the words of the files' authors.
//!
//! A frame is `    at name (file:line:column)`, `    at file:line:column` for a place where a text cannot
//! be read, or `    at name (native)`. Columns count bytes from 1, but from 0 in the first line.

use crate::{commonjs::file_of, errors::Position, graph::Graph};

/// A frame that has a place.
struct Frame<'s> {
    /// What is before the place.
    before: &'s str,
    id: &'s str,
    line: u32,
    column: u32,
    /// What is after it.
    after: &'s str,
}

fn frame(line: &str) -> Option<Frame<'_>> {
    let at = line.trim_start().strip_prefix("at ")?;
    let start = line.len() - at.len();
    let (start, end) = match (at.find(" ("), at.strip_suffix(')')) {
        (Some(open), Some(_)) => (start + open + 2, line.len() - 1),
        _ => (start, line.len()),
    };
    let place = line.get(start..end)?;
    let (rest, column) = place.rsplit_once(':')?;
    let (id, row) = rest.rsplit_once(':')?;
    Some(Frame {
        before: line.get(..start)?,
        id,
        line: row.parse().ok()?,
        column: column.parse().ok()?,
        after: line.get(end..)?,
    })
}

fn original(graph: &Graph, frame: &Frame<'_>) -> Option<Position> {
    let column = if frame.line == 1 && frame.column > 1 { frame.column + 1 } else { frame.column };
    graph.original(frame.id, frame.line, column)
}

/// Whether nobody who reads the trace wrote what is there: a module of the host or of this crate, or a
/// face of a CommonJS module.
fn is_internal(graph: &Graph, id: &str) -> bool {
    id.starts_with("tollgate:") || graph.is_generated(id)
}

/// The trace with places translated, and without frames of internal modules.
pub(crate) fn translate(graph: &Graph, stack: &str) -> String {
    let mut translated = String::with_capacity(stack.len());
    // Where the native functions begin that the next frame has called.
    let mut natives = None;
    for line in stack.split_inclusive('\n') {
        let (text, end) = match line.strip_suffix('\n') {
            Some(text) => (text, "\n"),
            None => (line, ""),
        };
        let Some(frame) = frame(text) else {
            let native = text.ends_with(" (native)");
            natives = native.then(|| natives.unwrap_or(translated.len()));
            translated.push_str(line);
            continue;
        };
        let natives = natives.take();
        if is_internal(graph, frame.id) {
            translated.truncate(natives.unwrap_or(translated.len()));
            continue;
        }
        match original(graph, &frame) {
            Some(Position { file, line, column }) => {
                translated.push_str(&format!("{}{file}:{line}:{column}{}{end}", frame.before, frame.after));
            }
            // Something of the host.
            None => {
                let file = file_of(frame.id);
                let Frame { before, line, column, after, .. } = frame;
                translated.push_str(&format!("{before}{file}:{line}:{column}{after}{end}"));
            }
        }
    }
    translated
}

/// The first place in a file of the project.
pub(crate) fn first_of_project(graph: &Graph, stack: &str) -> Option<Position> {
    let frames = stack.lines().filter_map(frame).filter(|frame| !is_internal(graph, frame.id));
    frames
        .filter(|frame| !frame.id.split('/').any(|part| part == "node_modules"))
        .find_map(|frame| original(graph, &frame))
}
