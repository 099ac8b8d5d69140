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

const kept = (sink = {}, strategy) => new WritableStream({ write(chunk) { note("write", chunk); }, close() { note("close"); }, abort(reason) { note("abort", told(reason)); }, ...sink }, strategy);

// case: an abort cancels the source and aborts the sink
const controller = new AbortController();
const source = new ReadableStream({ cancel(reason) { note("cancel", reason); } });
const done = outcome(source.pipeTo(kept(), { signal: controller.signal }));
await turns();
controller.abort("why");
return [await done, log, source.locked];

// case: a signal that was aborted before
const controller = new AbortController();
controller.abort("why");
const source = new ReadableStream({ start(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", reason); } });
const sink = kept();
return [await outcome(source.pipeTo(sink, { signal: controller.signal })), log, source.locked, sink.locked];

// case: without a reason it is an AbortError
const controller = new AbortController();
const done = outcome(new ReadableStream({ cancel(reason) { note(reason.name); } }).pipeTo(kept(), { signal: controller.signal }));
controller.abort();
return [await done, log];

// case: preventAbort and preventCancel
const results = [];
for (const options of [{ preventAbort: true }, { preventCancel: true }, { preventAbort: true, preventCancel: true }]) {
  const controller = new AbortController();
  const done = outcome(new ReadableStream({ cancel(reason) { note("cancel", reason); } }).pipeTo(kept(), { signal: controller.signal, ...options }));
  await turns();
  controller.abort("why");
  results.push(await done);
}
return [results, log];

// case: an abort waits for the write that is under way and nothing is read ahead of it
// expect: {"returns":[["rejected","why"],["write","resolving","abort why","cancel why"]]}
const gate = later();
const controller = new AbortController();
const source = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", reason); } });
const done = outcome(source.pipeTo(kept({ write() { note("write"); return gate.promise; } }), { signal: controller.signal }));
await turns();
controller.abort("why");
await turns();
note("resolving");
gate.resolve();
return [await done, log];

// case: an abort after the end does nothing
const controller = new AbortController();
await new ReadableStream({ start(c) { c.close(); } }).pipeTo(kept(), { signal: controller.signal });
controller.abort("why");
await turns();
return log;

// case: an abort through a chain waits for what nobody reads
// expect: {"returns":[["fulfilled",{"value":"a","done":false}],["rejected","why"],["cancel why"]]}
const controller = new AbortController();
const source = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", reason); } });
const through = source.pipeThrough(new TransformStream(), { signal: controller.signal });
const reader = through.getReader();
await reader.read();
await turns();
controller.abort("why");
const last = await outcome(reader.read());
return [last, await outcome(reader.closed), log];

// case: a cancel or an abort that fails is what comes out
const results = [];
for (const [cancel, abort] of [[() => { throw new RangeError("cancel"); }, undefined], [undefined, () => { throw new SyntaxError("abort"); }], [() => { throw new RangeError("cancel"); }, () => { throw new SyntaxError("abort"); }]]) {
  const controller = new AbortController();
  const done = outcome(new ReadableStream({ cancel }).pipeTo(new WritableStream({ abort }), { signal: controller.signal }));
  await turns();
  controller.abort("why");
  results.push(await done);
}
return results;

// case: the signal of a sink is aborted with the stream
let signal;
const stream = new WritableStream({ start(c) { signal = c.signal; } });
const before = signal.aborted;
signal.addEventListener("abort", () => note("aborted", signal.reason));
await stream.abort("why");
return [before, signal.aborted, signal.reason, log, signal instanceof AbortSignal];

// case: the signal of a sink stops a write that waits
const writer = new WritableStream({ write(chunk, c) { return new Promise((resolve, reject) => c.signal.addEventListener("abort", () => reject(c.signal.reason))); } }).getWriter();
await turns();
const write = outcome(writer.write("a"));
const abort = outcome(writer.abort("why"));
return [await write, await abort, await outcome(writer.closed)];

// case: the signal of a sink is one object, and later asked for it is aborted already
let controller;
const stream = new WritableStream({ start(c) { controller = c; } });
await stream.abort("why");
return [controller.signal === controller.signal, controller.signal.aborted, controller.signal.reason];

// case: the signal of a sink is aborted without a reason
let signal;
const stream = new WritableStream({ start(c) { signal = c.signal; } });
await stream.abort();
return [signal.aborted, signal.reason === undefined, signal.reason?.name];

// case: an error of the controller does not abort the signal
let controller;
new WritableStream({ start(c) { controller = c; } });
controller.error("x");
await turns();
return controller.signal.aborted;

// case: a chunk that comes while an abort is under way
const gate = later();
const controller = new AbortController();
let source;
const stream = new ReadableStream({ start(c) { source = c; } });
const done = outcome(stream.pipeTo(kept({ abort(reason) { note("abort", reason); return gate.promise; } }), { signal: controller.signal, preventCancel: true }));
await turns();
controller.abort("why");
await turns();
source.enqueue("a");
await turns();
gate.resolve();
return [await done, log, stream.locked];
