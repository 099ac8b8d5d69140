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
    this.done = new Later();
    this.isOver = false;
    this.lastWrite = DONE;
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
    else then(this.writer.ready.promise, this.next, nothing);
  }

  chunk(chunk) {
    this.lastWrite = handled(this.writer.write(chunk));
    then(this.writer.ready.promise, this.next, nothing);
  }

  close() {}

  error() {}

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
    if (this.sink.state === WRITABLE && !this.sink.willClose) this.afterWrites(act);
    else act();
  }

  /** What was read is written first. */
  afterWrites(act) {
    const write = this.lastWrite;
    const again = () => (write === this.lastWrite ? act() : this.afterWrites(act));
    then(write, again, again);
  }

  finalize(failed, error) {
    this.writer.release();
    this.reader.release();
    this.signal?.removeEventListener("abort", this.onAbort);
    if (failed) this.done.reject(error);
    else this.done.resolve();
  }
}

/** Fulfilled once both are, rejected once one is. */
function all(first, second) {
  const both = new Later();
  then(first, () => then(second, both.resolve, nothing), both.reject);
  then(second, undefined, both.reject);
  return both.promise;
}
