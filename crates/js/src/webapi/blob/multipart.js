// Forms as bytes: `multipart/form-data` (HTML §4.10.21.8, RFC 7578) and what comes as
// `application/x-www-form-urlencoded`.

const escaped = { "\n": "%0A", "\r": "%0D", '"': "%22" };
const escape = (text) => text.replace(/[\n\r"]/g, (it) => escaped[it]);
const withCrLf = (text) => text.replace(/\r\n|\r|\n/g, "\r\n");

/**
 * @param {FormData} form
 * @returns {{ bytes: Uint8Array, type: string }} `type` is the whole value of `content-type`.
 */
export function encodeFormData(form) {
  const boundary = `----TollgateFormBoundary${native.random()}`;
  const chunks = [];
  for (const { name, value } of entriesOf(form)) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escape(withCrLf(name))}"`;
    if (typeof value === "string") {
      chunks.push(encode(`${head}\r\n\r\n${withCrLf(value)}\r\n`));
    } else {
      const type = value.type || "application/octet-stream";
      chunks.push(encode(`${head}; filename="${escape(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`), bytesOf(value), encode("\r\n"));
    }
  }
  chunks.push(encode(`--${boundary}--\r\n`));
  return { bytes: concat(chunks), type: `multipart/form-data; boundary=${boundary}` };
}

/**
 * @param {Uint8Array} bytes
 * @param {string | undefined} contentType The value of `content-type`, whole.
 * @returns {Promise<FormData>} Rejected with a TypeError where they are no form.
 */
export async function parseFormData(bytes, contentType) {
  const form = new FormData();
  const entries = entriesOf(form);
  const lastModified = Date.now();
  for (const [name, value, filename, type] of native.parse(bytes, contentType ?? "")) {
    const file = () => newFile(value, filename, { type, lastModified });
    entries.push({ name, value: typeof value === "string" ? value : file() });
  }
  return form;
}
