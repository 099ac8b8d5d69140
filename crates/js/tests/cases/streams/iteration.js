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

// case: for await reads to the end and lets go
const stream = listed("a", "b");
const chunks = await all(stream);
return [chunks, stream.locked];

// case: the iterator locks the stream
const stream = listed("a", "b");
const iterator = stream.values();
return [stream.locked, attempt(() => stream.values()), attempt(() => stream[Symbol.asyncIterator]()), await iterator.next()];

// case: values and the iterator symbol are one function
return [ReadableStream.prototype.values === ReadableStream.prototype[Symbol.asyncIterator], Object.getOwnPropertyDescriptor(ReadableStream.prototype, Symbol.asyncIterator).enumerable];

// case: a break cancels the stream
const stream = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", reason); } });
for await (const chunk of stream) break;
return [log, stream.locked, await stream.getReader().read()];

// case: a throw cancels the stream
const stream = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel(reason) { note("cancel", reason); } });
try { for await (const chunk of stream) throw new RangeError("x"); } catch (error) { note(told(error)); }
return [log, stream.locked];

// case: a break with preventCancel does not
let count = 0;
const stream = new ReadableStream({ pull(c) { c.enqueue(count++); }, cancel() { note("cancel"); } });
for await (const chunk of stream.values({ preventCancel: true })) break;
return [log, stream.locked, await stream.getReader().read()];

// case: preventCancel is true of what is truthy
let count = 0;
const stream = new ReadableStream({ pull(c) { c.enqueue(count++); }, cancel() { note("cancel"); } });
for await (const chunk of stream.values({ preventCancel: "yes" })) break;
return log;

// case: return gives its value to cancel and back
const stream = new ReadableStream({ cancel(reason) { note("cancel", reason); } });
const iterator = stream.values();
const flat = ({ value, done }) => [value, done];
return [flat(await iterator.return("why")), log, flat(await iterator.return("again")), flat(await iterator.next()), stream.locked];

// case: a cancel that fails fails return
const stream = new ReadableStream({ cancel() { throw new RangeError("x"); } });
const iterator = stream.values();
return [await outcome(iterator.return("why")), stream.locked];

// case: an error of the stream ends the loop and lets go
let count = 0;
const stream = new ReadableStream({ pull(c) { if (count++ < 2) c.enqueue(count); else c.error(new RangeError("x")); } }, { highWaterMark: 0 });
const seen = [];
try { for await (const chunk of stream) seen.push(chunk); } catch (error) { seen.push(told(error)); }
return [seen, stream.locked];

// case: after an error the iterator is at its end
const stream = new ReadableStream({ start(c) { c.error(new RangeError("x")); } });
const iterator = stream.values();
const first = await outcome(iterator.next());
const last = await iterator.return("v");
return [first, await outcome(iterator.next()), last.value, last.done];

// case: calls of next wait for each other
let count = 0;
const stream = new ReadableStream({ pull(c) { c.enqueue(count++); if (count === 3) c.close(); } }, { highWaterMark: 0 });
const iterator = stream.values();
return Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);

// case: return waits for next
let count = 0;
const stream = new ReadableStream({ pull(c) { c.enqueue(count++); }, cancel() { note("cancel"); } }, { highWaterMark: 0 });
const iterator = stream.values();
const results = [iterator.next().then(({ value }) => note("next", value)), iterator.return("v").then(({ value, done }) => note("return", value, done)), iterator.next().then(({ value, done }) => note("next", value, done))];
await Promise.all(results);
return log;

// case: a loop over what was read in part
const stream = listed("a", "b", "c");
const reader = stream.getReader();
await reader.read();
reader.releaseLock();
return all(stream);

// case: a loop over a closed stream
const stream = new ReadableStream({ start(c) { c.close(); } });
return [await all(stream), stream.locked];

// case: the iterator's shape
// expect: {"returns":[true,["next","return"],true,0]}
const iterator = listed().values();
const prototype = Object.getPrototypeOf(iterator);
const AsyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype));
return [Object.getPrototypeOf(prototype) === AsyncIteratorPrototype, Object.getOwnPropertyNames(prototype).sort(), iterator[Symbol.asyncIterator]() === iterator, prototype.next.length];

// case: next of something else is refused
// expect: {"returns":[["rejected","TypeError"],["rejected","TypeError"]]}
const iterator = listed("a").values();
return [await outcome(iterator.next.call({})), await outcome(iterator.return.call(undefined))];

// case: from an array
return all(ReadableStream.from([1, "two", null, undefined]));

// case: from promises in an array
return all(ReadableStream.from([Promise.resolve(1), 2]));

// case: from a set and a map
return [await all(ReadableStream.from(new Set([1, 2, 2]))), await all(ReadableStream.from(new Map([["a", 1]])))];

// case: from a generator
return all(ReadableStream.from((function* () { yield 1; yield 2; return 3; })()));

// case: from an async generator
return all(ReadableStream.from((async function* () { yield 1; await null; yield 2; })()));

// case: from another stream
return all(ReadableStream.from(listed("a", "b")));

// case: from nothing that can be iterated over
return [undefined, null, 5, {}, true, Symbol.iterator].map((value) => attempt(() => ReadableStream.from(value)));

// case: from a generator that throws
const stream = ReadableStream.from((function* () { yield 1; throw new RangeError("x"); })());
const reader = stream.getReader();
return [await outcome(reader.read()), await outcome(reader.read()), await outcome(reader.read())];

// case: from reads nothing ahead
let count = 0;
const stream = ReadableStream.from((function* () { while (true) { note("yield", count); yield count++; } })());
await turns();
note("reading");
const reader = stream.getReader();
await reader.read();
await turns();
return log;

// case: cancel returns from the iterator
const iterable = { [Symbol.asyncIterator]() { return { async next() { return { value: 1, done: false }; }, async return(reason) { note("return", reason); return {}; } }; } };
const stream = ReadableStream.from(iterable);
const reader = stream.getReader();
await reader.read();
return [await outcome(reader.cancel("why")), log];

// case: cancel of an iterator without return
const iterable = { [Symbol.asyncIterator]() { return { async next() { return { value: 1, done: false }; } }; } };
return outcome(ReadableStream.from(iterable).cancel("why"));

// case: a return that gives no object fails cancel
const iterable = { [Symbol.asyncIterator]() { return { async next() { return { value: 1, done: false }; }, async return() { return 5; } }; } };
return outcome(ReadableStream.from(iterable).cancel("why"));

// case: a return that throws fails cancel
const iterable = { [Symbol.asyncIterator]() { return { async next() { return { value: 1, done: false }; }, return() { throw new RangeError("x"); } }; } };
return outcome(ReadableStream.from(iterable).cancel("why"));

// case: a next that gives no object fails the stream
const iterable = { [Symbol.asyncIterator]() { return { async next() { return 5; } }; } };
return outcome(ReadableStream.from(iterable).getReader().read());

// case: a next that rejects fails the stream
const iterable = { [Symbol.asyncIterator]() { return { next() { return Promise.reject(new RangeError("x")); } }; } };
const stream = ReadableStream.from(iterable);
const reader = stream.getReader();
return [await outcome(reader.read()), await outcome(reader.closed)];

// case: next is read once
let gets = 0;
const iterator = { get next() { gets++; return async () => ({ value: 1, done: gets > 5 }); } };
const stream = ReadableStream.from({ [Symbol.asyncIterator]: () => iterator });
const reader = stream.getReader();
await reader.read(); await reader.read();
return gets;

// case: the async iterator goes before the other one
return all(ReadableStream.from({ *[Symbol.iterator]() { yield "sync"; }, async *[Symbol.asyncIterator]() { yield "async"; } }));

// case: an iterator that is no object
return [attempt(() => ReadableStream.from({ [Symbol.iterator]: () => 5 })), attempt(() => ReadableStream.from({ [Symbol.asyncIterator]: () => null })), attempt(() => ReadableStream.from({ [Symbol.asyncIterator]: 5 }))];
