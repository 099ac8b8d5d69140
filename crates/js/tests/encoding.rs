//! What Node cannot judge of text and bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::time::Duration;

use support::{eval, eval_with};
use tollgate_js::Limits;
use tollgate_js::engine::{CallError, Stopped};

#[test]
fn who_encodes_text_loads_no_streams() {
    let lazy = "typeof Object.getOwnPropertyDescriptor(globalThis, 'TransformStream').get";
    let code = format!("const before = new TextEncoder().encode('a').length; return [before, {lazy}]");
    assert_eq!(eval(&code).unwrap(), r#"[1,"function"]"#);
    let code = format!("const stream = new TextEncoderStream(); return [typeof stream, {lazy}]");
    assert_eq!(eval(&code).unwrap(), r#"["object","undefined"]"#);
}

#[test]
fn patched_prototypes_do_not_change_what_is_read() {
    let code = "
        Uint8Array.prototype.toBase64 = () => 'AAAA';
        Object.defineProperty(Uint8Array.prototype, 'length', { value: 1 });
        ArrayBuffer.isView = () => false;
        return new TextDecoder().decode(new TextEncoder().encode('text'));";
    assert_eq!(eval(code).unwrap(), "\"text\"");
}

#[test]
fn every_encoding_of_the_standard_is_known_by_its_name() {
    let code = "
        const names = ['utf-8', 'ibm866', 'iso-8859-2', 'iso-8859-16', 'koi8-r', 'macintosh', 'windows-874', 'windows-1258',
            'x-mac-cyrillic', 'gbk', 'gb18030', 'big5', 'euc-jp', 'iso-2022-jp', 'shift_jis', 'euc-kr', 'utf-16be',
            'utf-16le', 'x-user-defined'];
        return names.filter((name) => new TextDecoder(name.toUpperCase()).encoding !== name);";
    assert_eq!(eval(code).unwrap(), "[]");
}

#[test]
fn bytes_that_are_kept_count_against_the_limit_of_memory() {
    let limits = Limits { cpu: Duration::from_secs(60), memory: 16 << 20, ..Limits::default() };
    let code = "const all = [], text = 'x'.repeat(100000); for (;;) all.push(new TextEncoder().encode(text))";
    assert_eq!(eval_with(limits, code).unwrap_err(), CallError::Stopped(Stopped::Memory));
}
