// What the algorithms with secret keys have in common.

import { notSupported } from "tollgate:crypto-convert";

const { randomBytes } = import.meta.native;
const { isView } = ArrayBuffer;

/** As many random bits as asked for. */
export const randomSecret = (bits) => randomBytes(bits / 8);

/** Something of which `byteLength` is the number of bytes, whatever it is a view of. */
export const secretBytes = (source) => (isView(source) ? source : new Uint8Array(source));

export const noSuchFormat = (name, format) => notSupported(`keys of ${name} do not come as \`${format}\``);
