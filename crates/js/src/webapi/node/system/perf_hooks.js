// `node:perf_hooks`: a clock. Nothing is measured that could be observed.

import { coded } from "tollgate:node-errors";

export const { performance } = globalThis;
export const constants = {};

export class PerformanceObserver {
  static supportedEntryTypes = [];
  observe() {}
  disconnect() {}
  takeRecords() {
    return [];
  }
}

const refused = (name) => () => {
  throw coded(Error, "ERR_FEATURE_UNAVAILABLE", `perf_hooks.${name} is not available in scripts`);
};
export const monitorEventLoopDelay = refused("monitorEventLoopDelay");
export const createHistogram = refused("createHistogram");

export default { PerformanceObserver, constants, createHistogram, monitorEventLoopDelay, performance };
