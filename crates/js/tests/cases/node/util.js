import util, * as named from "node:util";
import types from "node:util/types";
const code = (called) => {
  try {
    return called();
  } catch (error) {
    return [error.name, error.code ?? null];
  }
};

// case: format text
return [
  util.format("a %s b %s", "x", 5),
  util.format("%s"),
  util.format("%s", undefined),
  util.format("%s %s", "a"),
  util.format("a", "b", 3, { c: 1 }),
  util.format(1, 2, "3"),
  util.format("%% %s", 1),
  util.format("%%"),
  util.format("%x", 1),
  util.format(""),
  util.format(),
  util.format("a%"),
];

// case: format values as text
class A {
  toString() {
    return "mine";
  }
}
class B {}
return [null, undefined, 5, -0, 10n, Symbol("s"), {}, { a: { b: 1 } }, [1, [2, [3]]], () => 5, new A(), new B(), new Date(0), new Error("x").message, Object.create(null), "x", true].map((value) => util.format("%s", value));

// case: format numbers
return ["%d", "%i", "%f"].map((mark) => [42, "42.7", "x", 10n, Symbol("s"), {}, null, undefined, -0, 1e21].map((value) => util.format(mark, value)));

// case: format JSON
const circular = {};
circular.self = circular;
return [{ a: 1 }, "x", undefined, circular, [1], { toJSON: () => "j" }].map((value) => util.format("%j", value));

// case: format objects
return [util.format("%o", { a: [1] }), util.format("%O", { a: { b: { c: { d: 1 } } } }), util.format("%O %o", 1, "x"), util.format("%c red", "color: red"), util.format("%s %O", "a", { b: 1 }, "rest", [1])];

// case: formatWithOptions
return [util.formatWithOptions({ colors: true }, "%s %O", "a", { b: 1 }), util.formatWithOptions({ compact: false }, { a: 1 }), code(() => util.formatWithOptions(5, "x"))[0]];

// case: promisify
const later = (value, callback) => setTimeout(() => (value instanceof Error ? callback(value) : callback(null, value, "more")), 1);
const promised = util.promisify(later);
return [await promised(5), await promised(new RangeError("x")).catch((error) => error.message), promised.name, promised.length, promised === util.promisify(promised)];

// case: promisify keeps this
const object = {
  x: 7,
  get(callback) {
    callback(null, this.x);
  },
};
return util.promisify(object.get).call(object);

// case: promisify with a custom function
const original = () => {};
const custom = async () => "custom";
original[util.promisify.custom] = custom;
return [util.promisify(original) === custom, await util.promisify(original)(), util.promisify.custom === Symbol.for("nodejs.util.promisify.custom"), code(() => util.promisify(5))];

// case: callbackify
const called = (original, ...values) => new Promise((resolve) => util.callbackify(original)(...values, (...outcome) => resolve(outcome)));
return [
  await called(async (a, b) => a + b, 1, 2),
  (await called(async () => { throw new RangeError("x"); })).map(String),
  (await called(() => Promise.reject(null))).map((error) => [error.code, error.reason]),
  util.callbackify(async function name(a) {}).name,
  util.callbackify(async (a) => {}).length,
  code(() => util.callbackify(5)),
  code(() => util.callbackify(async () => {})()),
];

// case: inherits
function Old() {}
function Base() {}
Base.prototype.hello = () => "hi";
util.inherits(Old, Base);
return [new Old().hello(), Old.super_ === Base, new Old() instanceof Base, code(() => util.inherits(Old, null))];

// case: deprecate
const old = util.deprecate((a, b) => a + b, "old", "D1");
class A {
  x = 1;
}
const OldClass = util.deprecate(A, "old class");
return [old(1, 2), old(3, 4), new OldClass().x, new OldClass() instanceof A];

// case: isDeepStrictEqual
return [util.isDeepStrictEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), util.isDeepStrictEqual([1], ["1"]), util.isDeepStrictEqual(new Set([1]), new Set([1])), util.isDeepStrictEqual(1, 1)];

// case: types
const values = {
  date: new Date(),
  regexp: /x/,
  promise: Promise.resolve(),
  map: new Map(),
  set: new Set(),
  weakMap: new WeakMap(),
  weakSet: new WeakSet(),
  bytes: new Uint8Array(1),
  words: new Uint16Array(1),
  floats: new Float32Array(1),
  bigs: new BigInt64Array(1),
  memory: new ArrayBuffer(1),
  view: new DataView(new ArrayBuffer(1)),
  error: new TypeError(),
  generator: (function* () {})(),
  async: async () => {},
  star: function* () {},
  number: Object(1),
  string: Object("a"),
  symbol: Object(Symbol()),
  proxy: new Proxy({}, {}),
  arguments: (function () { return arguments; })(),
  object: {},
  fakeDate: Object.create(Date.prototype),
  fakeError: Object.create(Error.prototype),
  thenable: { then() {} },
  tagged: { [Symbol.toStringTag]: "Date" },
  nothing: null,
  text: "a",
  mapIterator: new Map().entries(),
  setIterator: new Set().values(),
};
const skipped = ["isExternal", "isKeyObject", "isCryptoKey", "isEventTarget"];
return Object.fromEntries(Object.keys(types).filter((name) => !skipped.includes(name)).sort().map((name) => [name, Object.keys(values).filter((key) => types[name](values[key]))]));

// case: stripVTControlCharacters
return ["\x1b[31mred\x1b[39m", "plain", "\x1b[1;32mx\x1b[0m y", "\x1b]8;;http://a\x07link\x1b]8;;\x07", "\x9b31mx"].map((text) => util.stripVTControlCharacters(text));

// case: toUSVString
return [util.toUSVString("a\ud800b"), util.toUSVString("😀"), util.toUSVString(5)];

// case: debuglog
const log = util.debuglog("nothing");
log("unseen %s", 1);
return [log.enabled, typeof log, util.debug === util.debuglog];

// case: what there was before types
return [util.isArray([]), util.isString("a"), util.isNumber("1"), util.isError(new TypeError()), util.isNullOrUndefined(null), util.isPrimitive({}), util.isFunction(() => {}), util.isBuffer(Buffer.alloc(1)), util.isObject([]), util.isDate(new Date()), util.isRegExp(/x/)];

// case: the module
return [util.TextEncoder === TextEncoder, named.TextDecoder === TextDecoder, named.default === util, util.types.isDate === types.isDate, typeof util.inspect];

// case: styleText
return [util.styleText("red", "x"), code(() => util.styleText("nonsense", "x"))[0]];
