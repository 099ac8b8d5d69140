// What is written for currencies. Those that are not here are written as their code, with two digits.

const codes = (text) => new Set(text.split(/\s+/));

/** Digits after the point, where it is not two of them. */
const DIGITS = new Map([
  ["0", "BIF CLP COP DJF GNF HUF IDR IQD IRR ISK JPY KMF KPW KRW LAK LBP MGA MMK PKR PYG RSD RWF SLL SOS STN SYP TZS UGX UYI UZS VND VUV XAF XOF XPF YER"],
  ["3", "BHD JOD KWD LYD OMR TND"],
  ["4", "CLF UYW"],
].flatMap(([digits, all]) => [...codes(all)].map((code) => [code, Number(digits)])));

const SYMBOLS = {
  __proto__: null, AUD: "A$", BRL: "R$", CAD: "CA$", CNY: "CN¥", EUR: "€", GBP: "£", HKD: "HK$", ILS: "₪", INR: "₹", JPY: "¥",
  KRW: "₩", MXN: "MX$", NZD: "NZ$", PHP: "₱", TWD: "NT$", USD: "$", VND: "₫", XAF: "FCFA", XCD: "EC$", XOF: "F\u202fCFA", XPF: "CFPF",
};

const NARROW = {
  __proto__: null, ARS: "$", AUD: "$", CAD: "$", CLP: "$", CNY: "¥", COP: "$", CZK: "Kč", DKK: "kr", EGP: "E£", HKD: "$", HUF: "Ft",
  IDR: "Rp", ISK: "kr", MXN: "$", MYR: "RM", NGN: "₦", NOK: "kr", NZD: "$", PKR: "Rs", PLN: "zł", RON: "lei", RUB: "₽", SEK: "kr",
  SGD: "$", THB: "฿", TRY: "₺", TWD: "$", UAH: "₴", XCD: "$", ZAR: "R",
};

/** One, and several where that is more than an `s`. */
const NAMES = {
  __proto__: null, AED: "UAE dirham", ARS: "Argentine peso", AUD: "Australian dollar", BRL: "Brazilian real", CAD: "Canadian dollar",
  CHF: "Swiss franc", CLP: "Chilean peso", CNY: "Chinese yuan/Chinese yuan", COP: "Colombian peso", CZK: "Czech koruna",
  DKK: "Danish krone/Danish kroner", EGP: "Egyptian pound", EUR: "euro", GBP: "British pound", HKD: "Hong Kong dollar",
  HUF: "Hungarian forint", IDR: "Indonesian rupiah", ILS: "Israeli new shekel", INR: "Indian rupee", JPY: "Japanese yen/Japanese yen",
  KRW: "South Korean won/South Korean won", KWD: "Kuwaiti dinar", MXN: "Mexican peso", MYR: "Malaysian ringgit", NGN: "Nigerian naira",
  NOK: "Norwegian krone/Norwegian kroner", NZD: "New Zealand dollar", PHP: "Philippine peso", PKR: "Pakistani rupee",
  PLN: "Polish zloty", RON: "Romanian leu/Romanian lei", RUB: "Russian ruble", SAR: "Saudi riyal", SEK: "Swedish krona/Swedish kronor",
  SGD: "Singapore dollar", THB: "Thai baht/Thai baht", TRY: "Turkish lira/Turkish Lira", TWD: "New Taiwan dollar",
  UAH: "Ukrainian hryvnia", USD: "US dollar", VND: "Vietnamese dong/Vietnamese dong", ZAR: "South African rand/South African rand",
};

const currencyDigits = (code) => DIGITS.get(code) ?? 2;

function currencySymbol(code, display) {
  if (display === "code") return code;
  return (display === "narrowSymbol" ? NARROW[code] : undefined) ?? SYMBOLS[code] ?? code;
}

function currencyName(code, plural) {
  const [one, several] = (NAMES[code] ?? `${code}/${code}`).split("/");
  return plural === "one" ? one : several ?? `${one}s`;
}
