// `node:worker_threads`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:worker_threads", "a script has one thread");

export const BroadcastChannel = refuse("BroadcastChannel");
export const MessageChannel = refuse("MessageChannel");
export const MessagePort = refuse("MessagePort");
export const Worker = refuse("Worker");
export const getEnvironmentData = refuse("getEnvironmentData");
export const markAsUntransferable = refuse("markAsUntransferable");
export const moveMessagePortToContext = refuse("moveMessagePortToContext");
export const receiveMessageOnPort = refuse("receiveMessageOnPort");
export const setEnvironmentData = refuse("setEnvironmentData");

export const isMainThread = true;
export const parentPort = null;
export const threadId = 0;
export const workerData = null;
export const resourceLimits = {};

export default {
  BroadcastChannel,
  MessageChannel,
  MessagePort,
  Worker,
  getEnvironmentData,
  isMainThread,
  markAsUntransferable,
  moveMessagePortToContext,
  parentPort,
  receiveMessageOnPort,
  resourceLimits,
  setEnvironmentData,
  threadId,
  workerData,
};
