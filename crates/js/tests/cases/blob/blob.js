const thrown = (run) => { try { run(); return "nothing"; } catch (error) { return error.name; } };
const text = (parts, options) => new Blob(parts, options).text();
// case: parts of all kinds
const buffer = new Uint8Array([104, 105, 32]).buffer;
return await text(["a", buffer, new Uint8Array(buffer, 1, 1), new DataView(buffer, 0, 2), new Blob(["b", "c"]), 5, null, undefined, { toString: () => "t" }, new Uint16Array([0x4241]), [1, 2], true]);

// case: an empty blob
const blob = new Blob();
return [blob.size, blob.type, await blob.text(), new Blob([]).size, new Blob([""]).size, new Blob(undefined).size];

// case: size counts bytes
return [new Blob(["ä€😀"]).size, new Blob(["a", "b"]).size, new Blob([new Uint8Array(10)]).size];

// case: text is UTF-8, with replacements
return [await text(["a\ud800b"]), [...new Uint8Array(await new Blob(["\udc00"]).arrayBuffer())], await text([new Uint8Array([0xff, 0x41, 0xc3])])];

// case: a byte order mark is no text
return [(await text([new Uint8Array([0xef, 0xbb, 0xbf, 0x41])])).length, (await text(["\ufeffA"])).length];

// case: a blob has its bytes for itself
const bytes = new Uint8Array([65, 66]);
const blob = new Blob([bytes, bytes.buffer]);
bytes[0] = 90;
const got = new Uint8Array(await blob.arrayBuffer()); got[1] = 90;
return [await blob.text(), await new Blob([bytes]).text()];

// case: types
return ["text/PLAIN", "text/plain;charset=UTF-8", "ä", "a\u0000", "a\nb", "", undefined, null, 5, "~ x"].map((type) => new Blob([], { type }).type);

// case: options
return [new Blob([], null).type, new Blob([], undefined).type, new Blob([], {}).type, new Blob([], { type: undefined }).type];

// case: what cannot be a blob
return [() => new Blob("x"), () => new Blob(null), () => new Blob(5), () => new Blob({}), () => Blob([]), () => new Blob([Symbol("x")]), () => new Blob([], { endings: "other" })].map(thrown);

// case: parts may be whatever can be iterated
return [await text(new Set(["a", "b"])), await text(new Uint8Array([1, 2])), await text((function* () { yield "x"; })())];

// case: slices
const blob = new Blob(["0123456789"], { type: "text/plain" });
const all = [[], [2], [2, 5], [-3], [-3, -1], [5, 2], [0, 100], [100], [undefined, 3], [-100, 2]];
return await Promise.all(all.map(async (range) => { const part = blob.slice(...range); return [await part.text(), part.size, part.type]; }));

// case: types of slices
const blob = new Blob(["abc"], { type: "text/plain" });
return [blob.slice(0, 1, "Image/PNG").type, blob.slice(0, 1).type, blob.slice(0, 1, "ä").type, blob.slice(0, 2).slice(1) instanceof Blob];

// case: slices of slices
const blob = new Blob(["0123456789"]);
return await blob.slice(2, 8).slice(1, 4).slice(-2).text();

// case: endings
// expect: {"returns":["a\nb\nc\nd","a\r\nb\rc\nd","a\r\nb"]}
return [await text(["a\r\nb\rc\nd"], { endings: "native" }), await text(["a\r\nb\rc\nd"], { endings: "transparent" }), await text(["a\r\nb"])];

// case: endings leave bytes alone
// expect: {"returns":"\r\n\n\r\n"}
return await text([new Uint8Array([13, 10]), "\r", new Blob(["\r\n"])], { endings: "native" });

// case: arrayBuffer
const buffer = await new Blob(["hi"]).slice(1).arrayBuffer();
return [buffer instanceof ArrayBuffer, buffer.byteLength, [...new Uint8Array(buffer)]];

// case: bytes
// expect: {"returns":[true,[104,105]]}
const bytes = await new Blob(["hi"]).bytes();
return [bytes instanceof Uint8Array, [...bytes]];

// case: a stream
const chunks = [];
for await (const chunk of new Blob(["hello ", "world"]).stream()) chunks.push(chunk);
return [chunks.every((it) => it instanceof Uint8Array), await new Blob(chunks).text()];

// case: a stream of nothing
const reader = new Blob([]).stream().getReader();
return (await reader.read()).done;

// case: a stream may be read twice, each its own
const blob = new Blob(["x".repeat(200000)]);
let total = 0;
for (const stream of [blob.stream(), blob.stream()]) for await (const chunk of stream) total += chunk.byteLength;
return total;

// case: a stream into a buffer of the reader's
const reader = new Blob(["abcdef"]).stream().getReader({ mode: "byob" });
const first = await reader.read(new Uint8Array(4));
const second = await reader.read(new Uint8Array(4));
const third = await reader.read(new Uint8Array(4));
return [[...first.value], first.done, [...second.value], second.done, third.done];

// case: tags and members
const blob = new Blob([]);
const members = []; for (const name in blob) members.push(name);
return [String(blob), Blob.name, Blob.length, members.filter((it) => it !== "bytes").sort(), Object.keys(blob)];

// case: methods want a blob
return [() => Object.getOwnPropertyDescriptor(Blob.prototype, "size").get.call({}), () => Blob.prototype.slice.call({})].map(thrown);

// case: a promise of what wants a blob is rejected
return await Blob.prototype.text.call({}).then(() => "fulfilled", (error) => error.name);

// case: files
const file = new File(["abc"], "n.txt", { type: "text/Plain", lastModified: 5 });
return [file.name, file.type, file.size, file.lastModified, await file.text(), file instanceof Blob, String(file), file.slice(1) instanceof File, await file.slice(1).text()];

// case: a file without options
const before = Date.now();
const file = new File([], "x");
return [file.lastModified >= before, file.type, file.name, Number.isInteger(file.lastModified)];

// case: names of files are made text
return [new File([], 5).name, new File([], null).name, new File([], "a\ud800").name, new File([], "a/b").name, new File([], undefined).name];

// case: lastModified is made a number
// expect: {"returns":[0,7,-5,1,0,1,9]}
return [NaN, "7", -5, 1.9, null, true, new Date(9)].map((lastModified) => new File([], "x", { lastModified }).lastModified);

// case: what cannot be a file
// expect: {"returns":["TypeError","TypeError","TypeError","TypeError","TypeError"]}
return [() => new File(), () => new File([]), () => new File(undefined, "x"), () => new File("x", "y"), () => File([], "x")].map(thrown);

// case: clones of blobs and files
// expect: {"returns":["Blob","t/x","abc",true,"File","f","t/y",7,"abc"]}
const blob = new Blob(["abc"], { type: "t/x" });
const copy = structuredClone(blob), file = structuredClone(new File([blob], "f", { type: "t/y", lastModified: 7 }));
return [copy.constructor.name, copy.type, await copy.text(), copy !== blob, file.constructor.name, file.name, file.type, file.lastModified, await file.text()];
