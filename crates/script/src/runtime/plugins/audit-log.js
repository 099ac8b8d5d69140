// `AuditLogPlugin`: keeps requests and responses, bodies included, with a provider.

import { INSTALL } from "tollgate:runtime-extensions";
import { ConfigurationError } from "tollgate:runtime-errors";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";
import { Batches, required, safely, sendJson } from "tollgate:runtime-plugins-sending";
import { ContextData } from "tollgate:runtime-context-data";

/** Keeps entries as documents of DataStax Astra. */
export class AuditLogDataStaxProvider {
  #options;

  /** @param {{ url: string, xCassandraToken: string }} options */
  constructor(options) {
    this.#options = required("AuditLogDataStaxProvider", options, ["url", "xCassandraToken"]);
  }

  async write(entries) {
    const { url, xCassandraToken } = this.#options;
    for (const entry of entries) await sendJson(url, { "x-cassandra-token": xCassandraToken }, entry);
  }
}

/** Fields whose values are kept from everybody. */
const SECRET = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);

function headersOf(message) {
  return Object.fromEntries([...message.headers].map(([name, value]) => [name, SECRET.has(name) ? "[REDACTED]" : value]));
}

const bodies = new ContextData("AuditLogPlugin.requestBody");

export class AuditLogPlugin extends SystemRuntimePlugin {
  #filter;
  #include;
  #batches;

  /**
   * @param {{ write(entries: object[]): Promise<void> }} provider
   * @param {{ requestFilter?: Function, include?: object, batchPeriodSeconds?: number }} [options]
   *   `requestFilter(request, context)` says whether a request is kept; `include` says of `request` and
   *   `response` whether `headers` and `body` are.
   */
  constructor(provider, options = {}) {
    super();
    if (typeof provider?.write !== "function") throw new ConfigurationError("AuditLogPlugin expects a provider");
    this.#filter = options.requestFilter ?? (() => true);
    this.#include = options.include ?? {};
    this.#batches = new Batches("AuditLogPlugin", (entries) => provider.write(entries), options);
  }

  [INSTALL](setup) {
    if (this.#include.request?.body === true) {
      setup.runtime.addRequestHook(async (request, context) => {
        // The handler takes the body with it, so it is read before.
        await safely("AuditLogPlugin", async () => bodies.set(context, await request.clone().text()));
        return request;
      });
    }
    setup.runtime.addResponseSendingFinalHook((response, request, context) =>
      safely("AuditLogPlugin", () => this.#note(response, request, context)),
    );
  }

  async #note(response, request, context) {
    if (!(await this.#filter(request, context))) return;
    const { request: ofRequest = {}, response: ofResponse = {} } = this.#include;
    const entry = {
      timestamp: new Date().toISOString(),
      requestId: context.requestId,
      user: request.user?.sub,
      request: { method: request.method, url: request.url },
      response: { status: response.status },
    };
    if (ofRequest.headers === true) entry.request.headers = headersOf(request);
    if (ofRequest.body === true) entry.request.body = bodies.get(context);
    if (ofResponse.headers === true) entry.response.headers = headersOf(response);
    if (ofResponse.body === true) entry.response.body = await response.clone().text();
    this.#batches.enqueue(entry);
  }
}
