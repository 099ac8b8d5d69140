// `context.route`: what the document says of the route, read when it is first asked for.

import { host } from "tollgate:runtime-host";
import { parse } from "tollgate:runtime-values";

/** Routes by the gateway's number for them: one object for each, as long as the engine lives. */
const known = new Map();

class Route {
  #read;
  #raw;

  /** @param {object} fields @param {() => string | undefined} read */
  constructor(fields, read) {
    Object.assign(this, fields);
    this.#read = read;
  }

  /** The operation as the document has it, extensions included. */
  raw() {
    if (this.#raw === undefined) {
      const text = this.#read();
      this.#raw = text === undefined ? {} : parse(text);
    }
    return this.#raw;
  }
}

/** The route of a context. A request that no route answers has one that matches every path. */
export function routeOf(handle) {
  const id = host.routeId(handle);
  if (id !== undefined) {
    const route = known.get(id);
    if (route !== undefined) return route;
  }
  const text = host.route(handle);
  const fields = text === undefined ? { path: "/(.*)", methods: [], policies: { inbound: [], outbound: [] } } : parse(text);
  const raw = text === undefined ? undefined : host.routeRaw(handle);
  const route = new Route(fields, () => raw);
  if (id !== undefined) known.set(id, route);
  return route;
}

/** Routes that are not a context's own: JSON of [{ route, raw }]. */
export function routesOf(json) {
  return parse(json).map(({ route, raw }) => new Route(route, () => JSON.stringify(raw)));
}
