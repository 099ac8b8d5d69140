// `node:readline`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:readline", "there is no terminal");

export const Interface = refuse("Interface");
export const clearLine = refuse("clearLine");
export const clearScreenDown = refuse("clearScreenDown");
export const createInterface = refuse("createInterface");
export const cursorTo = refuse("cursorTo");
export const emitKeypressEvents = refuse("emitKeypressEvents");
export const moveCursor = refuse("moveCursor");

export default {
  Interface,
  clearLine,
  clearScreenDown,
  createInterface,
  cursorTo,
  emitKeypressEvents,
  moveCursor,
};
