// What must hold in the engine itself, where Request and Response are native: `check()` gives the names
// of what does not.

import { HANDLE, ZuploContext, ZuploRequest, createExtensions, defineHandler, defineInbound, inherit, runHandler, runInbound } from "tollgate:runtime-internal";
import * as runtime from "tollgate:runtime";

const cases = {
  a_request_is_derived_with_its_user_and_parameters() {
    const request = made();
    const next = new ZuploRequest(new ZuploRequest(request, { headers: { a: "1" } }));
    return next instanceof ZuploRequest && next instanceof Request && next.user.sub === "ada" && next.params.id === "7" && next.headers.get("a") === "1";
  },
  a_request_is_an_init() {
    return new ZuploRequest("https://b.test/", made()).user.sub === "ada";
  },
  a_query_is_read() {
    return made().query.x === "1";
  },
  a_clone_is_a_ZuploRequest() {
    const copy = made().clone();
    return copy instanceof ZuploRequest && copy.user.sub === "ada";
  },
  a_plain_request_becomes_a_ZuploRequest() {
    const next = inherit(new Request("https://b.test/x", { method: "POST", body: "y" }), made());
    return next instanceof ZuploRequest && next.user.sub === "ada" && next.method === "POST";
  },
  async a_body_survives_becoming_one() {
    const next = inherit(new Request("https://b.test/x", { method: "POST", body: "y" }), made());
    return (await next.text()) === "y";
  },
  a_policy_without_promises_is_there_at_once() {
    const given = made();
    return runInbound(defineInbound((request) => request, {}, "p"), given, new ZuploContext({})) === given;
  },
  async a_handler_gives_JSON() {
    const response = runHandler(defineHandler(() => ({ a: 1 }), "h"), made(), new ZuploContext({}));
    return response instanceof Response && (await response.text()) === '{"a":1}';
  },
  async a_problem_is_written() {
    createExtensions();
    const response = await runtime.HttpProblems.notFound(made(), new ZuploContext({}));
    return response.status === 404 && (await response.json()).instance === "/a";
  },
  async hooks_run() {
    const extensions = createExtensions();
    extensions.initialize((it) => it.addRequestHook(async (request) => new Request(request, { headers: { h: "1" } })));
    const next = await extensions.runRequestHooks(made(), new ZuploContext({}));
    return next.headers.get("h") === "1" && next.user.sub === "ada";
  },
  a_policy_of_the_catalog_is_function_and_class() {
    class Mine extends runtime.RateLimitInboundPolicy {}
    const mine = new Mine({ a: 1 }, "m");
    return mine instanceof runtime.InboundPolicy && mine.options.a === 1 && typeof runtime.ApiKeyInboundPolicy === "function";
  },
  a_class_that_is_loaded_on_demand_is_made_and_extended() {
    class Mine extends runtime.LogPlugin {
      send() {}
    }
    const mine = new Mine({ fields: { a: 1 } });
    const plugin = new runtime.DataDogLoggingPlugin({ apiKey: "k" });
    return (
      mine.options.fields.a === 1 &&
      mine instanceof Mine &&
      mine instanceof runtime.LogPlugin &&
      plugin instanceof runtime.DataDogLoggingPlugin &&
      plugin instanceof runtime.SystemRuntimePlugin &&
      typeof runtime.OTelMetricsPlugin.setContext === "function"
    );
  },
  a_cache_keeps_values() {
    return typeof new runtime.ZoneCache("z").get === "function";
  },
};

function made() {
  const request = new ZuploRequest("https://api.test/a?x=1");
  request[HANDLE] = {};
  return request;
}

export async function check() {
  const wrong = [];
  for (const [name, holds] of Object.entries(cases)) {
    try {
      if ((await holds()) !== true) wrong.push(name);
    } catch (error) {
      wrong.push(`${name}: ${error} ${error.stack}`);
    }
  }
  return JSON.stringify({ wrong, ran: Object.keys(cases).length });
}
