const target = new EventTarget();
const log = [];
const on = (type, callback, options) => target.addEventListener(type, callback, options);
const fire = (type = "x", init = { cancelable: true }) => target.dispatchEvent(new Event(type, init));
const thrown = (run) => { try { return run(); } catch (error) { return error.name; } };
// case: listeners hear in the order in which they were added
on("x", () => log.push(1)); on("x", () => log.push(2)); on("y", () => log.push("y")); on("x", () => log.push(3));
return [fire(), log];

// case: this and the event
on("x", function (event) { log.push(this === target, event.target === target, event.currentTarget === target, event.srcElement === target, event.eventPhase, event.composedPath().length, event.composedPath()[0] === target); });
const event = new Event("x");
target.dispatchEvent(event);
return [log, event.currentTarget, event.eventPhase, event.composedPath()];

// case: the target stays after the dispatch
on("x", () => {});
const event = new Event("x");
target.dispatchEvent(event);
return [event.target === target, event.srcElement === target];

// case: the same listener is there once
const listener = () => log.push(1);
on("x", listener); on("x", listener); on("x", listener, false); on("x", listener, { capture: false, once: true }); on("x", listener, true);
fire(); fire();
return log;

// case: removing
// expect: {"returns":[1,1]}
const listener = () => log.push(1);
on("x", listener); target.removeEventListener("x", listener, true); fire();
target.removeEventListener("y", listener); fire();
target.removeEventListener("x", listener, { capture: false }); fire();
target.removeEventListener("x", listener); target.removeEventListener("x", null); target.removeEventListener("x", () => {});
return log;

// case: removing one that captures
// expect: {"returns":[1]}
const listener = () => log.push(1);
on("x", listener, { capture: true }); target.removeEventListener("x", listener); fire(); target.removeEventListener("x", listener, true); fire();
return log;

// case: once
on("x", () => { log.push("a"); fire(); }, { once: true }); on("x", () => log.push("b"));
fire();
return log;

// case: those that capture come first
// expect: {"returns":["b","d","a","c"]}
on("x", () => log.push("a")); on("x", () => log.push("b"), true); on("x", () => log.push("c"), { capture: false }); on("x", () => log.push("d"), { capture: true });
fire();
return log;

// case: stopImmediatePropagation
on("x", () => log.push(1)); on("x", (event) => { log.push(2); event.stopImmediatePropagation(); }); on("x", () => log.push(3));
fire(); fire();
return log;

// case: stopPropagation stops nobody at the same target
on("x", (event) => { log.push(1); event.stopPropagation(); log.push(event.cancelBubble); }); on("x", () => log.push(2));
fire();
return log;

// case: flags of propagation are gone after the dispatch
// expect: {"returns":[[1,1],true,false]}
const event = new Event("x", { cancelable: true });
on("x", (event) => { log.push(1); event.stopImmediatePropagation(); event.preventDefault(); });
target.dispatchEvent(event); target.dispatchEvent(event);
return [log, event.defaultPrevented, event.cancelBubble];

// case: dispatchEvent says whether nobody prevented the default
on("x", (event) => event.preventDefault());
return [fire(), fire("x", {}), fire("y")];

// case: a passive listener prevents nothing
// expect: {"returns":[true,false]}
on("x", (event) => { event.preventDefault(); log.push(event.defaultPrevented); }, { passive: true });
return [fire(), ...log];

// case: a passive listener leaves the next one its rights
on("x", () => {}, { passive: true }); on("x", (event) => event.preventDefault());
return fire();

// case: an object with handleEvent
const listener = { handleEvent(event) { log.push(this === listener, event.type); } };
on("x", listener); fire();
listener.handleEvent = function () { log.push("other", this === listener); }; fire();
target.removeEventListener("x", listener); fire();
return log;

// case: a listener that is added in between is not heard, one that is removed is not called
// expect: {"returns":[1,"|",1,"late"]}
const late = () => log.push("late"), gone = () => log.push("gone");
on("x", () => { log.push(1); on("x", late); target.removeEventListener("x", gone); });
on("x", gone);
fire(); log.push("|"); fire();
return log;

// case: a listener of null is none
// expect: {"returns":[null,null,true]}
return [on("x", null) ?? null, target.addEventListener("x", undefined) ?? null, fire()];

// case: what cannot be a listener throws
return [() => on("x", "f"), () => on("x", 1), () => on("x", true), () => target.addEventListener("x"), () => target.addEventListener(), () => target.removeEventListener("x")].map(thrown);

// case: what cannot be dispatched throws
return [() => target.dispatchEvent(), () => target.dispatchEvent({}), () => target.dispatchEvent("x"), () => target.dispatchEvent(null), () => target.dispatchEvent({ type: "x" })].map(thrown);

// case: an event cannot be dispatched while it is
// expect: {"returns":["InvalidStateError",true]}
const event = new Event("x");
on("x", (event) => log.push(thrown(() => target.dispatchEvent(event))));
target.dispatchEvent(event);
on("y", () => {});
return [...log, target.dispatchEvent(new Event("y"))];

// case: the type is made text
on(null, () => log.push("null")); on(1, () => log.push("one")); on(undefined, () => log.push("undefined"));
fire("null"); fire("1"); fire("undefined");
return log;

// case: types are told apart exactly
on("__proto__", () => log.push("proto")); on("X", () => log.push("X")); on("toString", () => log.push("toString"));
fire("__proto__"); fire("x"); fire("X"); fire("toString"); fire("constructor");
return log;

// case: a signal removes the listener
const controller = new AbortController();
on("x", () => log.push(1), { signal: controller.signal }); on("x", () => log.push(2));
fire(); controller.abort(); fire();
return log;

// case: an aborted signal adds nothing
on("x", () => log.push(1), { signal: AbortSignal.abort() }); fire();
return log;

// case: a signal that is aborted by a listener removes those to come
const controller = new AbortController();
on("x", () => { log.push(1); controller.abort(); }, { signal: controller.signal });
on("x", () => log.push(2), { signal: controller.signal });
fire(); fire();
return log;

// case: a signal has to be one
return [null, {}, "x", new EventTarget()].map((signal) => thrown(() => on("x", () => {}, { signal })));

// case: a listener that was removed and added again outlives the signal
// expect: {"returns":[1]}
const controller = new AbortController();
const listener = () => log.push(1);
on("x", listener, { signal: controller.signal });
target.removeEventListener("x", listener);
on("x", listener);
controller.abort(); fire();
return log;

// case: options are read once, when the listener is added
const options = { once: true };
on("x", () => log.push(1), options); options.once = false; fire(); fire();
return log;

// case: subclasses and own fields
class Emitter extends EventTarget { constructor() { super(); this.n = 0; } tick() { this.n += 1; return this.dispatchEvent(new CustomEvent("tick", { detail: this.n })); } }
const emitter = new Emitter();
emitter.addEventListener("tick", (event) => log.push(event.detail, event.target.n));
emitter.tick(); emitter.tick();
return log;

// case: methods want a target
return [() => EventTarget.prototype.addEventListener.call({}, "x", () => {}), () => EventTarget.prototype.dispatchEvent.call({}, new Event("x")), () => EventTarget()].map(thrown);

// case: one event may go to several targets
const other = new EventTarget();
const event = new Event("x");
on("x", (event) => { log.push(event.target === target); });
other.addEventListener("x", (event) => { log.push(event.target === other); });
target.dispatchEvent(event); other.dispatchEvent(event);
return log;

// case: lengths and names
return [EventTarget.length, EventTarget.prototype.addEventListener.length, EventTarget.prototype.removeEventListener.length, EventTarget.prototype.dispatchEvent.length, Event.length, AbortSignal.prototype.throwIfAborted.name, EventTarget.name];
