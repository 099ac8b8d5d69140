//! What the classes look up often, looked up once.

use rquickjs::class::JsClass;
use rquickjs::{Atom, Class, Ctx, JsLifetime, Object, Value};

/// The members of dictionaries, as the engine's own names.
#[derive(JsLifetime)]
pub(super) struct Names<'js> {
    pub(super) body: Atom<'js>,
    pub(super) headers: Atom<'js>,
    pub(super) method: Atom<'js>,
    pub(super) redirect: Atom<'js>,
    pub(super) signal: Atom<'js>,
    pub(super) status: Atom<'js>,
    pub(super) status_text: Atom<'js>,
}

/// Kept for each engine.
#[derive(JsLifetime)]
pub(super) struct Realm<'js> {
    pub(super) names: Names<'js>,
    object: Option<Object<'js>>,
}

/// Makes the realm ready.
pub(super) fn prepare<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<()> {
    let name = |name: &str| Atom::from_str(ctx.clone(), name);
    let names = Names {
        body: name("body")?,
        headers: name("headers")?,
        method: name("method")?,
        redirect: name("redirect")?,
        signal: name("signal")?,
        status: name("status")?,
        status_text: name("statusText")?,
    };
    let object = Object::new(ctx.clone())?.get_prototype();
    drop(ctx.store_userdata(Realm { names, object }));
    Ok(())
}

/// Runs something with the realm.
///
/// # Errors
/// Where the engine was made without it.
pub(super) fn with<'js, T>(ctx: &Ctx<'js>, run: impl FnOnce(&Realm<'js>) -> T) -> rquickjs::Result<T> {
    ctx.userdata::<Realm<'js>>().map(|realm| run(&realm)).ok_or(rquickjs::Error::Unknown)
}

impl<'js> Realm<'js> {
    /// Whether this is an object of no class: `{…}`.
    pub(super) fn is_plain(&self, object: &Object<'js>) -> bool {
        object.get_prototype() == self.object
    }
}

/// The value as an instance of a class. The engine makes an error for every object that is of no class
/// of Rust, so that the usual ones are not asked.
pub(super) fn instance<'js, C: JsClass<'js>>(value: &Value<'js>) -> Option<Class<'js, C>> {
    let object = value.as_object()?;
    if value.is_array() || with(value.ctx(), |realm| realm.is_plain(object)).unwrap_or(false) {
        return None;
    }
    Class::from_object(object)
}

/// A member of a dictionary (Web IDL §3.2.17): none where it is `undefined`.
pub(super) fn member<'js>(
    dictionary: &Object<'js>,
    name: impl for<'a> FnOnce(&'a Names<'js>) -> &'a Atom<'js>,
) -> rquickjs::Result<Option<Value<'js>>> {
    let name = with(dictionary.ctx(), |realm| name(&realm.names).clone())?;
    let value: Value<'js> = dictionary.get(name)?;
    Ok((!value.is_undefined()).then_some(value))
}

/// The same for a member that is seldom there.
pub(super) fn named<'js>(dictionary: &Object<'js>, name: &str) -> rquickjs::Result<Option<Value<'js>>> {
    let value: Value<'js> = dictionary.get(name)?;
    Ok((!value.is_undefined()).then_some(value))
}

/// A dictionary: an object, or nothing.
///
/// # Errors
/// A `TypeError` where it is something else.
pub(super) fn dictionary<'js>(
    ctx: &Ctx<'js>,
    value: Option<Value<'js>>,
    what: &str,
) -> rquickjs::Result<Option<Object<'js>>> {
    match value {
        None => Ok(None),
        Some(value) if value.is_undefined() || value.is_null() => Ok(None),
        Some(value) => match value.into_object() {
            Some(object) => Ok(Some(object)),
            None => Err(crate::Failure::type_error(format!("{what} is an object")).throw(ctx)),
        },
    }
}
