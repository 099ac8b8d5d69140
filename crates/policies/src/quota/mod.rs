//! Gives callers so much of something in an hour, a day, a week or a month.
//!
//! For what is sold or granted by the month; not for keeping callers from coming too fast: a quota may be used up
//! in its first second.

use std::sync::Arc;

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use serde_json::{Map, Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::ledger::{Ledger, Settlement};
use tollgate_core::reason::SCRIPT_RESULT;
use tollgate_core::services::{
    Anchor, Correction, LimiterAway, Metered, Period, Quota as Counts, Schedule, ScriptFunction, Usage,
};
use tollgate_core::{Exchange, Fault, Flow, MaybeLater, Policy, Problem, Reason, Request, Step};

mod answers;
mod options;

use crate::counting::amounts::{self, Amounts, Table};
use crate::counting::fields::{self, Told};
use crate::counting::options::OnFailure;
use crate::counting::who::NO_USER;
use crate::counting::{By, FieldName, HeaderMode, Who};
use crate::rate_limit::UNAVAILABLE;
use crate::statuses::Statuses;
use options::Options;

/// The quota is used up.
pub static EXCEEDED: Reason = Reason {
    name: "quota.exceeded",
    code: "quota-exceeded",
    status: 429,
    title: "Too Many Requests",
    fault: Fault::Client,
    meaning: "The caller has used up its quota for this period.",
    fix: "Wait for as many seconds as Retry-After says; or give the caller a larger quota.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<Quota>(NAME, Direction::Inbound, include_str!("docs.md"))
    .exports(&[EXPORT])
    .functions(options::functions)
    .reasons(&[&EXCEEDED, &NO_USER, &UNAVAILABLE]);

const NAME: &str = "quota";
const EXPORT: &str = "QuotaInboundPolicy";

/// See the module.
#[derive(Debug)]
struct Quota {
    by: By,
    schedule: Schedule,
    allowances: Amounts<u64>,
    /// What a request costs unless code says otherwise.
    costs: Table<u64>,
    statuses: Arc<Statuses>,
    on_failure: OnFailure,
    dry_run: bool,
    mode: HeaderMode,
    /// What it is called in the fields.
    shown: String,
    instance: Arc<str>,
    detail: Option<Arc<dyn ScriptFunction>>,
    anchor: Option<Arc<dyn ScriptFunction>>,
    counts: Arc<dyn Counts>,
}

impl Configure for Quota {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let plan = options.plan()?;
        let function = |named: Option<(&'static str, tollgate_core::services::Export)>| {
            let find = |(pointer, export)| -> Result<_, BuildError> {
                let found = context.scripts().and_then(|scripts| scripts.function(&export));
                found.map_err(|error| BuildError { pointer: String::from(pointer), ..error })
            };
            named.map(find).transpose()
        };
        let instance = context.instance;
        let default =
            if context.compatibility.rate_limit_fields { HeaderMode::Draft11 } else { HeaderMode::RetryAfter };
        let shown = match &*instance.name {
            NAME => format!("{}-quota", options::name_of(plan.every)),
            named => named.to_owned(),
        };
        Ok(Self {
            by: plan.by,
            schedule: Schedule { every: plan.every, anchor: plan.starts.anchor() },
            allowances: Amounts::new(plan.allowances)?,
            costs: plan.costs,
            statuses: Arc::new(plan.statuses),
            on_failure: plan.on_failure,
            dry_run: plan.dry_run,
            mode: plan.header_mode.unwrap_or(default),
            shown,
            instance: Arc::clone(&instance.name),
            detail: function(plan.detail)?,
            anchor: function(plan.anchor)?,
            counts: context.services.quotas.quota(&instance.id, plan.on_failure == OnFailure::Local),
        })
    }
}

impl Policy for Quota {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        if self.detail.is_some() || self.anchor.is_some() {
            return Step::later(self.ask(exchange, request));
        }
        let key = match Who::of(Some(&self.by), exchange, &self.shown) {
            Ok(who) => who.into_key(),
            Err(problem) => return Step::Now(Flow::Refuse(problem)),
        };
        let allowances = self.allowances.of(exchange, |value, _| amounts::whole(value));
        self.charge(exchange, key, self.schedule, allowances)
    }
}

impl Quota {
    /// Asks the functions whose quota it is, how much it holds and when it begins, and charges it.
    async fn ask(&self, exchange: &mut Exchange, request: &mut Request) -> Flow {
        let wrong = |wrong: String| {
            let cause = format!("a function of the quota `{}`: {wrong}", self.shown);
            Flow::from(Problem::new(&SCRIPT_RESULT, "The request could not be counted").caused_by(cause))
        };
        let mut allowances = self.allowances.of(exchange, |value, _| amounts::whole(value));
        let key = match &self.detail {
            None => match Who::of(Some(&self.by), exchange, &self.shown) {
                Ok(who) => who.into_key(),
                Err(problem) => return Flow::Refuse(problem),
            },
            Some(function) => match function.call(exchange, request, &self.instance).await {
                Err(problem) => return problem.into(),
                Ok(returned) => match answers::detail(&returned) {
                    Ok(None) => return Flow::Continue,
                    Ok(Some(detail)) => {
                        amounts::merge(&mut allowances, &detail.allowances);
                        format!("f:{}", detail.key)
                    }
                    Err(why) => return wrong(why),
                },
            },
        };
        let mut schedule = self.schedule;
        if let Some(function) = &self.anchor {
            match function.call(exchange, request, &self.instance).await {
                Err(problem) => return problem.into(),
                Ok(returned) => match answers::date(&returned) {
                    Ok(date) => schedule.anchor = Anchor::At(date),
                    Err(why) => return wrong(why),
                },
            }
        }
        self.charge(exchange, key, schedule, allowances).get().await
    }

    fn charge<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        key: String,
        schedule: Schedule,
        allowances: Table<u64>,
    ) -> Step<'a> {
        let metered = self.metered(&exchange.ledger.notes, &allowances);
        match self.counts.take(&key, schedule, &metered) {
            MaybeLater::Now(outcome) => Step::Now(self.decide(exchange, key, metered, &allowances, outcome)),
            MaybeLater::Later(outcome) => Step::later(async move {
                let outcome = outcome.await;
                self.decide(exchange, key, metered, &allowances, outcome)
            }),
        }
    }

    /// What the request costs, as far as that is known, and what is allowed of it.
    fn metered(&self, notes: &Map<String, Value>, allowances: &Table<u64>) -> Vec<Metered> {
        let mut metered: Vec<Metered> = Vec::new();
        // Whoever only watches counts without end.
        let allowed = |allowance: u64| (!self.dry_run).then_some(allowance);
        for (meter, allowance) in allowances {
            metered.push(Metered { meter: Arc::clone(meter), allowance: allowed(*allowance), cost: 0 });
        }
        for (meter, cost) in costs(&self.costs, notes) {
            match metered.iter_mut().find(|known| known.meter == meter) {
                Some(known) => known.cost = cost,
                None => metered.push(Metered { meter, allowance: None, cost }),
            }
        }
        metered
    }

    fn decide(
        &self,
        exchange: &mut Exchange,
        key: String,
        metered: Vec<Metered>,
        allowances: &Table<u64>,
        outcome: Result<Usage, LimiterAway>,
    ) -> Flow {
        let usage = match outcome {
            Ok(usage) => usage,
            Err(away) if self.on_failure == OnFailure::Deny && !self.dry_run => {
                return Problem::new(&UNAVAILABLE, "The request could not be counted").caused_by(away).into();
            }
            // Where this node was to go on by itself and could not, that is no reason to let it all through.
            Err(away) if self.on_failure == OnFailure::Local && !self.dry_run => {
                return Problem::new(&UNAVAILABLE, "The request could not be counted").caused_by(away).into();
            }
            Err(away) => {
                tracing::debug!(quota = self.shown, %away, "a request went through uncounted");
                exchange.record.fields.insert("uncounted".to_owned(), Value::from(self.shown.as_str()));
                return Flow::Continue;
            }
        };
        let now = exchange.services.clock.now();
        let until = usage.period.end.since(now);
        let (mut spent, mut meters) = (Vec::new(), Map::new());
        for (metered, used) in metered.iter().zip(&usage.used) {
            let allowance = allowances.iter().find(|(name, _)| *name == metered.meter).map(|(_, allowance)| *allowance);
            let remaining = allowance.map(|allowance| allowance.saturating_sub(*used));
            meters.insert(
                metered.meter.to_string(),
                json!({ "used": used, "allowance": allowance, "remaining": remaining }),
            );
            let Some(allowance) = allowance else { continue };
            let over = match usage.allowed {
                false => used.saturating_add(metered.cost.max(1)) > allowance,
                true => *used > allowance,
            };
            let name =
                if allowances.len() > 1 { format!("{}-{}", self.shown, metered.meter) } else { self.shown.clone() };
            if !self.dry_run {
                let told = Told {
                    quota: allowance,
                    window: usage.period.end.since(usage.period.start),
                    remaining: allowance.saturating_sub(*used),
                    until: if over || *used > 0 { until } else { std::time::Duration::ZERO },
                };
                self.mode.tell_of(&FieldName::new(&name), told, || now, &mut exchange.response_headers);
            }
            if over {
                spent.push(name);
            }
        }
        exchange.ledger.usage.insert(
            self.instance.to_string(),
            json!({
                "meters": meters,
                "periodStart": usage.period.start.rfc3339(),
                "periodEnd": usage.period.end.rfc3339(),
            }),
        );
        if usage.allowed {
            exchange.ledger.open(Box::new(Open {
                counts: Arc::clone(&self.counts),
                statuses: Arc::clone(&self.statuses),
                key,
                period: usage.period,
                taken: metered.into_iter().map(|metered| (metered.meter, metered.cost)).collect(),
            }));
            for name in spent.iter().filter(|_| self.dry_run) {
                fields::would_refuse(exchange, name);
            }
            return Flow::Continue;
        }
        let mut problem = Problem::new(&EXCEEDED, "Quota exceeded");
        if self.mode.retry_after() {
            problem = problem.with_header(RETRY_AFTER, HeaderValue::from(fields::seconds(until).max(1)));
        }
        problem.with("violated-policies", json!(spent)).into()
    }
}

/// What a request costs: what code says of it wins over the options.
fn costs(costs: &Table<u64>, notes: &Map<String, Value>) -> Table<u64> {
    let mut all = costs.clone();
    let noted = Ledger::numbers(notes, EXPORT, "meters");
    let noted: Table<u64> = noted.into_iter().map(|(name, number)| (name.into(), amounts::cost(number))).collect();
    amounts::merge(&mut all, &noted);
    all
}

/// What was taken for a request, until its answer is known.
#[derive(Debug)]
struct Open {
    counts: Arc<dyn Counts>,
    statuses: Arc<Statuses>,
    key: String,
    period: Period,
    taken: Table<u64>,
}

impl Settlement for Open {
    fn settle(self: Box<Self>, status: StatusCode, notes: &Map<String, Value>) {
        let counted = self.statuses.contain(status);
        // Whatever was said last holds; a meter that nothing was said of costs what was taken.
        let due = if counted { costs(&self.taken, notes) } else { Vec::new() };
        let mut corrections: Vec<Correction> = Vec::new();
        let known = |table: &Table<u64>, meter: &str| {
            table.iter().find(|(name, _)| **name == *meter).map_or(0, |(_, cost)| *cost)
        };
        for (meter, _) in
            self.taken.iter().chain(due.iter().filter(|(meter, _)| !self.taken.iter().any(|(taken, _)| taken == meter)))
        {
            let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
            let by = signed(known(&due, meter)) - signed(known(&self.taken, meter));
            if by != 0 {
                corrections.push(Correction { meter: Arc::clone(meter), by });
            }
        }
        if !corrections.is_empty() {
            self.counts.correct(&self.key, self.period, &corrections);
        }
    }
}

#[cfg(test)]
mod tests;
