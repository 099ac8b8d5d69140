//! Makes JSON of the form in a request's body, for backends that read no forms.

use bytes::Bytes;
use http::header::HeaderValue;
use http_body::Body as _;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::reason::{CLIENT_BODY_BROKEN, REQUEST_TIMEOUT, REQUEST_TOO_LARGE};
use tollgate_core::{Body, Exchange, Fault, Flow, Policy, Problem, Reason, Request, Response, Step};

use crate::content::replace_request_body;
use crate::request_form::{FormKind, is_coded};

/// There is no form, or none that can be read.
pub static UNREADABLE: Reason = Reason {
    name: "form.unreadable",
    code: "form-unreadable",
    status: 400,
    title: "Bad Request",
    fault: Fault::Client,
    meaning: "The body is to become JSON, and is no form, is compressed, is not well-formed or not UTF-8, or has a file in it.",
    fix: "Send application/x-www-form-urlencoded or multipart/form-data, in UTF-8, uncompressed and without files.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<FormDataToJson>("form-data-to-json", Direction::Inbound, include_str!("docs.md"))
        .exports(&["FormDataToJsonInboundPolicy"])
        .reasons(&[&UNREADABLE, &REQUEST_TOO_LARGE, &REQUEST_TIMEOUT, &CLIENT_BODY_BROKEN]);

/// Which requests, and what gives programs away.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    /// Whether a request without a form is refused. Otherwise it goes on as it is. Default: true.
    bad_request_if_not_form_data: bool,
    /// A field that people do not see, and that only programs fill in. A form with something in it is answered as
    /// if it had been taken, and goes nowhere.
    optional_honeypot_name: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { bad_request_if_not_form_data: true, optional_honeypot_name: None }
    }
}

/// See the module.
#[derive(Debug)]
struct FormDataToJson {
    required: bool,
    honeypot: Option<String>,
    limit: usize,
}

impl Configure for FormDataToJson {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        if options.optional_honeypot_name.as_deref() == Some("") {
            return Err(BuildError::at("/optionalHoneypotName", "a field needs a name"));
        }
        Ok(Self {
            required: options.bad_request_if_not_form_data,
            honeypot: options.optional_honeypot_name,
            limit: context.settings.server.limits.buffered_body.as_usize(),
        })
    }
}

impl Policy for FormDataToJson {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let Some(kind) = FormKind::of(request.headers()) else {
            return match self.required {
                true => unreadable("The body is no form.").into(),
                false => Step::CONTINUE,
            };
        };
        if is_coded(request.headers()) {
            return unreadable("The body must not be compressed.").into();
        }
        if request.body().size_hint().lower() > self.limit as u64 {
            return Problem::body_too_large(self.limit as u64).into();
        }
        Step::later(self.convert(kind, exchange, request))
    }
}

impl FormDataToJson {
    async fn convert(&self, kind: FormKind, exchange: &mut Exchange, request: &mut Request) -> Flow {
        let bytes = match std::mem::take(request.body_mut()).collect_up_to(self.limit).await {
            Ok(bytes) => bytes,
            Err(error) => return Problem::from(error).into(),
        };
        let fields = match kind.read(bytes).await {
            Ok(fields) => fields,
            Err(why) => return unreadable(why).into(),
        };
        let mut object = Map::new();
        for (name, value) in fields {
            if self.honeypot.as_ref() == Some(&name) {
                if value.is_empty() {
                    continue;
                }
                exchange.record.fields.insert("honeypot".to_owned(), json!(true));
                return Flow::Respond(Response::new(Body::empty()));
            }
            add(&mut object, name, value);
        }
        let json = Bytes::from(Value::Object(object).to_string());
        replace_request_body(request, json, Some(HeaderValue::from_static("application/json")));
        Flow::Continue
    }
}

/// A field that comes again makes a list of its values.
fn add(object: &mut Map<String, Value>, name: String, value: String) {
    let value = Value::String(value);
    match object.get_mut(&name) {
        None => drop(object.insert(name, value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = json!([first.take(), value]),
    }
}

fn unreadable(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(&UNREADABLE, detail)
}

#[cfg(test)]
mod tests {
    use tollgate_core::Flow;

    use super::*;
    use crate::testing::{Room, request, run};

    async fn outcome(options: Value, media: &str, body: &str) -> Result<Value, String> {
        let room = Room::new();
        let policy = room.build(&KIND, options).unwrap();
        let (mut exchange, mut request) = (room.exchange(), request(&[("content-type", media), ("digest", "x")]));
        *request.body_mut() = Body::full(body.to_owned());
        match run(&policy, &mut exchange, &mut request).await {
            Flow::Continue => {
                let bytes = request.body().bytes().unwrap();
                assert_eq!(request.headers()["content-length"], bytes.len().to_string());
                assert_eq!(request.headers()["content-type"], "application/json");
                assert!(!request.headers().contains_key("digest"));
                Ok(serde_json::from_slice(&bytes).unwrap())
            }
            Flow::Refuse(problem) => Err(problem.detail.to_string()),
            Flow::Respond(response) => Err(response.status().to_string()),
        }
    }

    fn part(head: &str, body: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    }

    #[tokio::test]
    async fn fields_of_both_kinds_become_members() {
        let media = "multipart/form-data; boundary=b";
        let parts = [part("name=\"a\"", "1"), part("name=\"b c\"", "two\r\nlines"), part("name=\"a\"", "ä")].concat();
        let expected = json!({ "a": ["1", "ä"], "b c": "two\r\nlines" });
        assert_eq!(outcome(json!({}), media, &format!("{parts}--b--\r\n")).await, Ok(expected.clone()));
        let form = "a=1&b+c=two%0D%0Alines&a=%C3%A4";
        assert_eq!(outcome(json!({}), "Application/X-WWW-Form-Urlencoded; charset=utf-8", form).await, Ok(expected));
        assert_eq!(outcome(json!({}), "application/x-www-form-urlencoded", "").await, Ok(json!({})));
        assert_eq!(
            outcome(json!({}), "application/x-www-form-urlencoded", "__proto__=1&x").await,
            Ok(json!({ "__proto__": "1", "x": "" }))
        );
    }

    #[tokio::test]
    async fn what_cannot_become_json_is_refused() {
        let media = "multipart/form-data; boundary=b";
        let file = part("name=\"a\"; filename=\"a.txt\"", "1");
        for (media, body, expected) in [
            (media, format!("{file}--b--\r\n"), "file"),
            (media, part("filename=\"\"", "1"), "no name"),
            (media, part("name=\"a\"", "1"), "not well-formed"),
            (media, "a=1".to_owned(), "not well-formed"),
            ("multipart/form-data", "a=1".to_owned(), "no form"),
            ("application/json", "{}".to_owned(), "no form"),
            ("application/x-www-form-urlencoded", "a=%ff".to_owned(), "UTF-8"),
            ("application/x-www-form-urlencoded", "a=1&".repeat(10_001), "more than 10000"),
        ] {
            let refused = outcome(json!({}), media, &body).await.unwrap_err();
            assert!(refused.contains(expected), "{media}: {refused}");
        }
    }

    #[tokio::test]
    async fn a_program_that_fills_in_what_nobody_sees_believes_itself_heard() {
        let options = json!({ "optionalHoneypotName": "website" });
        let media = "application/x-www-form-urlencoded";
        assert_eq!(outcome(options.clone(), media, "a=1&website=x").await, Err("200 OK".to_owned()));
        assert_eq!(outcome(options, media, "a=1&website=").await, Ok(json!({ "a": "1" })));
    }
}
