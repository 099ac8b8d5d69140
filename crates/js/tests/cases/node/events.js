import EventEmitter, * as events from "node:events";
const code = (called) => {
  try {
    return called();
  } catch (error) {
    return [error.name, error.code ?? null, error.message];
  }
};
const emitter = new EventEmitter();
const seen = [];

// case: on and emit
emitter.on("a", (...values) => seen.push(values));
return [emitter.emit("a", 1, 2), emitter.emit("b"), emitter.emit("a"), seen];

// case: listeners run in order, with this
emitter.on("a", function () {
  seen.push(1, this === emitter);
});
emitter.prependListener("a", () => seen.push(0));
emitter.on("a", () => seen.push(2));
emitter.emit("a");
return seen;

// case: once
emitter.once("a", (value) => seen.push(value));
return [emitter.emit("a", 1), emitter.emit("a", 2), seen];

// case: prependOnceListener
emitter.on("a", () => seen.push(2));
emitter.prependOnceListener("a", () => seen.push(1));
emitter.emit("a");
emitter.emit("a");
return seen;

// case: methods give the emitter
const nothing = () => {};
return ["on", "once", "addListener", "prependListener", "off", "removeListener"].every((name) => emitter[name]("x", nothing) === emitter) && emitter.removeAllListeners() === emitter && emitter.setMaxListeners(1) === emitter;

// case: off
const one = () => seen.push(1);
const two = () => seen.push(2);
emitter.on("a", one).on("a", two).on("a", one);
emitter.off("a", one);
emitter.emit("a");
emitter.off("a", one).off("a", one);
emitter.emit("a");
return seen;

// case: off of once
const one = () => seen.push(1);
emitter.once("a", one);
emitter.off("a", one);
return [emitter.emit("a"), seen];

// case: listeners that come and go while it emits
const late = () => seen.push("late");
emitter.on("a", () => {
  seen.push(1);
  emitter.on("a", late);
  emitter.off("a", gone);
});
const gone = () => seen.push("gone");
emitter.on("a", gone);
emitter.emit("a");
emitter.emit("a");
return seen;

// case: an error that nobody hears
return [
  code(() => emitter.emit("error", new RangeError("x"))),
  code(() => emitter.emit("error", "text")),
  code(() => emitter.emit("error", { a: 1 })),
  code(() => emitter.emit("error")),
  code(() => emitter.emit("error", null)),
];

// case: an error that somebody hears
emitter.on("error", (error) => seen.push(error.message));
return [emitter.emit("error", new Error("x")), seen];

// case: who watches errors does not handle them
emitter.on(events.errorMonitor, (error) => seen.push(error.message));
return [code(() => emitter.emit("error", new Error("x")))[2], seen];

// case: a listener that throws
emitter.on("a", () => {
  throw new TypeError("x");
});
emitter.on("a", () => seen.push(1));
return [code(() => emitter.emit("a")), seen];

// case: listenerCount
const one = () => {};
emitter.on("a", one).once("a", one).on("a", () => {});
return [emitter.listenerCount("a"), emitter.listenerCount("b"), emitter.listenerCount("a", one), events.listenerCount(emitter, "a"), EventEmitter.listenerCount(emitter, "a")];

// case: listeners and rawListeners
const one = () => seen.push(1);
emitter.once("a", one).on("a", one);
const raw = emitter.rawListeners("a");
raw[0]();
return [emitter.listeners("a").map((it) => it === one), raw.map((it) => it === one), raw[0].listener === one, emitter.listenerCount("a"), seen, emitter.listeners("x")];

// case: eventNames
const symbol = Symbol("s");
emitter.on("b", () => {}).on("a", () => {}).on(symbol, () => {}).on(5, () => {});
return [emitter.eventNames().map(String), new EventEmitter().eventNames()];

// case: removeAllListeners
emitter.on("a", () => seen.push(1)).on("b", () => seen.push(2));
emitter.removeAllListeners("a");
emitter.emit("a");
emitter.emit("b");
emitter.removeAllListeners();
emitter.emit("b");
return [seen, emitter.eventNames()];

// case: newListener and removeListener
const one = () => {};
emitter.on("newListener", (type, listener) => seen.push(["new", String(type), listener === one, emitter.listenerCount("a")]));
emitter.on("removeListener", (type, listener) => seen.push(["gone", type, listener === one, emitter.listenerCount("a")]));
emitter.once("a", one);
emitter.emit("a");
emitter.on("a", one);
emitter.removeAllListeners("a");
return seen;

// case: max listeners
return [
  emitter.getMaxListeners(),
  emitter.setMaxListeners(5).getMaxListeners(),
  EventEmitter.defaultMaxListeners,
  code(() => emitter.setMaxListeners(-1)).slice(0, 2),
  code(() => emitter.setMaxListeners("x")).slice(0, 2),
  emitter.setMaxListeners(0).getMaxListeners(),
];

// case: what is no listener
return [code(() => emitter.on("a", null)).slice(0, 2), code(() => emitter.once("a", "x")).slice(0, 2), code(() => emitter.off("a")).slice(0, 2)];

// case: the class is the module
return [EventEmitter.EventEmitter === EventEmitter, events.EventEmitter === EventEmitter, events.default === EventEmitter, EventEmitter.once === events.once, EventEmitter.name, typeof EventEmitter.on];

// case: a subclass
class Mine extends EventEmitter {
  constructor() {
    super();
    this.own = 1;
  }
}
const mine = new Mine();
mine.on("a", () => seen.push(mine.own));
mine.emit("a");
return [seen, mine instanceof EventEmitter, mine instanceof Mine];

// case: a subclass in the old way
function Old() {
  EventEmitter.call(this);
}
Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
const [one, two] = [new Old(), new Old()];
one.on("a", () => seen.push(1));
return [one.emit("a"), two.emit("a"), seen];

// case: an object with its methods and no constructor
const object = Object.create(EventEmitter.prototype);
const other = Object.create(EventEmitter.prototype);
object.on("a", () => seen.push(1));
return [object.emit("a"), other.emit("a"), seen, object.listenerCount("a"), other.listenerCount("a")];

// case: methods mixed into another
const object = Object.assign({}, EventEmitter.prototype);
object.on("a", (value) => seen.push(value));
return [object.emit("a", 5), seen];

// case: names of every kind
const symbol = Symbol();
emitter.on("__proto__", () => seen.push(1)).on("constructor", () => seen.push(2)).on(symbol, () => seen.push(3)).on("", () => seen.push(4));
return [emitter.emit("__proto__"), emitter.emit("constructor"), emitter.emit(symbol), emitter.emit(""), emitter.emit("toString"), seen];

// case: once as a promise
setTimeout(() => emitter.emit("a", 1, 2), 1);
return [await events.once(emitter, "a"), emitter.listenerCount("a"), emitter.listenerCount("error")];

// case: once as a promise that fails
setTimeout(() => emitter.emit("error", new RangeError("x")), 1);
return events.once(emitter, "a").catch((error) => [error.name, emitter.listenerCount("a"), emitter.listenerCount("error")]);

// case: once as a promise for errors
setTimeout(() => emitter.emit("error", new RangeError("x")), 1);
return (await events.once(emitter, "error"))[0].message;

// case: once as a promise of no emitter
return events.once({}, "a");

// case: on as an iterator
setTimeout(() => {
  emitter.emit("a", 1);
  emitter.emit("a", 2, 3);
  emitter.emit("a", "end");
}, 1);
for await (const values of events.on(emitter, "a")) {
  seen.push(values);
  if (values[0] === "end") break;
}
return [seen, emitter.listenerCount("a"), emitter.listenerCount("error")];

// case: on as an iterator that fails
setTimeout(() => {
  emitter.emit("a", 1);
  emitter.emit("error", new RangeError("x"));
}, 1);
try {
  for await (const values of events.on(emitter, "a")) seen.push(values);
} catch (error) {
  seen.push(error.name);
}
return [seen, emitter.listenerCount("a")];

// case: on as an iterator that is asked before
const iterator = events.on(emitter, "a");
const both = [iterator.next(), iterator.next()];
emitter.emit("a", 1);
emitter.emit("a", 2);
const results = await Promise.all(both);
const pending = iterator.next();
await iterator.return();
return [results, await pending, await iterator.next(), iterator[Symbol.asyncIterator]() === iterator];

// case: static helpers
const one = () => {};
emitter.on("a", one);
events.setMaxListeners(3, emitter);
return [events.getEventListeners(emitter, "a")[0] === one, emitter.getMaxListeners(), events.usingDomains, events.captureRejections, String(events.captureRejectionSymbol)];

// case: the count of events
emitter.on("a", () => {}).on("b", () => {}).once("a", () => {});
return [emitter._eventsCount, Object.keys(emitter._events)];
