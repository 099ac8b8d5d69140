// ReadableStream (§4.2, §4.9): the class that scripts see, and the core that the rest works on. A core has
// no public name: scripts hold its `face`, and reach nothing of it but by the methods of that.

const { load } = import.meta.native;

export const READABLE = 0;
export const CLOSED = 1;
export const ERRORED = 2;

class ReadableCore {
  constructor(face) {
    this.face = face;
    this.state = READABLE;
    this.reader = undefined;
    this.error = undefined;
    this.disturbed = false;
    this.controller = undefined;
    /** Of a stream of the host's: what it is made of. */
    this.source = undefined;
  }

  /** ReadableStreamCancel */
  cancel(reason) {
    this.disturbed = true;
    if (this.state === CLOSED) return fulfilled(undefined);
    if (this.state === ERRORED) return rejected(this.error);
    this.close();
    const { reader } = this;
    if (reader !== undefined && reader.byob) {
      reader.takeRequests((request) => request.close(undefined));
    }
    return then(this.controller.cancel(reason), nothing);
  }

  /** ReadableStreamClose */
  close() {
    this.state = CLOSED;
    const { reader } = this;
    if (reader === undefined) return;
    reader.closed.open();
    if (!reader.byob) {
      reader.takeRequests((request) => request.close());
    }
  }

  /** ReadableStreamError */
  fail(error) {
    this.state = ERRORED;
    this.error = error;
    const { reader } = this;
    if (reader === undefined) return;
    reader.closed.fail(error);
    reader.failRequests(error);
  }

  /** Whether somebody with a default reader waits for a chunk. */
  get isAwaited() {
    const { reader } = this;
    return reader !== undefined && !reader.byob && reader.requests.length > 0;
  }
}

alone(ReadableCore);

/** The core of a stream, `undefined` for anything else. */
export let readableCore;

export class ReadableStream {
  #core;

  static {
    readableCore = (value) => (typeof value === "object" && value !== null && #core in value ? value.#core : undefined);
  }

  constructor(source = undefined, strategy = undefined) {
    const core = new ReadableCore(this);
    this.#core = core;
    if (source === INSIDE) return;
    const queuing = strategyOf(strategy);
    if (source === null) throw new TypeError("an underlying source has to be an object");
    const members = dictionary(source, "an underlying source");
    const { autoAllocateChunkSize } = members;
    const allocate = autoAllocateChunkSize === undefined ? undefined : integer(autoAllocateChunkSize, "autoAllocateChunkSize");
    const cancel = bound(callback(members, "cancel"), source);
    const pull = bound(callback(members, "pull"), source);
    const start = bound(callback(members, "start"), source);
    const { type } = members;
    const controller = type === undefined ? new DefaultCore(core, withMark(queuing, 1)) : bytesOf(core, type, queuing, allocate);
    if (pull !== undefined) controller.pull = () => invokeWith(pull, controller.face);
    if (cancel !== undefined) controller.onCancel = (reason) => invokeWith(cancel, reason);
    controller.start(start?.(controller.face));
  }

  static from(iterable) {
    return streamFrom(iterable);
  }

  get locked() {
    return coreOf(this).reader !== undefined;
  }

  cancel(reason = undefined) {
    const core = readableCore(this);
    if (core === undefined) return rejected(illegal("ReadableStream"));
    return core.reader === undefined ? core.cancel(reason) : rejected(locked());
  }

  getReader(options = undefined) {
    coreOf(this);
    const { mode } = dictionary(options, "the options");
    if (mode === undefined) return new ReadableStreamDefaultReader(this);
    if (`${mode}` !== "byob") throw new TypeError("the mode of a reader may be `byob`, and nothing else");
    return new ReadableStreamBYOBReader(this);
  }

  pipeThrough(transform, options = undefined) {
    const source = coreOf(this);
    return load("streams-writable").pipeThrough(source, transform, options);
  }

  pipeTo(destination, options = undefined) {
    const source = readableCore(this);
    if (source === undefined) return rejected(illegal("ReadableStream"));
    return load("streams-writable").pipeTo(source, destination, options);
  }

  tee() {
    return teeCore(coreOf(this)).map((branch) => branch.face);
  }

  values(options = undefined) {
    const core = coreOf(this);
    return iterate(core, Boolean(dictionary(options, "the options").preventCancel));
  }
}

export const locked = () => new TypeError("the stream is locked");

function coreOf(value) {
  const core = readableCore(value);
  if (core === undefined) throw illegal("ReadableStream");
  return core;
}

/** The controller of a stream whose source has a type. */
function bytesOf(core, type, queuing, allocate) {
  if (`${type}` !== "bytes") throw new TypeError("the type of a source may be `bytes`, and nothing else");
  if (queuing.size !== undefined) throw new RangeError("a byte stream has no size function");
  const { highWaterMark } = withMark(queuing, 0);
  if (allocate === 0) throw new TypeError("autoAllocateChunkSize must not be 0");
  return new BytesCore(core, highWaterMark, allocate);
}

asInterface(ReadableStream);
Object.defineProperty(ReadableStream, "from", { enumerable: true });
Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
  value: ReadableStream.prototype.values,
  writable: true,
  configurable: true,
});

/** CreateReadableStream; `start` has nothing to do. */
export function createReadable(pull, cancel, queuing) {
  const core = readableCore(new ReadableStream(INSIDE));
  const controller = new DefaultCore(core, queuing);
  controller.pull = pull;
  controller.onCancel = cancel;
  return core;
}
