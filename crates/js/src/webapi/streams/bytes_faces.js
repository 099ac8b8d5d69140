// What a source sees of a byte stream: its controller and the request for a buffer (§4.7, §4.8).

/** The view that a source may write into, until it has answered. */
class RequestCore {
  constructor(controller, view) {
    this.controller = controller;
    this.view = view;
    this.given = undefined;
  }

  get face() {
    return (this.given ??= new ReadableStreamBYOBRequest(INSIDE, this));
  }

  invalidate() {
    this.controller = undefined;
    this.view = null;
  }
}

alone(RequestCore);

export class ReadableStreamBYOBRequest {
  #core;

  constructor(inside = undefined, core = undefined) {
    if (inside !== INSIDE) throw new TypeError("Illegal constructor");
    this.#core = core;
  }

  get view() {
    return this.#core.view;
  }

  respond(bytesWritten) {
    const core = this.#core;
    const written = integer(bytesWritten, "bytesWritten");
    if (core.controller === undefined) throw new TypeError("the request was answered already");
    if (isDetached(whereabouts(core.view).buffer)) throw new TypeError("the buffer of the view is detached");
    core.controller.respond(written);
  }

  respondWithNewView(view) {
    const core = this.#core;
    const where = whereabouts(view);
    if (core.controller === undefined) throw new TypeError("the request was answered already");
    if (isDetached(where.buffer)) throw new TypeError("the buffer of the view is detached");
    core.controller.respondWithNewView(where);
  }
}

export class ReadableByteStreamController {
  #core;

  constructor(inside = undefined, core = undefined) {
    if (inside !== INSIDE) throw new TypeError("Illegal constructor");
    this.#core = core;
  }

  get byobRequest() {
    return this.#core.byobRequest?.face ?? null;
  }

  get desiredSize() {
    return this.#core.desiredSize;
  }

  close() {
    const core = this.#core;
    if (!core.canEnqueue) throw new TypeError("the stream cannot be closed: it is not readable, or will be closed already");
    core.close();
  }

  enqueue(chunk) {
    const core = this.#core;
    const { buffer, offset, length } = whereabouts(chunk);
    if (length === 0) throw new TypeError("a chunk of a byte stream has to have bytes");
    if (!core.canEnqueue) throw new TypeError("the stream takes no chunk: it is not readable, or will be closed");
    core.enqueue(transfer(buffer), offset, length);
  }

  error(error = undefined) {
    this.#core.fail(error);
  }
}

asInterface(ReadableStreamBYOBRequest);
asInterface(ReadableByteStreamController);
