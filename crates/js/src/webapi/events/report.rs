//! Errors that nobody catches, and that end nothing.

use std::rc::Rc;

use crate::{Engine, Task, Thrown};

/// Tells the host of an error that was thrown where nobody could catch it.
pub(in crate::webapi) fn report(engine: &Engine, task: &Rc<Task>, what: &str, thrown: &Thrown) {
    engine.notice_full_heap(thrown);
    let stack = if thrown.stack.is_empty() { String::new() } else { format!("\n{}", thrown.stack.trim_end()) };
    engine.host().unhandled(task, &format!("{what}: {thrown}{stack}"));
}
