// case: an empty list
return [...new Headers()]

// case: from undefined
return [...new Headers(undefined)]

// case: from null
return [...new Headers(null)]

// case: from a number
return [...new Headers(1)]

// case: from a string
return [...new Headers('a: b')]

// case: from a record
return [...new Headers({ b: '2', A: '1' })]

// case: from a record of other types
return [...new Headers({ b: 2, a: true, c: null, d: undefined, e: ['x', 'y'] })]

// case: from a record whose names differ in case
return [...new Headers({ a: '1', A: '2' })]

// case: from a record with a symbol
return [...new Headers({ [Symbol('x')]: '1' })]

// case: from a record without a prototype
return [...new Headers(Object.assign(Object.create(null), { a: '1' }))]

// case: members of a record count where they are its own and enumerable, which Node does not ask
// expect: {"returns":[["b","2"]]}
return [...new Headers(Object.create({ a: '1' }, { b: { value: '2', enumerable: true }, c: { value: '3' } }))]

// case: from pairs
return [...new Headers([['b', '2'], ['A', '1'], ['b', '3']])]

// case: from a pair of one
return [...new Headers([['b']])]

// case: from a pair of three
return [...new Headers([['b', '1', '2']])]

// case: from a pair that is a string
return [...new Headers(['ab'])]

// case: from pairs that are no objects
return [...new Headers([1])]

// case: from an empty array
return [...new Headers([])]

// case: from a map
return [...new Headers(new Map([['x', '1'], ['y', '2']]))]

// case: from a generator of generators
function* p(a, b) { yield a; yield b } function* all() { yield p('x', '1'); yield p('y', '2') } return [...new Headers(all())]

// case: from a generator of three
function* p() { yield 'a'; yield 'b'; yield 'c' } return [...new Headers([p()])]

// case: from an object whose iterator is no function
return [...new Headers({ [Symbol.iterator]: 1 })]

// case: from other headers
const a = new Headers({ x: '1' }); const b = new Headers(a); b.set('x', '2'); b.append('y', '3'); return [[...a], [...b]]

// case: from an instance of a class that extends
class Mine extends Headers {} const a = new Mine({ x: '1' }); return [[...new Headers(a)], a instanceof Headers, a instanceof Mine, a.constructor.name]

// case: from a proxy of a record
return [...new Headers(new Proxy({ a: '1' }, {}))]

// case: without new
return Headers()

// case: append adds, set replaces
const h = new Headers(); h.append('a', '1'); h.append('A', '2'); const before = h.get('a'); h.set('a', '3'); return [before, h.get('A')]

// case: get of nothing
return new Headers().get('x')

// case: get of an empty value
return new Headers({ x: '' }).get('x')

// case: get without a name
return new Headers().get()

// case: get of what is no name
return new Headers().get('a b')

// case: get of an empty name
return new Headers().get('')

// case: has
const h = new Headers({ x: '' }); return [h.has('X'), h.has('y')]

// case: has of what is no name
return new Headers().has('a:')

// case: delete
const h = new Headers({ x: '1', y: '2' }); h.delete('X'); h.delete('z'); return [...h]

// case: delete of what is no name
new Headers().delete('é')

// case: delete takes every line
const h = new Headers([['a', '1'], ['a', '2']]); h.delete('a'); return h.has('a')

// case: methods give nothing
const h = new Headers(); return [h.append('a', '1'), h.set('a', '1'), h.delete('a')].map(String)

// case: names are lower case
return [...new Headers({ 'X-Some-NAME': '1' })]

// case: names may have every character of a token
return [...new Headers({ "!#$%&'*+-.^_`|~09az": '1' })]

// case: no name: a b
new Headers().append('a b', '1')

// case: no name: a:b
new Headers().append('a:b', '1')

// case: no name: a\ n
new Headers().append('a\n', '1')

// case: no name: ä
new Headers().append('ä', '1')

// case: no name: a\ u0000
new Headers().append('a\u0000', '1')

// case: no name: (a)
new Headers().append('(a)', '1')

// case: no name: a@b
new Headers().append('a@b', '1')

// case: no name: a/b
new Headers().append('a/b', '1')

// case: no name: €
new Headers().append('€', '1')

// case: no name: \ ud800
new Headers().append('\ud800', '1')

// case: value:  a
const h = new Headers(); h.append('x', ' a'); return h.get('x')

// case: value:  a b \ t
const h = new Headers(); h.append('x', ' a b \t'); return h.get('x')

// case: value: \ ra\ n
const h = new Headers(); h.append('x', '\ra\n'); return h.get('x')

// case: value: \ n \ t
const h = new Headers(); h.append('x', '\n \t'); return h.get('x')

// case: value: a\ tb
const h = new Headers(); h.append('x', 'a\tb'); return h.get('x')

// case: value: é
const h = new Headers(); h.append('x', 'é'); return h.get('x')

// case: value: \ xff
const h = new Headers(); h.append('x', '\xff'); return h.get('x')

// case: value: a,b
const h = new Headers(); h.append('x', 'a,b'); return h.get('x')

// case: value: \ u00a0a\ u00a0
const h = new Headers(); h.append('x', '\u00a0a\u00a0'); return h.get('x')

// case: no value: a\ nb
const h = new Headers(); h.append('x', 'a\nb'); return h.get('x')

// case: no value: a\ rb
const h = new Headers(); h.append('x', 'a\rb'); return h.get('x')

// case: no value: a\ u0000b
const h = new Headers(); h.append('x', 'a\u0000b'); return h.get('x')

// case: no value: €
const h = new Headers(); h.append('x', '€'); return h.get('x')

// case: no value: \ u0100
const h = new Headers(); h.append('x', '\u0100'); return h.get('x')

// case: no value: \ ud800
const h = new Headers(); h.append('x', '\ud800'); return h.get('x')

// case: no value: a control character, which no HTTP carries
// expect: {"throws":"TypeError"}
new Headers().append('x', 'a\u0001b')

// case: no value: DEL, which no HTTP carries
// expect: {"throws":"TypeError"}
new Headers().append('x', 'a\u007fb')

// case: no value: a symbol
new Headers().append('x', Symbol('a'))

// case: values become strings
const h = new Headers(); h.set('a', 1); h.set('b', null); h.set('c', undefined); h.set('d', {}); h.set('e', { toString: () => 'x' }); h.set('f', [1, 2]); return [...h]

// case: what a value throws comes out
new Headers().set('a', { toString() { throw new RangeError('x') } })

// case: the name is looked at before the value
const seen = []; try { new Headers().set({ toString() { seen.push('name'); return 'a' } }, { toString() { seen.push('value'); return 'b' } }) } catch {} return seen

// case: append without a value
new Headers().append('a')

// case: set without anything
new Headers().set()

// case: iteration is sorted
return [...new Headers([['c', '1'], ['a', '2'], ['b', '3'], ['a', '4']])]

// case: names that begin alike are sorted
return [...new Headers({ 'a-b': '1', a: '2', 'a_b': '3', ab: '4', a1: '5' }).keys()]

// case: keys, values, entries
const h = new Headers({ b: '2', a: '1' }); return [[...h.keys()], [...h.values()], [...h.entries()]]

// case: the iterator of headers is entries
return Headers.prototype[Symbol.iterator] === Headers.prototype.entries

// case: forEach
const all = []; const h = new Headers({ b: '2', a: '1' }); h.forEach(function (value, name, headers) { all.push([value, name, headers === h, this.x]) }, { x: 1 }); return all

// case: forEach without a function
new Headers({ a: '1' }).forEach()

// case: forEach with what is no function
new Headers({ a: '1' }).forEach(1)

// case: what the callback of forEach throws comes out
new Headers({ a: '1' }).forEach(() => { throw new RangeError('x') })

// case: set-cookie stays line by line
const h = new Headers([['set-cookie', 'a=1'], ['x', '1'], ['set-cookie', 'b=2']]); return [[...h], h.getSetCookie(), h.get('set-cookie')]

// case: getSetCookie of nothing
return new Headers().getSetCookie()

// case: set replaces all cookies
const h = new Headers([['set-cookie', 'a=1'], ['set-cookie', 'b=2']]); h.set('Set-Cookie', 'c=3'); return h.getSetCookie()

// case: copies keep cookies apart
const h = new Headers(new Headers([['set-cookie', 'a=1'], ['set-cookie', 'b=2']])); h.append('set-cookie', 'c'); return [...h]

// case: delete of cookies
const h = new Headers([['set-cookie', 'a=1'], ['set-cookie', 'b=2']]); h.delete('set-cookie'); return h.getSetCookie()

// case: an iterator sees what is added behind it
const h = new Headers({ a: '1', c: '3' }); const seen = []; for (const [name] of h) { seen.push(name); if (name === 'a') h.append('d', '4') } return seen

// case: an iterator goes by its place
const h = new Headers({ b: '1', c: '3' }); const seen = []; for (const [name] of h) { seen.push(name); if (name === 'b' && seen.length < 3) h.append('a', '0') } return seen

// case: an iterator that is done stays done
// expect: {"returns":[{"done":true},{"value":"a","done":false}]}
const h = new Headers(); const i = h.keys(); const first = i.next(); h.set('a', '1'); return [first, i.next()]

// case: an iterator is iterable
const h = new Headers({ a: '1' }); const i = h.keys(); return [i[Symbol.iterator]() === i, [...i]]

// case: the tag of an iterator
return Object.prototype.toString.call(new Headers().entries())

// case: next on something else
new Headers().keys().next.call({})

// case: the prototype of an iterator's prototype
return Object.getPrototypeOf(Object.getPrototypeOf(new Headers().keys())) === Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))

// case: spread into an object
return Object.fromEntries(new Headers({ a: '1', b: '2' }))

// case: nothing is enumerable in an instance
return [Object.keys(new Headers({ a: '1' })), JSON.stringify(new Headers({ a: '1' }))]

// case: the tag
return Object.prototype.toString.call(new Headers())

// case: methods are enumerable
const all = []; for (const name in new Headers()) all.push(name); return all.sort()

// case: methods have names and lengths
return Object.entries(Object.getOwnPropertyDescriptors(Headers.prototype)).filter(([, d]) => typeof d.value === 'function').map(([name, d]) => [name, d.value.name, d.value.length, d.writable, d.configurable]).sort()

// case: the class's own
return [Headers.name, Headers.length, typeof Headers, Object.getOwnPropertyDescriptor(globalThis, 'Headers').enumerable]

// case: a method on something else
Headers.prototype.get.call({}, 'a')

// case: a method on nothing
const { get } = new Headers(); get('a')

// case: a class that extends adds its own
class Mine extends Headers { twice(name) { return this.get(name) + this.get(name) } } return new Mine({ a: '1' }).twice('a')

// case: a class that extends overrides
class Mine extends Headers { get(name) { return `<${super.get(name)}>` } } return new Mine({ a: '1' }).get('a')

// case: a hundred names
const h = new Headers(); for (let i = 0; i < 100; i++) h.append(`x-${i % 10}`, `${i}`); return [[...h].length, h.get('x-3')]

// case: standard names are found in any case
const h = new Headers({ 'Content-Type': 'a', ETag: 'b', 'x-Own': 'c' }); return ['content-type', 'CONTENT-TYPE', 'etag', 'X-OWN'].map((name) => h.get(name))

// case: a long value
return new Headers({ x: 'a'.repeat(100000) }).get('x').length

// case: cookie lines are joined like others
return new Headers([['cookie', 'a=1'], ['cookie', 'b=2']]).get('cookie')
