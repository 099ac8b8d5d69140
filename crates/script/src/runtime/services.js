// Services of a hosted platform that code may ask for. Most do not exist here, and say so when called.

import { loadCrypto, loadEncoding } from "tollgate:runtime-host";
import { unavailable } from "tollgate:runtime-not-available";

export class ZuploServices {
  /** A token by which the gateway proves itself to a cloud. */
  static async getIDToken(_context, _options) {
    throw unavailable("ZuploServices.getIDToken");
  }
}

/** The client of the platform's own services. */
export async function apiServices(_path, _options) {
  throw unavailable("apiServices");
}

/** Reads consumers of API keys. */
export class ApiKeyConsumerClient {
  constructor(options) {
    this.options = options;
  }

  async get(_consumerId) {
    throw unavailable("ApiKeyConsumerClient");
  }
}

/** The tool call of an MCP route, seen from the route that it calls. */
export class ZuploMcpSdk {
  constructor(context) {
    this.context = context;
  }

  getRawCallToolRequest() {
    throw unavailable("ZuploMcpSdk");
  }

  setRawCallToolResult(_result) {
    throw unavailable("ZuploMcpSdk");
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

