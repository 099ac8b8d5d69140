//! Refuses requests at certain times, so that clients notice what is going to end.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use http::StatusCode;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::problem::Worded;
use tollgate_core::time::Timestamp;
use tollgate_core::{Exchange, Fault, Policy, Problem, Reason, Request, Step};

/// It is one of the times.
pub static BROWNOUT: Reason = Reason {
    name: "brownout.scheduled",
    code: "brownout",
    status: 503,
    title: "Service Unavailable",
    fault: Fault::Client,
    meaning: "The request came at a time at which the route is switched off on purpose, so that clients notice a change that is coming.",
    fix: "Read what the answer says of the change; to end it, change `cronSchedule` or take the policy off the route.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<Brownout>("brownout", Direction::Inbound, include_str!("docs.md"))
    .exports(&["BrownoutInboundPolicy"])
    .shorthand("cronSchedule")
    .reasons(&[&BROWNOUT]);

/// When, and what the answer says.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The times as cron has them, in UTC: one schedule or a list of them. With five fields (minute, hour, day of
    /// the month, month, day of the week) a whole minute is meant, with six (a second in front) a second. It may
    /// stand in place of all options.
    cron_schedule: Schedules,
    /// What the answer says. Default: 503 Service Unavailable.
    #[serde(default)]
    problem: ProblemOption,
}

/// One schedule, or a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Schedules {
    /// One.
    One(String),
    /// Several; any of them counts.
    Several(Vec<String>),
}

/// What the answer says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ProblemOption {
    /// The URL of a page about it. Default: the gateway's own page.
    r#type: Option<String>,
    /// What it is, in a few words.
    title: Option<String>,
    /// What it is about, in a sentence.
    detail: Option<String>,
    /// The status, from 400 to 599.
    status: Option<u16>,
}

/// See the module.
#[derive(Debug)]
struct Brownout {
    schedules: Vec<Schedule>,
    status: Option<StatusCode>,
    detail: String,
    worded: Option<Worded>,
}

#[derive(Debug)]
struct Schedule {
    cron: Cron,
    /// Whether it tells one second from another.
    by_second: bool,
}

impl Configure for Brownout {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let schedules = match options.cron_schedule {
            Schedules::One(text) => vec![Schedule::parse(&text, "/cronSchedule")?],
            Schedules::Several(texts) if texts.is_empty() => {
                return Err(
                    BuildError::at("/cronSchedule", "there is no time in the list").help("such as `0-10 2 * * *`")
                );
            }
            Schedules::Several(texts) => {
                let texts = texts.iter().enumerate();
                texts.map(|(i, text)| Schedule::parse(text, &format!("/cronSchedule/{i}"))).collect::<Result<_, _>>()?
            }
        };
        let ProblemOption { r#type, title, detail, status } = options.problem;
        let status = status.map(|number| {
            StatusCode::from_u16(number).ok().filter(|_| (400..=599).contains(&number)).ok_or_else(|| {
                BuildError::at("/problem/status", format!("{number} is not the status of a refusal"))
                    .help("give one from 400 to 599")
            })
        });
        let status = status.transpose()?;
        // The title of another status would be wrong.
        let title = title.or_else(|| status.and_then(|status| status.canonical_reason()).map(str::to_owned));
        let worded = (r#type.is_some() || title.is_some()).then_some(Worded { kind: r#type, title });
        let detail = detail.unwrap_or_else(|| "This is switched off for a while, on purpose.".to_owned());
        Ok(Self { schedules, status, detail, worded })
    }
}

impl Schedule {
    fn parse(text: &str, pointer: &str) -> Result<Self, BuildError> {
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| {
            BuildError::at(pointer, format!("`{text}` is no schedule: {error}"))
                .help("five fields: minute, hour, day of the month, month, day of the week; `0-10 2 * * *`")
        })?;
        Ok(Self { cron, by_second: text.split_whitespace().count() > 5 })
    }

    fn contains(&self, moment: DateTime) -> bool {
        let moment = match self.by_second {
            true => moment,
            false => moment.with().second(0).build().unwrap_or(moment),
        };
        // What cannot be told is not a time to refuse at.
        self.cron.is_time_matching(&moment).unwrap_or(false)
    }
}

fn in_utc(now: Timestamp) -> Option<DateTime> {
    let moment = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(TimeZone::UTC).datetime();
    moment.with().subsec_nanosecond(0).build().ok()
}

impl Policy for Brownout {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, _: &'a mut Request) -> Step<'a> {
        let Some(now) = in_utc(exchange.services.clock.now()) else { return Step::CONTINUE };
        if !self.schedules.iter().any(|schedule| schedule.contains(now)) {
            return Step::CONTINUE;
        }
        let mut problem = Problem::new(&BROWNOUT, self.detail.clone());
        problem.status = self.status.unwrap_or(problem.status);
        problem.worded = self.worded.clone().map(Box::new);
        problem.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Room;

    #[track_caller]
    fn check(schedule: &str, moment: &str, expected: bool) {
        let moment: DateTime = moment.parse().unwrap();
        assert_eq!(Schedule::parse(schedule, "").unwrap().contains(moment), expected, "{schedule} at {moment}");
    }

    #[test]
    fn five_fields_mean_whole_minutes_and_six_mean_seconds() {
        check("* 2 * * *", "2026-11-28T02:00:00", true);
        check("* 2 * * *", "2026-11-28T02:13:27", true);
        check("* 2 * * *", "2026-11-28T02:59:59", true);
        check("* 2 * * *", "2026-11-28T03:00:00", false);
        check("0-10 2 * * MON-FRI", "2026-11-27T02:10:59", true);
        check("0-10 2 * * MON-FRI", "2026-11-28T02:10:00", false);
        check("30 * * * * *", "2026-11-28T02:10:30", true);
        check("30 * * * * *", "2026-11-28T02:10:31", false);
        check("0 0 L * *", "2026-11-30T00:00:05", true);
    }

    #[test]
    fn what_is_no_schedule_and_no_refusal_is_refused_at_its_place() {
        let room = Room::new();
        for (options, pointer) in [
            (json!({ "cronSchedule": "" }), "/cronSchedule"),
            (json!({ "cronSchedule": "61 * * * *" }), "/cronSchedule"),
            (json!({ "cronSchedule": "* * *" }), "/cronSchedule"),
            (json!({ "cronSchedule": ["* * * * *", "later"] }), "/cronSchedule/1"),
            (json!({ "cronSchedule": [] }), "/cronSchedule"),
            (json!({ "cronSchedule": "* * * * *", "problem": { "status": 200 } }), "/problem/status"),
        ] {
            assert_eq!(room.build(&KIND, options.clone()).unwrap_err().pointer, pointer, "{options}");
        }
    }
}
