//! One call of a script, on its thread: from the message to the reply.

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};
use tollgate_core::{Request, Response};
use tollgate_js::engine::CallError;
use tollgate_js::rquickjs::{self, Ctx, Function, Object, Persistent, Value};
use tollgate_js::webapi::fetch::exchange as fetch;
use tollgate_js::webapi::websocket;
use tollgate_js::{Task, Thrown};

use crate::background;
use crate::context::{Context, Handle, State};
use crate::live::{Live, Side};
use crate::message::{Argument, Call, Changes, Entry, Failed, Outcome, Reply, Sockets, Word};
use crate::outbox::Outbox;
use crate::route_view;

/// What a call begins with, once the message is taken apart.
struct Input {
    entry: Entry,
    url: Rc<str>,
    request: Option<Request>,
    response: Option<Response>,
    argument: Argument,
}

/// What JavaScript has of a call while it waits.
#[derive(Default)]
struct Kept {
    request: Option<Persistent<Object<'static>>>,
    definition: Option<Persistent<Value<'static>>>,
}

/// Answers a call that cannot be run at all.
pub(crate) fn refuse(call: Call, why: Failed) {
    let _ = call.words.send(Word::Reply(Box::new(Reply {
        outcome: Err(why),
        changes: Changes::default(),
        cpu: std::time::Duration::ZERO,
        fields: Map::new(),
        fetches: Vec::new(),
        hooked: false,
    })));
}

/// Runs a call. A caller that does not wait any longer ends it, but for what it was told to wait for.
pub(crate) async fn run(live: Rc<Live>, call: Call, outbox: Rc<Outbox>) {
    let Call { entry, seed, request, response, argument, words, .. } = call;
    if words.is_closed() {
        // The exchange has been forgotten already: it must not leave a context behind that nobody forgets.
        live.forget(seed.key);
        return;
    }
    let url: Rc<str> = seed.url.as_str().into();
    let context = live.context(seed, words.clone());
    let state = context.state();
    let task = live.engine.task(Rc::clone(&state));
    let input = Input { entry, url, request, response, argument };
    let ran = {
        let ran = execute(&live, &context, &task, input);
        tokio::select! {
            biased;
            ran = ran => Some(ran),
            () = words.closed() => None,
        }
    };
    task.answered();
    state.end();
    let Some(ran) = ran else {
        background::leave(&live, &context, &task);
        if state.waits.get() == 0 {
            task.abort();
        } else {
            background::follow(live, context, task).await;
        }
        return;
    };
    let (outcome, changes) = match ran {
        Ok((outcome, changes)) => (Ok(outcome), changes),
        Err(error) => (Err(failed(&live, &task, error)), Changes::default()),
    };
    deliver(&live, &task);
    let changes = Changes { notes: state.notes(), ..changes };
    let joined = outcome.is_ok();
    let (cpu, fields, fetches, hooked) = (task.cpu(), state.fields(), state.take_fetches(), state.is_hooked());
    outbox.put(words, Reply { outcome, changes, cpu, fields, fetches, hooked });
    if matches!(entry, Entry::Messages(_)) {
        // It lasts as long as its connections do; where it was refused, they go at once.
        if !joined {
            task.abort();
        }
        return;
    }
    if task.is_busy() {
        tokio::task::spawn_local(background::follow(live, context, task));
    }
}

/// Hands the lines of the log to the plugins that read along.
fn deliver(live: &Rc<Live>, task: &Rc<Task>) {
    let lines = live.world.take_lines();
    if lines.is_empty() {
        return;
    }
    let delivered = live.engine.enter(&live.background_task(), |ctx| {
        let deliver = live.function(ctx, "deliverLog")?;
        lines.into_iter().try_for_each(|line| deliver.call::<_, ()>((line,)))
    });
    if !matches!(delivered, Ok(Ok(()))) {
        tracing::warn!(target: "script", cpu = ?task.cpu(), "log plugins did not take a line");
    }
}

fn failed(live: &Live, task: &Task, error: CallError) -> Failed {
    match error {
        CallError::Stopped(why) => Failed::Stopped(why),
        CallError::Thrown(thrown) => match task.unread(&thrown) {
            Some(why) => Failed::Unread(why),
            None => {
                let stack = live.generation.graph.translate_stack(&thrown.stack);
                Failed::Thrown(Thrown { stack, ..thrown })
            }
        },
    }
}

async fn execute(
    live: &Rc<Live>,
    context: &Context,
    task: &Rc<Task>,
    mut input: Input,
) -> Result<(Outcome, Changes), CallError> {
    let (entry, url) = (input.entry, Rc::clone(&input.url));
    let kept = std::cell::RefCell::new(Kept::default());
    live.engine
        .call(
            task,
            |ctx| start(ctx, live, context, &mut input, &kept),
            |ctx, value| finish(ctx, live, context, entry, &url, value, &kept.take()),
        )
        .await
}

/// Calls the project's code; gives what it returned, a value or a promise.
fn start<'js>(
    ctx: &Ctx<'js>,
    live: &Rc<Live>,
    context: &Context,
    input: &mut Input,
    kept: &std::cell::RefCell<Kept>,
) -> rquickjs::Result<Value<'js>> {
    let object = context.object(ctx, live)?;
    let handle = Handle::new(ctx, context.state())?;
    let request = match input.request.take() {
        Some(request) => {
            Some(request_object(ctx, live, request, Rc::clone(&input.url), &context.state(), Some(handle))?)
        }
        None => None,
    };
    kept.borrow_mut().request = request.clone().map(|request| Persistent::save(ctx, request));
    let response = input.response.take();
    let extension = |name: &str| -> rquickjs::Result<Function<'js>> { live.extensions(ctx)?.get(name) };
    let define = |place: usize, side: Side| -> rquickjs::Result<Value<'js>> {
        let definition = live.definition(ctx, place, side)?;
        kept.borrow_mut().definition = Some(Persistent::save(ctx, definition.clone()));
        Ok(definition)
    };
    match input.entry {
        Entry::Inbound(place) => {
            live.function(ctx, "startInbound")?.call((define(place, Side::Inbound)?, request, object))
        }
        Entry::Outbound(place) => {
            let response = fetch::response(ctx, response.unwrap_or_default())?;
            live.function(ctx, "startOutbound")?.call((define(place, Side::Outbound)?, response, request, object))
        }
        Entry::Handler(place) => {
            live.function(ctx, "startHandler")?.call((define(place, Side::Inbound)?, request, object))
        }
        Entry::Function(place) => {
            let policy = match std::mem::take(&mut input.argument) {
                Argument::Policy(policy) => policy,
                _ => String::new(),
            };
            live.function(ctx, "ask")?.call((define(place, Side::Inbound)?, request, object, policy))
        }
        Entry::Template(place) => {
            let environment: Value<'js> = live.environment(ctx)?;
            live.function(ctx, "render")?.call((define(place, Side::Inbound)?, request, object, environment))
        }
        Entry::Messages(place) => {
            let Argument::Sockets(Sockets { client, server }) = std::mem::take(&mut input.argument) else {
                return Err(rquickjs::Error::Unknown);
            };
            let functions = define(place, Side::Inbound)?;
            let join: Function<'js> = live.engine.library(ctx, "runtime-messages")?.get("joinMessages")?;
            let side = |socket| websocket::connection(ctx, &input.url, Box::new(socket));
            join.call((functions, side(client)?, side(server)?, request, object))
        }
        Entry::LambdaEvent => {
            let event = match std::mem::take(&mut input.argument) {
                Argument::Json(event) => event.to_string(),
                _ => "null".to_owned(),
            };
            extension("runLambdaEvent")?.call((event, request, object))
        }
        Entry::PreRouting => live.function(ctx, "route")?.call((live.extensions(ctx)?, request)),
        Entry::RequestHooks => extension("runRequestHooks")?.call((request, object)),
        Entry::ResponseHooks => {
            let response = fetch::response(ctx, response.unwrap_or_default())?;
            let hooked = live.has_final_hooks() || context.state().is_hooked();
            live.function(ctx, "respond")?.call((live.extensions(ctx)?, response, request, object, hooked))
        }
        Entry::NotFound => {
            let routes = match std::mem::take(&mut input.argument) {
                Argument::Routes(routes) => routes.iter().map(route_view::other).collect(),
                _ => Vec::new(),
            };
            extension("runNotFound")?.call((request, object, Json::Array(routes).to_string()))
        }
        Entry::ProblemFormat => {
            let problem = problem_json(&response.unwrap_or_default());
            extension("runProblemFormat")?.call((problem, request, object))
        }
    }
}

/// A problem of the gateway's own, as `problemResponseFormat` takes it.
fn problem_json(response: &Response) -> String {
    let body = response.body().bytes().unwrap_or_default();
    let problem: Json = serde_json::from_slice(&body).unwrap_or_default();
    let headers: Map<String, Json> = response
        .headers()
        .iter()
        .filter(|(name, _)| **name != http::header::CONTENT_TYPE)
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), Json::from(value.to_str().ok()?))))
        .collect();
    json!({
        "problem": problem,
        "statusText": response.status().canonical_reason(),
        "additionalHeaders": headers,
    })
    .to_string()
}

/// Makes of what the code returned what the gateway goes on with.
fn finish<'js>(
    ctx: &Ctx<'js>,
    live: &Rc<Live>,
    context: &Context,
    entry: Entry,
    url: &Rc<str>,
    value: Value<'js>,
    kept: &Kept,
) -> rquickjs::Result<(Outcome, Changes)> {
    let restored = |kept: &Option<Persistent<Object<'static>>>| kept.clone().map(|it| it.restore(ctx)).transpose();
    let request = restored(&kept.request)?;
    let definition = kept.definition.clone().map(|it| it.restore(ctx)).transpose()?;
    let value: Value<'js> = match entry {
        Entry::Inbound(_) => live.function(ctx, "finishInbound")?.call((definition, value, request.clone()))?,
        Entry::Outbound(_) => live.function(ctx, "finishOutbound")?.call((definition, value))?,
        Entry::Handler(_) => live.function(ctx, "finishHandler")?.call((definition, value))?,
        _ => value,
    };
    let changed = |of: Option<&Object<'js>>| changes(ctx, live, context, of);
    match entry {
        Entry::Function(_) | Entry::LambdaEvent => {
            let text: String = value.get()?;
            let answer = serde_json::from_str(&text).unwrap_or_default();
            return Ok((Outcome::Value(answer), changed(request.as_ref())?));
        }
        Entry::Messages(_) => return Ok((Outcome::Value(Json::Null), Changes::default())),
        Entry::Template(_) => return Ok((Outcome::Text(value.get()?), Changes::default())),
        _ => {}
    }
    if let Some(response) = fetch::take_response(ctx, &value)? {
        return Ok((Outcome::Response(response), changed(request.as_ref())?));
    }
    let mut changes = changed(value.as_object())?;
    if let Some(now) = fetch::url_of(&value).filter(|now| now != url) {
        changes.target = Some(path_and_query(&now).to_owned());
    }
    match fetch::take_request(ctx, &value)? {
        Some(request) => Ok((Outcome::Request(request), changes)),
        None => Err(tollgate_js::Failure::type_error("a Request or a Response is expected here").throw(ctx)),
    }
}

/// What stands behind the origin of a URL.
fn path_and_query(url: &str) -> &str {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.find('/').map_or("/", |at| &path[at..]);
    path.split('#').next().unwrap_or_default()
}

fn changes<'js>(
    ctx: &Ctx<'js>,
    live: &Live,
    context: &Context,
    request: Option<&Object<'js>>,
) -> rquickjs::Result<Changes> {
    if !context.state().has_handed_out() && !live.has_assigned() {
        // There is nothing that could have changed: a call less.
        return Ok(Changes::default());
    }
    let Some(object) = context.known_object(ctx) else { return Ok(Changes::default()) };
    let list: Value<'js> = live.function(ctx, "changes")?.call((request.cloned(), object))?;
    let Some(list) = list.into_array() else { return Ok(Changes::default()) };
    let json = |place: usize| -> rquickjs::Result<Option<Json>> {
        let text: Option<String> = list.get(place)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    };
    Ok(Changes::of(json(0)?, json(1)?, json(2)?))
}

impl Changes {
    /// Of what a script has touched: `null` for nobody, `{ sub, data }`, parameters, the bag.
    pub(crate) fn of(user: Option<Json>, params: Option<Json>, custom: Option<Json>) -> Self {
        let map = |value: Option<Json>| match value {
            Some(Json::Object(map)) => Some(map),
            _ => None,
        };
        let user = user.map(|user| {
            let Json::Object(mut user) = user else { return None };
            let sub = match user.remove("sub") {
                Some(Json::String(sub)) => sub,
                Some(Json::Null) | None => String::new(),
                Some(other) => other.to_string(),
            };
            Some((sub, user.remove("data").unwrap_or_default()))
        });
        Self { user, params: map(params), custom: map(custom), ..Self::default() }
    }
}

/// The JavaScript object of a request that the gateway makes.
pub(crate) fn request_object<'js>(
    ctx: &Ctx<'js>,
    live: &Live,
    request: Request,
    url: impl Into<Rc<str>>,
    state: &State,
    handle: Option<rquickjs::Class<'js, Handle>>,
) -> rquickjs::Result<Object<'js>> {
    let (prototype, mark) = live.request_class(ctx)?;
    let object = fetch::request(ctx, request, url, Some(&prototype), Some(Rc::clone(&state.client)))?;
    if let Some(handle) = handle {
        object.set(mark, handle)?;
    }
    Ok(object)
}
