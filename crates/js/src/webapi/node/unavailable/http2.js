// `node:http2`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:http2", "fetch sends requests");

export const Http2ServerRequest = refuse("Http2ServerRequest");
export const Http2ServerResponse = refuse("Http2ServerResponse");
export const connect = refuse("connect");
export const createSecureServer = refuse("createSecureServer");
export const createServer = refuse("createServer");
export const getDefaultSettings = refuse("getDefaultSettings");
export const getPackedSettings = refuse("getPackedSettings");
export const getUnpackedSettings = refuse("getUnpackedSettings");

export const constants = {};

export default {
  Http2ServerRequest,
  Http2ServerResponse,
  connect,
  constants,
  createSecureServer,
  createServer,
  getDefaultSettings,
  getPackedSettings,
  getUnpackedSettings,
};
