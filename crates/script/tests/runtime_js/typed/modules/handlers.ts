// Handlers as projects write them, by the other name of the module.

import { ZuploContext, ZuploRequest, urlForwardHandler, HttpProblems, ZuploServices } from "@zuplo/runtime";
import { createMockContext } from "@zuplo/runtime/mocks";
import { GraphQLCacheInboundPolicy } from "@zuplo/graphql";

export default async function (request: ZuploRequest, context: ZuploContext) {
  const options = context.route.handler.options as { word: string };
  return { hello: request.user?.sub, word: options.word, body: await request.json() };
}

export async function forward(request: ZuploRequest, context: ZuploContext): Promise<Response> {
  if (request.method === "DELETE") return HttpProblems.methodNotAllowed(request, context, undefined, { allow: "GET" });
  const other = await context.invokeRoute("/other", { method: "POST", body: "{}" });
  if (!other.ok) return other;
  const checked = await context.invokeInboundPolicy("keys", request);
  if (checked instanceof Response) return checked;
  return context.invokeOutboundPolicy("out", await urlForwardHandler(checked, context), checked);
}

export const mock = createMockContext({ route: { path: "/x", raw: {} }, custom: { a: 1 } });
export const cache = GraphQLCacheInboundPolicy;
export const token = (context: ZuploContext) => ZuploServices.getIDToken(context, { audience: "a" });
