// TransformStream (§6): what is written to one side comes out of the other, changed.

export class TransformCore {
  constructor(writableQueuing, readableQueuing) {
    this.transform = undefined;
    this.flush = undefined;
    this.onCancel = undefined;
    this.finish = undefined;
    this.given = undefined;
    this.backpressure = false;
    this.change = undefined;
    this.started = later();
    const sink = {
      write: (chunk) => this.write(chunk),
      close: () => this.close(),
      abort: (reason) => this.abort(reason),
    };
    this.writable = createWritable(sink, writableQueuing);
    this.writable.controller.start(this.started.promise);
    this.readable = createReadable(() => this.pull(), (reason) => this.cancel(reason), readableQueuing);
    this.readable.controller.start(this.started.promise);
    this.setBackpressure(true);
  }

  get face() {
    return (this.given ??= new TransformStreamDefaultController(INSIDE, this));
  }

  setBackpressure(backpressure) {
    this.change?.resolve();
    this.change = undefined;
    this.backpressure = backpressure;
  }

  /** Fulfilled when back-pressure changes. */
  get changed() {
    this.change ??= later();
    return this.change.promise;
  }

  unblockWrite() {
    if (this.backpressure) this.setBackpressure(false);
  }

  /** TransformStreamError */
  fail(error) {
    this.readable.controller.fail(error);
    this.failWritable(error);
  }

  /** TransformStreamErrorWritableAndUnblockWrite */
  failWritable(error) {
    this.forget();
    this.writable.controller.failIfWritable(error);
    this.unblockWrite();
  }

  forget() {
    this.transform = undefined;
    this.flush = undefined;
    this.onCancel = undefined;
  }

  enqueue(chunk) {
    const { controller } = this.readable;
    if (!controller.canEnqueue) throw new TypeError("the readable side takes no chunk: it is not readable, or will be closed");
    try {
      controller.enqueue(chunk);
    } catch (error) {
      this.failWritable(error);
      throw this.readable.error;
    }
    if (!controller.shouldPull && !this.backpressure) this.setBackpressure(true);
  }

  /** What is done without a transformer. */
  pass(chunk) {
    try {
      this.enqueue(chunk);
      return DONE;
    } catch (error) {
      return rejected(error);
    }
  }

  terminate() {
    this.readable.controller.close();
    this.failWritable(new TypeError("the stream was terminated"));
  }

  /** TransformStreamDefaultSinkWriteAlgorithm */
  write(chunk) {
    if (!this.backpressure) return this.perform(chunk);
    return then(this.changed, () => {
      this.checkWritable();
      return this.perform(chunk);
    });
  }

  checkWritable() {
    if (this.writable.state === ERRORING) throw this.writable.error;
  }

  /** For transforms of the engine's own: fulfilled once somebody reads, rejected once nobody will. */
  room() {
    return this.backpressure ? then(this.changed, () => this.checkWritable()) : DONE;
  }

  /** TransformStreamDefaultControllerPerformTransform */
  perform(chunk) {
    return then(this.transform(chunk), undefined, (error) => {
      this.fail(error);
      throw error;
    });
  }

  /** TransformStreamDefaultSinkAbortAlgorithm */
  abort(reason) {
    const end = (failure) => this.readable.controller.fail(failure);
    return this.finished(this.onCancel, reason, this.readable, ERRORED, () => end(reason), end);
  }

  /** TransformStreamDefaultSinkCloseAlgorithm */
  close() {
    const { controller } = this.readable;
    return this.finished(this.flush, undefined, this.readable, ERRORED, () => controller.close(), (error) => controller.fail(error));
  }

  /** TransformStreamDefaultSourceCancelAlgorithm */
  cancel(reason) {
    const end = (failure) => {
      this.writable.controller.failIfWritable(failure);
      this.unblockWrite();
    };
    return this.finished(this.onCancel, reason, this.writable, FAILED, () => end(reason), end);
  }

  /** However it ends, it ends once: with what the transformer has to say, and with the other side. */
  finished(algorithm, argument, other, failed, succeed, fail) {
    if (this.finish !== undefined) return this.finish.promise;
    const finish = later();
    this.finish = finish;
    const done = algorithm === undefined ? DONE : algorithm(argument);
    this.forget();
    react(
      done,
      () => {
        if (other.state === failed) {
          finish.reject(other.error);
        } else {
          succeed();
          finish.resolve();
        }
      },
      (error) => {
        fail(error);
        finish.reject(error);
      },
    );
    return finish.promise;
  }

  /** TransformStreamDefaultSourcePullAlgorithm */
  pull() {
    this.setBackpressure(false);
    return this.changed;
  }
}

alone(TransformCore);

export class TransformStream {
  #core;

  constructor(transformer = undefined, writableStrategy = undefined, readableStrategy = undefined) {
    const writing = strategyOf(writableStrategy);
    const reading = strategyOf(readableStrategy);
    if (transformer === null) throw new TypeError("a transformer has to be an object");
    const members = dictionary(transformer, "a transformer");
    const cancel = bound(callback(members, "cancel"), transformer);
    const flush = bound(callback(members, "flush"), transformer);
    const { readableType } = members;
    const start = bound(callback(members, "start"), transformer);
    const transform = bound(callback(members, "transform"), transformer);
    const { writableType } = members;
    if (readableType !== undefined) throw new RangeError("a transformer has no readableType");
    if (writableType !== undefined) throw new RangeError("a transformer has no writableType");
    const readableQueuing = withMark(reading, 0);
    const core = new TransformCore(withMark(writing, 1), readableQueuing);
    this.#core = core;
    if (transform === undefined) core.transform = (chunk) => core.pass(chunk);
    else core.transform = (chunk) => invokeWithBoth(transform, chunk, core.face);
    if (flush !== undefined) core.flush = () => invokeWith(flush, core.face);
    if (cancel !== undefined) core.onCancel = (reason) => invokeWith(cancel, reason);
    core.started.resolve(start?.(core.face));
  }

  get readable() {
    return this.#core.readable.face;
  }

  get writable() {
    return this.#core.writable.face;
  }
}

export class TransformStreamDefaultController {
  #core;

  constructor(inside = undefined, core = undefined) {
    if (inside !== INSIDE) throw new TypeError("Illegal constructor");
    this.#core = core;
  }

  get desiredSize() {
    return this.#core.readable.controller.desiredSize;
  }

  enqueue(chunk = undefined) {
    this.#core.enqueue(chunk);
  }

  error(error = undefined) {
    this.#core.fail(error);
  }

  terminate() {
    this.#core.terminate();
  }
}

asInterface(TransformStream);
asInterface(TransformStreamDefaultController);
