// URLs of files, and names of hosts.

import { coded, needString, wrongType } from "tollgate:node-errors";

const isURL = (value) => typeof value === "object" && value !== null && value.href !== undefined && value.protocol !== undefined;

/** The path of a `file:` URL. */
export function fileURLToPath(value) {
  const url = typeof value === "string" ? URL.parse(value) : value;
  if (url === null) throw Object.assign(coded(TypeError, "ERR_INVALID_URL", "Invalid URL"), { input: value });
  if (!isURL(url)) throw wrongType("path", "of type string or an instance of URL", value);
  if (url.protocol !== "file:") throw coded(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  if (url.hostname !== "") {
    throw coded(TypeError, "ERR_INVALID_FILE_URL_HOST", 'File URL host must be "localhost" or empty on linux');
  }
  if (/%2f/i.test(url.pathname)) {
    throw coded(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters");
  }
  return decodeURIComponent(url.pathname);
}

const ESCAPED = { "%": "%25", "\\": "%5C", "\n": "%0A", "\r": "%0D", "\t": "%09", "?": "%3F", "#": "%23" };

/** The `file:` URL of a path; of one that is not absolute, as seen from `/`. */
export function pathToFileURL(path) {
  needString(path, "path");
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const end = path.endsWith("/") && parts.length > 0 ? "/" : "";
  const escaped = `/${parts.join("/")}${end}`.replace(/[%\\\n\r\t?#]/g, (character) => ESCAPED[character]);
  return new URL(`file://${escaped}`);
}

/** A domain in ASCII; nothing where it is none. */
export function domainToASCII(domain) {
  const url = URL.parse(`ws://${domain}`);
  return url === null || /[/?#@:]/.test(`${domain}`) ? "" : url.hostname;
}
