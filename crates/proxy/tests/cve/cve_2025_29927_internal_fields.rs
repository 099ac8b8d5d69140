//! CVE-2025-29927 (Next.js), CVE-2016-5385 (CGI programs): a field that only a component inside may
//! set was believed from outside.

use crate::attack::attack;

#[tokio::test]
async fn fields_of_the_inside_do_not_come_from_outside() {
    let names = [
        "X-Tollgate-Consumer",
        "x-tollgate-anything",
        "X-TOLLGATE-CONSUMER",
        "Proxy",
        "Proxy-Connection",
        "Proxy-Authorization",
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Forwarded-Prefix",
        "X-Forwarded-Server",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-HTTP-Method",
        "X-Real-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Cluster-Client-IP",
        "X-Client-IP",
        "Fastly-Client-IP",
        "Forwarded",
        "X-Original-Host",
        "X-Scheme",
        "Front-End-Https",
        "HTTP2-Settings",
        "Keep-Alive",
        "TE",
        "Expect",
    ];
    let fields: String = names.iter().map(|name| format!("{name}: evil\r\n")).collect();
    let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n");
    let seen = attack(bytes.as_bytes(), |_| {}).await;
    let evil: Vec<_> = seen.requests[0].fields.iter().filter(|(_, value)| value.contains("evil")).collect();
    assert!(evil.is_empty(), "{evil:?}");
}

/// Bytes that look like the letters of a name are no name at all.
#[tokio::test]
async fn look_alikes_of_names_are_refused() {
    for name in [
        "X-Tollgate\u{2010}Consumer",
        "X-To\u{217c}lgate-Consumer",
        "\u{ff38}-Tollgate-Consumer",
        "X\u{ad}-Forwarded-For",
    ] {
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{name}: evil\r\n\r\n");
        let seen = attack(bytes.as_bytes(), |_| {}).await;
        assert_eq!(seen.answers[0].status(), 400, "{name}");
        assert_eq!(seen.requests.len(), 0, "{name}");
    }
}
