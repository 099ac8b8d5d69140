const all = (params) => [String(params), [...params], params.size];

// case: nothing
return [all(new URLSearchParams()), all(new URLSearchParams("")), all(new URLSearchParams("?")), all(new URLSearchParams(undefined))];

// case: a string
return all(new URLSearchParams("a=1&b=2&a=3"));

// case: a question mark goes, a second one stays
return [all(new URLSearchParams("?a=1")), all(new URLSearchParams("??a=1"))];

// case: names without values, values without names
return all(new URLSearchParams("a&b=&=c&&=&a=b=c"));

// case: plus signs and percents
return all(new URLSearchParams("a+b=c%20d&%61=%zz&e=%C3%A9&f=%ff"));

// case: what is escaped as text
return String(new URLSearchParams([["a b~*-._!'()", "ü€😀&=+%/?#\0\n"]]));

// case: null is a string
// expect: {"returns":["null=",[["null",""]],1]}
return all(new URLSearchParams(null));

// case: numbers and booleans are strings
return [all(new URLSearchParams(12)), all(new URLSearchParams(true))];

// case: pairs
return all(new URLSearchParams([["a", "1"], ["b", 2], ["a", null]]));

// case: pairs that are sets, maps and generators
const pairs = function* () {
  yield new Set(["a", "b"]);
  yield (function* () { yield "c"; yield "d"; })();
};
return [all(new URLSearchParams(pairs())), all(new URLSearchParams(new Map([["x", 1], ["y", 2]])))];

// case: pairs that are no pairs
return new URLSearchParams([["a"]]);

// case: three of a pair
return new URLSearchParams([["a", "b", "c"]]);

// case: pairs that are strings
return new URLSearchParams(["ab"]);

// case: pairs that are numbers
return new URLSearchParams([1]);

// case: an iterator that is no function
return new URLSearchParams({ [Symbol.iterator]: 1 });

// case: an iterator that is null is none
return all(new URLSearchParams({ [Symbol.iterator]: null, a: 1 }));

// case: a record
return all(new URLSearchParams({ a: 1, b: "x y", c: undefined, 1: [2, 3] }));

// case: a record takes what is its own and enumerable
const record = Object.create({ inherited: 1 }, { hidden: { value: 1 }, shown: { value: 2, enumerable: true } });
return all(new URLSearchParams(record));

// case: a record with a symbol
return new URLSearchParams({ [Symbol("x")]: 1 });

// case: names of a record that become the same
return all(new URLSearchParams({ "\ud800": 1, x: 2, "\ud801": 3 }));

// case: a function is a record
return all(new URLSearchParams(Object.assign(() => {}, { a: 1 })));

// case: a copy is its own
const one = new URLSearchParams("a=1");
const two = new URLSearchParams(one);
one.append("b", "2");
return [all(one), all(two)];

// case: form data of a kind: strings of strings
return all(new URLSearchParams(Object.entries({ a: "1", b: "2" })));

// case: lone surrogates
const params = new URLSearchParams([["\ud800", "\udc00x"]]);
params.append("a\udc00", "\ud83d\ude00");
return [all(params), params.get("\ud801"), params.has("\ufffd")];

// case: get, getAll and has
const params = new URLSearchParams("a=1&b=2&a=3&c");
return [params.get("a"), params.get("c"), params.get("z"), params.getAll("a"), params.getAll("z"), params.has("a"), params.has("z"), params.has("a", "3"), params.has("a", "2"), params.has("a", undefined)];

// case: names are made strings
const params = new URLSearchParams("1=a&null=b&undefined=c");
return [params.get(1), params.get(null), params.get(undefined)];

// case: append
const params = new URLSearchParams("a=1");
params.append("a", 2);
params.append("b", { toString: () => "x" });
return all(params);

// case: set
const params = new URLSearchParams("a=1&b=2&a=3");
params.set("a", "x");
params.set("c", "y");
params.set("b", 5);
return all(params);

// case: delete
const params = new URLSearchParams("a=1&b=2&a=3&c=4");
params.delete("a");
params.delete("z");
return [all(params), params.delete("b")];

// case: delete with a value
const params = new URLSearchParams("a=1&a=2&a=1&b=1");
params.delete("a", "1");
params.delete("b", undefined);
return all(params);

// case: sort by code units, and stable
const params = new URLSearchParams("z=1&a=2&\u{1f600}=3&\ufb03=4&z=0&a=1&=x&A=1");
params.sort();
return all(params);

// case: sort of many
const params = new URLSearchParams(Array.from({ length: 100 }, (_, i) => [`k${(i * 37) % 10}`, `${i}`]));
params.sort();
return String(params);

// case: too few arguments
const params = new URLSearchParams("a=1");
return ["append", "set", "get", "getAll", "has", "delete", "forEach"].map((name) => {
  try {
    params[name]();
    return "fine";
  } catch (error) {
    return error.name;
  }
});

// case: append with one argument
return new URLSearchParams().append("a");

// case: methods of something else
return URLSearchParams.prototype.get.call({}, "a");

// case: iterators of something else
return URLSearchParams.prototype.entries.call(new Map());

// case: called without new
return URLSearchParams("a=1");

// case: a symbol as a name
return new URLSearchParams().get(Symbol("x"));

// case: forEach
const params = new URLSearchParams("a=1&b=2");
const seen = [];
params.forEach(function (value, name, of) { seen.push([value, name, of === params, this.x]); }, { x: 1 });
return seen;

// case: forEach without a function
return new URLSearchParams("a=1").forEach("x");

// case: forEach sees what is added
const params = new URLSearchParams("a=1&b=2");
const seen = [];
params.forEach((value, name) => {
  seen.push(name);
  if (seen.length < 5) params.append(`x${seen.length}`, "1");
});
return seen;

// case: keys, values and entries
const params = new URLSearchParams("a=1&b=2");
return [[...params.keys()], [...params.values()], [...params.entries()]];

// case: iterators see what is changed
const params = new URLSearchParams("a=1&b=2&c=3");
const seen = [];
for (const [name] of params) {
  seen.push(name);
  if (name === "a") params.delete("b");
}
return seen;

// case: a finished iterator starts again where there is more
const params = new URLSearchParams("a=1");
const keys = params.keys();
const seen = [keys.next(), keys.next()];
params.append("b", "2");
return [...seen, keys.next()];

// case: what the iterators are
const keys = new URLSearchParams("a=1").keys();
const prototype = Object.getPrototypeOf(keys);
return [
  Object.prototype.toString.call(keys),
  keys[Symbol.iterator]() === keys,
  Object.getPrototypeOf(prototype) === Object.getPrototypeOf(Object.getPrototypeOf([].keys())),
  Object.hasOwn(prototype, "next"),
  Object.hasOwn(prototype, "constructor"),
  URLSearchParams.prototype[Symbol.iterator] === URLSearchParams.prototype.entries,
];

// case: next of something else
const { next } = new URLSearchParams("a=1").keys();
return next.call({});

// case: what it says it is
return [Object.prototype.toString.call(new URLSearchParams()), URLSearchParams.name, URLSearchParams.length, URLSearchParams.prototype.append.length, URLSearchParams.prototype.has.length];

// case: methods are enumerable
const names = [];
for (const name in new URLSearchParams()) names.push(name);
return names.sort();

// case: classes that extend it
class Mine extends URLSearchParams {
  one(name) {
    return this.get(name);
  }
}
return [new Mine("a=1").one("a"), String(new Mine({ b: 2 }))];

// case: JSON has nothing of it
return [JSON.stringify(new URLSearchParams("a=1")), Object.fromEntries(new URLSearchParams("a=1&b=2&a=3"))];
