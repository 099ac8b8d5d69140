//! What a function is called with: the event that API Gateway would make of a request, or a short form of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{CONTENT_TYPE, COOKIE, USER_AGENT};
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use tollgate_core::Exchange;
use tollgate_core::exchange::Target;
use tollgate_core::time::Timestamp;
use url::form_urlencoded;

use super::Form;

/// Of what an event is made.
pub(super) struct Call<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) now: Timestamp,
    /// The route's path, as the function shall see it.
    pub(super) resource: &'a str,
    /// Media types that are sent as bytes.
    pub(super) binary: &'a [String],
}

impl Call<'_> {
    pub(super) fn event(&self, form: Form) -> Value {
        match form {
            Form::Short => self.short(),
            Form::V1 => self.v1(),
            Form::V2 => self.v2(),
        }
    }

    fn short(&self) -> Value {
        let (body, encoded) = self.body();
        json!({
            "httpMethod": self.method.as_str(),
            "path": self.target().forward_path,
            "resource": self.resource,
            "headers": single(&fields(self.headers)),
            "queryStringParameters": single(&self.query()),
            "pathParameters": self.params(),
            "body": body,
            "isBase64Encoded": encoded,
        })
    }

    fn v1(&self) -> Value {
        let (body, encoded) = self.body();
        let (headers, query) = (fields(self.headers), self.query());
        let exchange = self.exchange;
        let path = &*self.target().forward_path;
        let authorizer = exchange.user.as_ref().map(|user| json!({ "principalId": &*user.sub, "claims": &*user.data }));
        json!({
            "version": "1.0",
            "resource": self.resource,
            "path": path,
            "httpMethod": self.method.as_str(),
            "headers": single(&headers),
            "multiValueHeaders": multiple(&headers),
            "queryStringParameters": nothing(single(&query)),
            "multiValueQueryStringParameters": nothing(multiple(&query)),
            "requestContext": {
                "accountId": "",
                "apiId": "",
                "authorizer": authorizer,
                "domainName": &*exchange.client.host,
                "domainPrefix": prefix(&exchange.client.host),
                "extendedRequestId": &*exchange.id,
                "httpMethod": self.method.as_str(),
                "identity": {
                    "accessKey": null,
                    "accountId": null,
                    "caller": null,
                    "cognitoAuthenticationProvider": null,
                    "cognitoAuthenticationType": null,
                    "cognitoIdentityId": null,
                    "cognitoIdentityPoolId": null,
                    "principalOrgId": null,
                    "sourceIp": exchange.client.ip.to_string(),
                    "user": null,
                    "userAgent": self.field(&USER_AGENT),
                    "userArn": null,
                },
                "path": path,
                "protocol": "HTTP/1.1",
                "requestId": &*exchange.id,
                "requestTime": self.time(),
                "requestTimeEpoch": self.now.0,
                "resourceId": null,
                "resourcePath": self.resource,
                "stage": "$default",
            },
            "pathParameters": nothing(self.params()),
            "stageVariables": null,
            "body": body,
            "isBase64Encoded": encoded,
        })
    }

    fn v2(&self) -> Value {
        let (body, encoded) = self.body();
        let exchange = self.exchange;
        let target = self.target();
        let route_key = format!("{} {}", self.method, self.resource);
        let mut headers = fields(self.headers);
        let cookies: Vec<Value> = headers
            .iter()
            .filter(|(name, _)| name == COOKIE.as_str())
            .flat_map(|(_, value)| value.split(';').map(|cookie| cookie.trim().into()))
            .collect();
        headers.retain(|(name, _)| name != COOKIE.as_str());
        let mut event = json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": target.forward_path,
            "rawQueryString": target.query.as_deref().unwrap_or_default(),
            "headers": joined(&headers),
            "requestContext": {
                "accountId": "",
                "apiId": "",
                "domainName": &*exchange.client.host,
                "domainPrefix": prefix(&exchange.client.host),
                "http": {
                    "method": self.method.as_str(),
                    "path": target.forward_path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": exchange.client.ip.to_string(),
                    "userAgent": self.field(&USER_AGENT).unwrap_or_default(),
                },
                "requestId": &*exchange.id,
                "routeKey": route_key,
                "stage": "$default",
                "time": self.time(),
                "timeEpoch": self.now.0,
            },
            "isBase64Encoded": encoded,
        });
        // This form leaves out what there is not.
        let mut add = |name: &str, value: Value| {
            if !value.is_null() {
                event[name] = value;
            }
        };
        add("cookies", if cookies.is_empty() { Value::Null } else { cookies.into() });
        add("queryStringParameters", nothing(joined(&self.query())));
        add("pathParameters", nothing(self.params()));
        add("body", body);
        if let Some(user) = &exchange.user {
            event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": &*user.data, "scopes": null } });
        }
        event
    }

    fn target(&self) -> &Target {
        &self.exchange.target
    }

    fn query(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.target().query.as_deref().unwrap_or_default().as_bytes()).into_owned().collect()
    }

    fn params(&self) -> Value {
        let params = self.exchange.params.iter();
        Value::Object(params.map(|(name, value)| (name.to_string(), value.as_str().into())).collect())
    }

    fn field(&self, name: &http::HeaderName) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    fn time(&self) -> String {
        let moment = jiff::Timestamp::from_millisecond(self.now.0).unwrap_or_default();
        moment.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
    }

    /// The body, and whether it is base64: for types that are said to be binary, and for what is no text.
    fn body(&self) -> (Value, bool) {
        if self.body.is_empty() {
            return (Value::Null, false);
        }
        let kind = self.field(&CONTENT_TYPE).unwrap_or_default();
        let text = if is_binary(&kind, self.binary) { None } else { str::from_utf8(self.body).ok() };
        text.map_or_else(|| (BASE64.encode(self.body).into(), true), |text| (text.into(), false))
    }
}

/// Whether a media type is on a list, which may hold ranges: `image/*`, `*/*`.
fn is_binary(kind: &str, list: &[String]) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    list.iter().any(|listed| match listed.trim().strip_suffix('*') {
        Some("*/") => true,
        Some(range) => kind.get(..range.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(range)),
        None => kind.eq_ignore_ascii_case(listed.trim()),
    })
}

fn fields(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// The last value of each name.
fn single(pairs: &[(String, String)]) -> Value {
    Value::Object(pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect())
}

/// All values of each name.
fn multiple(pairs: &[(String, String)]) -> Value {
    let mut map = Map::new();
    for (name, value) in pairs {
        if let Value::Array(values) = map.entry(name.as_str()).or_insert_with(|| json!([])) {
            values.push(value.as_str().into());
        }
    }
    Value::Object(map)
}

/// The values of each name, with commas between them.
fn joined(pairs: &[(String, String)]) -> Value {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let together = match map.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.clone(),
        };
        map.insert(name.clone(), together.into());
    }
    Value::Object(map)
}

/// `null` for an object with nothing in it.
fn nothing(object: Value) -> Value {
    if object.as_object().is_some_and(Map::is_empty) { Value::Null } else { object }
}

fn prefix(host: &str) -> &str {
    host.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_binary_by_name_or_range() {
        let list = ["image/*".to_owned(), "Application/PDF".to_owned()];
        for (kind, expected) in [
            ("image/png", true),
            ("application/pdf; x=1", true),
            ("imag", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(is_binary(kind, &list), expected, "{kind}");
            assert!(is_binary(kind, &["*/*".to_owned()]));
        }
    }

    #[test]
    fn values_of_one_name_are_kept_joined_or_the_last_wins() {
        let pairs = [("a", "1"), ("b", "2"), ("a", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(single(&pairs), json!({ "a": "3", "b": "2" }));
        assert_eq!(multiple(&pairs), json!({ "a": ["1", "3"], "b": ["2"] }));
        assert_eq!(joined(&pairs), json!({ "a": "1,3", "b": "2" }));
        assert_eq!(nothing(single(&[])), Value::Null);
    }
}
