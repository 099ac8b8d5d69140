// The messages of a WebSocket, on their way through functions of the project.

import { adopt, drained, end, hold } from "tollgate:websocket";

const { WebSocket } = globalThis;

/** Bytes of one direction that may wait, here or at the receiver; a sender of more waits. */
const MOST = 1 << 20;

const sizeOf = (data) => (typeof data === "string" ? data.length : data.byteLength);

/** One direction: messages are taken one at a time, in their order. */
class Lane {
  #from;
  #to;
  #functions;
  #rest;
  #log;
  #queue = [];
  #bytes = 0;
  #runs = true;
  #ended;

  constructor(from, to, functions, request, context) {
    this.#from = from;
    this.#to = to;
    this.#functions = functions;
    this.#rest = [to, from, request, context];
    this.#log = context.log;
    from.addEventListener("message", ({ data }) => this.#take(data));
    from.addEventListener("close", ({ code, reason }) => this.#close(code, reason));
  }

  /** Begins; until then messages wait. */
  begin() {
    this.#runs = false;
    this.#go();
  }

  #take(data) {
    this.#queue.push(data);
    this.#bytes += sizeOf(data);
    if (this.#bytes > MOST) hold(this.#from, true);
    this.#go();
  }

  #close(code, reason) {
    // 1006 says that a connection was lost, and cannot be sent (RFC 6455 §7.4.1); 1005 that there was no code.
    this.#ended = [code === 1005 ? undefined : code === 1006 ? 1001 : code, reason];
    this.#go();
  }

  async #go() {
    if (this.#runs) return;
    this.#runs = true;
    while (this.#queue.length > 0) await this.#pass(this.#queue.shift());
    this.#runs = false;
    if (this.#ended !== undefined) end(this.#to, ...this.#ended);
  }

  async #pass(data) {
    this.#bytes -= sizeOf(data);
    let changed = data;
    try {
      for (const call of this.#functions) {
        changed = await call(changed, ...this.#rest);
        if (changed === undefined) break;
      }
    } catch (error) {
      this.#log.error("a message of a WebSocket was dropped:", error);
      changed = undefined;
    }
    if (this.#bytes <= MOST) hold(this.#from, false);
    if (changed === undefined || this.#to.readyState !== WebSocket.OPEN) return;
    this.#to.send(changed);
    if (this.#to.bufferedAmount > MOST) await drained(this.#to, MOST);
  }
}

/**
 * Joins two sides. Is fulfilled once messages go on.
 *
 * @param {{ onOpen?: Function, inbound: Function[], outbound: Function[] }} functions
 * @param client What `adopt` takes; and `server`.
 */
export async function joinMessages(functions, client, server, request, context) {
  const source = adopt(client);
  const target = adopt(server);
  source.binaryType = "arraybuffer";
  target.binaryType = "arraybuffer";
  const lanes = [
    new Lane(source, target, functions.inbound, request, context),
    new Lane(target, source, functions.outbound, request, context),
  ];
  await functions.onOpen?.(target, source, request, context);
  for (const lane of lanes) lane.begin();
}
