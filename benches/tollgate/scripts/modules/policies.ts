import { ZuploRequest } from "@tollgate/runtime";
import { work } from "./work.js";

export const { header, json, hmac } = work(ZuploRequest);
