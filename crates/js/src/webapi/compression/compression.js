// CompressionStream and DecompressionStream (Compression Standard §5, §6).

import { asInterface } from "tollgate:streams";
import { TransformCore } from "tollgate:streams-writable";

const { codec } = import.meta.native;
const formats = { __proto__: null, deflate: true, "deflate-raw": true, gzip: true };

/**
 * A transform whose output comes in pieces, one as soon as the one before was asked for: a small chunk
 * may become a very large one, which nobody has to hold at once.
 */
function transform(format, compress) {
  const name = `${format}`;
  if (formats[name] === undefined) throw new TypeError("the format may be `gzip`, `deflate` or `deflate-raw`");
  const coder = codec(name, compress);
  const core = new TransformCore({ highWaterMark: 1, size: undefined }, { highWaterMark: 0, size: undefined });
  const drain = async () => {
    for (let piece = coder.step(); piece !== null; ) {
      if (piece.length > 0) core.enqueue(piece);
      piece = coder.step();
      if (piece !== null) await core.room();
    }
  };
  core.transform = async (chunk) => {
    coder.push(chunk);
    await drain();
  };
  core.flush = async () => {
    coder.finish();
    await drain();
  };
  core.started.resolve();
  return core;
}

export class CompressionStream {
  #core;

  constructor(format) {
    this.#core = transform(format, true);
  }

  get readable() {
    return this.#core.readable.face;
  }

  get writable() {
    return this.#core.writable.face;
  }
}

export class DecompressionStream {
  #core;

  constructor(format) {
    this.#core = transform(format, false);
  }

  get readable() {
    return this.#core.readable.face;
  }

  get writable() {
    return this.#core.writable.face;
  }
}

asInterface(CompressionStream);
asInterface(DecompressionStream);
