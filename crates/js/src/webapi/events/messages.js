// Events that carry something: messages, errors, ends of connections, progress.

const text = (value, otherwise = "") => (value === undefined ? otherwise : `${value}`);

export class MessageEvent extends Event {
  #init;

  constructor(type, init = undefined) {
    needs(1, arguments, "MessageEvent");
    super(type, init);
    const { data = null, origin, lastEventId, source = null, ports = [] } = dictionary(init);
    this.#init = {
      data,
      origin: text(origin),
      lastEventId: text(lastEventId),
      source,
      ports: Object.freeze([...ports]),
    };
  }

  get data() {
    return this.#init.data;
  }

  get origin() {
    return this.#init.origin;
  }

  get lastEventId() {
    return this.#init.lastEventId;
  }

  get source() {
    return this.#init.source;
  }

  get ports() {
    return this.#init.ports;
  }
}
asInterface(MessageEvent);

export class ErrorEvent extends Event {
  #init;

  constructor(type, init = undefined) {
    needs(1, arguments, "ErrorEvent");
    super(type, init);
    const { message, filename, lineno = 0, colno = 0, error } = dictionary(init);
    this.#init = { message: text(message), filename: text(filename), lineno: lineno >>> 0, colno: colno >>> 0, error };
  }

  get message() {
    return this.#init.message;
  }

  get filename() {
    return this.#init.filename;
  }

  get lineno() {
    return this.#init.lineno;
  }

  get colno() {
    return this.#init.colno;
  }

  get error() {
    return this.#init.error;
  }
}
asInterface(ErrorEvent);

export class CloseEvent extends Event {
  #init;

  constructor(type, init = undefined) {
    needs(1, arguments, "CloseEvent");
    super(type, init);
    const { wasClean = false, code = 0, reason } = dictionary(init);
    this.#init = { wasClean: !!wasClean, code: code & 0xffff, reason: text(reason) };
  }

  get wasClean() {
    return this.#init.wasClean;
  }

  get code() {
    return this.#init.code;
  }

  get reason() {
    return this.#init.reason;
  }
}
asInterface(CloseEvent);

export class ProgressEvent extends Event {
  #init;

  constructor(type, init = undefined) {
    needs(1, arguments, "ProgressEvent");
    super(type, init);
    const { lengthComputable = false, loaded = 0, total = 0 } = dictionary(init);
    this.#init = { lengthComputable: !!lengthComputable, loaded: +loaded, total: +total };
  }

  get lengthComputable() {
    return this.#init.lengthComputable;
  }

  get loaded() {
    return this.#init.loaded;
  }

  get total() {
    return this.#init.total;
  }
}
asInterface(ProgressEvent);
