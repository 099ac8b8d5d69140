// What both controllers of readable streams do alike, and the default one (§4.6, §4.9.4).

/** When a source is started and asked for more. */
class SourceCore {
  constructor(stream, highWaterMark) {
    this.stream = stream;
    this.highWaterMark = highWaterMark;
    this.queue = new Queue();
    this.started = false;
    this.closing = false;
    this.pulling = false;
    this.pullAgain = false;
    this.pull = undefined;
    this.onCancel = undefined;
    this.onPulled = undefined;
    this.onPullFailed = undefined;
    stream.controller = this;
  }

  /** What comes after `start`, whose result this is. */
  start(result) {
    const begun = () => {
      this.started = true;
      this.pullIfNeeded();
    };
    react(promised(result), begun, (error) => this.fail(error));
  }

  get desiredSize() {
    const { state } = this.stream;
    if (state === READABLE) return this.highWaterMark - this.queue.total;
    return state === CLOSED ? 0 : null;
  }

  get canEnqueue() {
    return !this.closing && this.stream.state === READABLE;
  }

  /** ShouldCallPull */
  get shouldPull() {
    if (this.closing || !this.started || this.stream.state !== READABLE) return false;
    const { reader } = this.stream;
    return (reader !== undefined && reader.requests.length > 0) || this.highWaterMark - this.queue.total > 0;
  }

  /** CallPullIfNeeded */
  pullIfNeeded() {
    if (!this.shouldPull) return;
    if (this.pulling) {
      this.pullAgain = true;
      return;
    }
    this.pulling = true;
    this.onPulled ??= () => {
      this.pulling = false;
      if (this.pullAgain) {
        this.pullAgain = false;
        this.pullIfNeeded();
      }
    };
    this.onPullFailed ??= (error) => this.fail(error);
    react(this.pull === undefined ? DONE : this.pull(), this.onPulled, this.onPullFailed);
  }

  /** ClearAlgorithms */
  forget() {
    this.pull = undefined;
    this.onCancel = undefined;
    this.size = undefined;
  }

  /** [[CancelSteps]] */
  cancel(reason) {
    this.queue = new Queue();
    const result = this.onCancel === undefined ? DONE : this.onCancel(reason);
    this.forget();
    return result;
  }

  /** Error */
  fail(error) {
    if (this.stream.state !== READABLE) return;
    this.queue = new Queue();
    this.forget();
    this.stream.fail(error);
  }

  /** Nothing is left in the queue: closes where that was asked for, and asks for more where not. */
  drained() {
    if (this.closing && this.queue.length === 0) {
      this.forget();
      this.stream.close();
    } else {
      this.pullIfNeeded();
    }
  }
}

alone(SourceCore);

class DefaultCore extends SourceCore {
  constructor(stream, { highWaterMark, size }) {
    super(stream, highWaterMark);
    this.size = size;
    this.given = undefined;
  }

  get takesBuffers() {
    return false;
  }

  get face() {
    return (this.given ??= new ReadableStreamDefaultController(INSIDE, this));
  }

  /** [[PullSteps]] */
  read(request) {
    if (this.queue.length > 0) {
      const chunk = this.queue.take();
      this.drained();
      request.chunk(chunk);
    } else {
      this.stream.reader.requests.push(request);
      this.pullIfNeeded();
    }
  }

  /** [[ReleaseSteps]] */
  release() {}

  close() {
    if (!this.canEnqueue) return;
    this.closing = true;
    if (this.queue.length === 0) {
      this.forget();
      this.stream.close();
    }
  }

  enqueue(chunk) {
    if (!this.canEnqueue) return;
    if (this.stream.isAwaited) {
      this.stream.reader.requests.shift().chunk(chunk);
    } else {
      try {
        const { size } = this;
        this.queue.add(chunk, size === undefined ? 1 : size(chunk));
      } catch (error) {
        this.fail(error);
        throw error;
      }
    }
    this.pullIfNeeded();
  }
}

export class ReadableStreamDefaultController {
  #core;

  constructor(inside = undefined, core = undefined) {
    if (inside !== INSIDE) throw new TypeError("Illegal constructor");
    this.#core = core;
  }

  get desiredSize() {
    return this.#core.desiredSize;
  }

  close() {
    const core = this.#core;
    if (!core.canEnqueue) throw new TypeError("the stream cannot be closed: it is not readable, or will be closed already");
    core.close();
  }

  enqueue(chunk = undefined) {
    const core = this.#core;
    if (!core.canEnqueue) throw new TypeError("the stream takes no chunk: it is not readable, or will be closed");
    core.enqueue(chunk);
  }

  error(error = undefined) {
    this.#core.fail(error);
  }
}

asInterface(ReadableStreamDefaultController);
