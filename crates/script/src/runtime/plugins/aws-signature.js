// The signature of requests to AWS (Signature Version 4).

import { hex, hmac, sha256, utf8 } from "tollgate:runtime-plugins-cloud-crypto";

/** Percent-encodes everything but what is unreserved (RFC 3986 §2.3). */
function encode(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

function order(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function canonicalQuery(url) {
  const pairs = [...url.searchParams].map(([name, value]) => [encode(name), encode(value)]);
  // By name, then by value, in the order of their bytes.
  pairs.sort((a, b) => (a[0] === b[0] ? order(a[1], b[1]) : order(a[0], b[0])));
  return pairs.map((pair) => pair.join("=")).join("&");
}

/**
 * The header fields of a request, with those that sign it.
 *
 * @param {{ method: string, url: string, headers?: Record<string, string>, body?: string | Uint8Array }} request
 * @param {{ accessKeyId: string, secretAccessKey: string, sessionToken?: string, region: string, service: string }} signer
 * @param {Date} [now]
 */
export async function signed({ method, url, headers = {}, body = "" }, signer, now = new Date()) {
  const target = new URL(url);
  const moment = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const day = moment.slice(0, 8);
  const all = { ...headers, host: target.host, "x-amz-date": moment };
  if (signer.sessionToken !== undefined) all["x-amz-security-token"] = signer.sessionToken;
  const fields = Object.entries(all).map(([name, value]) => [name.toLowerCase(), String(value).trim().replace(/ +/g, " ")]);
  fields.sort(([a], [b]) => order(a, b));
  const names = fields.map(([name]) => name).join(";");
  const canonical = [
    method,
    // Encoded once more than it is sent, but for one service.
    signer.service === "s3" ? target.pathname : target.pathname.split("/").map(encode).join("/"),
    canonicalQuery(target),
    ...fields.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    hex(await sha256(body)),
  ].join("\n");
  const scope = `${day}/${signer.region}/${signer.service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", moment, scope, hex(await sha256(canonical))].join("\n");
  let key = utf8(`AWS4${signer.secretAccessKey}`);
  for (const part of [day, signer.region, signer.service, "aws4_request"]) key = await hmac(key, part);
  const signature = hex(await hmac(key, text));
  const { host: _, ...sent } = all;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${signer.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
