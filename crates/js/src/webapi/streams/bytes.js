// The controller of byte streams (§4.7, §4.9.5): chunks are bytes, and readers may bring buffers.
//
// A pull-into descriptor says whose buffer is to be filled and how far it is. Its `kind` says for whom:
// a default reader, a reader that brought the buffer, or nobody any longer.

const FOR_DEFAULT = 0;
const FOR_BYOB = 1;
const FOR_NOBODY = 2;

class BytesCore extends SourceCore {
  constructor(stream, highWaterMark, allocate) {
    super(stream, highWaterMark);
    this.allocate = allocate;
    this.pending = [];
    this.request = null;
    this.given = undefined;
  }

  get takesBuffers() {
    return true;
  }

  get face() {
    return (this.given ??= new ReadableByteStreamController(INSIDE, this));
  }

  /** [[PullSteps]] */
  read(request) {
    if (this.queue.total > 0) {
      this.fillRead(request);
      return;
    }
    if (this.allocate !== undefined) {
      let buffer;
      try {
        buffer = new ArrayBuffer(this.allocate);
      } catch (error) {
        request.error(error);
        return;
      }
      this.pending.push(descriptor({ buffer, offset: 0, length: this.allocate, make: Uint8Array }, 1, FOR_DEFAULT));
    }
    this.stream.reader.requests.push(request);
    this.pullIfNeeded();
  }

  /** [[ReleaseSteps]] */
  release() {
    if (this.pending.length > 0) {
      this.pending[0].kind = FOR_NOBODY;
      this.pending.length = 1;
    }
  }

  /** [[CancelSteps]] */
  cancel(reason) {
    this.clearPending();
    return super.cancel(reason);
  }

  fail(error) {
    if (this.stream.state !== READABLE) return;
    this.clearPending();
    super.fail(error);
  }

  /** ClearPendingPullIntos */
  clearPending() {
    this.invalidate();
    this.pending = [];
  }

  /** InvalidateBYOBRequest */
  invalidate() {
    this.request?.invalidate();
    this.request = null;
  }

  /** GetBYOBRequest */
  get byobRequest() {
    if (this.request === null && this.pending.length > 0) {
      const { buffer, offset, filled, length } = this.pending[0];
      this.request = new RequestCore(this, new Uint8Array(buffer, offset + filled, length - filled));
    }
    return this.request;
  }

  close() {
    if (!this.canEnqueue) return;
    if (this.queue.total > 0) {
      this.closing = true;
      return;
    }
    if (this.pending.length > 0 && this.pending[0].filled % this.pending[0].element !== 0) {
      const error = new TypeError("the stream was closed in the middle of an element");
      this.fail(error);
      throw error;
    }
    this.forget();
    this.stream.close();
  }

  /** Enqueue, from where the buffer is the stream's own. */
  enqueue(buffer, offset, length) {
    if (!this.canEnqueue) return;
    if (this.pending.length > 0) {
      const first = this.pending[0];
      if (isDetached(first.buffer)) throw new TypeError("the buffer of the reader was detached");
      this.invalidate();
      first.buffer = transfer(first.buffer);
      if (first.kind === FOR_NOBODY) this.keepDetached(first);
    }
    const { reader } = this.stream;
    if (reader === undefined) {
      this.put(buffer, offset, length);
    } else if (reader.byob) {
      this.put(buffer, offset, length);
      this.commitAll(this.fillPending());
    } else {
      while (reader.requests.length > 0 && this.queue.total > 0) this.fillRead(reader.requests.shift());
      if (reader.requests.length === 0) {
        this.put(buffer, offset, length);
      } else {
        this.pending.shift();
        reader.requests.shift().chunk(new Uint8Array(buffer, offset, length));
      }
    }
    this.pullIfNeeded();
  }

  /** EnqueueChunkToQueue */
  put(buffer, offset, length) {
    this.queue.push({ buffer, offset, length });
    this.queue.total += length;
  }

  /** EnqueueClonedChunkToQueue */
  putCopy(buffer, offset, length) {
    try {
      this.put(new Uint8Array(new Uint8Array(buffer, offset, length)).buffer, 0, length);
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** EnqueueDetachedPullIntoToQueue */
  keepDetached({ buffer, offset, filled }) {
    if (filled > 0) this.putCopy(buffer, offset, filled);
    this.pending.shift();
  }

  /** FillReadRequestFromQueue */
  fillRead(request) {
    const { buffer, offset, length } = this.queue.shift();
    this.queue.total -= length;
    this.drained();
    request.chunk(new Uint8Array(buffer, offset, length));
  }

  /** ProcessPullIntoDescriptorsUsingQueue */
  fillPending() {
    const filled = [];
    while (this.pending.length > 0 && this.queue.total > 0) {
      const first = this.pending[0];
      if (this.fill(first)) {
        this.pending.shift();
        filled.push(first);
      }
    }
    return filled;
  }

  /** FillPullIntoDescriptorFromQueue: whether it has what its reader asked for. */
  fill(into) {
    const { queue } = this;
    const most = into.filled + Math.min(queue.total, into.length - into.filled);
    const aligned = most - (most % into.element);
    const ready = aligned >= into.minimum;
    const until = ready ? aligned : most;
    const bytes = new Uint8Array(into.buffer);
    while (into.filled < until) {
      const { head } = queue;
      const count = Math.min(until - into.filled, head.length);
      setBytes(bytes, new Uint8Array(head.buffer, head.offset, count), into.offset + into.filled);
      if (count === head.length) {
        queue.shift();
      } else {
        head.offset += count;
        head.length -= count;
      }
      queue.total -= count;
      into.filled += count;
    }
    return ready;
  }

  commitAll(descriptors) {
    for (let at = 0; at < descriptors.length; at++) this.commit(descriptors[at]);
  }

  /** CommitPullIntoDescriptor */
  commit(filled) {
    const view = viewOf(filled);
    const request = this.stream.reader.requests.shift();
    if (this.stream.state === CLOSED) request.close(filled.kind === FOR_DEFAULT ? undefined : view);
    else request.chunk(view);
  }

  /** PullInto */
  pullInto(where, minimum, request) {
    const element = where.make.BYTES_PER_ELEMENT ?? 1;
    const into = descriptor({ ...where, buffer: transfer(where.buffer) }, minimum * element, FOR_BYOB);
    const { stream } = this;
    if (this.pending.length > 0) {
      this.pending.push(into);
      stream.reader.requests.push(request);
      return;
    }
    if (stream.state === CLOSED) {
      request.close(new into.make(into.buffer, into.offset, 0));
      return;
    }
    if (this.queue.total > 0) {
      if (this.fill(into)) {
        const view = viewOf(into);
        this.drained();
        request.chunk(view);
        return;
      }
      if (this.closing) {
        const error = new TypeError("the stream was closed in the middle of an element");
        this.fail(error);
        request.error(error);
        return;
      }
    }
    this.pending.push(into);
    stream.reader.requests.push(request);
    this.pullIfNeeded();
  }

  /** Respond */
  respond(written) {
    const first = this.pending[0];
    this.checkAnswer(written);
    if (first.filled + written > first.length) throw new RangeError("more bytes were written than there is room for");
    first.buffer = transfer(first.buffer);
    this.answered(first, written);
  }

  /** RespondWithNewView */
  respondWithNewView({ buffer, offset, length }) {
    const first = this.pending[0];
    this.checkAnswer(length);
    if (first.offset + first.filled !== offset) throw new RangeError("the view begins at another place than the one that was given");
    if (first.capacity !== bufferBytes(buffer)) throw new RangeError("the buffer has another size than the one that was given");
    if (first.filled + length > first.length) throw new RangeError("the view is longer than the one that was given");
    first.buffer = transfer(buffer);
    this.answered(first, length);
  }

  checkAnswer(length) {
    if (this.stream.state === CLOSED) {
      if (length !== 0) throw new TypeError("nothing can be written: the stream is closed");
    } else if (length === 0) {
      throw new TypeError("nothing was written, and the stream is not closed");
    }
  }

  /** RespondInternal */
  answered(first, written) {
    this.invalidate();
    if (this.stream.state === CLOSED) this.answeredClosed(first);
    else this.answeredReadable(first, written);
    this.pullIfNeeded();
  }

  /** RespondInClosedState */
  answeredClosed(first) {
    if (first.kind === FOR_NOBODY) this.pending.shift();
    const { reader } = this.stream;
    if (reader !== undefined && reader.byob) this.commitAll(this.pending.splice(0, reader.requests.length));
  }

  /** RespondInReadableState */
  answeredReadable(first, written) {
    first.filled += written;
    if (first.kind === FOR_NOBODY) {
      this.keepDetached(first);
      this.commitAll(this.fillPending());
      return;
    }
    if (first.filled < first.minimum) return;
    this.pending.shift();
    const rest = first.filled % first.element;
    if (rest > 0) {
      this.putCopy(first.buffer, first.offset + first.filled - rest, rest);
      first.filled -= rest;
    }
    const filled = this.fillPending();
    this.commit(first);
    this.commitAll(filled);
  }
}

function descriptor({ buffer, offset, length, make }, minimum, kind) {
  const element = make.BYTES_PER_ELEMENT ?? 1;
  return { buffer, capacity: bufferBytes(buffer), offset, length, filled: 0, minimum, element, make, kind };
}

/** ConvertPullIntoDescriptor */
const viewOf = ({ buffer, offset, filled, element, make }) => new make(transfer(buffer), offset, filled / element);

/** CreateReadableByteStream; `start` has nothing to do. */
export function createReadableBytes(pull, cancel) {
  const core = readableCore(new ReadableStream(INSIDE));
  const controller = new BytesCore(core, 0, undefined);
  controller.pull = pull;
  controller.onCancel = cancel;
  return core;
}
