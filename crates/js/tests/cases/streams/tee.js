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

// case: both branches get every chunk
const [a, b] = listed("a", "b", "c").tee();
return [await all(a), await all(b)];

// case: chunks of both branches are the same objects
const chunk = {};
const [a, b] = listed(chunk).tee();
return (await a.getReader().read()).value === (await b.getReader().read()).value;

// case: the stream is locked for good
const stream = listed("a");
const [a, b] = stream.tee();
await all(a); await all(b);
return [stream.locked, a.locked, b.locked];

// case: the faster branch pulls and the slower keeps
let count = 0;
const stream = new ReadableStream({ pull(c) { note("pull", count); c.enqueue(count++); } }, { highWaterMark: 0 });
const [a, b] = stream.tee();
await turns();
note("reading");
const reader = a.getReader();
for (let i = 0; i < 3; i++) await reader.read();
await turns();
const other = b.getReader();
return [log, (await other.read()).value, (await other.read()).value];

// case: an error fails both
let controller;
const [a, b] = new ReadableStream({ start(c) { controller = c; } }).tee();
const reads = [a.getReader().read(), b.getReader().read()].map(outcome);
controller.error(new RangeError("x"));
return Promise.all(reads);

// case: the end closes both
const [a, b] = new ReadableStream({ start(c) { c.close(); } }).tee();
return [await a.getReader().read(), await b.getReader().read()];

// case: the stream is cancelled once both are, with both reasons
const stream = new ReadableStream({ cancel(reason) { note("cancel", JSON.stringify(reason)); } });
const [a, b] = stream.tee();
const first = a.cancel("a");
const before = [await state(first), log.length];
const second = b.cancel("b");
return [before, await outcome(first), await outcome(second), log];

// case: reasons are in the order of the branches
const stream = new ReadableStream({ cancel(reason) { note("cancel", JSON.stringify(reason)); } });
const [a, b] = stream.tee();
b.cancel("b"); await a.cancel("a");
return log;

// case: a cancel that fails fails both
const stream = new ReadableStream({ cancel() { throw new RangeError("x"); } });
const [a, b] = stream.tee();
return Promise.all([a.cancel(), b.cancel()].map(outcome));

// case: one branch is cancelled and the other goes on
const [a, b] = listed("a", "b").tee();
const cancelled = a.cancel("why");
return [await all(b), await outcome(cancelled)];

// case: cancel of one branch waits until the stream fails
let controller;
const [a, b] = new ReadableStream({ start(c) { controller = c; } }).tee();
const cancelled = a.cancel("why");
controller.error(new RangeError("x"));
return [await outcome(cancelled), await outcome(b.getReader().read())];

// case: tee of a locked stream and of a failed one
const locked = new ReadableStream();
locked.getReader();
const failed = new ReadableStream({ start(c) { c.error(new RangeError("x")); } });
const [a, b] = failed.tee();
return [attempt(() => locked.tee()), await outcome(a.getReader().read()), await outcome(b.getReader().closed)];

// case: a branch of a branch
const [a, b] = listed("a", "b").tee();
const [c, d] = b.tee();
return Promise.all([a, c, d].map(all));

// case: the order of events
let controller;
const stream = new ReadableStream({ start(c) { controller = c; }, pull() { note("pull"); } }, { highWaterMark: 0 });
const [a, b] = stream.tee();
a.getReader().read().then(({ value }) => note("a", value));
b.getReader().read().then(({ value }) => note("b", value));
await turns();
controller.enqueue("chunk");
note("enqueued");
await turns();
return log;

// case: branches of bytes are streams of bytes with copies
const stream = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint8Array([1, 2, 3])); c.close(); } });
const [a, b] = stream.tee();
const first = (await a.getReader({ mode: "byob" }).read(new Uint8Array(2))).value;
const second = (await b.getReader().read()).value;
first[0] = 9;
return [[...first], [...second]];

// case: a branch of bytes read with a buffer while the other is not
let count = 0;
const stream = new ReadableStream({ type: "bytes", pull(c) {
  note(c.byobRequest === null ? "no request" : `request of ${c.byobRequest.view.byteLength}`);
  count++;
  if (c.byobRequest === null) c.enqueue(new Uint8Array([count, count]));
  else { c.byobRequest.view[0] = count; c.byobRequest.respond(1); }
} });
const [a, b] = stream.tee();
const reader = a.getReader({ mode: "byob" });
const results = [[...(await reader.read(new Uint8Array(4))).value]];
const other = b.getReader();
results.push([...(await other.read()).value], [...(await other.read()).value], [...(await reader.read(new Uint8Array(4))).value]);
return [results, log];

// case: the end of bytes answers readers with buffers
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const [a, b] = stream.tee();
const reads = [a.getReader({ mode: "byob" }).read(new Uint8Array(4)), b.getReader({ mode: "byob" }).read(new Uint8Array(5))];
await turns();
controller.close();
controller.byobRequest?.respond(0);
return (await Promise.all(reads)).map(({ value, done }) => [value.byteLength, value.buffer.byteLength, done]);

// case: an error of bytes fails both
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const [a, b] = stream.tee();
const reads = [a.getReader({ mode: "byob" }).read(new Uint8Array(4)), b.getReader().read()].map(outcome);
await turns();
controller.error(new RangeError("x"));
return Promise.all(reads);

// case: one branch of bytes is cancelled and the other goes on
let count = 0;
const stream = new ReadableStream({ type: "bytes", pull(c) { if (count++ < 2) c.enqueue(new Uint8Array([count])); else c.close(); }, cancel() { note("cancel"); } });
const [a, b] = stream.tee();
const cancelled = a.cancel("why");
return [(await all(b)).map((chunk) => [...chunk]), await outcome(cancelled), log];

// case: both branches of bytes are cancelled
const stream = new ReadableStream({ type: "bytes", cancel(reason) { note("cancel", JSON.stringify(reason)); } });
const [a, b] = stream.tee();
return [await Promise.all([b.cancel("b"), a.cancel("a")].map(outcome)), log];

// case: a branch with a buffer is cancelled while it waits
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const [a, b] = stream.tee();
const reader = a.getReader({ mode: "byob" });
const read = reader.read(new Uint8Array(4));
await turns();
const cancelled = reader.cancel();
controller.enqueue(new Uint8Array([1, 2]));
const other = (await b.getReader().read()).value;
return [(await read).done, [...other]];
