// Bytes by namespace and key, shared by all engines of the process.

const native = import.meta.native;

/**
 * @param {string} namespace
 * @param {string} key
 * @returns {Uint8Array | undefined} a copy of what was put there, unless its time is over
 */
export const cacheGet = (namespace, key) => native.get(namespace, key);

/**
 * @param {string} namespace
 * @param {string} key
 * @param {BufferSource} bytes
 * @param {number} ttlSeconds how long they are kept at most
 * @returns {boolean} whether they are kept: not where they are larger than the whole cache
 */
export const cachePut = (namespace, key, bytes, ttlSeconds) => native.put(namespace, key, bytes, ttlSeconds);

/**
 * @param {string} namespace
 * @param {string} key
 * @returns {boolean} whether there was something
 */
export const cacheDelete = (namespace, key) => native.delete(namespace, key);
