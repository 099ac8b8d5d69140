//! What `new Headers` takes (Fetch §5.1): other headers, pairs, or an object of names and values.

use std::rc::Rc;

use http::HeaderMap;
use rquickjs::atom::PredefinedAtom;
use rquickjs::function::This;
use rquickjs::object::Filter;
use rquickjs::{Atom, Ctx, Function, Object, Value};

use super::{Headers, list, text};
use crate::Failure;
use crate::webapi::fetch::realm::{Realm, instance};

/// A list from what a script gives. Other headers are not copied until one of both changes.
///
/// # Errors
/// A `TypeError` where it is none of the three, or a name or a value is not allowed.
pub(crate) fn fill<'js>(ctx: &Ctx<'js>, init: &Value<'js>) -> rquickjs::Result<Rc<HeaderMap>> {
    if let Some(headers) = instance::<Headers>(init) {
        return Ok(headers.borrow().list());
    }
    let Some(object) = init.as_object() else {
        return Err(Failure::type_error("headers are an object, pairs, or other headers").throw(ctx));
    };
    let mut all = HeaderMap::new();
    if let Some(pairs) = init.as_array() {
        for pair in pairs.iter::<Value<'js>>() {
            add_pair(&mut all, &pair?)?;
        }
        return Ok(Rc::new(all));
    }
    let plain = Realm::of(ctx)?.is_plain(object);
    let iterator: Value<'js> = object.get(PredefinedAtom::SymbolIterator)?;
    if !plain || !iterator.is_undefined() {
        if iterator.is_function() {
            each(object, iterator, |pair| add_pair(&mut all, pair))?;
            return Ok(Rc::new(all));
        }
        if !iterator.is_undefined() && !iterator.is_null() {
            return Err(Failure::type_error("what should iterate over the headers is no function").throw(ctx));
        }
    }
    if object.own_keys::<Atom<'js>>(Filter::new().symbol().enum_only()).next().is_some() {
        return Err(Failure::type_error("a symbol is no name of a header").throw(ctx));
    }
    for name in object.keys::<Atom<'js>>() {
        let name = name?;
        let value: Value<'js> = object.get(name.clone())?;
        let name = text::name(&name.to_value()?)?;
        let value = text::value(&name, &value)?;
        list::append(&mut all, name, value).map_err(|failure| failure.throw(ctx))?;
    }
    Ok(Rc::new(all))
}

fn add_pair<'js>(all: &mut HeaderMap, pair: &Value<'js>) -> rquickjs::Result<()> {
    let ctx = pair.ctx();
    let wrong = || Failure::type_error("each of the headers' pairs is a name and a value").throw(ctx);
    let object = pair.as_object().ok_or_else(wrong)?;
    let mut items: Vec<Value<'js>> = Vec::with_capacity(2);
    if let Some(array) = pair.as_array() {
        if array.len() != 2 {
            return Err(wrong());
        }
        items.extend([array.get(0)?, array.get(1)?]);
    } else {
        let iterator: Value<'js> = object.get(PredefinedAtom::SymbolIterator)?;
        if !iterator.is_function() {
            return Err(wrong());
        }
        each(object, iterator, |item| {
            items.push(item.clone());
            Ok(())
        })?;
    }
    let [name, value] = items.as_slice() else { return Err(wrong()) };
    let name = text::name(name)?;
    let value = text::value(&name, value)?;
    list::append(all, name, value).map_err(|failure| failure.throw(ctx))
}

/// Goes over an iterable (Web IDL §3.2.21): a sequence is read to its end.
fn each<'js>(
    object: &Object<'js>,
    method: Value<'js>,
    mut run: impl FnMut(&Value<'js>) -> rquickjs::Result<()>,
) -> rquickjs::Result<()> {
    let wrong = || Failure::type_error("what iterates over the headers is no iterator").throw(object.ctx());
    let method = method.into_function().ok_or_else(wrong)?;
    let iterator: Value<'js> = method.call((This(object.clone()),))?;
    let iterator = iterator.into_object().ok_or_else(wrong)?;
    let next: Function<'js> = iterator.get(PredefinedAtom::Next)?;
    loop {
        let result: Value<'js> = next.call((This(iterator.clone()),))?;
        let result = result.into_object().ok_or_else(wrong)?;
        let done: rquickjs::Coerced<bool> = result.get(PredefinedAtom::Done)?;
        if done.0 {
            return Ok(());
        }
        run(&result.get(PredefinedAtom::Value)?)?;
    }
}
