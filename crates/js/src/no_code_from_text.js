(() => {
  "use strict";
  const refuse = (name) => {
    const refused = function () {
      throw new EvalError(`${name} is not available: code comes from modules only`);
    };
    Object.defineProperty(refused, "name", { value: name });
    return refused;
  };
  const kinds = [
    function () {},
    async function () {},
    function* () {},
    async function* () {},
  ];
  for (const kind of kinds) {
    const prototype = Object.getPrototypeOf(kind);
    const name = prototype.constructor.name;
    const refused = refuse(name);
    refused.prototype = prototype;
    Object.defineProperty(prototype, "constructor", { value: refused, writable: true, configurable: true });
    if (name === "Function") {
      Object.defineProperty(globalThis, "Function", { value: refused, writable: true, configurable: true });
    }
  }
  delete globalThis.eval;
})();
