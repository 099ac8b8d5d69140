// The controller of writable streams (§5.4): one chunk at a time goes to the sink.

/** What stands in the queue for the end. */
const END = Symbol("end");

class SinkCore {
  constructor(stream, { highWaterMark, size }) {
    this.stream = stream;
    this.highWaterMark = highWaterMark;
    this.size = size;
    this.queue = new Queue();
    this.started = false;
    this.onWrite = undefined;
    this.onClose = undefined;
    this.onAbort = undefined;
    this.given = undefined;
    this.abortController = undefined;
    this.aborted = undefined;
    this.written = undefined;
    this.failed = undefined;
    stream.controller = this;
    stream.setBackpressure(this.desiredSize <= 0);
  }

  get face() {
    return (this.given ??= new WritableStreamDefaultController(INSIDE, this));
  }

  /** What comes after `start`, whose result this is. */
  start(result) {
    const begun = () => {
      this.started = true;
      this.advance();
    };
    const failed = (error) => {
      this.started = true;
      this.stream.rejectedWith(error);
    };
    react(promised(result), begun, failed);
  }

  get desiredSize() {
    return this.highWaterMark - this.queue.total;
  }

  /** GetChunkSize */
  sizeOf(chunk) {
    const { size } = this;
    if (size === undefined) return 1;
    try {
      return +size(chunk);
    } catch (error) {
      this.failIfWritable(error);
      return 1;
    }
  }

  write(chunk, size) {
    try {
      this.queue.add(chunk, size);
    } catch (error) {
      this.failIfWritable(error);
      return;
    }
    this.tellBackpressure();
    this.advance();
  }

  tellBackpressure() {
    const { stream } = this;
    if (!stream.willClose && stream.state === WRITABLE) stream.setBackpressure(this.desiredSize <= 0);
  }

  close() {
    this.queue.add(END, 0);
    this.advance();
  }

  /** AdvanceQueueIfNeeded */
  advance() {
    const { stream } = this;
    if (!this.started || stream.writing !== undefined) return;
    if (stream.state === ERRORING) {
      stream.finishErroring();
      return;
    }
    if (this.queue.length === 0) return;
    const { value } = this.queue.head;
    if (value === END) this.processClose();
    else this.processWrite(value);
  }

  processClose() {
    const { stream, onClose } = this;
    stream.closing = stream.closeAsked;
    stream.closeAsked = undefined;
    this.queue.take();
    const closed = onClose === undefined ? DONE : onClose();
    this.forget();
    react(
      closed,
      () => stream.closed(),
      (error) => stream.closeFailed(error),
    );
  }

  processWrite(chunk) {
    const { stream, onWrite } = this;
    stream.writing = stream.writes.shift();
    this.written ??= () => {
      stream.written();
      this.queue.take();
      this.tellBackpressure();
      this.advance();
    };
    this.failed ??= (error) => {
      if (stream.state === WRITABLE) this.forget();
      stream.writeFailed(error);
    };
    react(onWrite === undefined ? DONE : onWrite(chunk), this.written, this.failed);
  }

  /** ClearAlgorithms */
  forget() {
    this.onWrite = undefined;
    this.onClose = undefined;
    this.onAbort = undefined;
    this.size = undefined;
  }

  /** [[AbortSteps]] */
  abort(reason) {
    const aborted = this.onAbort === undefined ? DONE : this.onAbort(reason);
    this.forget();
    return aborted;
  }

  failIfWritable(error) {
    if (this.stream.state !== WRITABLE) return;
    this.forget();
    this.stream.startErroring(error);
  }

  /** The signal is made for those who ask for it. */
  get signal() {
    if (this.abortController === undefined) {
      this.abortController = new globalThis.AbortController();
      if (this.aborted !== undefined) this.abortController.abort(this.aborted.reason);
    }
    return this.abortController.signal;
  }

  signalAbort(reason) {
    this.aborted ??= { reason };
    this.abortController?.abort(reason);
  }
}

alone(SinkCore);

export class WritableStreamDefaultController {
  #core;

  constructor(inside = undefined, core = undefined) {
    if (inside !== INSIDE) throw new TypeError("Illegal constructor");
    this.#core = core;
  }

  get signal() {
    return this.#core.signal;
  }

  error(error = undefined) {
    this.#core.failIfWritable(error);
  }
}

asInterface(WritableStreamDefaultController);

/** CreateWritableStream; `start` has nothing to do. */
function createWritable({ write, close, abort }, queuing) {
  const core = writableCore(new WritableStream(INSIDE));
  const controller = new SinkCore(core, queuing);
  controller.onWrite = write;
  controller.onClose = close;
  controller.onAbort = abort;
  return core;
}
