//! The options, and what they come to.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use tollgate_core::catalog::BuildError;
use tollgate_core::services::{Anchor, Every, Export};

use crate::counting::amounts::{Table, Written};
use crate::counting::options::{self, OnFailure};
use crate::counting::who::is_reference;
use crate::counting::{By, HeaderMode};
use crate::statuses::{StatusCodes, Statuses};

const DETAIL: &str = "getQuotaDetail";
const ANCHOR: &str = "getAnchorDate";

/// How much callers may use, and in how long.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// How often the quota begins anew.
    pub(super) period: Every,
    /// Whose quota a request counts for: each `user`, each `ip`, `all`, all who share a value of the caller's data
    /// such as `user.data.org`, or what a function returns: `function`, with `identifier`, or its name
    /// (`./modules/quotas.ts#getQuotaDetail`). Default: user.
    pub(super) quota_by: Option<QuotaBy>,
    /// How much a quota holds of each meter. `requests` counts every request unless `meters` says otherwise.
    #[schemars(with = "Option<BTreeMap<String, u64>>")]
    pub(super) allowances: Option<IndexMap<String, u64>>,
    /// The field of the caller's data that names his plan: `user.data.plan`.
    pub(super) plan_from: Option<String>,
    /// Allowances by plan, which win over `allowances`; `default` for callers whose plan is missing or not in here.
    #[schemars(with = "Option<BTreeMap<String, BTreeMap<String, u64>>>")]
    pub(super) plans: Option<IndexMap<String, IndexMap<String, u64>>>,
    /// The field of the caller's data with allowances of his own, which win over all others: `user.data.quota`.
    pub(super) allowances_from: Option<String>,
    /// How much a request counts of each meter, unless code says otherwise (`QuotaInboundPolicy.setMeters`).
    /// Default: 1 of `requests`.
    #[schemars(with = "Option<BTreeMap<String, u64>>")]
    pub(super) meters: Option<IndexMap<String, u64>>,
    /// Since when periods are counted: from the key's first request (`first-api-call`), by full hours, midnights,
    /// Mondays and firsts of the month in UTC (`calendar`), or from the date that a function returns
    /// (`function`, with `identifier`). Default: first-api-call.
    pub(super) quota_anchor_mode: Option<AnchorMode>,
    /// Which answers count: `200-299`, `200-299, 404`, or `[200, 201]`. Default: 200-299.
    pub(super) quota_on_status_codes: Option<StatusCodes>,
    /// The functions of a module that say whose quota it is and when it begins.
    pub(super) identifier: Option<QuotaIdentifier>,
    /// What happens while the shared store of the counts is away: every node goes on from what it last saw
    /// (`local`), requests go through uncounted (`allow`), or they are refused with 503 (`deny`). Default: local.
    pub(super) on_failure: Option<OnFailure>,
    /// Whether nothing is refused, and only the log and the metrics tell what would be. Default: false.
    pub(super) dry_run: Option<bool>,
    /// Which header fields tell clients about their quota. Default: draft-11.
    pub(super) header_mode: Option<HeaderMode>,
}

/// Whose quota a request counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QuotaBy {
    /// As for rate limits.
    By(By),
    /// What the function in `identifier` says.
    Function,
}

impl<'de> Deserialize<'de> for QuotaBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "function" => Ok(Self::Function),
            _ => By::deserialize(de::value::StringDeserializer::new(text)).map(Self::By),
        }
    }
}

impl JsonSchema for QuotaBy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "QuotaBy".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(user|ip|all|function|user\\.data(\\.[^.]+)+|\\.\\.?/.+)$",
            "examples": ["user", "function", "user.data.org", "./modules/quotas.ts#getQuotaDetail"],
        })
    }
}

/// Since when periods are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AnchorMode {
    /// From the first request.
    FirstApiCall,
    /// By the calendar, in UTC.
    Calendar,
    /// From what a function returns.
    Function,
}

/// The functions of a module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct QuotaIdentifier {
    /// The module, from the project's folder: `./modules/quotas.ts`, or `$import(./modules/quotas)`.
    pub(super) module: String,
    /// The export that returns the date since when periods are counted. Default: getAnchorDate.
    pub(super) get_anchor_date_export: Option<String>,
    /// The export that returns `{ key, allowances }`. Default: getQuotaDetail.
    pub(super) get_quota_detail_export: Option<String>,
}

/// Since when periods are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Starts(AnchorMode);

impl Starts {
    /// The anchor; a function's is asked for with each request.
    pub(super) fn anchor(self) -> Anchor {
        match self.0 {
            AnchorMode::Calendar => Anchor::Calendar,
            AnchorMode::FirstApiCall | AnchorMode::Function => Anchor::FirstCall,
        }
    }
}

/// What the options come to.
pub(super) struct Plan {
    pub(super) every: Every,
    pub(super) by: By,
    pub(super) starts: Starts,
    pub(super) allowances: Written<u64>,
    pub(super) costs: Table<u64>,
    pub(super) statuses: Statuses,
    pub(super) on_failure: OnFailure,
    pub(super) dry_run: bool,
    pub(super) header_mode: Option<HeaderMode>,
    /// The functions that are asked, and where the options name them.
    pub(super) detail: Option<(&'static str, Export)>,
    pub(super) anchor: Option<(&'static str, Export)>,
}

impl Options {
    pub(super) fn plan(self) -> Result<Plan, BuildError> {
        let on_failure = options::on_failure(self.on_failure, None)?;
        let identifier =
            |pointer: &'static str, why: &str, name: fn(&QuotaIdentifier) -> &Option<String>, default: &str| {
                let example = format!(
                    r#"such as `identifier: {{ "module": "$import(./modules/quotas)", "{why}Export": "{default}" }}`"#
                );
                let identifier = self.identifier.as_ref().ok_or_else(|| {
                    BuildError::at(pointer, "`function` needs an `identifier` that names the function")
                        .help(example.clone())
                })?;
                let export = name(identifier).as_deref().unwrap_or(default);
                Export::of(&identifier.module, export).map(|export| ("/identifier", export)).ok_or_else(|| {
                    let message = format!("`{}` is no module of the project", identifier.module);
                    BuildError::at("/identifier/module", message).help(example)
                })
            };
        let mode = self.quota_anchor_mode.unwrap_or(AnchorMode::FirstApiCall);
        let anchor = (mode == AnchorMode::Function)
            .then(|| identifier("/quotaAnchorMode", "getAnchorDate", |named| &named.get_anchor_date_export, ANCHOR))
            .transpose()?;
        let (by, detail) = match self.quota_by.clone().unwrap_or(QuotaBy::By(By::User)) {
            QuotaBy::By(By::Function(export)) => (By::All, Some(("/quotaBy", export))),
            QuotaBy::By(by) => (by, None),
            QuotaBy::Function => {
                let named = identifier("/quotaBy", "getQuotaDetail", |named| &named.get_quota_detail_export, DETAIL)?;
                (By::All, Some(named))
            }
        };
        if self.allowances.is_none() && self.plans.is_none() && self.allowances_from.is_none() && detail.is_none() {
            return Err(BuildError::at("", "nothing says how much the quota holds")
                .help("such as `allowances: { requests: 10000 }`"));
        }
        let codes = self.quota_on_status_codes.unwrap_or_else(|| StatusCodes::Text("200-299".to_owned()));
        let costs = self.meters.unwrap_or_else(|| IndexMap::from([("requests".to_owned(), 1)]));
        Ok(Plan {
            every: self.period,
            by,
            starts: Starts(mode),
            allowances: Written {
                base: self.allowances.unwrap_or_default(),
                plan_from: self.plan_from,
                plans: self.plans,
                own_from: self.allowances_from.map(|from| ("/allowancesFrom", from)),
            },
            costs: costs.into_iter().map(|(name, cost)| (name.into(), cost)).collect(),
            statuses: Statuses::read(&codes, "/quotaOnStatusCodes")?,
            on_failure,
            dry_run: self.dry_run.unwrap_or(false),
            header_mode: self.header_mode,
            detail,
            anchor,
        })
    }
}

/// The functions that the options name.
pub(super) fn functions(options: &Value) -> Vec<(&'static str, Option<Export>)> {
    let text = |pointer: &str| options.pointer(pointer).and_then(Value::as_str);
    let named = |export: &str, default: &str| {
        let export = text(&format!("/identifier/{export}")).unwrap_or(default).to_owned();
        text("/identifier/module").map(|module| ("/identifier", Export::of(module, &export)))
    };
    let by = text("/quotaBy");
    let mut functions = Vec::new();
    functions.extend(by.filter(|by| is_reference(by)).map(|by| ("/quotaBy", Export::from_reference(by))));
    if by == Some("function") {
        functions.extend(named("getQuotaDetailExport", DETAIL));
    }
    if text("/quotaAnchorMode") == Some("function") {
        functions.extend(named("getAnchorDateExport", ANCHOR));
    }
    functions
}

/// What a quota that was given no name is called in the header fields.
pub(super) fn name_of(every: Every) -> &'static str {
    match every {
        Every::Hourly => "hourly",
        Every::Daily => "daily",
        Every::Weekly => "weekly",
        Every::Monthly => "monthly",
    }
}
