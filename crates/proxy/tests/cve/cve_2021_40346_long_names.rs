//! CVE-2021-40346 (HAProxy): the length of a field name overflowed, and `Content-Length0aaa…:`
//! became a Content-Length.

use crate::attack::attack;

#[tokio::test]
async fn a_long_name_is_that_name() {
    for length in [255 - 14, 256 - 14, 270 - 14, 512 - 14, 4000, 30_000] {
        let name = format!("Content-Length0{}", "a".repeat(length));
        let bytes = format!(
            "POST /x HTTP/1.1\r\nHost: a\r\n{name}:\r\nContent-Length: 23\r\n\r\nGET /s HTTP/1.1\r\nDum: GGET /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let seen = attack(bytes.as_bytes(), |_| {}).await;
        let Some(first) = seen.requests.first() else {
            assert_eq!(seen.answers[0].status(), 431, "{length}");
            continue;
        };
        assert_eq!(first.field("content-length"), Some("23"), "{length}");
        assert_eq!(first.body, b"GET /s HTTP/1.1\r\nDum: G", "{length}");
    }
}
