//! `setTimeout` and its like, and `performance`.
//!
//! A timer is work of the call whose code set it: it counts as such, and goes with the call. All timers
//! of one call are kept by one piece of host work, so that they ring in the order in which they are
//! due, and those due at the same time in the order in which they were set.

mod queue;

use std::rc::Rc;
use std::time::Duration;

use rquickjs::{Ctx, FromJs, Function, Object, Persistent, Value};
use tokio::time::Instant;

use crate::library::Area;
use crate::{Engine, Failure};
use queue::{Call, Keeper, Timer, Timers};

pub(super) static AREA: Area = Area {
    native: Some(native),
    globals: &[
        "setTimeout",
        "setInterval",
        "setImmediate",
        "clearTimeout",
        "clearInterval",
        "clearImmediate",
        "performance",
    ],
    ..Area::built("timers")
};

/// The longest delay, in milliseconds: what is longer is taken for none, as everywhere.
const LONGEST: f64 = 2_147_483_647.0;

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    let timers = Rc::new(Timers::default());
    let cleared = Rc::clone(&timers);
    let start = move |ctx, callback, delay, kind| start(&timers, &ctx, callback, delay, &kind);
    native.set("start", Function::new(ctx.clone(), start)?)?;
    native.set("clear", Function::new(ctx.clone(), move |id: f64| cleared.clear(id))?)?;
    native.set("now", Function::new(ctx.clone(), now)?)?;
    Ok(native)
}

/// What kind of timer, as the module says it.
enum Kind {
    Once,
    Repeats,
    /// Rings once, and the call does not wait for it.
    Idle,
    /// Rings once, as soon as everybody else has had a turn.
    Immediate,
}

impl<'js> FromJs<'js> for Kind {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        Ok(match u8::from_js(ctx, value)? {
            0 => Self::Once,
            1 => Self::Repeats,
            2 => Self::Idle,
            _ => Self::Immediate,
        })
    }
}

fn start(
    timers: &Rc<Timers>,
    ctx: &Ctx<'_>,
    callback: Persistent<Function<'static>>,
    delay: f64,
    kind: &Kind,
) -> rquickjs::Result<u32> {
    let engine = Engine::of(ctx)?;
    let task = engine.current()?;
    let delay = if matches!(kind, Kind::Immediate) {
        0.0
    } else if (1.0..=LONGEST).contains(&delay) {
        delay.trunc()
    } else {
        1.0
    };
    let delay = Duration::try_from_secs_f64(delay / 1000.0).unwrap_or_default();
    let call = Call::of(&task, matches!(kind, Kind::Idle));
    let most = engine.limits().work;
    if timers.count(call) >= most {
        return Err(Failure::range_error(format!("more than {most} timers under way")).throw(ctx));
    }
    let callback = engine.turns().bind(ctx, callback)?;
    let timer =
        Timer { call, callback, due: Instant::now() + delay, repeats: matches!(kind, Kind::Repeats).then_some(delay) };
    let (id, first) = timers.add(timer);
    if first {
        let keeper = Keeper::new(call, timers, &engine, &task).keep();
        let spawned = if call.idle { task.spawn_idle(keeper) } else { task.spawn(keeper) };
        spawned.map_err(|failure| failure.throw(ctx))?;
    }
    Ok(id)
}

/// Milliseconds since some point in the past.
fn now(ctx: Ctx<'_>) -> rquickjs::Result<f64> {
    Ok(Engine::of(&ctx)?.host().monotonic().as_secs_f64() * 1000.0)
}
