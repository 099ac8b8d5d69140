// `@tollgate/runtime/aws`: requests to AWS, signed (Signature Version 4).

import { ConfigurationError } from "tollgate:runtime-errors";
import { unavailable } from "tollgate:runtime-not-available";
import { signed } from "tollgate:runtime-plugins-aws-signature";

const { Request, Uint8Array, URL, fetch } = globalThis;

/** Region and service by the host of a URL: `lambda.eu-central-1.amazonaws.com`. */
function placeOf(url) {
  const [service, region] = new URL(url).hostname.replace(/\.amazonaws\.com(\.cn)?$/, "").split(".").slice(-2);
  return { service, region };
}

export class AwsClient {
  #signer;

  /**
   * @param {{ accessKeyId: string, secretAccessKey: string, sessionToken?: string, region?: string, service?: string }}
   *   options What is not said of region and service, the host of the URL says.
   */
  constructor(options) {
    const { accessKeyId, secretAccessKey } = options ?? {};
    if (!accessKeyId || !secretAccessKey) throw new ConfigurationError("AwsClient needs `accessKeyId` and `secretAccessKey`");
    this.#signer = options;
  }

  /** The credentials that a policy has put into the context. */
  static fromContext(_context) {
    throw unavailable("AwsClient.fromContext", "no policy brings credentials yet: give them to `new AwsClient(…)`");
  }

  /** The request with the fields that sign it. */
  async sign(input, init = undefined) {
    const request = new Request(input, init);
    const body = new Uint8Array(await request.clone().arrayBuffer());
    const { accessKeyId, secretAccessKey, sessionToken, ...named } = this.#signer;
    const place = placeOf(request.url);
    const region = named.region ?? place.region;
    const service = named.service ?? place.service;
    const { url, method } = request;
    const type = request.headers.get("content-type");
    const headers = type === null ? {} : { "content-type": type };
    const fields = await signed({ method, url, headers, body }, { accessKeyId, secretAccessKey, sessionToken, region, service });
    for (const [name, value] of Object.entries(fields)) request.headers.set(name, value);
    return request;
  }

  /** Signs a request and sends it. */
  async fetch(input, init = undefined) {
    return fetch(await this.sign(input, init));
  }
}
