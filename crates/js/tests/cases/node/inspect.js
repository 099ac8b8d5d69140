import util, { inspect } from "node:util";

// case: what is no object
return [1, -0, 1.5, NaN, 10n, "a", "", true, null, undefined, Symbol("s"), Symbol(), Symbol.for("a b")].map((value) => inspect(value));

// case: text and its quotes
return ["a'b", 'a"b', `a'"b`, "a`'\"b", "a\nb\t\\", "\x00\x1b\x7f\x9f", "\ud800", "ä€😀", "${'\"}"].map((value) => inspect(value));

// case: objects
return [{}, { a: 1 }, { a: { b: { c: { d: 1 } } } }, { "a-b": 1, 2: 3, [Symbol("s")]: 4 }, { a: undefined, b: null }, { "": 1 }, { __proto__: { x: 1 } }, Object.create(null), Object.assign(Object.create(null), { a: 1 })].map((value) => inspect(value));

// case: arrays
return [[], [1, 2], [[1, [2, [3, [4]]]]], [, 1, , , 2], Object.assign([1], { x: 2 }), new Array(3), [undefined, null]].map((value) => inspect(value));

// case: long arrays
return [Array.from({ length: 101 }, (_, i) => i), Array.from({ length: 7 }, (_, i) => i * 1000), Array(200).fill("ab"), Array.from({ length: 27 }, (_, i) => "x".repeat(i % 9))].map((value) => inspect(value));

// case: long arrays of everything
return [[1, "a", null, {}, [], 2, "b", undefined, true], Array.from({ length: 30 }, (_, i) => 10n ** BigInt(i % 5)), Array.from({ length: 10 }, (_, i) => ({ i }))].map((value) => inspect(value));

// case: lines
return [{ a: "x".repeat(60), b: "y".repeat(60) }, { a: 1, b: { c: "z".repeat(100) } }, ["x".repeat(70), "y".repeat(70)], { a: { b: { c: {} } } }, { a: { b: { c: [1] } } }, { a: [{ b: { c: {} } }] }].map((value) => inspect(value));

// case: many members
return inspect(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key${i}`, i])));

// case: long text
return [inspect("a".repeat(200)), inspect(["line one\nline two\n".repeat(8)]), inspect({ text: "a\n".repeat(80) }), inspect("a".repeat(10005))];

// case: circles
const one = { a: 1 };
one.self = one;
const two = { one: {} };
two.one.two = two;
const list = [1];
list.push(list);
const both = { x: {}, y: {} };
both.x.y = both.y;
both.y.x = both.x;
return [one, two, list, both].map((value) => inspect(value));

// case: functions and classes
class A {}
class B extends A {}
const anonymous = (() => () => {})();
return [function f() {}, () => {}, anonymous, async () => {}, function* g() {}, async function* h() {}, A, B, class {}, Object.assign(function f() {}, { a: 1 }), Math.max, Symbol].map((value) => inspect(value));

// case: instances
class A {
  x = 1;
  #hidden = 2;
  get y() {
    return 3;
  }
}
class B extends A {
  get [Symbol.toStringTag]() {
    return "tag";
  }
}
class Empty {}
return [new A(), new B(), new Empty(), [new A()], Object.create(A.prototype)].map((value) => inspect(value));

// case: getters
const object = {
  get a() {
    return 1;
  },
  set b(value) {},
  get c() {
    return { d: 1 };
  },
  set c(value) {},
  get e() {
    throw new Error("oh");
  },
};
return [inspect(object), inspect(object, { getters: true }), inspect(object, { getters: "get" }), inspect(object, { getters: "set" })];

// case: dates and patterns
return [new Date(0), new Date(NaN), /a\/b/gi, Object.assign(/x/, { a: 1 }), [new Date(86400000)]].map((value) => inspect(value));

// case: maps and sets
return [new Map(), new Map([["a", 1], [{ b: 2 }, [3]]]), new Set(), new Set([1, "a", { b: 1 }]), new Map([["k", new Map([["n", new Set([1])]])]]), Object.assign(new Set([1]), { x: 1 }), new WeakMap(), new WeakSet()].map((value) => inspect(value));

// case: big maps and sets
return [new Set(Array.from({ length: 120 }, (_, i) => i)), new Map(Array.from({ length: 110 }, (_, i) => [i, i]))].map((value) => inspect(value).slice(-60));

// case: bytes
return [new Uint8Array([1, 2]), new Uint8Array(), new Float64Array([1.5, -0]), new BigInt64Array([1n]), new ArrayBuffer(4), new ArrayBuffer(60), new DataView(new ArrayBuffer(2), 1), Buffer.from("hello"), Buffer.alloc(60), Buffer.alloc(0), { b: Buffer.from("x") }, new Uint8Array(120)].map((value) => inspect(value));

// case: promises
const rejected = Promise.reject(5);
rejected.catch(() => {});
return [Promise.resolve(1), new Promise(() => {}), rejected, Promise.resolve({ a: 1 }), [Promise.resolve("x")]].map((value) => inspect(value));

// case: boxed values
return [Object(1), Object("ab"), Object(true), Object(1n), Object(Symbol("s")), Object.assign(Object("a"), { x: 1 }), Object(-0)].map((value) => inspect(value));

// case: errors without a stack
const bare = (error) => Object.assign(error, { stack: "" });
class MyError extends Error {}
return [
  bare(new Error("x")),
  Object.assign(bare(new TypeError("y")), { extra: 1 }),
  bare(new Error("z", { cause: "c" })),
  { e: bare(new Error("x")) },
  bare(new MyError("m")),
].map((value) => inspect(value));

// case: the head of an error
return [new Error("x"), new RangeError("y")].map((error) => inspect(error).split("\n")[0]);

// case: arguments, modules, globals
const list = (function () {
  return arguments;
})(1, "a");
return [inspect(list), inspect((function () { return arguments; })()), inspect(Math).split(" ").slice(0, 2), inspect(JSON).slice(0, 13)];

// case: proxies
const proxy = new Proxy({ a: 1 }, { get: () => 5 });
return [inspect(proxy), inspect(proxy, { showProxy: true }).replace(/\[Function: get\]/, "get"), inspect(new Proxy([1], {})), inspect(new Proxy(function f() {}, {}))];

// case: proxies that throw
const proxy = new Proxy({ a: 1 }, { get: () => { throw new Error("x"); }, ownKeys: () => { throw new Error("y"); } });
return inspect(proxy);

// case: what says itself how it looks
class Money {
  constructor(amount) {
    this.amount = amount;
  }
  [inspect.custom](depth, options, again) {
    return `Money<${again(this.amount, options)}>`;
  }
}
return [
  inspect(new Money(5)),
  inspect({ price: new Money("x"), list: [new Money(1)] }),
  inspect({ [inspect.custom]: () => ({ other: 1 }) }),
  inspect({ [inspect.custom]: () => 42 }),
  inspect({ [Symbol.for("nodejs.util.inspect.custom")]: (depth, { compact }) => `${depth} ${compact}` }),
  inspect({ [inspect.custom]: 5 }),
  inspect(new Money(5), { customInspect: false }),
  inspect({ a: { [inspect.custom]: () => "one\ntwo" } }),
];

// case: what stylize and depth are
return inspect({ a: { [inspect.custom]: (depth, { stylize }) => `${depth} ${stylize("x", "number")}` } });

// case: depth
const deep = { a: { b: { c: { d: { e: 1 } } } } };
return [0, 1, 3, null, Infinity, -1].map((depth) => inspect(deep, { depth }));

// case: depth of other kinds
class A {
  x = { y: 1 };
}
return [[[[[1]]]], new Map([[{ a: { b: { c: {} } } }, 1]]), { a: { b: { c: new A() } } }, { a: { b: { c: Object.create(null) } } }, { a: { b: { c: new Map([[1, 2]]) } } }].map((value) => inspect(value, { depth: 1 }));

// case: options of the old kind
return [inspect({ a: { b: { c: 1 } } }, false, 0), inspect({ a: 1 }, false, null), inspect([1], true)];

// case: hidden members
const object = Object.defineProperty({ a: 1 }, "hidden", { value: 2 });
return [inspect(object, { showHidden: true }), inspect([1], { showHidden: true }), inspect(new Uint8Array(1), { showHidden: true }).slice(0, 60), inspect(Object.defineProperty({}, Symbol("s"), { value: 1 }), { showHidden: true })];

// case: limits
return [
  inspect([1, 2, 3, 4], { maxArrayLength: 2 }),
  inspect([1, 2], { maxArrayLength: 0 }),
  inspect(new Set([1, 2, 3]), { maxArrayLength: 1 }),
  inspect(new Map([[1, 2], [3, 4]]), { maxArrayLength: 1 }),
  inspect("abcdef", { maxStringLength: 3 }),
  inspect(["abcdef"], { maxStringLength: 5 }),
  inspect(Array(150).fill(0), { maxArrayLength: null }).includes("more"),
];

// case: compact and breakLength
const value = { a: { b: [1, 2, { c: "x" }] }, d: new Map([["k", { v: 1 }]]) };
return [inspect(value, { compact: false }), inspect(value, { compact: 1 }), inspect(value, { compact: 0 }), inspect(value, { breakLength: 20 }), inspect(value, { breakLength: Infinity, depth: 5 })];

// case: compact as it was
const value = { a: { b: [1, 2] }, c: "x".repeat(70) };
return inspect(value, { compact: true });

// case: sorted
return [inspect({ b: 1, a: 2, c: 3 }, { sorted: true }), inspect({ b: 1, a: 2 }, { sorted: (x, y) => (x < y ? 1 : -1) }), inspect(new Set(["b", "a"]), { sorted: true })];

// case: colors
return [inspect({ a: 1, b: "x", c: null, d: undefined, e: true, f: Symbol("s"), g: /x/, h: new Date(0), i: 1n, j: () => {} }, { colors: true }), inspect([1, [2]], { colors: true, depth: 0 })];

// case: separators
return [1234567.891, -1234, 123, 12345678901n, 0.1234].map((value) => inspect(value, { numericSeparator: true }));

// case: tags
return [{ [Symbol.toStringTag]: "Tag" }, Object.create({ [Symbol.toStringTag]: "Tag" }), Object.create(null, { [Symbol.toStringTag]: { value: "Tag" } })].map((value) => inspect(value));

// case: names that hide
return [{ constructor: 5 }, { constructor: { name: "x" } }, { hasOwnProperty: 1, toString: 2 }, { ["__proto__"]: 1 }].map((value) => inspect(value));

// case: defaults
return [inspect.defaultOptions.depth, inspect.custom === Symbol.for("nodejs.util.inspect.custom"), inspect.custom === util.inspect.custom, inspect.styles.number, inspect.colors.red];

// case: everything in everything
return inspect({ list: [{ id: 1, tags: ["a", "b"], at: new Date(0) }, { id: 2, tags: [], at: null }], map: new Map([["x", { y: [1, 2, 3] }]]), text: "it's", re: /x/g, fn() {}, [Symbol("k")]: new Set([undefined]) }, { depth: null });
