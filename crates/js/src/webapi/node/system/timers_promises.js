// `node:timers/promises`.

const aborted = (signal) => {
  const error = new Error("The operation was aborted", { cause: signal.reason });
  error.name = "AbortError";
  return Object.assign(error, { code: "ABORT_ERR" });
};

/** A promise that is fulfilled after so many milliseconds. */
export async function setTimeout(delay = 1, value = undefined, options = undefined) {
  return wait(globalThis.setTimeout, delay, value, options?.signal);
}

function wait(start, delay, value, signal) {
  if (signal?.aborted) throw aborted(signal);
  return new Promise((resolve, reject) => {
    const stop = () => {
      globalThis.clearTimeout(id);
      reject(aborted(signal));
    };
    const ring = () => {
      signal?.removeEventListener("abort", stop);
      resolve(value);
    };
    const id = start(ring, delay);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** A promise that is fulfilled as soon as other work has had its turn. */
export async function setImmediate(value = undefined, options = undefined) {
  return wait(globalThis.setImmediate, undefined, value, options?.signal);
}

/** A value again and again, every so many milliseconds. */
export async function* setInterval(delay = 1, value = undefined, options = undefined) {
  while (true) yield await setTimeout(delay, value, options);
}

export const scheduler = {
  wait: (delay, options = undefined) => setTimeout(delay, undefined, options),
  yield: () => setImmediate(),
};

export default { scheduler, setImmediate, setInterval, setTimeout };
