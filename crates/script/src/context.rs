//! What an exchange is to the scripts: one context for all of its calls, and the handle by which host
//! functions know it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::{Map, Value};
use tollgate_core::record::Fetch;
use tollgate_js::rquickjs::class::Trace;
use tollgate_js::rquickjs::{self, Ctx, JsLifetime, Object, Persistent};
use tollgate_js::webapi::fetch::client::Client;

use crate::live::Live;
use crate::message::{Seed, Words};

/// The context of one exchange.
#[derive(Default)]
pub(crate) struct Context {
    object: RefCell<Option<Persistent<Object<'static>>>>,
    state: RefCell<Option<Rc<State>>>,
}

/// What host functions know of the exchange.
#[derive(Default)]
pub(crate) struct State {
    seed: RefCell<Option<Box<Seed>>>,
    asks: RefCell<Option<Words>>,
    fields: RefCell<Map<String, Value>>,
    fetches: RefCell<Vec<Fetch>>,
    notes: RefCell<Map<String, Value>>,
    hooked: Cell<bool>,
    /// Whether code was given something that it may change in place: the user, the parameters, the bag.
    handed_out: Cell<bool>,
    /// Who sent the request.
    pub(crate) client: Rc<Client>,
    /// Promises that keep the context's task alive.
    pub(crate) waits: Cell<usize>,
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(state) = &*self.state.borrow() {
            state.client.forget();
        }
    }
}

impl Context {
    /// Begins another call: what the exchange knows now is what the script finds.
    pub(crate) fn begin(&self, seed: Box<Seed>, asks: Words) {
        let state = self.state();
        *state.seed.borrow_mut() = Some(seed);
        *state.asks.borrow_mut() = Some(asks);
    }

    /// What host functions know of it.
    pub(crate) fn state(&self) -> Rc<State> {
        Rc::clone(self.state.borrow_mut().get_or_insert_with(Rc::default))
    }

    /// The JavaScript object of it.
    pub(crate) fn object<'js>(&self, ctx: &Ctx<'js>, live: &Live) -> rquickjs::Result<Object<'js>> {
        if let Some(object) = &*self.object.borrow() {
            return object.clone().restore(ctx);
        }
        let handle = Handle::new(ctx, self.state())?;
        let class = live.function(ctx, "ZuploContext")?;
        let class = class.into_value().into_constructor().ok_or(rquickjs::Error::Unknown)?;
        let object: Object<'js> = class.construct((handle,))?;
        *self.object.borrow_mut() = Some(Persistent::save(ctx, object.clone()));
        Ok(object)
    }

    /// The same, where there is one already.
    pub(crate) fn known_object<'js>(&self, ctx: &Ctx<'js>) -> Option<Object<'js>> {
        self.object.borrow().clone().and_then(|object| object.restore(ctx).ok())
    }
}

impl State {
    /// Of what runs while modules are loaded.
    pub(crate) fn loading() -> Rc<Self> {
        Rc::default()
    }

    /// Reads what is known of the exchange.
    pub(crate) fn with<R>(&self, read: impl FnOnce(&Seed) -> R) -> Option<R> {
        self.seed.borrow().as_deref().map(read)
    }

    /// Where a script asks for parts of the gateway that work on the exchange.
    pub(crate) fn asks(&self) -> Option<Words> {
        self.asks.borrow().clone()
    }

    /// The call is over: nobody serves its questions any more.
    pub(crate) fn end(&self) {
        *self.asks.borrow_mut() = None;
    }

    /// Takes over what a part of the gateway has made of the exchange.
    pub(crate) fn update(&self, update: impl FnOnce(&mut Seed)) {
        if let Some(seed) = &mut *self.seed.borrow_mut() {
            update(seed);
        }
    }

    /// Notes that code was given something that it may change in place.
    pub(crate) fn hand_out(&self) {
        self.handed_out.set(true);
    }

    /// Whether it was.
    pub(crate) fn has_handed_out(&self) -> bool {
        self.handed_out.get()
    }

    /// Notes that the context has hooks of its own.
    pub(crate) fn hook(&self) {
        self.hooked.set(true);
    }

    /// Whether it has.
    pub(crate) fn is_hooked(&self) -> bool {
        self.hooked.get()
    }

    /// Adds fields to every line of the log that follows, and to the exchange's own.
    pub(crate) fn add_fields(&self, fields: Map<String, Value>) {
        self.fields.borrow_mut().extend(fields);
    }

    /// Notes a request that the script made.
    pub(crate) fn fetched(&self, fetch: Fetch) {
        self.fetches.borrow_mut().push(fetch);
    }

    /// The requests since this was last asked.
    pub(crate) fn take_fetches(&self) -> Vec<Fetch> {
        self.fetches.take()
    }

    /// Keeps what code tells a policy of the request, instead of what it has told it before.
    pub(crate) fn note(&self, about: String, value: Option<Value>) {
        self.notes.borrow_mut().insert(about, value.unwrap_or_default());
    }

    /// What code has told policies so far.
    pub(crate) fn notes(&self) -> Map<String, Value> {
        self.notes.borrow().clone()
    }

    /// The fields so far.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        self.fields.borrow().clone()
    }
}

/// What JavaScript holds of a [`State`]: it only passes it back.
#[derive(JsLifetime)]
#[rquickjs::class]
pub(crate) struct Handle {
    #[qjs(skip_trace)]
    state: Rc<State>,
}

impl<'js> Trace<'js> for Handle {
    fn trace<'a>(&self, _: rquickjs::class::Tracer<'a, 'js>) {}
}

impl Handle {
    pub(crate) fn new<'js>(ctx: &Ctx<'js>, state: Rc<State>) -> rquickjs::Result<rquickjs::Class<'js, Self>> {
        rquickjs::Class::instance(ctx.clone(), Self { state })
    }

    pub(crate) fn state(&self) -> Rc<State> {
        Rc::clone(&self.state)
    }
}
