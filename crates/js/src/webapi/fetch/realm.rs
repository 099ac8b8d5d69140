//! What the classes look up often, looked up once.

use std::rc::Rc;
use std::sync::Arc;

use rquickjs::class::JsClass;
use rquickjs::object::Filter;
use rquickjs::{Atom, Class, Ctx, JsLifetime, Object, Value};

use super::ledger::Ledger;
use crate::json::is_of_no_class;
use crate::{Engine, Failure};

/// Kept for each engine.
#[derive(Clone, JsLifetime)]
pub(super) struct Realm<'js>(Rc<Known<'js>>);

#[derive(JsLifetime)]
struct Known<'js> {
    /// By [`Key`].
    keys: Vec<Atom<'js>>,
    object: Option<Object<'js>>,
    ledger: Arc<Ledger>,
}

/// Makes the realm ready.
pub(super) fn prepare(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let keys: rquickjs::Result<_> = NAMES.iter().map(|name| Atom::from_str(ctx.clone(), name)).collect();
    let object = Object::new(ctx.clone())?.get_prototype();
    let ledger = Ledger::new(Engine::of(ctx)?.limits().memory);
    drop(ctx.store_userdata(Realm(Rc::new(Known { keys: keys?, object, ledger }))));
    Ok(())
}

impl<'js> Realm<'js> {
    /// That of a context.
    ///
    /// # Errors
    /// Where its engine was made without it.
    pub(super) fn of(ctx: &Ctx<'js>) -> rquickjs::Result<Self> {
        ctx.userdata::<Self>().map(|realm| realm.clone()).ok_or(rquickjs::Error::Unknown)
    }

    pub(super) fn ledger(&self) -> &Arc<Ledger> {
        &self.0.ledger
    }

    /// Whether this is an object of no class: `{…}`.
    pub(super) fn is_plain(&self, object: &Object<'js>) -> bool {
        // A proxy may run code of a script to say what its prototype is.
        !object.is_proxy() && object.get_prototype() == self.0.object
    }
}

/// The value as an instance of a class. The engine makes an error for every object that is of no class
/// of Rust, so that the usual ones are not asked for.
pub(super) fn instance<'js, C: JsClass<'js>>(value: &Value<'js>) -> Option<Class<'js, C>> {
    let object = value.as_object()?;
    if value.is_array() || is_of_no_class(value) {
        return None;
    }
    Class::from_object(object)
}

/// The members of the dictionaries that describe messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Key {
    Body,
    Cache,
    Credentials,
    Duplex,
    Headers,
    Integrity,
    Keepalive,
    Method,
    Mode,
    Redirect,
    Referrer,
    ReferrerPolicy,
    Signal,
    Status,
    StatusText,
    Window,
}

const NAMES: [&str; 16] = [
    "body",
    "cache",
    "credentials",
    "duplex",
    "headers",
    "integrity",
    "keepalive",
    "method",
    "mode",
    "redirect",
    "referrer",
    "referrerPolicy",
    "signal",
    "status",
    "statusText",
    "window",
];

/// A dictionary (Web IDL §3.2.17).
pub(super) struct Dictionary<'js> {
    realm: Realm<'js>,
    object: Object<'js>,
    /// Which members there are, a bit for each [`Key`].
    there: u16,
}

impl<'js> Dictionary<'js> {
    /// A dictionary from an argument, which may be missing.
    ///
    /// # Errors
    /// A `TypeError` where it is something else than an object.
    pub(super) fn new(ctx: &Ctx<'js>, value: Option<Value<'js>>, what: &str) -> rquickjs::Result<Option<Self>> {
        let Some(value) = value.filter(|value| !value.is_undefined() && !value.is_null()) else { return Ok(None) };
        let Some(object) = value.into_object() else {
            return Err(Failure::type_error(format!("{what} is an object")).throw(ctx));
        };
        let realm = Realm::of(ctx)?;
        // Most have a member or two, which are faster listed than all that there might be are looked up.
        let there = if realm.is_plain(&object) {
            let mut there = 0;
            for name in object.own_keys::<Atom<'js>>(Filter::new().string()) {
                let name = name?;
                let at = realm.0.keys.iter().position(|known| *known == name);
                there |= at.map_or(0, |at| 1 << at);
            }
            there
        } else {
            u16::MAX
        };
        Ok(Some(Self { realm, object, there }))
    }

    pub(super) fn as_value(&self) -> &Value<'js> {
        self.object.as_value()
    }

    /// A member; none where it is `undefined`.
    pub(super) fn get(&self, key: Key) -> rquickjs::Result<Option<Value<'js>>> {
        let at = key as usize;
        if self.there & (1 << at) == 0 {
            return Ok(None);
        }
        let Some(name) = self.realm.0.keys.get(at) else { return Ok(None) };
        let value: Value<'js> = self.object.get(name.clone())?;
        Ok((!value.is_undefined()).then_some(value))
    }
}
