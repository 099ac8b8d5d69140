// Answers as bytes: the length of what is said about them, that as JSON, and their body.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Values of the fields that an answer varies by, in one text. `*` never is the same again. */
function varyOf(response, request) {
  const names = (response.headers.get("vary") ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== "").map((name) => [name, request.headers.get(name)]);
}

async function encodeEntry(request, response) {
  const { status, statusText } = response;
  const headers = [...response.headers];
  const vary = varyOf(response, request);
  const head = encoder.encode(JSON.stringify({ status, statusText, headers, vary, stored: Date.now() }));
  const body = new Uint8Array(await response.arrayBuffer());
  const bytes = new Uint8Array(4 + head.length + body.length);
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, 4);
  bytes.set(body, 4 + head.length);
  return bytes;
}

/** The answer, or nothing where it is one to another request. */
function decodeEntry(bytes, request, ignoreVary) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const { status, statusText, headers, vary, stored } = JSON.parse(decoder.decode(bytes.subarray(4, 4 + length)));
  if (!ignoreVary && vary.some(([name, value]) => request.headers.get(name) !== value)) return undefined;
  const body = [204, 205, 304].includes(status) ? null : bytes.slice(4 + length);
  const response = new Response(body, { status, statusText, headers });
  const before = seconds(response.headers.get("age") ?? "0");
  response.headers.set("age", String(before + Math.max(0, Math.round((Date.now() - stored) / 1000))));
  return response;
}
