//! What an answer is kept under: everything about a request that the answer may depend on, as one digest. A
//! digest, because keys and cookies are part of it, which are not kept in clear.

use aws_lc_rs::digest::{Context, SHA256};
use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, PROXY_AUTHORIZATION};
use http::{Method, Request};
use tollgate_core::Exchange;
use tollgate_core::exchange::Credential;

/// Fields that say who calls, wherever a credential is checked: here, or by the upstream.
const CREDENTIALS: [HeaderName; 8] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("apikey"),
    HeaderName::from_static("x-auth-token"),
    HeaderName::from_static("x-access-token"),
];

/// A digest of parts, each with its length in front, so that no two lists of them are one.
struct Parts(Context);

impl Parts {
    fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    fn add(&mut self, part: impl AsRef<[u8]>) -> &mut Self {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    fn fields<'n>(&mut self, names: impl IntoIterator<Item = &'n HeaderName>, headers: &HeaderMap) -> &mut Self {
        for name in names {
            let values = headers.get_all(name);
            self.add(name.as_str()).0.update(&(values.iter().count() as u64).to_be_bytes());
            for value in values {
                self.add(value.as_bytes());
            }
        }
        self
    }

    fn hex(&self) -> String {
        use std::fmt::Write;
        let digest = self.0.clone().finish();
        digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// Where the answers of one URL are, and which of them a request means.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// Of the URL, whoever asks.
    pub(super) url: String,
    /// Of everything, by method.
    base: Base,
}

#[derive(Clone)]
struct Base(Context);

impl std::fmt::Debug for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Base")
    }
}

impl Key {
    /// That of a request. `fields` are looked at beside the credentials, and these only where `by_caller`.
    pub(super) fn of<B>(
        exchange: &Exchange,
        request: &Request<B>,
        fields: &[HeaderName],
        by_caller: bool,
        body: Option<&[u8]>,
    ) -> Self {
        let mut url = Parts::new();
        let target = &exchange.target;
        url.add(exchange.client.scheme.as_str()).add(&*exchange.client.host).add(&target.forward_path);
        // `/a` and `/a?` are two URLs.
        url.add([u8::from(target.query.is_some())]).add(target.query.as_deref().unwrap_or_default());
        let mut all = Parts(url.0.clone());
        all.fields(fields, request.headers());
        if by_caller {
            // An upstream may be told of the client's certificate, and go by that.
            let certificate = exchange.client.certificate.as_ref().map_or("", |certificate| &certificate.sha256);
            all.fields(&CREDENTIALS, request.headers()).add(caller(exchange)).add(certificate);
        }
        all.add([u8::from(body.is_some())]).add(body.unwrap_or_default());
        Self { url: url.hex(), base: Base(all.0) }
    }

    /// The key for a method.
    pub(super) fn text(&self, method: &Method) -> String {
        Parts(self.base.0.clone()).add(method.as_str()).hex()
    }

    /// The key for a method where answers differ by these fields.
    pub(super) fn variant(&self, method: &Method, names: &[HeaderName], headers: &HeaderMap) -> String {
        Parts(self.base.0.clone()).add(method.as_str()).fields(names, headers).hex()
    }
}

/// Who calls, as far as the gateway knows by now: the consumer and what it proved itself with.
pub(super) fn caller(exchange: &Exchange) -> String {
    let Some(user) = &exchange.user else { return String::new() };
    let mut parts = Parts::new();
    parts.add(&*user.sub);
    match &user.credential {
        Credential::Key { id, consumer, version, .. } => {
            parts.add("key").add(&**id).add(&**consumer).add(version.to_be_bytes());
        }
        Credential::Token { digest } => {
            parts.add("token").add(digest);
        }
        Credential::Other => {
            parts.add("other").add(user.data.to_string());
        }
    }
    parts.hex()
}
