// `node:tty`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:tty", "there is no terminal");

export const ReadStream = refuse("ReadStream");
export const WriteStream = refuse("WriteStream");

export const isatty = () => false;

export default {
  ReadStream,
  WriteStream,
  isatty,
};
