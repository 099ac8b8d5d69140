// A gateway of one's own for tests: answers what modules ask of their host, and keeps what they tell.
// It must be imported before any module of the runtime.

import util from "node:util";
import "./loader.mjs";

/** Modules that the host gives when they are asked for. Node cannot load any of them at once, so all are there. */
const onDemand = { url: globalThis, encoding: globalThis, crypto: globalThis };

export const calls = [];
const answers = {};

const defaults = {
  // What `console` asks for: the gateway has the same by another name.
  load: () => util,
  environment: () => JSON.stringify({ BACKEND: "http://backend.test", EMPTY: "" }),
  module: (name) => onDemand[name],
  own: (promise) => promise,
  buildId: () => "build-1",
  builtIns: () =>
    JSON.stringify({
      policies: [
        { export: "ApiKeyInboundPolicy", direction: "inbound" },
        { export: "RateLimitInboundPolicy", direction: "inbound" },
        { export: "SetHeadersOutboundPolicy", direction: "outbound" },
      ],
      handlers: ["urlForwardHandler"],
    }),
  compatibilityDate: () => undefined,
  requestId: () => "request-1",
  contextId: () => "context-1",
  origin: () => "https://api.test",
  elapsed: () => 12.5,
  properties: () => JSON.stringify({ ip: "192.0.2.1" }),
};

/** What the host answers from now on; each test says what it needs. */
export function answer(more) {
  Object.assign(answers, more);
}

/** Forgets what was told and answered. */
export function reset() {
  calls.length = 0;
  for (const name of Object.keys(answers)) delete answers[name];
}

/** The calls of one function, without its name. */
export function callsOf(name) {
  return calls.filter(([called]) => called === name).map(([, ...args]) => args);
}

globalThis.tollgateNative = new Proxy(
  {},
  {
    get: (_, name) =>
      (...args) => {
        calls.push([name, ...args]);
        return (answers[name] ?? defaults[name])?.(...args);
      },
  },
);

for (const name of ["console", "runtime-background", "runtime-plugins-all", "runtime-zone-cache"]) {
  onDemand[name] = await import(`tollgate:${name}`);
}
