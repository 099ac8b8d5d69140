//! Checks requests against the operation of the document that they are for.
//!
//! Everything is compiled when the project is loaded. What a request brings is checked whole: one
//! answer lists every violation. Bodies that are not JSON and not simple forms pass unread.

mod body;
mod parameters;
mod schemas;
pub(crate) mod violation;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use http_body::Body as _;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::reason::{CLIENT_BODY_BROKEN, REQUEST_TIMEOUT, REQUEST_TOO_LARGE};
use tollgate_core::route::Document;
use tollgate_core::{Body, Exchange, Fault, Flow, Policy, Problem, Reason, Request, Route, Step};

use body::{BodyRules, Check, Verdict};
use parameters::{Parameter, Source};
use schemas::Schemas;
use tollgate_core::json_schema::LastDocument;
use violation::{In, MOST, Violation};

/// A request does not fit its operation.
pub static VALIDATION_FAILED: Reason = Reason {
    name: "validation.failed",
    code: "validation-failed",
    status: 400,
    title: "Bad Request",
    fault: Fault::Client,
    meaning: "The body, the query, the path or the header fields of the request do not fit what the document says of the operation.",
    fix: "Mend the request as its `errors` say, or correct the operation in the document.",
};

/// The media type of a body is not one that the operation takes.
pub static MEDIA_TYPE_UNSUPPORTED: Reason = Reason {
    name: "validation.media_type",
    code: "unsupported-media-type",
    status: 415,
    title: "Unsupported Media Type",
    fault: Fault::Client,
    meaning: "The operation does not take this media type, or the body is compressed or in a charset in which it cannot be checked.",
    fix: "Send one of the media types that the detail lists, uncompressed, in UTF-8; or add the media type to the operation's `requestBody.content`.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<RequestValidation>("request-validation", Direction::Inbound, include_str!("docs.md"))
        .exports(&["RequestValidationInboundPolicy", "SchemaBasedRequestValidation"])
        .reasons(&[
            &VALIDATION_FAILED,
            &MEDIA_TYPE_UNSUPPORTED,
            &REQUEST_TOO_LARGE,
            &REQUEST_TIMEOUT,
            &CLIENT_BODY_BROKEN,
        ]);

/// What is checked, and what happens where it does not fit. Without any of the four `validate…`
/// options everything is checked and refused (in the Zuplo form: nothing is checked); as soon as
/// one is given, the others are `none`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The body, by its media type: JSON, and simple forms.
    validate_body: Option<Mode>,
    /// The query parameters. Those that the operation does not name are let through.
    validate_query_parameters: Option<Mode>,
    /// The path parameters.
    validate_path_parameters: Option<Mode>,
    /// The header fields and cookies that the operation names.
    validate_headers: Option<Mode>,
    /// The level of the log lines.
    #[serde(default)]
    log_level: LogLevel,
    /// Whether the log lines hold the request's target, content type and length.
    #[serde(default)]
    include_request_in_logs: bool,
}

/// What happens where something does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// It is not even checked.
    None,
    /// It is logged, and passes.
    LogOnly,
    /// It is logged and refused.
    RejectAndLog,
    /// It is refused.
    RejectOnly,
}

impl Mode {
    const fn rejects(self) -> bool {
        matches!(self, Self::RejectAndLog | Self::RejectOnly)
    }

    const fn logs(self) -> bool {
        matches!(self, Self::RejectAndLog | Self::LogOnly)
    }
}

/// A level of the log.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

/// The modes of the four parts.
#[derive(Debug, Clone, Copy)]
struct Modes {
    body: Mode,
    query: Mode,
    path: Mode,
    headers: Mode,
}

impl Modes {
    const fn of(self, part: In) -> Mode {
        match part {
            In::Body => self.body,
            In::Query => self.query,
            In::Path => self.path,
            In::Header | In::Cookie => self.headers,
        }
    }
}

/// The settings of an instance, the same on every route.
#[derive(Debug, Clone)]
struct Settings {
    modes: Modes,
    log_level: LogLevel,
    include_request: bool,
    /// The most bytes of a body that are held in memory.
    buffered: usize,
    /// Whether `errors` are sentences.
    sentences: bool,
}

/// An instance that knows no route yet. It lets nothing through by itself: [`Policy::bind`] gives
/// every route its own.
#[derive(Debug)]
struct RequestValidation {
    settings: Settings,
    documents: LastDocument,
    /// The schemas of the document that was bound last.
    schemas: Mutex<Option<Arc<Schemas>>>,
}

impl Configure for RequestValidation {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let given = [
            options.validate_body,
            options.validate_query_parameters,
            options.validate_path_parameters,
            options.validate_headers,
        ];
        let bare = given.iter().all(Option::is_none) && !context.compatibility.zuplo_problems;
        let mode = |mode: Option<Mode>| mode.unwrap_or(if bare { Mode::RejectOnly } else { Mode::None });
        let [body, query, path, headers] = given.map(mode);
        let settings = Settings {
            modes: Modes { body, query, path, headers },
            log_level: options.log_level,
            include_request: options.include_request_in_logs,
            buffered: usize::try_from(context.settings.server.limits.buffered_body.0).unwrap_or(usize::MAX),
            sentences: context.compatibility.zuplo_problems,
        };
        Ok(Self { settings, documents: LastDocument::default(), schemas: Mutex::default() })
    }
}

impl RequestValidation {
    fn schemas(&self, document: &Arc<Document>) -> Result<Arc<Schemas>, BuildError> {
        let references = self.documents.references(document)?;
        let mut last = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schemas) = last.as_ref().filter(|schemas| Arc::ptr_eq(&schemas.references, &references)) {
            return Ok(Arc::clone(schemas));
        }
        let schemas = Arc::new(Schemas::new(references));
        *last = Some(Arc::clone(&schemas));
        Ok(schemas)
    }
}

impl Policy for RequestValidation {
    fn bind(&self, route: &Arc<Route>) -> Result<Option<Arc<dyn Policy>>, BuildError> {
        let pointer = &route.operation.pointer;
        if pointer.is_empty() {
            return Ok(None);
        }
        let schemas = self.schemas(&route.operation.document)?;
        let references = &schemas.references;
        let operation = references
            .spot(pointer)
            .ok_or_else(|| BuildError::at("", format!("the operation at {pointer} is not in the document")))?;
        let path_item = pointer.rsplit_once('/').and_then(|(parent, _)| references.spot(parent));
        let modes = self.settings.modes;
        let wanted = |part| modes.of(part) != Mode::None;
        let parameters = parameters::of_operation(&schemas, &operation, path_item.as_ref(), wanted)?;
        let body = if wanted(In::Body) { BodyRules::of_operation(&schemas, &operation)? } else { None };
        let reads_query = parameters.iter().any(|parameter| parameter.part == In::Query);
        Ok(Some(Arc::new(Bound { settings: self.settings.clone(), parameters, body, reads_query })))
    }
}

/// What an operation demands, compiled.
#[derive(Debug)]
struct Bound {
    settings: Settings,
    parameters: Vec<Parameter>,
    body: Option<BodyRules>,
    reads_query: bool,
}

impl Policy for Bound {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let mut found = self.check_parameters(exchange, request);
        let has_body = !request.body().is_end_stream();
        let verdict = self.body.as_ref().map_or(Verdict::Pass, |rules| rules.judge(request.headers(), has_body));
        match verdict {
            Verdict::Pass => {}
            Verdict::Wrong(violation) => found.push(violation),
            Verdict::Unsupported(detail) => return Step::Now(self.unsupported(exchange, request, found, detail)),
            Verdict::Check(check) => {
                if request.body().size_hint().lower() > self.settings.buffered as u64 {
                    return Problem::body_too_large(self.settings.buffered as u64).into();
                }
                return match request.body().bytes() {
                    Some(bytes) => Step::Now(self.finish(exchange, request, found, check, &bytes)),
                    None => Step::later(self.collect(exchange, request, found, check)),
                };
            }
        }
        Step::Now(self.conclude(exchange, request, &found))
    }
}

impl Bound {
    fn check_parameters(&self, exchange: &Exchange, request: &Request) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.parameters.is_empty() {
            return found;
        }
        let query = exchange.target.query.as_deref().filter(|_| self.reads_query).unwrap_or_default();
        let query = parameters::pairs(query);
        let source = Source { params: &exchange.params, query: &query, headers: request.headers() };
        for parameter in &self.parameters {
            if found.len() >= MOST {
                break;
            }
            parameter.check(&source, &mut found, MOST);
        }
        found
    }

    async fn collect(
        &self,
        exchange: &mut Exchange,
        request: &mut Request,
        found: Vec<Violation>,
        check: Check<'_>,
    ) -> Flow {
        match std::mem::take(request.body_mut()).collect_up_to(self.settings.buffered).await {
            Ok(bytes) => {
                // From here on it is a body in memory, whole and of known length.
                *request.body_mut() = Body::full(bytes.clone());
                self.finish(exchange, request, found, check, &bytes)
            }
            Err(error) => Problem::from(error).into(),
        }
    }

    fn finish(
        &self,
        exchange: &mut Exchange,
        request: &Request,
        mut found: Vec<Violation>,
        check: Check<'_>,
        bytes: &bytes::Bytes,
    ) -> Flow {
        found.extend(check.violations(bytes, MOST.saturating_sub(found.len())));
        self.conclude(exchange, request, &found)
    }

    /// Logs what is to be logged, refuses what is to be refused.
    fn conclude(&self, exchange: &mut Exchange, request: &Request, found: &[Violation]) -> Flow {
        if found.is_empty() {
            return Flow::Continue;
        }
        let logged: Vec<_> =
            found.iter().filter(|v| self.settings.modes.of(v.part).logs()).map(Violation::sentence).collect();
        if !logged.is_empty() {
            self.log(exchange, request, &logged.join("; "));
            exchange.record.fields.insert("validation".to_owned(), json!(logged));
        }
        let refused: Vec<_> = found.iter().filter(|v| self.settings.modes.of(v.part).rejects()).collect();
        let Some(first) = refused.first() else { return Flow::Continue };
        let errors: Vec<Value> = match self.settings.sentences {
            true => refused.iter().map(|violation| json!(violation.sentence())).collect(),
            false => refused.iter().map(|violation| violation.object()).collect(),
        };
        let detail = match (self.settings.sentences, first.part) {
            (true, In::Body) => "Incoming body did not pass schema validation".to_owned(),
            (true, _) => "Incoming request did not pass schema validation".to_owned(),
            (false, _) => match refused.len() {
                1 => format!("{}.", first.sentence()),
                n if n >= MOST => format!("The request does not fit the operation in {MOST} places or more."),
                n => format!("The request does not fit the operation in {n} places."),
            },
        };
        Problem::new(&VALIDATION_FAILED, detail).with("errors", Value::Array(errors)).into()
    }

    fn unsupported(&self, exchange: &mut Exchange, request: &Request, found: Vec<Violation>, detail: String) -> Flow {
        if !self.settings.modes.body.rejects() {
            let mut found = found;
            found.push(Violation::of_body(format!("is not checked: {detail}")));
            return self.conclude(exchange, request, &found);
        }
        if self.settings.modes.body.logs() {
            self.log(exchange, request, &detail);
        }
        Problem::new(&MEDIA_TYPE_UNSUPPORTED, detail).into()
    }

    fn log(&self, exchange: &Exchange, request: &Request, violations: &str) {
        let shown = self.settings.include_request.then(|| {
            let content_type = request.headers().get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let length = request.body().size_hint().exact();
            format!(
                "{} {} content-type={content_type:?} length={length:?}",
                request.method(),
                exchange.target.match_path
            )
        });
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(request_id = %exchange.id, route = %exchange.route.id, violations, request = shown, "a request does not fit its operation")
            };
        }
        match self.settings.log_level {
            LogLevel::Error => line!(error),
            LogLevel::Warn => line!(warn),
            LogLevel::Info => line!(info),
            LogLevel::Debug => line!(debug),
        }
    }
}
