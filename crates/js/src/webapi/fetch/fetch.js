// What bodies are as streams. Loaded where a script gives or wants one, or a signal.

import { ReadableStream, drain, isDisturbed, isLocked, isReadable, nativeSource, tee } from "tollgate:streams";

export { isDisturbed, isReadable, tee };

const { links: newLinks, load } = import.meta.native;
const uncurry = Function.prototype.bind.bind(Function.prototype.call);
const get = uncurry(WeakMap.prototype.get);
const set = uncurry(WeakMap.prototype.set);
const then = uncurry(Promise.prototype.then);
const nothing = () => {};

/** Streams over bytes of the host, and their handles. */
const handles = new WeakMap();

/** A stream over bytes of the host. */
export function open(handle) {
  const stream = nativeSource(
    () => handle.pull(),
    () => handle.cancel(),
  );
  set(handles, stream, handle);
  return stream;
}

/** The handle of such a stream. */
export const handleOf = (stream) => get(handles, stream);

/** Whether nobody else can read a stream any more. */
export const isUnusable = (stream) => isDisturbed(stream) || isLocked(stream);

/** Makes a stream, whose bytes have gone another way, one that was read. */
export const exhaust = (stream) => void drain(stream, nothing, nothing, nothing);

/** Reads a stream to its end. */
export const collect = (stream, collector) =>
  new Promise((resolve, reject) => {
    drain(
      stream,
      (bytes) => collector.add(bytes),
      () => {
        try {
          resolve(collector.finish());
        } catch (error) {
          reject(error);
        }
      },
      reject,
    );
  });

/** Hands a stream over to the host, as fast as somebody there reads it. */
export function pump(stream, sink) {
  const stop = drain(
    stream,
    (bytes) => sink.write(bytes),
    () => sink.end(),
    (error) => sink.fail(error),
  );
  const gone = () => new DOMException("nobody reads the body any more", "AbortError");
  then(sink.closed(), (ended) => ended || stop(gone()), nothing);
}

/** A stream of what an object iterates over. */
export const streamFrom = (iterable) => ReadableStream.from(iterable);

/**
 * The bytes of a blob or of a form, and what they are; nothing where the value is neither.
 * @returns {[Uint8Array, string] | undefined}
 */
export function bytesOf(value) {
  const blobs = load("blob");
  if (blobs.isBlob(value)) return [blobs.bytesOf(value), value.type];
  if (!blobs.isFormData(value)) return undefined;
  const { bytes, type } = blobs.encodeFormData(value);
  return [bytes, type];
}

export const toBlob = (bytes, type) => load("blob").newBlob(bytes, type);
export const toForm = (bytes, type) => load("blob").parseFormData(bytes, type);

/** A signal that is aborted when another one is. */
export const follow = (signal) => load("events").AbortSignal.any([signal]);

/** A signal that only the host aborts. */
export const freshSignal = () => new (load("events").AbortController)().signal;

/** Aborts a signal whose client has gone. */
export const abandon = (signal) =>
  load("events").abortNow(signal, new DOMException("The client has gone away", "AbortError"));

export const isSignal = (value) => load("events").isSignal(value);

/** Signals, and what ends with them. */
const linked = new WeakMap();

/** What ends with a signal: one entry at the signal for as many as there are. */
export function link(signal) {
  let links = get(linked, signal);
  if (links === undefined) {
    links = newLinks();
    set(linked, signal, links);
    load("events").onAbort(signal, () => links.abort());
  }
  return links;
}
