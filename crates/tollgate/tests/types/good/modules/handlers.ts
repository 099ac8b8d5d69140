import {
  ConfigurationError,
  ContextData,
  HttpProblems,
  HttpStatusCode,
  JwtServicePlugin,
  ProblemResponseFormatter,
  RequestHandler,
  RuntimeError,
  ZuploContext,
  ZuploRequest,
  environment,
  urlForwardHandler,
} from "@tollgate/runtime";
import words from "./words.json";

const backend: string = environment.BACKEND ?? "http://127.0.0.1:8888";
const started = new ContextData<number>("started");

export default async function hello(request: ZuploRequest<{ Params: { name: string } }>, context: ZuploContext) {
  started.set(context, performance.now());
  const { "x-team": team } = context.route.raw<{ "x-team"?: string }>();
  return { hello: request.params.name, team, words: words.two, backend, options: context.route.handler.options.answer };
}

export const text: RequestHandler = () => "in its quotes";
export const nothing: RequestHandler = () => undefined;
export const status: RequestHandler = () => new Response(null, { status: HttpStatusCode.NO_CONTENT });

export async function forwarded(request: ZuploRequest, context: ZuploContext) {
  const response = await urlForwardHandler(request, context);
  const took = performance.now() - (started.get(context) ?? 0);
  context.waitUntil(fetch("http://127.0.0.1:9/", { method: "POST", body: String(took) }));
  context.addResponseSendingHook((response) => response);
  context.addResponseSendingFinalHook(async (response, request, context) => {
    context.log.info(response.status, request.url, context.incomingRequestProperties.ip);
  });
  context.addEventListener("responseSending", (event) => {
    event.mutableResponse = new Response(event.mutableResponse.body, { status: 201 });
  });
  context.addEventListener("responseSent", { handleEvent: (event) => console.log(event.response.status) });
  return response.ok ? response : context.invokeRoute("/other?page=1", { headers: { "x-parent": context.contextId } });
}

export async function token(request: ZuploRequest, context: ZuploContext) {
  const jwt: string = await JwtServicePlugin.signJwt({ subject: request.user?.sub, audience: ["a", "b"], tenant: "acme" });
  if (context.parentContext !== undefined) throw new RuntimeError({ message: "nested", extensionMembers: { jwt } });
  throw new ConfigurationError("no tokens here", { cause: new RuntimeError("inner", { cause: jwt }) });
}

export async function problem(request: ZuploRequest, context: ZuploContext) {
  const members = HttpProblems.getProblemFromStatus(HttpStatusCode.CONFLICT, { detail: "twice", code: 7 });
  if (request.method === "PUT") return HttpProblems.format({ problem: members, statusText: "No" }, request, context);
  if (request.method === "POST") return ProblemResponseFormatter.format(members, request, context);
  return HttpProblems.tooManyRequests(request, context, { detail: "Later." }, { "retry-after": "60" });
}
