const thrown = (run) => { try { run(); return "nothing"; } catch (error) { return error.name; } };
const bytes = (...values) => new Uint8Array(values).buffer;
// case: a buffer
const value = bytes(1, 2, 3);
const copy = structuredClone(value);
new Uint8Array(copy)[0] = 9;
return [[...new Uint8Array(value)], [...new Uint8Array(copy)], copy instanceof ArrayBuffer, value.byteLength];

// case: views keep their kind, offset and length
const buffer = new ArrayBuffer(32);
new Uint8Array(buffer).forEach((_, at, all) => { all[at] = at; });
return [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array].map((View) => {
  const copy = structuredClone(new View(buffer, 8, 2));
  return [copy.constructor.name, copy.byteOffset, copy.length, copy.buffer.byteLength, String(copy[0]), copy.buffer === buffer];
});

// case: a DataView
const copy = structuredClone(new DataView(bytes(1, 2, 3, 4), 1, 2));
return [copy instanceof DataView, copy.byteOffset, copy.byteLength, copy.getUint8(0), copy.buffer.byteLength];

// case: views of one buffer stay so
const buffer = bytes(1, 2, 3, 4);
const copy = structuredClone({ buffer, a: new Uint8Array(buffer, 1), b: new Uint16Array(buffer) });
copy.a[0] = 7;
return [copy.a.buffer === copy.b.buffer, copy.a.buffer === copy.buffer, new Uint8Array(copy.buffer)[1], new Uint8Array(buffer)[1]];

// case: members of views stay behind
const value = new Uint8Array([1]); value.x = 1;
return structuredClone(value).x ?? null;

// case: a transferred buffer is gone
const buffer = bytes(1, 2, 3);
const copy = structuredClone(buffer, { transfer: [buffer] });
return [buffer.byteLength, copy.byteLength, [...new Uint8Array(copy)]];

// case: views of a transferred buffer go with it
const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
const { buffer } = view;
const copy = structuredClone({ view, again: view, buffer }, { transfer: [buffer] });
return [view.length, buffer.byteLength, [...copy.view], copy.view.byteOffset, copy.view === copy.again, copy.buffer === copy.view.buffer, copy.buffer.byteLength];

// case: what is transferred need not be used
const buffer = bytes(1);
return [structuredClone("x", { transfer: [buffer] }), buffer.byteLength];

// case: transfer takes whatever can be iterated
const buffer = bytes(1);
structuredClone(null, { transfer: new Set([buffer]) });
return buffer.byteLength;

// case: what cannot be transferred
// expect: {"returns":["DataCloneError","DataCloneError"]}
const gone = bytes(1); structuredClone(null, { transfer: [gone] });
const twice = bytes(1);
return [[gone], [twice, twice]].map((transfer) => thrown(() => structuredClone(null, { transfer })));

// case: what is no buffer cannot be transferred
// expect: {"returns":["DataCloneError","DataCloneError","DataCloneError"]}
return [[{}], [new Uint8Array(1)], ["x"]].map((transfer) => thrown(() => structuredClone(null, { transfer })));

// case: transfer has to be a list
// expect: {"returns":["TypeError","TypeError"]}
return [5, {}].map((transfer) => thrown(() => structuredClone(null, { transfer })));

// case: where the clone fails nothing is transferred
const buffer = bytes(1, 2);
return [thrown(() => structuredClone({ buffer, f() {} }, { transfer: [buffer] })), buffer.byteLength];

// case: a detached buffer cannot be cloned
const buffer = bytes(1);
structuredClone(null, { transfer: [buffer] });
return thrown(() => structuredClone(buffer));

// case: a buffer that can grow
const buffer = new ArrayBuffer(2, { maxByteLength: 8 });
const copy = structuredClone(buffer);
return [copy.byteLength, copy.maxByteLength, copy.resizable];
