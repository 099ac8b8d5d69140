//! `Intl`, in English as the United States write it, and the methods that stand on it. The engine has none
//! of its own. Nothing of it is loaded before it is used.

mod collate;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rquickjs::convert::List;
use rquickjs::function::{Args, Rest, This};
use rquickjs::object::Property;
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Function, IntoJs, Object, Value};

use crate::Engine;
use crate::bytes::UsvString;
use crate::library::Area;
use collate::Rules;

pub(super) static AREA: Area =
    Area { native: Some(native), install: Some(install), globals: &["Intl"], ..Area::built("intl") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("localZone", Func::from(local_zone))?;
    native.set("zone", Func::from(zone))?;
    native.set("zones", Func::from(zones))?;
    native.set("at", Func::from(at))?;
    native.set("compare", Func::from(compare))?;
    Ok(native)
}

fn name(zone: &TimeZone) -> Option<String> {
    if zone.is_unknown() {
        return None;
    }
    zone.iana_name().map(str::to_owned)
}

fn local_zone() -> String {
    name(&TimeZone::system()).unwrap_or_else(|| "UTC".to_owned())
}

/// A zone as the database spells it.
fn zone(zone: UsvString) -> Option<String> {
    TimeZone::get(&zone.0).ok().as_ref().and_then(name)
}

fn zones() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).collect()
}

/// How many seconds the clocks of a zone are ahead at a moment, and the letters of its time. What lies
/// beyond the calendar of the database has the offset of its end.
fn at<'js>(ctx: Ctx<'js>, zone: String, milliseconds: f64) -> rquickjs::Result<Value<'js>> {
    #[expect(clippy::cast_possible_truncation, reason = "dates of scripts are within ±8.64e15")]
    let milliseconds = milliseconds as i64;
    let moment = Timestamp::from_millisecond(milliseconds);
    let moment = moment.unwrap_or(if milliseconds < 0 { Timestamp::MIN } else { Timestamp::MAX });
    let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
    let info = zone.to_offset_info(moment);
    List((info.offset().seconds(), info.abbreviation())).into_js(&ctx)
}

/// The order of two texts that are decomposed: -1, 0 or 1. `rules`: the flags of [`Rules`], as bits.
fn compare(a: UsvString, b: UsvString, rules: u8) -> i8 {
    let bit = |at: u8| rules & (1 << at) != 0;
    let rules = Rules {
        ignore_accents: bit(0),
        ignore_case: bit(1),
        numeric: bit(2),
        upper_first: bit(3),
        ignore_punctuation: bit(4),
    };
    collate::compare(&a.0, &b.0, rules) as i8
}

/// Methods of the engine's classes: their first call loads the area.
const METHODS: &[(&str, &str)] = &[
    ("Date", "toLocaleString"),
    ("Date", "toLocaleDateString"),
    ("Date", "toLocaleTimeString"),
    ("Number", "toLocaleString"),
    ("BigInt", "toLocaleString"),
    ("String", "localeCompare"),
];

fn install<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<()> {
    for &(class, method) in METHODS {
        let called = move |ctx: Ctx<'js>, this: This<Value<'js>>, values: Rest<Value<'js>>| {
            call(ctx, class, method, this, values)
        };
        let called = Function::new(ctx.clone(), called)?.with_name(method)?;
        called.set_length(usize::from(method == "localeCompare"))?;
        let prototype: Object<'js> = ctx.globals().get::<_, Object<'js>>(class)?.get("prototype")?;
        prototype.prop(method, Property::from(called).configurable().writable())?;
    }
    Ok(())
}

fn call<'js>(
    ctx: Ctx<'js>,
    class: &str,
    method: &str,
    this: This<Value<'js>>,
    values: Rest<Value<'js>>,
) -> rquickjs::Result<Value<'js>> {
    if method == "localeCompare"
        && let Some(order) = plain_order(&this.0, &values.0)
    {
        return order.into_js(&ctx);
    }
    let methods: Object<'js> = Engine::of(&ctx)?.library(&ctx, "intl")?.get("methods")?;
    let of_class: Object<'js> = methods.get(class)?;
    let function: Function<'js> = of_class.get(method)?;
    let mut args = Args::new(ctx, values.0.len() + 1);
    args.push_arg(this.0)?;
    args.push_args(values.0)?;
    function.call_arg(args)
}

/// The order of two texts in ASCII: whoever sorts asks for it again and again.
fn plain_order(this: &Value<'_>, values: &[Value<'_>]) -> Option<i8> {
    let [other] = values else { return None };
    let (a, b) = (this.as_string()?.to_string().ok()?, other.as_string()?.to_string().ok()?);
    (a.is_ascii() && b.is_ascii()).then(|| collate::compare(&a, &b, Rules::default()) as i8)
}
