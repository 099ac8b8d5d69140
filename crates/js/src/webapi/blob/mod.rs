//! `Blob`, `File`, `FormData`, and forms as bytes.

mod form;

use rquickjs::convert::List;
use rquickjs::{Ctx, IntoJs, Object, Value, prelude::Func};

use crate::bytes::{Source, UsvString, uint8_array};
use crate::library::Area;

pub(super) static AREA: Area =
    Area { native: Some(native), globals: &["Blob", "File", "FormData"], ..Area::built("blob") };

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("encode", Func::from(encode))?;
    native.set("decode", Func::from(decode))?;
    native.set("random", Func::from(random))?;
    native.set("parse", Func::from(parse))?;
    Ok(native)
}

fn encode<'js>(ctx: Ctx<'js>, text: UsvString) -> rquickjs::Result<Value<'js>> {
    uint8_array(&ctx, text.0)
}

/// UTF-8 decode (Encoding §6): a byte order mark is not part of the text.
fn decode(bytes: Source) -> String {
    let bytes = bytes.0.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes.0);
    String::from_utf8_lossy(bytes).into_owned()
}

/// What no form that is sent contains.
fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// The entries of a form: `[name, text]` or `[name, bytes, filename, type]`.
fn parse<'js>(ctx: Ctx<'js>, bytes: Source, content_type: UsvString) -> rquickjs::Result<Vec<Value<'js>>> {
    let entries = form::parse(bytes.0.into(), &content_type.0).map_err(|failure| failure.throw(&ctx))?;
    entries.into_iter().map(|entry| entry.into_js(&ctx)).collect()
}

impl<'js> IntoJs<'js> for form::Entry {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        match self {
            Self::Text { name, value } => List((name, value)).into_js(ctx),
            Self::File { name, filename, content_type, bytes } => {
                List((name, uint8_array(ctx, bytes)?, filename, content_type)).into_js(ctx)
            }
        }
    }
}
