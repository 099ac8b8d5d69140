// `node:net`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:net", "fetch sends requests, and WebSocket opens connections");

export const BlockList = refuse("BlockList");
export const Server = refuse("Server");
export const Socket = refuse("Socket");
export const SocketAddress = refuse("SocketAddress");
export const Stream = refuse("Stream");
export const connect = refuse("connect");
export const createConnection = refuse("createConnection");
export const createServer = refuse("createServer");

export const isIPv4 = (text) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(`${text}`) && !/(?:^|\.)0\d/.test(`${text}`);
export const isIPv6 = (text) => /^[\da-f:.]+(?:%[\w.-]+)?$/i.test(`${text}`) && URL.canParse(`http://[${`${text}`.split("%")[0]}]/`);
export const isIP = (text) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0);

export default {
  BlockList,
  Server,
  Socket,
  SocketAddress,
  Stream,
  connect,
  createConnection,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
};
