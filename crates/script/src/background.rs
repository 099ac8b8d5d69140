//! What a call goes on doing once it has its answer: a stream that it answers with, what was given to
//! `waitUntil`, requests and timers that nobody waits for.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;
use tollgate_js::Task;
use tollgate_js::engine::Stopped;

use crate::context::Context;
use crate::live::Live;

/// How often it is looked what the work in the background has taken of the processor.
const LOOK: Duration = Duration::from_secs(1);

/// Tells a call that its client has gone.
pub(crate) fn leave(live: &Live, context: &Context, task: &Rc<Task>) {
    let client = Rc::clone(&context.state().client);
    // What a listener throws is told to the log; an error here means that the call was stopped.
    let _ = live.engine.enter(task, |ctx| client.leave(ctx).map_err(|_| drop(ctx.catch())));
}

/// Follows a call until nothing of it is left, or until that takes more than it may. A stream may last, as long as
/// each piece comes within the time that a call has. Everything else has that time from the answer, or from the
/// last piece, and in each second as much of the processor as a call.
pub(crate) async fn follow(live: Rc<Live>, context: Rc<Context>, task: Rc<Task>) {
    let limits = live.engine.limits().clone();
    let answered = Instant::now();
    let (mut since, mut used) = (answered, task.cpu());
    let mut told = false;
    while task.is_busy() {
        let streams = task.streamed();
        if streams.left && !told {
            told = true;
            leave(&live, &context, &task);
            continue;
        }
        let now = Instant::now();
        if streams.open {
            // Each piece has a budget of its own.
            (since, used) = (now, task.cpu());
        }
        let until = streams.moved.map_or(answered, |moved| moved.max(answered)) + limits.wall;
        let allowed = limits.cpu.mul_f64(1.0 + now.duration_since(since).as_secs_f64());
        if now >= until {
            return stop(&context, &task, Stopped::Wall);
        }
        if task.cpu().saturating_sub(used) > allowed {
            return stop(&context, &task, Stopped::Cpu);
        }
        tokio::select! {
            biased;
            () = task.changed() => {}
            () = tokio::time::sleep_until(until.min(now + LOOK)) => {}
        }
    }
}

/// Ends what is left of a call. None of its code runs at this moment, so that the engine is as good as before.
fn stop(context: &Context, task: &Task, why: Stopped) {
    let id = context.state().with(|seed| seed.id.to_string()).unwrap_or_default();
    tracing::warn!(target: "script", request_id = id, "what a call left in the background was stopped: {why}");
    task.stop(why);
}
