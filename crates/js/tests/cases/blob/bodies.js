const shape = async ([name, value]) => (typeof value === "string" ? [name, value] : [name, value.name, value.type, await value.text()]);
const shapes = async (form) => Promise.all([...(await form)].map(shape));
const read = (text, type = "multipart/form-data; boundary=B") => shapes(new Response(text, { headers: { "content-type": type } }).formData());
const name = (promise) => promise.then((value) => value, (error) => error.name);
// case: a form as a body
const form = new FormData();
form.append("a\nb\"c", "1\n2\r3\r\n4"); form.append("f", new File(["x\ny"], "n\r\n\"ä\".txt", { type: "text/x" })); form.append("g", new Blob(["z"]), "h");
const response = new Response(form);
const type = response.headers.get("content-type");
const boundary = type.slice("multipart/form-data; boundary=".length);
return [type.startsWith("multipart/form-data; boundary="), (await response.text()).replaceAll(boundary, "B")];

// case: an empty form as a body
// expect: {"returns":"--B--\r\n"}
const response = new Response(new FormData());
const boundary = response.headers.get("content-type").split("=")[1];
return (await response.text()).replaceAll(boundary, "B");

// case: a form there and back
const form = new FormData();
form.append("a", "1"); form.append("a", "€ \u{1f600}"); form.append("\"q\"", "%22"); form.append("f", new File(["abc"], "f.bin", { type: "a/b" }));
return await shapes(new Response(form).formData());

// case: a form of a request
const form = new FormData();
form.append("a", "1");
return await shapes(new Request("http://x/", { method: "POST", body: form }).formData());

// case: parts of a form
return await read("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\nContent-Type: text/css\r\n\r\na\r\n--b\r\n--B--\r\n");

// case: a boundary in quotes
return await read("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n", "multipart/form-data; boundary=\"B\"");

// case: what is url encoded
return await read("a=1+2&b=%C3%A4&c&a=%26", "application/x-www-form-urlencoded");

// case: nothing that is url encoded
return await read("", "application/x-www-form-urlencoded;charset=UTF-8");

// case: what is no form
return await Promise.all([read("a=1", "text/plain"), read("x", "multipart/form-data"), read("x"), read("--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--\r\n")].map(name));

// case: a blob as a body
const response = new Response(new Blob(["a", "b"], { type: "Text/X" }));
return [response.headers.get("content-type"), await response.text()];

// case: a body as a blob
const blob = await new Response("äx", { headers: { "content-type": "text/X" } }).blob();
return [blob instanceof Blob, blob.size, blob.type, await blob.text()];

// case: a file as a body
const response = new Response(new File(["abc"], "x"));
return [response.headers.get("content-type"), await response.text()];
