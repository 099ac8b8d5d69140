const gzip = [31,139,8,0,0,0,0,0,0,3,11,201,207,201,73,79,44,73,85,8,25,101,12,77,6,0,63,36,239,13,194,1,0,0];
const deflate = [120,156,11,201,207,201,73,79,44,73,85,8,25,101,12,77,6,0,44,228,167,249];
const raw = [11,201,207,201,73,79,44,73,85,8,25,101,12,77,6,0];
const fancy = [31,139,8,30,0,0,0,0,0,3,4,0,65,66,67,68,110,97,109,101,0,99,111,109,109,101,110,116,0,35,71,11,201,207,201,73,79,44,73,85,8,25,101,12,77,6,0,63,36,239,13,194,1,0,0];
const formats = ["gzip", "deflate", "deflate-raw"];
const told = (error) => (error instanceof Error ? error.name : String(error));
const outcome = (promise) => promise.then((value) => ["fulfilled", value], (error) => ["rejected", told(error)]);
const attempt = (action) => { try { return ["returned", action()]; } catch (error) { return ["threw", told(error)]; } };
const turns = async (count = 60) => { while (count-- > 0) await null; };
const of = (...chunks) => new ReadableStream({ start(c) { for (const chunk of chunks) c.enqueue(chunk); c.close(); } });
const collect = async (stream) => { const bytes = []; for await (const chunk of stream) for (const byte of chunk) bytes.push(byte); return bytes; };
const text = async (stream) => (await collect(stream)).map((byte) => String.fromCharCode(byte)).join("");
const bytes = (string) => Uint8Array.from(string, (character) => character.charCodeAt(0));

// case: what Node has compressed is read
return [
  await text(of(new Uint8Array(gzip)).pipeThrough(new DecompressionStream("gzip"))),
  await text(of(new Uint8Array(deflate)).pipeThrough(new DecompressionStream("deflate"))),
  await text(of(new Uint8Array(raw)).pipeThrough(new DecompressionStream("deflate-raw"))),
];

// case: gzip with a name, a comment, an extra field and a checksum of its header
return text(of(new Uint8Array(fancy)).pipeThrough(new DecompressionStream("gzip")));

// case: there and back in all formats
const results = [];
for (const format of formats) {
  const compressed = of(bytes("Tollgate ".repeat(300)), bytes("end")).pipeThrough(new CompressionStream(format));
  results.push((await text(compressed.pipeThrough(new DecompressionStream(format)))).length);
}
return results;

// case: compression makes less of it
const sizes = [];
for (const format of formats) sizes.push((await collect(of(new Uint8Array(100000)).pipeThrough(new CompressionStream(format)))).length < 300);
return sizes;

// case: the first bytes say the format
const first = [];
for (const format of formats) first.push((await collect(of(bytes("a")).pipeThrough(new CompressionStream(format)))).slice(0, format === "deflate" ? 1 : 3));
return first;

// case: nothing in is something out
const results = [];
for (const format of formats) results.push(await collect(of().pipeThrough(new CompressionStream(format)).pipeThrough(new DecompressionStream(format))));
return results;

// case: byte for byte
return text(of(...gzip.map((byte) => new Uint8Array([byte]))).pipeThrough(new DecompressionStream("gzip")));

// case: chunks may be buffers and views of all kinds
// expect: {"returns":"Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate Tollgate "}
const buffer = new Uint8Array(deflate).buffer;
const chunks = [buffer.slice(0, 4), new DataView(buffer, 4, 3), new Uint16Array(buffer.slice(7, 9)), new Uint8Array(buffer, 9)];
return text(of(...chunks).pipeThrough(new DecompressionStream("deflate")));

// case: what comes out are Uint8Arrays
const chunk = await of(new Uint8Array(gzip)).pipeThrough(new DecompressionStream("gzip")).getReader().read();
return [chunk.value instanceof Uint8Array, chunk.done];

// case: formats that there are not
return ["", "br", "GZIP", "zlib", undefined, null].flatMap((format) => [attempt(() => new CompressionStream(format)), attempt(() => new DecompressionStream(format))]);

// case: without a format
return [attempt(() => new CompressionStream()), attempt(() => new DecompressionStream())];

// case: chunks that are no bytes fail both sides
// expect: {"returns":[["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"]]}
const results = [];
for (const chunk of ["text", 5, null, undefined, {}, [1, 2]]) {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const reader = readable.getReader();
  results.push(...(await Promise.all([outcome(writer.write(chunk)), outcome(reader.read()), outcome(reader.closed)])));
}
return results;

// case: data that is damaged fails both sides
// expect: {"returns":[["rejected","TypeError"],"rejected",["rejected","TypeError"],"rejected",["rejected","TypeError"],"rejected"]}
const results = [];
for (const format of formats) {
  const { readable, writable } = new DecompressionStream(format);
  const writer = writable.getWriter();
  const reader = readable.getReader();
  outcome(writer.write(new Uint8Array([255, 255, 255, 255, 1, 2, 3, 4])));
  outcome(writer.close());
  results.push(await outcome(reader.read()), (await outcome(writer.closed))[0]);
}
return results;

// case: a checksum that is wrong
const damaged = [...gzip];
damaged[damaged.length - 8] ^= 1;
const adler = [...deflate];
adler[adler.length - 1] ^= 1;
return [
  (await outcome(text(of(new Uint8Array(damaged)).pipeThrough(new DecompressionStream("gzip")))))[0],
  (await outcome(text(of(new Uint8Array(adler)).pipeThrough(new DecompressionStream("deflate")))))[0],
];

// case: data that is cut short
// expect: {"returns":[["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"]]}
const results = [];
for (const [format, data] of [["gzip", gzip], ["gzip", gzip.slice(0, 5)], ["deflate", deflate], ["deflate-raw", raw]]) {
  results.push(await outcome(text(of(new Uint8Array(data.slice(0, -1))).pipeThrough(new DecompressionStream(format)))));
}
return results;

// case: data that goes on after its end
// expect: {"returns":[["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"]]}
const results = [];
for (const [format, data] of [["gzip", gzip], ["deflate", deflate], ["deflate-raw", raw]]) {
  results.push(await outcome(text(of(new Uint8Array([...data, 0])).pipeThrough(new DecompressionStream(format)))));
}
return results;

// case: no data at all is not compressed data
// expect: {"returns":[["rejected","TypeError"],["rejected","TypeError"],["rejected","TypeError"]]}
const results = [];
for (const format of formats) results.push(await outcome(text(of().pipeThrough(new DecompressionStream(format)))));
return results;

// case: a chunk that becomes very large waits for its reader
// expect: {"returns":[true,true,4194304]}
const zeros = new Uint8Array(4 << 20);
const packed = new Uint8Array(await collect(of(zeros).pipeThrough(new CompressionStream("gzip"))));
const { readable, writable } = new DecompressionStream("gzip");
const writer = writable.getWriter();
let written = false;
writer.write(packed).then(() => { written = true; });
writer.close();
const reader = readable.getReader();
let size = (await reader.read()).value.length;
await turns();
const before = [size <= 131072, !written];
for (let result; !(result = await reader.read()).done; ) size += result.value.length;
return [...before, size];

// case: cancel while it waits for its reader
const packed = new Uint8Array(await collect(of(new Uint8Array(1 << 20)).pipeThrough(new CompressionStream("gzip"))));
const { readable, writable } = new DecompressionStream("gzip");
const writer = writable.getWriter();
writer.write(packed).catch(() => {});
const reader = readable.getReader();
await reader.read();
return [(await outcome(reader.cancel("why")))[0], (await outcome(writer.closed))[0]];

// case: interfaces
return [CompressionStream, DecompressionStream].map((Class) => [
  Class.name, Class.length, Object.getOwnPropertyNames(Class.prototype).sort(), String(new Class("gzip")),
  new Class("gzip").readable instanceof ReadableStream, new Class("gzip").writable instanceof WritableStream,
  attempt(() => Class("gzip")), Object.getOwnPropertyDescriptor(Class.prototype, "readable").enumerable,
]);
