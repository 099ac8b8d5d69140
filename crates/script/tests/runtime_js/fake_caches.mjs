// The gateway's byte cache, for tests: it forgets nothing by itself.

export const kept = new Map();
const at = (namespace, key) => JSON.stringify([namespace, key]);

export function cacheGet(namespace, key) {
  return kept.get(at(namespace, key))?.bytes;
}

export function cachePut(namespace, key, bytes, ttlSeconds) {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("bytes");
  kept.set(at(namespace, key), { bytes, ttlSeconds });
  return true;
}

export function cacheDelete(namespace, key) {
  return kept.delete(at(namespace, key));
}
