const outcomes = (values, ...rest) =>
  values.map((value) => {
    try {
      return String(JSON.stringify(value, ...rest));
    } catch (error) {
      return error.name;
    }
  });

// case: values of every kind
return outcomes([{ a: [1, 2.5, -3, "x", true, false, null, {}, []] }, [], {}, "", 0, -0, null, true, [[[]]], [{}, [{}]]]);

// case: what is left out
const symbol = Symbol("x");
return outcomes([undefined, () => 1, symbol, [undefined, () => 1, symbol], { a: undefined, b: () => 1, c: symbol, d: 1 }, { [symbol]: 1 }, { first: undefined, second: 2, third: undefined }]);

// case: numbers
return outcomes([NaN, Infinity, -Infinity, 0.1, 1e21, 1e-7, 123456789012345680000, 5e-324, 1.7976931348623157e308, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 53 + 2, 0.000001, 0.0001, 0.00001234, 1e15, 1e15 + 0.5, 123.456, 4.35, 0.1 + 0.2, 1 / 3, 100, 1e16, -1.5]);

// case: many numbers
const numbers = [];
for (let at = 1; at < 400; at++) numbers.push(at / 7, -at * 1.1, 1 / at, Math.sqrt(at), at / 3e7, at * 1.5e14, at * 7.7e18);
const text = JSON.stringify(numbers);
return [text === `[${numbers.map(String)}]`, text.length, text.slice(0, 400)];

// case: numbers of every size are written as they are by themselves
let wrong = [];
for (let exponent = -330; exponent < 310; exponent++) {
  for (const digits of ["1", "9", "1.5", "-4.35", "1.2345678901234567", "9.999999999999999"]) {
    const number = Number(`${digits}e${exponent}`);
    if (JSON.stringify(number) !== (Number.isFinite(number) ? String(number).replace(/^-0$/, "0") : "null")) wrong.push(number);
  }
}
return wrong;

// case: strings
return outcomes(['a"b\\c/d\b\f\n\r\t\v', "\u0000\u001f\u007f", "äöü€😀", "\u2028\u2029", "\ud7ff\ue000", "", "x".repeat(100)]);

// case: halves of surrogate pairs
return outcomes(["\ud800", "a\udc00b", "\ude00\ud83d", "\ud83d\ud83d\ude00", { "\ud800": "\udfff" }]);

// case: ropes
let text = "";
for (let at = 0; at < 3000; at++) text += `${at} "quoted" `;
return [JSON.stringify(text).length, JSON.stringify({ [text]: text }).length];

// case: names, and in which order they stand
return outcomes([{ b: 1, a: 2, 10: 3, 2: 4, "": 5, "é": 6, 'x"y': 7, "😀": 8 }, Object.assign(Object.create({ inherited: 1 }), { own: 2 })]);

// case: what is not enumerable
const object = { shown: 1 };
Object.defineProperty(object, "hidden", { value: 2, enumerable: false });
return outcomes([object, Object.defineProperty([1], "extra", { value: 2, enumerable: true })]);

// case: accessors are read once, in order
const read = [];
const object = { a: 1, get b() { read.push("b"); return { get c() { read.push("c"); return 3; } }; }, d: 4 };
return [JSON.stringify(object), JSON.stringify([object]), read];

// case: what code changes while it is written
const object = { a: 1, get b() { delete this.c; this.e = 5; return 2; }, c: 3, d: 4 };
return [JSON.stringify(object), JSON.stringify(object)];

// case: toJSON
const calls = [];
class Money {
  constructor(cents) {
    this.cents = cents;
  }
  toJSON(key) {
    calls.push(key);
    return `${this.cents / 100} EUR`;
  }
}
const inherits = Object.create({ toJSON: () => "inherited" });
return [JSON.stringify({ price: new Money(150), list: [new Money(1)], inherits }), calls, ...outcomes([new Date(0), { at: new Date(0) }, { toJSON: 5, a: 1 }, { toJSON: undefined }, { toJSON: () => undefined }, [{ toJSON: () => undefined }]])];

// case: toJSON of prototypes
const results = [];
for (const prototype of [Object.prototype, Array.prototype, String.prototype, Number.prototype, BigInt.prototype]) {
  Object.defineProperty(prototype, "toJSON", { value() { return "patched"; }, configurable: true });
  results.push(outcomes([{ a: 1 }, [1], "x", 1, 1n]));
  delete prototype.toJSON;
}
return results;

// case: classes
class Plain {
  constructor() {
    this.a = 1;
    this.b = [new Inner()];
  }
}
class Inner {
  #hidden = 1;
  x = 2;
}
class List extends Array {}
return outcomes([new Plain(), List.of(1, 2), Object.create(null), Object.assign(Object.create(null), { a: 1 }), new (class extends Plain {})()]);

// case: objects of the language
return outcomes([new Map([[1, 2]]), new Set([1]), /x/g, new Error("x"), new Uint8Array([1, 2]), new ArrayBuffer(2), new String("s"), new Number(1), new Boolean(false), Object(1n), 1n, Promise.resolve(1), Object(Symbol("x")), [new String("s"), new Number(NaN)], (function () { return arguments; })(1, 2), new WeakMap(), globalThis.JSON, Math]);

// case: proxies
const log = [];
const spy = (target) => new Proxy(target, { get: (of, name) => (log.push(String(name)), Reflect.get(of, name)), ownKeys: (of) => (log.push("keys"), Reflect.ownKeys(of)) });
return [JSON.stringify(spy({ a: 1, b: spy([1, 2]) })), JSON.stringify({ under: Object.create(spy({ x: 1 })) }), log];

// case: lists with holes
const sparse = [1, , 3];
sparse.length = 5;
Array.prototype[1] = "from the prototype";
try {
  return outcomes([sparse, [, ,], Object.assign([], { 2: "x" })]);
} finally {
  delete Array.prototype[1];
}

// case: lists with accessors
const list = [1, 2, 3];
Object.defineProperty(list, 1, { get: () => "read", enumerable: true });
return outcomes([list, { list }]);

// case: circles
const circle = { a: 1 };
circle.self = circle;
const ring = [1];
ring.push({ ring });
const shared = { x: 1 };
return outcomes([circle, ring, { one: shared, two: shared, list: [shared, shared] }]);

// case: deep values
let value = [];
for (let at = 0; at < 1000; at++) value = at % 2 ? [value] : { a: value };
return JSON.stringify(value).length;

// case: replacers
const value = { a: 1, b: { a: 2, c: 3 }, c: [{ a: 4, d: 5 }] };
return [JSON.stringify(value, ["a", "c"]), JSON.stringify(value, (key, it) => (typeof it === "number" ? it * 10 : it)), JSON.stringify(value, null), JSON.stringify(value, 5), JSON.stringify(value, {}), JSON.stringify({ 1: 1, 2: 2 }, [1, new String("2")])];

// case: spaces
const value = { a: [1, { b: 2 }], c: {}, d: [] };
return [2, "\t", 20, "more than ten letters", "", 0, null, undefined, new Number(1), true].map((space) => JSON.stringify(value, null, space));

// case: large values
const list = Array.from({ length: 60_000 }, (_, at) => ({ id: at, text: `item ${at}`, nested: { odd: at % 2 === 1 } }));
const text = JSON.stringify(list);
return [text.length, JSON.stringify(JSON.parse(text)) === text];

// case: the function
return [JSON.stringify.name, JSON.stringify.length, Object.getOwnPropertyDescriptor(JSON, "stringify").enumerable, "prototype" in JSON.stringify, JSON.stringify(), Object.prototype.toString.call(JSON)];

// case: Response.json and what a body is read as
const value = { a: ["é", 1.5, null], at: new Date(0) };
const answer = Response.json(value);
return [await answer.text(), answer.headers.get("content-type"), await new Response('\ufeff{"a":[1,"é"]}').json(), await new Response("").json().catch((error) => error.name), await new Response('{"a":"\0"}').json().catch((error) => error.name)];
