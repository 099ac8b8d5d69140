// Policies as projects write them, in every form.

import {
  ApiKeyInboundPolicy,
  ContextData,
  HttpProblems,
  HttpStatusCode,
  InboundPolicy,
  OutboundPolicy,
  RateLimitInboundPolicy,
  ZoneCache,
  ZuploContext,
  ZuploRequest,
  environment,
  type CustomRateLimitDetails,
  type InboundPolicyHandler,
} from "@tollgate/runtime";

interface Plan {
  plan: "free" | "gold";
}

type Shape = { Params: { id: string }; UserData: Plan; Query: { page: string } };

export default async function policy(
  request: ZuploRequest<Shape>,
  context: ZuploContext,
  options: { header: string },
  policyName: string,
): Promise<ZuploRequest | Response> {
  const id: string = request.params.id;
  const page: string = request.query.page;
  const plan: "free" | "gold" | undefined = request.user?.data.plan;
  // @ts-expect-error: the shape has no such parameter.
  request.params.other;
  // @ts-expect-error: nor is that a plan.
  const wrong: "silver" | undefined = request.user?.data.plan;
  if (plan === undefined) return HttpProblems.unauthorized(request, context, { detail: "Who?" });
  const headers = new Headers(request.headers);
  headers.set(options.header, `${id} ${page} ${policyName} ${environment.BACKEND ?? ""}`);
  return new ZuploRequest<Shape>(request, { headers });
}

export async function plain(request: ZuploRequest, context: ZuploContext) {
  context.log.info({ user: request.user?.sub, tier: context.route.raw<{ "x-tier": number }>()["x-tier"] });
  request.user = { sub: "ada", data: { anything: 1 } };
  context.custom.backend = request.params.id ?? request.query.id;
  context.waitUntil(fetch("https://log.test"));
  context.addResponseSendingHook(async (response, request, context) => new Response(response.body, response));
  context.addEventListener("responseSending", (event) => {
    event.mutableResponse = new Response(null, { status: HttpStatusCode.NO_CONTENT });
  });
  return new Request(request, { headers: { a: "1" } });
}

export const typed: InboundPolicyHandler<{ a: number }> = (request, context, options, name) => {
  const a: number = options.a;
  // @ts-expect-error: the options have no b.
  options.b;
  return a > 0 ? request : new Response(name);
};

export class Mine extends InboundPolicy<{ prefix: string }> {
  async handler(request: ZuploRequest, context: ZuploContext) {
    const keyed = await ApiKeyInboundPolicy(request, context, { allowUnauthenticatedRequests: true }, "keys");
    if (keyed instanceof Response) return keyed;
    const limited = await new RateLimitInboundPolicy({ requestsAllowed: 1 }, "l").handler(keyed, context);
    return limited instanceof Response ? limited : new ZuploRequest(limited, { user: { sub: this.options.prefix, data: {} } });
  }
}

export class Out extends OutboundPolicy {
  handler(response: Response, request: ZuploRequest, context: ZuploContext) {
    return new Response(response.body, { status: response.status, headers: { n: this.policyName, m: request.method, i: context.requestId } });
  }
}

// @ts-expect-error: an inbound policy needs its handler.
export class Incomplete extends InboundPolicy {}

export function identifier(request: ZuploRequest, context: ZuploContext): CustomRateLimitDetails | undefined {
  const seen = new ContextData<number>("seen");
  seen.set(context, (seen.get(context) ?? 0) + 1);
  return request.user ? { key: request.user.sub, requestsAllowed: 10 } : undefined;
}

export async function cached(request: ZuploRequest, context: ZuploContext) {
  const cache = new ZoneCache<Plan>("plans", context);
  const plan = await cache.get(request.user!.sub);
  if (plan === undefined) await cache.put("x", { plan: "gold" }, 60);
  // @ts-expect-error: no plan.
  await cache.put("x", { plan: "silver" }, 60);
  return request;
}
