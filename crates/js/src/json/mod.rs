//! JSON as scripts mostly have it: documents of a few kilobytes, made of plain objects and lists. The engine's own
//! functions take twice to four times as long for these, and are there for everything else: whatever is odd
//! (a document that is wrong, a reviver, `toJSON`, an accessor, a class of the engine's) is theirs from its
//! beginning, so that what they do, and what they say of mistakes, is what scripts see.

mod heap;
mod read;
mod write;

use rquickjs::function::{Rest, This};
use rquickjs::object::Property;
use rquickjs::{Ctx, Exception, Function, JsLifetime, Object, Value};

pub(crate) use heap::is_of_no_class;
use heap::{Heap, Held};
use read::Unread;
use write::Unwritten;

/// The engine's own functions.
#[derive(Clone, JsLifetime)]
struct Engines<'js> {
    parse: Function<'js>,
    stringify: Function<'js>,
}

/// Puts `JSON.parse` and `JSON.stringify` in the place of the engine's.
pub(crate) fn install<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<()> {
    let json: Object<'js> = ctx.globals().get("JSON")?;
    drop(ctx.store_userdata(Engines { parse: json.get("parse")?, stringify: json.get("stringify")? }));
    let put = |name: &str, length: usize, function: Function<'js>| {
        let function = function.with_name(name)?.with_length(length)?;
        json.prop(name, Property::from(function).configurable().writable())
    };
    put("parse", 2, Function::new(ctx.clone(), parse)?)?;
    put("stringify", 3, Function::new(ctx.clone(), stringify)?)
}

fn engines<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Engines<'js>> {
    ctx.userdata::<Engines<'js>>().map(|engines| engines.clone()).ok_or(rquickjs::Error::Unknown)
}

/// `JSON.parse(text, reviver)`.
fn parse<'js>(ctx: Ctx<'js>, this: This<Value<'js>>, arguments: Rest<Value<'js>>) -> rquickjs::Result<Value<'js>> {
    let has_reviver = arguments.get(1).is_some_and(Value::is_function);
    if let Some(text) = arguments.first().filter(|text| text.is_string() && !has_reviver) {
        let heap = Heap::of(&ctx);
        let read = Held::of(heap, text).with_text(|text| match std::str::from_utf8(text) {
            Ok(text) => read::document(heap, text),
            Err(_) => Err(Unread::Elsewhere),
        });
        match read {
            Ok(Ok(value)) => return Ok(value.into_value()),
            Err(heap::Thrown) | Ok(Err(Unread::Thrown)) => return Err(rquickjs::Error::Exception),
            Ok(Err(Unread::Elsewhere)) => {}
        }
    }
    engines(&ctx)?.parse.call((this, arguments))
}

/// `JSON.stringify(value, replacer, space)`.
fn stringify<'js>(ctx: Ctx<'js>, this: This<Value<'js>>, arguments: Rest<Value<'js>>) -> rquickjs::Result<Value<'js>> {
    let is_missing = |place: usize| arguments.get(place).is_none_or(|given| given.is_undefined() || given.is_null());
    if let Some(value) = arguments.first().filter(|_| is_missing(1) && is_missing(2))
        && let Some(text) = written(&ctx, value)?
    {
        return rquickjs::String::from_str(ctx, &text).map(rquickjs::String::into_value);
    }
    engines(&ctx)?.stringify.call((this, arguments))
}

/// The value that JSON in UTF-8 stands for.
///
/// # Errors
/// A `SyntaxError` where it is none.
pub(crate) fn value_of<'js>(ctx: &Ctx<'js>, text: &str) -> rquickjs::Result<Value<'js>> {
    match read::document(Heap::of(ctx), text) {
        Ok(value) => return Ok(value.into_value()),
        Err(Unread::Thrown) => return Err(rquickjs::Error::Exception),
        Err(Unread::Elsewhere) => {}
    }
    // With room for the NUL that the engine wants behind it.
    let mut copy = Vec::with_capacity(text.len() + 1);
    copy.extend_from_slice(text.as_bytes());
    match ctx.json_parse(copy) {
        Err(rquickjs::Error::InvalidString(_)) => Err(Exception::throw_syntax(ctx, "a NUL is no part of JSON")),
        result => result,
    }
}

/// The JSON of a value; `None` where it has none.
///
/// # Errors
/// What its code throws; a `TypeError` where it contains itself.
pub(crate) fn text_of<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<Option<String>> {
    if let Some(text) = written(ctx, value)? {
        return Ok(Some(text));
    }
    let text = ctx.json_stringify(value.clone())?;
    text.map(|text| crate::bytes::usv_string(text.as_value())).transpose()
}

/// The JSON of a value, where it is one of those that are written here.
fn written<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> rquickjs::Result<Option<String>> {
    let heap = Heap::of(ctx);
    match write::document(heap, &Held::of(heap, value)) {
        Ok(text) => Ok(String::from_utf8(text).ok()),
        Err(Unwritten::Thrown) => Err(rquickjs::Error::Exception),
        Err(Unwritten::Elsewhere) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use rquickjs::{Context, Runtime};

    use super::*;

    #[test]
    fn objects_of_no_class_are_told_from_all_others() {
        let runtime = Runtime::new().unwrap();
        Context::full(&runtime).unwrap().with(|ctx| {
            let is = |code: &str| is_of_no_class(&ctx.eval::<Value<'_>, _>(code).unwrap());
            for code in
                ["({})", "Object.create(null)", "new (class Mine {})", "Object.create(new Map)", "Object.prototype"]
            {
                assert!(is(code), "{code}");
            }
            for code in ["[]", "new Map", "new Date", "(() => 1)", "new Proxy({}, {})", "new Error", "'x'", "null", "1"]
            {
                assert!(!is(code), "{code}");
            }
        });
    }

    #[test]
    fn plain_documents_are_not_left_to_the_engine() {
        let runtime = Runtime::new().unwrap();
        Context::full(&runtime).unwrap().with(|ctx| {
            let text = r#"{"a":[1,-2.5,1e300,"x\n\u00e9",true,null,{}],"b":{"__proto__":[]},"é":""}"#;
            let heap = Heap::of(&ctx);
            let value = read::document(heap, text).ok().unwrap();
            let written = String::from_utf8(write::document(heap, &value).ok().unwrap()).unwrap();
            let expected = ctx.json_stringify(ctx.json_parse(text).unwrap()).unwrap().unwrap().to_string().unwrap();
            assert_eq!(written, expected);
            assert!(!ctx.has_exception());
        });
    }
}
