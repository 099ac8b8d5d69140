const log = [];
const note = (...what) => log.push(what.join(" "));
const turns = async (count = 20) => { while (count-- > 0) await null; };
const failure = (error) => (error instanceof Error ? error.name : String(error));
const outcome = (promise) => promise.then((value) => ["fulfilled", value], (error) => ["rejected", failure(error)]);

// case: chunks come in the order in which they were enqueued, then the end
const stream = new ReadableStream({ start(c) { c.enqueue(1); c.enqueue("two"); c.enqueue(null); c.close(); } });
const reader = stream.getReader();
return [await reader.read(), await reader.read(), await reader.read(), await reader.read(), await reader.read(), stream.locked];

// case: start comes at once and pull a microtask later
new ReadableStream({ start() { note("start"); }, pull() { note("pull"); } });
note("made");
await turns();
return log;
