const tag = (value) => Object.prototype.toString.call(value);
const thrown = (run) => { try { run(); return "nothing"; } catch (error) { return [error.name, error.code]; } };
const same = (value) => { const copy = structuredClone(value); return [copy, copy === value, tag(copy), Object.getPrototypeOf(copy)?.constructor?.name]; };
// case: primitives
return [undefined, null, true, 1, "x", ""].map((it) => structuredClone(it) === it).concat(Object.is(structuredClone(-0), -0), Number.isNaN(structuredClone(NaN)), structuredClone(5n) === 5n);

// case: boxes
return [new Boolean(false), new Number(5), new String("abc")].map(same).concat(typeof structuredClone(Object(7n)), String(structuredClone(Object(7n))));

// case: objects
const value = { a: 1, b: { c: [1, 2, { d: null }] }, e: undefined, "": 3, 1: 2 };
const copy = structuredClone(value);
return [copy, copy !== value, copy.b !== value.b, Object.keys(copy), "e" in copy];

// case: a class instance becomes a plain object
class Mine { constructor() { this.x = 1; } get y() { return 2; } #z = 3; }
return same(new Mine());

// case: prototypes, symbols and what is not enumerable stay behind
const value = Object.create({ inherited: 1 }, { hidden: { value: 1 }, seen: { value: 2, enumerable: true } });
value[Symbol("s")] = 1;
const copy = structuredClone(value);
return [copy, Object.getPrototypeOf(copy) === Object.prototype, Object.getOwnPropertySymbols(copy).length, Object.getOwnPropertyDescriptor(copy, "seen")];

// case: an object without a prototype gets one
return same(Object.create(null));

// case: getters are read, once
let reads = 0;
const copy = structuredClone({ get x() { reads += 1; return { a: 1 }; } });
return [copy, reads, typeof Object.getOwnPropertyDescriptor(copy, "x").get];

// case: a getter that throws
return structuredClone({ get x() { throw new RangeError("x"); } });

// case: a getter that removes another member
const value = { get a() { delete value.b; return 1; }, b: 2, c: 3 };
return structuredClone(value);

// case: a member called __proto__
const value = JSON.parse('{"__proto__": {"x": 1}, "y": 2}');
const copy = structuredClone(value);
return [Object.keys(copy), Object.getPrototypeOf(copy) === Object.prototype, copy.x];

// case: frozen objects are not frozen any more
const copy = structuredClone(Object.freeze({ a: Object.freeze([1]) }));
copy.a.push(2); copy.b = 1;
return [copy, Object.isFrozen(copy)];

// case: arrays
const sparse = [1, , 3]; sparse[5] = 6; sparse.extra = "x";
const copy = structuredClone(sparse);
return [copy.length, 1 in copy, 4 in copy, copy[5], copy.extra, Object.keys(copy), Array.isArray(copy), structuredClone([]).length, structuredClone(new Array(3)).length];

// case: a subclass of Array becomes an Array
class Mine extends Array {}
return same(Mine.from([1, 2]));

// case: cycles
const value = { list: [] }; value.self = value; value.list.push(value, value.list);
const copy = structuredClone(value);
return [copy.self === copy, copy.list[0] === copy, copy.list[1] === copy.list, copy !== value];

// case: what is there twice is one
const shared = { x: 1 };
const copy = structuredClone([shared, shared, { shared }]);
return [copy[0] === copy[1], copy[2].shared === copy[0], copy[0] !== shared];

// case: dates
const invalid = structuredClone(new Date(NaN));
const copy = structuredClone(new Date(86400000));
return [copy.toISOString(), copy instanceof Date, Number.isNaN(invalid.getTime())];

// case: regular expressions
const value = /a(b)\/c/giu; value.lastIndex = 3;
const copy = structuredClone(value);
return [String(copy), copy.flags, copy.lastIndex, copy instanceof RegExp];

// case: maps
const key = { k: 1 };
const value = new Map([[key, { v: 1 }], ["x", key]]); value.set("self", value); value.extra = 1;
const copy = structuredClone(value);
const [first] = copy.keys();
return [copy.size, first !== key, first.k, copy.get(first).v, copy.get("x") === first, copy.get("self") === copy, copy.extra ?? null];

// case: sets
const item = [1];
const copy = structuredClone(new Set([1, "x", item, item]));
return [[...copy], copy.has(item), copy.size];

// case: a subclass of Map becomes a Map
class Mine extends Map { get [Symbol.toStringTag]() { return "Mine"; } }
const copy = structuredClone(new Mine([[1, 2]]));
return [copy instanceof Map, copy.constructor === Map, copy.get(1)];

// case: errors
return [new Error("a"), new TypeError("b"), new RangeError("c"), new SyntaxError("d"), new EvalError("e"), new ReferenceError("f"), new URIError("g"), new Error()].map((error) => { const copy = structuredClone(error); return [copy.name, copy.message, copy.constructor.name, Object.keys(copy), Object.hasOwn(copy, "message"), copy !== error, tag(copy)]; });

// case: errors of a kind of their own
class Mine extends TypeError { constructor() { super("m"); this.code = 5; } }
const named = Object.assign(new Error("n"), { name: "Other" });
const typed = Object.assign(new Error("t"), { name: "RangeError" });
return [new Mine(), named, typed, new AggregateError([1], "a")].map((error) => { const copy = structuredClone(error); return [copy.name, copy.message, copy.constructor.name, copy.code ?? null]; });

// case: stacks of errors
const error = new Error("x");
return structuredClone(error).stack === error.stack;

// case: an error with a cause
// expect: {"returns":["x","why",true]}
const error = new Error("x", { cause: new RangeError("why") });
const copy = structuredClone(error);
return [copy.message, copy.cause?.message ?? null, copy.cause instanceof RangeError];

// case: exceptions of the DOM
// expect: {"returns":["m","AbortError",20,true]}
const copy = structuredClone(new DOMException("m", "AbortError"));
return [copy.message, copy.name, copy.code, copy instanceof DOMException];

// case: functions and symbols cannot be cloned
return [() => structuredClone(() => {}), () => structuredClone(class {}), () => structuredClone(Symbol("x")), () => structuredClone({ f() {} }), () => structuredClone([Symbol.iterator]), () => structuredClone(new Map([[() => {}, 1]])), () => structuredClone(Object(Symbol("x")))].map(thrown);

// case: what has a life of its own cannot be cloned
return [Promise.resolve(), new WeakMap(), new WeakSet(), new WeakRef({}), (function* () {})(), new Map().entries(), new Set().values()].map((it) => thrown(() => structuredClone(it)));

// case: objects of the host cannot be cloned
// expect: {"returns":[["DataCloneError",25],["DataCloneError",25],["DataCloneError",25]]}
return [new Event("x"), new AbortController().signal, new EventTarget()].map((it) => thrown(() => structuredClone(it)));

// case: what only looks like something
return [structuredClone(Object.create(Map.prototype, { a: { value: 1, enumerable: true } })), structuredClone({ [Symbol.toStringTag]: "Map", b: 2 }), same(Object.create(Date.prototype))[2], structuredClone(Object.create(Error.prototype, { message: { value: 5, enumerable: true } }))];

// case: it wants an argument
structuredClone();

// case: options have to be an object
return [null, undefined, {}, { transfer: [] }].map((options) => structuredClone(1, options)).concat(thrown(() => structuredClone(1, 5)).at(0));

// case: strings with halves of pairs
return [...structuredClone("a\ud800b")].map((it) => it.codePointAt(0));

// case: deep, but not too deep
let value = null;
for (let i = 0; i < 200; i += 1) value = { value };
let copy = structuredClone(value), depth = 0;
while (copy) { copy = copy.value; depth += 1; }
return depth;

// case: messages, addresses and streams cannot be cloned
// expect: {"returns":[["DataCloneError",25],["DataCloneError",25],["DataCloneError",25],["DataCloneError",25],["DataCloneError",25],["DataCloneError",25],["DataCloneError",25]]}
return [new Headers(), new Request("http://x/"), new Response(), new URL("http://x/"), new URLSearchParams(), new ReadableStream(), new TextEncoder()].map((it) => thrown(() => structuredClone(it)));
