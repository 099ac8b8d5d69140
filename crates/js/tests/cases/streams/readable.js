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

// case: chunks come in the order in which they were enqueued, then the end
const stream = listed(1, "two", null);
const reader = stream.getReader();
return [await reader.read(), await reader.read(), await reader.read(), await reader.read(), await reader.read(), stream.locked];

// case: start comes at once and pull a microtask later
new ReadableStream({ start() { note("start"); }, pull() { note("pull"); } });
note("made");
await turns();
return log;

// case: pull is called until the mark is reached
let count = 0;
const stream = new ReadableStream({ pull(c) { note("pull", c.desiredSize); c.enqueue(count++); } }, { highWaterMark: 3 });
await turns();
return [log, count];

// case: a mark of zero reads nothing ahead
let count = 0;
const stream = new ReadableStream({ pull(c) { c.enqueue(count++); } }, { highWaterMark: 0 });
await turns();
const before = count;
const reader = stream.getReader();
const first = await reader.read();
await turns();
return [before, first, count];

// case: pull is not called again before its promise is settled
const gate = later();
let pulls = 0;
const stream = new ReadableStream({ pull() { pulls++; return gate.promise; } }, { highWaterMark: 5 });
const reader = stream.getReader();
const read = reader.read();
await turns();
const before = pulls;
gate.resolve();
await turns();
return [before, pulls, await state(read)];

// case: pull is called again where a read came in the meantime
const gate = later();
let pulls = 0;
let controller;
const stream = new ReadableStream({ start(c) { controller = c; }, pull() { pulls++; if (pulls === 1) return gate.promise; } }, { highWaterMark: 0 });
const reader = stream.getReader();
reader.read(); reader.read();
await turns();
controller.enqueue("a");
gate.resolve();
await turns();
return pulls;

// case: pull waits for start
const gate = later();
const stream = new ReadableStream({ start() { note("start"); return gate.promise; }, pull() { note("pull"); } });
const reader = stream.getReader();
reader.read();
await turns();
note("resolving");
gate.resolve();
await turns();
return log;

// case: a start that throws is thrown by the constructor
return [attempt(() => new ReadableStream({ start() { throw new RangeError("x"); } })), attempt(() => new ReadableStream({ start() { throw "text"; } }))];

// case: a start that rejects fails the stream
const stream = new ReadableStream({ start() { return Promise.reject(new RangeError("x")); }, pull() { note("pull"); } });
const reader = stream.getReader();
return [await outcome(reader.read()), await outcome(reader.closed), log];

// case: a pull that throws fails the stream
const stream = new ReadableStream({ pull() { throw new RangeError("x"); } });
const reader = stream.getReader();
return [await outcome(reader.read()), await outcome(reader.closed)];

// case: a pull that rejects fails the stream after what is queued was dropped
let first = true;
const stream = new ReadableStream({ async pull(c) { if (first) { first = false; c.enqueue("a"); } else throw new RangeError("x"); } }, { highWaterMark: 2 });
await turns();
const reader = stream.getReader();
return [await outcome(reader.read()), await outcome(reader.read())];

// case: the desired size follows the queue
let controller;
const stream = new ReadableStream({ start(c) { controller = c; note(c.desiredSize); c.enqueue("a"); note(c.desiredSize); c.enqueue("b"); note(c.desiredSize); } }, { highWaterMark: 1 });
const reader = stream.getReader();
await reader.read();
note(controller.desiredSize);
controller.close();
note(controller.desiredSize);
await reader.read();
note(controller.desiredSize);
return log;

// case: the desired size of a failed stream is null and of a closed one zero
let failed, closed;
new ReadableStream({ start(c) { failed = c; c.error("x"); } });
new ReadableStream({ start(c) { closed = c; c.close(); } });
return [failed.desiredSize, closed.desiredSize];

// case: sizes come from the strategy
let controller;
new ReadableStream({ start(c) { controller = c; } }, { highWaterMark: 10, size(chunk) { note(this === undefined, chunk); return chunk.length; } });
controller.enqueue("abc");
const first = controller.desiredSize;
controller.enqueue("0123456789");
return [first, controller.desiredSize, log];

// case: size is not asked where somebody waits for the chunk
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } }, { size() { note("size"); return 1; } });
const read = stream.getReader().read();
controller.enqueue("a");
controller.enqueue("b");
return [await read, log];

// case: a size that throws fails the stream and is thrown by enqueue
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } }, { size() { throw new RangeError("x"); } });
return [attempt(() => controller.enqueue("a")), await outcome(stream.getReader().read())];

// case: a size that is no size fails the stream
const results = [];
for (const size of [NaN, -1, Infinity, -Infinity, undefined]) {
  let controller;
  const stream = new ReadableStream({ start(c) { controller = c; } }, { size: () => size });
  results.push([attempt(() => controller.enqueue("a")), await outcome(stream.getReader().closed)]);
}
return results;

// case: sizes are numbers or become them
let controller;
new ReadableStream({ start(c) { controller = c; } }, { highWaterMark: 10, size: () => "3" });
return [attempt(() => controller.enqueue("a")), controller.desiredSize];

// case: fractions of sizes do not make the queue negative
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } }, { highWaterMark: 1, size: (x) => x });
controller.enqueue(0.1); controller.enqueue(0.2); controller.enqueue(0.3);
const reader = stream.getReader();
await reader.read(); await reader.read(); await reader.read();
return controller.desiredSize;

// case: enqueue and close throw once the stream is closed
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
controller.close();
return [attempt(() => controller.enqueue("a")), attempt(() => controller.close()), attempt(() => controller.error("x"))];

// case: enqueue and close throw once the stream has failed and error does not
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
controller.error("x");
return [attempt(() => controller.enqueue("a")), attempt(() => controller.close()), attempt(() => controller.error("y")), await outcome(stream.getReader().closed)];

// case: nothing is enqueued after close was asked for though chunks are left
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
controller.enqueue("a");
controller.close();
const results = [attempt(() => controller.enqueue("b")), attempt(() => controller.close())];
const reader = stream.getReader();
return [results, await reader.read(), await reader.read(), await outcome(reader.closed)];

// case: an error drops what is queued
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
controller.enqueue("a");
controller.error(new RangeError("x"));
return outcome(stream.getReader().read());

// case: reads wait in order
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
const reader = stream.getReader();
const reads = [1, 2, 3].map((n) => reader.read().then(({ value, done }) => note(n, value, done)));
controller.enqueue("a");
controller.enqueue("b");
controller.close();
await Promise.all(reads);
return log;

// case: reads that wait fail with the stream
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
const reader = stream.getReader();
const reads = [reader.read(), reader.read()];
controller.error(new RangeError("x"));
return [await Promise.all(reads.map(outcome)), await outcome(reader.closed)];

// case: the results of reads are plain objects
const reader = listed("a").getReader();
const result = await reader.read();
return [Object.getPrototypeOf(result) === Object.prototype, Object.keys(result), Object.keys(await reader.read())];

// case: cancel gives the reason to the source and closes the stream
const stream = new ReadableStream({ start(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", reason, this.tag); return "ignored"; }, tag: "source" });
const cancelled = await outcome(stream.cancel("why"));
const reader = stream.getReader();
return [cancelled, log, await reader.read(), await outcome(reader.closed), await outcome(reader.cancel())];

// case: a cancel that throws or rejects is what the caller gets
const throws = new ReadableStream({ cancel() { throw new RangeError("x"); } });
const rejects = new ReadableStream({ cancel() { return Promise.reject(new SyntaxError("x")); } });
return [await outcome(throws.cancel()), await outcome(rejects.cancel()), await outcome(throws.getReader().closed)];

// case: cancel of a closed stream is fulfilled and of a failed one is not
const closed = new ReadableStream({ start(c) { c.close(); }, cancel() { note("cancel"); } });
const failed = new ReadableStream({ start(c) { c.error(new RangeError("x")); }, cancel() { note("cancel"); } });
return [await outcome(closed.cancel()), await outcome(failed.cancel()), log];

// case: cancel of a locked stream is refused and through its reader is not
const stream = new ReadableStream({ cancel(reason) { note("cancel", reason); } });
const reader = stream.getReader();
return [await outcome(stream.cancel("a")), await outcome(reader.cancel("b")), log];

// case: cancel ends the reads that wait
const stream = new ReadableStream({});
const reader = stream.getReader();
const reads = [reader.read(), reader.read()];
await reader.cancel();
return Promise.all(reads);

// case: cancel waits for what the source says
const gate = later();
const stream = new ReadableStream({ cancel: () => gate.promise });
const cancelled = stream.cancel();
const before = await state(cancelled);
gate.resolve("value");
return [before, await outcome(cancelled)];

// case: pull is not called after cancel
const stream = new ReadableStream({ pull() { note("pull"); } }, { highWaterMark: 0 });
await stream.cancel();
await turns();
const reader = stream.getReader();
await reader.read();
return log;

// case: enqueue after cancel throws
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
await stream.cancel();
return [attempt(() => controller.enqueue("a")), attempt(() => controller.close()), controller.desiredSize];

// case: what is enqueued while it is pulled synchronously is read at once
const stream = new ReadableStream({ pull(c) { note("pull"); c.enqueue("a"); } }, { highWaterMark: 0 });
await turns();
const reader = stream.getReader();
note("read");
const read = reader.read();
note("reading");
await read;
return log;

// case: only one reader at a time
const stream = new ReadableStream();
const reader = stream.getReader();
const results = [stream.locked, attempt(() => stream.getReader()), attempt(() => new ReadableStreamDefaultReader(stream)), attempt(() => stream.tee())];
reader.releaseLock();
return [results, stream.locked, attempt(() => stream.getReader().constructor.name)];

// case: a released reader reads nothing
const stream = listed("a");
const reader = stream.getReader();
reader.releaseLock();
reader.releaseLock();
return [await outcome(reader.read()), await outcome(reader.closed), await outcome(reader.cancel()), await stream.getReader().read()];

// case: reads that wait fail when the reader is released and the chunks are for the next one
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
const first = stream.getReader();
const reads = [first.read(), first.read()].map(outcome);
first.releaseLock();
controller.enqueue("a");
return [await Promise.all(reads), await stream.getReader().read(), await outcome(first.closed)];

// case: closed is one promise until the reader is released
const stream = new ReadableStream();
const reader = stream.getReader();
const closed = reader.closed;
const same = closed === reader.closed;
reader.releaseLock();
return [same, closed === reader.closed, await outcome(closed)];

// case: closed is another promise where the stream was closed before the release
const stream = new ReadableStream({ start(c) { c.close(); } });
const reader = stream.getReader();
const closed = reader.closed;
reader.releaseLock();
return [closed === reader.closed, await outcome(closed), await outcome(reader.closed)];

// case: closed is fulfilled after the last chunk was read
const stream = listed("a");
const reader = stream.getReader();
reader.closed.then(() => note("closed"));
await turns();
note("reading");
reader.read().then(() => note("read"));
await turns();
return log;

// case: the order of closed and of the reads that wait
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
const reader = stream.getReader();
reader.read().then(() => note("read 1"));
reader.closed.then(() => note("closed"));
reader.read().then(() => note("read 2"));
controller.close();
await turns();
return log;

// case: the order of an error
let controller;
const stream = new ReadableStream({ start(c) { controller = c; } });
const reader = stream.getReader();
reader.read().catch(() => note("read 1"));
reader.closed.catch(() => note("closed"));
reader.read().catch(() => note("read 2"));
controller.error("x");
note("sync");
await turns();
return log;

// case: a reader of a closed stream reads the end for ever
const reader = new ReadableStream({ start(c) { c.close(); } }).getReader();
return [await reader.read(), await reader.read(), await outcome(reader.closed)];

// case: thenables may be returned by start and pull and cancel
const stream = new ReadableStream({
  start() { return { then(resolve) { note("start"); resolve(); } }; },
  pull(c) { c.enqueue("a"); return { then(resolve) { note("pull"); resolve(); } }; },
  cancel() { return { then(resolve, reject) { note("cancel"); reject(new RangeError("x")); } }; },
}, { highWaterMark: 0 });
const reader = stream.getReader();
return [await reader.read(), await outcome(reader.cancel()), log];

// case: the source is this in its methods
const source = { start() { note(this === source); }, pull() { note(this === source); }, cancel() { note(this === source); } };
const stream = new ReadableStream(source);
await turns();
await stream.cancel();
return log;

// case: methods may come from a prototype and getters are read once
class Source { get pull() { note("get pull"); return (c) => c.enqueue("a"); } cancel() { note("cancel"); } }
const stream = new ReadableStream(new Source());
const reader = stream.getReader();
await reader.read(); await reader.read(); await reader.cancel();
return log;

// case: the start may enqueue and close and error
const first = listed("a", "b");
const second = new ReadableStream({ start(c) { c.enqueue("a"); c.error(new RangeError("x")); } });
return [await all(first), await outcome(all(second))];

// case: chunks may be promises
const inner = Promise.resolve(1);
const reader = listed(inner).getReader();
const { value } = await reader.read();
return value === inner;

// case: a stream may be made of nothing
const stream = new ReadableStream();
return [stream.locked, await state(stream.getReader().read()), stream instanceof ReadableStream, String(stream)];

// case: a subclass has what it inherits
class Mine extends ReadableStream { constructor(...args) { super(...args); this.extra = 1; } get locked() { return "mine"; } }
const stream = new Mine({ start(c) { c.enqueue("a"); c.close(); } });
return [stream instanceof ReadableStream, stream.locked, stream.extra, await all(stream)];

// case: ten thousand chunks
let sum = 0;
const stream = new ReadableStream({ start(c) { for (let i = 0; i < 10000; i++) c.enqueue(i); c.close(); } }, { highWaterMark: 1e6 });
for await (const chunk of stream) sum += chunk;
return sum;

// case: how many microtasks a read of a queued chunk takes
const reader = listed("a", "b").getReader();
let ticks = 0;
const clock = (async () => { while (ticks < 50) { await null; ticks++; } })();
await reader.read();
const first = ticks;
await reader.read();
return [first, ticks];

// case: how many microtasks pass until the first pull and between two
let ticks = 0;
const clock = (async () => { while (ticks < 50) { await null; ticks++; } })();
const stream = new ReadableStream({ pull(c) { note(ticks); c.enqueue("a"); } }, { highWaterMark: 4 });
await clock;
return log;

// case: the same with a pull that is an async function
let ticks = 0;
const clock = (async () => { while (ticks < 50) { await null; ticks++; } })();
const stream = new ReadableStream({ async start() { note("start", ticks); }, async pull(c) { note(ticks); c.enqueue("a"); } }, { highWaterMark: 4 });
await clock;
return log;
