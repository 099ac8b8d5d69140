// case: btoa
return ["", "a", "ab", "abc", "\0\xff", "a b"].map(btoa);

// case: btoa of what is no string
return [btoa(12), btoa(null), btoa(undefined)];

// case: btoa of a character that is no byte
return btoa("€");

// case: atob
return ["", "YQ==", "YWI=", "YWJj", "AP8="].map((it) => [...atob(it)].map((c) => c.charCodeAt(0)));

// case: atob without padding and with spaces
return ["YQ", "YWI", " Y\tQ\n=\r=\f", "YW Jj"].map(atob);

// case: atob of what is no string
return [atob(1234), atob(null)];

// case: atob of what is wrong
return ["a", "YQ=", "=", "YQ===", "YQ==YQ==", "*", "YQ-_", "é", "ab\u00a0", "a==="].map((it) => {
  try {
    return atob(it);
  } catch (error) {
    return [error.name, error.code, error instanceof DOMException, error instanceof Error];
  }
});

// case: bits that are left over
return ["YR==", "YWJ="].map(atob);

// case: names and lengths
return [atob.name, atob.length, btoa.name, btoa.length];
