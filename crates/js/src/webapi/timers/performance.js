// `performance`: a clock. Marks and measures are made, and kept by nobody: who measures a gateway from
// within reads the clock.

const began = native.now();
const timeOrigin = Date.now();

/** Milliseconds since `timeOrigin`. */
export const now = () => native.now() - began;

class PerformanceEntry {
  constructor(name, entryType, startTime, duration, detail) {
    Object.assign(this, { name: String(name), entryType, startTime, duration, detail });
  }

  toJSON() {
    return { ...this };
  }
}

class Performance {
  get timeOrigin() {
    return timeOrigin;
  }

  now() {
    return now();
  }

  mark(name, { startTime = now(), detail = null } = {}) {
    return new PerformanceEntry(name, "mark", startTime, 0, detail);
  }

  measure(name, from, to) {
    const { start = from, end = to, detail = null } = typeof from === "object" && from !== null ? from : {};
    const at = (point, otherwise) => (typeof point === "number" ? point : otherwise);
    const startTime = at(start, 0);
    return new PerformanceEntry(name, "measure", startTime, at(end, now()) - startTime, detail);
  }

  clearMarks() {}
  clearMeasures() {}
  clearResourceTimings() {}
  setResourceTimingBufferSize() {}

  getEntries() {
    return [];
  }

  getEntriesByName() {
    return [];
  }

  getEntriesByType() {
    return [];
  }

  toJSON() {
    return { timeOrigin };
  }

  get [Symbol.toStringTag]() {
    return "Performance";
  }
}

export const performance = new Performance();
