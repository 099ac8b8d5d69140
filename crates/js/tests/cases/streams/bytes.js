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

const bytes = (view) => (view === undefined ? "none" : [view.constructor.name, view.byteOffset, ...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)].join(" "));
const flat = ({ value, done }) => [bytes(value), done];
const detached = (buffer) => { try { new Uint8Array(buffer); return false; } catch { return true; } };

// case: chunks come out as they went in and their buffers are taken
const chunk = new Uint8Array([1, 2, 3]);
const stream = new ReadableStream({ type: "bytes", start(c) { c.enqueue(chunk); c.close(); } });
const reader = stream.getReader();
return [detached(chunk.buffer), chunk.byteLength, flat(await reader.read()), flat(await reader.read())];

// case: any view may be enqueued and bytes come out
const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
const stream = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint16Array(buffer, 2, 2)); c.enqueue(new DataView(new Uint8Array([9, 10, 11]).buffer, 1, 2)); c.close(); } });
const reader = stream.getReader();
return [flat(await reader.read()), flat(await reader.read()), flat(await reader.read())];

// case: what is no view or empty or detached is refused
const results = [];
new ReadableStream({ type: "bytes", start(c) {
  for (const chunk of [undefined, null, "text", [1], new ArrayBuffer(1), {}, new Uint8Array(0), new Uint8Array(new ArrayBuffer(4), 4)]) results.push(attempt(() => c.enqueue(chunk)));
  const gone = new Uint8Array(4);
  c.enqueue(gone);
  results.push(attempt(() => c.enqueue(gone)));
} });
return results;

// case: the mark of bytes is zero and desired sizes are in bytes
let count = 0;
const stream = new ReadableStream({ type: "bytes", start(c) { note(c.desiredSize); c.enqueue(new Uint8Array(3)); note(c.desiredSize); }, pull() { count++; } });
const other = new ReadableStream({ type: "bytes", start(c) { note(c.desiredSize); c.enqueue(new Uint8Array(3)); note(c.desiredSize); } }, { highWaterMark: 10 });
await turns();
return [log, count];

// case: what is refused
return [
  attempt(() => new ReadableStream({ type: "bytes" }, { size() {} })), attempt(() => new ReadableStream({ type: "bytes", autoAllocateChunkSize: 0 })),
  attempt(() => new ReadableStream({ type: "text" })), attempt(() => new ReadableStream({ type: "" })), attempt(() => new ReadableStream({ type: "bytes" }, { highWaterMark: -1 })),
  attempt(() => new ReadableStream().getReader({ mode: "byob" })), attempt(() => new ReadableStream().getReader({ mode: "other" })),
  attempt(() => new ReadableStreamBYOBReader(new ReadableStream())), attempt(() => new ReadableStream({ type: { toString: () => "bytes" } }).getReader({ mode: "byob" }).constructor.name),
];

// case: a reader that brings a buffer gets a view of it
const stream = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint8Array([1, 2, 3, 4, 5])); } });
const reader = stream.getReader({ mode: "byob" });
const view = new Uint8Array(new ArrayBuffer(10), 2, 3);
const result = await reader.read(view);
return [flat(result), result.value.buffer.byteLength, detached(view.buffer), flat(await reader.read(new Uint8Array(8)))];

// case: a reader that waits is answered by enqueue
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const reader = stream.getReader({ mode: "byob" });
const read = reader.read(new Uint8Array(3));
const next = reader.read(new Uint8Array(8));
controller.enqueue(new Uint8Array([1, 2, 3, 4, 5]));
return [flat(await read), flat(await next)];

// case: a source writes into the buffer of the reader
const stream = new ReadableStream({ type: "bytes", pull(c) { const { view } = c.byobRequest; note(bytes(view)); view[0] = 7; view[1] = 8; c.byobRequest.respond(2); note(c.byobRequest); } });
const reader = stream.getReader({ mode: "byob" });
const result = await reader.read(new Uint8Array(new ArrayBuffer(6), 1, 4));
return [flat(result), result.value.buffer.byteLength, log];

// case: a source answers with a view of its own onto the buffer
const stream = new ReadableStream({ type: "bytes", pull(c) { const { view } = c.byobRequest; view[0] = 7; c.byobRequest.respondWithNewView(new Uint8Array(view.buffer, view.byteOffset, 1)); } });
return flat(await stream.getReader({ mode: "byob" }).read(new Uint8Array(4)));

// case: a source answers with the transferred buffer
const stream = new ReadableStream({ type: "bytes", pull(c) {
  const { view } = c.byobRequest;
  const moved = structuredCloneOf(view.buffer);
  const own = new Uint8Array(moved, view.byteOffset, view.byteLength);
  own[0] = 9;
  c.byobRequest.respondWithNewView(own.subarray(0, 2));
} });
function structuredCloneOf(buffer) { return buffer.transfer ? buffer.transfer() : structuredClone(buffer, { transfer: [buffer] }); }
return flat(await stream.getReader({ mode: "byob" }).read(new Uint8Array(4)));

// case: answers that are refused
// expect: {"returns":[[["threw","TypeError"],["threw","RangeError"],["threw","TypeError"],["threw","TypeError"],["threw","RangeError"],["threw","RangeError"],["threw","TypeError"],["threw","TypeError"],["threw","TypeError"],null],["Uint8Array 0 0",false]]}
const results = [];
const stream = new ReadableStream({ type: "bytes", pull(c) {
  const request = c.byobRequest;
  results.push(attempt(() => request.respond(0)), attempt(() => request.respond(5)), attempt(() => request.respond(-1)), attempt(() => request.respond(NaN)));
  results.push(attempt(() => request.respondWithNewView(new Uint8Array(2))), attempt(() => request.respondWithNewView(new Uint8Array(request.view.buffer, 1, 2))));
  results.push(attempt(() => request.respondWithNewView(new Uint8Array(request.view.buffer, 0, 0))), attempt(() => request.respondWithNewView("text")));
  request.respond(1);
  results.push(attempt(() => request.respond(1)), request.view);
} });
const result = flat(await stream.getReader({ mode: "byob" }).read(new Uint8Array(4)));
return [results, result];

// case: the request is one object until it is answered
const stream = new ReadableStream({ type: "bytes", pull(c) {
  const first = c.byobRequest;
  note(first === c.byobRequest, first.view === c.byobRequest.view, first.constructor.name);
  first.respond(1);
  note(first.view, c.byobRequest === first);
} });
await stream.getReader({ mode: "byob" }).read(new Uint8Array(4));
await turns();
return log;

// case: there is no request where nobody brought a buffer
const stream = new ReadableStream({ type: "bytes", pull(c) { note(c.byobRequest); c.enqueue(new Uint8Array([1])); } });
await stream.getReader().read();
return log;

// case: a size for allocation makes requests for readers without buffers
const stream = new ReadableStream({ type: "bytes", autoAllocateChunkSize: 4, pull(c) { const { view } = c.byobRequest; note(view.byteLength, view.buffer.byteLength); view[0] = 5; c.byobRequest.respond(1); } });
const reader = stream.getReader();
return [flat(await reader.read()), flat(await reader.read()), log];

// case: a source that enqueues though it was given a buffer
const stream = new ReadableStream({ type: "bytes", autoAllocateChunkSize: 4, pull(c) { c.enqueue(new Uint8Array([1, 2])); } });
const reader = stream.getReader();
const other = new ReadableStream({ type: "bytes", pull(c) { c.enqueue(new Uint8Array([1, 2])); } });
return [flat(await reader.read()), flat(await other.getReader({ mode: "byob" }).read(new Uint8Array(8)))];

// case: elements are never torn
const stream = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint8Array([1, 2, 3])); c.enqueue(new Uint8Array([4, 5])); } });
const reader = stream.getReader({ mode: "byob" });
return [flat(await reader.read(new Uint16Array(4))), flat(await reader.read(new Uint8Array(4)))];

// case: an element that is torn waits for its rest
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const reader = stream.getReader({ mode: "byob" });
const read = reader.read(new Uint16Array(2));
controller.enqueue(new Uint8Array([1]));
const before = await state(read);
controller.enqueue(new Uint8Array([2, 3]));
return [before, flat(await read), flat(await reader.read(new Uint8Array(2)))];

// case: a request goes on where an element is not full yet
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const read = stream.getReader({ mode: "byob" }).read(new Uint16Array(2));
controller.byobRequest.view[0] = 1;
controller.byobRequest.respond(1);
note(bytes(controller.byobRequest.view));
controller.byobRequest.view[0] = 2;
controller.byobRequest.respond(1);
return [flat(await read), log];

// case: the end in the middle of an element is an error
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const reader = stream.getReader({ mode: "byob" });
const read = outcome(reader.read(new Uint16Array(2)));
controller.enqueue(new Uint8Array([1]));
return [attempt(() => controller.close()), await read, await outcome(reader.closed)];

// case: the end in the middle of an element that is queued is an error of the reader
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; c.enqueue(new Uint8Array([1])); c.close(); } });
const reader = stream.getReader({ mode: "byob" });
return [await outcome(reader.read(new Uint16Array(2))), await outcome(reader.closed)];

// case: the end gives an empty view of the buffer
const stream = new ReadableStream({ type: "bytes", start(c) { c.close(); } });
const reader = stream.getReader({ mode: "byob" });
const result = await reader.read(new Uint16Array(new ArrayBuffer(8), 2, 2));
return [flat(result), result.value.buffer.byteLength, result.value.length];

// case: the end while a reader waits has to be answered
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const reader = stream.getReader({ mode: "byob" });
const reads = [reader.read(new Uint8Array(4)), reader.read(new Uint8Array(5))];
controller.close();
const before = [await state(reads[0]), await state(reader.closed)];
const refused = attempt(() => controller.byobRequest.respond(1));
controller.byobRequest.respond(0);
return [before, refused, (await Promise.all(reads)).map((result) => [flat(result), result.value.buffer.byteLength])];

// case: cancel gives no buffer back
const stream = new ReadableStream({ type: "bytes", cancel(reason) { note("cancel", reason); } });
const reader = stream.getReader({ mode: "byob" });
const read = reader.read(new Uint8Array(4));
await reader.cancel("why");
return [await read, log, flat(await reader.read(new Uint8Array(2)))];

// case: an error fails the reads
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const reader = stream.getReader({ mode: "byob" });
const reads = [reader.read(new Uint8Array(4)), reader.read(new Uint8Array(4))].map(outcome);
const { byobRequest } = controller;
controller.error(new RangeError("x"));
return [await Promise.all(reads), await outcome(reader.read(new Uint8Array(1))), controller.byobRequest, byobRequest.view, attempt(() => byobRequest.respond(1)), controller.desiredSize];

// case: reads that are refused
const stream = new ReadableStream({ type: "bytes" });
const reader = stream.getReader({ mode: "byob" });
const gone = new Uint8Array(4);
const pending = reader.read(gone);
const results = [];
for (const view of [undefined, null, "text", {}, new ArrayBuffer(4), new Uint8Array(0), gone]) results.push(await outcome(reader.read(view)));
reader.releaseLock();
return [results, await outcome(reader.read(new Uint8Array(1))), await outcome(pending), await outcome(reader.closed), await outcome(reader.cancel())];

// case: a minimum waits for as much
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const reader = stream.getReader({ mode: "byob" });
const read = reader.read(new Uint8Array(5), { min: 3 });
controller.enqueue(new Uint8Array([1, 2]));
const before = await state(read);
controller.enqueue(new Uint8Array([3, 4]));
return [before, flat(await read)];

// case: a minimum is a number of elements
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const reader = stream.getReader({ mode: "byob" });
const read = reader.read(new Uint16Array(4), { min: 2 });
controller.enqueue(new Uint8Array([1, 2, 3]));
const before = await state(read);
controller.enqueue(new Uint8Array([4, 5]));
return [before, flat(await read), flat(await reader.read(new Uint8Array(3)))];

// case: minimums that are refused
const reader = new ReadableStream({ type: "bytes" }).getReader({ mode: "byob" });
const results = [];
for (const min of [0, -1, 5, NaN]) results.push(await outcome(reader.read(new Uint8Array(4), { min })));
results.push(await outcome(reader.read(new Uint16Array(4), { min: 5 })), await outcome(reader.read(new DataView(new ArrayBuffer(4)), { min: 5 })));
return results;

// case: a minimum that the stream ends before
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const reader = stream.getReader({ mode: "byob" });
const read = reader.read(new Uint8Array(5), { min: 3 });
controller.enqueue(new Uint8Array([1, 2]));
controller.close();
controller.byobRequest?.respond(0);
return [flat(await read), flat(await reader.read(new Uint8Array(1)))];

// case: views of all kinds are filled
const results = [];
for (const Kind of [Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]) {
  const stream = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])); } });
  const { value } = await stream.getReader({ mode: "byob" }).read(new Kind(16));
  results.push(bytes(value), value.length);
}
const stream = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint8Array([1, 2, 3])); } });
return [results, bytes((await stream.getReader({ mode: "byob" }).read(new DataView(new ArrayBuffer(8), 2))).value)];

// case: a released reader's buffer is filled for the next one
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const first = stream.getReader({ mode: "byob" });
const read = outcome(first.read(new Uint8Array(4)));
const { byobRequest } = controller;
first.releaseLock();
const second = stream.getReader({ mode: "byob" });
const next = second.read(new Uint8Array(8));
byobRequest.view[0] = 1; byobRequest.view[1] = 2;
byobRequest.respond(2);
return [await read, flat(await next)];

// case: the same with enqueue
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
const first = stream.getReader({ mode: "byob" });
const read = outcome(first.read(new Uint8Array(4)));
first.releaseLock();
controller.enqueue(new Uint8Array([1, 2, 3]));
return [await read, flat(await stream.getReader().read())];

// case: from one kind of reader to the other
const stream = new ReadableStream({ type: "bytes", start(c) { for (let i = 1; i < 4; i++) c.enqueue(new Uint8Array([i, i])); c.close(); } });
const first = stream.getReader();
const results = [flat(await first.read())];
first.releaseLock();
const second = stream.getReader({ mode: "byob" });
results.push(flat(await second.read(new Uint8Array(1))));
second.releaseLock();
const third = stream.getReader();
results.push(flat(await third.read()), flat(await third.read()), flat(await third.read()));
return results;

// case: pull is called for each read
let count = 0;
const stream = new ReadableStream({ type: "bytes", pull(c) { note("pull", c.desiredSize); c.enqueue(new Uint8Array([count++])); } });
await turns();
note("reading");
const reader = stream.getReader();
await reader.read(); await reader.read();
await turns();
return log;

// case: a mark above zero is filled
let count = 0;
new ReadableStream({ type: "bytes", pull(c) { note(c.desiredSize); c.enqueue(new Uint8Array(3)); } }, { highWaterMark: 7 });
await turns();
return log;

// case: enqueue and close throw once the stream is over
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; c.enqueue(new Uint8Array(1)); c.close(); } });
const other = new ReadableStream({ type: "bytes", start(c) { c.error(new RangeError("x")); note(told(attempt(() => c.enqueue(new Uint8Array(1)))), told(attempt(() => c.close()))); } });
return [attempt(() => controller.enqueue(new Uint8Array(1))), attempt(() => controller.close()), log];

// case: a pull that throws fails the stream
const stream = new ReadableStream({ type: "bytes", pull() { throw new RangeError("x"); } });
const reader = stream.getReader({ mode: "byob" });
return [await outcome(reader.read(new Uint8Array(1))), await outcome(reader.closed)];

// case: a loop over bytes
let count = 0;
const stream = new ReadableStream({ type: "bytes", pull(c) { if (count++ < 3) c.enqueue(new Uint8Array(count)); else c.close(); } });
return (await all(stream)).map(bytes);

// case: the order of reads and of their answers
let controller;
const stream = new ReadableStream({ type: "bytes", start(c) { controller = c; }, pull() { note("pull"); } });
const reader = stream.getReader({ mode: "byob" });
for (let i = 1; i < 4; i++) reader.read(new Uint8Array(2)).then((result) => note(i, bytes(result.value), result.done));
reader.closed.then(() => note("closed"));
controller.enqueue(new Uint8Array([1, 2, 3]));
note("enqueued");
await turns();
controller.close();
controller.byobRequest.respond(0);
note("answered");
await turns();
return log;

// case: chunks of a subclass of Uint8Array, whatever it says of itself
// expect: {"returns":[["Uint8Array",3]]}
class Mine extends Uint8Array { get byteLength() { return 1; } }
const stream = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Mine([1, 2, 3])); c.close(); } });
return (await all(stream)).map((chunk) => [chunk.constructor.name, chunk.length]);
