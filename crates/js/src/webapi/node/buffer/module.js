// What `node:buffer` exports next to `Buffer`.

import { Buffer, MOST, bytesOf, isUtf8Bytes } from "tollgate:node-buffer-class";
import { coded } from "tollgate:node-errors";

export { Buffer };

export const { Blob, File, atob, btoa } = globalThis;

export const kMaxLength = MOST;
export const kStringMaxLength = 0x1fffffe8;
export const INSPECT_MAX_BYTES = 50;
export const constants = Object.freeze({ MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength });

/** What `Buffer.allocUnsafeSlow` is by another name. */
export function SlowBuffer(size) {
  return Buffer.allocUnsafeSlow(size);
}

/** Whether bytes are UTF-8. */
export const isUtf8 = (input) => isUtf8Bytes(bytesOf(input, "input"));

/** Whether bytes are ASCII. */
export const isAscii = (input) => bytesOf(input, "input").every((byte) => byte < 128);

/** Bytes of a text in one encoding as bytes in another. */
export function transcode(source, from, to) {
  if (!Buffer.isEncoding(from) || !Buffer.isEncoding(to)) {
    throw coded(Error, "U_ILLEGAL_ARGUMENT_ERROR", "Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]");
  }
  return Buffer.from(Buffer.from(bytesOf(source, "source")).toString(from), to);
}

export default {
  Blob,
  Buffer,
  File,
  INSPECT_MAX_BYTES,
  SlowBuffer,
  atob,
  btoa,
  constants,
  isAscii,
  isUtf8,
  kMaxLength,
  kStringMaxLength,
  transcode,
};
