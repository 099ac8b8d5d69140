// `caches` (Service Workers §5.4, the part that gateways use): answers by the addresses of their requests.
// All engines of the process share them, in memory.

const INSIDE = Symbol("inside");

/** The request, whatever stands for it. */
const requestOf = (input) => (input instanceof Request ? input : new Request(input));

/** The address without its fragment, and without its query where that does not count. */
function addressOf(request, ignoreSearch = false) {
  const url = new URL(request.url);
  url.hash = "";
  if (ignoreSearch) url.search = "";
  return url.href;
}

/** Under what the address stands that was put last, whatever its query: no address begins like this. */
const anyQuery = (request) => `?${addressOf(request, true)}`;

const optionsOf = (options) => {
  const { ignoreMethod = false, ignoreSearch = false, ignoreVary = false } = options ?? {};
  return { ignoreMethod: !!ignoreMethod, ignoreSearch: !!ignoreSearch, ignoreVary: !!ignoreVary };
};

/** Caches by name. An answer that no header speaks for is kept for two hours. */
export class Cache {
  #namespace;

  constructor(key, name) {
    if (key !== INSIDE) throw new TypeError("a Cache is opened by `caches.open`");
    this.#namespace = `caches:${name}`;
  }

  /** The key of what matches a request, or nothing. */
  #find(request, { ignoreMethod, ignoreSearch }) {
    if (request.method !== "GET" && !ignoreMethod) return undefined;
    const key = addressOf(request);
    if (!ignoreSearch || cacheGet(this.#namespace, key) !== undefined) return key;
    const other = cacheGet(this.#namespace, anyQuery(request));
    return other === undefined ? undefined : decoder.decode(other);
  }

  /** @returns {Promise<Response | undefined>} */
  async match(input, options = undefined) {
    const request = requestOf(input);
    const rules = optionsOf(options);
    const key = this.#find(request, rules);
    const bytes = key === undefined ? undefined : cacheGet(this.#namespace, key);
    return bytes === undefined ? undefined : decodeEntry(bytes, request, rules.ignoreVary);
  }

  /** Keeps an answer for as long as its headers let it; one that must not be kept removes what was there. */
  async put(input, response) {
    const request = requestOf(input);
    if (request.method !== "GET") throw new TypeError("Cache.put: only answers to GET can be kept");
    if (!/^https?:/.test(request.url)) throw new TypeError("Cache.put: only http and https have answers that can be kept");
    if (!(response instanceof Response)) throw new TypeError("Cache.put: this is no Response");
    if (response.status === 206) throw new TypeError("Cache.put: a part of an answer cannot be kept");
    if (varyOf(response, request).some(([name]) => name === "*")) throw new TypeError("Cache.put: an answer that varies by `*` cannot be kept");
    if (response.bodyUsed) throw new TypeError("Cache.put: the body was read before");
    const lifetime = response.headers.has("set-cookie") ? 0 : lifetimeOf(response.headers);
    const key = addressOf(request);
    const bytes = await encodeEntry(request, response);
    if (!(lifetime > 0)) {
      cacheDelete(this.#namespace, key);
      return;
    }
    if (cachePut(this.#namespace, key, bytes, lifetime)) {
      cachePut(this.#namespace, anyQuery(request), encoder.encode(key), lifetime);
    }
  }

  /** @returns {Promise<boolean>} whether there was something */
  async delete(input, options = undefined) {
    const request = requestOf(input);
    const key = this.#find(request, optionsOf(options));
    return key !== undefined && cacheDelete(this.#namespace, key);
  }
}

class CacheStorage {
  #default = new Cache(INSIDE, "default");

  /** The cache that has no name of its own. */
  get default() {
    return this.#default;
  }

  /** @returns {Promise<Cache>} */
  async open(name) {
    if (arguments.length === 0) throw new TypeError("caches.open needs a name");
    return new Cache(INSIDE, `named:${name}`);
  }
}

for (const Class of [Cache, CacheStorage]) {
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: Class.name, configurable: true });
}

export const caches = new CacheStorage();
