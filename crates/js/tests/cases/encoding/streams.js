const through = async (transform, chunks) => {
  const writer = transform.writable.getWriter();
  const writing = (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  const seen = [];
  const reader = transform.readable.getReader();
  const reading = (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) seen.push(next.value);
  })();
  await Promise.all([writing, reading]);
  return seen;
};
const encoded = async (...chunks) => (await through(new TextEncoderStream(), chunks)).map((it) => [...it]);
const decoded = (chunks, ...options) => through(new TextDecoderStream(...options), chunks.map((it) => new Uint8Array(it)));

// case: text becomes bytes
return encoded("aé", "€");

// case: pairs that were cut
return encoded("a\ud83d", "\ude00b", "\ud83d", "\ude00");

// case: halves that stay alone
return encoded("\ud83d", "x", "\ude00", "\ud83d");

// case: two halves of the first kind
return encoded("\ud83d", "\ud83d", "\ude00");

// case: empty chunks are no chunks
return encoded("", "a", "");

// case: a half and an empty chunk
return encoded("\ud83d", "", "\ude00");

// case: chunks that are no strings
return encoded(1, null, undefined, [2, 3]);

// case: a chunk that is a symbol
// expect: {"throws":"TypeError"}
return encoded(Symbol("x"));

// case: bytes become text
return decoded([[0x61, 0xc3], [0xa9]]);

// case: a character in four pieces
return decoded([[0xf0], [0x9f], [0x98], [0x80]]);

// case: an end that is missing
return decoded([[0x61, 0xe2], [0x82]]);

// case: the mark goes
return decoded([[0xef, 0xbb], [0xbf, 0x61]]);

// case: the mark stays
return decoded([[0xef, 0xbb], [0xbf, 0x61]], "utf-8", { ignoreBOM: true });

// case: another encoding
return decoded([[0x61], [0x00, 0xac], [0x20]], "utf-16le");

// case: fatal
return decoded([[0x61], [0xff]], "utf-8", { fatal: true });

// case: fatal at the end
return decoded([[0xe2]], "utf-8", { fatal: true });

// case: a chunk that is text
return through(new TextDecoderStream(), ["text"]);

// case: chunks of every kind
const { buffer } = new Uint8Array([0x61, 0x62]);
return through(new TextDecoderStream(), [buffer, new DataView(buffer, 1), new Uint16Array(buffer)]);

// case: attributes
const decoder = new TextDecoderStream("latin1", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoderStream();
return [decoder.encoding, decoder.fatal, decoder.ignoreBOM, encoder.encoding, encoder.readable instanceof ReadableStream, decoder.writable instanceof WritableStream];

// case: what they say they are
// expect: {"returns":["[object TextDecoderStream]","[object TextEncoderStream]"]}
return [Object.prototype.toString.call(new TextDecoderStream()), Object.prototype.toString.call(new TextEncoderStream())];

// case: a label that means nothing
return new TextDecoderStream("nope");

// case: a pipe
const source = new ReadableStream({
  start(controller) {
    for (const it of ["a", "é", "😀"]) controller.enqueue(it);
    controller.close();
  },
});
let text = "";
const reader = source.pipeThrough(new TextEncoderStream()).pipeThrough(new TextDecoderStream()).getReader();
for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
return text;
