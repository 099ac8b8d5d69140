const log = [];
const note = (...what) => void log.push(what.join(" "));
const turns = async (count = 30) => { while (count-- > 0) await null; };
const told = (error) => (error instanceof Error ? error.name : String(error));
const outcome = (promise) => promise.then((value) => ["fulfilled", value], (error) => ["rejected", told(error)]);
const attempt = (action) => { try { return ["returned", action()]; } catch (error) { return ["threw", told(error)]; } };
const state = (promise) => Promise.race([promise.then(() => "fulfilled", (error) => `rejected ${told(error)}`), turns(8).then(() => "pending")]);
const later = () => { let resolve, reject; const promise = new Promise((a, b) => { resolve = a; reject = b; }); return { promise, resolve, reject }; };
const all = async (stream) => { const chunks = []; for await (const chunk of stream) chunks.push(chunk); return chunks; };
const listed = (...chunks) => new ReadableStream({ start(c) { for (const chunk of chunks) c.enqueue(chunk); c.close(); } });

const classes = { ReadableStream, ReadableStreamDefaultReader, ReadableStreamBYOBReader, ReadableStreamDefaultController, ReadableByteStreamController, ReadableStreamBYOBRequest, WritableStream, WritableStreamDefaultWriter, WritableStreamDefaultController, TransformStream, TransformStreamDefaultController, ByteLengthQueuingStrategy, CountQueuingStrategy };

// case: names, lengths and tags
return Object.entries(classes).map(([name, Class]) => [name, Class.name, Class.length, Class.prototype[Symbol.toStringTag], typeof Class]);

// case: members and what they are
return Object.entries(classes).map(([name, { prototype }]) => [name, Object.getOwnPropertyNames(prototype).sort().map((member) => {
  const { enumerable, configurable, writable, get, set, value } = Object.getOwnPropertyDescriptor(prototype, member);
  return member === "constructor" ? member : [member, enumerable, configurable, writable, get && get.name, set && set.name, value && value.length, value && value.name];
})]);

// case: the tag is not enumerable
return Object.entries(classes).map(([name, { prototype }]) => { const { enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag); return [name, enumerable, configurable, writable]; });

// case: from is a static method
const { enumerable, configurable, writable, value } = Object.getOwnPropertyDescriptor(ReadableStream, "from");
return [enumerable, configurable, writable, value.length, value.name];

// case: constructors are not functions
return Object.values(classes).map((Class) => attempt(() => Class({ highWaterMark: 1 })));

// case: controllers and requests cannot be constructed
return [ReadableStreamDefaultController, ReadableByteStreamController, ReadableStreamBYOBRequest, WritableStreamDefaultController, TransformStreamDefaultController].map((Class) => attempt(() => new Class()));

// case: readers and writers want a stream
const results = [];
for (const value of [undefined, null, {}, "text", new WritableStream(), Object.create(ReadableStream.prototype)]) results.push(attempt(() => new ReadableStreamDefaultReader(value)), attempt(() => new ReadableStreamBYOBReader(value)));
for (const value of [undefined, null, {}, new ReadableStream(), Object.create(WritableStream.prototype)]) results.push(attempt(() => new WritableStreamDefaultWriter(value)));
return results;

// case: methods of streams refuse what is no stream
const results = [];
for (const that of [{}, Object.create(ReadableStream.prototype), new WritableStream()]) {
  for (const name of ["getReader", "tee", "values", "pipeThrough"]) results.push(attempt(() => ReadableStream.prototype[name].call(that, new TransformStream())));
  for (const name of ["cancel", "pipeTo"]) results.push(await outcome(ReadableStream.prototype[name].call(that, new WritableStream())));
  results.push(attempt(() => Object.getOwnPropertyDescriptor(ReadableStream.prototype, "locked").get.call(that)));
}
for (const that of [{}, new ReadableStream()]) {
  results.push(attempt(() => WritableStream.prototype.getWriter.call(that)), await outcome(WritableStream.prototype.abort.call(that)), await outcome(WritableStream.prototype.close.call(that)));
}
return results;

// case: methods of readers and writers refuse what is none
// expect: {"returns":[["rejected","TypeError"],["rejected","TypeError"],["threw","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["threw","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["threw","TypeError"],["rejected","TypeError"],["rejected","TypeError"]]}
const results = [];
const getter = (Class, name) => Object.getOwnPropertyDescriptor(Class.prototype, name).get;
for (const Class of [ReadableStreamDefaultReader, ReadableStreamBYOBReader]) {
  results.push(await outcome(Class.prototype.read.call({}, new Uint8Array(1))), await outcome(Class.prototype.cancel.call(undefined)), attempt(() => Class.prototype.releaseLock.call({})), await outcome(getter(Class, "closed").call({})));
}
const { prototype } = WritableStreamDefaultWriter;
results.push(await outcome(prototype.write.call({})), await outcome(prototype.close.call(undefined)), await outcome(prototype.abort.call({})), attempt(() => prototype.releaseLock.call({})), await outcome(getter(WritableStreamDefaultWriter, "closed").call({})), await outcome(getter(WritableStreamDefaultWriter, "ready").call(null)));
return [...results.slice(0, 4), ...results.slice(4)];

// case: sources, sinks, transformers and options that are refused
return [
  ...[null, 5, "text", true].map((value) => attempt(() => new ReadableStream(value))),
  ...[5, "text"].map((value) => attempt(() => new TransformStream(value))),
  attempt(() => new ReadableStream({ start: 5 })), attempt(() => new ReadableStream({ pull: "x" })), attempt(() => new ReadableStream({ cancel: {} })),
  attempt(() => new ReadableStream({}, { highWaterMark: -1 })), attempt(() => new ReadableStream({}, { highWaterMark: NaN })), attempt(() => new ReadableStream({}, { highWaterMark: "text" })), attempt(() => new ReadableStream({}, { size: 5 })),
  attempt(() => new ReadableStream().getReader("byob")), attempt(() => new ReadableStream().getReader(null).constructor.name), attempt(() => new ReadableStream({}, null).locked),
];

// case: marks become numbers
const marks = [];
for (const highWaterMark of ["3", true, Infinity, 1.5, new Date(7), undefined, null]) new ReadableStream({ start(c) { marks.push(String(c.desiredSize)); } }, { highWaterMark });
return marks;

// case: strategies
const bytes = new ByteLengthQueuingStrategy({ highWaterMark: 16 });
const count = new CountQueuingStrategy({ highWaterMark: "4" });
return [bytes.highWaterMark, bytes.size(new Uint8Array(3)), bytes.size({ byteLength: "x" }), count.highWaterMark, count.size(), count.size("x"), bytes.size === new ByteLengthQueuingStrategy({ highWaterMark: 1 }).size, count.size === new CountQueuingStrategy({ highWaterMark: 1 }).size, bytes.size.name, bytes.size.length, count.size.name, count.size.length];

// case: strategies want a mark
const results = [];
for (const Class of [ByteLengthQueuingStrategy, CountQueuingStrategy]) {
  for (const init of [undefined, {}, { highWaterMark: undefined }]) results.push(attempt(() => new Class(init)));
  for (const highWaterMark of [-1, NaN, null, "text"]) results.push(String(new Class({ highWaterMark }).highWaterMark));
}
return results;

// case: sizes of chunks that have none
const bytes = new ByteLengthQueuingStrategy({ highWaterMark: 16 });
return [attempt(() => bytes.size(undefined)), attempt(() => bytes.size(null)), attempt(() => bytes.size("text"))];

// case: streams with strategies
let first, second;
new ReadableStream({ start(c) { first = c; } }, new ByteLengthQueuingStrategy({ highWaterMark: 16 }));
new ReadableStream({ start(c) { second = c; } }, new CountQueuingStrategy({ highWaterMark: 4 }));
first.enqueue(new Uint8Array(5)); second.enqueue("text");
return [first.desiredSize, second.desiredSize];

// case: then of the prototype of objects sees what is read
Object.prototype.then = undefined;
try { return await listed("a").getReader().read(); } finally { delete Object.prototype.then; }
