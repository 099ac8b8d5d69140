// `node:https`.

import { unavailable } from "tollgate:node-unavailable";
import { Agent } from "tollgate:node-http";

const refuse = unavailable("node:https", "fetch sends requests");

export const Server = refuse("Server");
export const createServer = refuse("createServer");
export const get = refuse("get");
export const request = refuse("request");

export { Agent };
export const globalAgent = new Agent();

export default {
  Agent,
  Server,
  createServer,
  get,
  globalAgent,
  request,
};
