// `@zuplo/runtime/mocks`: contexts for tests, without a gateway around them.

const { Promise, crypto } = globalThis;

/** A context that keeps what it is told. */
export class MockZuploContext {
  #sending = [];
  #sent = [];
  #listeners = new Map();

  /** @param {object} [fields] What it has instead: route, custom, requestId, log, … */
  constructor(fields = {}) {
    this.contextId = crypto.randomUUID();
    this.requestId = crypto.randomUUID();
    this.custom = {};
    this.incomingRequestProperties = { ip: "127.0.0.1" };
    this.parentContext = undefined;
    /** The lines that were logged: [level, ...values]. */
    this.lines = [];
    /** What was given to `waitUntil`. */
    this.promises = [];
    const at = (level) => (...values) => void this.lines.push([level, ...values]);
    this.log = { debug: at("debug"), info: at("info"), log: at("info"), warn: at("warn"), error: at("error"), setLogProperties() {} };
    this.route = mockRoute();
    for (const [name, value] of Object.entries(fields)) this[name] = name === "route" ? mockRoute(value) : value;
  }

  waitUntil(promise) {
    this.promises.push(promise);
  }

  addResponseSendingHook(hook) {
    this.#sending.push(hook);
  }

  addResponseSendingFinalHook(hook) {
    this.#sent.push(hook);
  }

  /** Runs what the hooks that were added make of a response. */
  async runHooks(response, request) {
    let current = response;
    for (const hook of this.#sending) current = await hook(current, request, this);
    for (const hook of this.#sent) await hook(current, request, this);
    await Promise.allSettled(this.promises);
    return current;
  }

  async invokeInboundPolicy(_policyName, request) {
    return request;
  }

  async invokeOutboundPolicy(_policyName, response, _request) {
    return response;
  }

  async invokeRoute() {
    throw new Error("a mock context has no routes: pass invokeRoute to createMockContext");
  }

  addEventListener(type, listener) {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(listener);
  }

  removeEventListener(type, listener) {
    this.#listeners.get(type)?.delete(listener);
  }

  dispatchEvent(event) {
    for (const listener of this.#listeners.get(event.type) ?? []) {
      if (typeof listener === "function") listener.call(this, event);
      else listener.handleEvent(event);
    }
    return event.defaultPrevented !== true;
  }
}

function mockRoute(fields = {}) {
  const { raw, ...rest } = fields;
  const route = { path: "/", methods: ["GET"], policies: { inbound: [], outbound: [] }, ...rest };
  route.raw = typeof raw === "function" ? raw : () => raw ?? {};
  return route;
}

/** @param {object} [fields] As for `MockZuploContext`. */
export function createMockContext(fields) {
  return new MockZuploContext(fields);
}
