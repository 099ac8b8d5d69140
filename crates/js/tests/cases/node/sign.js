import crypto from "node:crypto";
const code = (called) => {
  try {
    return called();
  } catch (error) {
    return [error.name, error.code ?? null];
  }
};
// Made for these cases.
const RSA1 = `-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEA5sg5rBhdcxUFXYuIbTjFl0bw2QY4Q0syn8gSMdJlzDtxTu44
7ul/87WrcXedW1ftr4I/qW+cO+7hBqbWhOghXJ5f+xdlX4XjlwrnX1lNqWwPKfkx
O36v+n8dR1jIKxDu6XqKZKOblUXHOiEZ0E0MY/cjeL42Z5v3RNhRCQW26I0AJGOU
pUY2Sli+1YFr5EMu29tx/4d37mZrF8sw+U4qZtxpl6yfTL0gR5aAFtaD+QzllZuj
BhIIrMAavyzso248eN8V2hSDV+uqqnXjptu0oOnKPqb3CPV13GwbQxo0+YcbzWB4
BcfRFzTBxO2pbSb3iP23C1ChiYk0DQbKAAyDnwIDAQABAoIBAGd4J9tPxT4ek5xA
PfdyN6y+gqda0YjiQx0+L2IlCb0KfZ+80MvU5qgWsHob/fIBNzC0PeSyhKKeVEeO
L6nBBYwn+bJy5+Fu/v4uRlQKjvZB236fGgKppy6xJShi1sPwQJ1vcnLyo4PGmC8o
vhEVKlP7buzooy3K0I8OSS65YCtcikLdk6XBHguQVovH+ii8ZkN4/j9lYiBmoF48
6IOemasV+RJlK0zd6aucKfLKGVgo0wCNT9c2/Jt3AbPtQmmAiWoQpokux56nSEp2
9i1bR62s+3w/QXHMmkHfgq8uLdORgsS9OjzAc2zHciisgpMPiPb6ybekIT5buoJX
Dmc7oQECgYEA+jPIqztaD+4qMSCzqhfXvcxAmaKIf6/jdXid82Sh7yZSiyiiIkBV
4pxOQOjTPtEiIe0zqS5IuY2NU4ejP0TDKkmDNQlI4bnqDDSH/wg9KEZDKMVL4zyU
/rovnuL/MjtoviIWR3YrcarTcG91juOqoiKx2QVjXDS6qXRsUHHfHIECgYEA7CE9
ZVQ9Mgmi1q5ps/TyCpgXzXXkD5Y/sS1qOL2e4aEPGXDBVz6YIYFyNcv4acW781RY
Uyi6KNgFOkimRwjb7EEP6s02OxErVcP9wvyLh00dVmM19vWc3mhmdTmh2Hr8Vy9P
h9oWkrHNeblccHI9XjQWl8U2KSjRSXgrpSRAEB8CgYEAxAdceqQ2zPJpxjH78hFa
K89i8bxBO+F/0eLdxfubUDbzRypf1XwYjkKuoPaJw9aw6mnhJvUnb5GzH7XOtlxW
mMQd86jBnHFAKa3iu3MmD271YXUrHu+xQN55PwBUt3OKfiVQ1U6FfTo9DQOW1IwV
fZC3TPSGw5BgizG3R1PgXYECgYEA1DEGqCEsIOQR5hOzv1h1jVmhwiuXtv4Q3Fnw
Y27a8O030WfHBmykby+Q/5D8+agMPxzjhk9KAtwkznxsl9b5MnRBJoIkoq3KIHdQ
ecFSbVK582CSJQwQXLi6ocsZipzyWDKWqIEt2cNX33PYAuBWD2qFhvtcsV4RvJD1
v6A0xYcCgYBPAulCJgx1zfwyid0btFpv6Kdzxa9kfJP7k0y/IR7rGlpuJptrBt9s
qDhCEOsjwlZE0NzXNv1iR73PCJkjUFf8uev8iCIH813EZkxtGvxrmHBwdcHJFlpd
6llMvStJyjPl1R4hPM9dqnY5q+Gfl0pSOSh9A8jSANH+qSfaDJkpSw==
-----END RSA PRIVATE KEY-----
`;
const RSA8 = `-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDmyDmsGF1zFQVd
i4htOMWXRvDZBjhDSzKfyBIx0mXMO3FO7jju6X/ztatxd51bV+2vgj+pb5w77uEG
ptaE6CFcnl/7F2VfheOXCudfWU2pbA8p+TE7fq/6fx1HWMgrEO7peopko5uVRcc6
IRnQTQxj9yN4vjZnm/dE2FEJBbbojQAkY5SlRjZKWL7VgWvkQy7b23H/h3fuZmsX
yzD5Tipm3GmXrJ9MvSBHloAW1oP5DOWVm6MGEgiswBq/LOyjbjx43xXaFINX66qq
deOm27Sg6co+pvcI9XXcbBtDGjT5hxvNYHgFx9EXNMHE7altJveI/bcLUKGJiTQN
BsoADIOfAgMBAAECggEAZ3gn20/FPh6TnEA993I3rL6Cp1rRiOJDHT4vYiUJvQp9
n7zQy9TmqBawehv98gE3MLQ95LKEop5UR44vqcEFjCf5snLn4W7+/i5GVAqO9kHb
fp8aAqmnLrElKGLWw/BAnW9ycvKjg8aYLyi+ERUqU/tu7OijLcrQjw5JLrlgK1yK
Qt2TpcEeC5BWi8f6KLxmQ3j+P2ViIGagXjzog56ZqxX5EmUrTN3pq5wp8soZWCjT
AI1P1zb8m3cBs+1CaYCJahCmiS7HnqdISnb2LVtHraz7fD9BccyaQd+Cry4t05GC
xL06PMBzbMdyKKyCkw+I9vrJt6QhPlu6glcOZzuhAQKBgQD6M8irO1oP7ioxILOq
F9e9zECZooh/r+N1eJ3zZKHvJlKLKKIiQFXinE5A6NM+0SIh7TOpLki5jY1Th6M/
RMMqSYM1CUjhueoMNIf/CD0oRkMoxUvjPJT+ui+e4v8yO2i+IhZHditxqtNwb3WO
46qiIrHZBWNcNLqpdGxQcd8cgQKBgQDsIT1lVD0yCaLWrmmz9PIKmBfNdeQPlj+x
LWo4vZ7hoQ8ZcMFXPpghgXI1y/hpxbvzVFhTKLoo2AU6SKZHCNvsQQ/qzTY7EStV
w/3C/IuHTR1WYzX29ZzeaGZ1OaHYevxXL0+H2haSsc15uVxwcj1eNBaXxTYpKNFJ
eCulJEAQHwKBgQDEB1x6pDbM8mnGMfvyEVorz2LxvEE74X/R4t3F+5tQNvNHKl/V
fBiOQq6g9onD1rDqaeEm9SdvkbMftc62XFaYxB3zqMGccUApreK7cyYPbvVhdSse
77FA3nk/AFS3c4p+JVDVToV9Oj0NA5bUjBV9kLdM9IbDkGCLMbdHU+BdgQKBgQDU
MQaoISwg5BHmE7O/WHWNWaHCK5e2/hDcWfBjbtrw7TfRZ8cGbKRvL5D/kPz5qAw/
HOOGT0oC3CTOfGyX1vkydEEmgiSircogd1B5wVJtUrnzYJIlDBBcuLqhyxmKnPJY
MpaogS3Zw1ffc9gC4FYPaoWG+1yxXhG8kPW/oDTFhwKBgE8C6UImDHXN/DKJ3Ru0
Wm/op3PFr2R8k/uTTL8hHusaWm4mm2sG32yoOEIQ6yPCVkTQ3Nc2/WJHvc8ImSNQ
V/y56/yIIgfzXcRmTG0a/GuYcHB1wckWWl3qWUy9K0nKM+XVHiE8z12qdjmr4Z+X
SlI5KH0DyNIA0f6pJ9oMmSlL
-----END PRIVATE KEY-----
`;
const RSAPUB = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA5sg5rBhdcxUFXYuIbTjF
l0bw2QY4Q0syn8gSMdJlzDtxTu447ul/87WrcXedW1ftr4I/qW+cO+7hBqbWhOgh
XJ5f+xdlX4XjlwrnX1lNqWwPKfkxO36v+n8dR1jIKxDu6XqKZKOblUXHOiEZ0E0M
Y/cjeL42Z5v3RNhRCQW26I0AJGOUpUY2Sli+1YFr5EMu29tx/4d37mZrF8sw+U4q
Ztxpl6yfTL0gR5aAFtaD+QzllZujBhIIrMAavyzso248eN8V2hSDV+uqqnXjptu0
oOnKPqb3CPV13GwbQxo0+YcbzWB4BcfRFzTBxO2pbSb3iP23C1ChiYk0DQbKAAyD
nwIDAQAB
-----END PUBLIC KEY-----
`;
const EC1 = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBfSsMF09eXJNlF3dYgiZXUxqjKJbf7nSAQI3kunmz/JoAoGCCqGSM49
AwEHoUQDQgAEpDZhcKTW30qUUhyXhETqiayLcdnb3R2D4JaTj5TYyHbq00kpmgNU
NHzXdu4OkCcRVb0Rq/GNmJS1lYddsWPgPQ==
-----END EC PRIVATE KEY-----
`;
const EC8 = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgF9KwwXT15ck2UXd1
iCJldTGqMolt/udIBAjeS6ebP8mhRANCAASkNmFwpNbfSpRSHJeEROqJrItx2dvd
HYPglpOPlNjIdurTSSmaA1Q0fNd27g6QJxFVvRGr8Y2YlLWVh12xY+A9
-----END PRIVATE KEY-----
`;
const ED = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIOIYg6RsvNRQfdKGqu8Hu38xKJTP+nFmBMYppVrQr0dn
-----END PRIVATE KEY-----
`;
const DATA = Buffer.from("what is signed");

// case: keys out of JWK (the first: what fails in Node leaves errors behind that this one finds)
const { kty, crv, x, y, d } = crypto.createPrivateKey(EC1).export({ format: "jwk" });
const key = crypto.createPrivateKey({ key: { kty, crv, x, y, d }, format: "jwk" });
return [key.asymmetricKeyType, key.export({ type: "pkcs8", format: "pem" }) === EC8, crypto.createPublicKey({ key: { kty, crv, x, y }, format: "jwk" }).type];

// case: ECDSA and PSS, there and back
const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
const raw = crypto.sign("sha256", DATA, { key: EC1, dsaEncoding: "ieee-p1363" });
const der = crypto.sign("sha512", DATA, EC8);
const pss = crypto.sign("sha256", DATA, { key: RSA8, padding, saltLength: 32 });
// What fails leaves errors behind in Node, so that stands last.
return [raw.length, crypto.verify("sha256", DATA, { key: EC8, dsaEncoding: "ieee-p1363" }, raw), der[0], crypto.verify("sha512", DATA, EC8, der), pss.length, crypto.verify("sha256", DATA, { key: RSA8, padding }, pss), crypto.verify("sha256", DATA, EC8, raw), crypto.verify("sha512", DATA, EC8, Buffer.alloc(70))];

// case: later
return new Promise((resolve) => crypto.sign("sha256", DATA, RSA8, (error, signature) => crypto.verify("sha256", DATA, RSAPUB, signature, (wrong, good) => resolve([error, wrong, good]))));

// case: signatures of RSA are the same everywhere
return ["sha256", "RSA-SHA384", "SHA512"].map((name) => [RSA1, RSA8, Buffer.from(RSA8), crypto.createPrivateKey(RSA1)].map((key) => crypto.createSign(name).update("what is ").update(DATA.subarray(8)).sign(key, "base64")));

// case: signatures of Ed25519 are the same everywhere
return [crypto.sign(null, DATA, ED).toString("hex"), crypto.verify(null, DATA, ED, crypto.sign(undefined, DATA, ED)), crypto.verify(null, Buffer.from("other"), ED, crypto.sign(null, DATA, ED))];

// case: verified by whatever holds the public key
const signature = crypto.createSign("sha256").update(DATA).sign(RSA8);
const verify = (key, data = DATA) => crypto.createVerify("RSA-SHA256").update(data).verify(key, signature);
const jwk = crypto.createPublicKey(RSAPUB).export({ format: "jwk" });
return [RSAPUB, RSA8, RSA1, crypto.createPublicKey(RSA8), { key: RSAPUB }, { key: jwk, format: "jwk" }, { key: crypto.createPublicKey(RSA1).export({ type: "spki", format: "der" }), format: "der", type: "spki" }].map((key) => [verify(key), verify(key, "other")]);

// case: what Node has signed with ECDSA and PSS
const [ec, pss, short] = ["3044022055df6f4710bccfaeba536eb2b6cef90cfd0efbb0bdee60ea1a8d61ca24e591e802207ed9212a096777815f70689253d924e97c46dede487e28a839b1a146b65364d4", "596fdce46ca55d3719d3578b7f308cda0347c2170479c1552a90e2425343a8acb2bb854920c215c857d7949f415596f213e67565f177ebcc621311dba9f4a3b6d60019b8d8331e0d0a9821d4f3ad60cdefbd304e9bfb3846689bd8b65f9954355160a0f6e4523e74d33782c2b9b9f5f9b86c3ba5ce035491a4408e085e177a31e884a19d6651346fecb0171f59a68a60ebdee9bc74d31a2734aaa38191d7758852b2613bea2dd1f8748179a7edd9955298f8a2fae55aacb60db29e2034526bd4fb1db8ed82d561b821f51a6d23c6df9aaf3d7cfe8d984b5e4a74669148e6a27261250ae1a7a5967cb02e4869ceca51b6f3ee9ce2a68831c3dacb803e9d40d599", "649f0e3d1dbc9858f1e957e4f0e2da43e987aeb99f903cf85e082b6bb647f1eb1797e07c5b89b46c2285a0caedb0fa0c1ff1339913c2fc9a438c6b4373cfb46d74a8dd5e06c2b1082bebc8f8aefc08ccbd89a8892ecabb0bb54f84c8272790d1ed0b89e54cbb6eac9a038c11d81398fbdc2908645d7a39d8c37c49eac1f8bab1fac00671040a6d0219698ca63544f9b6872d2cfc17d73d4f9430dca7f35bffc37fcc9b19e7e3e6e0f87037d1f17cf7ee0a4ba0cf8c10c960212e3d50b59fdff5fca42122ac3ef68a62204ce95ea6b22c5dbb101987608dd29e2237683f4b8aa8dfb0a9cd8696217185bcff40d574f26b3a7026d828fd19442ed8f170045a2e93"].map((hex) => Buffer.from(hex, "hex"));
const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
return [crypto.verify("sha256", DATA, EC8, ec), crypto.verify("sha256", DATA, EC1, ec), crypto.verify("sha384", DATA, EC8, ec), crypto.verify("sha256", DATA, { key: RSAPUB, padding }, pss), crypto.verify("sha256", DATA, { key: RSAPUB, padding, saltLength: crypto.constants.RSA_PSS_SALTLEN_DIGEST }, pss), crypto.verify("sha256", DATA, { key: RSAPUB, padding }, short), crypto.verify("sha256", DATA, { key: RSAPUB, padding, saltLength: 11 }, short), crypto.verify("sha256", DATA, RSAPUB, pss)];

// case: key objects
const [rsa, ec, ed] = [RSA1, EC1, ED].map((key) => crypto.createPrivateKey(key));
const publics = [rsa, ec, ed].map((key) => crypto.createPublicKey(key));
const secret = crypto.createSecretKey(Buffer.from("secret"));
return [[rsa, ec, ed, ...publics, secret].map((key) => [key.type, key.asymmetricKeyType ?? null, key.symmetricKeySize ?? null]), rsa.export({ type: "pkcs8", format: "pem" }) === RSA8, publics[0].export({ type: "spki", format: "pem" }) === RSAPUB, publics.map((key) => key.export({ format: "jwk" })), ec.export({ format: "jwk" }), ed.export({ format: "jwk" }), secret.export().toString(), secret.export({ format: "jwk" }), rsa.asymmetricKeyDetails.modulusLength, String(rsa.asymmetricKeyDetails.publicExponent), ec.asymmetricKeyDetails, publics[1].equals(crypto.createPublicKey(EC8)), publics[1].equals(publics[0]), crypto.createHmac("sha256", secret).update("a").digest("hex") === crypto.createHmac("sha256", "secret").update("a").digest("hex")];

// case: signatures that are none
return [code(() => crypto.createSign(5)), code(() => crypto.createSign("nonsense"))[0], code(() => crypto.createSign("sha256").sign(5)), code(() => crypto.createSign("sha256").sign("nonsense"))[0], code(() => crypto.createPrivateKey(RSAPUB))[0], code(() => crypto.createPublicKey("nonsense"))[0], code(() => crypto.sign("sha256", 5, RSA8)), code(() => crypto.verify("sha256", DATA, RSAPUB, 5))];
