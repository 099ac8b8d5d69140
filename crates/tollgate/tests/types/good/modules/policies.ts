import {
  ApiKeyInboundPolicy,
  HttpProblems,
  InboundPolicy,
  InboundPolicyHandler,
  OutboundPolicy,
  OutboundPolicyHandler,
  SetHeadersInboundPolicy,
  SetHeadersOutboundPolicy,
  ZuploContext,
  ZuploRequest,
} from "@tollgate/runtime";

interface TenantOptions {
  header: string;
}

interface Claims {
  plan: "free" | "gold";
  tenant?: string;
}

type Call = ZuploRequest<{ Params: { id: string }; Query: { page?: string }; UserData: Claims }>;

export default async function tenant(
  request: ZuploRequest,
  context: ZuploContext,
  options: TenantOptions,
  policyName: string,
): Promise<ZuploRequest | Response> {
  const name = request.headers.get(options.header);
  if (name === null) {
    return HttpProblems.badRequest(request, context, { detail: `${options.header} is missing.`, policyName });
  }
  context.log.info("tenant", name);
  context.custom.tenant = name;
  const headers = new Headers(request.headers);
  headers.set("x-tenant", name.toLowerCase());
  return new ZuploRequest(request, { headers });
}

export const typed: InboundPolicyHandler<TenantOptions> = (request, _context, options) => {
  request.user = { sub: request.params.id ?? "nobody", data: { header: options.header } };
  return request;
};

/** What the project knows of the request is said by the parameter. */
export const known: InboundPolicyHandler = async (request: Call, context) => {
  const page = Number(request.query.page ?? "1");
  const plan = request.user?.data.plan ?? "free";
  if (plan === "gold") context.log.setLogProperties({ plan, page, id: request.params.id });
  return new ZuploRequest(request.url, { method: request.method, params: request.params, user: request.user });
};

export const plain: InboundPolicyHandler = (request) => new Request(request, { headers: { "x-a": "b" } });

export const outbound: OutboundPolicyHandler<{ remove: string[] }> = (response, request, context, options) => {
  const headers = new Headers(response.headers);
  for (const name of options.remove) headers.delete(name);
  headers.set("x-request", `${request.method} ${context.requestId}`);
  return new Response(response.body, { status: response.status, headers });
};

export class Tenant extends InboundPolicy<TenantOptions> {
  readonly #header: string;

  constructor(options: TenantOptions, policyName: string) {
    super(options, policyName);
    this.#header = options.header.toLowerCase();
  }

  async handler(request: Call, context: ZuploContext) {
    context.log.debug(this.policyName, this.options.header, request.headers.get(this.#header));
    const next = await context.invokeInboundPolicy("typed", request);
    return next instanceof Response ? next : next.clone();
  }
}

export class Seal extends OutboundPolicy {
  handler(response: Response, request: ZuploRequest, context: ZuploContext) {
    return context.invokeOutboundPolicy("outbound", response, request);
  }
}

export async function both(request: ZuploRequest, context: ZuploContext) {
  const next = await SetHeadersInboundPolicy(request, context, { headers: [{ name: "x-a", value: "b" }] }, "set");
  if (next instanceof Response) return next;
  const keys = new ApiKeyInboundPolicy({ allowUnauthenticatedRequests: true }, "keys");
  const known = await keys.handler(next, context);
  return known instanceof Response ? SetHeadersOutboundPolicy(known, request, context, { headers: [] }) : known;
}

export class LoggedKeys extends ApiKeyInboundPolicy {
  override async handler(request: Request, context: ZuploContext) {
    context.log.info("asking for a key");
    return super.handler(request, context);
  }
}
