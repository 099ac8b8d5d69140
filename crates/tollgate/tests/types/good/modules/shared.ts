import {
  BackgroundDispatcher,
  BackgroundLoader,
  ComplexCustomRateLimitDetails,
  CustomRateLimitDetails,
  GetQuotaAnchorDateFunction,
  GetQuotaDetailFunction,
  MemoryZoneReadThroughCache,
  RateLimitFunction,
  StreamingZoneCache,
  ZoneCache,
  ZuploContext,
  ZuploRequest,
} from "@tollgate/runtime";

interface Plan {
  name: string;
  calls: number;
}

const events = new BackgroundDispatcher<{ at: number }>(
  async (batch) => {
    await fetch("http://127.0.0.1:9/", { method: "POST", body: JSON.stringify(batch.map(({ at }) => at)) });
  },
  { msDelay: 100, name: "events", maxBatchSize: 10, maxQueueSize: 100 },
);
const plans = new BackgroundLoader<Plan>(async (key) => ({ name: key, calls: 1 }), { ttlSeconds: 60 });

export default async function cached(request: ZuploRequest, context: ZuploContext) {
  events.enqueue({ at: Date.now() }, context);
  if (events.totalDropped > 0) await events.flush();
  const zone = new ZoneCache<Plan>("plans", context);
  const near = new MemoryZoneReadThroughCache<Plan>("plans", context, { maxSize: 10 });
  const plan: Plan = (await near.get("a")) ?? (await zone.get("a")) ?? (await plans.get("a"));
  near.put("a", plan, 5);
  context.waitUntil(zone.put("a", plan, 60));
  const bodies = new StreamingZoneCache("bodies", context);
  const body = await bodies.get(request.url);
  if (body !== undefined) return new Response(body);
  const response = await fetch(request.url);
  if (response.body === null) return response;
  const [kept, sent] = response.body.tee();
  context.waitUntil(bodies.put(request.url, kept, 60));
  return new Response(sent, response);
}

export function byTenant(request: ZuploRequest, _context: ZuploContext, _policyName: string): CustomRateLimitDetails | undefined {
  const tenant = request.headers.get("x-tenant");
  return tenant === null ? undefined : { key: tenant, requestsAllowed: 10, timeWindowMinutes: 0.5 };
}

export const asLimit: RateLimitFunction = byTenant;

export const byParts = (request: ZuploRequest): ComplexCustomRateLimitDetails => ({
  key: request.user?.sub ?? "nobody",
  limits: { reads: 10, writes: 1 },
});

export const getQuotaDetail: GetQuotaDetailFunction = async (request) => ({ key: request.user!.sub, allowances: { calls: 9 } });
export const getAnchorDate: GetQuotaAnchorDateFunction = () => new Date(0);
