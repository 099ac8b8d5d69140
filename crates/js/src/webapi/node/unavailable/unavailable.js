// What stands for a part of Node that scripts cannot have: importing it works, using it says why not.

import { coded } from "tollgate:node-errors";

/** Makes functions, which are classes as well, that throw when they are called. */
export const unavailable = (module, why) => (name) => {
  const refused = function () {
    throw coded(Error, "ERR_FEATURE_UNAVAILABLE", `${module}: ${name} is not available in scripts: ${why}`);
  };
  return Object.defineProperty(refused, "name", { value: name });
};
