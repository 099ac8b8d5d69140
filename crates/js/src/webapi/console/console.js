// `console`: what is logged becomes a line of text, by the rules of `node:util`; what has nothing to say to a log
// does nothing.

const { load, write } = import.meta.native;

/** As in Node, but that a value stays on its line: a log is read line by line. */
const ON_A_LINE = { compact: true, breakLength: Infinity };

let util;

/** The text of a line. What is a text already needs nobody to look at it. */
export function format(...values) {
  if (values.length === 1 && typeof values[0] === "string") return values[0];
  util ??= load("node-inspect");
  try {
    return util.formatWithOptions(ON_A_LINE, ...values);
  } catch (error) {
    // Getters and proxies may throw: logging never does.
    return `[what cannot be shown: ${error?.name ?? typeof error}]`;
  }
}

const at = (level) => (...values) => write(level, format(...values));
const nothing = () => {};
const shown = (value) => write(1, format("%O", value));

export const console = {
  debug: at(0),
  trace: at(0),
  log: at(1),
  info: at(1),
  warn: at(2),
  error: at(3),
  assert: (condition, ...values) => {
    if (!condition) write(3, `Assertion failed${values.length > 0 ? `: ${format(...values)}` : ""}`);
  },
  clear: nothing,
  count: nothing,
  countReset: nothing,
  dir: shown,
  dirxml: nothing,
  group: nothing,
  groupCollapsed: nothing,
  groupEnd: nothing,
  table: shown,
  time: nothing,
  timeEnd: nothing,
  timeLog: nothing,
};
