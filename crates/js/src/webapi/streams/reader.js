// Readers (§4.3–§4.5).

export class ReaderCore {
  /** SetUpReadableStreamDefaultReader, SetUpReadableStreamBYOBReader */
  constructor(stream, byob) {
    if (stream.reader !== undefined) throw locked();
    if (byob && !stream.controller.takesBuffers) throw new TypeError("only byte streams have readers of mode `byob`");
    this.stream = stream;
    this.byob = byob;
    this.requests = new Queue();
    this.closed = new Gate(stream.state === READABLE);
    if (stream.state === ERRORED) this.closed.fail(stream.error);
    stream.reader = this;
  }

  /** ReadableStreamDefaultReaderRead */
  read(request) {
    const { stream } = this;
    stream.disturbed = true;
    if (stream.state === READABLE) stream.controller.read(request);
    else if (stream.state === CLOSED) request.close();
    else request.error(stream.error);
  }

  /** ReadableStreamBYOBReaderRead */
  readInto(where, minimum, request) {
    const { stream } = this;
    stream.disturbed = true;
    if (stream.state === ERRORED) request.error(stream.error);
    else stream.controller.pullInto(where, minimum, request);
  }

  takeRequests(finish) {
    const requests = this.requests;
    if (requests.length === 0) return;
    this.requests = new Queue();
    while (requests.length > 0) finish(requests.shift());
  }

  failRequests(error) {
    this.takeRequests((request) => request.error(error));
  }

  /** ReadableStreamDefaultReaderRelease, ReadableStreamBYOBReaderRelease */
  release() {
    const { stream } = this;
    const error = new TypeError("the reader was released");
    this.closed.fail(error);
    stream.controller.release();
    stream.reader = undefined;
    this.stream = undefined;
    this.failRequests(error);
  }
}

alone(ReaderCore);

/** A read request, and a read-into request, whose end is a promise. Most end before anybody asks for it. */
class PromisedRead {
  constructor() {
    this.known = undefined;
    this.later = undefined;
  }

  get promise() {
    if (this.known === undefined) {
      this.later = later();
      this.known = this.later.promise;
    }
    return this.known;
  }

  chunk(value) {
    this.end({ value, done: false });
  }

  close(value) {
    this.end({ value, done: true });
  }

  end(result) {
    if (this.later === undefined) this.known = fulfilled(result);
    else this.later.resolve(result);
  }

  error(error) {
    if (this.later === undefined) this.known = rejected(error);
    else this.later.reject(error);
  }
}

alone(PromisedRead);

const released = () => rejected(new TypeError("the reader was released"));

export class ReadableStreamDefaultReader {
  #core;

  static #of(value) {
    return isObject(value) && #core in value ? value.#core : undefined;
  }

  constructor(stream) {
    this.#core = new ReaderCore(coreOf(stream), false);
  }

  read() {
    const core = ReadableStreamDefaultReader.#of(this);
    if (core === undefined) return rejected(illegal("ReadableStreamDefaultReader"));
    if (core.stream === undefined) return released();
    const request = new PromisedRead();
    core.read(request);
    return request.promise;
  }

  releaseLock() {
    if (this.#core.stream !== undefined) this.#core.release();
  }

  get closed() {
    return ReadableStreamDefaultReader.#of(this)?.closed.promise ?? rejected(illegal("ReadableStreamDefaultReader"));
  }

  cancel(reason = undefined) {
    const core = ReadableStreamDefaultReader.#of(this);
    if (core === undefined) return rejected(illegal("ReadableStreamDefaultReader"));
    const { stream } = core;
    return stream === undefined ? released() : stream.cancel(reason);
  }
}

export class ReadableStreamBYOBReader {
  #core;

  static #of(value) {
    return isObject(value) && #core in value ? value.#core : undefined;
  }

  constructor(stream) {
    this.#core = new ReaderCore(coreOf(stream), true);
  }

  read(view, options = undefined) {
    const core = ReadableStreamBYOBReader.#of(this);
    if (core === undefined) return rejected(illegal("ReadableStreamBYOBReader"));
    const request = new PromisedRead();
    try {
      const where = whereabouts(view);
      const { min } = dictionary(options, "the options");
      const minimum = min === undefined ? 1 : integer(min, "min");
      if (where.length === 0) throw new TypeError("there is no room in the view");
      if (isDetached(where.buffer)) throw new TypeError("the buffer of the view is detached");
      if (minimum === 0) throw new TypeError("min must not be 0");
      if (minimum > where.length / (where.make.BYTES_PER_ELEMENT ?? 1)) throw new RangeError("min is more than what the view can hold");
      if (core.stream === undefined) return released();
      core.readInto(where, minimum, request);
    } catch (error) {
      request.error(error);
    }
    return request.promise;
  }

  releaseLock() {
    if (this.#core.stream !== undefined) this.#core.release();
  }

  get closed() {
    return ReadableStreamBYOBReader.#of(this)?.closed.promise ?? rejected(illegal("ReadableStreamBYOBReader"));
  }

  cancel(reason = undefined) {
    const core = ReadableStreamBYOBReader.#of(this);
    if (core === undefined) return rejected(illegal("ReadableStreamBYOBReader"));
    const { stream } = core;
    return stream === undefined ? released() : stream.cancel(reason);
  }
}

asInterface(ReadableStreamDefaultReader);
asInterface(ReadableStreamBYOBReader);
