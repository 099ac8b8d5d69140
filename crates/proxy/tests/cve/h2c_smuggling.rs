//! A proxy that forwards `Upgrade: h2c`, or any upgrade that it does not itself understand, becomes a
//! tunnel past its own rules; and one that believes in an upgrade before the origin has agreed reads
//! what follows as something else than requests.

use crate::attack::{Case, attack, hold, passes};

pub(crate) const CASES: &[Case] = &[
    passes(
        b"GET /one HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        &["GET /one HTTP/1.1", "GET /two HTTP/1.1"],
    ),
    passes(
        b"GET /one HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &["GET /one HTTP/1.1"],
    ),
    passes(
        b"GET /one HTTP/1.1\r\nHost: a\r\nUpgrade: h2c, websocket\r\nConnection: close\r\n\r\n",
        &["GET /one HTTP/1.1"],
    ),
    passes(
        b"GET /one HTTP/1.1\r\nHost: a\r\nUpgrade: TLS/1.0\r\nConnection: upgrade, close\r\n\r\n",
        &["GET /one HTTP/1.1"],
    ),
];

#[tokio::test]
async fn an_upgrade_that_the_gateway_does_not_offer_does_not_travel_on() {
    hold(CASES).await;
    for case in CASES {
        for request in attack(&case.bytes, |_| {}).await.requests {
            for name in ["upgrade", "http2-settings", "connection"] {
                assert_eq!(request.field(name), None);
            }
        }
    }
}
