const shape = (event) => [event.type, event.bubbles, event.cancelable, event.composed, event.defaultPrevented, event.returnValue, event.cancelBubble, event.eventPhase, event.target, event.srcElement, event.currentTarget, event.isTrusted, typeof event.timeStamp];
const thrown = (run) => { try { return run(); } catch (error) { return error.name; } };
// case: an event has the members of its init
return [shape(new Event("a")), shape(new Event("b", { bubbles: true, cancelable: 1, composed: "x" })), shape(new Event("c", null)), shape(new Event("d", { bubbles: undefined, cancelable: 0 }))];

// case: the type is made text
return [new Event(null).type, new Event(undefined).type, new Event(1.5).type, new Event({ toString: () => "t" }).type, new Event("").type];

// case: what cannot be an event throws
return [() => new Event(), () => Event("x"), () => new Event("x", 1), () => new Event("x", "y"), () => new Event(Symbol("x")), () => new CustomEvent(), () => new CustomEvent("x", 5)].map(thrown);

// case: constants are on the class and its prototype
// expect: {"returns":[0,1,2,3,2,3]}
return [Event.NONE, Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE, new Event("x").AT_TARGET, Event.prototype.BUBBLING_PHASE];

// case: isTrusted is the event's own, and cannot be changed
// expect: {"returns":[["isTrusted"],"{\"isTrusted\":false}",true,false,"TypeError",false]}
const event = new Event("x");
const { enumerable, configurable } = Object.getOwnPropertyDescriptor(event, "isTrusted");
return [Object.keys(event), JSON.stringify(event), enumerable, configurable, thrown(() => { "use strict"; event.isTrusted = true; }), event.isTrusted];

// case: tags and prototypes
return [new Event("x"), new CustomEvent("x"), new EventTarget(), new AbortController(), AbortSignal.abort(1)].map((it) => [Object.prototype.toString.call(it), it.constructor.name, Object.getPrototypeOf(Object.getPrototypeOf(it)).constructor.name]);

// case: members are enumerable on the prototypes
// expect: {"returns":[["addEventListener","dispatchEvent","removeEventListener"],["abort","signal"],["aborted","addEventListener","dispatchEvent","onabort","reason","removeEventListener","throwIfAborted"]]}
const members = (Class) => { const names = []; for (const name in Class.prototype) names.push(name); return names.sort(); };
return [members(EventTarget), members(AbortController), members(AbortSignal).filter((name) => !name.startsWith("_"))];

// case: a custom event carries a detail
const detail = { a: 1 };
return [new CustomEvent("x").detail, new CustomEvent("x", { detail }).detail === detail, new CustomEvent("x", { detail: 0 }).detail, new CustomEvent("x", { detail: undefined }).detail, new CustomEvent("x", {}).detail, new CustomEvent("x", { cancelable: true }).cancelable, new CustomEvent("x") instanceof Event];

// case: preventDefault counts where the event can be canceled
const a = new Event("a"), b = new Event("b", { cancelable: true });
a.preventDefault(); b.preventDefault();
return [a.defaultPrevented, b.defaultPrevented, a.returnValue, b.returnValue];

// case: returnValue and cancelBubble can be set, one way each
// expect: {"returns":[[true,false,false],true]}
const event = new Event("x", { cancelable: true });
event.returnValue = true; event.cancelBubble = false;
const before = [event.returnValue, event.cancelBubble, event.defaultPrevented];
event.cancelBubble = true; event.cancelBubble = false;
return [before, event.cancelBubble];

// case: returnValue false cancels
// expect: {"returns":[false,true]}
const event = new Event("x", { cancelable: true });
event.returnValue = false; event.returnValue = true;
return [event.returnValue, event.defaultPrevented];

// case: initEvent makes an event anew
// expect: {"returns":["y",true,true,false,false]}
const event = new Event("x", { cancelable: true });
event.preventDefault(); event.stopPropagation();
event.initEvent("y", true, true);
return [event.type, event.bubbles, event.cancelable, event.defaultPrevented, event.cancelBubble];

// case: timeStamps go forward
const a = new Event("x").timeStamp;
const b = new Event("x").timeStamp;
return [a <= b, Math.abs(b - performance.now()) < 1000];

// case: members want an event
const get = (name) => Object.getOwnPropertyDescriptor(Event.prototype, name).get;
return ["type", "target", "bubbles"].map((name) => thrown(() => get(name).call({})));

// case: subclasses
class Mine extends Event { constructor(x) { super("mine", { cancelable: true }); this.x = x; } get double() { return this.x * 2; } }
const target = new EventTarget(); const seen = [];
target.addEventListener("mine", (event) => { seen.push(event.double, event instanceof Mine); event.preventDefault(); });
return [target.dispatchEvent(new Mine(4)), seen];

// case: a message
const event = new MessageEvent("message", { data: { a: 1 }, origin: "http://x", lastEventId: "7" });
return [event.type, event.data, event.origin, event.lastEventId, event.source, event.ports, event instanceof Event];

// case: a message without an init
const event = new MessageEvent("m");
return [event.data, event.origin, event.lastEventId, event.source, event.ports];

// case: an error
// expect: {"returns":["m","f",1,2,"RangeError","","",0,0,null,"[object ErrorEvent]"]}
const event = new ErrorEvent("error", { message: "m", filename: "f", lineno: 1, colno: 2, error: new RangeError("x") });
const bare = new ErrorEvent("error");
return [event.message, event.filename, event.lineno, event.colno, event.error.name, bare.message, bare.filename, bare.lineno, bare.colno, bare.error ?? null, String(event)];

// case: an end
// expect: {"returns":[true,1000,"bye",false,0,"",true]}
const event = new CloseEvent("close", { wasClean: true, code: 1000, reason: "bye" });
const bare = new CloseEvent("close");
return [event.wasClean, event.code, event.reason, bare.wasClean, bare.code, bare.reason, event instanceof Event];

// case: progress
// expect: {"returns":[true,5,10,false,0,0]}
const event = new ProgressEvent("progress", { lengthComputable: true, loaded: 5, total: 10 });
const bare = new ProgressEvent("progress");
return [event.lengthComputable, event.loaded, event.total, bare.lengthComputable, bare.loaded, bare.total];
