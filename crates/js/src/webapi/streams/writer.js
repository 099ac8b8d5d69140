// Writers (§5.3).

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

  /** WritableStreamDefaultWriterWrite: the request is resolved or rejected. */
  write(chunk, request) {
    const { stream } = this;
    const size = stream.controller.sizeOf(chunk);
    const { state } = stream;
    if (stream !== this.stream) request.reject(writerReleased());
    else if (state === FAILED) request.reject(stream.error);
    else if (stream.willClose || state === FINISHED) request.reject(new TypeError("the stream is closed, or will be"));
    else if (state === ERRORING) request.reject(stream.error);
    else {
      stream.writes.push(request);
      stream.controller.write(chunk, size);
    }
  }

  /** WritableStreamDefaultWriterCloseWithErrorPropagation */
  closeUnlessOver() {
    const { stream } = this;
    if (stream.willClose || stream.state === FINISHED) return DONE;
    return stream.state === FAILED ? rejected(stream.error) : stream.close();
  }

  release() {
    const error = writerReleased();
    this.ready.fail(error);
    this.closed.fail(error);
    this.stream.writer = undefined;
    this.stream = undefined;
  }
}

alone(WriterCore);

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
    if (core.stream === undefined) return rejected(writerReleased());
    const request = later();
    core.write(chunk, request);
    return request.promise;
  }
}

asInterface(WritableStreamDefaultWriter);
