// Problems (RFC 9457), as a project's own code answers with them.

import { problemFormat } from "tollgate:runtime-extensions";
import { host, loadUrl } from "tollgate:runtime-host";
import { STATUSES, titleOf } from "tollgate:runtime-statuses";
import { stringify } from "tollgate:runtime-values";

const { Headers, Response } = globalThis;

/** Statuses whose responses have no body. */
const BODILESS = new Set([204, 205, 304]);

/** The gateway's own way to write a problem. */
export class ProblemResponseFormatter {
  /**
   * @param {object} input { problem, statusText?, additionalHeaders? }, or the problem itself.
   * @returns {Promise<Response>}
   */
  static async format(input, request, context) {
    const { problem, statusText, additionalHeaders } = described(input);
    const { status = 500 } = problem;
    const body = { type: typeOf(status), title: titleOf(status), status, ...problem };
    if (body.instance === undefined) body.instance = pathOf(request);
    if (body.trace === undefined) body.trace = traceOf(context);
    const headers = new Headers(additionalHeaders);
    if (BODILESS.has(status)) return new Response(null, { status, statusText, headers });
    if (!headers.has("content-type")) headers.set("content-type", "application/problem+json");
    return new Response(stringify(body), { status, statusText: statusText ?? titleOf(status), headers });
  }
}

function described(input) {
  return typeof input.problem === "object" && input.problem !== null ? input : { problem: input };
}

function typeOf(status) {
  return `https://httpproblems.com/http-status/${status}`;
}

function pathOf(request) {
  try {
    const { URL } = loadUrl();
    return new URL(request.url).pathname;
  } catch {
    return undefined;
  }
}

function traceOf(context) {
  return { timestamp: new Date().toISOString(), requestId: context?.requestId, buildId: host.buildId() };
}

/**
 * `HttpProblems.notFound(request, context, overrides?, additionalHeaders?)`, and one for each status.
 * What `overrides` has, `extensions` included, stands in the body as it is.
 */
export class HttpProblems {
  /** Writes a problem: by `problemResponseFormat` where the project has one. */
  static async format(input, request, context) {
    const format = problemFormat() ?? ProblemResponseFormatter.format;
    return format(described(input), request, context);
  }

  /** The members of a problem of that status. */
  static getProblemFromStatus(status, overrides) {
    const title = titleOf(status);
    return { type: typeOf(status), title, status, detail: title, ...overrides };
  }
}

for (const [status, name] of STATUSES) {
  const problem = (request, context, overrides, additionalHeaders) =>
    HttpProblems.format({ problem: HttpProblems.getProblemFromStatus(status, overrides), additionalHeaders }, request, context);
  Object.defineProperty(HttpProblems, name, { value: problem, configurable: true, writable: true });
}
