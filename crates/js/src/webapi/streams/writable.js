// WritableStream and its controller (§5.2, §5.4, §5.5): chunks go to the sink one after the other.

import {
  CLOSED,
  DONE,
  ERRORED,
  INSIDE,
  Later,
  Queue,
  READABLE,
  ReaderCore,
  apply,
  asInterface,
  callback,
  createReadable,
  dictionary,
  fulfilled,
  handled,
  illegal,
  invoke,
  isObject,
  locked,
  nothing,
  promised,
  readableCore,
  rejected,
  strategyOf,
  then,
  withMark,
} from "tollgate:streams";

const WRITABLE = 0;
const ERRORING = 1;
const FAILED = 2;
const FINISHED = 3;

class WritableCore {
  constructor(face) {
    this.face = face;
    this.state = WRITABLE;
    this.error = undefined;
    this.writer = undefined;
    this.controller = undefined;
    this.backpressure = false;
    // Each of these is a `Later`, or there is none.
    this.writes = new Queue();
    this.writing = undefined;
    this.closeAsked = undefined;
    this.closing = undefined;
    this.aborting = undefined;
  }

  /** WritableStreamCloseQueuedOrInFlight */
  get willClose() {
    return this.closeAsked !== undefined || this.closing !== undefined;
  }

  get isBusy() {
    return this.writing !== undefined || this.closing !== undefined;
  }

  /** WritableStreamAbort */
  abort(reason) {
    if (this.isOver) return fulfilled(undefined);
    this.controller.signalAbort(reason);
    if (this.isOver) return fulfilled(undefined);
    if (this.aborting !== undefined) return this.aborting.promise;
    const late = this.state === ERRORING;
    const aborting = new Later();
    aborting.late = late;
    aborting.reason = late ? undefined : reason;
    this.aborting = aborting;
    if (!late) this.startErroring(reason);
    return aborting.promise;
  }

  get isOver() {
    return this.state === FAILED || this.state === FINISHED;
  }

  /** WritableStreamClose */
  close() {
    if (this.isOver) return rejected(new TypeError("the stream is closed or has failed"));
    const closing = new Later();
    this.closeAsked = closing;
    if (this.backpressure && this.state === WRITABLE) this.writer?.ready.open();
    this.controller.close();
    return closing.promise;
  }

  /** WritableStreamDealWithRejection */
  rejectedWith(error) {
    if (this.state === WRITABLE) this.startErroring(error);
    else this.finishErroring();
  }

  /** WritableStreamStartErroring */
  startErroring(reason) {
    this.state = ERRORING;
    this.error = reason;
    this.writer?.ready.fail(reason);
    if (!this.isBusy && this.controller.started) this.finishErroring();
  }

  /** WritableStreamFinishErroring */
  finishErroring() {
    this.state = FAILED;
    this.controller.queue = new Queue();
    const { error, writes, aborting } = this;
    this.writes = new Queue();
    while (writes.length > 0) writes.shift().reject(error);
    this.aborting = undefined;
    if (aborting === undefined) {
      this.rejectClosed();
    } else if (aborting.late) {
      aborting.reject(error);
      this.rejectClosed();
    } else {
      then(
        this.controller.abort(aborting.reason),
        () => {
          aborting.resolve();
          this.rejectClosed();
        },
        (reason) => {
          aborting.reject(reason);
          this.rejectClosed();
        },
      );
    }
  }

  /** WritableStreamRejectCloseAndClosedPromiseIfNeeded */
  rejectClosed() {
    this.closeAsked?.reject(this.error);
    this.closeAsked = undefined;
    this.writer?.closed.fail(this.error);
  }

  /** WritableStreamFinishInFlightWrite, and …WithError */
  written() {
    this.writing.resolve();
    this.writing = undefined;
  }

  writeFailed(error) {
    this.writing.reject(error);
    this.writing = undefined;
    this.rejectedWith(error);
  }

  /** WritableStreamFinishInFlightClose, and …WithError */
  closed() {
    this.closing.resolve();
    this.closing = undefined;
    if (this.state === ERRORING) {
      this.error = undefined;
      this.aborting?.resolve();
      this.aborting = undefined;
    }
    this.state = FINISHED;
    this.writer?.closed.open();
  }

  closeFailed(error) {
    this.closing.reject(error);
    this.closing = undefined;
    this.aborting?.reject(error);
    this.aborting = undefined;
    this.rejectedWith(error);
  }

  /** WritableStreamUpdateBackpressure */
  setBackpressure(backpressure) {
    if (backpressure === this.backpressure) return;
    this.backpressure = backpressure;
    if (backpressure) this.writer?.ready.shut();
    else this.writer?.ready.open();
  }
}

let writableCore;

export class WritableStream {
  #core;

  static {
    writableCore = (value) => (typeof value === "object" && value !== null && #core in value ? value.#core : undefined);
  }

  constructor(sink = undefined, strategy = undefined) {
    const core = new WritableCore(this);
    this.#core = core;
    if (sink === INSIDE) return;
    const queuing = strategyOf(strategy);
    if (sink === null) throw new TypeError("an underlying sink has to be an object");
    const members = dictionary(sink, "an underlying sink");
    const abort = callback(members, "abort");
    const close = callback(members, "close");
    const start = callback(members, "start");
    const { type } = members;
    const write = callback(members, "write");
    if (type !== undefined) throw new RangeError("an underlying sink has no type");
    const controller = new SinkCore(core, withMark(queuing, 1));
    if (write !== undefined) controller.onWrite = (chunk) => invoke(write, sink, chunk, controller.face);
    if (close !== undefined) controller.onClose = () => invoke(close, sink);
    if (abort !== undefined) controller.onAbort = (reason) => invoke(abort, sink, reason);
    controller.start(start === undefined ? undefined : apply(start, sink, [controller.face]));
  }

  get locked() {
    return sinkOf(this).writer !== undefined;
  }

  abort(reason = undefined) {
    const core = writableCore(this);
    if (core === undefined) return rejected(illegal("WritableStream"));
    return core.writer === undefined ? core.abort(reason) : rejected(locked());
  }

  close() {
    const core = writableCore(this);
    if (core === undefined) return rejected(illegal("WritableStream"));
    if (core.writer !== undefined) return rejected(locked());
    return core.willClose ? rejected(new TypeError("the stream will be closed already")) : core.close();
  }

  getWriter() {
    return new WritableStreamDefaultWriter(this);
  }
}

function sinkOf(value) {
  const core = writableCore(value);
  if (core === undefined) throw illegal("WritableStream");
  return core;
}

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
    then(promised(result), begun, failed);
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
    then(
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
    then(onWrite === undefined ? DONE : onWrite(chunk), this.written, this.failed);
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

asInterface(WritableStream);
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
