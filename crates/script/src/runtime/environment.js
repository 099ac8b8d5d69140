// The variables that the project declares, readable from the first line of a module on.

import { host } from "tollgate:runtime-host";
import { parse } from "tollgate:runtime-values";

/** @type {Readonly<Record<string, string | undefined>>} */
export const environment = Object.freeze(parse(host.environment()));
