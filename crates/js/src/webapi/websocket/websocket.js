// `WebSocket` (WebSockets Standard §3). The connection belongs to the call that opens it, and goes with it.

import { bytesOf, isBlob, newBlob } from "tollgate:blob";
import { CloseEvent, ErrorEvent, Event, EventTarget, MessageEvent, asInterface, constants, fire, handlers } from "tollgate:events";

const native = import.meta.native;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

const syntaxError = (message) => new DOMException(`WebSocket: ${message}`, "SyntaxError");

/** An address, with the scheme that WebSockets have. */
function addressOf(value) {
  let url;
  try {
    url = new URL(`${value}`);
  } catch {
    throw syntaxError(`\`${value}\` is no address`);
  }
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol !== "ws:" && url.protocol !== "wss:") throw syntaxError(`the scheme \`${url.protocol}\` is not \`ws:\` or \`wss:\``);
  if (url.href.includes("#")) throw syntaxError("an address with a fragment is none");
  return url;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function protocolsOf(value) {
  const protocols = typeof value === "object" && value !== null ? [...value].map(String) : [`${value}`];
  if (!protocols.every((it) => TOKEN.test(it))) throw syntaxError("a subprotocol is no token");
  if (new Set(protocols.map((it) => it.toLowerCase())).size !== protocols.length) throw syntaxError("a subprotocol is there twice");
  return protocols;
}

/** The bytes of what is sent, or the text. */
function payloadOf(data) {
  if (isBlob(data)) return bytesOf(data);
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return data;
  return `${data}`;
}

/** Stands for an address where a connection is there already. */
const ADOPTED = Symbol("adopted");

/** A `WebSocket` of a connection that the host has: { url, protocol, open(callback) }. */
export function adopt(connection) {
  return new WebSocket(ADOPTED, connection);
}

export class WebSocket extends EventTarget {
  #url;
  #state = CONNECTING;
  #protocol = "";
  #binaryType = "blob";
  #connection;
  /** Bytes that were sent when it was too late: they stay for ever. */
  #lost = 0;

  constructor(url, protocols = []) {
    if (arguments.length === 0) throw new TypeError("WebSocket needs an address");
    if (url === ADOPTED) {
      super();
      this.#url = new URL(protocols.url);
      this.#protocol = protocols.protocol;
      this.#state = OPEN;
      this.#connection = protocols.open((kind, value) => this.#told(kind, value));
      return;
    }
    const address = addressOf(url);
    const wanted = protocolsOf(protocols);
    super();
    this.#url = address;
    this.#connection = native.connect(address.href, wanted, (kind, value) => this.#told(kind, value));
  }

  /** What the host tells. */
  #told(kind, value) {
    if (kind === "open") this.#opened(value);
    else if (kind === "message") this.#received(value);
    else if (kind === "close") this.#ended(value[0], value[1], true);
    else this.#failed(value);
  }

  #opened(protocol) {
    if (this.#state !== CONNECTING) return;
    this.#state = OPEN;
    this.#protocol = protocol;
    fire(this, new Event("open"));
  }

  #received(value) {
    // A script that closes hears nothing any more, although the server may not know yet.
    if (this.#state !== OPEN) return;
    const isText = typeof value === "string";
    const data = isText || this.#binaryType === "arraybuffer" ? value : newBlob(new Uint8Array(value));
    fire(this, new MessageEvent("message", { data, origin: this.#url.origin }));
  }

  #failed(error) {
    const message = `${error?.message ?? error}`;
    this.#state = CLOSED;
    fire(this, new ErrorEvent("error", { message, error }));
    this.#ended(1006, "", false);
  }

  #ended(code, reason, wasClean) {
    this.#state = CLOSED;
    fire(this, new CloseEvent("close", { code, reason, wasClean }));
  }

  get url() {
    return this.#url.href;
  }

  get readyState() {
    return this.#state;
  }

  get bufferedAmount() {
    return this.#connection.waiting() + this.#lost;
  }

  get extensions() {
    // None is offered, so that none can be chosen.
    return "";
  }

  get protocol() {
    return this.#protocol;
  }

  get binaryType() {
    return this.#binaryType;
  }

  set binaryType(value) {
    if (value === "blob" || value === "arraybuffer") this.#binaryType = value;
  }

  send(data) {
    if (arguments.length === 0) throw new TypeError("WebSocket.send needs something to send");
    const payload = payloadOf(data);
    if (this.#state === CONNECTING) throw new DOMException("WebSocket.send: the connection is not open yet", "InvalidStateError");
    const size = this.#connection.send(payload, this.#state === OPEN);
    if (this.#state !== OPEN) this.#lost += size;
    else if (size < 0) this.#full();
  }

  /** Whether what comes waits, for as long as the receiver does. */
  static hold(socket, held) {
    socket.#connection.hold(held);
  }

  /** Is fulfilled once at most so many bytes wait to be sent. */
  static drained(socket, most) {
    return socket.#connection.drained(most);
  }

  /** Closes with any code that may be sent, as the other side of a relay has been closed. */
  static end(socket, code, reason) {
    if (socket.#state !== OPEN) return;
    socket.#state = CLOSING;
    socket.#connection.close(code, reason);
  }

  /** More is waiting than may: the connection is given up. */
  #full() {
    this.#state = CLOSING;
    this.#connection.close(undefined, "");
  }

  close(code = undefined, reason = "") {
    if (code !== undefined) {
      code = Math.trunc(Math.min(Math.max(+code || 0, 0), 65535));
      if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
        throw new DOMException("WebSocket.close: the code has to be 1000, or 3000 to 4999", "InvalidAccessError");
      }
    }
    const text = `${reason}`.toWellFormed();
    if (native.length(text) > 123) throw syntaxError("a reason has at most 123 bytes");
    if (this.#state === CLOSING || this.#state === CLOSED) return;
    this.#state = CLOSING;
    this.#connection.close(code ?? (text === "" ? undefined : 1000), text);
  }
}

/** What a relay does that no script may: taken off the class, where everybody would see it. */
export const { hold, drained, end } = WebSocket;
delete WebSocket.hold;
delete WebSocket.drained;
delete WebSocket.end;

asInterface(WebSocket);
constants(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });
handlers(WebSocket, "open", "message", "error", "close");
