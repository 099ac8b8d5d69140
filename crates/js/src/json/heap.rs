//! Values of the engine's heap without what rquickjs keeps beside each of them, for code that makes and looks
//! at very many. Whoever holds one lets go of it by dropping it.

#![expect(unsafe_code, reason = "rquickjs has no other way to the engine's own functions")]

use std::ffi::c_char;
use std::marker::PhantomData;
use std::ptr;
use std::slice;

use rquickjs::{Ctx, Value, qjs};

/// The engine has thrown: the exception is in the context.
#[derive(Debug)]
pub(super) struct Thrown;

/// The heap of a context that is entered, for as long as it is.
#[derive(Clone, Copy)]
pub(super) struct Heap<'a, 'js>(&'a Ctx<'js>, *mut qjs::JSContext);

/// A value that goes when this goes.
pub(super) struct Held<'a, 'js> {
    heap: Heap<'a, 'js>,
    value: qjs::JSValue,
}

/// A name of properties.
pub(super) struct Name<'a, 'js> {
    heap: Heap<'a, 'js>,
    atom: qjs::JSAtom,
}

/// What a value is, for JSON.
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i32),
    Float(f64),
    Text,
    /// A list, as `[]` makes it.
    Array,
    /// An object of no class that the engine knows.
    Object,
    /// `undefined` and symbols: JSON does not say them.
    Unsaid,
    /// Anything else.
    Other,
}

/// What an object has under a name.
pub(super) enum Own<'a, 'js> {
    Value(Held<'a, 'js>),
    /// To read it runs code.
    Accessor,
    Nothing,
}

impl<'a, 'js> Heap<'a, 'js> {
    pub(super) fn of(ctx: &'a Ctx<'js>) -> Self {
        Self(ctx, ctx.as_raw().as_ptr())
    }

    fn raw(self) -> *mut qjs::JSContext {
        self.1
    }

    /// What the engine gave, which belongs to whoever asked for it.
    fn hold(self, value: qjs::JSValue) -> Result<Held<'a, 'js>, Thrown> {
        // SAFETY: looks at the tag alone.
        if unsafe { qjs::JS_IsException(value) } { Err(Thrown) } else { Ok(Held { heap: self, value }) }
    }

    pub(super) fn null(self) -> Held<'a, 'js> {
        Held { heap: self, value: qjs::JS_NULL }
    }

    pub(super) fn bool(self, value: bool) -> Held<'a, 'js> {
        Held { heap: self, value: if value { qjs::JS_TRUE } else { qjs::JS_FALSE } }
    }

    /// A number: one of the engine's integers, where it is one.
    pub(super) fn number(self, number: f64) -> Held<'a, 'js> {
        Held { heap: self, value: qjs::JS_NewFloat64(number) }
    }

    pub(super) fn int(self, number: i32) -> Held<'a, 'js> {
        Held { heap: self, value: qjs::JS_MKVAL(qjs::JS_TAG_INT, number) }
    }

    pub(super) fn text(self, text: &str) -> Result<Held<'a, 'js>, Thrown> {
        // SAFETY: the context is entered; the engine copies as many bytes as it is told of.
        self.hold(unsafe { qjs::JS_NewStringLen(self.raw(), text.as_ptr().cast(), text.len() as _) })
    }

    pub(super) fn object(self) -> Result<Held<'a, 'js>, Thrown> {
        // SAFETY: the context is entered.
        self.hold(unsafe { qjs::JS_NewObject(self.raw()) })
    }

    pub(super) fn name(self, text: &str) -> Result<Name<'a, 'js>, Thrown> {
        // The engine takes the bytes of names for Latin-1 where it looks for those that it knows.
        let atom = if text.is_ascii() {
            // SAFETY: the context is entered; the engine copies as many bytes as it is told of.
            unsafe { qjs::JS_NewAtomLen(self.raw(), text.as_ptr().cast(), text.len() as _) }
        } else {
            let text = self.text(text)?;
            // SAFETY: the context is entered, the value is held meanwhile.
            unsafe { qjs::JS_ValueToAtom(self.raw(), text.value) }
        };
        if atom == qjs::JS_ATOM_NULL { Err(Thrown) } else { Ok(Name { heap: self, atom }) }
    }
}

impl<'a, 'js> Held<'a, 'js> {
    /// A value of rquickjs for a while longer.
    pub(super) fn of(heap: Heap<'a, 'js>, value: &Value<'js>) -> Self {
        // SAFETY: the value is alive; this has its own share of it.
        Self { heap, value: unsafe { qjs::JS_DupValue(heap.raw(), value.as_raw()) } }
    }

    /// The same value again.
    pub(super) fn share(&self) -> Self {
        // SAFETY: the value is alive; the other has its own share of it.
        Self { heap: self.heap, value: unsafe { qjs::JS_DupValue(self.heap.raw(), self.value) } }
    }

    /// The same as a value of rquickjs.
    pub(super) fn into_value(self) -> Value<'js> {
        // SAFETY: the share that this has becomes that of the value, which belongs to the same context.
        unsafe { Value::from_raw(self.heap.0.clone(), self.into_raw()) }
    }

    fn into_raw(self) -> qjs::JSValue {
        let value = self.value;
        std::mem::forget(self);
        value
    }

    pub(super) fn kind(&self) -> Kind {
        // SAFETY: the value is alive; the union is read as its tag says.
        unsafe {
            match qjs::JS_VALUE_GET_TAG(self.value) {
                qjs::JS_TAG_NULL => Kind::Null,
                qjs::JS_TAG_BOOL => Kind::Bool(qjs::JS_VALUE_GET_BOOL(self.value)),
                qjs::JS_TAG_INT => Kind::Int(qjs::JS_VALUE_GET_INT(self.value)),
                qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => Kind::Text,
                qjs::JS_TAG_UNDEFINED | qjs::JS_TAG_SYMBOL => Kind::Unsaid,
                qjs::JS_TAG_OBJECT if qjs::JS_IsArray(self.value) => Kind::Array,
                qjs::JS_TAG_OBJECT if qjs::JS_GetClassID(self.value) == CLASS_OBJECT => Kind::Object,
                tag if qjs::JS_TAG_IS_FLOAT64(tag) => Kind::Float(qjs::JS_VALUE_GET_FLOAT64(self.value)),
                _ => Kind::Other,
            }
        }
    }

    /// Gives an object a property, as an assignment in its literal would.
    pub(super) fn define(&self, name: &Name<'a, 'js>, value: Self) -> Result<(), Thrown> {
        let (raw, value) = (self.heap.raw(), value.into_raw());
        // SAFETY: the context is entered; the engine takes the value over, and looks at the other two.
        let defined =
            unsafe { qjs::JS_DefinePropertyValue(raw, self.value, name.atom, value, qjs::JS_PROP_C_W_E as _) };
        if defined < 0 { Err(Thrown) } else { Ok(()) }
    }

    /// Runs with the text of a string, or what a number is written like. Halves of surrogate pairs that stand
    /// alone are three bytes each, as they would be in UTF-8, were they characters.
    pub(super) fn with_text<R>(&self, run: impl FnOnce(&[u8]) -> R) -> Result<R, Thrown> {
        let mut length = 0;
        // SAFETY: the context is entered, the value alive.
        let text = unsafe { qjs::JS_ToCStringLen(self.heap.raw(), &raw mut length, self.value) };
        // SAFETY: the engine has just given it.
        unsafe { self.heap.read(text, length, run) }
    }

    /// What a list has at a place. Runs no code.
    pub(super) fn at(&self, place: u32) -> Result<Own<'a, 'js>, Thrown> {
        // SAFETY: the context is entered. Numbers as small as the places of lists are names without a text, of which
        // the engine keeps no count.
        let atom = unsafe { qjs::JS_NewAtomUInt32(self.heap.raw(), place) };
        let own = self.own_at(atom);
        // SAFETY: the engine has just given it.
        unsafe { qjs::JS_FreeAtom(self.heap.raw(), atom) };
        own
    }

    fn own_at(&self, atom: qjs::JSAtom) -> Result<Own<'a, 'js>, Thrown> {
        let undefined = qjs::JS_UNDEFINED;
        let mut found = qjs::JSPropertyDescriptor { flags: 0, value: undefined, getter: undefined, setter: undefined };
        // SAFETY: the context is entered, the object and the name alive; all of `found` is written where there is
        // something, and belongs to whoever asked.
        let there = unsafe { qjs::JS_GetOwnProperty(self.heap.raw(), &raw mut found, self.value, atom) };
        match there {
            0 => Ok(Own::Nothing),
            1.. if found.flags & (qjs::JS_PROP_GETSET as i32) != 0 => {
                drop((self.heap.hold(found.getter), self.heap.hold(found.setter), self.heap.hold(found.value)));
                Ok(Own::Accessor)
            }
            1.. => Ok(Own::Value(self.heap.hold(found.value)?)),
            _ => Err(Thrown),
        }
    }

    /// Whether an object has something under a name itself.
    pub(super) fn has(&self, name: &Name<'a, 'js>) -> Result<bool, Thrown> {
        // SAFETY: the context is entered, the object and the name alive; nothing is written to no address.
        let there = unsafe { qjs::JS_GetOwnProperty(self.heap.raw(), ptr::null_mut(), self.value, name.atom) };
        if there < 0 { Err(Thrown) } else { Ok(there > 0) }
    }

    /// The prototype of an object that is no proxy.
    pub(super) fn prototype(&self) -> Result<Self, Thrown> {
        // SAFETY: the context is entered, the value alive.
        self.heap.hold(unsafe { qjs::JS_GetPrototype(self.heap.raw(), self.value) })
    }

    /// Whether both are the same object.
    pub(super) fn is(&self, other: &Self) -> bool {
        // SAFETY: looks at the tags, and at the pointers that objects have.
        unsafe {
            qjs::JS_IsObject(self.value)
                && qjs::JS_IsObject(other.value)
                && qjs::JS_VALUE_GET_PTR(self.value) == qjs::JS_VALUE_GET_PTR(other.value)
        }
    }

    /// The length of a list.
    pub(super) fn length(&self) -> Result<u32, Thrown> {
        let mut length = 0;
        // SAFETY: the context is entered, the value alive.
        let read = unsafe { qjs::JS_GetLength(self.heap.raw(), self.value, &raw mut length) };
        if read < 0 { Err(Thrown) } else { u32::try_from(length).map_err(|_| Thrown) }
    }

    /// The names of an object that `Object.keys` gives.
    pub(super) fn names(&self) -> Result<Names<'a, 'js>, Thrown> {
        let (mut list, mut length) = (ptr::null_mut(), 0);
        let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as _;
        // SAFETY: the context is entered, the object alive; list and length are written where it succeeds.
        let listed =
            unsafe { qjs::JS_GetOwnPropertyNames(self.heap.raw(), &raw mut list, &raw mut length, self.value, flags) };
        if listed < 0 { Err(Thrown) } else { Ok(Names { heap: self.heap, list, length }) }
    }
}

impl Drop for Held<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: the share that this has of the value goes, once.
        unsafe {
            if qjs::JS_VALUE_HAS_REF_COUNT(self.value) {
                qjs::JS_FreeValue(self.heap.raw(), self.value);
            }
        }
    }
}

impl Drop for Name<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: the share that this has of the name goes, once.
        unsafe { qjs::JS_FreeAtom(self.heap.raw(), self.atom) }
    }
}

/// The names of an object's properties.
pub(super) struct Names<'a, 'js> {
    heap: Heap<'a, 'js>,
    list: *mut qjs::JSPropertyEnum,
    length: u32,
}

impl<'a, 'js> Names<'a, 'js> {
    /// Each of them: a number of its own, and what reads its property and its text.
    pub(super) fn iter(&self) -> impl Iterator<Item = Listed<'_, 'a, 'js>> {
        let list: &[qjs::JSPropertyEnum] = match self.list.is_null() {
            true => &[],
            // SAFETY: the engine has given the list and its length, and it stays until this is dropped.
            false => unsafe { slice::from_raw_parts(self.list, self.length as usize) },
        };
        list.iter().map(|listed| Listed { heap: self.heap, atom: listed.atom, _of: PhantomData })
    }
}

impl Drop for Names<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: the list belongs to this, and goes once.
        unsafe { qjs::JS_FreePropertyEnum(self.heap.raw(), self.list, self.length) }
    }
}

/// One name of a list.
#[derive(Clone, Copy)]
pub(super) struct Listed<'n, 'a, 'js> {
    heap: Heap<'a, 'js>,
    atom: qjs::JSAtom,
    _of: PhantomData<&'n ()>,
}

impl<'a, 'js> Listed<'_, 'a, 'js> {
    /// The same for the same name, as long as an object has it.
    pub(super) fn number(self) -> u32 {
        self.atom
    }

    /// What an object has under it. Runs no code, where the object is a [`Kind::Object`].
    pub(super) fn of(self, object: &Held<'a, 'js>) -> Result<Own<'a, 'js>, Thrown> {
        object.own_at(self.atom)
    }

    /// Runs with its text.
    pub(super) fn with_text<R>(self, run: impl FnOnce(&[u8]) -> R) -> Result<R, Thrown> {
        let mut length = 0;
        // SAFETY: the context is entered, the name alive.
        let text = unsafe { qjs::JS_AtomToCStringLen(self.heap.raw(), &raw mut length, self.atom) };
        // SAFETY: the engine has just given it.
        unsafe { self.heap.read(text, length as usize, run) }
    }
}

impl Heap<'_, '_> {
    /// Runs with a text that the engine has given, and gives it back.
    ///
    /// # Safety
    /// It is null, or the engine has given it with this length, and it was not given back.
    unsafe fn read<R>(self, text: *const c_char, length: usize, run: impl FnOnce(&[u8]) -> R) -> Result<R, Thrown> {
        struct Text<'a, 'js>(Heap<'a, 'js>, *const c_char);
        impl Drop for Text<'_, '_> {
            fn drop(&mut self) {
                // SAFETY: the engine has given it, and it goes once.
                unsafe { qjs::JS_FreeCString(self.0.raw(), self.1) }
            }
        }
        if text.is_null() {
            return Err(Thrown);
        }
        let text = Text(self, text);
        // SAFETY: as the caller says; it stays until it is given back, below.
        Ok(run(unsafe { slice::from_raw_parts(text.1.cast(), length) }))
    }
}

/// Values that wait to become a list.
pub(super) struct Waiting<'a, 'js> {
    heap: Heap<'a, 'js>,
    values: Vec<qjs::JSValue>,
}

impl<'a, 'js> Waiting<'a, 'js> {
    pub(super) fn new(heap: Heap<'a, 'js>) -> Self {
        Self { heap, values: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn push(&mut self, value: Held<'a, 'js>) {
        self.values.push(value.into_raw());
    }

    /// A list of those that came last, from a place on.
    pub(super) fn list(&mut self, from: usize) -> Result<Held<'a, 'js>, Thrown> {
        let count = self.values.len() - from;
        let values = self.values.drain(from..);
        // SAFETY: the context is entered. The engine takes the values over in any case, and copies them out of here.
        let list = unsafe { qjs::JS_NewArrayFrom(self.heap.raw(), count as _, values.as_slice().as_ptr()) };
        drop(values);
        self.heap.hold(list)
    }
}

impl Drop for Waiting<'_, '_> {
    fn drop(&mut self) {
        for value in self.values.drain(..) {
            drop(self.heap.hold(value));
        }
    }
}

/// Whether this is an object of no class: none of the language's but `Object`, and none of Rust's.
pub(crate) fn is_of_no_class(value: &Value<'_>) -> bool {
    // SAFETY: the value is alive; its class is looked at alone.
    unsafe { qjs::JS_GetClassID(value.as_raw()) == CLASS_OBJECT }
}

/// The engine's number for the class of objects that have none. It is the first, and a test holds it.
const CLASS_OBJECT: qjs::JSClassID = 1;
