// WritableStream (§5.2, §5.5): what scripts see, and the core that the rest works on.

import {
  CLOSED,
  DONE,
  ERRORED,
  INSIDE,
  Gate,
  Queue,
  READABLE,
  ReaderCore,
  alone,
  asInterface,
  bound,
  callback,
  createReadable,
  dictionary,
  fulfilled,
  handled,
  illegal,
  invoke,
  invokeWith,
  invokeWithBoth,
  isObject,
  later,
  locked,
  microtask,
  nothing,
  promised,
  react,
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
    // What is to be settled, where there is something.
    this.writes = new Queue();
    this.writing = undefined;
    this.closeAsked = undefined;
    this.closing = undefined;
    this.aborting = undefined;
    this.abortingLate = false;
    this.abortReason = undefined;
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
    const aborting = later();
    this.aborting = aborting;
    this.abortingLate = late;
    this.abortReason = late ? undefined : reason;
    if (!late) this.startErroring(reason);
    return aborting.promise;
  }

  get isOver() {
    return this.state === FAILED || this.state === FINISHED;
  }

  /** WritableStreamClose */
  close() {
    if (this.isOver) return rejected(new TypeError("the stream is closed or has failed"));
    const closing = later();
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
    } else if (this.abortingLate) {
      aborting.reject(error);
      this.rejectClosed();
    } else {
      react(
        this.controller.abort(this.abortReason),
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

alone(WritableCore);

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
    const abort = bound(callback(members, "abort"), sink);
    const close = bound(callback(members, "close"), sink);
    const start = bound(callback(members, "start"), sink);
    const { type } = members;
    const write = bound(callback(members, "write"), sink);
    if (type !== undefined) throw new RangeError("an underlying sink has no type");
    const controller = new SinkCore(core, withMark(queuing, 1));
    if (write !== undefined) controller.onWrite = (chunk) => invokeWithBoth(write, chunk, controller.face);
    if (close !== undefined) controller.onClose = () => invoke(close);
    if (abort !== undefined) controller.onAbort = (reason) => invokeWith(abort, reason);
    controller.start(start?.(controller.face));
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

asInterface(WritableStream);
