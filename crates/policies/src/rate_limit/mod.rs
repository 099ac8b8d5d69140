//! Lets callers through so many times in so long, and no more.
//!
//! A sliding window: never more than the limit in any interval of that length. Not for keeping a
//! backend from being overloaded by many callers at once: that is a matter of how many requests
//! are under way, not of how many there were.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use http::header::{HeaderValue, RETRY_AFTER};
use serde_json::{Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::select;
use tollgate_core::reason::SCRIPT_RESULT;
use tollgate_core::services::limiter::LimiterAway;
use tollgate_core::services::{Decision, ScriptFunction, Window, WindowCounter};
use tollgate_core::{Exchange, Fault, Flow, MaybeLater, Policy, Problem, Reason, Request, Step};

mod fields;
mod function;
mod options;

use fields::{FieldName, HeaderMode};
use options::{By, Options, Plan, Rates};

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

/// There is nobody to count.
pub static NO_USER: Reason = Reason {
    name: "limit.no_user",
    code: "internal-error",
    status: 500,
    title: "Internal Server Error",
    fault: Fault::Gateway,
    meaning: "A limit counts users, and no policy before it has said who calls.",
    fix: "Put an authenticating policy before the limit, or count by `ip`.",
};

/// The counters cannot be reached.
pub static UNAVAILABLE: Reason = Reason {
    name: "limit.unavailable",
    code: "unavailable",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Gateway,
    meaning: "The store of the counters is away, and the limit is to refuse requests then.",
    fix: "Bring the store back; or let requests through meanwhile with `onFailure: allow`.",
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
    deny_on_failure: bool,
    mode: HeaderMode,
    name: FieldName,
    /// What the function is told.
    instance: Arc<str>,
    /// Says who is counted, where `by` is a function.
    function: Option<Arc<dyn ScriptFunction>>,
    /// Users, shared values, or everyone.
    counter: Arc<dyn WindowCounter>,
    /// Addresses, apart: a user may be called like an address.
    addresses: Arc<dyn WindowCounter>,
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
        let Plan { by, rates, deny_on_failure } = plan;
        Ok(Self {
            by,
            rates,
            deny_on_failure,
            mode,
            name,
            instance: Arc::clone(&instance.name),
            function,
            counter: limiter.window(&instance.id),
            addresses: limiter.window(&format!("{}#ip", instance.id)),
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
}

/// A hit that may be counted already.
type Hit<'a> = MaybeLater<'a, Result<Decision, LimiterAway>>;

impl RateLimit {
    /// Counts the request for whom it is to be counted.
    fn hit(&self, exchange: &Exchange) -> Result<(Window, Hit<'_>), Box<Problem>> {
        let Some(user) = &exchange.user else {
            return match self.by {
                None | Some(By::Ip) => Ok(self.hit_address(exchange)),
                Some(By::All | By::Function(_)) => Ok(self.hit_everyone()),
                Some(By::User | By::Data(_)) => {
                    let limit = self.name.as_str();
                    let cause = format!("the limit `{limit}` counts users, and no policy before it sets one");
                    Err(Problem::new(&NO_USER, "The request could not be counted").caused_by(cause).into())
                }
            };
        };
        match &self.by {
            None | Some(By::User) => Ok(self.hit_key(&user.sub)),
            Some(By::Ip) => Ok(self.hit_address(exchange)),
            // A function is asked in another place; if it ever came here, one counter is the strictest.
            Some(By::All | By::Function(_)) => Ok(self.hit_everyone()),
            Some(By::Data(path)) => {
                let value = select(&user.data, path).and_then(text_of);
                Ok(match (&self.rates, value) {
                    (Rates::One(_), Some(value)) => self.hit_key(&format!("{path}={value}")),
                    // Nobody else shares a value that is not there.
                    (Rates::One(_), None) => self.hit_key(&user.sub),
                    (Rates::Table { named, default }, value) => {
                        let window = value.and_then(|value| named.get(&value)).copied().unwrap_or(*default);
                        (window, self.counter.hit(&user.sub, window, 1))
                    }
                })
            }
        }
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
                let outcome = self.counter.hit(&answer.key, answer.window, 1).get().await;
                self.decide(exchange, answer.window, outcome)
            }
            Err(wrong) => {
                let cause = format!("the function of the limit `{}`: {wrong}", self.name.as_str());
                Problem::new(&SCRIPT_RESULT, "The request could not be counted").caused_by(cause).into()
            }
        }
    }

    fn hit_key(&self, key: &str) -> (Window, Hit<'_>) {
        let window = self.window();
        (window, self.counter.hit(key, window, 1))
    }

    fn hit_everyone(&self) -> (Window, Hit<'_>) {
        self.hit_key("all")
    }

    fn hit_address(&self, exchange: &Exchange) -> (Window, Hit<'_>) {
        let window = self.window();
        (window, self.addresses.hit(&network(exchange.client.ip).to_string(), window, 1))
    }

    fn window(&self) -> Window {
        match &self.rates {
            Rates::One(window) | Rates::Table { default: window, .. } => *window,
        }
    }

    fn decide(&self, exchange: &mut Exchange, window: Window, outcome: Result<Decision, LimiterAway>) -> Flow {
        let decision = match outcome {
            Ok(decision) => decision,
            Err(away) if self.deny_on_failure => {
                return Problem::new(&UNAVAILABLE, "The request could not be counted").caused_by(away).into();
            }
            Err(away) => {
                // The access log has it for every request; a line more for each would drown the rest.
                tracing::debug!(limit = self.name.as_str(), %away, "a request went through uncounted");
                exchange.record.fields.insert("uncounted".to_owned(), Value::from(self.name.as_str()));
                return Flow::Continue;
            }
        };
        let now = exchange.services.clock.now();
        self.mode.tell(&self.name, window, decision, now, &mut exchange.response_headers);
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

/// Whose address counts as one caller's: an IPv6 customer has a /64 at least, and can send every
/// request from another address in it.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
    }
}

/// A value as tables spell it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
