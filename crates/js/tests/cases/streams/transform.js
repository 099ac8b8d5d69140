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

// case: without a transformer what goes in comes out
const { readable, writable } = new TransformStream();
const writer = writable.getWriter();
writer.write("a"); writer.write("b"); writer.close();
return all(readable);

// case: a transform may enqueue none or many
const { readable, writable } = new TransformStream({ transform(chunk, c) { for (let i = 0; i < chunk; i++) c.enqueue(chunk); }, flush(c) { c.enqueue("end"); } });
const writer = writable.getWriter();
writer.write(2); writer.write(0); writer.write(1); writer.close();
return all(readable);

// case: transforms that wait come one after the other
const { readable, writable } = new TransformStream({ async transform(chunk, c) { note("in", chunk); await turns(3); c.enqueue(chunk * 2); note("out", chunk); } });
const writer = writable.getWriter();
writer.write(1); writer.write(2); writer.close();
return [await all(readable), log];

// case: start may enqueue
const { readable } = new TransformStream({ start(c) { c.enqueue("a"); note(c.desiredSize); } }, undefined, { highWaterMark: 2 });
return [await readable.getReader().read(), log];

// case: nothing is transformed before somebody reads
const { readable, writable } = new TransformStream({ transform(chunk, c) { note("transform", chunk); c.enqueue(chunk); } });
const writer = writable.getWriter();
writer.write("a");
await turns();
note("reading");
const reader = readable.getReader();
await reader.read();
await turns();
return log;

// case: with a mark above zero something is
const { readable, writable } = new TransformStream({ transform(chunk, c) { note("transform", chunk, c.desiredSize); c.enqueue(chunk); } }, undefined, { highWaterMark: 1 });
const writer = writable.getWriter();
writer.write("a"); writer.write("b");
await turns();
note("reading");
await readable.getReader().read();
await turns();
return log;

// case: back-pressure reaches the writer
const { readable, writable } = new TransformStream();
const writer = writable.getWriter();
const before = [writer.desiredSize, await state(writer.ready)];
const write = writer.write("a");
const during = [writer.desiredSize, await state(writer.ready), await state(write)];
await readable.getReader().read();
return [before, during, await state(write), writer.desiredSize, await state(writer.ready)];

// case: a transform that throws fails both sides
const { readable, writable } = new TransformStream({ transform() { throw new RangeError("x"); }, flush() { note("flush"); }, cancel() { note("cancel"); } });
const writer = writable.getWriter();
const reader = readable.getReader();
const results = [writer.write("a"), writer.closed, writer.ready, reader.read(), reader.closed].map(outcome);
return [await Promise.all(results), log];

// case: a transform that rejects fails both sides
const { readable, writable } = new TransformStream({ transform: () => Promise.reject(new RangeError("x")) });
const writer = writable.getWriter();
const reader = readable.getReader();
return Promise.all([writer.write("a"), writer.closed, reader.read(), reader.closed].map(outcome));

// case: a flush that throws fails both sides
const { readable, writable } = new TransformStream({ flush() { throw new RangeError("x"); } });
const writer = writable.getWriter();
const reader = readable.getReader();
return Promise.all([writer.close(), writer.closed, reader.read(), reader.closed].map(outcome));

// case: a flush that waits
const gate = later();
const { readable, writable } = new TransformStream({ flush(c) { note("flush"); c.enqueue("last"); return gate.promise; } });
const writer = writable.getWriter();
const reader = readable.getReader();
const close = writer.close();
const first = await reader.read();
const before = [await state(close), await state(reader.closed)];
gate.resolve();
return [first, before, await outcome(close), await reader.read(), log];

// case: a start that throws is thrown by the constructor
return attempt(() => new TransformStream({ start() { throw new RangeError("x"); } }));

// case: a start that rejects fails both sides
const { readable, writable } = new TransformStream({ start: () => Promise.reject(new RangeError("x")) });
return [await outcome(writable.getWriter().closed), await outcome(readable.getReader().closed)];

// case: both sides wait for start
const gate = later();
const { readable, writable } = new TransformStream({ start: () => gate.promise, transform(chunk, c) { note("transform"); c.enqueue(chunk); } });
const writer = writable.getWriter();
const read = readable.getReader().read();
writer.write("a");
await turns();
note("resolving");
gate.resolve();
return [await read, log];

// case: the controller fails both sides
let controller;
const { readable, writable } = new TransformStream({ start(c) { controller = c; } });
await turns();
controller.error(new RangeError("x"));
controller.error(new SyntaxError("y"));
return [await outcome(writable.getWriter().closed), await outcome(readable.getReader().read()), attempt(() => controller.enqueue("a")), controller.desiredSize];

// case: terminate closes one side and fails the other
let controller;
const { readable, writable } = new TransformStream({ start(c) { controller = c; } }, undefined, { highWaterMark: 5 });
await turns();
controller.enqueue("a");
controller.terminate();
return [await outcome(all(readable)), await outcome(writable.getWriter().closed), attempt(() => controller.enqueue("b")), attempt(() => controller.terminate())];

// case: terminate from within a transform
const { readable, writable } = new TransformStream({ transform(chunk, c) { c.enqueue(chunk); c.terminate(); }, flush() { note("flush"); } });
const writer = writable.getWriter();
const results = [writer.write("a"), writer.write("b"), writer.close()].map(outcome);
return [await all(readable), await Promise.all(results), log];

// case: cancel of the readable side fails the writable one
const { readable, writable } = new TransformStream({ cancel(reason) { note("cancel", reason); } });
const writer = writable.getWriter();
return [await outcome(readable.cancel("why")), await outcome(writer.closed), await outcome(writer.write("a")), log];

// case: abort of the writable side fails the readable one
const { readable, writable } = new TransformStream({ cancel(reason) { note("cancel", reason); } });
const reader = readable.getReader();
const read = outcome(reader.read());
return [await outcome(writable.abort("why")), await read, await outcome(reader.closed), log];

// case: a cancel that throws
const cancelled = new TransformStream({ cancel() { throw new RangeError("x"); } });
const aborted = new TransformStream({ cancel() { throw new RangeError("x"); } });
return [await outcome(cancelled.readable.cancel("why")), await outcome(cancelled.writable.getWriter().closed), await outcome(aborted.writable.abort("why")), await outcome(aborted.readable.getReader().closed)];

// case: a cancel that waits
const gate = later();
const { readable, writable } = new TransformStream({ cancel: () => gate.promise });
const cancelled = readable.cancel("why");
const before = await state(cancelled);
gate.resolve();
return [before, await outcome(cancelled), await outcome(writable.getWriter().closed)];

// case: cancel while a write waits
const { readable, writable } = new TransformStream();
const writer = writable.getWriter();
const write = outcome(writer.write("a"));
await turns();
return [await outcome(readable.cancel(new RangeError("x"))), await write, await outcome(writer.closed)];

// case: close after cancel
const { readable, writable } = new TransformStream({ flush() { note("flush"); } });
await readable.cancel("why");
return [await outcome(writable.close()), log];

// case: abort after close was asked for
const gate = later();
const { readable, writable } = new TransformStream({ flush() { note("flush"); return gate.promise; }, cancel() { note("cancel"); } });
const writer = writable.getWriter();
await turns();
const close = outcome(writer.close());
await turns();
const abort = outcome(writer.abort("why"));
gate.resolve();
return [await close, await abort, await outcome(readable.getReader().read()), log];

// case: a size of the readable side that throws
const { readable, writable } = new TransformStream({}, undefined, { size() { throw new RangeError("x"); }, highWaterMark: 1 });
const writer = writable.getWriter();
return [await outcome(writer.write("a")), await outcome(readable.getReader().closed), await outcome(writer.closed)];

// case: the writable strategy is used
const { writable } = new TransformStream({}, { highWaterMark: 10, size: (chunk) => chunk.length });
const writer = writable.getWriter();
writer.write("abc");
return writer.desiredSize;

// case: the transformer is this in its methods
const transformer = { start() { note("start", this === transformer); }, transform(chunk, c) { note("transform", this === transformer, c.constructor.name); }, flush(c) { note("flush", this === transformer, c.constructor.name); } };
const { readable, writable } = new TransformStream(transformer, undefined, { highWaterMark: 5 });
const writer = writable.getWriter();
await writer.write("a");
await writer.close();
return log;

// case: sides are always the same objects
const stream = new TransformStream();
return [stream.readable === stream.readable, stream.writable === stream.writable, stream.readable instanceof ReadableStream, stream.writable instanceof WritableStream];

// case: what is refused
return [
  attempt(() => new TransformStream({ readableType: "bytes" })), attempt(() => new TransformStream({ writableType: "bytes" })),
  attempt(() => new TransformStream({ transform: 5 })), attempt(() => new TransformStream({ flush: "x" })),
  attempt(() => new TransformStream({}, { highWaterMark: -1 })), attempt(() => new TransformStream({}, {}, { highWaterMark: NaN })),
  attempt(() => new TransformStreamDefaultController()),
];

// case: the order of events through a transform
const { readable, writable } = new TransformStream({ transform(chunk, c) { note("transform", chunk); c.enqueue(chunk); }, flush() { note("flush"); } });
const writer = writable.getWriter();
const reader = readable.getReader();
writer.closed.then(() => note("writer closed"));
reader.closed.then(() => note("reader closed"));
writer.write("a").then(() => note("written a"));
writer.write("b").then(() => note("written b"));
writer.close().then(() => note("closed"));
reader.read().then(({ value }) => note("read", value));
reader.read().then(({ value }) => note("read", value));
reader.read().then(({ done }) => note("read", done));
await turns(60);
return log;

// case: a chain of transforms
const add = () => new TransformStream({ transform(chunk, c) { c.enqueue(chunk + 1); } });
return all(listed(1, 2, 3).pipeThrough(add()).pipeThrough(add()).pipeThrough(add()));

// case: abort from within a size
let aborted, controller;
const stream = new TransformStream({ start(c) { controller = c; } }, undefined, { size() { aborted = stream.writable.abort(new RangeError("x")); return 1; }, highWaterMark: 1 });
const reader = stream.readable.getReader();
await turns();
controller.enqueue("a");
const read = await outcome(reader.read());
return [read, await outcome(aborted), await outcome(reader.read()), await outcome(reader.closed)];

// case: error and terminate right after a cancel
const results = [];
for (const end of ["error", "terminate"]) {
  let controller;
  const stream = new TransformStream({ start(c) { controller = c; } });
  const cancelled = stream.readable.cancel(new RangeError("x"));
  controller[end](new SyntaxError("y"));
  results.push(await outcome(cancelled), await outcome(stream.writable.getWriter().closed));
}
return results;
