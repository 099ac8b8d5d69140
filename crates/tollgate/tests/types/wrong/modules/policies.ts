// What is wrong on a line is said at its end: the compiler must say so, and nothing else.
import { Gone } from "@tollgate/runtime"; // TS2305
import {
  HttpProblems,
  InboundPolicy,
  InboundPolicyHandler,
  JwtServicePlugin,
  OutboundPolicyHandler,
  RateLimitInboundPolicy,
  RuntimeExtensions,
  SetHeadersInboundPolicy,
  ZoneCache,
  ZuploContext,
  ZuploRequest,
  environment,
} from "@zuplo/runtime";

export const number: InboundPolicyHandler = () => 42; // TS2322
export const forgotten: InboundPolicyHandler = (request) => void request; // TS2322
export const early: OutboundPolicyHandler = (_response, request) => request; // TS2322
export const option: InboundPolicyHandler<{ header: string }> = (request, _context, options) => {
  request.headers.get(options.heeder); // TS2551
  return request;
};

export class Silent extends InboundPolicy {} // TS2515

export function misspelt(request: ZuploRequest, context: ZuploContext) {
  context.log.inform("what"); // TS2551
  request.user.sub; // TS18048
  return HttpProblems.notfound(request, context); // TS2551
}

export async function typed(request: ZuploRequest<{ UserData: { plan: string }; Params: { id: string } }>, context: ZuploContext) {
  request.user?.data.plans; // TS2551
  request.params.name; // TS2339
  await new ZoneCache<{ a: number }>("a", context).put("a", { a: "b" }, 1); // TS2322
  await new ZoneCache<number>("a", context).put("a", 1); // TS2554
  await SetHeadersInboundPolicy(request, context, { headers: { name: "a" } }); // TS2353
  await SetHeadersInboundPolicy(request, context, { header: [] }); // TS2322
  await RateLimitInboundPolicy(request, context, { rateLimitBy: "moon" }); // TS2322
  return new ZuploContext(); // TS2673
}

export function runtimeInit(runtime: RuntimeExtensions) {
  environment.MINE = "yours"; // TS2542
  runtime.addPlugin(new JwtServicePlugin({ algorithm: "HS256" })); // TS2820
  runtime.addPlugin(() => {}); // TS2559
  runtime.addResponseSendingHook(() => {}); // TS2345
  runtime.addRequestHooks(() => {}); // TS2551
}

export default Gone;
