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

const kept = (sink = {}) => { const chunks = []; return new WritableStream({ write(chunk) { chunks.push(chunk); note("write", chunk); }, close() { note("close"); }, abort(reason) { note("abort", told(reason)); }, ...sink }); };

// case: everything is written and then the end
const source = listed("a", "b");
const sink = kept();
const done = source.pipeTo(sink);
const locked = [source.locked, sink.locked];
return [locked, await outcome(done), log, source.locked, sink.locked];

// case: preventClose leaves the sink open
const sink = kept();
await listed("a").pipeTo(sink, { preventClose: true });
const writer = sink.getWriter();
await writer.write("b");
return [log, writer.desiredSize];

// case: an error of the source aborts the sink
const source = new ReadableStream({ start(c) { c.enqueue("a"); }, pull(c) { c.error(new RangeError("x")); } }, { highWaterMark: 0 });
const sink = kept();
return [await outcome(source.pipeTo(sink)), log, await outcome(sink.getWriter().closed)];

// case: preventAbort does not
const source = new ReadableStream({ start(c) { c.error(new RangeError("x")); } });
const sink = kept();
return [await outcome(source.pipeTo(sink, { preventAbort: true })), log, sink.getWriter().desiredSize];

// case: an error of the sink cancels the source
const source = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", told(reason)); } });
const sink = kept({ write() { throw new RangeError("x"); } });
return [await outcome(source.pipeTo(sink)), log, await source.getReader().read()];

// case: preventCancel does not
const source = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", told(reason)); } });
const sink = kept({ write() { throw new RangeError("x"); } });
return [await outcome(source.pipeTo(sink, { preventCancel: true })), log, (await source.getReader().read()).done];

// case: a source that had failed
const source = new ReadableStream({ start(c) { c.error(new RangeError("x")); } });
return [await outcome(source.pipeTo(kept())), log];

// case: a source that was closed
const source = new ReadableStream({ start(c) { c.close(); } });
return [await outcome(source.pipeTo(kept())), log];

// case: a sink that had failed
const sink = kept({ start(c) { c.error(new RangeError("x")); } });
await turns();
const source = new ReadableStream({ start(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", told(reason)); } });
return [await outcome(source.pipeTo(sink)), log];

// case: a sink that was closed
const sink = kept();
await sink.close();
const source = new ReadableStream({ start(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", told(reason)); } });
return [await outcome(source.pipeTo(sink)), log];

// case: a sink that is closing
const sink = kept({ close: () => new Promise(() => {}) });
sink.close();
const source = new ReadableStream({ start(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", told(reason)); } });
return [await outcome(source.pipeTo(sink)), log];

// case: both had failed
const source = new ReadableStream({ start(c) { c.error(new RangeError("source")); } });
const sink = kept({ start(c) { c.error(new SyntaxError("sink")); } });
await turns();
return [await outcome(source.pipeTo(sink)), log];

// case: a cancel and an abort and a close that fail are what comes out
const fails = (name) => () => Promise.reject(new EvalError(name));
const results = [];
results.push(await outcome(new ReadableStream({ start(c) { c.error(new RangeError("x")); } }).pipeTo(new WritableStream({ abort: fails("abort") }))));
results.push(await outcome(new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel: fails("cancel") }).pipeTo(new WritableStream({ write() { throw new RangeError("x"); } }))));
results.push(await outcome(listed("a").pipeTo(new WritableStream({ close: fails("close") }))));
return results;

// case: back-pressure of the sink reaches the source
const gates = [later(), later(), later()];
let written = 0;
let count = 0;
const source = new ReadableStream({ pull(c) { note("pull", count); if (count < 3) c.enqueue(count++); else c.close(); } }, { highWaterMark: 0 });
const done = source.pipeTo(new WritableStream({ write(chunk) { note("write", chunk); return gates[written++].promise; } }));
for (const gate of gates) { await turns(); note("resolving"); gate.resolve(); }
await done;
return log;

// case: a sink with room is written ahead
let count = 0;
const source = new ReadableStream({ pull(c) { note("pull", count); c.enqueue(count++); } }, { highWaterMark: 0 });
source.pipeTo(new WritableStream({ write() { return new Promise(() => {}); } }, { highWaterMark: 4 }));
await turns(60);
return log;

// case: a source that is closed while a write is under way closes the sink after it
const gate = later();
const source = new ReadableStream({ start(c) { c.enqueue("a"); c.close(); } });
const done = source.pipeTo(kept({ write() { note("write"); return gate.promise; } }));
await turns();
note("resolving");
gate.resolve();
await done;
return log;

// case: a source that fails while a write is under way aborts the sink after it
const gate = later();
let controller;
const source = new ReadableStream({ start(c) { controller = c; c.enqueue("a"); } });
const done = outcome(source.pipeTo(kept({ write() { note("write"); return gate.promise; } })));
await turns();
controller.error(new RangeError("x"));
await turns();
note("resolving");
gate.resolve();
return [await done, log];

// case: what was read before an error is written
let controller;
const source = new ReadableStream({ start(c) { controller = c; } });
const done = outcome(source.pipeTo(kept({}, { highWaterMark: 10 })));
await turns();
controller.enqueue("a"); controller.enqueue("b");
await turns();
controller.error(new RangeError("x"));
return [await done, log];

// case: what is refused
const results = [];
const locked = new ReadableStream(); locked.getReader();
const taken = new WritableStream(); taken.getWriter();
results.push(await outcome(locked.pipeTo(new WritableStream())), await outcome(new ReadableStream().pipeTo(taken)));
for (const sink of [undefined, null, {}, "text", new TransformStream()]) results.push(await outcome(new ReadableStream().pipeTo(sink)));
results.push(attempt(() => locked.pipeThrough(new TransformStream())), attempt(() => new ReadableStream().pipeThrough({ readable: new ReadableStream(), writable: taken })));
results.push(attempt(() => new ReadableStream().pipeThrough({})), attempt(() => new ReadableStream().pipeThrough({ readable: {}, writable: new WritableStream() })), attempt(() => new ReadableStream().pipeThrough({ readable: new ReadableStream(), writable: {} })));
results.push(await outcome(new ReadableStream().pipeTo(new WritableStream(), { signal: {} })), await outcome(new ReadableStream().pipeTo(new WritableStream(), { signal: "text" })));
return results;

// case: a refused pipe locks nothing
const source = new ReadableStream();
const taken = new WritableStream();
const writer = taken.getWriter();
await outcome(source.pipeTo(taken));
const sink = new WritableStream();
await outcome(source.pipeTo(sink, { signal: 5 }));
return [source.locked, sink.locked];

// case: pipeThrough gives the readable side at once
const pair = { readable: new ReadableStream(), writable: kept() };
const through = listed("a").pipeThrough(pair);
await turns();
return [through === pair.readable, log];

// case: pipeThrough with the options of pipeTo
const pair = { readable: new ReadableStream(), writable: kept() };
listed("a").pipeThrough(pair, { preventClose: true });
await turns();
return [log, pair.writable.locked];

// case: an error goes through a chain forward
const source = new ReadableStream({ start(c) { c.enqueue("a"); }, pull(c) { c.error(new RangeError("x")); } }, { highWaterMark: 0 });
return [await outcome(source.pipeThrough(new TransformStream()).pipeThrough(new TransformStream()).pipeTo(kept())), log];

// case: an error goes through a chain backward
const source = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", told(reason)); } });
const done = await outcome(source.pipeThrough(new TransformStream()).pipeTo(kept({ write() { throw new RangeError("x"); } })));
await turns();
return [done, log];

// case: cancel goes through a chain backward
const source = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", reason); } });
const through = source.pipeThrough(new TransformStream());
const reader = through.getReader();
await reader.read();
await reader.cancel("why");
await turns();
return log;

// case: bytes are piped
let count = 0;
const source = new ReadableStream({ type: "bytes", pull(c) { if (count++ < 3) c.enqueue(new Uint8Array([count])); else c.close(); } });
await source.pipeTo(kept());
return log;

// case: the options are read in their order
const options = new Proxy({}, { get(target, name) { note(String(name)); return undefined; } });
await listed().pipeTo(kept(), options);
return log;

// case: options are truthy or not
const sink = kept();
await outcome(new ReadableStream({ start(c) { c.error(new RangeError("x")); } }).pipeTo(sink, { preventAbort: "no" }));
return log;

// case: public methods are not used
const source = listed("a");
const sink = kept();
source.getReader = sink.getWriter = () => { throw new Error("used"); };
await source.pipeTo(sink);
return log;

// case: ten thousand chunks
let sum = 0;
const source = new ReadableStream({ start(c) { for (let i = 0; i < 10000; i++) c.enqueue(i); c.close(); } }, { highWaterMark: 1e6 });
await source.pipeTo(new WritableStream({ write(chunk) { sum += chunk; } }));
return sum;

// case: two pipes into one sink, one after the other
const sink = kept();
await listed("a", "b").pipeTo(sink, { preventClose: true });
await listed("c").pipeTo(sink);
return log;
