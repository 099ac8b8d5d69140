use serde_json::{Value, json};

use super::*;
use crate::testing::Room;

async fn answer(options: Value, media: &str, body: impl Into<bytes::Bytes>) -> Result<(HeaderMap, String), Problem> {
    let room = Room::new();
    let policy = room.build(&KIND, options).unwrap();
    let mut response = Response::new(Body::full(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(media).unwrap());
    match policy.on_response(&mut room.exchange(), &mut response).get().await {
        Flow::Continue => {
            let body = response.body().bytes().unwrap();
            Ok((response.headers().clone(), String::from_utf8(body.to_vec()).unwrap()))
        }
        Flow::Refuse(problem) => Err(problem),
        Flow::Respond(response) => panic!("{response:?}"),
    }
}

async fn check(options: Value, xml: &str, expected: Value) {
    let (headers, body) = answer(options, "application/xml", xml.to_owned()).await.unwrap();
    assert_eq!(headers[CONTENT_TYPE], "application/json");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected, "{xml}");
}

async fn refused(xml: impl Into<bytes::Bytes>) -> String {
    let problem = answer(json!({}), "text/xml", xml).await.unwrap_err();
    assert_eq!((problem.reason.name, problem.status.as_u16()), ("answer.malformed", 502));
    assert_eq!(problem.detail, "The answer of the upstream cannot be read");
    problem.cause.clone().unwrap()
}

#[tokio::test]
async fn elements_become_members() {
    check(json!({}), "<a>1</a>", json!({ "a": 1 })).await;
    check(json!({}), "<a/>", json!({ "a": "" })).await;
    check(json!({}), "<a><b>x</b><b>y</b><c/></a>", json!({ "a": { "b": ["x", "y"], "c": "" } })).await;
    check(json!({}), "<a>one <b>2</b> three</a>", json!({ "a": { "b": 2, "#text": "one  three" } })).await;
    check(json!({}), "<a>\n  <b> x </b>\n</a>", json!({ "a": { "b": "x" } })).await;
    check(json!({}), "<a><![CDATA[<b>&amp;]]> c</a>", json!({ "a": "<b>&amp; c" })).await;
    check(json!({}), "<!-- x --><a><!-- y -->z</a><!-- w -->", json!({ "a": "z" })).await;
    check(json!({ "trimValues": false }), "<a> x </a>", json!({ "a": " x " })).await;
}

#[tokio::test]
async fn prefixes_attributes_and_instructions_are_as_the_options_say() {
    let xml = r#"<?xml version="1.0" encoding="UTF-8"?><?style href="a"?><s:a xmlns:s="urn:s" s:id="1" n="a&amp;b"><s:b>2</s:b></s:a>"#;
    check(json!({}), xml, json!({ "a": { "b": 2 } })).await;
    check(json!({ "removeNSPrefix": false }), xml, json!({ "s:a": { "s:b": 2 } })).await;
    check(json!({ "ignoreAttributes": false }), xml, json!({ "a": { "@_id": "1", "@_n": "a&b", "b": 2 } })).await;
    check(
        json!({ "ignoreAttributes": false, "attributeNamePrefix": "", "textNodeName": "value" }),
        r#"<a id="1">x</a>"#,
        json!({ "a": { "id": "1", "value": "x" } }),
    )
    .await;
    let options =
        json!({ "ignoreAttributes": false, "ignoreDeclarations": false, "ignoreProcessingInstructions": false });
    check(
        options,
        r#"<?xml version="1.0"?><?style href="a"?><a/>"#,
        json!({ "?xml": { "@_version": "1.0" }, "?style": { "@_href": "a" }, "a": "" }),
    )
    .await;
}

#[tokio::test]
async fn what_is_stopped_at_stays_as_it_is_written() {
    let xml = "<root><a><b>1</b>&amp;</a><c><a>2</a><x:deep xmlns:x='u'><i/></x:deep></c></root>";
    check(
        json!({ "stopNodes": ["root.a", "*.deep"] }),
        xml,
        json!({ "root": { "a": "<b>1</b>&amp;", "c": { "a": 2, "deep": "<i/>" } } }),
    )
    .await;
    let room = Room::new();
    for path in ["", "a..b", "*", "a.*.b"] {
        let error = room.build(&KIND, json!({ "stopNodes": [path] })).unwrap_err();
        assert_eq!(error.pointer, "/stopNodes/0", "{path}");
    }
}

#[tokio::test]
async fn entities_of_a_document_are_never_expanded() {
    let xml = r#"<!DOCTYPE a [<!ENTITY x "yyyyyyyyyy"><!ENTITY f SYSTEM "file:///etc/passwd">]><a n="&x;">&x;&f;&lt;&#65;&#x42;</a>"#;
    check(json!({ "ignoreAttributes": false }), xml, json!({ "a": { "@_n": "&x;", "#text": "&x;&f;<AB" } })).await;
}

#[tokio::test]
async fn what_is_not_well_formed_or_too_deep_is_no_answer() {
    for xml in ["text", "<a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a>&#0;</a>", "<a>x</a>y", "<a", "<a>&lt</a>"]
    {
        refused(xml.to_owned().into_bytes()).await;
    }
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(answer(json!({}), "text/xml", deep(100)).await.is_ok());
    assert!(refused(deep(101)).await.contains("more than 100 deep"));
    assert!(refused("<a>".repeat(1_000_000)).await.contains("more than 100 deep"));
}

#[tokio::test]
async fn letters_are_those_that_the_document_or_its_field_says() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>".to_vec();
    let (_, body) = answer(json!({}), "application/xml", latin).await.unwrap();
    assert_eq!(body, r#"{"a":"ä"}"#);
    let (_, body) = answer(json!({}), "text/xml; charset=\"iso-8859-1\"", b"<a>\xe4</a>".to_vec()).await.unwrap();
    assert_eq!(body, r#"{"a":"ä"}"#);
    let wide: Vec<u8> = "\u{feff}<a>ä</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (_, body) = answer(json!({}), "application/soap+xml; charset=utf-8", wide).await.unwrap();
    assert_eq!(body, r#"{"a":"ä"}"#);
    assert!(refused(b"<a>\xe4</a>".to_vec()).await.contains("letters"));
    assert!(refused(b"<?xml version='1.0' encoding='klingon'?><a/>".to_vec()).await.contains("encoding"));
}

#[tokio::test]
async fn what_is_no_xml_stays_as_it_is() {
    for media in ["application/json", "text/html", "application/xmlish"] {
        let (headers, body) = answer(json!({}), media, "<a>1</a>").await.unwrap();
        assert_eq!((headers[CONTENT_TYPE].to_str().unwrap(), &*body), (media, "<a>1</a>"));
    }
    let (headers, _) = answer(json!({ "parseOnStatusCodes": "400-499" }), "text/xml", "<a>1</a>").await.unwrap();
    assert_eq!(headers[CONTENT_TYPE], "text/xml");
}
