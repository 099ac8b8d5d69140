// Errors as Node has them: of a class, with a code that callers look at.

const { defineProperty } = Object;

/** An error with a code. Its stack names both. */
export function coded(Class, code, message) {
  const error = new Class(message);
  defineProperty(error, "code", { value: code, writable: true, enumerable: true, configurable: true });
  return error;
}

const kindOf = (value) => {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object") return `an instance of ${value.constructor?.name || "Object"}`;
  return `type ${typeof value}`;
};

/** An argument of the wrong type. */
export const wrongType = (name, expected, value) =>
  coded(TypeError, "ERR_INVALID_ARG_TYPE", `The argument "${name}" must be ${expected}. Received ${kindOf(value)}`);

/** An argument of the right type that means nothing. */
export const wrongValue = (name, value, why) =>
  coded(TypeError, "ERR_INVALID_ARG_VALUE", `The argument "${name}" ${why}. Received ${String(value)}`);

/** A number that is too small or too big. */
export const outOfRange = (name, range, value) =>
  coded(RangeError, "ERR_OUT_OF_RANGE", `The value of "${name}" is out of range. It must be ${range}. Received ${String(value)}`);

export function needFunction(value, name) {
  if (typeof value !== "function") throw wrongType(name, "a function", value);
}

export function needString(value, name) {
  if (typeof value !== "string") throw wrongType(name, "a string", value);
}

export function needObject(value, name) {
  if (typeof value !== "object" || value === null) throw wrongType(name, "an object", value);
}
