//! What gathers the chunks of a script's stream, and makes of them what was asked for.

use rquickjs::class::{JsClass, Trace, Tracer, Writable};
use rquickjs::function::{Constructor, This};
use rquickjs::{Class, Ctx, JsLifetime, Object, Value};

use super::read::{How, too_long};
use crate::bytes as buffers;
use crate::webapi::fetch::ledger::Charge;
use crate::webapi::fetch::members::Members;

/// The chunks so far.
#[derive(JsLifetime)]
pub(crate) struct Collector {
    how: How,
    content_type: Option<String>,
    most: usize,
    charge: Charge,
    bytes: Vec<u8>,
}

impl Collector {
    pub(super) fn new(how: How, content_type: Option<String>, most: usize, charge: Charge) -> Self {
        Self { how, content_type, most, charge, bytes: Vec::new() }
    }
}

type Itself<'js> = This<Class<'js, Collector>>;

fn add<'js>(ctx: Ctx<'js>, this: Itself<'js>, chunk: Value<'js>) -> rquickjs::Result<()> {
    let chunk = buffers::view(&chunk)?.unwrap_or_default();
    let most = this.0.borrow().most;
    if chunk.len() > most - this.0.borrow().bytes.len() {
        return Err(too_long(most).throw(&ctx));
    }
    let mut collector = this.0.borrow_mut();
    collector.charge.add(chunk.len()).map_err(|full| full.throw(&ctx))?;
    collector.bytes.extend_from_slice(&chunk);
    Ok(())
}

fn finish<'js>(ctx: Ctx<'js>, this: Itself<'js>) -> rquickjs::Result<Value<'js>> {
    let (how, bytes, content_type) = {
        let mut collector = this.0.borrow_mut();
        (collector.how, std::mem::take(&mut collector.bytes), collector.content_type.take())
    };
    how.finish(&ctx, &bytes, content_type)
}

impl<'js> Trace<'js> for Collector {
    fn trace<'a>(&self, _: Tracer<'a, 'js>) {}
}

impl<'js> JsClass<'js> for Collector {
    const NAME: &'static str = "BodyCollector";
    type Mutable = Writable;

    fn prototype(ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        let prototype = Object::new(ctx.clone())?;
        let members = Members(&prototype);
        members.method("add", add)?;
        members.method("finish", finish)?;
        Ok(Some(prototype))
    }

    fn constructor(_: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}
