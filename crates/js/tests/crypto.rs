//! The Web Cryptography API on the vectors that RFCs and NIST print, and what Node cannot judge.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use support::{TestHost, eval, eval_with, run};
use tollgate_js::engine::{CallError, Stopped};
use tollgate_js::library::{NoModules, Source};
use tollgate_js::rquickjs::{Function, Object};
use tollgate_js::{Area, Engine, Limits};

const HELPERS: &str = r#"
const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const base64 = (text) => Uint8Array.fromBase64(text, { alphabet: "base64url" });
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const importRaw = (secret, algorithm, ...usages) => subtle.importKey("raw", secret, algorithm, true, usages);
"#;

/// What a piece of code returns, as JSON.
#[track_caller]
fn check(code: &str, expected: &str) {
    assert_eq!(eval(&format!("{HELPERS}{code}")).unwrap(), expected, "{code}");
}

/// A piece of code returns bytes, in hexadecimal.
#[track_caller]
fn check_hex(code: &str, expected: &str) {
    let expected: String = expected.split_whitespace().collect();
    check(&format!("return hex({code})"), &format!("\"{expected}\""));
}

#[track_caller]
fn check_hmac(key: &str, data: &str, tags: [&str; 3]) {
    for (hash, tag) in ["SHA-256", "SHA-384", "SHA-512"].iter().zip(tags) {
        let key = format!("await importRaw({key}, {{ name: 'HMAC', hash: '{hash}' }}, 'sign')");
        check_hex(&format!("await subtle.sign('HMAC', {key}, {data})"), tag);
    }
}

#[test]
fn hmac_is_that_of_rfc_4231() {
    check_hmac(
        "new Uint8Array(20).fill(0x0b)",
        "ascii('Hi There')",
        [
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ],
    );
    check_hmac(
        "ascii('Jefe')",
        "ascii('what do ya want for nothing?')",
        [
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ],
    );
    check_hmac(
        "new Uint8Array(131).fill(0xaa)",
        "ascii('Test Using Larger Than Block-Size Key - Hash Key First')",
        [
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
        ],
    );
}

#[track_caller]
fn check_hkdf(hash: &str, secret: &str, salt: &str, info: &str, length: usize, expected: &str) {
    let algorithm = format!("{{ name: 'HKDF', hash: '{hash}', salt: bytes('{salt}'), info: bytes('{info}') }}");
    let key = format!("await subtle.importKey('raw', bytes('{secret}'), 'HKDF', false, ['deriveBits'])");
    check_hex(&format!("await subtle.deriveBits({algorithm}, {key}, {})", length * 8), expected);
}

#[test]
fn hkdf_is_that_of_rfc_5869() {
    let secret = "0b".repeat(22);
    check_hkdf(
        "SHA-256",
        &secret,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        42,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    let range = |from: u8, to: u8| (from..=to).map(|byte| format!("{byte:02x}")).collect::<String>();
    check_hkdf(
        "SHA-256",
        &range(0x00, 0x4f),
        &range(0x60, 0xaf),
        &range(0xb0, 0xff),
        82,
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09
         da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
    check_hkdf(
        "SHA-256",
        &secret,
        "",
        "",
        42,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
    check_hkdf(
        "SHA-1",
        &"0b".repeat(11),
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        42,
        "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896",
    );
}

#[track_caller]
fn check_pbkdf2(hash: &str, password: &str, salt: &str, iterations: u32, length: usize, expected: &str) {
    let algorithm = format!("{{ name: 'PBKDF2', hash: '{hash}', salt: ascii('{salt}'), iterations: {iterations} }}");
    let key = format!("await subtle.importKey('raw', ascii('{password}'), 'PBKDF2', false, ['deriveBits'])");
    check_hex(&format!("await subtle.deriveBits({algorithm}, {key}, {})", length * 8), expected);
}

#[test]
fn pbkdf2_is_that_of_rfc_6070_and_rfc_7914() {
    check_pbkdf2("SHA-1", "password", "salt", 1, 20, "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    check_pbkdf2("SHA-1", "password", "salt", 4096, 20, "4b007901b765489abead49d926f721d065a429c1");
    check_pbkdf2(
        "SHA-1",
        "passwordPASSWORDpassword",
        "saltSALTsaltSALTsaltSALTsaltSALTsalt",
        4096,
        25,
        "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
    );
    check_pbkdf2("SHA-1", "pass\\0word", "sa\\0lt", 4096, 16, "56fa6aa75548099dcc37d7f03425e0c3");
    check_pbkdf2(
        "SHA-256",
        "passwd",
        "salt",
        1,
        64,
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc
         49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    );
    check_pbkdf2(
        "SHA-256",
        "Password",
        "NaCl",
        80000,
        64,
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56
         a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
    );
}

#[test]
fn aes_gcm_is_that_of_its_specification() {
    // McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 2, 4 and 16.
    let algorithm = "{ name: 'AES-GCM', iv: new Uint8Array(12) }";
    let key = "await importRaw(new Uint8Array(16), 'AES-GCM', 'encrypt')";
    check_hex(
        &format!("await subtle.encrypt({algorithm}, {key}, new Uint8Array(16))"),
        "0388dace60b6a392f328c2b971b2fe78 ab6e47d42cec13bdf53a67b21257bddf",
    );
    let plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
                 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
    let algorithm = "{ name: 'AES-GCM', iv: bytes('cafebabefacedbaddecaf888'),
                       additionalData: bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2') }";
    let encrypt = |key: &str| {
        format!(
            "await subtle.encrypt({algorithm}, await importRaw(bytes('{key}'), 'AES-GCM', 'encrypt'), bytes(`{plain}`))"
        )
    };
    check_hex(
        &encrypt("feffe9928665731c6d6a8f9467308308"),
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
         21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091 5bc94fbc3221a5db94fae95ae7121a47",
    );
    check_hex(
        &encrypt("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
         8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b",
    );
}

/// The four blocks of SP 800-38A.
const NIST_PLAIN: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51
                          30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

#[test]
fn aes_cbc_is_that_of_sp_800_38a() {
    // F.2.1, F.2.3 and F.2.5; the block of padding is not part of them.
    for (key, expected) in [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2
             73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
        ),
        (
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a
             571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
        ),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d
             39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
        ),
    ] {
        let algorithm = "{ name: 'AES-CBC', iv: bytes('000102030405060708090a0b0c0d0e0f') }";
        let key = format!("await importRaw(bytes('{key}'), 'AES-CBC', 'encrypt')");
        check_hex(&format!("(await subtle.encrypt({algorithm}, {key}, bytes(`{NIST_PLAIN}`))).slice(0, 64)"), expected);
    }
}

#[test]
fn aes_ctr_is_that_of_sp_800_38a() {
    // F.5.1, F.5.3 and F.5.5.
    for (key, expected) in [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff
             5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
        ),
        (
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94
             1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
        ),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5
             2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
        ),
    ] {
        let algorithm = "{ name: 'AES-CTR', counter: bytes('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'), length: 128 }";
        let key = format!("await importRaw(bytes('{key}'), 'AES-CTR', 'encrypt')");
        check_hex(&format!("await subtle.encrypt({algorithm}, {key}, bytes(`{NIST_PLAIN}`))"), expected);
    }
}

#[test]
fn aes_kw_is_that_of_rfc_3394() {
    // §4.1, §4.3 and §4.6.
    let kek = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let key = "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f";
    for (kek, key, expected) in [
        (&kek[..32], &key[..32], "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"),
        (kek, &key[..32], "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"),
        (kek, key, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"),
    ] {
        let kek = format!("await importRaw(bytes('{kek}'), 'AES-KW', 'wrapKey')");
        let key = format!("await importRaw(bytes('{key}'), 'AES-GCM', 'encrypt')");
        check_hex(&format!("await subtle.wrapKey('raw', {key}, {kek}, 'AES-KW')"), expected);
    }
}

#[test]
fn ed25519_is_that_of_rfc_8032() {
    // §7.1, TEST 1 to TEST 3.
    for (seed, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let pkcs8 = format!("bytes('302e020100300506032b657004220420{seed}')");
        let key = format!("await subtle.importKey('pkcs8', {pkcs8}, 'Ed25519', true, ['sign'])");
        check_hex(&format!("await subtle.sign('Ed25519', {key}, bytes('{message}'))"), signature);
        check_hex(&format!("base64((await subtle.exportKey('jwk', {key})).x)"), public);
        let key = format!("await importRaw(bytes('{public}'), 'Ed25519', 'verify')");
        check(&format!("return subtle.verify('Ed25519', {key}, bytes(`{signature}`), bytes('{message}'))"), "true");
    }
}

#[test]
fn a_private_key_with_attributes_and_its_public_half_is_read() {
    // RFC 8410 §10.3.
    let pkcs8 = "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp-K06_nwoy_HU--CXqI9EdVhCoB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
    check(
        &format!(
            "return (await subtle.exportKey('jwk', await subtle.importKey('pkcs8', base64('{pkcs8}'), 'Ed25519', true, ['sign']))).x"
        ),
        "\"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE\"",
    );
}

#[test]
fn x25519_is_that_of_rfc_7748() {
    // §6.1.
    let alice = "302e020100300506032b656e0422042077076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    let bob = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    let algorithm = format!("{{ name: 'X25519', public: await importRaw(bytes('{bob}'), 'X25519') }}");
    let key = format!("await subtle.importKey('pkcs8', bytes('{alice}'), 'X25519', true, ['deriveBits'])");
    check_hex(
        &format!("await subtle.deriveBits({algorithm}, {key}, null)"),
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    );
}

/// What a JWS is verified with: the JWK, the algorithm, and the token.
#[track_caller]
fn check_jws(jwk: &str, import: &str, verify: &str, token: &str) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = format!("await subtle.importKey('jwk', {jwk}, {import}, true, ['verify'])");
    let verify = format!("subtle.verify({verify}, {key}, base64('{signature}'), ascii('{signed}'))");
    check(&format!("return {verify}"), "true");
    let forged = verify.replace(&format!("ascii('{signed}')"), &format!("ascii('{signed}A')"));
    check(&format!("return {forged}"), "false");
}

/// The claims of RFC 7515's examples, encoded.
const JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
/// The text of RFC 7520's examples, encoded.
const FRODO: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

#[test]
fn signatures_of_rfc_7515_verify() {
    check_jws(
        "{ kty: 'oct', k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow' }",
        "{ name: 'HMAC', hash: 'SHA-256' }",
        "'HMAC'",
        &format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    );
    check_jws(
        "{ kty: 'RSA', e: 'AQAB', n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ' }",
        "{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }",
        "'RSASSA-PKCS1-v1_5'",
        &format!(
            "eyJhbGciOiJSUzI1NiJ9.{JOE}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        ),
    );
    check_jws(
        "{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }",
        "{ name: 'ECDSA', namedCurve: 'P-256' }",
        "{ name: 'ECDSA', hash: 'SHA-256' }",
        &format!(
            "eyJhbGciOiJFUzI1NiJ9.{JOE}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
    );
    check_jws(
        "{ kty: 'EC', crv: 'P-521', x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk', y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2' }",
        "{ name: 'ECDSA', namedCurve: 'P-521' }",
        "{ name: 'ECDSA', hash: 'SHA-512' }",
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
    );
}

#[test]
fn signatures_of_rfc_7520_and_rfc_8037_verify() {
    check_jws(
        "{ kty: 'RSA', e: 'AQAB', n: 'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw' }",
        "{ name: 'RSA-PSS', hash: 'SHA-384' }",
        "{ name: 'RSA-PSS', saltLength: 48 }",
        &format!(
            "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.{FRODO}.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"
        ),
    );
    check_jws(
        "{ kty: 'EC', crv: 'P-521', x: 'AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt', y: 'AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1' }",
        "{ name: 'ECDSA', namedCurve: 'P-521' }",
        "{ name: 'ECDSA', hash: 'SHA-512' }",
        &format!(
            "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.{FRODO}.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"
        ),
    );
    check_jws(
        "{ kty: 'oct', k: 'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg' }",
        "{ name: 'HMAC', hash: 'SHA-256' }",
        "'HMAC'",
        &format!(
            "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.{FRODO}.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"
        ),
    );
    check_jws(
        "{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }",
        "'Ed25519'",
        "'Ed25519'",
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
}

#[test]
fn md5_is_that_of_rfc_1321() {
    check_hex("await subtle.digest('MD5', ascii('message digest'))", "f96b697d7cb7938d525a2f31aaf161d0");
}

#[test]
fn what_the_ciphers_have_not_is_refused_with_a_sentence() {
    let rsa =
        "{ name: 'RSASSA-PKCS1-v1_5', publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256', modulusLength: 2048";
    for (code, says) in [
        (format!("subtle.generateKey({rsa}, modulusLength: 1024 }}, true, ['sign'])"), "2048, 3072 or 4096 bits"),
        (format!("subtle.generateKey({rsa}, modulusLength: 8192 }}, true, ['sign'])"), "2048, 3072 or 4096 bits"),
        (format!("subtle.generateKey({rsa}, publicExponent: new Uint8Array([3]) }}, true, ['sign'])"), "65537"),
        (
            "subtle.importKey('jwk', { kty: 'RSA', e: 'AQAB', n: '_'.repeat(170) + 'w' }, { name: 'RSA-PSS', hash: 'SHA-256' }, true, ['verify'])".to_owned(),
            "2048 to 8192 bits here, and this has 1024",
        ),
        (
            "importRaw(new Uint8Array(16), 'AES-GCM', 'encrypt').then((key) => subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(16) }, key, ascii('')))".to_owned(),
            "12 bytes",
        ),
        (
            "importRaw(new Uint8Array(16), 'AES-GCM', 'encrypt').then((key) => subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12), tagLength: 96 }, key, ascii('')))".to_owned(),
            "tags of 128 bits",
        ),
        ("importRaw(new Uint8Array(24), 'AES-KW', 'wrapKey')".to_owned(), "128 and 256 bits"),
        (
            "importRaw(ascii('a'), 'HKDF', 'deriveBits').catch(() => subtle.importKey('raw', ascii('a'), 'PBKDF2', false, ['deriveBits'])).then((key) => subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: ascii(''), iterations: 1e9 }, key, 160))".to_owned(),
            "at most 10000000 rounds",
        ),
    ] {
        let code = format!("{HELPERS}return {code}.then(() => 'nothing', ({{ name, message }}) => `${{name}}: ${{message}}`)");
        let said = eval(&code).unwrap();
        assert!(said.starts_with("\"NotSupportedError: ") && said.contains(says), "{said}");
    }
}

#[test]
fn what_is_done_at_once_is_no_work_of_the_host() {
    let limits = Limits { work: 0, cpu: Duration::from_secs(10), ..Limits::default() };
    let code = format!(
        "{HELPERS}
        const key = await importRaw(ascii('key'), {{ name: 'HMAC', hash: 'SHA-256' }}, 'sign', 'verify');
        const tag = await subtle.sign('HMAC', key, await subtle.digest('SHA-512', ascii('text')));
        const pair = await subtle.generateKey({{ name: 'ECDSA', namedCurve: 'P-256' }}, false, ['sign']);
        await subtle.sign({{ name: 'ECDSA', hash: 'SHA-256' }}, pair.privateKey, tag);
        const rsa = {{ name: 'RSA-PSS', publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256', modulusLength: 2048 }};
        return nameOf(subtle.generateKey(rsa, true, ['sign']));"
    );
    assert_eq!(eval_with(limits, &code).unwrap(), "\"RangeError\"");
}

#[test]
fn making_an_rsa_key_holds_up_no_other_call() {
    let limits = Limits { cpu: Duration::from_secs(10), ..Limits::default() };
    run(limits, async |engine, call| {
        let ended = RefCell::new(Vec::new());
        let makes = async {
            let rsa =
                "{ name: 'RSA-PSS', publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256', modulusLength: 2048 }";
            call(&engine, &format!("await crypto.subtle.generateKey({rsa}, true, ['sign'])")).await.unwrap();
            ended.borrow_mut().push("makes");
        };
        let digests = async {
            call(&engine, "await crypto.subtle.digest('SHA-1', new Uint8Array(1))").await.unwrap();
            ended.borrow_mut().push("digests");
        };
        tokio::join!(makes, digests);
        assert_eq!(ended.into_inner(), ["digests", "makes"]);
    });
}

#[test]
fn a_long_derivation_ends_with_the_time_of_its_call() {
    let limits = Limits { wall: Duration::from_millis(50), cpu: Duration::from_secs(10), ..Limits::default() };
    let code = format!(
        "{HELPERS}
        const key = await subtle.importKey('raw', ascii('a'), 'PBKDF2', false, ['deriveBits']);
        const algorithm = {{ name: 'PBKDF2', hash: 'SHA-512', salt: ascii('a'), iterations: 2e6 }};
        try {{ await subtle.deriveBits(algorithm, key, 512); }} catch {{}}"
    );
    assert_eq!(eval_with(limits, &code).unwrap_err(), CallError::Stopped(Stopped::Wall));
}

#[test]
fn large_secrets_count_against_the_heap() {
    let limits = Limits { memory: 16 << 20, cpu: Duration::from_secs(60), ..Limits::default() };
    for algorithm in ["{ name: 'HMAC', hash: 'SHA-256' }", "'PBKDF2'"] {
        let usage = if algorithm.contains("HMAC") { "sign" } else { "deriveBits" };
        let code = format!(
            "const keys = [];
            for (;;) keys.push(await crypto.subtle.importKey('raw', new Uint8Array(1 << 20), {algorithm}, false, ['{usage}']));"
        );
        assert_eq!(eval_with(limits.clone(), &code).unwrap_err(), CallError::Stopped(Stopped::Memory), "{algorithm}");
    }
}

#[test]
fn nothing_of_a_secret_can_be_seen_on_a_key() {
    check(
        "const key = await subtle.importKey('raw', ascii('secret'), 'HKDF', false, ['deriveBits']);
        const own = Reflect.ownKeys(key);
        return [own, JSON.stringify(key), Object.keys({ ...key }), await nameOf(subtle.exportKey('raw', key))]",
        r#"[[],"{}",[],"NotSupportedError"]"#,
    );
}

#[test]
fn changing_what_a_key_shows_does_not_change_the_key() {
    check(
        "const key = await subtle.importKey('raw', ascii('secret'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
        key.algorithm.name = 'AES-GCM';
        key.algorithm.hash.name = 'SHA-1';
        key.usages.push('verify');
        try { key.extractable = true; } catch {}
        return [
            (await subtle.sign('HMAC', key, ascii('a'))).byteLength,
            await nameOf(subtle.verify('HMAC', key, ascii('a'), ascii('a'))),
            await nameOf(subtle.exportKey('raw', key)),
        ]",
        r#"[32,"InvalidAccessError","InvalidAccessError"]"#,
    );
}

#[test]
fn patched_prototypes_neither_see_secrets_nor_break_anything() {
    check(
        "crypto.subtle;
        const key = await importRaw(ascii('key'), { name: 'HMAC', hash: 'SHA-256' }, 'sign');
        const seen = [];
        const spy = (object, name) => {
            const { value } = Object.getOwnPropertyDescriptor(object, name);
            object[name] = function (...all) {
                seen.push(name);
                return value.apply(this, all);
            };
        };
        spy(Promise, 'resolve');
        spy(Promise.prototype, 'then');
        spy(String.prototype, 'toUpperCase');
        spy(JSON, 'stringify');
        spy(JSON, 'parse');
        Object.prototype.toJSON = () => ({});
        Object.defineProperty(Object.prototype, 'hash', { get: () => 'SHA-1', configurable: true });
        const length = (await subtle.sign('hmac', key, await subtle.digest({ name: 'sha-1' }, ascii('a')))).byteLength;
        const kek = await subtle.importKey('raw', new Uint8Array(16), 'AES-KW', false, ['wrapKey', 'unwrapKey']);
        const wrapped = await subtle.wrapKey('jwk', key, kek, 'AES-KW');
        const again = await subtle.unwrapKey('jwk', wrapped, kek, 'AES-KW', { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
        const secret = hex(await subtle.exportKey('raw', again));
        delete Object.prototype.toJSON;
        delete Object.prototype.hash;
        return [length, secret, seen]",
        r#"[32,"6b6579",[]]"#,
    );
}

/// What another area of the library finds.
static NEIGHBOUR: Area = Area {
    source: Source::Text(
        "import { digestSync, hmacSync, randomBytes, timingSafeEqual } from 'tollgate:crypto';
        const text = (bytes) => bytes.toHex();
        const abc = Uint8Array.of(97, 98, 99);
        export const neighbour = () => {
            const failure = (call) => { try { return String(call()); } catch ({ name }) { return name; } };
            return JSON.stringify([
                text(digestSync('MD5', abc)), text(digestSync('SHA-1', abc)), text(hmacSync('SHA-1', abc, abc)),
                randomBytes(5).length, text(randomBytes(16)) === text(randomBytes(16)),
                timingSafeEqual(abc, abc.buffer), timingSafeEqual(abc, Uint8Array.of(97, 98, 100)),
                failure(() => timingSafeEqual(abc, new Uint8Array(2))), failure(() => randomBytes(2 ** 30)),
                failure(() => digestSync('SHA-3', abc)),
            ]);
        };",
    ),
    globals: &["neighbour"],
    ..Area::new("neighbour")
};

static NEIGHBOURS: &[&Area] = &[&NEIGHBOUR];

#[test]
fn other_areas_find_what_needs_no_keys() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let limits = Limits { cpu: Duration::from_secs(10), ..Limits::default() };
        let engine = Engine::new(limits, Rc::new(TestHost::default()), Rc::new(NoModules), NEIGHBOURS).unwrap();
        let task = engine.task(());
        let called = engine.call(
            &task,
            |ctx| {
                let globals: Object<'_> = ctx.globals();
                globals.get::<_, Function<'_>>("neighbour")?.call(())
            },
            |_, value| value.get::<String>(),
        );
        let expected = concat!(
            r#"["900150983cd24fb0d6963f7d28e17f72","a9993e364706816aba3e25717850c26c9cd0d89d","#,
            r#""5b333a389b4e9a2358ac5392bf2a64dc68e3c943",5,false,true,false,"RangeError","RangeError","NotSupportedError"]"#
        );
        assert_eq!(called.await.unwrap(), expected);
    });
}
