
// How each kind of object is shown: all of its text, or its names, its braces, what comes before them,
// and what comes before its members.

const shapeOf = (ctx, value, constructor, tag, depth) => {
  const listed = listShape(ctx, value, constructor, tag);
  if (listed !== undefined) return listed;
  const names = keysOf(ctx, value);
  const special = specialShape(ctx, value, constructor, tag, names, depth);
  if (special !== undefined) return special;
  const isPlain = constructor === "Object" && tag === "";
  const prefix = isPlain ? "" : prefixOf(constructor, tag, "Object");
  return names.length === 0 ? `${prefix}{}` : { names, braces: [`${prefix}{`, "}"] };
};

// What is iterated over, and what holds bytes.
const listShape = (ctx, value, constructor, tag) => {
  if (isArray(value)) {
    const names = keysOf(ctx, value, false).filter((name) => !ctx.showHidden || name !== "length");
    if (ctx.showHidden) names.unshift("length");
    const prefix = constructor === "Array" && tag === "" ? "" : prefixOf(constructor, tag, "Array", `(${value.length})`);
    if (value.length === 0 && names.length === 0) return `${prefix}[]`;
    return { names, braces: [`${prefix}[`, "]"], isList: true, parts: (depth) => elements(ctx, value, depth) };
  }
  if (types.isTypedArray(value)) {
    const names = keysOf(ctx, value, false);
    const kind = typedName(value);
    const prefix = prefixOf(constructor, tag, kind, `(${value.length})`);
    if (value.length === 0 && names.length === 0 && !ctx.showHidden) return `${prefix}[]`;
    return { names, braces: [`${prefix}[`, "]"], isList: true, parts: (depth) => numbers(ctx, value, depth) };
  }
  if (value instanceof Object || constructor === null) {
    if (types.isSet(value)) return collection(ctx, value, constructor, tag, "Set", (item, depth) => show(ctx, item, depth));
    if (types.isMap(value)) {
      const entry = ([key, item], depth) => `${show(ctx, key, depth)} => ${show(ctx, item, depth)}`;
      return collection(ctx, value, constructor, tag, "Map", entry);
    }
  }
  return undefined;
};

const typedName = (value) => Object.getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get.call(value);

const moreItems = (more) => `... ${more} more item${more > 1 ? "s" : ""}`;

const collection = (ctx, value, constructor, tag, kind, entry) => {
  const prototype = kind === "Set" ? Set.prototype : Map.prototype;
  const size = getOwnPropertyDescriptor(prototype, "size").get.call(value);
  const names = keysOf(ctx, value);
  const prefix = prefixOf(constructor, tag, kind, `(${size})`);
  if (size === 0 && names.length === 0) return `${prefix}{}`;
  const parts = (depth) => {
    ctx.indentation += 2;
    const items = [];
    const most = min(ctx.maxArrayLength, size);
    for (const item of prototype[Symbol.iterator].call(value)) {
      if (items.length >= most) break;
      items.push(entry(item, depth));
    }
    if (size > most) items.push(moreItems(size - most));
    ctx.indentation -= 2;
    return items;
  };
  return { names, braces: [`${prefix}{`, "}"], parts };
};

const elements = (ctx, value, depth) => {
  const parts = [];
  const most = min(ctx.maxArrayLength, value.length);
  let at = 0;
  while (at < value.length && parts.length < most) {
    if (hasOwn(value, at)) {
      parts.push(showMember(ctx, value, depth, `${at}`, ELEMENT));
      at++;
      continue;
    }
    let end = at + 1;
    while (end < value.length && !hasOwn(value, end)) end++;
    parts.push(ctx.stylize(`<${end - at} empty item${end - at > 1 ? "s" : ""}>`, "undefined"));
    at = end;
  }
  if (at < value.length) parts.push(moreItems(value.length - at));
  return parts;
};

const numbers = (ctx, value, depth) => {
  const most = min(ctx.maxArrayLength, value.length);
  const parts = [];
  for (let at = 0; at < most; at++) parts.push(showPrimitive(ctx, value[at]));
  if (value.length > most) parts.push(moreItems(value.length - most));
  if (ctx.showHidden) {
    ctx.indentation += 2;
    for (const name of ["BYTES_PER_ELEMENT", "length", "byteLength", "byteOffset", "buffer"]) {
      parts.push(`[${name}]: ${show(ctx, value[name], depth, true)}`);
    }
    ctx.indentation -= 2;
  }
  return parts;
};

const specialShape = (ctx, value, constructor, tag, names, depth) => {
  const based = (base) => (names.length === 0 ? base : { names, braces: ["{", "}"], base });
  const prefixed = (text, kind) => (constructor === kind ? text : `${prefixOf(constructor, tag, kind)}${text}`);
  if (typeof value === "function") return based(ctx.stylize(functionText(value, constructor, tag), "special"));
  if (types.isArgumentsObject(value)) {
    return names.length === 0 ? "[Arguments] {}" : { names, braces: ["[Arguments] {", "}"] };
  }
  if (types.isRegExp(value)) return based(ctx.stylize(prefixed(RegExp.prototype.toString.call(value), "RegExp"), "regexp"));
  if (types.isDate(value)) {
    const time = Date.prototype.getTime.call(value);
    const text = Number.isNaN(time) ? "Invalid Date" : Date.prototype.toISOString.call(value);
    return based(ctx.stylize(prefixed(text, "Date"), "date"));
  }
  if (types.isNativeError(value) || value instanceof Error) return errorShape(ctx, value, constructor, names, depth);
  if (types.isAnyArrayBuffer(value)) return memoryShape(ctx, value, constructor, tag, names);
  if (types.isDataView(value)) {
    const own = ["byteLength", "byteOffset", "buffer"];
    const parts = (inner) => own.map((name) => `${name}: ${show(ctx, value[name], inner)}`);
    return { names, braces: [`${prefixOf(constructor, tag, "DataView")}{`, "}"], parts };
  }
  if (types.isPromise(value)) {
    return { names, braces: [`${prefixOf(constructor, tag, "Promise")}{`, "}"], parts: (inner) => outcome(ctx, value, inner) };
  }
  if (types.isWeakSet(value) || types.isWeakMap(value)) {
    const kind = types.isWeakSet(value) ? "WeakSet" : "WeakMap";
    const parts = () => [ctx.stylize("<items unknown>", "special")];
    return { names, braces: [`${prefixOf(constructor, tag, kind)}{`, "}"], parts };
  }
  if (types.isModuleNamespaceObject(value)) return { names, braces: [`[Module: null prototype] {`, "}"] };
  if (types.isBoxedPrimitive(value)) return boxedShape(ctx, value, constructor, tag, names);
  return undefined;
};

const functionText = (value, constructor, tag) => {
  const text = Function.prototype.toString.call(value);
  if (text.startsWith("class") && text.endsWith("}")) {
    const own = hasOwn(value, "name") && value.name !== "" ? value.name : "(anonymous)";
    const extra = constructor !== "Function" && constructor !== null ? ` [${constructor}]` : "";
    const named = tag !== "" && constructor !== tag ? ` [${tag}]` : "";
    const parent = getPrototypeOf(value);
    const above = constructor === null ? " extends [null prototype]" : parent?.name ? ` extends ${parent.name}` : "";
    return `[class ${own}${extra}${named}${above}]`;
  }
  const isAsync = types.isAsyncFunction(value) ? "Async" : "";
  const kind = `${isAsync}${types.isGeneratorFunction(value) ? "Generator" : ""}Function`;
  const base = `[${kind}${constructor === null ? " (null prototype)" : ""}${value.name === "" ? " (anonymous)" : `: ${value.name}`}]`;
  const kinds = ["Function", "AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"];
  const other = constructor !== null && !kinds.includes(constructor) ? ` ${constructor}` : "";
  return `${base}${other}${tag !== "" && constructor !== tag && !kinds.includes(tag) ? ` [${tag}]` : ""}`;
};

const errorHead = (error) => {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "[object Error]";
  }
};

const errorShape = (ctx, error, constructor, names, depth) => {
  const stack = typeof error.stack === "string" ? error.stack.trimEnd() : "";
  const head = errorHead(error);
  // What the text says already. A stack that somebody set is a member that can be seen, in this engine.
  const said = (name) => name === "stack" || ((name === "name" || name === "message") && head.includes(String(error[name])));
  names = names.filter((name) => !said(name));
  for (const name of ["cause", "errors"]) if (hasOwn(error, name) && !names.includes(name)) names.push(name);
  let title = head;
  if (constructor !== null && typeof error.name === "string" && error.name !== constructor && title.startsWith(error.name)) {
    const isOwn = constructor.includes(error.name) || error.name === "Error";
    title = `${constructor}${isOwn ? "" : ` [${error.name}]`}${title.slice(error.name.length)}`;
  }
  const hasCode = "code" in error && typeof error.code === "string" && !title.includes(error.code);
  if (hasCode) title = title.replace(/^([A-Za-z]*Error)(?=:|$)/, `$1 [${error.code}]`);
  const frames = stack === "" ? "" : `\n${stack.split("\n").map((line) => `    ${line.trim()}`).join("\n")}`;
  let base = frames === "" ? `[${title}]` : `${title}${frames}`;
  if (ctx.indentation !== 0) base = base.replaceAll("\n", `\n${" ".repeat(ctx.indentation)}`);
  return names.length === 0 ? base : { names, braces: ["{", "}"], base };
};

const memoryShape = (ctx, value, constructor, tag, names) => {
  const kind = types.isArrayBuffer(value) ? "ArrayBuffer" : "SharedArrayBuffer";
  const parts = () => {
    const bytes = new Uint8Array(value);
    const most = max(0, min(ctx.maxArrayLength, bytes.length));
    const shown = Array.from(bytes.subarray(0, most), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const more = bytes.length - most;
    const rest = more > 0 ? ` ... ${more} more byte${more > 1 ? "s" : ""}` : "";
    return [
      `${ctx.stylize("[Uint8Contents]", "special")}: <${shown}${rest}>`,
      `byteLength: ${ctx.stylize(`${bytes.length}`, "number")}`,
    ];
  };
  return { names, braces: [`${prefixOf(constructor, tag, kind)}{`, "}"], parts };
};

const outcome = (ctx, promise, depth) => {
  const ended = promiseOutcome(promise);
  if (ended === null || ended === undefined) return [ctx.stylize("<pending>", "special")];
  ctx.indentation += 2;
  const text = show(ctx, ended[1], depth);
  ctx.indentation -= 2;
  return [ended[0] === "rejected" ? `${ctx.stylize("<rejected>", "special")} ${text}` : text];
};

const boxedShape = (ctx, value, constructor, tag, names) => {
  const kind = ["Number", "String", "Boolean", "BigInt", "Symbol"].find((name) => types[`is${name}Object`](value));
  const inner = globalThis[kind].prototype.valueOf.call(value);
  if (kind === "String") names = names.filter((name) => typeof name === "symbol" || !/^\d+$/.test(name));
  let text = `[${kind}`;
  if (constructor !== kind) text += constructor === null ? " (null prototype)" : ` (${constructor})`;
  text += `: ${showPrimitive({ ...ctx, stylize: plain }, inner)}]`;
  if (tag !== "" && tag !== constructor) text += ` [${tag}]`;
  const base = ctx.stylize(text, kind.toLowerCase());
  return names.length === 0 ? base : { names, braces: ["{", "}"], base };
};
