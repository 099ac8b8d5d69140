// Plugins that send an entry for every request.

import { handleOf } from "tollgate:runtime-context";
import { environment } from "tollgate:runtime-environment";
import { ConfigurationError } from "tollgate:runtime-errors";
import { INSTALL } from "tollgate:runtime-extensions";
import { host } from "tollgate:runtime-host";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";
import { base64, hmac, utf8 } from "tollgate:runtime-plugins-cloud-crypto";
import { Batches, basic, required, safely, send, sendJson } from "tollgate:runtime-plugins-sending";

const { crypto } = globalThis;

/**
 * Sends what `generateLogEntry(response, request, context, meta)` makes of every request: to `url`, as a
 * JSON array, or wherever a subclass says in `send(entries)`. `meta` is { timestamp, durationMs }.
 */
export class RequestLoggerPlugin extends SystemRuntimePlugin {
  #name;
  #generate;
  #batches;

  /** @param {{ generateLogEntry: Function, batchPeriodSeconds?: number, url?: string, headers?: object }} options */
  constructor(options, name = "RequestLoggerPlugin", generate = undefined) {
    super();
    this.options = options ?? {};
    this.#name = name;
    this.#generate = this.options.generateLogEntry ?? generate;
    if (typeof this.#generate !== "function") throw new ConfigurationError(`${name}: the option generateLogEntry is missing`);
    if (name === "RequestLoggerPlugin" && this.send === RequestLoggerPlugin.prototype.send) required(name, options, ["url"]);
    this.#batches = new Batches(name, (entries) => this.send(entries), this.options);
  }

  [INSTALL](setup) {
    setup.runtime.addResponseSendingFinalHook((response, request, context) => this.#note(response, request, context));
  }

  /** Waits for the entry, which may read copies of the bodies, and never fails. */
  #note(response, request, context) {
    return safely(this.#name, async () => {
      const meta = { timestamp: new Date().toISOString(), durationMs: host.elapsed(handleOf(context)) };
      const entry = await this.#generate(response, request, context, meta);
      if (entry !== undefined && entry !== null) this.#batches.enqueue(entry);
    });
  }

  send(entries) {
    return sendJson(this.options.url, { ...this.options.headers }, entries);
  }
}

/** What Hydrolix gets of a request unless a project says otherwise. */
export function defaultGenerateHydrolixEntry(response, request, context, meta = {}) {
  const { pathname, search, hostname, protocol } = new URL(request.url);
  const length = response.headers.get("content-length");
  return {
    timestamp: meta.timestamp ?? new Date().toISOString(),
    requestId: context.requestId,
    method: request.method,
    url: request.url,
    scheme: protocol.slice(0, -1),
    hostname,
    path: pathname,
    query: search,
    routePath: context.route.path,
    statusCode: response.status,
    durationMs: meta.durationMs,
    responseBodySize: length === null ? undefined : Number(length),
    clientIp: context.incomingRequestProperties.ip,
    country: context.incomingRequestProperties.country,
    userSub: request.user?.sub,
    userAgent: request.headers.get("user-agent") ?? undefined,
    environment: environment.ZUPLO_ENVIRONMENT_NAME,
    buildId: host.buildId(),
  };
}

/** Hydrolix: the streaming ingest. */
export class HydrolixRequestLoggerPlugin extends RequestLoggerPlugin {
  /** @param {{ hostname: string, table: string, transform?: string, username: string, password: string, url?: string }} options */
  constructor(options) {
    required("HydrolixRequestLoggerPlugin", options, options?.url === undefined ? ["hostname", "table"] : ["table"]);
    super(options, "HydrolixRequestLoggerPlugin", defaultGenerateHydrolixEntry);
  }

  send(entries) {
    const { hostname, table, transform, token, username, password, url = `https://${hostname}/ingest/event` } = this.options;
    const headers = { "x-hdx-table": table };
    if (transform !== undefined) headers["x-hdx-transform"] = transform;
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    else if (username !== undefined) headers.authorization = basic(username, password ?? "");
    return sendJson(url, headers, entries);
  }
}

/** Azure Blob Storage: every batch is a block blob of lines of JSON, written by a container's SAS URL. */
export class AzureBlobPlugin extends RequestLoggerPlugin {
  /** @param {{ sasUrl: string, generateLogEntry: Function, batchPeriodSeconds?: number }} options */
  constructor(options) {
    super(required("AzureBlobPlugin", options, ["sasUrl"]), "AzureBlobPlugin");
  }

  send(entries) {
    const target = new URL(this.options.sasUrl);
    const moment = new Date().toISOString();
    target.pathname = `${target.pathname.replace(/\/$/, "")}/${moment.slice(0, 10)}/${moment.replaceAll(":", "-")}-${crypto.randomUUID()}.json`;
    const headers = { "x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-12-02", "content-type": "application/x-ndjson" };
    return send(target, { method: "PUT", headers, body: entries.map((entry) => JSON.stringify(entry)).join("\n") });
  }
}

/** Azure Event Hubs: a batch of events, by a connection string. */
export class AzureEventHubsRequestLoggerPlugin extends RequestLoggerPlugin {
  #connection;

  /** @param {{ connectionString: string, entityPath?: string, url?: string, generateLogEntry: Function }} options */
  constructor(options) {
    const name = "AzureEventHubsRequestLoggerPlugin";
    super(required(name, options, ["connectionString"]), name);
    const parts = options.connectionString.split(";").filter((part) => part.includes("="));
    this.#connection = Object.fromEntries(parts.map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]));
    this.#connection.EntityPath ??= options.entityPath;
    required(`${name}: connectionString`, this.#connection, ["Endpoint", "SharedAccessKeyName", "SharedAccessKey", "EntityPath"]);
  }

  async send(entries) {
    const { Endpoint, EntityPath } = this.#connection;
    const resource = `${Endpoint.replace(/^sb:/, "https:").replace(/\/+$/, "")}/${EntityPath}`;
    const headers = { authorization: await this.#signature(resource), "content-type": "application/vnd.microsoft.servicebus.json" };
    const body = JSON.stringify(entries.map((entry) => ({ Body: JSON.stringify(entry) })));
    return send(this.options.url ?? `${resource}/messages`, { method: "POST", headers, body });
  }

  /** A shared access signature, valid for ten minutes. */
  async #signature(resource) {
    const { SharedAccessKeyName: name, SharedAccessKey: key } = this.#connection;
    const ends = Math.floor(Date.now() / 1000) + 600;
    const uri = encodeURIComponent(resource);
    const signature = encodeURIComponent(base64(await hmac(utf8(key), `${uri}\n${ends}`)));
    return `SharedAccessSignature sr=${uri}&sig=${signature}&se=${ends}&skn=${encodeURIComponent(name)}`;
  }
}
