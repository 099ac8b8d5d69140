// `@tollgate/runtime/aws`: requests to AWS, signed.

declare module "@zuplo/runtime/aws" {
  export * from "@tollgate/runtime/aws";
}

declare module "@tollgate/runtime/aws" {
  import { ZuploContext } from "@tollgate/runtime";

  /** Who signs, and where it goes. */
  export interface AwsClientOptions {
    /** The id of the access key. */
    accessKeyId: string;
    /** The secret of it. */
    secretAccessKey: string;
    /** The token of credentials that are valid for a while only. */
    sessionToken?: string;
    /** The region; what the host of the URL says where it is not given. */
    region?: string;
    /** The service; likewise. */
    service?: string;
  }

  /**
   * Signs requests to AWS (Signature Version 4).
   *
   * @example
   * ```ts
   * const aws = new AwsClient({ accessKeyId: environment.AWS_ID!, secretAccessKey: environment.AWS_SECRET! });
   * const answer = await aws.fetch("https://sqs.eu-central-1.amazonaws.com/", { method: "POST", body: "Action=ListQueues" });
   * ```
   */
  export class AwsClient {
    /** @param options - Who signs, and where it goes. */
    constructor(options: AwsClientOptions);
    /** Not available in this version: no policy brings credentials. */
    static fromContext(context: ZuploContext): AwsClient;
    /** The request with the fields that sign it. */
    sign(input: string | URL | Request, init?: RequestInit): Promise<Request>;
    /** Signs a request and sends it. */
    fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  }
}
