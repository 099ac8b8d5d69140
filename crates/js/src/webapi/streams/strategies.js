// Queuing strategies (§7).

/** The `size` of all strategies of a kind is one function. */
const byteLength = { size: (chunk) => chunk.byteLength }.size;
const one = { size: () => 1 }.size;

function markOf(init) {
  if (!isObject(init)) throw new TypeError("a queuing strategy is made of an object with a highWaterMark");
  const { highWaterMark } = init;
  if (highWaterMark === undefined) throw new TypeError("highWaterMark is missing");
  return +highWaterMark;
}

export class ByteLengthQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    this.#highWaterMark = markOf(init);
  }

  get highWaterMark() {
    return this.#highWaterMark;
  }

  get size() {
    this.#highWaterMark;
    return byteLength;
  }
}

export class CountQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    this.#highWaterMark = markOf(init);
  }

  get highWaterMark() {
    return this.#highWaterMark;
  }

  get size() {
    this.#highWaterMark;
    return one;
  }
}

asInterface(ByteLengthQueuingStrategy);
asInterface(CountQueuingStrategy);
