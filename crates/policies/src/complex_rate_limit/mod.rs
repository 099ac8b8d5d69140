//! Limits how much of several things callers use, each in its time.
//!
//! All limits are checked together: a request that one of them refuses is counted by none. For one thing,
//! `rate-limit` says it shorter; for what is granted by the day or the month there is `quota`.

use std::sync::Arc;

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use serde_json::{Map, Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::ledger::{Ledger, Settlement};
use tollgate_core::reason::SCRIPT_RESULT;
use tollgate_core::services::{Bucket, Charge, CounterGroup, Decision, Limit, LimiterAway, ScriptFunction, Window};
use tollgate_core::{Exchange, Flow, MaybeLater, Policy, Problem, Request, Step};

mod function;
mod options;

use crate::counting::amounts::{self, Amounts, Table};
use crate::counting::options::OnFailure;
use crate::counting::who::NO_USER;
use crate::counting::{By, FieldName, HeaderMode, Who, fields};
use crate::rate_limit::{EXCEEDED, UNAVAILABLE};
use options::{Amount, Options};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<ComplexRateLimit>(NAME, Direction::Inbound, include_str!("docs.md"))
    .exports(&[EXPORT])
    .functions(options::functions)
    .reasons(&[&EXCEEDED, &NO_USER, &UNAVAILABLE]);

const NAME: &str = "complex-rate-limit";
const EXPORT: &str = "ComplexRateLimitInboundPolicy";
/// Where a caller has no limit of a thing.
const UNLIMITED: Limit = Limit::Window(Window { count: u32::MAX, window: std::time::Duration::from_secs(1) });

/// See the module.
#[derive(Debug)]
struct ComplexRateLimit {
    by: Option<By>,
    limits: Amounts<Window>,
    /// The window of limits that are mere numbers.
    length: std::time::Duration,
    /// Every limit, in the order of the counters, and what it is called in the fields.
    names: Vec<(Arc<str>, FieldName)>,
    /// What a request costs unless code says otherwise.
    increments: Table<u32>,
    bucket: bool,
    burst: Vec<Option<u32>>,
    on_failure: OnFailure,
    dry_run: bool,
    mode: HeaderMode,
    instance: Arc<str>,
    function: Option<Arc<dyn ScriptFunction>>,
    counters: Arc<dyn CounterGroup>,
}

impl Configure for ComplexRateLimit {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let plan = options.plan()?;
        let function = match &plan.by {
            Some(By::Function(export)) => {
                let function = context.scripts().and_then(|scripts| scripts.function(export));
                Some(function.map_err(|error| BuildError { pointer: plan.named_at.to_owned(), ..error })?)
            }
            _ => None,
        };
        let default =
            if context.compatibility.rate_limit_fields { HeaderMode::Draft11 } else { HeaderMode::RetryAfter };
        let instance = context.instance;
        let field = |name: &Arc<str>| match &*instance.name {
            NAME => FieldName::new(name),
            named => FieldName::new(&format!("{named}-{name}")),
        };
        let names: Vec<_> = plan.limits.names().into_iter().map(|name| (Arc::clone(&name), field(&name))).collect();
        let counted: Vec<&str> = names.iter().map(|(name, _)| &**name).collect();
        let counters = context.services.limiter.group(&instance.id, &counted, plan.sharing);
        let burst = names.iter().map(|(name, _)| plan.burst.get(&**name).map(|burst| burst.get())).collect();
        Ok(Self {
            by: plan.by,
            limits: plan.limits,
            length: plan.length,
            increments: plan.increments,
            bucket: plan.bucket,
            burst,
            on_failure: plan.on_failure,
            dry_run: plan.dry_run,
            mode: plan.header_mode.unwrap_or(default),
            instance: Arc::clone(&instance.name),
            function,
            counters,
            names,
        })
    }
}

impl Policy for ComplexRateLimit {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        if let Some(function) = &self.function {
            return Step::later(self.ask(&**function, exchange, request));
        }
        let key = match Who::of(self.by.as_ref(), exchange, &self.instance) {
            Ok(who) => who.into_key(),
            Err(problem) => return Step::Now(Flow::Refuse(problem)),
        };
        let limits = self.own(exchange);
        self.charge(exchange, key, limits)
    }
}

impl ComplexRateLimit {
    /// The limits of whoever calls.
    fn own(&self, exchange: &Exchange) -> Table<Window> {
        self.limits.of(exchange, |value, known| Amount::read(value, known, self.length))
    }

    /// Asks the function who is counted, and how much that one has.
    async fn ask(&self, function: &dyn ScriptFunction, exchange: &mut Exchange, request: &mut Request) -> Flow {
        let returned = match function.call(exchange, request, &self.instance).await {
            Ok(returned) => returned,
            Err(problem) => return problem.into(),
        };
        let mut limits = self.own(exchange);
        match function::read(&returned, &mut limits, self.length, &self.names) {
            Ok(None) => Flow::Continue,
            Ok(Some(key)) => self.charge(exchange, format!("f:{key}"), limits).get().await,
            Err(wrong) => {
                let cause = format!("the function of the limits `{}`: {wrong}", self.instance);
                Problem::new(&SCRIPT_RESULT, "The request could not be counted").caused_by(cause).into()
            }
        }
    }

    fn charge<'a>(&'a self, exchange: &'a mut Exchange, key: String, limits: Table<Window>) -> Step<'a> {
        let costs = costs(&self.increments, &exchange.ledger.notes);
        let charges = self.charges(&limits, &costs);
        match self.counters.hit(&key, &charges) {
            MaybeLater::Now(outcome) => Step::Now(self.decide(exchange, key, &limits, charges, outcome)),
            MaybeLater::Later(outcome) => Step::later(async move {
                let outcome = outcome.await;
                self.decide(exchange, key, &limits, charges, outcome)
            }),
        }
    }

    /// What is charged to each counter, in their order.
    fn charges(&self, limits: &Table<Window>, costs: &Table<u32>) -> Vec<Charge> {
        let each = self.names.iter().zip(&self.burst).map(|((name, _), burst)| {
            let cost = find(costs, name).unwrap_or(0);
            match find(limits, name) {
                None => Charge::new(UNLIMITED, 0),
                Some(window) => {
                    let limit = match self.bucket {
                        false => Limit::Window(window),
                        true => Limit::Bucket(Bucket {
                            count: window.count,
                            window: window.window,
                            burst: burst.unwrap_or(window.count),
                        }),
                    };
                    // Of what is known only afterwards, something must be left.
                    Charge { limit, cost, at_least: 1 }
                }
            }
        });
        each.collect()
    }

    fn decide(
        &self,
        exchange: &mut Exchange,
        key: String,
        limits: &Table<Window>,
        charges: Vec<Charge>,
        outcome: Result<Vec<Decision>, LimiterAway>,
    ) -> Flow {
        let decisions = match outcome {
            Ok(decisions) => decisions,
            Err(away) if self.on_failure == OnFailure::Deny && !self.dry_run => {
                return Problem::new(&UNAVAILABLE, "The request could not be counted").caused_by(away).into();
            }
            Err(away) => {
                tracing::debug!(limits = &*self.instance, %away, "a request went through uncounted");
                exchange.record.fields.insert("uncounted".to_owned(), Value::from(&*self.instance));
                return Flow::Continue;
            }
        };
        let now = exchange.services.clock.now();
        let (mut spent, mut wait) = (Vec::new(), std::time::Duration::ZERO);
        for ((name, field), decision) in self.names.iter().zip(&decisions) {
            let Some(window) = find(limits, name) else { continue };
            if !self.dry_run {
                self.mode.tell(field, window, *decision, || now, &mut exchange.response_headers);
            }
            if !decision.allowed {
                spent.push(field.as_str().to_owned());
                wait = wait.max(decision.retry_after);
            }
        }
        if spent.is_empty() || self.dry_run {
            for limit in &spent {
                fields::would_refuse(exchange, limit);
            }
            // What would have been refused is not counted, as if it had been.
            if spent.is_empty() {
                exchange.ledger.open(Box::new(Open {
                    counters: Arc::clone(&self.counters),
                    names: self.names.iter().map(|(name, _)| Arc::clone(name)).collect(),
                    charges,
                    increments: self.increments.clone(),
                    key,
                }));
            }
            return Flow::Continue;
        }
        let mut problem = Problem::new(&EXCEEDED, "Rate limit exceeded");
        if self.mode.retry_after() {
            problem = problem.with_header(RETRY_AFTER, HeaderValue::from(fields::seconds(wait).max(1)));
        }
        problem.with("violated-policies", json!(spent)).into()
    }
}

fn find<T: Copy>(table: &Table<T>, name: &str) -> Option<T> {
    table.iter().find(|(known, _)| **known == *name).map(|(_, value)| *value)
}

/// What a request costs: what code says of it wins over the options.
fn costs(increments: &Table<u32>, notes: &Map<String, Value>) -> Table<u32> {
    let mut costs = increments.clone();
    let noted = Ledger::numbers(notes, EXPORT, "increments");
    let cost = |number| u32::try_from(amounts::cost(number)).unwrap_or(u32::MAX);
    let noted: Table<u32> = noted.into_iter().map(|(name, number)| (name.into(), cost(number))).collect();
    amounts::merge(&mut costs, &noted);
    costs
}

/// What was charged for a request, until its answer is known: code may have said since that it was more.
#[derive(Debug)]
struct Open {
    counters: Arc<dyn CounterGroup>,
    names: Vec<Arc<str>>,
    charges: Vec<Charge>,
    increments: Table<u32>,
    key: String,
}

impl Settlement for Open {
    fn settle(self: Box<Self>, _: StatusCode, notes: &Map<String, Value>) {
        let due = costs(&self.increments, notes);
        let missing = |(name, charge): (&Arc<str>, &Charge)| {
            let due = if charge.needed() == 0 { 0 } else { find(&due, name).unwrap_or(0) };
            Charge::new(charge.limit, due.saturating_sub(charge.cost))
        };
        let missing: Vec<Charge> = self.names.iter().zip(&self.charges).map(missing).collect();
        if missing.iter().any(|charge| charge.cost > 0) {
            self.counters.add(&self.key, &missing);
        }
    }
}

#[cfg(test)]
mod tests;
