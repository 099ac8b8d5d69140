// What the engine's own code does with streams: sources and sinks that are the host's.

export const isReadable = (value) => readableCore(value) !== undefined;
export const isDisturbed = (stream) => coreOf(stream).disturbed;
export const isLocked = (stream) => coreOf(stream).reader !== undefined;
export const isErrored = (stream) => coreOf(stream).state === ERRORED;
export const isClosed = (stream) => coreOf(stream).state === CLOSED;

/** Two streams of one, whatever a script made of `tee`. */
export const tee = (stream) => teeCore(coreOf(stream)).map((branch) => branch.face);

/**
 * A byte stream of the host's. Nothing is read ahead.
 *
 * @param {() => Promise<Uint8Array | null>} pull The next bytes, `null` at the end. What it rejects with
 *   is the stream's error. The bytes are the stream's from then on: they are neither copied nor transferred.
 * @param {(reason: unknown) => unknown} [cancel] Nobody wants the rest.
 * @param {unknown} [source] What `reclaim` gives back.
 * @returns {ReadableStream}
 */
export function nativeSource(pull, cancel = nothing, source = undefined) {
  const core = createReadableBytes(undefined, (reason) => invokeWith(cancel, reason));
  const { controller } = core;
  const arrived = (bytes) => {
    if (bytes === null || bytes === undefined) {
      controller.close();
      if (controller.pending.length > 0) controller.respond(0);
    } else if (bytes.byteLength === 0) {
      controller.pullAgain = true;
    } else {
      controller.enqueue(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
  };
  controller.pull = () => then(pull(), arrived);
  controller.started = true;
  core.source = source;
  return core.face;
}

/**
 * The `source` of a stream of the host's that nobody has touched, for a caller that reads it by a
 * shorter way; the stream is locked and disturbed from then on. `undefined` for any other stream.
 */
export function reclaim(stream) {
  const core = coreOf(stream);
  if (core.disturbed || core.reader !== undefined || core.state !== READABLE) return undefined;
  if (core.source !== undefined) {
    new ReaderCore(core, false);
    core.disturbed = true;
  }
  return core.source;
}

/**
 * Reads a stream to its end, whoever made it, and locks it. One of `onEnd` and `onError` is called once,
 * and is the last one. A chunk that is no Uint8Array is an error, and cancels the stream (Fetch §2.2.4,
 * "incrementally read a body").
 *
 * @param {ReadableStream} stream
 * @param {(bytes: Uint8Array) => undefined | Promise<void>} onChunk Nothing is read until its promise is
 *   settled; where it is rejected, the stream is cancelled with the reason.
 * @param {() => void} onEnd
 * @param {(error: unknown) => void} onError
 * @returns {(reason: unknown) => void} Stops reading and cancels the stream; nothing is called any more.
 */
export function drain(stream, onChunk, onEnd, onError) {
  const core = coreOf(stream);
  const reader = new ReaderCore(core, false);
  let over = false;
  let reading = false;
  let again = false;
  const stop = (reason) => {
    if (over) return;
    over = true;
    handled(core.cancel(reason));
  };
  const fail = (error) => {
    if (over) return;
    stop(error);
    onError(error);
  };
  // A loop rather than a recursion: chunks may be there at once, as many as a script likes.
  const read = () => {
    if (over) return;
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    do {
      again = false;
      reader.read(request);
    } while (again && !over);
    reading = false;
  };
  const request = {
    chunk(bytes) {
      if (over) return;
      if (!isUint8Array(bytes)) {
        fail(new TypeError("a body is made of Uint8Arrays"));
        return;
      }
      let taken;
      try {
        taken = onChunk(bytes);
      } catch (error) {
        fail(error);
        return;
      }
      if (taken === undefined) read();
      else then(taken, read, fail);
    },
    close() {
      if (over) return;
      over = true;
      onEnd();
    },
    error(error) {
      if (over) return;
      over = true;
      onError(error);
    },
  };
  read();
  return stop;
}
