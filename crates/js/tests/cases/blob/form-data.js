const form = new FormData();
const thrown = (run) => { try { run(); return "nothing"; } catch (error) { return error.name; } };
const shape = (value) => (typeof value === "string" ? value : [value.constructor.name, value.name, value.type, value.size]);
const entries = () => [...form].map(([name, value]) => [name, shape(value)]);
// case: text
form.append("a", "1"); form.append("b", 2); form.append("a", null); form.append("c", undefined); form.append("d", { toString: () => "t" });
return entries();

// case: get, getAll and has
form.append("a", "1"); form.append("a", "2");
return [form.get("a"), form.getAll("a"), form.has("a"), form.get("b"), form.getAll("b"), form.has("b")];

// case: set takes the first place and removes the rest
for (const [name, value] of [["a", 1], ["b", 2], ["a", 3], ["c", 4], ["a", 5]]) form.append(name, value);
form.set("a", "x"); form.set("d", "y"); form.set("b", "z");
return entries();

// case: delete
for (const [name, value] of [["a", 1], ["b", 2], ["a", 3]]) form.append(name, value);
form.delete("a"); form.delete("nothing");
return entries();

// case: names are told apart exactly
form.append("a", 1); form.append("A", 2); form.append("", 3);
return [form.get("A"), form.get(""), form.getAll("a")];

// case: names and values are well-formed text
form.append("n\ud800", "v\udc00");
return [[...entries()[0][0]].map((it) => it.codePointAt(0)), [...entries()[0][1]].map((it) => it.codePointAt(0)), form.has("n\ud801")];

// case: line endings stay as they are until the form is sent
form.append("a\nb", "c\rd\ne");
return entries();

// case: a blob becomes a file
const blob = new Blob(["abc"], { type: "text/x" });
form.append("a", blob); form.append("b", blob, "name.txt"); form.append("c", blob, undefined);
return [entries(), form.get("a") instanceof File, await form.get("a").text(), form.get("a") === form.get("a")];

// case: a file stays itself unless it gets a name
const file = new File(["abc"], "f.txt", { type: "text/x", lastModified: 7 });
form.append("a", file); form.append("b", file, "g.txt");
return [form.get("a") === file, shape(form.get("b")), form.get("b").lastModified, await form.get("b").text()];

// case: only a blob has a file name
return [() => form.append("a", "x", "name"), () => form.set("a", "x", "name"), () => form.append("a", {}, "name")].map(thrown);

// case: missing arguments
return [() => form.append(), () => form.append("a"), () => form.set("a"), () => form.get(), () => form.getAll(), () => form.has(), () => form.delete(), () => form.forEach(), () => FormData()].map(thrown);

// case: a form of something
return [() => new FormData(undefined), () => new FormData({}), () => new FormData("x"), () => new FormData(null)].map(thrown);

// case: iterating
form.append("a", 1); form.append("b", 2); form.append("a", 3);
return [[...form.keys()], [...form.values()], [...form.entries()], FormData.prototype[Symbol.iterator] === FormData.prototype.entries, Object.fromEntries(form)];

// case: forEach
form.append("a", 1); form.append("b", 2);
const log = [], self = {};
form.forEach(function (value, name, it) { log.push(value, name, it === form, this === self); }, self);
return log;

// case: forEach wants a function
return [() => form.forEach("x"), () => form.forEach({})].map(thrown);

// case: entries that come while somebody iterates are seen
form.append("a", 1);
const log = [];
for (const [name, value] of form) { log.push(name, value); if (log.length < 6) form.append("b", log.length); }
return log;

// case: entries that go while somebody iterates are not
for (const name of ["a", "b", "c"]) form.append(name, name);
const log = [];
for (const [name] of form) { log.push(name); form.delete("b"); }
return log;

// case: tags and members
// expect: {"returns":["[object FormData]","FormData",0,["append","delete","entries","forEach","get","getAll","has","keys","set","values"],[],2,2]}
const members = []; for (const name in form) members.push(name);
return [String(form), FormData.name, FormData.length, members.sort(), Object.keys(form), FormData.prototype.append.length, FormData.prototype.set.length];

// case: methods want a form
return [() => FormData.prototype.get.call({}, "a"), () => FormData.prototype.append.call({}, "a", "b")].map(thrown);

// case: a file that is set
form.append("a", "text"); form.set("a", new Blob(["x"], { type: "t/y" }), "n");
return [entries(), await form.get("a").text()];
