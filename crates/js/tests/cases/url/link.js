// case: the same object each time
const url = new URL("https://a/?x=1");
return [url.searchParams === url.searchParams, url.searchParams instanceof URLSearchParams];

// case: parameters of a query
const url = new URL("https://a/?x=1&y=a+b&x=2#h");
return [[...url.searchParams], url.searchParams.get("y"), url.searchParams.size];

// case: append changes the URL
const url = new URL("https://a/b?x=1#h");
url.searchParams.append("y", "ü &");
return [url.href, url.search];

// case: set, delete and sort change the URL
const url = new URL("https://a/b?z=1&x=1#h");
const seen = [];
url.searchParams.set("x", "2");
seen.push(url.href);
url.searchParams.sort();
seen.push(url.href);
url.searchParams.delete("x");
seen.push(url.href);
url.searchParams.delete("z");
seen.push(url.href, url.search);
return seen;

// case: what is read is written anew
const url = new URL("https://a/?a=~b%20c&d");
const seen = [url.search, String(url.searchParams)];
url.searchParams.append("e", "1");
return [...seen, url.search];

// case: deleting nothing writes it anew as well
const url = new URL("https://a/?a=%7E&&b");
url.searchParams.delete("nothing");
return url.href;

// case: the search changes the parameters
const url = new URL("https://a/?x=1");
const { searchParams } = url;
url.search = "?y=2&z";
const seen = [[...searchParams]];
url.search = "";
seen.push([...searchParams], searchParams.size);
return seen;

// case: the href changes the parameters
const url = new URL("https://a/?x=1");
const { searchParams } = url;
url.href = "https://b/?y=2";
return [[...searchParams], searchParams === url.searchParams];

// case: other attributes leave them alone
const url = new URL("https://a/?x=1");
const { searchParams } = url;
url.hash = "h";
url.pathname = "/p";
url.host = "b";
return [[...searchParams], url.href];

// case: to and fro
const url = new URL("https://a/");
url.searchParams.append("a", "1");
url.search += "&b=2";
url.searchParams.append("c", "3");
url.hash = "x";
url.searchParams.set("a", "0");
return [url.href, [...url.searchParams]];

// case: an iterator over a query that is replaced
const url = new URL("https://a/?a=1&b=2");
const seen = [];
for (const [name] of url.searchParams) {
  seen.push(name);
  if (seen.length === 1) url.search = "?x=1&y=2&z=3";
}
return seen;

// case: a copy of the parameters is not linked
const url = new URL("https://a/?x=1");
const copy = new URLSearchParams(url.searchParams);
copy.append("y", "2");
return [url.href, String(copy)];

// case: parameters of a mail address
const url = new URL("mailto:x@y");
url.searchParams.append("subject", "a b");
return url.href;

// case: a query with a mark alone
const url = new URL("https://a/?");
return [url.href, url.searchParams.size, String(url.searchParams)];

// case: the second argument of a constructor is nobody's
return String(new URLSearchParams("a=1", new URL("https://a")));
