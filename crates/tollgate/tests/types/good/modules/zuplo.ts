// A module as projects of the Zuplo form have it.
import { HttpProblems, ZoneCache, ZuploContext, ZuploRequest, environment } from "@zuplo/runtime";
import { outbound } from "./policies";

type MyPolicyOptionsType = { header: string };

export default async function (
  request: ZuploRequest,
  context: ZuploContext,
  options: MyPolicyOptionsType,
  policyName: string,
) {
  if (!request.user) return HttpProblems.unauthorized(request, context);
  const cache = new ZoneCache("keys", context);
  const found = await cache.get(request.user.sub);
  request.user.data.found = found?.anything ?? environment.DEFAULT_KEY;
  request.headers.set(options.header, policyName);
  const body = await request.json();
  return outbound(new Response(body.text), request, context, { remove: [] }, policyName);
}
