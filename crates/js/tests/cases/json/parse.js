const outcomes = (texts) =>
  texts.map((text) => {
    try {
      return [JSON.parse(text)];
    } catch (error) {
      return error.name;
    }
  });

// case: values of every kind
return outcomes(['{"a":[1,2.5,-3,1e3,"x",true,false,null,{}]}', "[]", "{}", '""', "0", "null", ' [ 1 , 2 ] ', "\t{\r\n}"]);

// case: numbers
const numbers = ["-0", "0.1", "1e400", "-1e-400", "123456789", "1234567890", "2147483648", "-2147483649", "9007199254740993", "1E+2", "0.000001", "5e-324", "1.7976931348623157e308"];
return numbers.map((text) => String(JSON.parse(text)) + (Object.is(JSON.parse(text), -0) ? " negative" : ""));

// case: numbers that are none
return outcomes(["01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "-Infinity", "1_000", "--1", "00"]);

// case: strings
return outcomes(['"a\\"b\\\\c\\/d\\b\\f\\n\\r\\t"', '"\\u0041\\u00e9\\u20ac"', '"\\ud83d\\ude00"', '"äöü€😀"', '"\u007f\u2028"', '"\\u0000"']);

// case: halves of surrogate pairs
return ['"\\ud800"', '"\\ude00x"', '"\\ud83d\\u0041"', '"a\ud800b"'].map((text) => [...JSON.parse(text)].map((it) => it.codePointAt(0)));

// case: strings that are none
return outcomes(['"', '"a', "'a'", '"\n"', '"\t"', '"\\x41"', '"\\u12"', '"\\u12g4"', '"\\', '"\\ud800\\u"', '"\u0000"']);

// case: structures that are wrong
return outcomes(["", " ", "[", "]", "[1,]", "[,1]", "[1 2]", "{", "}", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", "{1:1}", '{"a":1 "b":2}', "[1]x", "[1][2]", "nul", "truex", "// x\n1", "/**/1", "\v1", "\u00a01", "\ufeff1"]);

// case: names that come twice, and in which order they stand
const read = JSON.parse('{"b":1,"a":2,"b":3,"10":4,"2":5,"":6,"é":7,"\\u00e9":8,"x\\"y":9}');
return [Object.entries(read), Object.keys(JSON.parse('[{"a":1,"b":2},{"b":1,"a":2}]').at(1))];

// case: a name that is special elsewhere
const read = JSON.parse('{"__proto__":{"x":1},"constructor":2,"toString":3}');
return [Object.getPrototypeOf(read) === Object.prototype, Object.keys(read), read.x, Object.hasOwn(read, "__proto__")];

// case: what is made is plain, and may be changed
const read = JSON.parse('{"a":[1],"b":{"c":"x"}}');
read.a.push(2);
read.b.c += "y";
delete read.a[0];
return [read, Object.getOwnPropertyDescriptor(read, "a"), Array.isArray(read.a), Object.isExtensible(read.b), read.a.length];

// case: setters of prototypes are not called
const called = [];
Object.defineProperty(Object.prototype, "spied", { set: (value) => called.push(value), configurable: true });
try {
  return [Object.keys(JSON.parse('{"spied":1}')), called];
} finally {
  delete Object.prototype.spied;
}

// case: what is no text becomes one
return [JSON.parse(1), JSON.parse(null), JSON.parse(["5"]), JSON.parse({ toString: () => "[7]" }), outcomes([undefined, {}, Symbol("x")])];

// case: revivers
const seen = [];
const read = JSON.parse('{"a":[1,2],"b":3}', function (key, value, context) {
  seen.push([key, Array.isArray(this)]);
  return typeof value === "number" ? value * 2 : value;
});
return [read, seen, JSON.parse("[1]", "no function"), JSON.parse('{"a":1}', () => undefined)];

// case: deep documents
const depth = 3000;
let read = JSON.parse("[".repeat(depth) + "]".repeat(depth));
let levels = 0;
for (; read.length > 0; read = read[0]) levels += 1;
return levels;

// case: many of the same and of different shapes
const items = Array.from({ length: 300 }, (_, at) => `{"id":${at},"name":"n${at % 7}",${at % 3 ? '"flag":true,' : ""}"tags":["a","b","${"long ".repeat(at % 9)}"]}`);
const read = JSON.parse(`[${items}]`);
return [JSON.stringify(read) === `[${items}]`, read.filter((it) => it.flag).length, read[5], Object.keys(read[3])];

// case: many names
const names = Array.from({ length: 500 }, (_, at) => `"name ${at}":${at}`);
const read = JSON.parse(`{${names}}`);
return [Object.keys(read).length, read["name 77"], JSON.stringify(read) === `{${names}}`];

// case: the function
return [JSON.parse.name, JSON.parse.length, Object.getOwnPropertyDescriptor(JSON, "parse").enumerable, String(JSON.parse).includes("native code"), "prototype" in JSON.parse];
