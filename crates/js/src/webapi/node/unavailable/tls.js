// `node:tls`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:tls", "fetch sends requests, and WebSocket opens connections");

export const SecureContext = refuse("SecureContext");
export const Server = refuse("Server");
export const TLSSocket = refuse("TLSSocket");
export const checkServerIdentity = refuse("checkServerIdentity");
export const connect = refuse("connect");
export const createSecureContext = refuse("createSecureContext");
export const createServer = refuse("createServer");
export const getCiphers = refuse("getCiphers");

export const rootCertificates = [];
export const DEFAULT_MIN_VERSION = "TLSv1.2";
export const DEFAULT_MAX_VERSION = "TLSv1.3";

export default {
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
  SecureContext,
  Server,
  TLSSocket,
  checkServerIdentity,
  connect,
  createSecureContext,
  createServer,
  getCiphers,
  rootCertificates,
};
