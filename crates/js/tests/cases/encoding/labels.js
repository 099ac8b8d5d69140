const encoding = (label) => {
  try {
    return new TextDecoder(label).encoding;
  } catch (error) {
    return error.name;
  }
};

// case: labels of UTF-8
return ["utf-8", "utf8", "UTF-8", " utf-8\n", "unicode-1-1-utf-8", "\tUtF8\r"].map(encoding);

// case: labels of UTF-16
return ["utf-16", "utf-16le", "utf-16be", "ucs-2", "unicode"].map(encoding);

// case: labels of single bytes
return ["latin1", "ascii", "us-ascii", "iso-8859-1", "windows-1252", "iso-8859-2", "latin2", "cp1251", "koi8-u", "macintosh", "ibm866", "iso-8859-8-i"].map(encoding);

// case: labels of the East
return ["gb2312", "gbk", "gb18030", "big5-hkscs", "euc-jp", "sjis", "ms_kanji", "ksc5601", "iso-2022-jp"].map(encoding);

// case: labels that mean nothing
return ["", "utf", "utf-7", "utf-32", "utf-8\0", "utf-8\u00a0", "ütf-8", "none"].map(encoding);

// case: labels that mean what decodes nothing
// expect: {"returns":["RangeError","RangeError","RangeError"]}
return ["replacement", "iso-2022-kr", "hz-gb-2312"].map(encoding);

// case: labels that are no strings
return [encoding(null), encoding(12), encoding({ toString: () => "utf8" })];

// case: a label that is a symbol
return encoding(Symbol("utf-8"));
