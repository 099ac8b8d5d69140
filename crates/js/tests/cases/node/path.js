import path, * as named from "node:path";
const code = (called) => {
  try {
    return called();
  } catch (error) {
    return [error.name, error.code ?? null];
  }
};
const samples = ["", "/", "//", ".", "..", "a", "/a", "a/", "/a/", "a/b", "/a/b.txt", "/a/b/", "./a/../b", "../../a", "/../a", "/..", "a//b", "//a//b//", ".a", "..a", "a.", "a..", ".a.b", "a.b.c", "/a/.b", "a/..", "a/../", "./", "../", "/.", "a.b/", " ", "a/./b/./", "...", "/...", "ä/€.ö"];

// case: normalize
return samples.map((sample) => path.normalize(sample));

// case: dirname
return samples.map((sample) => path.dirname(sample));

// case: dirname of more slashes
return ["//a", "///a", "a///b", "/a//", "//a/b"].map((sample) => path.dirname(sample));

// case: basename
return samples.map((sample) => path.basename(sample));

// case: basename with a suffix
return [["a.txt", ".txt"], ["/x/a.txt", "txt"], ["a.txt", "a.txt"], ["/x/a.txt", "a.txt"], ["a.txt/", ".txt"], ["a", "ba"], [".txt", ".txt"], ["a.txt", ""], ["", "x"]].map((values) => path.basename(...values));

// case: extname
return samples.map((sample) => path.extname(sample));

// case: isAbsolute
return samples.map((sample) => path.isAbsolute(sample));

// case: parse
return samples.filter((sample) => sample !== "/..").map((sample) => path.parse(sample));

// case: format of parse
return samples.filter((sample) => sample !== "/..").map((sample) => path.format(path.parse(sample)));

// case: format
return [{ dir: "/a", base: "b.c" }, { root: "/", base: "b" }, { root: "/", dir: "/", base: "b" }, { name: "a", ext: ".b" }, { name: "a", ext: "b" }, { dir: "x", name: "a" }, {}, { root: "/" }, { dir: "a" }].map((parsed) => path.format(parsed));

// case: join
return [["a", "b"], ["/a", "../b"], ["a", "", "b"], ["", ""], [], ["."], ["/"], ["a/", "/b"], ["..", "a"], ["a", "..", ".."], ["a", "b/"], ["//a", "b"]].map((values) => path.join(...values));

// case: resolve of absolute paths
return [["/a", "b"], ["/a", "/b"], ["/a", "../b"], ["/a/b", "../../../c"], ["/a", "", "b"], ["/a/", "./b/"], ["/"], ["/a", "."]].map((values) => path.resolve(...values));

// case: relative of absolute paths
return [["/a/b/c", "/a/b/d"], ["/a", "/a"], ["/a/b", "/"], ["/", "/a/b"], ["/a/b", "/a/bc"], ["/a/bc", "/a/b"], ["/a/b/", "/a/b/c/"], ["/x", "/y/z"]].map((values) => path.relative(...values));

// case: what is no text
return ["normalize", "dirname", "basename", "extname", "isAbsolute", "parse", "join", "resolve"].map((name) => code(() => path[name](5)));

// case: format of what is no object
return [code(() => path.format("x")), code(() => path.format(null)), code(() => path.relative("a"))];

// case: the module
return [path.sep, path.delimiter, path.posix === path, named.sep, named.default === path, path.posix.join("a", "b"), path.toNamespacedPath("/a"), (await import("node:path/posix")).default === path];
