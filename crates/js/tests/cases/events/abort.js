const log = [];
const controller = new AbortController();
const { signal } = controller;
const thrown = (run) => { try { return run(); } catch (error) { return error?.name ?? String(error); } };
// case: a new signal
return [signal.aborted, String(signal.reason), signal.onabort, signal === controller.signal, signal instanceof EventTarget, signal.throwIfAborted() ?? null];

// case: an aborted signal
signal.addEventListener("abort", (event) => log.push(event.type, event.target === signal, event.isTrusted, event.bubbles, event.cancelable, signal.aborted));
controller.abort(); controller.abort("again");
return [signal.aborted, signal.reason.name, signal.reason.message, signal.reason.code, signal.reason instanceof DOMException, log];

// case: reasons
return [1, "x", null, 0, false].map((reason) => { const c = new AbortController(); c.abort(reason); return [c.signal.reason, thrown(() => c.signal.throwIfAborted())]; });

// case: a reason of undefined is an AbortError
controller.abort(undefined);
return [signal.reason.name, thrown(() => signal.throwIfAborted())];

// case: throwIfAborted throws the reason itself
const reason = new Error("why");
controller.abort(reason);
try { signal.throwIfAborted(); } catch (error) { return error === reason; }

// case: AbortSignal.abort
const a = AbortSignal.abort(), b = AbortSignal.abort("r"), c = AbortSignal.abort(undefined);
return [a.aborted, a.reason.name, b.reason, c.reason.name, a instanceof AbortSignal];

// case: a signal cannot be made by hand
return [() => new AbortSignal(), () => AbortSignal(), () => AbortController(), () => AbortSignal.prototype.aborted, () => AbortController.prototype.signal].map(thrown);

// case: a listener that is added late hears nothing
controller.abort();
signal.addEventListener("abort", () => log.push(1)); signal.onabort = () => log.push(2);
return log;

// case: abort events are heard once
signal.addEventListener("abort", () => log.push(1));
controller.abort(); controller.abort();
return log;

// case: onabort keeps its place
signal.addEventListener("abort", () => log.push(1));
signal.onabort = () => log.push("old");
signal.addEventListener("abort", () => log.push(2));
const handler = function (event) { log.push("new", this === signal, event.type); };
signal.onabort = handler;
const same = signal.onabort === handler;
controller.abort();
return [same, log];

// case: onabort can be taken away
signal.onabort = () => log.push(1);
signal.onabort = null;
controller.abort();
return [log, signal.onabort];

// case: onabort of something else is null
// expect: {"returns":[null,null,null]}
return [5, "x", undefined].map((value) => { signal.onabort = value; return signal.onabort; });

// case: a dispatched abort event aborts nothing
signal.onabort = (event) => log.push(event.isTrusted);
signal.dispatchEvent(new Event("abort"));
return [log, signal.aborted];

// case: a timeout
const late = AbortSignal.timeout(5);
const before = late.aborted;
await new Promise((resolve) => late.addEventListener("abort", resolve));
return [before, late.aborted, late.reason.name, late.reason.code, late.reason.message, late.reason instanceof DOMException];

// case: a timeout of nothing is not at once
const late = AbortSignal.timeout(0);
const before = late.aborted;
await new Promise((resolve) => setTimeout(resolve, 10));
return [before, late.aborted];

// case: a timeout that is none
// expect: {"returns":["TypeError","TypeError","TypeError","TypeError","TypeError"]}
return [-1, NaN, Infinity, "x", undefined].map((delay) => thrown(() => AbortSignal.timeout(delay)));

// case: a timeout without an argument
AbortSignal.timeout();

// case: any of nothing
const any = AbortSignal.any([]);
return [any.aborted, any instanceof AbortSignal];

// case: any follows each of them
const other = new AbortController();
const any = AbortSignal.any([signal, other.signal]);
any.addEventListener("abort", (event) => log.push(event.target === any, event.isTrusted));
const before = any.aborted;
other.abort("other"); controller.abort("first");
return [before, any.aborted, any.reason, log];

// case: any asks when it is asked
const other = new AbortController();
const any = AbortSignal.any([other.signal, signal]);
controller.abort("first"); other.abort("second");
return [any.aborted, any.reason];

// case: any of one that is aborted
const any = AbortSignal.any([signal, AbortSignal.abort("a"), AbortSignal.abort("b")]);
any.onabort = () => log.push("never");
return [any.aborted, any.reason, log];

// case: any of any
const other = new AbortController();
const inner = AbortSignal.any([signal]), outer = AbortSignal.any([inner, other.signal]);
outer.onabort = () => log.push("outer"); inner.onabort = () => log.push("inner"); signal.onabort = () => log.push("signal");
controller.abort(7);
return [log, outer.reason, inner.reason];

// case: any takes whatever can be iterated
// expect: {"returns":1}
const any = AbortSignal.any(new Set([signal]));
controller.abort(1);
return any.reason;

// case: any wants signals
return [() => AbortSignal.any(), () => AbortSignal.any(5), () => AbortSignal.any([{}]), () => AbortSignal.any([signal, null]), () => AbortSignal.any("x")].map(thrown);

// case: the same signal twice
const any = AbortSignal.any([signal, signal]);
any.addEventListener("abort", () => log.push(1));
controller.abort();
return log;

// case: a listener of any that was removed hears nothing, one that is added again does
const any = AbortSignal.any([signal]);
const listener = () => log.push("removed");
any.addEventListener("abort", listener); any.removeEventListener("abort", listener);
any.addEventListener("abort", () => log.push("kept"));
controller.abort();
return [log, any.aborted];

// case: the source hears before what follows it, and both are aborted by then
// expect: {"returns":["signal",true,"any"]}
const any = AbortSignal.any([signal]);
any.addEventListener("abort", () => log.push("any"));
signal.addEventListener("abort", () => log.push("signal", any.aborted));
controller.abort();
return log;

// case: any with a timeout
const any = AbortSignal.any([signal, AbortSignal.timeout(2)]);
await new Promise((resolve) => { any.onabort = resolve; });
return [any.reason.name, signal.aborted];

// case: a controller aborts while it aborts
signal.addEventListener("abort", () => { log.push(1); controller.abort("again"); });
controller.abort("once");
return [log, signal.reason];

// case: a promise that a signal rejects
const waits = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
controller.abort();
return await waits.catch((error) => [error.name, error === signal.reason]);
