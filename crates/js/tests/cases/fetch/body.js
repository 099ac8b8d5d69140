const of = (...chunks) => new ReadableStream({
  start(controller) {
    for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
    controller.close();
  },
});
const bytes = (...values) => new Uint8Array(values);
const ends = (promise) => promise.then((value) => ["fulfilled", value], (error) => ["rejected", error.name]);

// case: text drops one byte order mark, where Node drops two
// expect: {"returns":["h",2]}
return [await new Response(bytes(0xef, 0xbb, 0xbf, 104)).text(), (await new Response(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 104)).text()).length]

// case: text replaces what is no UTF-8
return new Response(bytes(104, 0xff, 0xc3, 105, 0xed, 0xa0, 0x80)).text()

// case: text of nothing
return [await new Response().text(), await new Response('').text()]

// case: json
return new Response('{"a":[1,2.5,"ü",null,true]}').json()

// case: json with a byte order mark
return new Response(bytes(0xef, 0xbb, 0xbf, 49)).json()

// case: no json: 
return ends(new Response(''.replace(/^$/, '')).json())

// case: no json: {
return ends(new Response('{'.replace(/^$/, '')).json())

// case: no json: {a:1}
return ends(new Response('{a:1}'.replace(/^$/, '')).json())

// case: no json: [1,]
return ends(new Response('[1,]'.replace(/^$/, '')).json())

// case: no json: undefined
return ends(new Response('undefined'.replace(/^$/, '')).json())

// case: no json: NaN
return ends(new Response('NaN'.replace(/^$/, '')).json())

// case: no json: 'a'
return ends(new Response("'a'").json())

// case: no json: 1 2
return ends(new Response('1 2'.replace(/^$/, '')).json())

// case: no json: \ u0000
return ends(new Response('\u0000'.replace(/^$/, '')).json())

// case: no json: "a\ nb"
return ends(new Response('"a\nb"'.replace(/^$/, '')).json())

// case: no json: 01
return ends(new Response('01'.replace(/^$/, '')).json())

// case: json of no body
return ends(new Response().json())

// case: json with a NUL inside
return ends(new Response('{}\u0000').json())

// case: json: a long one
const all = Array.from({ length: 1000 }, (_, i) => ({ i, text: `ü${i}` })); return (await new Response(JSON.stringify(all)).json()).length

// case: json: __proto__ is a name like others
const o = await new Response('{"__proto__":1}').json(); return Object.keys(o)

// case: json: something with then
return new Response('{"then":1}').json()

// case: arrayBuffer
const b = await new Response('hi').arrayBuffer(); return [b.constructor.name, [...new Uint8Array(b)]]

// case: bytes
// expect: {"returns":["Uint8Array",[104,105]]}
const b = await new Response('hi').bytes(); return [b.constructor.name, [...b]]

// case: arrayBuffer of nothing
return (await new Response().arrayBuffer()).byteLength

// case: a body is read once
const r = new Response('x'); await r.text(); return [r.bodyUsed, await ends(r.text()), await ends(r.json()), await ends(r.arrayBuffer())]

// case: two at once
const r = new Response('x'); return Promise.all([ends(r.text()), ends(r.text())])

// case: a body of nothing is read as often as one likes
const r = new Response(); return [await r.text(), await r.text(), r.bodyUsed]

// case: an empty body is read once
const r = new Response(''); return [await r.text(), r.bodyUsed, await ends(r.text())]

// case: reading is what uses, not the end of it
const r = new Response('x'); const p = r.text(); const used = r.bodyUsed; await p; return used

// case: a method on something else rejects
const p = Response.prototype.text.call({}); return ends(p)

// case: a method of a request on a response rejects
const p = Request.prototype.text.call(new Response('x')); return ends(p)

// case: methods give promises
const r = new Response('x'); const [a, b] = [r.text(), r.json()]; await ends(b); return [a instanceof Promise, b instanceof Promise]

// case: body is a byte stream
const r = new Response('hi'); const s = r.body; const reader = s.getReader(); const first = await reader.read(); const second = await reader.read(); return [s instanceof ReadableStream, r.body === s, [...first.value], first.done, second.done, r.bodyUsed]

// case: body is a byte stream, with a buffer of one's own
const reader = new Response('hi').body.getReader({ mode: 'byob' }); const { value } = await reader.read(new Uint8Array(10)); return [...value]

// case: body that nobody reads is not used
const r = new Response('x'); r.body; return [r.bodyUsed, await r.text()]

// case: body that somebody holds
const r = new Response('x'); const reader = r.body.getReader(); const held = await ends(r.text()); reader.releaseLock(); return [held, r.bodyUsed, await ends(r.text())]

// case: body that was read in part
const r = new Response(of('a', 'b')); const reader = r.body.getReader(); await reader.read(); reader.releaseLock(); return [r.bodyUsed, await ends(r.text())]

// case: body after it was read
const r = new Response('x'); await r.text(); const reader = () => r.body.getReader(); try { reader() } catch (e) { return [r.body.locked, e.name] } return [r.body.locked]

// case: body that is cancelled
const r = new Response('x'); await r.body.cancel(); return [r.bodyUsed, await ends(r.text())]

// case: body is iterated
const all = []; for await (const chunk of new Response('hi').body) all.push(...chunk); return all

// case: body is piped
const up = new TransformStream({ transform(chunk, c) { c.enqueue(new TextEncoder().encode(new TextDecoder().decode(chunk).toUpperCase())) } }); return new Response(new Response('hi').body.pipeThrough(up)).text()

// case: a stream of text chunks
return ends(new Response(new ReadableStream({ start(c) { c.enqueue('text'); c.close() } })).text())

// case: a stream that fails
return ends(new Response(new ReadableStream({ start(c) { c.enqueue(bytes(1)); c.error(new RangeError('x')) } })).text())

// case: a stream that fails later
return ends(new Response(new ReadableStream({ async pull(c) { c.enqueue(bytes(1)); await null; c.error(new RangeError('x')) } })).arrayBuffer())

// case: a stream in chunks, some of them empty
return new Response(of('ab', bytes(), 'c', bytes())).text()

// case: a character in two chunks
return new Response(of(bytes(0xc3), bytes(0xbc))).text()

// case: a stream is pulled as it is read
let pulled = 0; const r = new Response(new ReadableStream({ pull(c) { pulled++; if (pulled === 3) c.close(); else c.enqueue(bytes(48 + pulled)) } }, { highWaterMark: 0 })); const before = pulled; return [before, await r.text(), pulled]

// case: a stream of a stream
const a = new Response(of('a')); const b = new Response(a.body); const c = new Response(b.body); return [await c.text(), a.bodyUsed, b.bodyUsed]

// case: a stream that is locked
const s = of('a'); s.getReader(); new Response(s)

// case: a stream, locked later
const s = of('a'); const r = new Response(s); s.getReader(); return [r.bodyUsed, await ends(r.text())]

// case: json of a stream
return new Response(of('{"a"', ':1}')).json()

// case: an async iterable that is no generator
return new Response({ async *[Symbol.asyncIterator]() { yield bytes(104); yield bytes(105) } }).text()

// case: text of a long body
const text = 'ü'.repeat(100000); return (await new Response(text).text()) === text

// case: bytes of every value
const all = Uint8Array.from({ length: 256 }, (_, i) => i); return [...new Uint8Array(await new Response(all).arrayBuffer())].every((b, i) => b === i)

// case: types of other views
return new Response(new Uint16Array([0x6968])).text()

// case: an order of things: text settles before a later task
const order = []; const p = new Response('x').text().then(() => order.push('text')); await p; order.push('after'); return order

// case: fetch: a data URL
const r = await fetch('data:text/plain;base64,aGk='); return [r.status, r.headers.get('content-type'), await r.text()]

// case: fetch: a data URL with text
const r = await fetch('data:,a%20b'); return [r.ok, r.headers.get('content-type'), await r.text()]

// case: fetch: a bad data URL
return ends(fetch('data:text/plain'))

// case: fetch: nothing
return ends(fetch())

// case: fetch: what is no URL
return ends(fetch('/x'))

// case: fetch: a scheme that nobody knows
return ends(fetch('ftp://a.test/'))

// case: fetch: init that is wrong
return ends(fetch('http://a.test/', { method: 'CONNECT' }))

// case: fetch: a signal that is aborted
return fetch('http://a.test/', { signal: AbortSignal.abort(new RangeError('x')) }).catch((e) => [e.name, e.message])

// case: fetch: a signal of a request that is aborted
return ends(fetch(new Request('http://a.test/', { signal: AbortSignal.abort() })))

// case: fetch is a function of two
return [typeof fetch, fetch.name]

// case: blob
const b = await new Response('hi', { headers: { 'content-type': 'Text/HTML' } }).blob(); return [b instanceof Blob, b.size, b.type, await b.text()]

// case: blob without a type
const b = await new Response(bytes(1, 2)).blob(); return [b.size, b.type]

// case: blob of nothing
const b = await new Response().blob(); return [b.size, b.type]

// case: a blob as a body
const r = new Response(new Blob(['hi'], { type: 'a/b' })); return [r.headers.get('content-type'), await r.text()]

// case: a blob without a type as a body
const r = new Response(new Blob(['hi'])); return [r.headers.has('content-type'), await r.text()]

// case: a file as a body
const r = new Response(new File(['hi'], 'x.txt', { type: 'text/plain' })); return [r.headers.get('content-type'), await r.text()]

// case: a form as a body, and back
const form = new FormData(); form.append('a', '1'); form.append('a', 'ü\r\n'); form.append('f', new File(['file'], 'f.bin', { type: 'x/y' }));
const r = new Response(form);
const type = r.headers.get('content-type').replace(/boundary=.*/, 'boundary=…');
const back = await r.formData();
const file = back.get('f');
return [type, back.getAll('a'), file.name, file.type, await file.text(), r.bodyUsed]

// case: formData of parameters
const f = await new Response(new URLSearchParams('a=1&b=%C3%BC+x&a=2')).formData(); return [...f]

// case: formData of parameters that came as text
const f = await new Request('http://a.test/', { method: 'post', body: 'a=1&b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }).formData(); return [...f]

// case: formData of something else
return ends(new Response('a=1').formData())

// case: formData without a type
return ends(new Response(bytes(97)).formData())

// case: formData of what was read
const r = new Response(new URLSearchParams('a=1')); await r.text(); return ends(r.formData())

// case: formData of a stream
const form = new FormData(); form.append('a', '1'); const r = new Response(form);
return [...await new Response(r.body, { headers: r.headers }).formData()]

// case: what only calls itself a blob
return new Response({ [Symbol.toStringTag]: 'Blob' }).text()

// case: what only calls itself a stream
return new Response({ [Symbol.toStringTag]: 'ReadableStream' }).text()

// case: what calls itself something else than bytes
return new Response(Object.defineProperty(bytes(104), Symbol.toStringTag, { value: 'Blob' })).text()
