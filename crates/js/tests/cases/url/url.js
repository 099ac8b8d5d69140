const parts = (url) => {
  const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } = url;
  return { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash };
};
const changed = (href, attribute, value) => {
  const url = new URL(href);
  url[attribute] = value;
  return parts(url);
};

// case: all components
return parts(new URL("https://user:secret@example.com:8443/a/b?c=d&e#f"));

// case: no more than a host
return parts(new URL("https://example.com"));

// case: a default port is left out
return [new URL("https://a:443/").href, new URL("http://a:80/").href, new URL("http://a:443/").port];

// case: marks with nothing behind them
return parts(new URL("https://a/?#"));

// case: upper case, dots and backslashes
return parts(new URL("HTTPS://EXAMPLE.com\\a\\..\\b/./c"));

// case: spaces, tabs and newlines
return new URL(" https://a/b c\td\n?e f#g h ").href;

// case: hosts in other scripts
return [new URL("https://bücher.example/").host, new URL("https://日本語.jp/").hostname];

// case: hosts that are numbers
return [new URL("http://0x7f.1/").hostname, new URL("http://2130706433").hostname, new URL("http://[::0:1]:80").host];

// case: what is escaped where
return new URL("https://us er:p@ss@a/pä th?qü'ery#frä\"g").href;

// case: percent signs stay
return new URL("https://a/%zz/%41?%zz#%").href;

// case: no hierarchy
return parts(new URL("mailto:someone@example.com?subject=x"));

// case: data
return parts(new URL("data:text/plain,hello world#x"));

// case: a scheme of one's own
return parts(new URL("git+ssh://user@host:22/path/../x"));

// case: file
return parts(new URL("file:///C:/a/../b"));

// case: blob
return [new URL("blob:https://a:8080/uuid").origin, new URL("blob:nope").origin];

// case: origins
return ["http://a", "https://a:1", "ws://a", "wss://a:443", "ftp://a", "file:///a", "data:x", "x://y"].map((it) => new URL(it).origin);

// case: relative to a base
return ["c", "./c", "../c", "/c", "//h/c", "?q", "#f", "", "x:y", "\\c"].map((it) => new URL(it, "https://u@a:1/x/y?z#w").href);

// case: the base is a URL
return new URL("b", new URL("https://a/x/")).href;

// case: what is no string is made one
return [new URL({ toString: () => "https://a/" }).href, new URL(new URL("https://b/")).href, new URL("x", { toString: () => "https://c" }).href];

// case: a relative URL without a base
return new URL("/a");

// case: a base that is null
return new URL("https://a/", null);

// case: a base that is wrong does matter
return new URL("https://a/", "nope");

// case: a base that is undefined
return new URL("https://a/", undefined).href;

// case: no arguments
return new URL();

// case: called without new
return URL("https://a/");

// case: a symbol
return new URL(Symbol("x"));

// case: hosts that are wrong
return ["http://", "http://a b", "http://a:99999", "http://[::1", "http://a%00b", "http://1.2.3.4.5", "https://ex^ample", "http://a:b"].map((it) => URL.canParse(it));

// case: an error of a toString is passed on
return new URL({ toString() { throw new RangeError("mine"); } });

// case: lone surrogates
return new URL("https://a/\ud800?\udc00").href;

// case: canParse
return [URL.canParse("https://a"), URL.canParse("a"), URL.canParse("a", "https://b"), URL.canParse("a", "b"), URL.canParse(undefined, "https://b")];

// case: canParse without arguments
return URL.canParse();

// case: text and JSON
const url = new URL("https://a/b");
return [String(url), url.toString(), url.toJSON(), JSON.stringify({ url }), `${url}`, url + ""];

// case: what it says it is
return [Object.prototype.toString.call(new URL("https://a")), URL.name, URL.length, URL.canParse.length];

// case: attributes are enumerable and belong to the prototype
const url = new URL("https://a/b");
const names = [];
for (const name in url) names.push(name);
return [names.sort(), Object.keys(url), Object.keys(URL.prototype).includes("href")];

// case: attributes of something else
return Object.getOwnPropertyDescriptor(URL.prototype, "href").get.call({});

// case: attributes that cannot be set
const url = new URL("https://a/b");
url.origin = "x";

// case: searchParams cannot be set
const url = new URL("https://a/b");
url.searchParams = new URLSearchParams();

// case: classes that extend it
class Mine extends URL {
  get first() {
    return this.pathname.split("/")[1];
  }
}
const mine = new Mine("/x/y", "https://a");
return [mine.first, mine instanceof URL, mine.constructor.name, mine.href];

// case: set href
return changed("https://a/b?c", "href", "http://x:1/y#z");

// case: set href to what is wrong
const url = new URL("https://a/b");
url.href = "nope";

// case: a wrong href changes nothing
const url = new URL("https://a/b");
try { url.href = "nope"; } catch {}
return url.href;

// case: set protocol
return [changed("https://a:8080/", "protocol", "http"), changed("https://a/", "protocol", "ws:"), changed("https://a", "protocol", "mailto"), changed("x://a", "protocol", "https"), changed("http://a:443", "protocol", "https")].map((it) => it.href);

// case: set username and password
return [changed("https://a/", "username", "ü:@"), changed("https://u:p@a/", "password", ""), changed("https://u:p@a/", "username", ""), changed("mailto:x", "username", "u"), changed("file:///x", "password", "u")].map((it) => it.href);

// case: set host
return [["b"], ["b:81"], ["b:443"], ["b/c"], [""], ["b:"], ["b:x"], ["ü.example"], ["[::1]:2"], [":1"]].map(([it]) => changed("https://a:80/x", "host", it).href);

// case: set hostname
return ["b", "b:81", "", "ü.example", "a b", "1.2", "b/c", "[::1]"].map((it) => changed("https://a:80/x", "hostname", it).href);

// case: set port
return ["", "81", "443", "81x", "x", "65535", "65536", "-1", " 8", "0", "08"].map((it) => changed("https://a:80/x", "port", it).href);

// case: set port to a number
return changed("https://a:80/x", "port", 8080).href;

// case: set pathname
return ["", "y", "/y", "\\y\\z", "y?z#w", "../..", "%2e%2e/z", "ü y", "//y"].map((it) => changed("https://a/x?q#h", "pathname", it).href);

// case: set pathname of what has no hierarchy
return changed("mailto:x", "pathname", "y").href;

// case: set search
return ["", "?", "y", "?y", "??", "a#b", "ü '\"<>", "a=1&b=2"].map((it) => changed("https://a/x?q#h", "search", it).href);

// case: set hash
return ["", "#", "y", "#y", "##", "ü `<>", "a b"].map((it) => changed("https://a/x?q#h", "hash", it).href);

// case: set on opaque paths
return [changed("data:x", "search", "y").href, changed("data:x", "hash", "y").href, changed("data:x", "host", "y").href, changed("data:x", "port", "1").href];

// case: what is set is made a string
const url = new URL("https://a/");
url.pathname = null;
url.search = undefined;
url.hash = 12;
return url.href;

// case: long URLs
const url = new URL(`https://a/${"x/".repeat(5000)}?${"y=1&".repeat(5000)}`);
return [url.href.length, url.pathname.length, url.search.length, url.searchParams.size];
