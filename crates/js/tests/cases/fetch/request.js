// case: a GET of a URL
const r = new Request('http://a.test/p?q=1'); return [r.url, r.method, r.body, r.bodyUsed, [...r.headers]]

// case: the URL is normalised
return ['HTTP://A.Test:80', 'http://a.test/a/../b', 'http://a.test/ü?ü#ü', 'https://[::1]:443/'].map((url) => new Request(url).url)

// case: the fragment is part of the URL
return new Request('http://a.test/#x').url

// case: a relative URL
new Request('/p')

// case: no URL
new Request()

// case: an empty URL
new Request('')

// case: a URL object
return new Request(new URL('http://a.test/x')).url

// case: something that turns into a URL
return new Request({ toString: () => 'http://a.test/x' }).url

// case: a user in the URL
new Request('http://user@a.test/')

// case: a password in the URL
new Request('http://:pass@a.test/')

// case: a URL of another scheme
return ['data:,x', 'blob:http://a.test/1', 'about:blank', 'mailto:x'].map((url) => new Request(url).url)

// case: a lone surrogate in the URL
return new Request('http://a.test/\ud800').url

// case: without new
Request('http://a.test/p?q=1')

// case: method: get
return new Request('http://a.test/p?q=1', { method: 'get' }).method

// case: method: Post
return new Request('http://a.test/p?q=1', { method: 'Post' }).method

// case: method: DELETE
return new Request('http://a.test/p?q=1', { method: 'DELETE' }).method

// case: method: head
return new Request('http://a.test/p?q=1', { method: 'head' }).method

// case: method: options
return new Request('http://a.test/p?q=1', { method: 'options' }).method

// case: method: PUT
return new Request('http://a.test/p?q=1', { method: 'PUT' }).method

// case: method: PATCH
return new Request('http://a.test/p?q=1', { method: 'PATCH' }).method

// case: method: propfind
return new Request('http://a.test/p?q=1', { method: 'propfind' }).method

// case: method: X-y
return new Request('http://a.test/p?q=1', { method: 'X-y' }).method

// case: method: patch, which is another one than PATCH
// expect: {"returns":"patch"}
return new Request('http://a.test/p?q=1', { method: 'patch' }).method

// case: no method: CONNECT
new Request('http://a.test/p?q=1', { method: 'CONNECT' })

// case: no method: trace
new Request('http://a.test/p?q=1', { method: 'trace' })

// case: no method: TRACK
new Request('http://a.test/p?q=1', { method: 'TRACK' })

// case: no method: 
new Request('http://a.test/p?q=1', { method: '' })

// case: no method: a b
new Request('http://a.test/p?q=1', { method: 'a b' })

// case: no method: ü
new Request('http://a.test/p?q=1', { method: 'ü' })

// case: no method: GET\ n
new Request('http://a.test/p?q=1', { method: 'GET\n' })

// case: a method that is no string
return new Request('http://a.test/p?q=1', { method: { toString: () => 'post' } }).method

// case: a method that is undefined
return new Request('http://a.test/p?q=1', { method: undefined }).method

// case: a method that is null
return new Request('http://a.test/p?q=1', { method: null }).method

// case: headers of a record
return [...new Request('http://a.test/p?q=1', { headers: { B: '1', a: '2' } }).headers]

// case: headers of pairs
return [...new Request('http://a.test/p?q=1', { headers: [['a', '1'], ['a', '2']] }).headers]

// case: headers are copied
const h = new Headers({ a: '1' }); const r = new Request('http://a.test/p?q=1', { headers: h }); h.set('a', '2'); return [r.headers.get('a'), r.headers === h]

// case: headers are the same object each time
const r = new Request('http://a.test/p?q=1'); return r.headers === r.headers

// case: headers cannot be replaced
const r = new Request('http://a.test/p?q=1'); const h = r.headers; try { r.headers = new Headers() } catch (e) { return [e.name, r.headers === h] }

// case: headers that are undefined
return [...new Request('http://a.test/p?q=1', { headers: undefined }).headers]

// case: headers that are null
new Request('http://a.test/p?q=1', { headers: null })

// case: headers with a bad name
new Request('http://a.test/p?q=1', { headers: { 'a b': '1' } })

// case: names that browsers forbid are allowed
return [...new Request('http://a.test/p?q=1', { headers: { cookie: 'a', host: 'b', origin: 'c', 'content-length': '1' } }).headers]

// case: init that is null
return new Request('http://a.test/p?q=1', null).method

// case: init that is a string
new Request('http://a.test/p?q=1', 'x')

// case: init that is a number
new Request('http://a.test/p?q=1', 1)

// case: init that is a function
const f = () => {}; f.method = 'put'; return new Request('http://a.test/p?q=1', f).method

// case: members that are inherited count
class Init { get method() { return 'PUT' } } return new Request('http://a.test/p?q=1', new Init()).method

// case: members that are not enumerable count
return new Request('http://a.test/p?q=1', Object.defineProperty({}, 'method', { value: 'PUT' })).method

// case: what a member throws comes out
new Request('http://a.test/p?q=1', { get method() { throw new RangeError() } })

// case: the defaults
const r = new Request('http://a.test/p?q=1'); return [r.destination, r.referrer, r.referrerPolicy, r.mode, r.credentials, r.cache, r.redirect, r.integrity, r.keepalive, r.duplex]

// case: what is set is read back
const r = new Request('http://a.test/p?q=1', { referrerPolicy: 'no-referrer', mode: 'same-origin', credentials: 'omit', cache: 'no-store', redirect: 'manual', integrity: 'sha256-x', keepalive: 1, duplex: 'half' }); return [r.referrerPolicy, r.mode, r.credentials, r.cache, r.redirect, r.integrity, r.keepalive, r.duplex]

// case: redirect that is nothing
new Request('http://a.test/p?q=1', { redirect: 'nonsense' })

// case: mode that is nothing
new Request('http://a.test/p?q=1', { mode: 'nonsense' })

// case: credentials that is nothing
new Request('http://a.test/p?q=1', { credentials: 'nonsense' })

// case: cache that is nothing
new Request('http://a.test/p?q=1', { cache: 'nonsense' })

// case: referrerPolicy that is nothing
new Request('http://a.test/p?q=1', { referrerPolicy: 'nonsense' })

// case: duplex that is nothing
new Request('http://a.test/p?q=1', { duplex: 'nonsense' })

// case: mode navigate
new Request('http://a.test/p?q=1', { mode: 'navigate' })

// case: only-if-cached wants same-origin
new Request('http://a.test/p?q=1', { cache: 'only-if-cached' })

// case: only-if-cached with same-origin
return new Request('http://a.test/p?q=1', { cache: 'only-if-cached', mode: 'same-origin' }).cache

// case: window that is null
return new Request('http://a.test/p?q=1', { window: null }).method

// case: window that is something
new Request('http://a.test/p?q=1', { window: {} })

// case: referrer: none
// expect: {"returns":""}
return new Request('http://a.test/p?q=1', { referrer: '' }).referrer

// case: referrer: a URL
// expect: {"returns":"about:client"}
return new Request('http://a.test/p?q=1', { referrer: 'http://b.test/' }).referrer

// case: referrer: nonsense
new Request('http://a.test/p?q=1', { referrer: 'nonsense' })

// case: a body on a GET
new Request('http://a.test/p?q=1', { body: 'x' })

// case: an empty body on a GET
new Request('http://a.test/p?q=1', { body: '' })

// case: a body on a HEAD
new Request('http://a.test/p?q=1', { method: 'head', body: 'x' })

// case: a null body on a GET
return new Request('http://a.test/p?q=1', { body: null }).body

// case: a body on a DELETE
return new Request('http://a.test/p?q=1', { method: 'delete', body: 'x' }).text()

// case: text as a body
const r = new Request('http://a.test/p?q=1', { method: 'post', body: 'ü€' }); return [r.headers.get('content-type'), r.bodyUsed, await r.text(), r.bodyUsed]

// case: a content type of one's own stays
return new Request('http://a.test/p?q=1', { method: 'post', body: 'x', headers: { 'Content-Type': 'a/b' } }).headers.get('content-type')

// case: parameters as a body
const r = new Request('http://a.test/p?q=1', { method: 'post', body: new URLSearchParams({ a: '1 2', b: 'ü' }) }); return [r.headers.get('content-type'), await r.text()]

// case: bytes as a body
const r = new Request('http://a.test/p?q=1', { method: 'post', body: new Uint8Array([104, 105]) }); return [r.headers.get('content-type'), await r.text()]

// case: a part of a buffer as a body
const b = new Uint8Array([1, 104, 105, 2]); const r = new Request('http://a.test/p?q=1', { method: 'post', body: b.subarray(1, 3) }); return r.text()

// case: bytes are copied
const b = new Uint8Array([104, 105]); const r = new Request('http://a.test/p?q=1', { method: 'post', body: b }); b[0] = 72; return r.text()

// case: a buffer as a body
return new Request('http://a.test/p?q=1', { method: 'post', body: new Uint8Array([104, 105]).buffer }).text()

// case: a view as a body
return new Request('http://a.test/p?q=1', { method: 'post', body: new DataView(new Uint8Array([104, 105]).buffer, 1) }).text()

// case: an object as a body is its text
const r = new Request('http://a.test/p?q=1', { method: 'post', body: {} }); return [r.headers.get('content-type'), await r.text()]

// case: a number as a body is its text
return new Request('http://a.test/p?q=1', { method: 'post', body: 1.5 }).text()

// case: an array as a body is its text
return new Request('http://a.test/p?q=1', { method: 'post', body: [1, 2] }).text()

// case: a symbol as a body
new Request('http://a.test/p?q=1', { method: 'post', body: Symbol('x') })

// case: a stream as a body
const body = new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('ab')); c.enqueue(new TextEncoder().encode('c')); c.close() } }); const r = new Request('http://a.test/p?q=1', { method: 'post', body, duplex: 'half' }); return [r.headers.get('content-type'), r.body === body, await r.text()]

// case: a stream does not need to say that it is half duplex
// expect: {"returns":""}
const body = new ReadableStream({ start(c) { c.close() } }); return new Request('http://a.test/p?q=1', { method: 'post', body }).text()

// case: a stream that is locked
const body = new ReadableStream(); body.getReader(); new Request('http://a.test/p?q=1', { method: 'post', body, duplex: 'half' })

// case: a stream that was read
const body = new ReadableStream({ start(c) { c.enqueue(new Uint8Array(1)); c.enqueue(new Uint8Array(1)) } }); const reader = body.getReader(); await reader.read(); reader.releaseLock(); new Request('http://a.test/p?q=1', { method: 'post', body, duplex: 'half' })

// case: an async generator as a body
async function* all() { yield new Uint8Array([104]); yield new Uint8Array([105]) } return new Request('http://a.test/p?q=1', { method: 'post', body: all(), duplex: 'half' }).text()

// case: of a request: everything is taken over
const a = new Request('http://a.test/p?q=1', { method: 'post', headers: { x: '1' }, body: 'b', redirect: 'manual', cache: 'no-store' }); const b = new Request(a); return [b.url, b.method, [...b.headers], b.redirect, b.cache, a.bodyUsed, b.bodyUsed, await b.text()]

// case: of a request: its body is gone
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); const b = new Request(a); await a.text()

// case: of a request: what is said goes first
const a = new Request('http://a.test/p?q=1', { method: 'post', headers: { x: '1' }, body: 'a' }); const b = new Request(a, { method: 'put', headers: { y: '2' }, body: 'b' }); return [b.method, [...b.headers], await b.text(), a.bodyUsed]

// case: of a request: headers may be changed
const a = new Request('http://a.test/p?q=1', { headers: { x: '1' } }); const b = new Request(a); b.headers.set('x', '2'); return [a.headers.get('x'), b.headers.get('x')]

// case: of a request whose body was read
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); await a.text(); new Request(a)

// case: of a request whose body was read, with another body
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); await a.text(); return new Request(a, { body: 'c' }).text()

// case: of a request with a body, as a GET
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); new Request(a, { method: 'get' })

// case: of a request with a body, null for a body
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); return new Request(a, { body: null }).text()

// case: of a request whose body is a stream somebody holds
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); a.body.getReader(); new Request(a)

// case: of a request whose body was looked at
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); a.body; const b = new Request(a); return [a.bodyUsed, await b.text()]

// case: a request as what describes another
const a = new Request('http://a.test/p?q=1', { method: 'post', headers: { x: '1' }, redirect: 'error', cache: 'reload' }); const b = new Request('http://b.test/', a); return [b.url, b.method, [...b.headers], b.redirect, b.cache]

// case: a request with a body as what describes another, and either is read
// expect: {"returns":[[false,false],"x",true,true]}
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'x' }); const b = new Request('http://b.test/', a); const before = [a.bodyUsed, b.bodyUsed]; return [before, await b.text(), a.bodyUsed, b.bodyUsed]

// case: a request with a body as what describes another, and the first is read
// expect: {"returns":[true,"TypeError"]}
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'x' }); const b = new Request('http://b.test/', a); await a.text(); return [b.bodyUsed, await b.text().catch((e) => e.name)]

// case: a request whose body was read as what describes another
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'x' }); await a.text(); new Request('http://b.test/', a)

// case: clone: both are read
const a = new Request('http://a.test/p?q=1', { method: 'post', headers: { x: '1' }, body: 'b' }); const b = a.clone(); b.headers.set('x', '2'); return [b.url, b.method, a.headers.get('x'), await b.text(), a.bodyUsed, await a.text()]

// case: clone of what was read
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); await a.text(); a.clone()

// case: clone of what somebody holds
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); a.body.getReader(); a.clone()

// case: clone of what was looked at
const a = new Request('http://a.test/p?q=1', { method: 'post', body: 'b' }); const s = a.body; const b = a.clone(); return [a.body === s, s.locked, await a.text(), await b.text()]

// case: clone of a stream
const body = new ReadableStream({ start(c) { c.enqueue(new Uint8Array([104])); c.enqueue(new Uint8Array([105])); c.close() } }); const a = new Request('http://a.test/p?q=1', { method: 'post', body, duplex: 'half' }); const b = a.clone(); return [await b.text(), await a.text(), a.body === body]

// case: clone without a body
const b = new Request('http://a.test/p?q=1').clone(); return [b.body, await b.text()]

// case: clone is of the class itself
class Mine extends Request {} const b = new Mine('http://a.test/p?q=1').clone(); return [b instanceof Mine, b instanceof Request]

// case: signal: there is always one
const r = new Request('http://a.test/p?q=1'); return [r.signal instanceof AbortSignal, r.signal.aborted, r.signal === r.signal]

// case: signal: it follows the one that is given
const c = new AbortController(); const r = new Request('http://a.test/p?q=1', { signal: c.signal }); const same = r.signal === c.signal; c.abort('why'); return [same, r.signal.aborted, r.signal.reason]

// case: signal: one that is aborted
return new Request('http://a.test/p?q=1', { signal: AbortSignal.abort('why') }).signal.reason

// case: signal: that of a request is followed
const c = new AbortController(); const r = new Request(new Request('http://a.test/p?q=1', { signal: c.signal })).clone(); c.abort(); return r.signal.aborted

// case: signal: null takes it away
const c = new AbortController(); const r = new Request(new Request('http://a.test/p?q=1', { signal: c.signal }), { signal: null }); c.abort(); return r.signal.aborted

// case: signal: not a signal
new Request('http://a.test/p?q=1', { signal: { aborted: false } })

// case: a class that extends it
class Mine extends Request { constructor(input, init) { super(input, init); this.user = init?.user ?? input.user } get twice() { return this.url + this.url } } const a = new Mine('http://a.test/p?q=1', { user: 1, method: 'post', body: 'x' }); const b = new Mine(a, { headers: { y: '1' } }); return [b.user, b.twice, b instanceof Mine, b instanceof Request, [...b.headers], await b.text(), a.bodyUsed, Object.prototype.toString.call(b), b.constructor.name]

// case: a class that extends a class that extends it
class A extends Request {} class B extends A {} const b = new B('http://a.test/p?q=1'); return [b instanceof A, new Request(b).url, Reflect.construct(Request, ['http://a.test/p?q=1'], B) instanceof B]

// case: the tag
return Object.prototype.toString.call(new Request('http://a.test/p?q=1'))

// case: the class's own
return [Request.name, Request.length, Object.getOwnPropertyDescriptor(globalThis, 'Request').enumerable]

// case: nothing is enumerable in an instance
return [Object.keys(new Request('http://a.test/p?q=1')), JSON.stringify(new Request('http://a.test/p?q=1'))]

// case: attributes belong to the prototype
return ['url', 'method', 'headers', 'body', 'bodyUsed', 'signal', 'redirect'].map((name) => { const d = Object.getOwnPropertyDescriptor(Request.prototype, name); return [typeof d.get, typeof d.set, d.enumerable, d.configurable] })

// case: every name of the standard is there
// expect: {"returns":[]}
return ['method', 'url', 'headers', 'destination', 'referrer', 'referrerPolicy', 'mode', 'credentials', 'cache', 'redirect', 'integrity', 'keepalive', 'signal', 'duplex', 'clone', 'body', 'bodyUsed', 'arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'].filter((name) => !(name in Request.prototype))

// case: an attribute on something else
Object.getOwnPropertyDescriptor(Request.prototype, 'url').get.call({})

// case: an attribute of a response on a request
Object.getOwnPropertyDescriptor(Response.prototype, 'status').get.call(new Request('http://a.test/p?q=1'))

// case: url, method cannot be set
const r = new Request('http://a.test/p?q=1'); const names = []; for (const name of ['url', 'method', 'signal', 'body']) { try { r[name] = 'x' } catch (e) { names.push(e.name) } } return [names, r.url]

// case: a proxy as what describes a request
return new Request('http://a.test/', new Proxy({ method: 'put' }, {})).method

// case: a proxy whose prototype throws, which Node does not ask for
// expect: {"returns":"PUT"}
return new Request('http://a.test/', new Proxy({ method: 'put' }, { getPrototypeOf() { throw new RangeError() } })).method
