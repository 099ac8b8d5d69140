import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
const pause = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));
await pause();
const als = new AsyncLocalStorage();
const get = () => als.getStore() ?? null;

// case: nothing outside of run
return [get(), als.run(1, get), get()];

// case: run passes arguments and returns
return als.run(1, (a, b) => [a, b, get()], 2, 3);

// case: run restores after a throw
try {
  als.run(1, () => {
    throw new Error("x");
  });
} catch {}
return get();

// case: nested runs
return als.run(1, () => [get(), als.run(2, () => [get(), als.run(3, get), get()]), get()]);

// case: stores of any value
return [null, 0, "", false].map((value) => als.run(value, () => als.getStore() === value));

// case: await of a number
return als.run(1, async () => {
  await 5;
  return get();
});

// case: await of nothing, many times
return als.run(1, async () => {
  const seen = [];
  for (let i = 0; i < 5; i++) {
    await undefined;
    seen.push(get());
  }
  return seen;
});

// case: await of a promise that is settled
return als.run(1, async () => {
  await Promise.resolve();
  return get();
});

// case: await of a promise that waits
return als.run(1, async () => {
  await pause();
  return get();
});

// case: await of a promise made outside
const outside = pause();
return als.run(1, async () => {
  await outside;
  return get();
});

// case: one promise, many who wait, each with its own
const shared = pause();
const waits = (store) =>
  als.run(store, async () => {
    await shared;
    const first = get();
    await shared;
    return [first, get()];
  });
const free = (async () => {
  await shared;
  return get();
})();
return Promise.all([waits(1), waits(2), free, waits(3)]);

// case: one promise that is rejected, many who wait
const shared = pause().then(() => {
  throw new Error("x");
});
const waits = (store) =>
  als.run(store, async () => {
    try {
      await shared;
    } catch {
      return get();
    }
  });
const free = (async () => {
  try {
    await shared;
  } catch {
    return get();
  }
})();
return Promise.all([waits(1), free, waits(2)]);

// case: an object with a then
const thenable = { then: (resolve) => resolve(get()) };
return als.run(1, async () => [await thenable, get()]);

// case: an object with a then that is late
const thenable = { then: (resolve) => void setTimeout(() => resolve(get()), 1) };
return als.run(1, async () => [await thenable, get()]);

// case: an object with a then that rejects
const thenable = { then: (_, reject) => pause().then(() => Promise.reject(new Error("x"))).then(undefined, reject) };
return als.run(1, async () => {
  try {
    await thenable;
  } catch {
    return get();
  }
});

// case: an object with a then that rejects at once
const thenable = { then: (_, reject) => Promise.reject(1).then(null, reject) };
return als.run(1, async () => {
  try {
    await thenable;
  } catch {
    return get();
  }
});

// case: a lazy query, as database packages have them
class Query extends Promise {
  static get [Symbol.species]() {
    return Promise;
  }
  then(resolve, reject) {
    this.ran = get();
    return super.then(resolve, reject);
  }
}
return als.run(1, async () => {
  const query = new Query((resolve) => setTimeout(resolve, 1));
  await query;
  return [query.ran, get()];
});

// case: a lazy query that fails
class Query extends Promise {
  static get [Symbol.species]() {
    return Promise;
  }
}
let fail;
const query = new Query((_, reject) => (fail = reject));
query.catch(() => {});
const waits = (store) =>
  als.run(store, async () => {
    try {
      await query;
    } catch {
      return get();
    }
  });
const both = [waits(1), waits(2)];
setTimeout(() => als.run(3, fail, new Error("x")), 1);
return Promise.all(both);

// case: promises of a subclass
class Mine extends Promise {}
return als.run(1, () =>
  Mine.resolve(1)
    .then(get)
    .then((seen) => [seen, get()]),
);

// case: then, catch, finally
return als.run(1, () =>
  Promise.resolve()
    .then(() => [get()])
    .then((seen) => Promise.reject([...seen, get()]))
    .catch((seen) => [...seen, get()])
    .finally(() => pause())
    .then((seen) => [...seen, get()]),
);

// case: a callback has the store of where then was called
const promise = als.run(1, () => pause());
return [await promise.then(get), await als.run(2, () => promise.then(get))];

// case: a promise settled elsewhere
let settle;
const promise = new Promise((resolve) => (settle = resolve));
const waits = als.run(1, async () => {
  await promise;
  return get();
});
als.run(2, settle);
return [await waits, get()];

// case: an async function that returns a promise
return als.run(1, async () => {
  const inner = async () => pause().then(get);
  const seen = await inner();
  return [seen, get()];
});

// case: calls that interleave
const call = (store) =>
  als.run(store, async () => {
    const seen = [];
    for (let i = 0; i < 4; i++) {
      await pause((store * 7 + i * 3) % 5);
      seen.push(get());
      await i;
      seen.push(get());
      await Promise.resolve(i);
      seen.push(get());
    }
    return seen.every((one) => one === store);
  });
return Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(call));

// case: Promise.all, allSettled, race, any
return als.run(1, async () => {
  const seen = [];
  await Promise.all([pause(), 1, Promise.resolve()]);
  seen.push(get());
  await Promise.allSettled([pause(), Promise.reject(1)]);
  seen.push(get());
  await Promise.race([pause(), pause(5)]);
  seen.push(get());
  await Promise.any([Promise.reject(1), pause()]);
  seen.push(get());
  try {
    await Promise.all([pause().then(() => Promise.reject(1)), pause(3)]);
  } catch {
    seen.push(get());
  }
  return seen;
});

// case: Promise.all with runs inside
return als.run(0, async () => [
  await Promise.all([1, 2, 3].map((n) => als.run(n, async () => (await pause(4 - n), get())))),
  get(),
]);

// case: timers
return als.run(1, () => new Promise((resolve) => setTimeout(() => resolve(get()), 1)));

// case: intervals
return als.run(
  1,
  () =>
    new Promise((resolve) => {
      const seen = [];
      const id = setInterval(() => {
        seen.push(get());
        if (seen.length === 3) {
          clearInterval(id);
          resolve(seen);
        }
      }, 1);
    }),
);

// case: timers with arguments, none inside
return [
  await new Promise((resolve) => als.run(1, () => setTimeout((a, b) => resolve([a, b, get()]), 1, 2, 3))),
  await new Promise((resolve) => setTimeout(() => resolve(get()), 1)),
];

// case: microtasks
return als.run(1, () => new Promise((resolve) => queueMicrotask(() => resolve(get()))));

// case: a microtask outside is outside
let seen = 1;
als.run(1, () => queueMicrotask(() => {}));
queueMicrotask(() => (seen = get()));
await pause();
return seen;

// case: nothing leaks to who waits for the same promise
let settle;
const promise = new Promise((resolve) => (settle = resolve));
const free = promise.then(get);
als.run(1, () => {
  Promise.resolve(1);
  settle();
});
return [await free, get()];

// case: nothing leaks into code that waits outside
let settle;
const promise = new Promise((resolve) => (settle = resolve));
const free = (async () => {
  await promise;
  const seen = get();
  await 1;
  return [seen, get()];
})();
als.run(1, () => {
  Promise.resolve(1);
  promise.constructor;
  settle();
});
return [await free, get()];

// case: async generators
async function* numbers() {
  yield get();
  await pause();
  yield get();
  await 1;
  yield get();
}
return als.run(1, async () => {
  const seen = [];
  for await (const store of numbers()) seen.push(store, get());
  return seen;
});

// case: for await over promises
return als.run(1, async () => {
  const seen = [];
  for await (const value of [pause().then(() => 1), 2, Promise.resolve(3)]) seen.push(value, get());
  return seen;
});

// case: generators run where they are asked
function* stores() {
  while (true) yield get();
}
const iterator = stores();
return [iterator.next().value, als.run(1, () => iterator.next().value), iterator.next().value];

// case: yield* of another
async function* inner() {
  await pause();
  yield get();
}
async function* outer() {
  yield* inner();
  yield get();
}
return als.run(1, async () => {
  const seen = [];
  for await (const store of outer()) seen.push(store);
  return seen;
});

// case: enterWith
const seen = [get()];
als.enterWith(1);
seen.push(get());
await pause();
seen.push(get());
await 1;
seen.push(get());
return seen;

// case: enterWith inside of run stays inside
const seen = als.run(1, () => {
  als.enterWith(2);
  return get();
});
return [seen, get()];

// case: enterWith in a function that is awaited
const inner = async () => {
  await pause();
  als.enterWith(2);
  await pause();
  return get();
};
return als.run(1, async () => [await inner(), get()]);

// case: exit
return als.run(1, async () => [get(), als.exit(get), await als.exit(async () => (await pause(), get())), get()]);

// case: exit passes arguments
return als.run(1, () => als.exit((a, b) => [a, b, get()], 2, 3));

// case: disable
return als.run(1, () => {
  als.disable();
  return [get(), als.run(2, get), get()];
});

// case: two stores
const other = new AsyncLocalStorage();
return als.run(1, () =>
  other.run(2, async () => {
    await pause();
    return [get(), other.getStore(), als.exit(() => [get(), other.getStore()]), als.run(3, () => [get(), other.getStore()])];
  }),
);

// case: bind
const bound = als.run(1, () => AsyncLocalStorage.bind((a) => [a, get()]));
return [bound(5), als.run(2, bound, 6), get()];

// case: snapshot
const snapshot = als.run(1, () => AsyncLocalStorage.snapshot());
return [snapshot(get), als.run(2, () => snapshot((a, b) => [a, b, get()], 3, 4))];

// case: bind keeps this
const bound = als.run(1, () =>
  AsyncLocalStorage.bind(function () {
    return [this.x, get()];
  }),
);
return bound.call({ x: 7 });

// case: resources
const resource = als.run(1, () => new AsyncResource("Pool"));
return als.run(2, () => [
  resource.runInAsyncScope(get),
  resource.runInAsyncScope((a, b) => [a, b, get()], null, 3, 4),
  resource.runInAsyncScope(function () {
    return this.x;
  }, { x: 5 }),
  get(),
]);

// case: resources bind
const resource = als.run(1, () => new AsyncResource("Pool"));
const bound = resource.bind((a) => [a, get()]);
return [als.run(2, bound, 3), AsyncResource.bind(get)(), als.run(4, () => AsyncResource.bind(get))()];

// case: a pool that calls back
const waiting = [];
const work = () => new Promise((resolve) => waiting.push(AsyncResource.bind(resolve)));
const call = (store) => als.run(store, async () => (await work(), get()));
const calls = [call(1), call(2)];
als.run(3, () => waiting.reverse().forEach((done) => done()));
return Promise.all(calls);

// case: a resource needs a type
return new AsyncResource(5);

// case: bind needs a function
return AsyncLocalStorage.bind(5);

// case: a store after an error that was caught
return als.run(1, async () => {
  try {
    await Promise.reject(new Error("x"));
  } catch {
    const seen = [get()];
    await pause();
    return [...seen, get()];
  }
});

// case: a store after an error of an async function
const fails = async () => {
  await pause();
  throw new Error("x");
};
return als.run(1, async () => {
  const seen = [];
  try {
    await fails();
  } catch {
    seen.push(get());
  } finally {
    await 1;
    seen.push(get());
  }
  return seen;
});

// case: streams
return als.run(1, async () => {
  const stream = new ReadableStream({
    async start(controller) {
      await pause();
      controller.enqueue(get());
      controller.close();
    },
  });
  const reader = stream.getReader();
  return [(await reader.read()).value, get()];
});

// case: what was thrown stays unhandled or handled as before
return als.run(1, async () => {
  const failing = Promise.reject(new Error("x"));
  const seen = await failing.catch((error) => error.message);
  return [seen, failing.constructor === Promise, failing.constructor.name, get()];
});

// case: promises are as they were
class Mine extends Promise {}
const own = Promise.resolve(1);
own.constructor = Mine;
return [
  Promise.resolve(own) === own,
  Object.keys(own),
  Promise.prototype.constructor === Promise,
  Object.keys(Promise.prototype),
  new Mine(() => {}).constructor === Mine,
  Mine.resolve(1).then(() => 1) instanceof Mine,
  Promise.resolve().then.length,
  Promise.prototype.then.name,
];

// case: the order of jobs is as it was
const seen = [];
await als.run(1, async () => {
  const one = async () => {
    seen.push(1);
    await null;
    seen.push(2);
    await Promise.resolve();
    seen.push(3);
  };
  const two = Promise.resolve()
    .then(() => seen.push(4))
    .then(() => seen.push(5))
    .then(() => seen.push(6));
  queueMicrotask(() => seen.push(7));
  const three = (async () => {
    await { then: (resolve) => resolve(seen.push(8)) };
    seen.push(9);
  })();
  await Promise.all([one(), two, three]);
});
return seen;

// case: what is adopted by a promise
const thenable = (store) => ({ then: (resolve) => resolve([store, get()]) });
return Promise.all([
  als.run(1, () => Promise.resolve(thenable(1))),
  als.run(2, () => new Promise((resolve) => resolve(thenable(2)))),
  als.run(3, async () => thenable(3)),
  als.run(4, () => Promise.resolve().then(() => thenable(4))),
]);

// case: Promise.withResolvers-like deferreds
const deferred = () => {
  const it = {};
  it.promise = new Promise((resolve, reject) => Object.assign(it, { resolve, reject }));
  return it;
};
const one = deferred();
const two = deferred();
const waits = (store, { promise }) => als.run(store, () => promise.then(get, get));
const all = [waits(1, one), waits(2, two), waits(3, one), waits(4, two)];
als.run(5, () => {
  two.reject(1);
  one.resolve(1);
});
return Promise.all(all);
