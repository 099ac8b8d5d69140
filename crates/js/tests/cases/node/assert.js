import assert, * as named from "node:assert";
const holds = (called) => {
  try {
    const result = called();
    return result === undefined ? true : result;
  } catch (error) {
    return [error.name, error.code ?? null, error.operator ?? null, error.generatedMessage ?? null];
  }
};
const said = (called) => {
  try {
    called();
    return null;
  } catch (error) {
    return error.message;
  }
};

// case: ok
return [1, "a", {}, [], true, 0, "", null, undefined, NaN, false].map((value) => [holds(() => assert(value)), holds(() => assert.ok(value))]);

// case: messages of one's own
return [
  said(() => assert(false, "mine")),
  said(() => assert.equal(1, 2, "mine")),
  holds(() => assert.equal(1, 2, new RangeError("mine"))),
  holds(() => assert.equal(1, 2, "mine")),
  said(() => assert.fail("mine")),
  said(() => assert.fail()),
  holds(() => assert.fail(new TypeError("x"))),
];

// case: equal
return [[1, 1], [1, "1"], [null, undefined], [NaN, NaN], [0, -0], [1, 2], ["a", "b"], [{}, {}]].map((pair) => [holds(() => assert.equal(...pair)), holds(() => assert.notEqual(...pair))]);

// case: strictEqual
return [[1, 1], [1, "1"], [null, undefined], [NaN, NaN], [0, -0], [1, 2], [{}, {}]].map((pair) => [holds(() => assert.strictEqual(...pair)), holds(() => assert.notStrictEqual(...pair))]);

// case: deepStrictEqual
const circular = () => {
  const it = { a: 1 };
  it.self = it;
  return it;
};
class A {}
const pairs = [
  [{ a: 1 }, { a: 1 }],
  [{ a: 1 }, { a: "1" }],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }],
  [{ a: undefined }, {}],
  [[1, 2], [1, 2]],
  [[1, 2], [2, 1]],
  [[1, , 3], [1, undefined, 3]],
  [[], {}],
  [NaN, NaN],
  [[NaN], [NaN]],
  [0, -0],
  [[0], [-0]],
  [new Date(1), new Date(1)],
  [new Date(1), new Date(2)],
  [/a/g, /a/g],
  [/a/g, /a/i],
  [new Error("a"), new Error("a")],
  [new Error("a"), new Error("b")],
  [new Error("a"), new TypeError("a")],
  [new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])],
  [new Set([1]), new Set(["1"])],
  [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
  [new Map([[{ a: 1 }, 1]]), new Map([[{ a: 1 }, 1]])],
  [new Map([[1, 1]]), new Map([[1, 2]])],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  [new Uint8Array([1]), new Int8Array([1])],
  [new Float32Array([0]), new Float32Array([-0])],
  [new ArrayBuffer(2), new ArrayBuffer(2)],
  [new ArrayBuffer(2), new ArrayBuffer(3)],
  [new A(), new A()],
  [new A(), {}],
  [Object.create(null), {}],
  [Object(1), Object(1)],
  [Object(1), Object(2)],
  [Object("a"), Object("a")],
  [{ [Symbol.for("a")]: 1 }, { [Symbol.for("a")]: 1 }],
  [{ [Symbol.for("a")]: 1 }, {}],
  [circular(), circular()],
  [null, undefined],
  [null, {}],
  [new Promise(() => {}), new Promise(() => {})],
  [() => {}, () => {}],
  [Symbol.for("a"), Symbol.for("a")],
  [1n, 1n],
  [1n, 1],
  [Buffer.from("a"), Buffer.from("a")],
  [Buffer.from("a"), new Uint8Array([97])],
  [new Error("a", { cause: 1 }), new Error("a", { cause: 2 })],
];
return pairs.map((pair, i) => [i, holds(() => assert.deepStrictEqual(...pair)) === true, holds(() => assert.deepEqual(...pair)) === true, holds(() => assert.notDeepStrictEqual(...pair)) === true]);

// case: deepEqual is loose
return [[{ a: 1 }, { a: "1" }], [[1], ["1"]], [new Set([1]), new Set(["1"])], [new Map([["1", 1]]), new Map([[1, 1]])], [null, undefined], [{ a: null }, { a: undefined }], [NaN, NaN], [new Date(1), 1]].map((pair) => holds(() => assert.deepEqual(...pair)));

// case: what an error carries
try {
  assert.deepStrictEqual({ a: 1 }, { a: 2 });
} catch (error) {
  return [error.actual, error.expected, error.operator, error.code, error.name, error instanceof assert.AssertionError, error instanceof Error, Object.keys(error).sort()];
}

// case: missing values
return [holds(() => assert.equal(1)), holds(() => assert.deepStrictEqual()), said(() => assert.ok())];

// case: match
return [holds(() => assert.match("abc", /b/)), holds(() => assert.match("abc", /x/)), holds(() => assert.match(5, /5/)), holds(() => assert.doesNotMatch("abc", /x/)), holds(() => assert.doesNotMatch("abc", /b/)), holds(() => assert.match("a", "a"))];

// case: throws
const fails = () => {
  throw new RangeError("some text");
};
return [
  holds(() => assert.throws(fails)),
  holds(() => assert.throws(() => {})),
  holds(() => assert.throws(fails, RangeError)),
  holds(() => assert.throws(fails, TypeError)),
  holds(() => assert.throws(fails, /some/)),
  holds(() => assert.throws(fails, /other/)),
  holds(() => assert.throws(fails, { name: "RangeError", message: "some text" })),
  holds(() => assert.throws(fails, { message: /text/ })),
  holds(() => assert.throws(fails, { message: "x" })),
  holds(() => assert.throws(fails, { code: "x" })),
  holds(() => assert.throws(fails, new RangeError("some text"))),
  holds(() => assert.throws(fails, new RangeError("x"))),
  holds(() => assert.throws(fails, (error) => error instanceof RangeError)),
  holds(() => assert.throws(fails, () => false)),
  holds(() => assert.throws(fails, "message")),
  holds(() => assert.throws("x")),
  holds(() => assert.throws(fails, {})),
  holds(() => assert.throws(fails, 5)),
];

// case: messages of throws
return [said(() => assert.throws(() => {})), said(() => assert.throws(() => {}, RangeError)), said(() => assert.throws(() => {}, RangeError, "mine")), said(() => assert.throws(() => {}, "mine"))];

// case: doesNotThrow
return [holds(() => assert.doesNotThrow(() => {})), holds(() => assert.doesNotThrow(() => { throw new Error("x"); })), holds(() => assert.doesNotThrow(() => { throw new TypeError("x"); }, RangeError)), said(() => assert.doesNotThrow(() => { throw new Error("x"); }, "mine"))];

// case: rejects
const later = async (called) => {
  try {
    await called();
    return true;
  } catch (error) {
    return [error.name, error.code ?? null, error.operator ?? null];
  }
};
const fails = async () => {
  throw new RangeError("x");
};
return Promise.all([
  later(() => assert.rejects(fails())),
  later(() => assert.rejects(fails)),
  later(() => assert.rejects(fails, RangeError)),
  later(() => assert.rejects(fails, TypeError)),
  later(() => assert.rejects(fails, /y/)),
  later(() => assert.rejects(async () => {})),
  later(() => assert.rejects(5)),
  later(() => assert.rejects(() => 5)),
  later(() => assert.doesNotReject(async () => {})),
  later(() => assert.doesNotReject(fails)),
]);

// case: ifError
return [holds(() => assert.ifError(null)), holds(() => assert.ifError(undefined)), holds(() => assert.ifError(0)), said(() => assert.ifError(new Error("x"))), said(() => assert.ifError("x"))];

// case: errors made by hand
const error = new assert.AssertionError({ actual: 1, expected: 2, operator: "strictEqual" });
const mine = new assert.AssertionError({ message: "m" });
return [error.name, error.code, error.generatedMessage, mine.message, mine.generatedMessage, holds(() => new assert.AssertionError())];

// case: strict
return [holds(() => assert.strict.equal(1, "1")), holds(() => assert.strict.deepEqual({ a: 1 }, { a: "1" })), holds(() => assert.strict(0)), assert.strict.strict === assert.strict, (await import("node:assert/strict")).default === assert.strict, named.equal === assert.equal];
