import url, * as named from "node:url";
const code = (called) => {
  try {
    return called();
  } catch (error) {
    return [error.name, error.code ?? null];
  }
};

// case: parse whole URLs
return [
  "http://user:pass@sub.example.com:8080/p/a/t/h?query=string#hash",
  "https://example.com",
  "http://example.com?a=1",
  "http://example.com#h",
  "HTTP://EXAMPLE.com/A",
  "http://[::1]:80/a",
  "ftp://a@b@c/d",
  "http://a.b/c d?e f#g h",
  "http://a.b/%41<>\"{}|\\^`'",
  "http://a.b:/c",
  "ws://a.b/",
  "http://münchen.de/ä",
  "http://a.b//c",
].map((text) => ({ ...url.parse(text) }));

// case: parse parts of URLs
return ["/a/b?c=d#e", "a/b", "?a=1", "#a", "", "//a.b/c", "/", "a?b", "./a", "a:b", "/a?b?c#d#e", "a b", "\\a\\b?\\c"].map((text) => ({ ...url.parse(text) }));

// case: parse other protocols
return ["mailto:a@b.c", "javascript:alert(1)", "data:text/plain,a", "file:///a/b", "file:a", "about:blank", "urn:a:b", "x-y://a.b/c", "tel:+1"].map((text) => ({ ...url.parse(text) }));

// case: parse with queries
return [url.parse("/a?b=c&d=e&d=f", true).query, url.parse("/a", true).query, url.parse("/a", true).search, url.parse("/a?", true).search];

// case: parse with slashes for hosts
return [{ ...url.parse("//a.b/c", false, true) }, { ...url.parse("//a.b/c") }];

// case: parse of no text
return [code(() => url.parse(5)), code(() => url.parse(undefined)), code(() => url.parse("http://a:b:c/"))];

// case: parse of what has been parsed
const parsed = url.parse("http://a.b/c");
return [url.parse(parsed) === parsed, parsed instanceof url.Url, parsed.format(), typeof url.Url];

// case: format objects
return [
  { protocol: "http", host: "a.b" },
  { protocol: "http:", hostname: "a.b", port: 80, pathname: "c" },
  { pathname: "/a", query: { b: 1, c: [2, 3] } },
  { pathname: "/a", search: "b=1" },
  { pathname: "/a", search: "?b#1", hash: "c" },
  { protocol: "mailto", host: "b.c", auth: "a" },
  { slashes: true, host: "a" },
  { protocol: "file", pathname: "/a" },
  { hostname: "::1", protocol: "http" },
  { auth: "a:b c", host: "d", protocol: "https" },
  { pathname: "a?b#c" },
  { query: "a" },
  {},
].map((value) => url.format(value));

// case: format text and URLs
return [
  url.format("http://A.b/c d"),
  url.format(new URL("http://u:p@a.b/c?d#e")),
  url.format(new URL("http://u:p@a.b/c?d#e"), { auth: false, fragment: false, search: false }),
  url.format(new URL("http://xn--mnchen-3ya.de/"), { unicode: false }),
  code(() => url.format(5)),
  code(() => url.format(undefined)),
];

// case: resolve
return [["/one/two/three", "four"], ["http://example.com/", "/one"], ["http://example.com/one", "/two"], ["http://a.b/c/d", "../e"], ["http://a.b/c", "//d.e/f"], ["a/b", "c"], ["http://a.b", "?x"], ["/a", "#b"]].map((values) => url.resolve(...values));

// case: fileURLToPath
return ["file:///a/b", "file:///a%20b", "file:///%C3%A4", new URL("file:///x")].map((value) => url.fileURLToPath(value));

// case: fileURLToPath of what is no file
return [code(() => url.fileURLToPath("http://a/b")), code(() => url.fileURLToPath("file://host/a")), code(() => url.fileURLToPath("file:///a%2fb")), code(() => url.fileURLToPath(5)), code(() => url.fileURLToPath("x"))];

// case: pathToFileURL
return ["/a/b", "/a b", "/a#b?c%d", "/ä", "/a/../b", "/a/", "/a\\b", "/a\nb", "/"].map((path) => url.pathToFileURL(path).href);

// case: domainToASCII
return ["español.com", "中文.com", "xn--iñvalid.com", "a.b", "A.B", ""].map((domain) => url.domainToASCII(domain));

// case: urlToHttpOptions
const { protocol, hostname, port, path, href, auth, hash, search, pathname } = url.urlToHttpOptions(new URL("https://a:b%20c@[::1]:81/c?d#e"));
return { protocol, hostname, port, path, href, auth, hash, search, pathname };

// case: the module
return [url.URL === URL, named.URLSearchParams === URLSearchParams, named.default === url, named.parse === url.parse];
