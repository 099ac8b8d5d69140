// Writers (§5.3).

/** A promise that may be replaced by another: where it is not pending any longer. */
class Gate {
  constructor(shut) {
    if (shut) this.shut();
    else this.promise = fulfilled(undefined);
  }

  shut() {
    this.later = new Later();
    this.promise = this.later.promise;
  }

  open() {
    this.later?.resolve();
    this.later = undefined;
  }

  fail(error) {
    if (this.later === undefined) this.promise = rejected(error);
    else this.later.reject(error);
    this.later = undefined;
    handled(this.promise);
  }
}

class WriterCore {
  /** SetUpWritableStreamDefaultWriter */
  constructor(stream) {
    if (stream.writer !== undefined) throw locked();
    this.stream = stream;
    const { state } = stream;
    this.ready = new Gate(state === WRITABLE && stream.backpressure && !stream.willClose);
    this.closed = new Gate(state === WRITABLE || state === ERRORING);
    if (state === ERRORING || state === FAILED) this.ready.fail(stream.error);
    if (state === FAILED) this.closed.fail(stream.error);
    stream.writer = this;
  }

  get desiredSize() {
    const { stream } = this;
    if (stream.state === WRITABLE) return stream.controller.desiredSize;
    return stream.state === FINISHED ? 0 : null;
  }

  write(chunk) {
    const { stream } = this;
    const size = stream.controller.sizeOf(chunk);
    if (stream !== this.stream) return rejected(new TypeError("the writer was released"));
    const { state } = stream;
    if (state === FAILED) return rejected(stream.error);
    if (stream.willClose || state === FINISHED) return rejected(new TypeError("the stream is closed, or will be"));
    if (state === ERRORING) return rejected(stream.error);
    const write = new Later();
    stream.writes.push(write);
    stream.controller.write(chunk, size);
    return write.promise;
  }

  /** WritableStreamDefaultWriterCloseWithErrorPropagation */
  closeUnlessOver() {
    const { stream } = this;
    if (stream.willClose || stream.state === FINISHED) return DONE;
    return stream.state === FAILED ? rejected(stream.error) : stream.close();
  }

  release() {
    const error = new TypeError("the writer was released");
    this.ready.fail(error);
    this.closed.fail(error);
    this.stream.writer = undefined;
    this.stream = undefined;
  }
}

const writerReleased = () => new TypeError("the writer was released");

export class WritableStreamDefaultWriter {
  #core;

  static #of(value) {
    return isObject(value) && #core in value ? value.#core : undefined;
  }

  constructor(stream) {
    this.#core = new WriterCore(sinkOf(stream));
  }

  get closed() {
    return WritableStreamDefaultWriter.#of(this)?.closed.promise ?? rejected(illegal("WritableStreamDefaultWriter"));
  }

  get desiredSize() {
    const core = this.#core;
    if (core.stream === undefined) throw writerReleased();
    return core.desiredSize;
  }

  get ready() {
    return WritableStreamDefaultWriter.#of(this)?.ready.promise ?? rejected(illegal("WritableStreamDefaultWriter"));
  }

  abort(reason = undefined) {
    const core = WritableStreamDefaultWriter.#of(this);
    if (core === undefined) return rejected(illegal("WritableStreamDefaultWriter"));
    const { stream } = core;
    return stream === undefined ? rejected(writerReleased()) : stream.abort(reason);
  }

  close() {
    const core = WritableStreamDefaultWriter.#of(this);
    if (core === undefined) return rejected(illegal("WritableStreamDefaultWriter"));
    const { stream } = core;
    if (stream === undefined) return rejected(writerReleased());
    return stream.willClose ? rejected(new TypeError("the stream will be closed already")) : stream.close();
  }

  releaseLock() {
    if (this.#core.stream !== undefined) this.#core.release();
  }

  write(chunk = undefined) {
    const core = WritableStreamDefaultWriter.#of(this);
    if (core === undefined) return rejected(illegal("WritableStreamDefaultWriter"));
    return core.stream === undefined ? rejected(writerReleased()) : core.write(chunk);
  }
}

asInterface(WritableStreamDefaultWriter);
