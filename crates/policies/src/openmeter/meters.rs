//! Meters, and the CloudEvents that tell of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tollgate_core::time::Timestamp;

use crate::random;

/// One meter, or several.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Meters {
    /// One.
    One(Box<Meter>),
    /// A list of them.
    List(Vec<Meter>),
}

impl Meters {
    pub(super) fn into_list(self) -> Vec<Meter> {
        match self {
            Self::One(meter) => vec![*meter],
            Self::List(meters) => meters,
        }
    }
}

/// What a request counts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Meter {
    /// The type of the event, by which OpenMeter finds the meter.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// What the event says besides: what is summed, and by what it is grouped.
    pub(super) data: Option<Map<String, Value>>,
    /// The same as `data: { value }`.
    value: Option<Value>,
    /// Whom it counts for, in the place of the user.
    subject: Option<String>,
    /// The id of the event. OpenMeter counts events of one id and source once.
    id: Option<String>,
    /// What the event names as its source, in the place of `eventSource`.
    source: Option<String>,
}

impl Meter {
    pub(super) const fn names_subject(&self) -> bool {
        self.subject.is_some()
    }
}

/// What code has said; `None` where it has said nothing.
pub(super) fn noted(note: Option<&Value>) -> Result<Option<Vec<Meter>>, String> {
    let Some(note) = note.filter(|note| !note.is_null()) else { return Ok(None) };
    let meters = serde_json::from_value::<Meters>(note.clone())
        .map_err(|_| "it is neither an object with a `type` nor a list of them".to_owned())?;
    Ok(Some(meters.into_list()))
}

/// The events of a request.
pub(super) fn events<'m>(
    meters: &'m [Meter],
    source: &'m str,
    subject: Option<&'m str>,
    request: &'m str,
    now: Timestamp,
) -> impl Iterator<Item = Result<Value, String>> + 'm {
    meters.iter().map(move |meter| {
        let subject = meter.subject.as_deref().or(subject);
        let subject = subject.ok_or_else(|| format!("`{}` has no subject", meter.kind))?;
        // A request id may be the client's own, who could be counted once for all by sending one id always.
        let id = || format!("{request}-{}-{:016x}", meter.kind, random::bits());
        let mut event = json!({
            "specversion": "1.0",
            "id": meter.id.clone().unwrap_or_else(id),
            "time": now.rfc3339(),
            "source": meter.source.as_deref().unwrap_or(source),
            "subject": subject,
            "type": meter.kind,
        });
        let data = match (&meter.data, &meter.value) {
            (Some(data), _) => Some(Value::Object(data.clone())),
            (None, Some(value)) => Some(json!({ "value": value })),
            (None, None) => None,
        };
        if let Some(data) = data {
            event["data"] = data;
        }
        Ok(event)
    })
}
