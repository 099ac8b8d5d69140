// `ZuploRequest`: the Web's Request, with the path parameters, the query and the user.
//
// This class is on the path of every call, so what it knows stands in a few slots, set only where there
// is something to keep. A request that the gateway made carries its handle, and asks for parameters and
// user when they are first read; one that a script derives from it points back to it. What a script
// assigns stays with the request that it assigns it to, and with those derived from that one later.

import { host, loadUrl } from "tollgate:runtime-host";
import { parse } from "tollgate:runtime-values";

const { Request } = globalThis;
const { hasOwn, getPrototypeOf, setPrototypeOf } = Object;

/** Set by the gateway on the requests that it makes: what it knows them by. */
export const HANDLE = Symbol("handle");
/** The request of the gateway's own that this one was derived from. */
const SOURCE = Symbol("source");
/** Assigned by a script; null for nobody. */
const USER = Symbol("user");
const PARAMS = Symbol("params");
/** Read from the gateway, once for each of its requests. */
const LOADED_USER = Symbol("loadedUser");
const LOADED_PARAMS = Symbol("loadedParams");
const QUERY = Symbol("query");

/** Whether the gateway knows that code assigns: until then it need not ask what has changed. */
let assigned = false;

/** What code assigns, or is given to change without the gateway's hearing of it. */
function assign(request, slot, value) {
  if (!assigned) {
    assigned = true;
    host.assigned();
  }
  request[slot] = value;
  return value;
}

export class ZuploRequest extends Request {
  /**
   * @param {string | URL | Request} input
   * @param {RequestInit & { params?: object, user?: object }} [init] Parameters and user that it does
   *   not name are those of `input`, where that is a ZuploRequest. It may be a request itself.
   */
  constructor(input, init) {
    super(input, init);
    carry(this, input);
    if (init !== undefined && init !== null) {
      const isRequest = sourceOf(init) !== undefined || init[USER] !== undefined || init[PARAMS] !== undefined;
      if (isRequest) carry(this, init);
      const { params, user } = isRequest ? own(init) : init;
      if (params !== undefined) assign(this, PARAMS, params);
      if (user !== undefined) assign(this, USER, user);
    }
  }

  /** The parameters of the path, decoded. */
  get params() {
    const own = this[PARAMS];
    if (own !== undefined) return own;
    const source = sourceOf(this);
    if (source === undefined) return assign(this, PARAMS, {});
    let loaded = source[LOADED_PARAMS];
    if (loaded === undefined) {
      const text = host.params(source[HANDLE]);
      loaded = text === undefined ? {} : parse(text);
      source[LOADED_PARAMS] = loaded;
    }
    return loaded;
  }

  set params(params) {
    assign(this, PARAMS, params);
  }

  /** The parameters of the query, decoded. Of a name that is there twice the first counts, as in templates. */
  get query() {
    return this[QUERY] ?? (this[QUERY] = queryOf(this.url));
  }

  // Routers put what they have read of a request on it: a form of their own, for this request alone.
  set query(query) {
    this[QUERY] = query;
  }

  /** Who calls, once a policy has established it. */
  get user() {
    let user = this[USER];
    if (user === undefined) {
      const source = sourceOf(this);
      if (source === undefined) return undefined;
      user = source[LOADED_USER];
      if (user === undefined) {
        const text = host.user(source[HANDLE]);
        user = text === undefined ? null : parse(text);
        source[LOADED_USER] = user;
      }
    }
    return user === null ? undefined : user;
  }

  set user(user) {
    assign(this, USER, user ?? null);
  }

  clone() {
    const copy = super.clone();
    if (getPrototypeOf(copy) !== ZuploRequest.prototype) setPrototypeOf(copy, ZuploRequest.prototype);
    carry(copy, this);
    return copy;
  }
}

/** The request of the gateway's own behind a request. */
function sourceOf(request) {
  return request[HANDLE] === undefined ? request[SOURCE] : request;
}

/** Takes over what another request knows. */
function carry(request, from) {
  const source = sourceOf(from);
  if (source !== undefined) request[SOURCE] = source;
  const params = from[PARAMS];
  if (params !== undefined) request[PARAMS] = params;
  const user = from[USER];
  if (user !== undefined) request[USER] = user;
}

/** What an init that is a request, or was spread from one, names itself. */
function own(init) {
  return {
    params: hasOwn(init, "params") ? init.params : undefined,
    user: hasOwn(init, "user") ? init.user : undefined,
  };
}

function queryOf(url) {
  const query = {};
  const hash = url.indexOf("#");
  const end = hash === -1 ? url.length : hash;
  const start = url.indexOf("?");
  if (start === -1 || start > end) return query;
  const { URLSearchParams } = loadUrl();
  for (const [name, value] of new URLSearchParams(url.slice(start + 1, end))) {
    if (!hasOwn(query, name)) query[name] = value;
  }
  return query;
}

/**
 * Makes of a request that a script returned one that the next can go on with: it is a ZuploRequest,
 * and where it knows nothing of parameters and user, it has those of the request before it.
 */
export function inherit(result, previous) {
  let request = result;
  if (!(result instanceof ZuploRequest)) {
    if (getPrototypeOf(result) === Request.prototype) setPrototypeOf(result, ZuploRequest.prototype);
    else request = new ZuploRequest(result);
  }
  if (sourceOf(request) === undefined) {
    const source = sourceOf(previous);
    if (source !== undefined) request[SOURCE] = source;
    if (request[PARAMS] === undefined && previous[PARAMS] !== undefined) request[PARAMS] = previous[PARAMS];
    if (request[USER] === undefined && previous[USER] !== undefined) request[USER] = previous[USER];
  }
  return request;
}

/** The user where the script may have changed it: `undefined` for untouched, null for nobody. */
export function touchedUser(request) {
  const user = request[USER];
  if (user !== undefined) return user;
  return sourceOf(request)?.[LOADED_USER] ?? undefined;
}

/** The parameters where the script may have changed them; `undefined` for untouched. */
export function touchedParams(request) {
  return request[PARAMS] ?? sourceOf(request)?.[LOADED_PARAMS];
}

/** Tells a request of the gateway's own what native code made of it meanwhile. */
export function setState(request, { params, user }) {
  if (params !== undefined) assign(request, PARAMS, parse(params));
  if (user !== undefined) assign(request, USER, parse(user));
}
