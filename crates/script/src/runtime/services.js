// Services of a hosted platform that code may ask for. Most do not exist here, and say so when called.

import { host, loadCrypto, loadEncoding } from "tollgate:runtime-host";
import { handleOf } from "tollgate:runtime-context";
import { unavailable } from "tollgate:runtime-not-available";
import { parse, stringify } from "tollgate:runtime-values";

const { performance } = globalThis;

export class ZuploServices {
  /** A token by which the gateway proves itself to a cloud. */
  static async getIDToken(_context, _options) {
    throw unavailable("ZuploServices.getIDToken", "`JwtServicePlugin.signJwt` signs tokens with the gateway's own keys");
  }
}

/** The client of the platform's own services. */
export async function apiServices(_path, _options) {
  throw unavailable("apiServices", "`ApiKeyConsumerClient` reads consumers; the command line and the management API change them");
}

/** Consumers that one client remembers. */
const MOST = 1000;

/** Reads consumers of API keys. */
export class ApiKeyConsumerClient {
  #bucket;
  #keeps;
  #known = new Map();

  /** @param {{ bucketId?: string, cacheDurationSeconds?: number }} [options] Without a duration nothing is kept. */
  constructor(options = {}) {
    this.options = options;
    this.#bucket = options.bucketId;
    this.#keeps = (options.cacheDurationSeconds ?? 0) * 1000;
  }

  /** The consumer of that name; `undefined` where there is none. */
  async get(consumerId) {
    const name = String(consumerId);
    const known = this.#known.get(name);
    if (known !== undefined && known.until > performance.now()) return parse(known.text);
    const text = await host.consumer(this.#bucket, name);
    if (text === undefined) {
      this.#known.delete(name);
      return undefined;
    }
    if (this.#keeps > 0) {
      if (this.#known.size >= MOST) this.#known.clear();
      this.#known.set(name, { text, until: performance.now() + this.#keeps });
    }
    return parse(text);
  }
}

/** The tool call of an MCP route, seen from the route that it calls. */
export class ZuploMcpSdk {
  #handle;

  constructor(context) {
    this.#handle = handleOf(context);
    if (this.#handle === undefined) throw new TypeError("ZuploMcpSdk expects the context of a request");
  }

  /** The message of the client; `undefined` where the route was called in another way. */
  getRawCallToolRequest() {
    const text = host.toolCall(this.#handle);
    return text === undefined ? undefined : parse(text);
  }

  /** Fields of the result that go before those which the gateway makes of the answer. */
  setRawCallToolResult(result) {
    if (typeof result !== "object" || result === null || Array.isArray(result)) {
      throw new TypeError("setRawCallToolResult expects an object");
    }
    host.toolResult(this.#handle, stringify(result));
  }
}

/** Digests, MD5 among them. */
export const CryptoBeta = Object.freeze({
  /** @param {string | { name: string }} algorithm @param {BufferSource | string} data */
  async digest(algorithm, data) {
    const bytes = typeof data === "string" ? new (loadEncoding().TextEncoder)().encode(data) : data;
    return loadCrypto().subtle.digest(algorithm, bytes);
  },
});

