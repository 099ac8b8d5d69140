//! Bytes and text on their way between JavaScript and Rust.
//!
//! Rust keeps no pointer into the engine's heap: what it reads of a buffer is copied at once. What it
//! gives becomes memory of the engine, so that it counts against the limit.

use rquickjs::{ArrayBuffer, Coerced, Ctx, Error, FromJs, Function, JsLifetime, String as JsString, TypedArray, Value};

use crate::Failure;

/// The function of `bytes.js`, kept from before users could patch what it needs.
#[derive(JsLifetime)]
struct Reader<'js>(Function<'js>);

/// Makes ready what [`view`] needs. Called when an engine is made; what comes later pays nothing.
///
/// # Errors
/// Where the engine has no memory for it.
pub fn prepare(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    reader(ctx).map(drop)
}

fn reader<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Function<'js>> {
    if let Some(reader) = ctx.userdata::<Reader<'js>>() {
        return Ok(reader.0.clone());
    }
    let make: Function<'js> = ctx.eval(include_str!("bytes.js"))?;
    let reader: Function<'js> = make.call(())?;
    drop(ctx.store_userdata(Reader(reader.clone())));
    Ok(reader)
}

/// The bytes of an `ArrayBuffer`, a `SharedArrayBuffer`, a typed array or a `DataView`; `None` where
/// the value is none of them. A detached buffer is empty, as Web IDL has it.
///
/// # Errors
/// Where the engine has no memory for the copy.
pub fn view<'js>(value: &Value<'js>) -> rquickjs::Result<Option<Vec<u8>>> {
    if !value.is_object() {
        return Ok(None);
    }
    // Nearly every buffer that is handed over is one of these.
    if let Ok(bytes) = TypedArray::<u8>::from_value(value.clone()) {
        return Ok(Some(copy(&bytes)));
    }
    let bytes: Option<TypedArray<'js, u8>> = reader(value.ctx())?.call((value.clone(),))?;
    Ok(bytes.map(|bytes| copy(&bytes)))
}

/// The bytes that an array has at this moment; none where its buffer is detached.
#[expect(unsafe_code, reason = "the engine gives its memory out in no other way than by a pointer")]
fn copy(bytes: &TypedArray<'_, u8>) -> Vec<u8> {
    // SAFETY: the pointer is good until JavaScript runs again (`TypedArray::as_bytes`), and nothing
    // runs between the moment that it is taken and the end of the copy.
    match unsafe { bytes.as_bytes() } {
        Some(bytes) => bytes.to_vec(),
        None => {
            // The engine says so by an exception, which nobody shall find here later.
            drop(bytes.ctx().catch());
            Vec::new()
        }
    }
}

/// A `BufferSource` of Web IDL as an argument of a host function: a `TypeError` where the value
/// holds no bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source(pub Vec<u8>);

impl<'js> FromJs<'js> for Source {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        let wrong = || Failure::type_error("expected an ArrayBuffer, a typed array or a DataView");
        view(&value)?.map(Self).ok_or_else(|| wrong().throw(ctx))
    }
}

/// A `Uint8Array` that holds a copy of these bytes.
///
/// # Errors
/// Where the engine has no memory for them.
pub fn uint8_array<'js>(ctx: &Ctx<'js>, bytes: impl AsRef<[u8]>) -> rquickjs::Result<Value<'js>> {
    TypedArray::<u8>::new_copy(ctx.clone(), bytes).map(TypedArray::into_value)
}

/// An `ArrayBuffer` that holds a copy of these bytes.
///
/// # Errors
/// Where the engine has no memory for them.
pub fn array_buffer<'js>(ctx: &Ctx<'js>, bytes: impl AsRef<[u8]>) -> rquickjs::Result<Value<'js>> {
    ArrayBuffer::new_copy(ctx.clone(), bytes).map(ArrayBuffer::into_value)
}

/// A value as a `USVString` (Web IDL): converted as by `String(value)`, with U+FFFD for every
/// half of a surrogate pair that stands alone.
///
/// # Errors
/// Where it is a symbol, or its `toString` throws.
pub fn usv_string(value: &Value<'_>) -> rquickjs::Result<String> {
    match value.as_string() {
        Some(text) => well_formed(text),
        None => well_formed(&Coerced::<JsString<'_>>::from_js(value.ctx(), value.clone())?.0),
    }
}

fn well_formed(text: &JsString<'_>) -> rquickjs::Result<String> {
    match text.to_string() {
        Err(Error::Utf8(_)) => {
            let text = text.clone().to_cstring()?;
            Ok(replace_surrogates(text.as_ref()))
        }
        result => result,
    }
}

/// The engine writes a lone surrogate as the three bytes that UTF-8 would have for it, were it a
/// character.
fn replace_surrogates(generalized: &[u8]) -> String {
    let mut bytes = generalized.to_vec();
    for at in 0..bytes.len() {
        if let Some(character @ [0xED, 0xA0..=0xBF, _]) = bytes.get_mut(at..at + 3) {
            character.copy_from_slice("\u{FFFD}".as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A `USVString` as an argument of a host function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsvString(pub String);

impl<'js> FromJs<'js> for UsvString {
    fn from_js(_: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        usv_string(&value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rquickjs::{Context, Runtime};

    fn with(test: impl FnOnce(&Ctx<'_>)) {
        let runtime = Runtime::new().unwrap();
        Context::full(&runtime).unwrap().with(|ctx| test(&ctx));
    }

    #[track_caller]
    fn check_view(code: &str, expected: Option<&[u8]>) {
        with(|ctx| {
            let value: Value<'_> = ctx.eval(code).unwrap();
            assert_eq!(view(&value).unwrap().as_deref(), expected, "{code}");
            // A reader that throws on its way would leave the exception behind.
            assert!(!ctx.has_exception(), "{code}");
        });
    }

    #[test]
    fn bytes_of_buffers_and_of_every_kind_of_view_are_read() {
        check_view("new Uint8Array([1, 2, 255]).buffer", Some(&[1, 2, 255]));
        check_view("new Uint8Array([0, 1, 2, 3]).subarray(1, 3)", Some(&[1, 2]));
        check_view("new Uint16Array([0x0102, 0x0304])", Some(&[2, 1, 4, 3]));
        check_view("new Uint16Array([1, 2, 3]).subarray(1, 2)", Some(&[2, 0]));
        check_view("new Float16Array([1])", Some(&[0, 0x3c]));
        check_view("new DataView(new Uint8Array([0, 1, 2, 3]).buffer, 1, 2)", Some(&[1, 2]));
        check_view("new Uint8ClampedArray([300])", Some(&[255]));
        check_view("new BigInt64Array([-1n])", Some(&[255; 8]));
        check_view("new SharedArrayBuffer(2)", Some(&[0, 0]));
        check_view("new ArrayBuffer(0)", Some(&[]));
        check_view("new Uint8Array(0)", Some(&[]));
    }

    #[test]
    fn what_holds_no_bytes_is_none() {
        for code in ["1", "'x'", "[1]", "({ buffer: new ArrayBuffer(1), byteOffset: 0, byteLength: 1 })", "null"] {
            check_view(code, None);
        }
    }

    #[test]
    fn a_detached_buffer_is_empty() {
        check_view("const b = new ArrayBuffer(4); const v = new Uint8Array(b); b.transfer(); b", Some(&[]));
        check_view("const b = new ArrayBuffer(4); const v = new Uint8Array(b); b.transfer(); v", Some(&[]));
        check_view("const b = new ArrayBuffer(4); const v = new Uint16Array(b); b.transfer(); v", Some(&[]));
        check_view("const b = new ArrayBuffer(4); const v = new DataView(b); b.transfer(); v", Some(&[]));
    }

    #[test]
    fn patched_prototypes_change_nothing() {
        with(|ctx| {
            prepare(ctx).unwrap();
            let patch = "
                Uint8Array.prototype.toBase64 = () => 'nonsense';
                ArrayBuffer.isView = () => true;
                globalThis.Uint8Array = Array;
                new Int8Array([7])";
            let value: Value<'_> = ctx.eval(patch).unwrap();
            assert_eq!(view(&value).unwrap().unwrap(), [7]);
        });
    }

    #[test]
    fn bytes_become_buffers() {
        with(|ctx| {
            ctx.globals().set("a", uint8_array(ctx, [1, 2]).unwrap()).unwrap();
            ctx.globals().set("b", array_buffer(ctx, b"xyz").unwrap()).unwrap();
            let shape: String = ctx.eval("`${a.constructor.name} ${a} ${b.constructor.name} ${b.byteLength}`").unwrap();
            assert_eq!(shape, "Uint8Array 1,2 ArrayBuffer 3");
        });
    }

    #[track_caller]
    fn check_text(code: &str, expected: &str) {
        with(|ctx| {
            let value: Value<'_> = ctx.eval(code).unwrap();
            assert_eq!(usv_string(&value).unwrap(), expected, "{code}");
        });
    }

    #[test]
    fn text_is_well_formed_whatever_the_script_had() {
        check_text("'äx€😀'", "äx€😀");
        check_text("'a\\ud800b'", "a\u{fffd}b");
        check_text("'\\udc00\\ud800'", "\u{fffd}\u{fffd}");
        check_text("'\\ud83d' + '\\ude00' + '\\ud83d'", "😀\u{fffd}");
        check_text("'\\ud7ff\\ue000\\ud800é'", "\u{d7ff}\u{e000}\u{fffd}é");
        check_text("'a\\0b'", "a\0b");
        check_text("({ toString: () => 'x' })", "x");
        check_text("undefined", "undefined");
        check_text("12.5", "12.5");
    }

    #[test]
    fn a_symbol_is_no_text() {
        with(|ctx| {
            let value: Value<'_> = ctx.eval("Symbol('x')").unwrap();
            assert!(usv_string(&value).is_err());
            assert!(ctx.catch().is_error());
        });
    }
}
