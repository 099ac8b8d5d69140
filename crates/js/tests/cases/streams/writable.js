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

// case: chunks go to the sink one after the other
const sink = { start() { note("start"); }, async write(chunk) { note("write", chunk); await turns(3); note("written", chunk); }, close() { note("close"); } };
const writer = new WritableStream(sink).getWriter();
const writes = [writer.write("a"), writer.write("b"), writer.close()];
await Promise.all(writes);
return log;

// case: write is fulfilled with nothing once the sink is done
const gate = later();
const writer = new WritableStream({ write: () => gate.promise }).getWriter();
const write = writer.write("a");
const before = await state(write);
gate.resolve("value");
return [before, await outcome(write)];

// case: the desired size and ready follow the queue
const gate = later();
const writer = new WritableStream({ write: () => gate.promise }, { highWaterMark: 2 }).getWriter();
note(writer.desiredSize, await state(writer.ready));
writer.write("a");
note(writer.desiredSize, await state(writer.ready));
writer.write("b");
note(writer.desiredSize, await state(writer.ready));
writer.write("c");
note(writer.desiredSize, await state(writer.ready));
gate.resolve();
await turns();
note(writer.desiredSize, await state(writer.ready));
return log;

// case: ready is another promise after each time it was shut
const gate = later();
const writer = new WritableStream({ write: () => gate.promise }).getWriter();
const first = writer.ready;
writer.write("a");
const second = writer.ready;
const same = second === writer.ready;
gate.resolve();
await second;
return [first === second, same, writer.ready === second];

// case: a mark of zero is never ready
const writer = new WritableStream({}, { highWaterMark: 0 }).getWriter();
return [writer.desiredSize, await state(writer.ready), await outcome(writer.write("a")), await state(writer.ready)];

// case: a write without a sink
const writer = new WritableStream().getWriter();
return [await outcome(writer.write("a")), await outcome(writer.close()), await outcome(writer.closed), writer.desiredSize];

// case: a sink that waits to start
const gate = later();
const writer = new WritableStream({ start: () => gate.promise, write(chunk) { note("write", chunk); }, close() { note("close"); } }).getWriter();
writer.write("a"); writer.close();
await turns();
note("resolving");
gate.resolve();
await writer.closed;
return log;

// case: a start that throws is thrown by the constructor
return attempt(() => new WritableStream({ start() { throw new RangeError("x"); } }));

// case: a start that rejects fails the stream
const writer = new WritableStream({ start: () => Promise.reject(new RangeError("x")), write() { note("write"); }, abort() { note("abort"); } }).getWriter();
return [await outcome(writer.write("a")), await outcome(writer.closed), await outcome(writer.ready), log];

// case: a write that throws fails the stream
const writer = new WritableStream({ write() { throw new RangeError("x"); }, close() { note("close"); }, abort() { note("abort"); } }).getWriter();
const results = [writer.write("a"), writer.write("b"), writer.close(), writer.closed, writer.ready].map(outcome);
return [await Promise.all(results), log, writer.desiredSize];

// case: a write that rejects fails the stream
const writer = new WritableStream({ write: () => Promise.reject(new RangeError("x")) }).getWriter();
return [await outcome(writer.write("a")), await outcome(writer.write("b")), await outcome(writer.ready), await outcome(writer.closed), await outcome(writer.close()), await outcome(writer.abort())];

// case: a close that rejects fails the stream
const stream = new WritableStream({ close: () => Promise.reject(new RangeError("x")) });
const writer = stream.getWriter();
return [await outcome(writer.close()), await outcome(writer.closed), await outcome(writer.ready)];

// case: nothing is written after close
// expect: {"returns":[[["rejected","TypeError"],["rejected","TypeError"]],["rejected","TypeError"],["rejected","TypeError"],["fulfilled",null],["close"]]}
const writer = new WritableStream({ write(chunk) { note("write", chunk); }, close() { note("close"); } }).getWriter();
const close = writer.close();
const results = [writer.write("a"), writer.close()].map(outcome);
await close;
return [await Promise.all(results), await outcome(writer.write("b")), await outcome(writer.close()), await outcome(writer.abort()), log];

// case: abort drops what is queued
const gate = later();
const writer = new WritableStream({ write(chunk) { note("write", chunk); return gate.promise; }, abort(reason) { note("abort", told(reason)); } }).getWriter();
await turns();
const writes = [writer.write("a"), writer.write("b")].map(outcome);
const aborted = outcome(writer.abort(new RangeError("x")));
await turns();
note("resolving");
gate.resolve();
return [await Promise.all(writes), await aborted, await outcome(writer.closed), await outcome(writer.ready), log];

// case: abort comes at once where nothing is under way
const stream = new WritableStream({ abort(reason) { note("abort", reason, this.tag); return "ignored"; }, tag: "sink" });
await turns();
return [await outcome(stream.abort("why")), log, await outcome(stream.getWriter().closed)];

// case: abort waits for start
const gate = later();
const stream = new WritableStream({ start: () => gate.promise, abort(reason) { note("abort", reason); } });
const aborted = stream.abort("why");
await turns();
note("resolving");
gate.resolve();
return [await outcome(aborted), log];

// case: an abort that fails is told
const throws = new WritableStream({ abort() { throw new RangeError("x"); } });
const rejects = new WritableStream({ abort: () => Promise.reject(new SyntaxError("x")) });
return [await outcome(throws.abort("why")), await outcome(rejects.abort("why")), await outcome(throws.getWriter().closed)];

// case: two aborts are one
const stream = new WritableStream({ abort(reason) { note("abort", reason); } });
const writer = stream.getWriter();
const first = writer.abort("a");
const second = writer.abort("b");
return [first === second, await outcome(first), await outcome(second), log];

// case: abort of what is over is fulfilled
const closed = new WritableStream();
await closed.close();
const failed = new WritableStream({ start(c) { c.error(new RangeError("x")); } });
await turns();
return [await outcome(closed.abort()), await outcome(failed.abort())];

// case: abort of a locked stream is refused
const stream = new WritableStream();
const writer = stream.getWriter();
return [await outcome(stream.abort()), await outcome(stream.close()), attempt(() => stream.getWriter()), stream.locked];

// case: abort while the stream is closing
const gate = later();
const writer = new WritableStream({ close: () => gate.promise, abort() { note("abort"); } }).getWriter();
await turns();
const close = outcome(writer.close());
const abort = outcome(writer.abort("why"));
await turns();
gate.resolve();
return [await close, await abort, await outcome(writer.closed), log];

// case: abort while the stream is closing, and closing fails
const gate = later();
const writer = new WritableStream({ close: () => gate.promise, abort() { note("abort"); } }).getWriter();
await turns();
const close = outcome(writer.close());
const abort = outcome(writer.abort("why"));
await turns();
gate.reject(new RangeError("x"));
return [await close, await abort, await outcome(writer.closed), log];

// case: abort while a close is queued
const gate = later();
const writer = new WritableStream({ write: () => gate.promise, close() { note("close"); }, abort() { note("abort"); } }).getWriter();
await turns();
const results = [writer.write("a"), writer.close(), writer.abort(new RangeError("x"))].map(outcome);
gate.resolve();
return [await Promise.all(results), log];

// case: the controller fails the stream
let controller;
const writer = new WritableStream({ start(c) { controller = c; }, write() { note("write"); }, abort() { note("abort"); } }).getWriter();
await turns();
controller.error(new RangeError("x"));
controller.error(new SyntaxError("y"));
return [await outcome(writer.ready), await outcome(writer.closed), await outcome(writer.write("a")), writer.desiredSize, log];

// case: the controller fails the stream while a write is under way
const gate = later();
let controller;
const writer = new WritableStream({ start(c) { controller = c; }, write: () => gate.promise }).getWriter();
await turns();
const write = writer.write("a");
controller.error(new RangeError("x"));
const results = [await state(write), await state(writer.closed), await state(writer.ready)];
gate.resolve();
return [results, await outcome(write), await outcome(writer.closed)];

// case: a released writer writes nothing
const stream = new WritableStream();
const writer = stream.getWriter();
writer.releaseLock();
writer.releaseLock();
return [await outcome(writer.write("a")), await outcome(writer.close()), await outcome(writer.abort()), await outcome(writer.closed), await outcome(writer.ready), attempt(() => writer.desiredSize), stream.locked];

// case: writes go on after their writer was released
const gate = later();
const stream = new WritableStream({ write(chunk) { note("write", chunk); return gate.promise; } });
const first = stream.getWriter();
const write = first.write("a");
first.releaseLock();
const second = stream.getWriter();
const other = second.write("b");
gate.resolve();
return [await outcome(write), await outcome(other), log];

// case: a writer of a stream that is closing, closed, failing or has failed
const describe = async (writer) => [writer.desiredSize, await state(writer.ready), await state(writer.closed)];
const closing = new WritableStream({ close: () => new Promise(() => {}) });
closing.close();
const closed = new WritableStream();
await closed.close();
const failing = new WritableStream({ write: () => new Promise(() => {}) });
const writer = failing.getWriter();
await turns();
writer.write("a"); writer.abort(new RangeError("x")).catch(() => {});
writer.releaseLock();
const failed = new WritableStream();
await failed.abort(new RangeError("x"));
return [await describe(closing.getWriter()), await describe(closed.getWriter()), await describe(failing.getWriter()), await describe(failed.getWriter())];

// case: close of the stream itself
const stream = new WritableStream({ close() { note("close"); } });
return [await outcome(stream.close()), await outcome(stream.close()), log];

// case: sizes come from the strategy
const writer = new WritableStream({}, { highWaterMark: 10, size(chunk) { note(this === undefined, chunk); return chunk.length; } }).getWriter();
writer.write("abc");
return [writer.desiredSize, log];

// case: a size that throws fails the stream
const writer = new WritableStream({}, { size() { throw new RangeError("x"); } }).getWriter();
return [await outcome(writer.write("a")), await outcome(writer.closed)];

// case: a size that is no size fails the stream
const results = [];
for (const size of [NaN, -1, Infinity]) {
  const writer = new WritableStream({}, { size: () => size }).getWriter();
  results.push(await outcome(writer.write("a")), await outcome(writer.closed));
}
return results;

// case: a size that releases the writer
let writer;
const stream = new WritableStream({ write(chunk) { note("write", chunk); } }, { size() { writer.releaseLock(); return 1; } });
writer = stream.getWriter();
return [await outcome(writer.write("a")), log];

// case: a write from within a write
let writer;
const stream = new WritableStream({ write(chunk) { note("write", chunk); if (chunk === "a") writer.write("b").then(() => note("inner")); } });
writer = stream.getWriter();
await writer.write("a");
note("outer");
await turns();
return log;

// case: the order of write, ready and closed
const writer = new WritableStream({ write(chunk) { note("sink", chunk); }, close() { note("sink close"); } }).getWriter();
writer.closed.then(() => note("closed"));
writer.write("a").then(() => note("write a"));
writer.ready.then(() => note("ready 1"));
writer.write("b").then(() => note("write b"));
writer.ready.then(() => note("ready 2"));
writer.close().then(() => note("close"));
await turns();
return log;

// case: the order of what fails
const writer = new WritableStream({ write: () => Promise.reject(new RangeError("x")) }).getWriter();
writer.closed.catch(() => note("closed"));
writer.write("a").catch(() => note("write a"));
writer.ready.catch(() => note("ready"));
writer.write("b").catch(() => note("write b"));
writer.close().catch(() => note("close"));
await turns();
return log;

// case: the order of an abort
const writer = new WritableStream({ abort() { note("sink abort"); } }).getWriter();
await turns();
writer.closed.catch(() => note("closed"));
writer.write("a").catch(() => note("write"));
writer.ready.catch(() => note("ready"));
writer.abort("why").then(() => note("abort"));
note("sync");
await turns();
return log;

// case: how many microtasks a write takes
let ticks = 0;
const clock = (async () => { while (ticks < 50) { await null; ticks++; } })();
const writer = new WritableStream({ write() { note("sync", ticks); } }).getWriter();
await writer.write("a"); note(ticks);
await writer.write("b"); note(ticks);
await writer.ready; note(ticks);
await writer.close(); note(ticks);
return log;

// case: and with a sink of async functions
let ticks = 0;
const clock = (async () => { while (ticks < 50) { await null; ticks++; } })();
const writer = new WritableStream({ async start() {}, async write() {}, async close() {} }).getWriter();
await writer.write("a"); note(ticks);
await writer.write("b"); note(ticks);
await writer.close(); note(ticks);
return log;

// case: what is refused
return [
  attempt(() => new WritableStream({ type: "bytes" })), attempt(() => new WritableStream({ type: null })),
  attempt(() => new WritableStream({ write: 5 })), attempt(() => new WritableStream({ close: {} })),
  attempt(() => new WritableStream({}, { highWaterMark: -1 })), attempt(() => new WritableStream({}, { highWaterMark: NaN })),
  attempt(() => new WritableStream({}, { size: 5 })), attempt(() => new WritableStream(null)),
];

// case: ten thousand writes
let sum = 0;
const writer = new WritableStream({ write(chunk) { sum += chunk; } }).getWriter();
for (let i = 0; i < 10000; i++) writer.write(i);
await writer.close();
return sum;
