//! Lets callers through so many times in so long, and no more.
//!
//! A sliding window: never more than the limit in any interval of that length. Not for keeping a
//! backend from being overloaded by many callers at once: that is a matter of how many requests
//! are under way, not of how many there were.

use std::sync::Arc;

use http::header::{HeaderValue, RETRY_AFTER};
use serde_json::{Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::select;
use tollgate_core::reason::SCRIPT_RESULT;
use tollgate_core::services::{Counter, Decision, Limit, LimiterAway, ScriptFunction, Window};
use tollgate_core::{Exchange, Fault, Flow, MaybeLater, Policy, Problem, Reason, Request, Step};

mod options;

use crate::counting::options::OnFailure;
use crate::counting::who::{NO_USER, text_of};
use crate::counting::{By, FieldName, HeaderMode, Who, fields, function};
use options::{Burst, Options, Plan, Rates};

/// The limit was reached.
pub static EXCEEDED: Reason = Reason {
    name: "limit.exceeded",
    code: "rate-limited",
    status: 429,
    title: "Too Many Requests",
    fault: Fault::Client,
    meaning: "The caller has used up its limit.",
    fix: "Wait for as many seconds as Retry-After says; or raise the rate of the policy.",
};

/// The counters cannot be reached.
pub static UNAVAILABLE: Reason = Reason {
    name: "limit.unavailable",
    code: "unavailable",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Gateway,
    meaning: "The store of the counters is away, and the limit is to refuse requests then.",
    fix: "Bring the store back; or let every node count for itself meanwhile, with `onFailure: local`.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<RateLimit>(NAME, Direction::Inbound, include_str!("docs.md"))
    .exports(&["RateLimitInboundPolicy", "BasicRateLimitInboundPolicy"])
    .shorthand("rate")
    .functions(options::functions)
    .reasons(&[&EXCEEDED, &NO_USER, &UNAVAILABLE]);

const NAME: &str = "rate-limit";

/// See the module.
#[derive(Debug)]
struct RateLimit {
    by: Option<By>,
    rates: Rates,
    bucket: Option<Burst>,
    on_failure: OnFailure,
    dry_run: bool,
    mode: HeaderMode,
    name: FieldName,
    /// What the function is told.
    instance: Arc<str>,
    /// Says who is counted, where `by` is a function.
    function: Option<Arc<dyn ScriptFunction>>,
    /// Users, shared values, or everyone.
    counter: Arc<dyn Counter>,
    /// Addresses, apart: a user may be called like an address.
    addresses: Arc<dyn Counter>,
}

impl Configure for RateLimit {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let default =
            if context.compatibility.rate_limit_fields { HeaderMode::Draft11 } else { HeaderMode::RetryAfter };
        let mode = options.header_mode.unwrap_or(default);
        let written = if options.by.is_some() { "/by" } else { "/identifier" };
        let plan = options.plan()?;
        let function = match &plan.by {
            Some(By::Function(export)) => {
                let function = context.scripts().and_then(|scripts| scripts.function(export));
                Some(function.map_err(|error| BuildError { pointer: written.to_owned(), ..error })?)
            }
            _ => None,
        };
        let instance = context.instance;
        let name = match &*instance.name {
            NAME => FieldName::new(&options::default_name(&plan)),
            named => FieldName::new(named),
        };
        let limiter = &context.services.limiter;
        let Plan { by, rates, on_failure, sharing, bucket, dry_run } = plan;
        Ok(Self {
            by,
            rates,
            bucket,
            on_failure,
            dry_run,
            mode,
            name,
            instance: Arc::clone(&instance.name),
            function,
            counter: limiter.counter(&instance.id, sharing),
            addresses: limiter.counter(&format!("{}#ip", instance.id), sharing),
        })
    }
}

impl Policy for RateLimit {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        if let Some(function) = &self.function {
            return Step::later(self.ask(&**function, exchange, request));
        }
        let (window, hit) = match self.hit(exchange) {
            Ok(hit) => hit,
            Err(problem) => return Step::Now(Flow::Refuse(problem)),
        };
        match hit {
            MaybeLater::Now(outcome) => Step::Now(self.decide(exchange, window, outcome)),
            MaybeLater::Later(outcome) => Step::later(async move { self.decide(exchange, window, outcome.await) }),
        }
    }

    fn reads_introduction(&self) -> bool {
        // A function may look at everything.
        self.function.is_some()
    }
}

/// A hit that may be counted already.
type Hit<'a> = MaybeLater<'a, Result<Decision, LimiterAway>>;

impl RateLimit {
    /// Counts the request for whom it is to be counted.
    fn hit(&self, exchange: &Exchange) -> Result<(Window, Hit<'_>), Problem> {
        if let (Rates::Table { named, default }, Some(By::Data(path)), Some(user)) =
            (&self.rates, &self.by, &exchange.user)
        {
            // The value picks the rate, and each user is counted.
            let value = select(&user.data, path).and_then(text_of);
            let window = value.and_then(|value| named.get(&value)).copied().unwrap_or(*default);
            return Ok((window, self.count(&*self.counter, &user.sub, window)));
        }
        let window = self.window();
        Ok(match Who::of(self.by.as_ref(), exchange, self.name.as_str())? {
            Who::Key(key) => (window, self.count(&*self.counter, &key, window)),
            Who::Address(address) => (window, self.count(&*self.addresses, &address, window)),
        })
    }

    fn count<'a>(&self, counter: &'a dyn Counter, key: &str, window: Window) -> Hit<'a> {
        counter.hit(key, self.limit(window), 1)
    }

    fn limit(&self, window: Window) -> Limit {
        Plan::limit(self.bucket, window)
    }

    /// Asks the function who is to be counted, and counts him.
    async fn ask(&self, function: &dyn ScriptFunction, exchange: &mut Exchange, request: &mut Request) -> Flow {
        let returned = match function.call(exchange, request, &self.instance).await {
            Ok(returned) => returned,
            Err(problem) => return problem.into(),
        };
        match function::read(&returned, self.window()) {
            Ok(None) => Flow::Continue,
            Ok(Some(answer)) => {
                let outcome = self.count(&*self.counter, &answer.key, answer.window).get().await;
                self.decide(exchange, answer.window, outcome)
            }
            Err(wrong) => {
                let cause = format!("the function of the limit `{}`: {wrong}", self.name.as_str());
                Problem::new(&SCRIPT_RESULT, "The request could not be counted").caused_by(cause).into()
            }
        }
    }

    fn window(&self) -> Window {
        match &self.rates {
            Rates::One(window) | Rates::Table { default: window, .. } => *window,
        }
    }

    fn decide(&self, exchange: &mut Exchange, window: Window, outcome: Result<Decision, LimiterAway>) -> Flow {
        let decision = match outcome {
            Ok(decision) => decision,
            Err(away) if self.on_failure == OnFailure::Deny && !self.dry_run => {
                return Problem::new(&UNAVAILABLE, "The request could not be counted").caused_by(away).into();
            }
            Err(away) => {
                // The access log has it for every request; a line more for each would drown the rest.
                tracing::debug!(limit = self.name.as_str(), %away, "a request went through uncounted");
                exchange.record.fields.insert("uncounted".to_owned(), Value::from(self.name.as_str()));
                return Flow::Continue;
            }
        };
        if self.dry_run {
            if !decision.allowed {
                fields::would_refuse(exchange, self.name.as_str());
            }
            return Flow::Continue;
        }
        let clock = &*exchange.services.clock;
        self.mode.tell(&self.name, window, decision, || clock.now(), &mut exchange.response_headers);
        if decision.allowed {
            return Flow::Continue;
        }
        let mut problem = Problem::new(&EXCEEDED, "Rate limit exceeded");
        if self.mode.retry_after() {
            let seconds = fields::seconds(decision.retry_after).max(1);
            problem = problem.with_header(RETRY_AFTER, HeaderValue::from(seconds));
        }
        problem.with("violated-policies", json!([self.name.as_str()])).into()
    }
}

#[cfg(test)]
mod tests;
