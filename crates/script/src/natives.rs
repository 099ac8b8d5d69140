//! What `runtime/host.js` finds on the gateway's side; the table there says what each does.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use tokio::sync::oneshot;
use tollgate_core::services::TokenRequest;
use tollgate_js::engine::promise;
use tollgate_js::host::Level;
use tollgate_js::rquickjs::function::Opt;
use tollgate_js::rquickjs::prelude::Func;
use tollgate_js::rquickjs::{self, Class, Ctx, Function, Object, Persistent, Promise, Value};
use tollgate_js::webapi::fetch::exchange as fetch;
use tollgate_js::{Engine, Failure};

use crate::context::Handle;
use crate::generation::Definition;
use crate::live::{Live, Side};
use crate::message::{Ask, Asked, Changes, Outcome, Told, Word};
use crate::route_view;

type Known<'js> = Class<'js, Handle>;
type Text = Option<String>;

/// Everything that the runtime module may ask of the gateway.
pub(crate) fn host<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    of_the_engine(&host)?;
    of_a_context(&host)?;
    of_the_gateway(&host)?;
    of_others(&host)?;
    Ok(host)
}

fn of_the_engine(host: &Object<'_>) -> rquickjs::Result<()> {
    host.set("environment", Func::from(|ctx: Ctx<'_>| Live::of(&ctx).map(|live| live.generation.environment.clone())))?;
    host.set("buildId", Func::from(|ctx: Ctx<'_>| Live::of(&ctx).map(|live| live.generation.build_id.clone())))?;
    host.set("builtIns", Func::from(|ctx: Ctx<'_>| Live::of(&ctx).map(|live| live.generation.built_ins.clone())))?;
    host.set(
        "compatibilityDate",
        Func::from(|ctx: Ctx<'_>| Live::of(&ctx).map(|live| live.generation.compatibility_date.clone())),
    )?;
    host.set("background", Func::from(background))?;
    host.set("own", Func::from(own))?;
    host.set("signJwt", Func::from(sign))?;
    host.set("consumer", Func::from(consumer))?;
    host.set("module", Func::from(module))?;
    host.set(
        "pluginFailed",
        Func::from(|ctx: Ctx<'_>, what: String| -> rquickjs::Result<()> {
            let live = Live::of(&ctx)?;
            tracing::warn!(target: "script", snapshot = live.generation.build_id, "a log plugin failed: {what}");
            Ok(())
        }),
    )
}

/// What tests ask, and what code says to policies that this gateway does not have.
fn of_others(host: &Object<'_>) -> rquickjs::Result<()> {
    host.set(
        "assigned",
        Func::from(|ctx: Ctx<'_>| {
            if let Ok(live) = Live::of(&ctx) {
                live.note_assigned();
            }
        }),
    )?;
    host.set("testUrl", Func::from(|ctx: Ctx<'_>| Live::of(&ctx).map(|live| live.generation.test_url.clone())))?;
    host.set(
        "note",
        Func::from(|handle: Known<'_>, policy: String, about: String, json: Opt<Text>| {
            let value = json.0.flatten().and_then(|json| serde_json::from_str(&json).ok());
            handle.borrow().state().note(format!("{policy}.{about}"), value);
        }),
    )
}

fn of_a_context(host: &Object<'_>) -> rquickjs::Result<()> {
    host.set("requestId", Func::from(|handle: Known<'_>| read(&handle, |seed| seed.id.to_string())))?;
    host.set(
        "contextId",
        Func::from(|handle: Known<'_>| {
            read(&handle, |seed| match seed.caller.depth {
                0 => seed.id.to_string(),
                _ => format!("{}-{}", seed.id, seed.key),
            })
        }),
    )?;
    host.set(
        "routeId",
        Func::from(|handle: Known<'_>| -> Option<f64> {
            // A route lives as long as the generation: its address stands for it.
            read(&handle, |seed| seed.matched.then_some(Arc::as_ptr(&seed.route) as usize as f64)).flatten()
        }),
    )?;
    host.set(
        "route",
        Func::from(|handle: Known<'_>| -> Text {
            read(&handle, |seed| seed.matched.then(|| route_view::configuration(&seed.route).to_string())).flatten()
        }),
    )?;
    host.set(
        "routeRaw",
        Func::from(|handle: Known<'_>| -> Text {
            read(&handle, |seed| seed.route.operation.raw().map(|raw| raw.to_string())).flatten()
        }),
    )?;
    host.set(
        "properties",
        Func::from(|handle: Known<'_>| read(&handle, |seed| route_view::properties(seed).to_string())),
    )?;
    host.set(
        "params",
        Func::from(|handle: Known<'_>| -> Text {
            handle.borrow().state().hand_out();
            read(&handle, |seed| {
                let params: Map<String, Json> =
                    seed.params.iter().map(|(name, value)| (name.to_string(), Json::from(value.as_str()))).collect();
                (!params.is_empty()).then(|| Json::Object(params).to_string())
            })
            .flatten()
        }),
    )?;
    host.set(
        "user",
        Func::from(|handle: Known<'_>| -> Text {
            let user = read(&handle, |seed| {
                seed.user.as_ref().map(|user| json!({ "sub": &*user.sub, "data": &*user.data }).to_string())
            });
            let user = user.flatten();
            // Nobody cannot be changed, only replaced.
            if user.is_some() {
                handle.borrow().state().hand_out();
            }
            user
        }),
    )?;
    host.set(
        "custom",
        Func::from(|handle: Known<'_>| -> Text {
            handle.borrow().state().hand_out();
            read(&handle, |seed| (!seed.custom.is_empty()).then(|| Json::Object(seed.custom.clone()).to_string()))
                .flatten()
        }),
    )?;
    host.set(
        "origin",
        Func::from(|handle: Known<'_>| {
            read(&handle, |seed| format!("{}://{}", seed.client.scheme.as_str(), seed.client.host))
        }),
    )?;
    host.set(
        "elapsed",
        Func::from(|ctx: Ctx<'_>, handle: Known<'_>| -> rquickjs::Result<Option<f64>> {
            let now = Live::of(&ctx)?.engine.host().monotonic();
            Ok(read(&handle, |seed| now.saturating_sub(seed.started).as_secs_f64() * 1000.0))
        }),
    )?;
    host.set("parentContext", Func::from(parent_context))?;
    host.set("log", Func::from(log))?;
    host.set(
        "logProperties",
        Func::from(|handle: Known<'_>, fields: String| {
            let state = handle.borrow().state();
            if let Ok(Json::Object(fields)) = serde_json::from_str(&fields) {
                state.add_fields(fields);
            }
        }),
    )?;
    host.set("waitUntil", Func::from(wait_until))?;
    host.set("hooked", Func::from(|handle: Known<'_>| handle.borrow().state().hook()))
}

fn of_the_gateway(host: &Object<'_>) -> rquickjs::Result<()> {
    host.set("invokeInbound", Func::from(invoke_inbound))?;
    host.set("invokeOutbound", Func::from(invoke_outbound))?;
    host.set("invokeRoute", Func::from(invoke_route))?;
    host.set("builtInPolicy", Func::from(built_in_policy))?;
    host.set("builtInOutbound", Func::from(built_in_outbound))?;
    host.set("builtInHandler", Func::from(built_in_handler))?;
    host.set(
        "toolCall",
        Func::from(|handle: Known<'_>| -> Text {
            read(&handle, |seed| seed.tool_call.as_ref().map(|call| call.request().to_string())).flatten()
        }),
    )?;
    host.set(
        "toolResult",
        Func::from(|handle: Known<'_>, fields: String| {
            let call = read(&handle, |seed| seed.tool_call.clone()).flatten();
            if let (Some(call), Ok(Json::Object(fields))) = (call, serde_json::from_str(&fields)) {
                call.set_result(fields);
            }
        }),
    )?;
    host.set(
        "policyUsage",
        Func::from(|handle: Known<'_>, name: String| -> Text {
            read(&handle, |seed| seed.usage.get(&name).map(Json::to_string)).flatten()
        }),
    )
}

fn read<R>(handle: &Known<'_>, read: impl FnOnce(&crate::message::Seed) -> R) -> Option<R> {
    handle.borrow().state().with(read)
}

fn parent_context<'js>(ctx: Ctx<'js>, handle: Known<'js>) -> rquickjs::Result<Option<Object<'js>>> {
    let parent = read(&handle, |seed| seed.called_by).flatten();
    let context = match parent {
        Some(caller) => Live::of(&ctx)?.known_context(caller.key),
        None => None,
    };
    Ok(context.and_then(|context| context.known_object(&ctx)))
}

fn log(
    ctx: Ctx<'_>,
    handle: Opt<Value<'_>>,
    level: Opt<String>,
    text: Opt<String>,
    messages: Opt<Value<'_>>,
) -> rquickjs::Result<()> {
    let level = match level.0.as_deref() {
        Some("debug") => Level::Debug,
        Some("warn") => Level::Warn,
        Some("error") => Level::Error,
        _ => Level::Info,
    };
    let state =
        handle.0.and_then(|handle| Class::<Handle>::from_value(&handle).ok()).map(|handle| handle.borrow().state());
    let messages = messages.0.and_then(|messages| messages.as_string().and_then(|text| text.to_string().ok()));
    let messages = messages.and_then(|messages| serde_json::from_str(&messages).ok());
    Live::of(&ctx)?.world.write(state.as_deref(), level, &text.0.unwrap_or_default(), messages);
    Ok(())
}

/// The exports of a part of the runtime module that is loaded when it is first used.
fn module<'js>(ctx: Ctx<'js>, name: String) -> rquickjs::Result<Object<'js>> {
    Engine::of(&ctx)?.library(&ctx, &name)
}

/// Calls a function soon, in the task that no request owns.
fn background<'js>(ctx: Ctx<'js>, callback: Function<'js>) -> rquickjs::Result<()> {
    let live = Live::of(&ctx)?;
    let callback = Persistent::save(&ctx, callback);
    let (task, engine) = (live.background_task(), live.engine.clone());
    let owner = Rc::clone(&task);
    let spawned = task.spawn(async move {
        let called = engine.call(&owner, move |ctx| callback.restore(ctx)?.call(()), |_, _| Ok(()));
        if let Err(error) = called.await {
            engine.host().log(&owner, Level::Error, &format!("background work failed: {error}"));
        }
    });
    spawned.map(drop).map_err(|failure| failure.throw(&ctx))
}

/// A promise of the call that asks, for what a promise of somebody else is settled with. What follows a promise
/// runs where that is settled; this one is settled in an entry of its own call, with its own budget.
fn own<'js>(ctx: Ctx<'js>, of_another: Promise<'js>) -> rquickjs::Result<Promise<'js>> {
    let (tell, told) = oneshot::channel();
    let tell = Rc::new(RefCell::new(Some(tell)));
    let settled = |well: bool| {
        let tell = Rc::clone(&tell);
        let settled = move |ctx: Ctx<'js>, value: Value<'js>| {
            if let Some(tell) = tell.borrow_mut().take() {
                // Where the call has ended, nobody wants it.
                drop(tell.send((well, Persistent::save(&ctx, value))));
            }
        };
        Function::new(ctx.clone(), settled)
    };
    let (fulfilled, rejected) = (settled(true)?, settled(false)?);
    let then = of_another.then()?;
    then.call::<_, Value<'js>>((rquickjs::prelude::This(of_another), fulfilled, rejected))?;
    let work = async move { told.await.map_err(|_| Failure::error("what was waited for has ended without a result")) };
    promise(&ctx, work, |ctx, (well, value): (bool, Persistent<Value<'static>>)| {
        let value = value.restore(ctx)?;
        if well { Ok(value) } else { Err(ctx.throw(value)) }
    })
}

fn wait_until<'js>(ctx: Ctx<'js>, handle: Known<'js>, promise: Value<'js>) -> rquickjs::Result<()> {
    // The task lives as long as the host does something for it, and at most as long as a call may
    // take altogether: there is nothing to keep but the handle, which the promise's closures hold.
    let state = handle.borrow().state();
    state.waits.set(state.waits.get() + 1);
    if let Some(promise) = promise.as_promise() {
        let done = Function::new(ctx, move || state.waits.set(state.waits.get().saturating_sub(1)))?;
        promise.then()?.call::<_, ()>((rquickjs::prelude::This(promise.clone()), done.clone(), done))?;
    }
    Ok(())
}

/// Signs a token with the gateway's issuer.
fn sign<'js>(ctx: Ctx<'js>, request: String) -> rquickjs::Result<Promise<'js>> {
    let outside = Arc::clone(&Live::of(&ctx)?.world.outside);
    let work = async move {
        let services =
            outside.services.get().ok_or_else(|| Failure::error("tokens cannot be signed while modules are loaded"))?;
        let request: Json = serde_json::from_str(&request).map_err(|error| Failure::error(error.to_string()))?;
        let mut claims = request.get("claims").and_then(Json::as_object).cloned().unwrap_or_default();
        // An audience may be a list: the issuer knows only one.
        let audience = match request.get("audience") {
            Some(Json::String(audience)) => Some(audience.clone()),
            Some(list @ Json::Array(_)) => {
                claims.insert("aud".to_owned(), list.clone());
                None
            }
            _ => None,
        };
        let seconds = request.get("expiresIn").and_then(Json::as_f64).unwrap_or(300.0);
        let token = services.issuer.header(&TokenRequest {
            subject: request.get("subject").and_then(Json::as_str).unwrap_or("api-gateway"),
            audience: audience.as_deref(),
            expires_in: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(300)),
            claims: &claims,
            prefix: "",
            credential: None,
        });
        let token = token.map_err(|error| Failure::error(error.to_string()))?;
        token.to_str().map(str::to_owned).map_err(|error| Failure::error(error.to_string()))
    };
    promise(&ctx, work, |ctx, token| Ok(rquickjs::String::from_str(ctx.clone(), &token)?.into_value()))
}

/// A consumer of API keys as JSON; nothing where there is none.
fn consumer<'js>(ctx: Ctx<'js>, bucket: Option<String>, name: String) -> rquickjs::Result<Promise<'js>> {
    let outside = Arc::clone(&Live::of(&ctx)?.world.outside);
    let work = async move {
        let services =
            outside.services.get().ok_or_else(|| Failure::error("there are no consumers while modules are loaded"))?;
        let found = services.keyring.consumer(bucket.as_deref(), &name).await;
        let found = found.map_err(|error| Failure::error(error.to_string()))?;
        Ok(found.map(|consumer| {
            json!({
                "id": &*consumer.id,
                "name": &*consumer.name,
                "bucketId": &*consumer.bucket,
                "metadata": &*consumer.metadata,
                "tags": consumer.tags,
                "createdOn": consumer.created_on.rfc3339(),
                "updatedOn": consumer.updated_on.rfc3339(),
            })
            .to_string()
        }))
    };
    promise(&ctx, work, |ctx, found: Option<String>| match found {
        Some(text) => Ok(rquickjs::String::from_str(ctx.clone(), &text)?.into_value()),
        None => Ok(Value::new_undefined(ctx.clone())),
    })
}

/// What a script has touched, as it hands it over.
fn changes(state: &Object<'_>) -> rquickjs::Result<Changes> {
    let json = |name: &str| -> rquickjs::Result<Option<Json>> {
        let text: Option<String> = state.get(name)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    };
    Ok(Changes::of(json("user")?, json("params")?, json("custom")?))
}

fn ask<'js>(
    ctx: &Ctx<'js>,
    handle: &Known<'js>,
    what: Asked,
    changes: Changes,
    response_only: bool,
) -> rquickjs::Result<Promise<'js>> {
    let state = handle.borrow().state();
    let changes = Changes { notes: state.notes(), ..changes };
    let asks = state.asks();
    let work = async move {
        let (answer, told) = oneshot::channel();
        let gone = || Failure::error("the request has been answered: policies and handlers can no longer run on it");
        asks.ok_or_else(gone)?.send(Word::Ask(Box::new(Ask { what, changes, answer }))).map_err(|_| gone())?;
        told.await.map_err(|_| gone())?.map_err(Failure::error)
    };
    promise(ctx, work, move |ctx, told: Told| {
        let url = told.url.clone();
        if response_only {
            return match told.result {
                Outcome::Response(response) => Ok(fetch::response(ctx, response)?.into_value()),
                _ => Err(rquickjs::Error::Unknown),
            };
        }
        let outcome = Object::new(ctx.clone())?;
        match told.result {
            Outcome::Request(request) => {
                let live = Live::of(ctx)?;
                outcome.set("request", crate::call::request_object(ctx, &live, request, url, &state, None)?)?;
            }
            Outcome::Response(response) => outcome.set("response", fetch::response(ctx, response)?)?,
            Outcome::Value(_) | Outcome::Text(_) => return Err(rquickjs::Error::Unknown),
        }
        let user = told.user.as_ref().map(|user| json!({ "sub": &*user.sub, "data": &*user.data }));
        outcome.set("user", user.unwrap_or(Json::Null).to_string())?;
        let params: Map<String, Json> =
            told.params.iter().map(|(name, value)| (name.to_string(), Json::from(value.as_str()))).collect();
        outcome.set("params", Json::Object(params).to_string())?;
        outcome.set("custom", Json::Object(told.custom.clone()).to_string())?;
        state.update(|seed| {
            seed.user = told.user;
            seed.params = told.params;
            seed.custom = told.custom;
            seed.usage = told.usage;
        });
        Ok(outcome.into_value())
    })
}

/// A policy of the project that is a script runs in the engine that asks for it.
fn own_definition<'js>(ctx: &Ctx<'js>, name: &str, side: Side) -> rquickjs::Result<Option<Value<'js>>> {
    let live = Live::of(ctx)?;
    let definitions = live.generation.definitions.read();
    let place = definitions
        .iter()
        .position(|definition| matches!(&**definition, Definition::Policy { name: known, .. } if known == name));
    drop(definitions);
    let Some(place) = place else { return Ok(None) };
    let definition = live.definition(ctx, place, side)?;
    let outcome = Object::new(ctx.clone())?;
    outcome.set("definition", definition)?;
    Ok(Some(outcome.into_value()))
}

fn taken_request<'js>(ctx: &Ctx<'js>, request: &Value<'js>) -> rquickjs::Result<tollgate_core::Request> {
    fetch::take_request(ctx, request)?.ok_or_else(|| Failure::type_error("a Request is expected here").throw(ctx))
}

fn taken_response<'js>(ctx: &Ctx<'js>, response: &Value<'js>) -> rquickjs::Result<tollgate_core::Response> {
    fetch::take_response(ctx, response)?.ok_or_else(|| Failure::type_error("a Response is expected here").throw(ctx))
}

fn invoke_inbound<'js>(
    ctx: Ctx<'js>,
    handle: Known<'js>,
    name: String,
    request: Value<'js>,
    state: Object<'js>,
) -> rquickjs::Result<Value<'js>> {
    if let Some(outcome) = own_definition(&ctx, &name, Side::Inbound)? {
        return Ok(outcome);
    }
    let changes = changes(&state)?;
    let request = taken_request(&ctx, &request)?;
    Ok(ask(&ctx, &handle, Asked::Inbound { name, request }, changes, false)?.into_value())
}

fn invoke_outbound<'js>(
    ctx: Ctx<'js>,
    handle: Known<'js>,
    name: String,
    response: Value<'js>,
    _request: Value<'js>,
    state: Object<'js>,
) -> rquickjs::Result<Value<'js>> {
    if let Some(outcome) = own_definition(&ctx, &name, Side::Outbound)? {
        return Ok(outcome);
    }
    let changes = changes(&state)?;
    let response = taken_response(&ctx, &response)?;
    Ok(ask(&ctx, &handle, Asked::Outbound { name, response }, changes, false)?.into_value())
}

fn options(ctx: &Ctx<'_>, text: Option<String>) -> rquickjs::Result<Json> {
    let parsed = text.map_or(Ok(Json::Null), |text| serde_json::from_str(&text));
    parsed.map_err(|error| Failure::type_error(format!("the options are no JSON: {error}")).throw(ctx))
}

fn built_in_policy<'js>(
    ctx: Ctx<'js>,
    handle: Known<'js>,
    export: String,
    given: Option<String>,
    name: Option<String>,
    request: Value<'js>,
    state: Object<'js>,
) -> rquickjs::Result<Promise<'js>> {
    let (options, changes) = (options(&ctx, given)?, changes(&state)?);
    let request = taken_request(&ctx, &request)?;
    let name = name.unwrap_or_else(|| export.clone());
    ask(&ctx, &handle, Asked::BuiltInPolicy { export, options, name, request }, changes, false)
}

type BuiltInOutbound<'js> = (Known<'js>, String, Option<String>, Option<String>, Value<'js>, Value<'js>, Object<'js>);

fn built_in_outbound<'js>(
    ctx: Ctx<'js>,
    arguments: rquickjs::function::Rest<Value<'js>>,
) -> rquickjs::Result<Promise<'js>> {
    // More arguments than a function of Rust may take by itself.
    let list = rquickjs::Array::new(ctx.clone())?;
    for (place, argument) in arguments.0.into_iter().enumerate() {
        list.set(place, argument)?;
    }
    let (handle, export, given, name, response, _, state): BuiltInOutbound<'js> =
        (list.get(0)?, list.get(1)?, list.get(2)?, list.get(3)?, list.get(4)?, list.get(5)?, list.get(6)?);
    let (options, changes) = (options(&ctx, given)?, changes(&state)?);
    let response = taken_response(&ctx, &response)?;
    let name = name.unwrap_or_else(|| export.clone());
    ask(&ctx, &handle, Asked::BuiltInOutbound { export, options, name, response }, changes, false)
}

fn built_in_handler<'js>(
    ctx: Ctx<'js>,
    handle: Known<'js>,
    export: String,
    given: Option<String>,
    request: Value<'js>,
    state: Object<'js>,
) -> rquickjs::Result<Promise<'js>> {
    let (options, changes) = (options(&ctx, given)?, changes(&state)?);
    let request = taken_request(&ctx, &request)?;
    ask(&ctx, &handle, Asked::BuiltInHandler { export, options, request }, changes, true)
}

/// Sends a request through another route, without leaving the process.
fn invoke_route<'js>(ctx: Ctx<'js>, handle: Known<'js>, request: Value<'js>) -> rquickjs::Result<Promise<'js>> {
    let (gateway, caller) = read(&handle, |seed| (seed.gateway.clone(), seed.caller.clone())).unzip();
    let request = taken_request(&ctx, &request)?;
    let workers = Live::of(&ctx)?.world.outside.workers.get().cloned();
    let work = async move {
        let gone = || Failure::error("there is no gateway to call a route of");
        let (Some(gateway), Some(caller), Some(workers)) = (gateway.flatten(), caller, workers) else {
            return Err(gone());
        };
        // The route runs where all routes run: its policies may wait for I/O, or for scripts.
        workers.spawn(gateway.call(caller, request)).await.map_err(|_| gone())
    };
    promise(&ctx, work, |ctx, response| Ok(fetch::response(ctx, response)?.into_value()))
}
