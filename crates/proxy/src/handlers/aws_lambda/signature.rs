//! The signature of requests to AWS: Signature Version 4, with the header fields `host` and `x-amz-…` signed.

use std::fmt;
use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tollgate_core::time::Timestamp;

/// What is not unreserved (RFC 3986 §2.3), but for the slash of a path.
const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
/// The same of one segment.
pub(super) const IN_A_SEGMENT: &AsciiSet = &IN_A_PATH.add(b'/');

/// Who signs.
pub(super) struct Credentials {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
    pub(super) session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A request without a query, as far as it is signed.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    /// As it is sent, percent-encoded.
    pub(super) path: &'a str,
    pub(super) body: &'a [u8],
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

impl Credentials {
    /// The fields that prove who sends the request. `None` where one of them cannot be sent.
    pub(super) fn sign(&self, request: &Signed<'_>, now: Timestamp) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let moment = jiff::Timestamp::from_second(now.seconds()).ok()?.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = moment.get(..8)?;
        let mut fields = vec![("host", request.host), ("x-amz-date", &*moment)];
        fields.extend(self.session_token.as_deref().map(|token| ("x-amz-security-token", token)));
        let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");

        let mut canonical = format!("{}\n{}\n\n", request.method, utf8_percent_encode(request.path, IN_A_PATH));
        for (name, value) in &fields {
            let _ = writeln!(canonical, "{name}:{}", value.trim());
        }
        let _ = write!(canonical, "\n{names}\n{}", hex(digest(&SHA256, request.body).as_ref()));

        let scope = format!("{day}/{}/{}/aws4_request", request.region, request.service);
        let text =
            format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
        let secret = format!("AWS4{}", self.secret_access_key);
        let steps = [day, request.region, request.service, "aws4_request", &text];
        let signature = steps.iter().fold(secret.into_bytes(), |key, step| {
            hmac::sign(&hmac::Key::new(HMAC_SHA256, &key), step.as_bytes()).as_ref().to_vec()
        });
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            self.access_key_id,
            hex(&signature)
        );
        let mut authorization = HeaderValue::from_str(&authorization).ok()?;
        authorization.set_sensitive(true);
        let mut signed = vec![(AUTHORIZATION, authorization)];
        for (name, value) in fields.iter().filter(|(name, _)| *name != "host") {
            signed.push((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?));
        }
        Some(signed)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the test suite that AWS publishes with the algorithm.
    #[test]
    fn the_published_vectors_come_out() {
        let credentials = |session_token: Option<&str>| Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: session_token.map(str::to_owned),
        };
        for (method, path, signature) in [
            ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ] {
            let host = "example.amazonaws.com";
            let request = Signed { method, host, path, body: b"", region: "us-east-1", service: "service" };
            let signed = credentials(None).sign(&request, Timestamp::from_seconds(1_440_938_160)).unwrap();
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}"
            );
            assert_eq!(signed[0].1, expected, "{method} {path}");
            assert_eq!(signed[1].1, "20150830T123600Z");
            assert_eq!(format!("{:?}", signed[0].1), "Sensitive");
        }
        let request = Signed { method: "GET", host: "h", path: "/", body: b"", region: "r", service: "s" };
        let signed = credentials(Some("token")).sign(&request, Timestamp::from_seconds(0)).unwrap();
        assert!(signed.iter().any(|(name, value)| name == "x-amz-security-token" && value == "token"));
        assert!(!format!("{:?}", credentials(Some("token"))).contains("wJalr"));
    }
}
