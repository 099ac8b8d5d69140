import querystring, * as named from "node:querystring";

// case: parse
return ["", "a=1", "a=1&b=2", "a=1&a=2&a=3", "a", "a=", "=a", "&", "&&a=1&&", "a=b=c", "a+b=c+d", "a%20b=%C3%A4", "a=%", "a=%zz", "a=%C3", "a=%C3%A4%FF", "__proto__=1&constructor=2", "a=1;b=2", "%61=%62"].map((query) => Object.entries(querystring.parse(query)));

// case: parse with other marks
return [querystring.parse("a:1;b:2", ";", ":"), querystring.parse("a==1&&b==2", "&&", "=="), querystring.parse("a=1", null, null)];

// case: parse has no prototype
return [Object.getPrototypeOf(querystring.parse("a=1")), Object.keys(querystring.parse(5)), Object.keys(querystring.parse())];

// case: parse no more than so many
const many = Array.from({ length: 1005 }, (_, i) => `k${i}=${i}`).join("&");
return [Object.keys(querystring.parse(many)).length, Object.keys(querystring.parse(many, null, null, { maxKeys: 0 })).length, querystring.parse("a=1&b=2&c=3", null, null, { maxKeys: 2 })];

// case: parse with a decoder
return [querystring.parse("a=%20&b+c=d", null, null, { decodeURIComponent: (text) => `<${text}>` }), querystring.parse("a=%zz", null, null, { decodeURIComponent: () => { throw new Error("x"); } })];

// case: stringify
return [{}, { a: 1 }, { a: [1, 2] }, { a: "ä &=+" }, { a: null, b: undefined }, { a: true, b: 10n, c: NaN, d: Infinity }, { a: {} }, { a: [] }, { "ä b": "c" }, { a: "", b: [""] }, null, "x", 5].map((value) => querystring.stringify(value));

// case: stringify with other marks
return [querystring.stringify({ a: 1, b: [2, 3] }, ";", ":"), querystring.stringify({ a: "b c" }, null, null, { encodeURIComponent: (text) => text.toUpperCase() })];

// case: escape
return ["a b", "ä€😀", "!'()*~-_.", "%&=+?#/", "", 5, { toString: () => "x y" }].map((value) => querystring.escape(value));

// case: escape of a lone surrogate
return querystring.escape("\ud800");

// case: unescape
return ["a%20b", "%C3%A4", "%", "%zz", "%C3", "a+b", "%e4", "%41%"].map((text) => querystring.unescape(text));

// case: unescapeBuffer
return ["a%20b", "%zz%", "%4"].map((text) => querystring.unescapeBuffer(text).toString("hex"));

// case: the module
return [named.parse === querystring.parse, querystring.decode === querystring.parse, querystring.encode === querystring.stringify, named.default === querystring];
