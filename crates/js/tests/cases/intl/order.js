const order = (pairs, options) => pairs.map(([a, b]) => [a, b, a.localeCompare(b, "en-US", options), new Intl.Collator("en-US", options).compare(a, b)]);
// case: letters, accents, case
return order([["a", "B"], ["a", "A"], ["A", "a"], ["a", "á"], ["á", "b"], ["Z", "a"], ["ab", "AC"], ["aB", "ab"], ["Ab", "aB"], ["résumé", "resume"], ["résumé", "Resume"], ["resume", "Résumé"], ["ñ", "n"], ["Ñ", "o"], ["z", "ä"], ["", "a"], ["a", "aa"], ["a", "a"]]);

// case: signs, digits, letters
return order([["1", "a"], ["~", "1"], ["$1", "1"], ["€", "$"], ["_a", "-a"], ["a b", "ab"], ["a-b", "ab"], ["\t", " "], ["©", "a"], ["÷", "1"], ["–", "-"], ["x\0", "x"]]);

// case: letters that are more than they look
return order([["ß", "ss"], ["æ", "ae"], ["ø", "o"], ["Å", "z"], ["đ", "d"], ["ł", "l"], ["þ", "th"], ["é", "e\u0301"], ["a\u0301B", "ab"]]);

// case: other scripts
return order([["а", "б"], ["а", "a"], ["α", "a"], ["α", "β"]]);

// case: numbers
return order([["a2", "a10"], ["a10", "a9"], ["1", "01"], ["1.5", "1.10"], ["a1b2", "a1b10"], ["x10y", "x10z"]], { numeric: true });

// case: digits that are no numbers
return order([["a2", "a10"], ["1", "01"]]);

// case: sensitivities
return ["base", "accent", "case", "variant"].map((sensitivity) => order([["a", "A"], ["a", "á"], ["a", "Á"], ["a", "b"]], { sensitivity }));

// case: large letters first
return order([["a", "A"], ["Ab", "ab"], ["a", "B"]], { caseFirst: "upper" });

// case: without punctuation
return order([["co-op", "coop"], ["a b", "ab"], ["a.", "a"]], { ignorePunctuation: true });

// case: sorting
return [["b", "a", "C", "A", "ä", "z", "10", "9", "_", "é", "E", "f"].sort((a, b) => a.localeCompare(b)), ["file10", "file9", "File1", "file01"].sort(new Intl.Collator("en-US", { numeric: true, sensitivity: "base" }).compare)];

// case: signs in their order
return [..." \t\n_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0a€©÷–£¥§¿¡«»·°"].sort(new Intl.Collator("en-US").compare).join("");

// case: localeCompare makes text of what it gets
return ["undefined".localeCompare(), "1".localeCompare(1), String.prototype.localeCompare.call(5, "5"), "null".localeCompare(null), "b".localeCompare("a", undefined, undefined)];

// case: localeCompare wants something
return String.prototype.localeCompare.call(null, "x");

// case: resolved options
return [new Intl.Collator("en-US").resolvedOptions(), new Intl.Collator("en-US", { numeric: true, sensitivity: "base", usage: "search" }).resolvedOptions()];
