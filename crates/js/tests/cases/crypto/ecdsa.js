// ECDSA: signatures are random, so that each side verifies one of its own and one of the other's: `HERE`
// was signed by this engine, `THERE` by Node.
const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const EC = {
  "P-256": { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" },
  "P-384": { kty: "EC", crv: "P-384", x: "6aqcoUk_6mP-BFBGWIhmB_9p1Ydok7U2hDTvOpyo3nGFTc7OttVjEA-u0YXKfvNg", y: "WWMr45UfQafLHnPklJa7MG59q_julenvGSHoNMWn31V08MjU5aqYhUABPyhn5Y0D", d: "BhkiOtAl6DLhy40dqqohYrniZaPY6ko2-G7qEj1pOTF75801JPuBG9HqISrNvmuQ" },
  "P-521": { kty: "EC", crv: "P-521", x: "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt", y: "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1", d: "AAhRON2r9cqXX1hg-RoI6R1tX5p2rUAYdmpHZoC1XNM56KtscrX6zbKipQrCW9CGZH3T4ubpnoTKLDYJ_fF3_rJt" },
};
const data = ascii("signed by another");
const importAs = (namedCurve, usage) => {
  const { d, ...jwk } = EC[namedCurve];
  return subtle.importKey("jwk", usage === "sign" ? { d, ...jwk } : jwk, { name: "ECDSA", namedCurve }, false, [usage]);
};
const check = async (namedCurve, hash, signature) => {
  const algorithm = { name: "ECDSA", hash };
  const key = await importAs(namedCurve, "verify");
  const own = await subtle.sign(algorithm, await importAs(namedCurve, "sign"), data);
  const verify = (signature, data) => subtle.verify(algorithm, key, signature, data);
  const there = bytes(signature);
  return [own.byteLength, await verify(own, data), await verify(there, data), await verify(there, ascii("forged"))];
};
const HERE = {
  "ECDSA P-256 SHA-1": "0a65965389dd5b103dea672fd64d486d21b690fb82ab0e814b740cf0afd2e4343aa699b281211c7312c4e3935ec0d32d3bf6fed465377abd8c111cca504096d9",
  "ECDSA P-256 SHA-256": "a7856b1d4f6c17039a6f717e3fd492b5786c697f75f9357160f2512f88c14713e8dc22e7d5395a6712bd20ceb9d270bf767edf20314ba16f9ed88205a9087a82",
  "ECDSA P-256 SHA-384": "e29a3969fd9be1fa8cda024dffa813da2887af8b69536f6366359717a403a11d3c7db0c7fb6b8f881bb483029becaf9cf36a32825110845da0321865f06566b6",
  "ECDSA P-256 SHA-512": "0a66fcac55220bc7a283145a24daaf02bfc46415a434c92a7ab1ca67595cf271906f5d1491739a09ec71c4c0112786e118f50af1ac4a03e7739a27322a021de2",
  "ECDSA P-384 SHA-1": "d3b0c671b764a33348a76bf98f13daf971c4d1391a9ea3c2fd014e73831f03d99b142da38a8a6a322136d7098aa70095cb8400810f252fb982cb1373142228164bd3c8e0edc67789a3dfb843e563d612e4ec3707515b44580b0dca5c529d24f8",
  "ECDSA P-384 SHA-256": "9b7b5fb6a948bcafc3638c3912c146374fdbbe69c9766cbaea3f6d0f5b609361a02de8dfbafe6ea2bda1247d5f7f91511bffbe661a025f81c7556960178bf95f886987dba2b4751f4f6320770044fc1497c528bd976133698220e1148634fd04",
  "ECDSA P-384 SHA-384": "0d6d6665c66bde10ff8c236495dd69a51dd5d7b9669db9773270b7152effc263d49eb8a069c8622146f052cd537272869a89f34c03c5f817bbf1d31508986c62c399579b39aea0fb802dc6dcb0c9c3dc99a62ce4e5811115298c90ba0e73d9c1",
  "ECDSA P-384 SHA-512": "0fa9f8d78b58525417c86a42aeb30547d9f08c04c001d8411e3b02594a1ae66c461e3d63a365e8bad1063733865050e48c4400c932c00f8440575f4500e9081d339f8e79ab684791e6e3331aebe2549e3328823a05853674aac202ef8aecc935",
  "ECDSA P-521 SHA-1": "00e6cb871fbbf80f862dd864a825932780f873736fb3c4bca70b129639ffcf8e66195459d3bd6a70f9e5788b5ecdc8d7660a5884b0d865e99c0ddcfee2249d7479f600dc4306e33cfdd8c81e917ef12dd206270d5463cb0a53f7e79f41ba149b9a77ac823c2feec7048214ff37e7f1431f2a84ce629389d6347174e3cdd631143d6c21f9",
  "ECDSA P-521 SHA-256": "007cd66472d05c8d1286beaaf6e3dabd9df3d754a63a3dd6329070a9955f27c8767c4b262da5603fb993fa232baaa3255b072d1b6595d1bdf91cb0b3245a937bf09e00a2f1943398507701d6316247051012cacf31533c5941bb5061da65d4c867df12be62f9945b3aa7357682cb37a4afab0e518f9aefde1ce1c9fc5173ba5b6f94affc",
  "ECDSA P-521 SHA-384": "00f8a14f29821cf5fc14cc3fa57a55cfbb5ff36d3baab10bd5b696ccd4cb4c4b1ed3d3ed334db029bbb22dcd27e1f1e57d4a3ea2cacbf586868d8328c3c86c5453c80004d41b286c7aa3d3328a234cc9a7e3bf1ee1227e46861ba5d2fc24cc30cb86ae53a1c07b5c76e2701af34f5778db7cf10bf4a3248d8b1b33a40ebae5aafdd613d8",
  "ECDSA P-521 SHA-512": "01d7ea5d7663973b54ae7001134277ac940317ebdffac9856ae3b0033dc47d1ba8c0a48a24e59de73741b966192da2efcec6f5f2119a8c02aaefdcc03e1c6cc16d270126cad310f363b2b06feb2ed7eb6ae239ac2e52c21f9ce63a525aea607c86ed3152eecbe5083e27ecc65f73df817a5e286adcde8fce08dddea5facd1f933fc35453",
};
const THERE = {
  "ECDSA P-256 SHA-1": "ef6373dec350d49c3a69ddc2b66b5ecfc92e0712efa03200ef63dae815df8d856e2a1676bb47e4cb358bb35d3d71fa1107811c98d8af0d511e7131114fa3f888",
  "ECDSA P-256 SHA-256": "c028154cd35d44a089890111145e22f45e017b4237f02608ea2f66817c31671e1300d412ef16d5c64e55912786e82a9b6ec52a6518573fde18137285d4ca3c53",
  "ECDSA P-256 SHA-384": "c781e8e88e8d7a65a05141a8b153b67e5cf2bc348c9b723e17459ce50c27b59aa27321017bddac3b472e27ddfa3beb37b7456c74034e45c71674da9ff4c41a7e",
  "ECDSA P-256 SHA-512": "504c5d449f82f295e9833d8b7c3187077627a0de6d1b89f85ed8ffcb9decdd981d6046a5e3a9d4f2503136b6db02a533c649d0acc30905b92e7a3653023a20f0",
  "ECDSA P-384 SHA-1": "1479460d63736d41535669a6a30b2afa9acc573717aa816edfc5f15fcaf29cfa642df954eac02c017705240518a482882abacc3f1c027d9916e8cd19c3ea5fa4fa6692a8657f654da7d85741e365276bdfc45d3c49db570874dd943386fe3152",
  "ECDSA P-384 SHA-256": "626191310257213c5b146728b01d79e65575cf305485672c46dddd0b9be6b4e81bbeb686a71a5c6f76af0b13d7ea8a0e8945b57012b94b29168cf77dc541e5b9f75c0bce9c1154147fc8a9127c47b13bc7300ee9f29c193d86347e2c3a11ad11",
  "ECDSA P-384 SHA-384": "2309dfe7bda1cfb0a7a2230ae6553c773fc6ef4b16535b212fee935635a44a505a1cd5da477eedd57128720877c90f1fd539896ec7795e48ae0ac5c4b1e1f47cee8ff83fca6cb4646f3d75191d8adf5bdbc0ac1a71c2f8d308821df535a32cbf",
  "ECDSA P-384 SHA-512": "1856a0ae3ec9126e0f0c03fbe9bbaaf744369cfbf1197441eddc3e4316cad71efcde1793f4137469e589efbecb2ec412745234b89b97c40f4a212cb01c0ce6719ff4a8ed2bd26ebba6fe5f3fbe055f3a3e2df503c8152a6613f8d31daf1d1013",
  "ECDSA P-521 SHA-1": "01816a7b0ff7dc318e739dddf3752d989ee31946dd50066ff0bb3207d4a8df166a865517732f9dfca519304380f695fa7cec010a41961b6ca4e15e4671b66384b754015050a211e838407d6ef2b9c85147011c51730347e6007930868e5e807aa8ff3f807b31916d06c792450b029ea527b4056cde63f6ed5dc085db19305aa4db622744",
  "ECDSA P-521 SHA-256": "01c9b9b43a0588a1bb1212a8a46dc99c470235cb0150156ce3ddd2950853b3fbd8d7ef7771c2a8a364cb63c1cc8d66033753337afde4add627add0d9e3337231610b00d4e303eaf67849024c21f17fe9bb188d60fb4dc89e72a83f1aa85078972051def2b3d7c8e5f7ba5dbe20a18afc95101219ba3a964e747fb82170fc49ac0cda9a80",
  "ECDSA P-521 SHA-384": "00a70f64cb0f017451c8d06f794d7dfd36310a0d389ee8249b33f7130025e701a4b4dc21a0b8d8c115c7c70883556325f389a7b97aebee359faaf03a1797adbdbf00001f517b737a7c75f9954de34631ba7ac3dd9d32f12eb62ff01bf5dc6e491c6e29d26e05dc37226df7f87aff723b9a813cc5b82fa0ec3760daf345968c89a8da83b4",
  "ECDSA P-521 SHA-512": "01a2e93e6709887ae5a21d2d0b00bee03691ba0f581949272be42f8a083fad72153da85057dec0bece4de583f3920b860e6c54a0baee484e85bb8743e3c55f8f97a700cca881b5354181e099b4f157a9981f9ca560133fe117def23c97596a7b748a2b27b21bb57ecaa3737ba8b263916fc743b0f4737e5d1629bb36de2bacf1cb9f6076",
};

// case: P-256 with SHA-1, signed here
return check("P-256", "SHA-1", HERE["ECDSA P-256 SHA-1"]);

// case: P-256 with SHA-1, signed there
return check("P-256", "SHA-1", THERE["ECDSA P-256 SHA-1"]);

// case: P-256 with SHA-256, signed here
return check("P-256", "SHA-256", HERE["ECDSA P-256 SHA-256"]);

// case: P-256 with SHA-256, signed there
return check("P-256", "SHA-256", THERE["ECDSA P-256 SHA-256"]);

// case: P-256 with SHA-384, signed here
return check("P-256", "SHA-384", HERE["ECDSA P-256 SHA-384"]);

// case: P-256 with SHA-384, signed there
return check("P-256", "SHA-384", THERE["ECDSA P-256 SHA-384"]);

// case: P-256 with SHA-512, signed here
return check("P-256", "SHA-512", HERE["ECDSA P-256 SHA-512"]);

// case: P-256 with SHA-512, signed there
return check("P-256", "SHA-512", THERE["ECDSA P-256 SHA-512"]);

// case: P-384 with SHA-1, signed here
return check("P-384", "SHA-1", HERE["ECDSA P-384 SHA-1"]);

// case: P-384 with SHA-1, signed there
return check("P-384", "SHA-1", THERE["ECDSA P-384 SHA-1"]);

// case: P-384 with SHA-256, signed here
return check("P-384", "SHA-256", HERE["ECDSA P-384 SHA-256"]);

// case: P-384 with SHA-256, signed there
return check("P-384", "SHA-256", THERE["ECDSA P-384 SHA-256"]);

// case: P-384 with SHA-384, signed here
return check("P-384", "SHA-384", HERE["ECDSA P-384 SHA-384"]);

// case: P-384 with SHA-384, signed there
return check("P-384", "SHA-384", THERE["ECDSA P-384 SHA-384"]);

// case: P-384 with SHA-512, signed here
return check("P-384", "SHA-512", HERE["ECDSA P-384 SHA-512"]);

// case: P-384 with SHA-512, signed there
return check("P-384", "SHA-512", THERE["ECDSA P-384 SHA-512"]);

// case: P-521 with SHA-1, signed here
return check("P-521", "SHA-1", HERE["ECDSA P-521 SHA-1"]);

// case: P-521 with SHA-1, signed there
return check("P-521", "SHA-1", THERE["ECDSA P-521 SHA-1"]);

// case: P-521 with SHA-256, signed here
return check("P-521", "SHA-256", HERE["ECDSA P-521 SHA-256"]);

// case: P-521 with SHA-256, signed there
return check("P-521", "SHA-256", THERE["ECDSA P-521 SHA-256"]);

// case: P-521 with SHA-384, signed here
return check("P-521", "SHA-384", HERE["ECDSA P-521 SHA-384"]);

// case: P-521 with SHA-384, signed there
return check("P-521", "SHA-384", THERE["ECDSA P-521 SHA-384"]);

// case: P-521 with SHA-512, signed here
return check("P-521", "SHA-512", HERE["ECDSA P-521 SHA-512"]);

// case: P-521 with SHA-512, signed there
return check("P-521", "SHA-512", THERE["ECDSA P-521 SHA-512"]);
