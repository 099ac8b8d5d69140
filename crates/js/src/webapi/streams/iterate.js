// Streams of iterables, and iterating over streams (§4.2.5, ReadableStreamFromIterable).

const AsyncIterator = Object.getPrototypeOf(Object.getPrototypeOf((async function* () {}).prototype));

let setUp;

class ReadableStreamAsyncIterator {
  #reader;
  #keep;
  #ongoing;
  #finished;

  static {
    setUp = (iterator, reader, keep) => {
      iterator.#reader = reader;
      iterator.#keep = keep;
      iterator.#finished = false;
    };
  }

  next() {
    if (!isObject(this) || !(#reader in this)) return rejected(illegal("ReadableStreamAsyncIterator"));
    return this.#queue(() => this.#next());
  }

  return(value) {
    if (!isObject(this) || !(#reader in this)) return rejected(illegal("ReadableStreamAsyncIterator"));
    return then(this.#queue(() => this.#return(value)), () => ({ value, done: true }));
  }

  /** Calls wait for those before them. */
  #queue(steps) {
    const before = this.#ongoing;
    return (this.#ongoing = before === undefined ? steps() : then(before, steps, steps));
  }

  #next() {
    if (this.#finished) return fulfilled({ value: undefined, done: true });
    const request = new IteratorRead(this.#reader);
    this.#reader.read(request);
    return then(
      request.promise,
      (result) => {
        this.#ongoing = undefined;
        this.#finished = result.done;
        return result;
      },
      (error) => {
        this.#ongoing = undefined;
        this.#finished = true;
        throw error;
      },
    );
  }

  #return(value) {
    if (this.#finished) return fulfilled();
    this.#finished = true;
    const reader = this.#reader;
    const result = this.#keep ? fulfilled() : reader.stream.cancel(value);
    reader.release();
    return result;
  }
}

/** The reader goes with the last chunk. */
class IteratorRead extends PromisedRead {
  constructor(reader) {
    super();
    this.reader = reader;
  }

  close() {
    this.reader.release();
    super.close();
  }

  error(error) {
    this.reader.release();
    super.error(error);
  }
}

asInterface(ReadableStreamAsyncIterator, "ReadableStream AsyncIterator");
delete ReadableStreamAsyncIterator.prototype.constructor;
Object.setPrototypeOf(ReadableStreamAsyncIterator.prototype, AsyncIterator);

function iterate(core, keep) {
  const reader = new ReaderCore(core, false);
  const iterator = new ReadableStreamAsyncIterator();
  setUp(iterator, reader, keep);
  return iterator;
}

/** ReadableStreamFromIterable */
function streamFrom(iterable) {
  const { iterator, next, unwrap } = open(iterable);
  const pull = () => {
    let result;
    try {
      result = fulfilled(apply(next, iterator, []));
    } catch (error) {
      return rejected(error);
    }
    return then(result, (step) => {
      if (!isObject(step)) throw new TypeError("what `next` gives has to be an object");
      if (step.done) core.controller.close();
      else if (unwrap) return then(fulfilled(step.value), (chunk) => core.controller.enqueue(chunk));
      else core.controller.enqueue(step.value);
    });
  };
  const cancel = (reason) => {
    let result;
    try {
      const { return: end } = iterator;
      if (end === undefined || end === null) return DONE;
      result = fulfilled(apply(end, iterator, [reason]));
    } catch (error) {
      return rejected(error);
    }
    return then(result, (step) => {
      if (!isObject(step)) throw new TypeError("what `return` gives has to be an object");
    });
  };
  const core = createReadable(pull, cancel, { highWaterMark: 0, size: undefined });
  core.controller.start();
  return core.face;
}

function open(iterable) {
  if (iterable === undefined || iterable === null) throw new TypeError("a stream is made of something that can be iterated over");
  let method = iterable[Symbol.asyncIterator];
  const unwrap = method === undefined || method === null;
  if (unwrap) method = iterable[Symbol.iterator];
  if (typeof method !== "function") throw new TypeError("a stream is made of something that can be iterated over");
  const iterator = apply(method, iterable, []);
  if (!isObject(iterator)) throw new TypeError("an iterator has to be an object");
  return { iterator, next: iterator.next, unwrap };
}
