// What the gateway itself calls. No module of a project can import this one.
//
//   createExtensions()                         { extensions, initialize(runtimeInit), describe(), run… }; see extensions.js
//   defineInbound(exported, options, name)     a definition; options is a value, not JSON
//   defineOutbound(exported, options, name)
//   defineHandler(exported, name)
//   startInbound(definition, request, context) what the policy returned: a value, or a promise to wait for
//   finishInbound(definition, value, request)  the ZuploRequest or Response that the value is
//   startOutbound(definition, response, request, context), finishOutbound(definition, value)
//   startHandler(definition, request, context), finishHandler(definition, value)
//   ZuploRequest, ZuploContext                 the gateway makes requests with ZuploRequest.prototype and sets
//                                              request[HANDLE]; contexts by `new ZuploContext(handle)`
//   inherit(request, previous)                 what a Request becomes that stands for an earlier one
//   touchedUser(request)                       the user if a script read or set it; null for nobody
//   touchedParams(request)                     likewise
//   touchedCustom(context)                     likewise; all three give `undefined` for untouched
//   setCustom(context, json)                   native policies changed the bag between two scripts
//   deliverLog(json)                           one line, to the log plugins; see sinks.js
//   describeError(thrown)                      JSON { name, message, stack, configuration, extensionMembers? }
//
// For tests of a project, from `runtime-test-tree`: beginFile(path) before each file is imported, then
// runTests(options, report).

export { createExtensions } from "tollgate:runtime-extensions";
export {
  defineHandler,
  defineInbound,
  defineOutbound,
  finishHandler,
  finishInbound,
  finishOutbound,
  runHandler,
  runInbound,
  runOutbound,
  startHandler,
  startInbound,
  startOutbound,
} from "tollgate:runtime-dispatch";
export { HANDLE, ZuploRequest, inherit, touchedParams, touchedUser } from "tollgate:runtime-request";
export { ZuploContext, setCustom, touchedCustom } from "tollgate:runtime-context";
export { deliverLog } from "tollgate:runtime-sinks";
export { describeError } from "tollgate:runtime-errors";
