// From a readable stream into a writable one (ReadableStreamPipeTo, §4.9.1).

/** The members of StreamPipeOptions, in their order. */
function pipeOptions(options) {
  const members = dictionary(options, "the options");
  const preventAbort = Boolean(members.preventAbort);
  const preventCancel = Boolean(members.preventCancel);
  const preventClose = Boolean(members.preventClose);
  const { signal } = members;
  if (signal !== undefined && !isSignal(signal)) throw new TypeError("signal has to be an AbortSignal");
  return { preventAbort, preventCancel, preventClose, signal };
}

function isSignal(value) {
  const { AbortSignal } = globalThis;
  return AbortSignal !== undefined && value instanceof AbortSignal;
}

/** `ReadableStream.prototype.pipeTo` */
export function pipeTo(source, destination, options) {
  try {
    const sink = sinkOf(destination);
    const settings = pipeOptions(options);
    if (source.reader !== undefined || sink.writer !== undefined) throw locked();
    return new Pipe(source, sink, settings).done.promise;
  } catch (error) {
    return rejected(error);
  }
}

/** `ReadableStream.prototype.pipeThrough` */
export function pipeThrough(source, transform, options) {
  if (!isObject(transform)) {
    throw new TypeError("a stream is piped through a pair of `readable` and `writable`");
  }
  const { readable } = transform;
  if (readableCore(readable) === undefined) throw illegal("ReadableStream");
  const sink = sinkOf(transform.writable);
  const settings = pipeOptions(options);
  if (source.reader !== undefined || sink.writer !== undefined) throw locked();
  handled(new Pipe(source, sink, settings).done.promise);
  return readable;
}

class Pipe {
  constructor(source, sink, { preventAbort, preventCancel, preventClose, signal }) {
    this.source = source;
    this.sink = sink;
    this.reader = new ReaderCore(source, false);
    this.writer = new WriterCore(sink);
    source.disturbed = true;
    this.done = later();
    this.isOver = false;
    this.pendingWrites = 0;
    this.afterWrites = undefined;
    this.signal = signal;
    this.next = () => this.step();
    if (signal !== undefined) {
      this.onAbort = () => this.abort(signal.reason, preventAbort, preventCancel);
      if (signal.aborted) {
        this.onAbort();
        return;
      }
      signal.addEventListener("abort", this.onAbort);
    }

    // Errors forward, errors backward, the end forward, the end backward: in this order.
    const sourceFailed = (error) => this.end(preventAbort ? undefined : () => sink.abort(error), true, error);
    const sinkFailed = (error) => this.end(preventCancel ? undefined : () => source.cancel(error), true, error);
    const sourceClosed = () => this.end(preventClose ? undefined : () => this.writer.closeUnlessOver());
    if (source.state === ERRORED) sourceFailed(source.error);
    else then(this.reader.closed.promise, undefined, sourceFailed);
    if (sink.state === FAILED) sinkFailed(sink.error);
    else then(this.writer.closed.promise, undefined, sinkFailed);
    if (source.state === CLOSED) sourceClosed();
    else then(this.reader.closed.promise, sourceClosed, nothing);
    if (sink.willClose || sink.state === FINISHED) {
      const error = new TypeError("the stream that is piped to is closed, or will be");
      this.end(preventCancel ? undefined : () => source.cancel(error), true, error);
    }
    this.step();
  }

  /** Reads as long as the sink wants more. */
  step() {
    if (this.isOver) return;
    if (this.writer.desiredSize > 0) this.reader.read(this);
    else this.writer.ready.whenOpen(this.next);
  }

  // It is the request of its reads and of its writes.

  chunk(chunk) {
    this.pendingWrites++;
    this.writer.write(chunk, this);
    this.writer.ready.whenOpen(this.next);
  }

  close() {}

  error() {}

  resolve() {
    this.pendingWrites--;
    if (this.pendingWrites === 0 && this.afterWrites !== undefined) microtask(this.afterWrites);
  }

  reject() {
    this.resolve();
  }

  abort(error, preventAbort, preventCancel) {
    const { source, sink } = this;
    const action = () => {
      const aborted = preventAbort || sink.state !== WRITABLE ? DONE : sink.abort(error);
      const cancelled = preventCancel || source.state !== READABLE ? DONE : source.cancel(error);
      return all(aborted, cancelled);
    };
    this.end(action, true, error);
  }

  /** Shutdown, with or without an action, with or without an error. */
  end(action, failed = false, error = undefined) {
    if (this.isOver) return;
    this.isOver = true;
    const act = () => {
      if (action === undefined) this.finalize(failed, error);
      else then(action(), () => this.finalize(failed, error), (failure) => this.finalize(true, failure));
    };
    if (this.sink.state === WRITABLE && !this.sink.willClose) this.actAfterWrites(act);
    else act();
  }

  /** What was read is written first, and more may be read meanwhile. */
  actAfterWrites(act) {
    this.afterWrites = () => {
      if (this.pendingWrites > 0 || this.afterWrites === undefined) return;
      this.afterWrites = undefined;
      act();
    };
    if (this.pendingWrites === 0) microtask(this.afterWrites);
  }

  finalize(failed, error) {
    this.writer.release();
    this.reader.release();
    this.signal?.removeEventListener("abort", this.onAbort);
    if (failed) this.done.reject(error);
    else this.done.resolve();
  }
}

alone(Pipe);

/** Fulfilled once both are, rejected once one is. */
function all(first, second) {
  const both = later();
  then(first, () => then(second, both.resolve, nothing), both.reject);
  then(second, undefined, both.reject);
  return both.promise;
}
