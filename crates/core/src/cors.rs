//! Cross-origin answers: one place that writes `Access-Control-*`.

use http::HeaderMap;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName, HeaderValue, VARY,
};

use crate::settings::{CorsSettings, OneOrMany};

/// Every field that an upstream might have set itself.
pub const CORS_FIELDS: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_MAX_AGE,
];

/// A CORS policy, ready to answer.
#[derive(Debug, Clone)]
pub struct Cors {
    origins: Vec<OriginRule>,
    methods: Option<HeaderValue>,
    allow_headers: Option<HeaderValue>,
    expose_headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    credentials: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum OriginRule {
    Any,
    /// Lower-case.
    Exact(String),
    /// `https://*.example.com:8443`: exactly one label in place of the star.
    OneLabel {
        before: String,
        after: String,
    },
}

impl OriginRule {
    fn new(text: &str) -> Self {
        let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
        match text.split_once("//*.") {
            _ if text == "*" => Self::Any,
            Some((scheme, rest)) => Self::OneLabel { before: format!("{scheme}//"), after: format!(".{rest}") },
            None => Self::Exact(text),
        }
    }

    fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact == origin,
            Self::OneLabel { before, after } => origin
                .strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()))
                .is_some_and(|label| {
                    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
                }),
        }
    }
}

impl Cors {
    /// `anything-goes`: every origin, every header, with credentials.
    pub fn anything_goes() -> Self {
        Self {
            origins: vec![OriginRule::Any],
            methods: None,
            allow_headers: Some(HeaderValue::from_static("*")),
            expose_headers: Some(HeaderValue::from_static("*")),
            max_age: Some(HeaderValue::from_static("600")),
            credentials: true,
        }
    }

    /// A named policy.
    pub fn new(settings: &CorsSettings) -> Self {
        let list = |values: &OneOrMany| {
            let joined = values.iter().collect::<Vec<_>>().join(", ");
            if joined.is_empty() { None } else { HeaderValue::from_str(&joined).ok() }
        };
        Self {
            origins: settings.allowed_origins.iter().map(OriginRule::new).collect(),
            methods: settings.allowed_methods.as_ref().and_then(list),
            allow_headers: settings.allowed_headers.as_ref().and_then(list),
            expose_headers: settings.expose_headers.as_ref().and_then(list),
            max_age: settings.max_age.map(HeaderValue::from),
            credentials: settings.allow_credentials,
        }
    }

    /// Whether this origin may ask.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| {
            let origin = origin.to_ascii_lowercase();
            self.origins.iter().any(|rule| rule.allows(&origin))
        })
    }

    /// Sets the fields of an ordinary answer; strips what the upstream said of CORS.
    pub fn apply(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        strip(headers);
        if !headers.get_all(VARY).iter().any(|v| v.as_bytes().eq_ignore_ascii_case(b"origin")) {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = origin.filter(|origin| self.allows(origin)) else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Some(expose) = &self.expose_headers {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, expose.clone());
        }
    }

    /// Sets the fields of the answer to a preflight; `route_methods` are used where the policy
    /// lists none. False where the origin may not ask.
    pub fn preflight(&self, origin: &HeaderValue, route_methods: &HeaderValue, headers: &mut HeaderMap) -> bool {
        if !self.allows(origin) {
            return false;
        }
        self.apply(Some(origin), headers);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.as_ref().unwrap_or(route_methods).clone());
        if let Some(allow) = &self.allow_headers {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allow.clone());
        }
        if let Some(age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, age.clone());
        }
        true
    }
}

/// Takes away whatever an upstream said of CORS: the gateway decides.
pub fn strip(headers: &mut HeaderMap) {
    // Most answers have none of them, which one look at the names tells.
    if !headers.keys().any(|name| name.as_str().starts_with("access-control-")) {
        return;
    }
    for field in &CORS_FIELDS {
        headers.remove(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_matches_exactly_or_by_exactly_one_label() {
        let cases = [
            ("https://a.example", "https://A.example", true),
            ("https://a.example/", "https://a.example", true),
            ("https://*.a.example", "https://x.a.example", true),
            ("https://*.a.example", "https://x.y.a.example", false),
            ("https://*.a.example", "https://a.example", false),
            ("https://*.a.example", "https://evil@.a.example", false),
            ("https://*.a.example", "https://evil#.a.example", false),
            ("https://*.a.example", "https://evil%00.a.example", false),
            ("https://*.a.example:8443", "https://x.a.example", false),
            ("https://*.a.example", "http://x.a.example", false),
            ("*", "null", true),
        ];
        for (rule, origin, expected) in cases {
            assert_eq!(OriginRule::new(rule).allows(&origin.to_ascii_lowercase()), expected, "{rule} {origin}");
        }
    }
}
