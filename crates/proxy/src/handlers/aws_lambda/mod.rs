//! Calls a function of AWS Lambda by its Invoke API, and answers with what it returns.

mod answer;
mod event;
mod signature;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use percent_encoding::utf8_percent_encode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildError, HandlerKind, parse_options, schema_of};
use tollgate_core::later::BoxFuture;
use tollgate_core::reason::{Fault, Reason};
use tollgate_core::route::PathTemplate;
use tollgate_core::services::Hooks;
use tollgate_core::{Body, Exchange, Handler, Problem, Request, Response};
use url::Url;

use super::HandlerContext;
use super::outgoing::uri;
use crate::upstream::Upstream;
use event::Call;
use signature::{Credentials, IN_A_SEGMENT, Signed};

/// What the catalog says of it.
pub static KIND: HandlerKind = HandlerKind {
    name: "aws-lambda",
    exports: &["awsLambdaHandler"],
    reasons: &[&REFUSED, &THROTTLED, &FAILED],
    functions: |_| Vec::new(),
    docs: include_str!("docs.md"),
    schema: schema_of::<Options>,
};

/// Lambda did not call the function.
pub static REFUSED: Reason = Reason {
    name: "lambda.refused",
    code: "upstream-refused",
    status: 502,
    title: "Bad Gateway",
    fault: Fault::Gateway,
    meaning: "AWS Lambda did not call the function: it does not exist, or the credentials may not call it.",
    fix: "Look at the cause in the log; check `functionName`, `region` and what the credentials are allowed.",
};

/// The function is called too often.
pub static THROTTLED: Reason = Reason {
    name: "lambda.throttled",
    code: "upstream-busy",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Upstream,
    meaning: "AWS Lambda runs as many calls of the function as it may.",
    fix: "Raise the concurrency of the function, or limit the route.",
};

/// The function failed, or its answer is none.
pub static FAILED: Reason = Reason {
    name: "lambda.failed",
    code: "upstream-failed",
    status: 502,
    title: "Bad Gateway",
    fault: Fault::Upstream,
    meaning: "The function ended with an error, or what it returned cannot be sent as an answer.",
    fix: "Look at the cause in the log, and at the function's own log.",
};

/// What the Invoke API says of a call that ended with an error.
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");
const AMAZON_TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
/// As much of an error as the log is told.
const TOLD: usize = 400;

/// Calls a function of AWS Lambda by its Invoke API, and answers with what it returns.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// The id of the access key that may call the function (`lambda:InvokeFunction`).
    pub access_key_id: String,
    /// The secret of it: `$env(AWS_SECRET_ACCESS_KEY)`.
    pub secret_access_key: String,
    /// The token of credentials that are valid for a while only.
    pub session_token: Option<String>,
    /// The function's region: `eu-central-1`.
    pub region: String,
    /// The function's name or ARN, with a version or alias behind a colon where one is meant.
    pub function_name: String,
    /// Where the API is, in the place of `https://lambda.<region>.amazonaws.com`.
    pub endpoint: Option<String>,
    /// Media types that are sent to the function in base64; `image/*` is one. What is no UTF-8 always is.
    #[serde(default)]
    pub binary_media_types: Vec<String>,
    /// Whether the client gets the call's `X-Amzn-Trace-Id`.
    #[serde(default)]
    pub return_amazon_trace_id_header: bool,
    /// Whether the event is the one of API Gateway's proxy integration.
    #[serde(default)]
    pub use_lambda_proxy_integration: bool,
    /// Which of its two forms.
    #[serde(default)]
    pub payload_format_version: PayloadFormat,
    /// Whether parameters of the route's path are told as AWS writes them (`{id}`), where the route's are `:id`.
    #[serde(default)]
    pub use_aws_resource_path_style: bool,
}

/// A form of API Gateway's events.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
pub enum PayloadFormat {
    /// The one of REST APIs.
    #[default]
    #[serde(rename = "1.0")]
    V1,
    /// The one of HTTP APIs.
    #[serde(rename = "2.0")]
    V2,
}

/// What a function is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Short,
    V1,
    V2,
}

#[derive(Debug)]
struct AwsLambda {
    credentials: Credentials,
    upstream: Arc<Upstream>,
    region: String,
    /// The path of the call.
    path: String,
    form: Form,
    resource: String,
    binary: Vec<String>,
    returns_trace: bool,
    hooks: Option<Arc<dyn Hooks>>,
    longest: usize,
}

pub(super) fn build(options: Value, context: &HandlerContext<'_>) -> Result<Arc<dyn Handler>, BuildError> {
    let options: Options = parse_options(options)?;
    for (pointer, value) in [
        ("/accessKeyId", &options.access_key_id),
        ("/secretAccessKey", &options.secret_access_key),
        ("/functionName", &options.function_name),
    ] {
        if value.trim().is_empty() {
            return Err(BuildError::at(pointer, "this is empty").help("a variable that is not set is empty here"));
        }
    }
    let is_region =
        options.region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if options.region.is_empty() || !is_region {
        return Err(BuildError::at("/region", format!("`{}` is no region", options.region)).help("such as `us-east-1`"));
    }
    let endpoint = options.endpoint.unwrap_or_else(|| format!("https://lambda.{}.amazonaws.com", options.region));
    let at = |mut error: BuildError| {
        "/endpoint".clone_into(&mut error.pointer);
        error
    };
    let url = Url::parse(&endpoint)
        .map_err(|error| BuildError::at("/endpoint", format!("`{endpoint}` is not a URL: {error}")))?;
    let upstream = context.upstreams.get_url(&url).map_err(at)?;
    let form = match (options.use_lambda_proxy_integration, options.payload_format_version) {
        (false, _) => Form::Short,
        (true, PayloadFormat::V1) => Form::V1,
        (true, PayloadFormat::V2) => Form::V2,
    };
    let template = &context.route.template;
    Ok(Arc::new(AwsLambda {
        path: format!(
            "{}/2015-03-31/functions/{}/invocations",
            url.path().trim_end_matches('/'),
            utf8_percent_encode(options.function_name.trim(), IN_A_SEGMENT)
        ),
        credentials: Credentials {
            access_key_id: options.access_key_id,
            secret_access_key: options.secret_access_key,
            session_token: options.session_token,
        },
        upstream,
        region: options.region,
        form,
        resource: if options.use_aws_resource_path_style { aws_style(template) } else { template.text.to_string() },
        binary: options.binary_media_types,
        returns_trace: options.return_amazon_trace_id_header,
        hooks: context.project.scripts.as_ref().and_then(|scripts| scripts.hooks()).filter(|it| it.has_lambda_event()),
        longest: context.project.settings.server.limits.buffered_body.as_usize(),
    }))
}

/// A path whose parameters are `{name}`, and `{proxy+}` for the rest of it.
fn aws_style(template: &PathTemplate) -> String {
    let rest = template.rest.as_deref().map(|rest| format!("{{{rest}}}"));
    let segment = |segment: &str| match segment.strip_prefix(':') {
        Some(name) if name.ends_with(['*', '+']) => format!("{{{}+}}", name.trim_end_matches(['*', '+'])),
        Some(name) => format!("{{{}}}", name.split(['(', '?']).next().unwrap_or(name)),
        None if matches!(segment, "*" | "(.*)") => "{proxy+}".to_owned(),
        None if rest.as_deref() == Some(segment) => segment.replace('}', "+}"),
        None => segment.to_owned(),
    };
    template.text.split('/').map(segment).collect::<Vec<_>>().join("/")
}

impl AwsLambda {
    /// What the Invoke API is sent.
    fn invocation(&self, payload: Bytes, exchange: &Exchange) -> Result<Request, Problem> {
        let wrong = || Problem::new(&REFUSED, "The function could not be called.");
        let host = self.upstream.host().to_str().map_err(|error| wrong().caused_by(error))?;
        let signed =
            Signed { method: "POST", host, path: &self.path, body: &payload, region: &self.region, service: "lambda" };
        let fields = self.credentials.sign(&signed, exchange.services.clock.now());
        let fields = fields.ok_or_else(|| wrong().caused_by("the credentials cannot be sent in a header"))?;
        let mut request = Request::new(Body::full(payload));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri(self.path.clone())?;
        request.headers_mut().extend(fields);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(INVOCATION_TYPE, HeaderValue::from_static("RequestResponse"));
        Ok(request)
    }

    async fn call(&self, exchange: &mut Exchange, request: Request) -> Result<Response, Problem> {
        let (parts, body) = request.into_parts();
        let body = body.collect_up_to(self.longest).await?;
        let (form, now) = (self.form, exchange.services.clock.now());
        let (method, headers) = (&parts.method, &parts.headers);
        let call = Call { exchange, method, headers, body: &body, now, resource: &self.resource, binary: &self.binary };
        let mut event = call.event(form);
        if let Some(hooks) = &self.hooks {
            let mut head = Request::new(Body::empty());
            *head.method_mut() = parts.method;
            *head.headers_mut() = parts.headers;
            event = hooks.lambda_event(exchange, head, event).await?;
        }
        let invocation = self.invocation(event.to_string().into(), exchange)?;
        let timeouts = exchange.route.timeouts;
        // What Lambda says of the call is not said to the client.
        exchange.interim = None;
        let answered = self.upstream.send(exchange, invocation, timeouts).await?;
        let (parts, body) = answered.into_parts();
        let failed =
            |cause: String| Problem::new(&FAILED, "The function did not answer as it should.").caused_by(cause);
        let payload = body.collect_up_to(self.longest).await.map_err(|error| failed(error.to_string()))?;
        let told = || String::from_utf8_lossy(&payload).chars().take(TOLD).collect::<String>();
        match parts.status {
            StatusCode::OK => {}
            StatusCode::TOO_MANY_REQUESTS => {
                return Err(Problem::new(&THROTTLED, "The function is busy.")
                    .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
                    .caused_by(told()));
            }
            status => {
                let cause = format!("{status}: {}", told());
                return Err(Problem::new(&REFUSED, "The function could not be called.").caused_by(cause));
            }
        }
        if let Some(kind) = parts.headers.get(&FUNCTION_ERROR) {
            return Err(failed(format!("{}: {}", String::from_utf8_lossy(kind.as_bytes()), told())));
        }
        let mut response =
            answer::response(&payload, form, self.longest).map_err(|what| failed(format!("{what}: {}", told())))?;
        if let Some(trace) = parts.headers.get(&AMAZON_TRACE).filter(|_| self.returns_trace) {
            response.headers_mut().insert(AMAZON_TRACE, trace.clone());
        }
        Ok(response)
    }
}

impl Handler for AwsLambda {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange, request: Request) -> BoxFuture<'a, Result<Response, Problem>> {
        Box::pin(self.call(exchange, request))
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core::route::PathMode;

    use super::*;

    #[test]
    fn parameters_are_told_as_aws_writes_them() {
        for (template, expected) in [
            ("/my/:id", "/my/{id}"),
            ("/my/{id}/{rest}", "/my/{id}/{rest+}"),
            ("/my/:id(\\d+)/:rest*", "/my/{id}/{rest+}"),
            ("/files/(.*)", "/files/{proxy+}"),
        ] {
            let rest = template.ends_with("{rest}").then(|| "rest".into());
            let template = PathTemplate { text: template.into(), mode: PathMode::UrlPattern, rest };
            assert_eq!(aws_style(&template), expected);
        }
    }
}
