// `node:util/types`: what a value is, whatever its prototype pretends.

const { kind } = import.meta.native;
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;

const isObject = (value) => typeof value === "object" && value !== null;

// A method or a getter that throws where its receiver is of another kind.
const brand = (Class, name, ...values) => {
  const { get, value: method } = getOwnPropertyDescriptor(Class.prototype, name);
  const ask = Function.prototype.call.bind(get ?? method);
  return (value) => {
    if (!isObject(value)) return false;
    try {
      ask(value, ...values);
      return true;
    } catch {
      return false;
    }
  };
};

const typedArrayName = Function.prototype.call.bind(
  getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get,
);
const typedArray = (name) => (value) => typedArrayName(value) === name;
const tagged = (tag) => (value) => isObject(value) && Object.prototype.toString.call(value) === `[object ${tag}]`;

export const isPromise = (value) => kind(value) === "promise";
export const isNativeError = (value) => kind(value) === "error";
export const isProxy = (value) => kind(value) === "proxy";
export const isDate = brand(Date, "getTime");
export const isRegExp = brand(RegExp, "source");
export const isMap = brand(Map, "size");
export const isSet = brand(Set, "size");
export const isWeakMap = brand(WeakMap, "has", {});
export const isWeakSet = brand(WeakSet, "has", {});
export const isArrayBuffer = brand(ArrayBuffer, "byteLength");
export const isSharedArrayBuffer =
  globalThis.SharedArrayBuffer === undefined ? () => false : brand(SharedArrayBuffer, "byteLength");
export const isAnyArrayBuffer = (value) => isArrayBuffer(value) || isSharedArrayBuffer(value);
export const isArrayBufferView = ArrayBuffer.isView;
export const isDataView = (value) => ArrayBuffer.isView(value) && typedArrayName(value) === undefined;
export const isTypedArray = (value) => typedArrayName(value) !== undefined;
export const isUint8Array = typedArray("Uint8Array");
export const isUint8ClampedArray = typedArray("Uint8ClampedArray");
export const isUint16Array = typedArray("Uint16Array");
export const isUint32Array = typedArray("Uint32Array");
export const isInt8Array = typedArray("Int8Array");
export const isInt16Array = typedArray("Int16Array");
export const isInt32Array = typedArray("Int32Array");
export const isFloat32Array = typedArray("Float32Array");
export const isFloat64Array = typedArray("Float64Array");
export const isBigInt64Array = typedArray("BigInt64Array");
export const isBigUint64Array = typedArray("BigUint64Array");
export const isNumberObject = brand(Number, "valueOf");
export const isStringObject = brand(String, "valueOf");
export const isBooleanObject = brand(Boolean, "valueOf");
export const isBigIntObject = brand(BigInt, "valueOf");
export const isSymbolObject = brand(Symbol, "valueOf");
export const isBoxedPrimitive = (value) =>
  isObject(value) &&
  (isNumberObject(value) ||
    isStringObject(value) ||
    isBooleanObject(value) ||
    isBigIntObject(value) ||
    isSymbolObject(value));
export const isMapIterator = tagged("Map Iterator");
export const isSetIterator = tagged("Set Iterator");
export const isGeneratorObject = (value) => tagged("Generator")(value) || tagged("AsyncGenerator")(value);
export const isArgumentsObject = (value) =>
  isObject(value) && !(Symbol.toStringTag in value) && tagged("Arguments")(value);
export const isModuleNamespaceObject = tagged("Module");
export const isExternal = () => false;
export const isCryptoKey = (value) => isObject(value) && value instanceof globalThis.CryptoKey;
export const isKeyObject = () => false;

const functionKind = (name) => (value) =>
  typeof value === "function" && Object.prototype.toString.call(value) === `[object ${name}]`;
const isAsync = functionKind("AsyncFunction");
const isGenerator = functionKind("GeneratorFunction");
const isAsyncGenerator = functionKind("AsyncGeneratorFunction");
export const isAsyncFunction = (value) => isAsync(value) || isAsyncGenerator(value);
export const isGeneratorFunction = (value) => isGenerator(value) || isAsyncGenerator(value);

export default {
  isAnyArrayBuffer,
  isArgumentsObject,
  isArrayBuffer,
  isArrayBufferView,
  isAsyncFunction,
  isBigInt64Array,
  isBigIntObject,
  isBigUint64Array,
  isBooleanObject,
  isBoxedPrimitive,
  isCryptoKey,
  isDataView,
  isDate,
  isExternal,
  isFloat32Array,
  isFloat64Array,
  isGeneratorFunction,
  isGeneratorObject,
  isInt16Array,
  isInt32Array,
  isInt8Array,
  isKeyObject,
  isMap,
  isMapIterator,
  isModuleNamespaceObject,
  isNativeError,
  isNumberObject,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSetIterator,
  isSharedArrayBuffer,
  isStringObject,
  isSymbolObject,
  isTypedArray,
  isUint16Array,
  isUint32Array,
  isUint8Array,
  isUint8ClampedArray,
  isWeakMap,
  isWeakSet,
};
