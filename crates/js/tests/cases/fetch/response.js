// case: the defaults
const r = new Response(); return [r.type, r.url, r.redirected, r.status, r.ok, r.statusText, r.body, r.bodyUsed, [...r.headers]]

// case: undefined and null are no body
return [new Response(undefined).body, new Response(null).body]

// case: status, text, headers
const r = new Response('x', { status: 201, statusText: 'Made', headers: { A: '1' } }); return [r.status, r.ok, r.statusText, [...r.headers]]

// case: no status: 199
return new Response(null, { status: 199 }).status

// case: no status: 600
return new Response(null, { status: 600 }).status

// case: no status: 0
return new Response(null, { status: 0 }).status

// case: no status: -1
return new Response(null, { status: -1 }).status

// case: no status: 99999
return new Response(null, { status: 99999 }).status

// case: no status: NaN
return new Response(null, { status: NaN }).status

// case: no status: 'abc'
return new Response(null, { status: 'abc' }).status

// case: no status: null
return new Response(null, { status: null }).status

// case: no status: 65736
return new Response(null, { status: 65736 }).status

// case: status: 200
const r = new Response(null, { status: 200 }); return [r.status, r.ok]

// case: status: 299
const r = new Response(null, { status: 299 }); return [r.status, r.ok]

// case: status: 300
const r = new Response(null, { status: 300 }); return [r.status, r.ok]

// case: status: 404
const r = new Response(null, { status: 404 }); return [r.status, r.ok]

// case: status: 599
const r = new Response(null, { status: 599 }); return [r.status, r.ok]

// case: status: '201'
const r = new Response(null, { status: '201' }); return [r.status, r.ok]

// case: status: 201.9
const r = new Response(null, { status: 201.9 }); return [r.status, r.ok]

// case: status: undefined
const r = new Response(null, { status: undefined }); return [r.status, r.ok]

// case: status: 65737
const r = new Response(null, { status: 65737 }); return [r.status, r.ok]

// case: status text: every character that may be
return new Response(null, { statusText: 'a\tb c~\u00ff' }).statusText

// case: no status text: a\ nb
new Response(null, { statusText: 'a\nb' })

// case: no status text: a\ u0000
new Response(null, { statusText: 'a\u0000' })

// case: no status text: a\ u007f
new Response(null, { statusText: 'a\u007f' })

// case: no status text: €
new Response(null, { statusText: '€' })

// case: a body with 204
new Response('x', { status: 204 })

// case: an empty body with 204
new Response('', { status: 204 })

// case: no body with 204
return new Response(null, { status: 204 }).status

// case: a body with 205
new Response('x', { status: 205 })

// case: an empty body with 205
new Response('', { status: 205 })

// case: no body with 205
return new Response(null, { status: 205 }).status

// case: a body with 304
new Response('x', { status: 304 })

// case: an empty body with 304
new Response('', { status: 304 })

// case: no body with 304
return new Response(null, { status: 304 }).status

// case: init that is a string
new Response('', 'x')

// case: init that is null
return new Response('', null).status

// case: without new
Response()

// case: text
const r = new Response('ü'); return [r.headers.get('content-type'), await r.text(), r.bodyUsed]

// case: a content type of one's own stays
return new Response('x', { headers: [['content-type', 'a/b']] }).headers.get('content-type')

// case: bytes have no type
return [...new Response(new Uint8Array(1)).headers]

// case: parameters
const r = new Response(new URLSearchParams('a=1')); return [r.headers.get('content-type'), await r.text()]

// case: text that is not well formed
return new Response('a\ud800b').text()

// case: a response as what describes another
const a = new Response('a', { status: 404, statusText: 'No', headers: { x: '1' } }); const b = new Response('b', a); b.headers.set('x', '2'); return [b.status, b.statusText, [...b.headers], a.headers.get('x'), await b.text(), await a.text()]

// case: the body of a response for another
const a = new Response('a', { headers: { x: '1' } }); const b = new Response(a.body, a); return [b.body === a.body, [...b.headers], await b.text(), a.bodyUsed]

// case: the body of a request for a response
const a = new Request('http://a.test/', { method: 'post', body: 'a' }); const b = new Response(a.body); return [await b.text(), a.bodyUsed]

// case: Response.error() as what describes another
new Response('b', Response.error())

// case: json: of an object
const r = Response.json({ a: [1, 'ü'] }); return [r.status, r.type, [...r.headers], await r.text()]

// case: json: with init
const r = Response.json(1, { status: 201, headers: { 'content-type': 'a/b', x: '1' } }); return [r.status, [...r.headers], await r.json()]

// case: json: of undefined
Response.json(undefined)

// case: json: of a function
Response.json(() => {})

// case: json: of a symbol
Response.json(Symbol())

// case: json: of what goes round
const a = {}; a.a = a; Response.json(a)

// case: json: of what throws
Response.json({ toJSON() { throw new RangeError() } })

// case: json: of nothing
Response.json()

// case: json: with a status that has no body
Response.json(1, { status: 204 })

// case: json: null
return Response.json(null).text()

// case: error
const r = Response.error(); return [r.type, r.status, r.ok, r.statusText, r.body, [...r.headers]]

// case: error: its headers are immutable
Response.error().headers.set('a', '1')

// case: redirect
const r = Response.redirect('http://a.test/ü'); return [r.status, [...r.headers], r.body, r.type]

// case: redirect: 301
return Response.redirect('http://a.test/', 301).status

// case: redirect: 302
return Response.redirect('http://a.test/', 302).status

// case: redirect: 303
return Response.redirect('http://a.test/', 303).status

// case: redirect: 307
return Response.redirect('http://a.test/', 307).status

// case: redirect: 308
return Response.redirect('http://a.test/', 308).status

// case: no redirect: 200
Response.redirect('http://a.test/', 200)

// case: no redirect: 300
Response.redirect('http://a.test/', 300)

// case: no redirect: 304
Response.redirect('http://a.test/', 304)

// case: no redirect: 309
Response.redirect('http://a.test/', 309)

// case: no redirect: 404
Response.redirect('http://a.test/', 404)

// case: redirect: undefined for a status
return Response.redirect('http://a.test/', undefined).status

// case: redirect: a URL object
return Response.redirect(new URL('http://a.test/x'), 303).headers.get('location')

// case: redirect: a relative URL
Response.redirect('/x')

// case: redirect: its headers are immutable
Response.redirect('http://a.test/').headers.set('a', '1')

// case: clone
const a = new Response('x', { status: 201, statusText: 'T', headers: { x: '1' } }); const b = a.clone(); b.headers.set('x', '2'); return [b.status, b.statusText, a.headers.get('x'), await a.text(), await b.text()]

// case: clone of what was read
const a = new Response('x'); await a.text(); a.clone()

// case: clone of a clone
const a = new Response('x'); const b = a.clone(); const c = b.clone(); return Promise.all([a, b, c].map((r) => r.text()))

// case: clone of a stream, one of both cancelled
const body = new ReadableStream({ start(c) { c.enqueue(new Uint8Array([104])); c.enqueue(new Uint8Array([105])); c.close() } }); const a = new Response(body); const b = a.clone(); a.body.cancel(); return b.text()

// case: clone keeps headers immutable
Response.redirect('http://a.test/').clone().headers.set('a', '1')

// case: a class that extends it
class Mine extends Response { get loud() { return `${this.status}!` } static make() { return new this('m', { status: 202 }) } } const r = Mine.make(); return [r.loud, r instanceof Mine, await r.text(), Mine.json(1) instanceof Mine, typeof Mine.error]

// case: the tag
return Object.prototype.toString.call(new Response())

// case: the class's own
return [Response.name, Response.length, Object.keys(Response).sort(), Object.getOwnPropertyDescriptor(globalThis, 'Response').enumerable]

// case: every name of the standard is there
// expect: {"returns":[]}
return ['type', 'url', 'redirected', 'status', 'ok', 'statusText', 'headers', 'clone', 'body', 'bodyUsed', 'arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'].filter((name) => !(name in Response.prototype))

// case: attributes cannot be set
const r = new Response(); const names = []; for (const name of ['status', 'ok', 'type']) { try { r[name] = 1 } catch (e) { names.push(e.name) } } return [names, r.status]

// case: headers may be changed
const r = new Response(); r.headers.append('a', '1'); r.headers.append('set-cookie', 'b'); return [...r.headers]
