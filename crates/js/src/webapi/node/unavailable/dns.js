// `node:dns`.

import { unavailable } from "tollgate:node-unavailable";
import promises from "tollgate:node-dns-promises";

const refuse = unavailable("node:dns", "fetch looks up names");

export const Resolver = refuse("Resolver");
export const lookup = refuse("lookup");
export const lookupService = refuse("lookupService");
export const resolve = refuse("resolve");
export const resolve4 = refuse("resolve4");
export const resolve6 = refuse("resolve6");
export const resolveAny = refuse("resolveAny");
export const resolveCaa = refuse("resolveCaa");
export const resolveCname = refuse("resolveCname");
export const resolveMx = refuse("resolveMx");
export const resolveNaptr = refuse("resolveNaptr");
export const resolveNs = refuse("resolveNs");
export const resolvePtr = refuse("resolvePtr");
export const resolveSoa = refuse("resolveSoa");
export const resolveSrv = refuse("resolveSrv");
export const resolveTxt = refuse("resolveTxt");
export const reverse = refuse("reverse");
export const setDefaultResultOrder = refuse("setDefaultResultOrder");
export const setServers = refuse("setServers");
export const getServers = refuse("getServers");

export const ADDRCONFIG = 1024;
export const V4MAPPED = 2048;
export { promises };

export default {
  ADDRCONFIG,
  Resolver,
  V4MAPPED,
  getServers,
  lookup,
  lookupService,
  promises,
  resolve,
  resolve4,
  resolve6,
  resolveAny,
  resolveCaa,
  resolveCname,
  resolveMx,
  resolveNaptr,
  resolveNs,
  resolvePtr,
  resolveSoa,
  resolveSrv,
  resolveTxt,
  reverse,
  setDefaultResultOrder,
  setServers,
};
