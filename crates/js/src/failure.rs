//! Errors on their way between Rust and JavaScript.

use std::fmt;

use crate::engine::with_room;
use rquickjs::{CaughtError, Constructor, Ctx, Exception, Object, Value};

/// What host code throws into a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct Failure {
    name: &'static str,
    message: String,
    dom: bool,
}

impl Failure {
    /// A `TypeError`: what most of the Web's specifications throw.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self { name: "TypeError", message: message.into(), dom: false }
    }

    /// A `RangeError`.
    pub fn range_error(message: impl Into<String>) -> Self {
        Self { name: "RangeError", message: message.into(), dom: false }
    }

    /// A plain `Error`.
    pub fn error(message: impl Into<String>) -> Self {
        Self { name: "Error", message: message.into(), dom: false }
    }

    /// A `DOMException` of this name (`AbortError`, `DataError`, `OperationError`…).
    pub fn dom(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into(), dom: true }
    }

    /// What it says.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The value that is thrown.
    ///
    /// # Errors
    /// Where the engine has no memory left to make it.
    pub fn value<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        if self.dom {
            let class: Constructor<'js> = ctx.globals().get("DOMException")?;
            return class.construct((self.message.as_str(), self.name));
        }
        let class: Option<Constructor<'js>> = ctx.globals().get(self.name)?;
        match class {
            Some(class) => class.construct((self.message.as_str(),)),
            None => Exception::from_message(ctx.clone(), &self.message).map(|it| it.into_object().into_value()),
        }
    }

    /// Throws it.
    pub fn throw(&self, ctx: &Ctx<'_>) -> rquickjs::Error {
        match self.value(ctx) {
            Ok(value) => ctx.throw(value),
            Err(error) => error,
        }
    }
}

/// What a script threw, taken out of the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thrown {
    /// `name` of an error: `TypeError`. Empty where something else was thrown.
    pub name: String,
    /// `message` of an error, or the text of whatever was thrown.
    pub message: String,
    /// The stack, a frame a line, positions those of the code that ran.
    pub stack: String,
    /// The members of `extensionMembers`, as JSON, where there are any.
    pub extension_members: Option<String>,
}

impl Thrown {
    /// A thrown `null`.
    pub(crate) fn null() -> Self {
        Self { message: "null".to_owned(), ..Self::default() }
    }

    /// Takes what was thrown out of a context.
    pub fn catch(ctx: &Ctx<'_>, error: rquickjs::Error) -> Self {
        match CaughtError::from_error(ctx, error) {
            CaughtError::Error(error) => Self { message: error.to_string(), ..Self::default() },
            CaughtError::Exception(exception) => Self::of(exception.as_object().as_value()),
            CaughtError::Value(value) => Self::of(&value),
        }
    }

    /// What a thrown value says.
    pub fn of(value: &Value<'_>) -> Self {
        // That there is no memory left must not go unread for want of memory.
        with_room(value.ctx(), || Self::read(value))
    }

    fn read(value: &Value<'_>) -> Self {
        let Some(object) =
            value.as_object().filter(|object| object.get::<_, Value<'_>>("message").is_ok_and(|it| it.is_string()))
        else {
            return Self { message: text(value), ..Self::default() };
        };
        let field = |name: &str| object.get::<_, Option<String>>(name).ok().flatten().unwrap_or_default();
        let name = field("name");
        Self { name, message: field("message"), stack: field("stack"), extension_members: extensions(object) }
    }
}

fn extensions(object: &Object<'_>) -> Option<String> {
    let members: Object<'_> = object.get::<_, Option<Object<'_>>>("extensionMembers").ok().flatten()?;
    let text = object.ctx().json_stringify(members).ok().flatten()?;
    text.to_string().ok()
}

/// A value as text, whatever it is.
fn text(value: &Value<'_>) -> String {
    let ctx = value.ctx();
    if let Some(text) = value.as_string() {
        return text.to_string().unwrap_or_default();
    }
    let json = ctx.json_stringify(value.clone()).ok().flatten().and_then(|text| text.to_string().ok());
    // A getter of the value may have thrown.
    drop(ctx.catch());
    json.unwrap_or_else(|| value.type_name().to_owned())
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            write!(f, "{}: ", self.name)?;
        }
        f.write_str(&self.message)
    }
}
