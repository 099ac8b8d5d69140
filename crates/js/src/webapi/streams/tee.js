// Two streams of one (ReadableStreamTee, §4.9.1).

/** Both branches, as cores. */
function teeCore(stream) {
  return stream.controller.takesBuffers ? teeBytes(stream) : teeDefault(stream);
}

/** What the branches say when they are cancelled; the stream is cancelled once both are. */
class Cancels {
  constructor(stream) {
    this.stream = stream;
    this.done = later();
    this.canceled = [false, false];
    this.reasons = [undefined, undefined];
  }

  get all() {
    return this.canceled[0] && this.canceled[1];
  }

  /** The algorithm of a branch. */
  of(branch) {
    return (reason) => {
      this.canceled[branch] = true;
      this.reasons[branch] = reason;
      if (this.all) this.done.resolve(this.stream.cancel(this.reasons));
      return this.done.promise;
    };
  }

  /** Ended otherwise. */
  end() {
    if (!this.all) this.done.resolve();
  }
}

alone(Cancels);

/** ReadableStreamDefaultTee */
function teeDefault(stream) {
  const reader = new ReaderCore(stream, false);
  const cancels = new Cancels(stream);
  const { canceled } = cancels;
  let reading = false;
  let readAgain = false;
  const request = {
    chunk(chunk) {
      // An error of the stream, which takes a microtask to be seen, goes before a chunk that is there.
      then(DONE, () => {
        readAgain = false;
        branches.forEach((branch, at) => canceled[at] || branch.controller.enqueue(chunk));
        reading = false;
        if (readAgain) pull();
      });
    },
    close() {
      reading = false;
      branches.forEach((branch, at) => canceled[at] || branch.controller.close());
      cancels.end();
    },
    error() {
      reading = false;
    },
  };
  const pull = () => {
    if (reading) {
      readAgain = true;
    } else {
      reading = true;
      reader.read(request);
    }
    return DONE;
  };
  const branches = [0, 1].map((at) => createReadable(pull, cancels.of(at), { highWaterMark: 1, size: undefined }));
  for (const { controller } of branches) controller.start();
  failBranches(reader.closed.promise, branches, cancels);
  return branches;
}

function failBranches(closed, branches, cancels, still = () => true) {
  then(closed, undefined, (error) => {
    if (!still()) return;
    for (const { controller } of branches) controller.fail(error);
    cancels.end();
  });
}

/** ReadableByteStreamTee */
function teeBytes(stream) {
  let reader = new ReaderCore(stream, false);
  const cancels = new Cancels(stream);
  const { canceled } = cancels;
  let reading = false;
  const readAgain = [false, false];

  const use = (byob) => {
    if (reader.byob === byob) return;
    reader.release();
    reader = new ReaderCore(stream, byob);
    forwardErrors(reader);
  };
  const forwardErrors = (of) => failBranches(of.closed.promise, branches, cancels, () => of === reader);

  /** A second chunk, where both branches want one. `false` where there was no memory for it. */
  const copy = (chunk) => {
    try {
      return cloneBytes(chunk);
    } catch (error) {
      for (const { controller } of branches) controller.fail(error);
      cancels.done.resolve(stream.cancel(error));
      return false;
    }
  };
  const afterChunk = (deliver) =>
    then(DONE, () => {
      readAgain[0] = readAgain[1] = false;
      if (deliver() === false) return;
      reading = false;
      if (readAgain[0]) pull(0);
      else if (readAgain[1]) pull(1);
    });
  const enqueue = (at, chunk) => {
    const { buffer, offset, length } = whereabouts(chunk);
    branches[at].controller.enqueue(transfer(buffer), offset, length);
  };

  const readDefault = () => {
    use(false);
    reader.read({
      chunk: (chunk) =>
        afterChunk(() => {
          const second = cancels.canceled.includes(true) ? chunk : copy(chunk);
          if (second === false) return false;
          if (!canceled[0]) enqueue(0, chunk);
          if (!canceled[1]) enqueue(1, second);
        }),
      close() {
        reading = false;
        branches.forEach(({ controller }, at) => canceled[at] || controller.close());
        for (const { controller } of branches) if (controller.pending.length > 0) controller.respond(0);
        cancels.end();
      },
      error() {
        reading = false;
      },
    });
  };

  const readInto = (view, at) => {
    use(true);
    const mine = branches[at].controller;
    const other = branches[1 - at].controller;
    reader.readInto(whereabouts(view), 1, {
      chunk: (chunk) =>
        afterChunk(() => {
          const second = canceled[1 - at] ? undefined : copy(chunk);
          if (second === false) return false;
          if (!canceled[at]) mine.respondWithNewView(whereabouts(chunk));
          if (second !== undefined) enqueue(1 - at, second);
        }),
      close(chunk) {
        reading = false;
        if (!canceled[at]) mine.close();
        if (!canceled[1 - at]) other.close();
        if (chunk !== undefined) {
          if (!canceled[at]) mine.respondWithNewView(whereabouts(chunk));
          if (!canceled[1 - at] && other.pending.length > 0) other.respond(0);
        }
        cancels.end();
      },
      error() {
        reading = false;
      },
    });
  };

  const pull = (at) => {
    if (reading) {
      readAgain[at] = true;
    } else {
      reading = true;
      const { byobRequest } = branches[at].controller;
      if (byobRequest === null) readDefault();
      else readInto(byobRequest.view, at);
    }
    return DONE;
  };

  const branches = [0, 1].map((at) => createReadableBytes(() => pull(at), cancels.of(at)));
  for (const { controller } of branches) controller.start();
  forwardErrors(reader);
  return branches;
}
