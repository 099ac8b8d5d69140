// `node:stream`. Its classes can be extended, and not made.

import { unavailable } from "tollgate:node-unavailable";
import promises from "tollgate:node-stream-promises";

const refuse = unavailable("node:stream", "use ReadableStream, WritableStream and TransformStream");

export const Duplex = refuse("Duplex");
export const PassThrough = refuse("PassThrough");
export const Readable = refuse("Readable");
export const Stream = refuse("Stream");
export const Transform = refuse("Transform");
export const Writable = refuse("Writable");
export const addAbortSignal = refuse("addAbortSignal");
export const compose = refuse("compose");
export const destroy = refuse("destroy");
export const duplexPair = refuse("duplexPair");
export const finished = refuse("finished");
export const pipeline = refuse("pipeline");
export const setDefaultHighWaterMark = refuse("setDefaultHighWaterMark");

export const getDefaultHighWaterMark = (objectMode) => (objectMode ? 16 : 65536);
export const isReadable = () => null;
export const isErrored = () => false;
export const isDisturbed = () => false;
export { promises };

Object.assign(Readable, { from: refuse("Readable.from"), fromWeb: refuse("Readable.fromWeb"), toWeb: refuse("Readable.toWeb") });
Object.assign(Writable, { fromWeb: refuse("Writable.fromWeb"), toWeb: refuse("Writable.toWeb") });
Object.assign(Duplex, { from: refuse("Duplex.from"), fromWeb: refuse("Duplex.fromWeb"), toWeb: refuse("Duplex.toWeb") });
// The module itself is the oldest of its classes.
Object.assign(Stream, {
  Duplex,
  PassThrough,
  Readable,
  Stream,
  Transform,
  Writable,
  addAbortSignal,
  compose,
  finished,
  pipeline,
  promises,
});

export default Stream;
