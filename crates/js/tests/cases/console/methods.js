// case: its methods give nothing back
return [console.log("a %s", 1), console.error({ a: 1 }), console.debug(), console.assert(true)].map(String);

// case: its names are there
return ["assert", "clear", "count", "debug", "dir", "error", "group", "groupEnd", "info", "log", "table", "time", "trace", "warn"]
  .filter((name) => typeof console[name] !== "function");

// case: whatever is logged, nothing is thrown
const circle = {};
circle.self = circle;
const trap = new Proxy({}, { get: () => { throw new Error("no"); } });
return [circle, Symbol("s"), 1n, new Map([[1, { a: [1] }]]), new Error("e"), () => {}, trap].map((value) => String(console.log(value)));
