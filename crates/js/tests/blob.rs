//! Blobs and forms, beyond what Node can be asked about.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use support::{eval, run};
use tollgate_js::Limits;
use tollgate_js::rquickjs::Ctx;

#[test]
fn ends_of_a_slice_are_rounded_and_what_is_no_number_is_none() {
    let code = "const blob = new Blob(['0123456789']);
        const ranges = [[1.9, 3.9], [NaN, 2], ['1', '3'], [null, null], [-Infinity, Infinity], [{}, [4]]];
        return await Promise.all(ranges.map((range) => blob.slice(...range).text()));";
    assert_eq!(eval(code).unwrap(), r#"["23","01","12","","0123456789","0123"]"#);
}

#[test]
fn a_blob_of_large_parts_is_stopped_by_the_limit_of_memory_and_not_by_a_panic() {
    let code = "const parts = new Array(200).fill(new Uint8Array(1 << 20)); return new Blob(parts).size;";
    assert!(eval(code).is_err());
}

/// Runs code that finds what other areas import of this one as `inside`.
fn inside(body: &str) -> String {
    let mut result = String::new();
    run(Limits::default(), async |engine, call| {
        let task = engine.task(());
        let expose = |ctx: &Ctx<'_>| ctx.globals().set("inside", engine.library(ctx, "blob").unwrap()).unwrap();
        engine.enter(&task, expose).unwrap();
        let code = format!(
            "const {{ encodeFormData, parseFormData }} = inside;
             const shape = async ([name, value]) => typeof value === 'string' ? [name, value]
                : [name, value.name, value.type, await value.text()];
             const shapes = (form) => Promise.all([...form].map(shape));
             {body}"
        );
        result = call(&engine, &code).await.unwrap();
    });
    result
}

#[test]
fn a_form_is_encoded_as_browsers_do_it() {
    let code = r#"
        const form = new FormData();
        form.append("a\nb\"c", "1\n2\r3\r\n4");
        form.append("file", new File(["x\ny"], "n\r\n\"ä\".txt"));
        form.append("blob", new Blob(["z"], { type: "text/css" }));
        const { bytes, type } = encodeFormData(form);
        const boundary = type.slice("multipart/form-data; boundary=".length);
        return [/^[-A-Za-z0-9]{40,70}$/.test(boundary), (await new Blob([bytes]).text()).replaceAll(boundary, "B")];"#;
    let expected = concat!(
        "--B\r\nContent-Disposition: form-data; name=\"a%0D%0Ab%22c\"\r\n\r\n1\r\n2\r\n3\r\n4\r\n",
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"n%0D%0A%22ä%22.txt\"\r\n",
        "Content-Type: application/octet-stream\r\n\r\nx\ny\r\n",
        "--B\r\nContent-Disposition: form-data; name=\"blob\"; filename=\"blob\"\r\n",
        "Content-Type: text/css\r\n\r\nz\r\n--B--\r\n",
    );
    assert_eq!(inside(code), serde_json::json!([true, expected]).to_string());
}

#[test]
fn a_form_that_is_encoded_and_read_again_is_the_same() {
    let code = r#"
        const form = new FormData();
        form.append("", ""); form.append("ä\"", "€ & % %22"); form.append("a", "1"); form.append("a", "2");
        form.append("f", new File([new Uint8Array([0, 13, 10, 45, 45, 255])], "f\".bin", { type: "image/png" }));
        form.append("g", new File([], ""));
        const { bytes, type } = encodeFormData(form);
        const again = await parseFormData(bytes, type);
        const raw = [...new Uint8Array(await again.get("f").arrayBuffer())];
        return [await shapes(again), raw, again.get("f") instanceof File];"#;
    let text = "\u{0}\r\n--\u{fffd}";
    // Only names are escaped: a value may contain what names escape to.
    let expected = serde_json::json!([
        [
            ["", ""],
            ["ä\"", "€ & % %22"],
            ["a", "1"],
            ["a", "2"],
            ["f", "f\".bin", "image/png", text],
            ["g", "", "application/octet-stream", ""]
        ],
        [0, 13, 10, 45, 45, 255],
        true
    ]);
    assert_eq!(inside(code), expected.to_string());
}

#[test]
fn a_form_that_is_url_encoded_is_read() {
    let code = r#"return await shapes(await parseFormData(new TextEncoder().encode("a=1+2&b=%22%25&a="), "application/x-www-form-urlencoded"))"#;
    assert_eq!(inside(code), r#"[["a","1 2"],["b","\"%"],["a",""]]"#);
}

#[test]
fn what_is_no_form_is_a_type_error() {
    let code = r#"
        const none = new Uint8Array([1, 2, 3]);
        const types = [undefined, "", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x"];
        return await Promise.all(types.map((type) => parseFormData(none, type).then(() => "read", (error) => error.name)));"#;
    assert_eq!(inside(code), r#"["TypeError","TypeError","TypeError","TypeError","TypeError"]"#);
}
