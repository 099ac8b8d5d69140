//! The shapes of batches that servers read, as their documentation has them:
//!
//! - Loki, *HTTP API, Ingest logs*: `{"streams": [{"stream": {labels}, "values": [["<ns>", "<line>"]]}]}`; 204.
//! - Datadog, *Send logs (v2)*: an array of at most 1000 objects with `message`, `ddsource`, `ddtags`, `hostname`,
//!   `service`; 202.
//! - Splunk, *Format events for HTTP Event Collector*: objects one after another, with `time`, `host`, `source`,
//!   `sourcetype`, `index`, `fields`, `event`; 200.
//! - Elastic, *Bulk API*: a line with the action and one with the document, each time; 200, and an outcome for each.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tollgate_core::settings::{LogHttpSettings, LogPreset};

use crate::delivery::Answer;

/// Writes batches in one shape, and reads what is answered.
pub(super) struct Shape {
    preset: LogPreset,
    labels: BTreeMap<String, String>,
    /// The labels as Datadog has tags.
    tags: String,
    index: Option<String>,
    service: String,
    host: String,
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    /// Of so many lines it wants none, and of those at these places another try.
    Partly {
        refused: u64,
        again: Vec<usize>,
        why: String,
    },
    /// It is too long for the server.
    TooLong,
    /// It would be refused the next time, too.
    Refused(String),
    /// Another time it may be taken.
    Later(String),
}

/// What of a line the shapes need.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known<'l> {
    #[serde(borrow)]
    time: std::borrow::Cow<'l, str>,
    status: u16,
    trace_id: &'l str,
    span_id: &'l str,
}

impl Shape {
    pub(super) fn new(settings: &LogHttpSettings, host: String) -> Self {
        let mut labels = settings.labels.clone();
        if settings.preset == LogPreset::Loki {
            labels.entry("service_name".to_owned()).or_insert_with(|| settings.service.clone());
        }
        let tags: Vec<String> = settings.labels.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        Self {
            preset: settings.preset,
            labels,
            tags: tags.join(","),
            index: settings.index.clone(),
            service: settings.service.clone(),
            host,
        }
    }

    pub(super) const fn media(preset: LogPreset) -> &'static str {
        match preset {
            LogPreset::Ndjson | LogPreset::Elastic => "application/x-ndjson",
            LogPreset::Loki | LogPreset::Datadog | LogPreset::Splunk => "application/json",
        }
    }

    /// The header fields of the settings, and the one that carries the token.
    pub(super) fn headers(settings: &LogHttpSettings) -> BTreeMap<String, String> {
        let mut headers = settings.headers.clone();
        if let Some(token) = &settings.token {
            let (name, value) = match settings.preset {
                LogPreset::Datadog => ("dd-api-key", token.clone()),
                LogPreset::Splunk => ("authorization", format!("Splunk {token}")),
                LogPreset::Elastic => ("authorization", format!("ApiKey {token}")),
                LogPreset::Ndjson | LogPreset::Loki => ("authorization", format!("Bearer {token}")),
            };
            headers.insert(name.to_owned(), value);
        }
        headers
    }

    /// The body for some lines, each without its end.
    pub(super) fn write(&self, lines: &[Bytes]) -> Vec<u8> {
        let mut out = Vec::with_capacity(lines.iter().map(|line| line.len() + 128).sum());
        // Lines are the gateway's own: what cannot be read of one is left out, and the line goes on.
        let entries =
            lines.iter().map(|line| (str::from_utf8(line).unwrap_or("{}"), serde_json::from_slice(line).ok()));
        match self.preset {
            LogPreset::Ndjson => {
                for (line, _) in entries {
                    out.extend_from_slice(line.as_bytes());
                    out.push(b'\n');
                }
            }
            LogPreset::Loki => {
                let values: Vec<(String, &str)> =
                    entries.map(|(line, known)| (nanoseconds(known.as_ref()), line)).collect();
                json(&mut out, &Streams { streams: [Stream { stream: &self.labels, values }] });
            }
            LogPreset::Datadog => {
                let logs: Vec<DatadogLog<'_>> = entries.map(|(line, known)| self.datadog(line, known)).collect();
                json(&mut out, &logs);
            }
            LogPreset::Splunk => {
                for (line, known) in entries {
                    let Some(event) = raw(line) else { continue };
                    json(&mut out, &self.splunk(event, known.as_ref()));
                    out.push(b'\n');
                }
            }
            LogPreset::Elastic => {
                for (line, known) in entries {
                    self.elastic(line, known.as_ref(), &mut out);
                }
            }
        }
        out
    }

    fn datadog<'b>(&'b self, line: &'b str, known: Option<Known<'b>>) -> DatadogLog<'b> {
        let status = known.as_ref().map_or(0, |known| known.status);
        DatadogLog {
            ddsource: "tollgate",
            ddtags: &self.tags,
            hostname: &self.host,
            service: &self.service,
            status: match status {
                500.. => "error",
                400..500 => "warn",
                _ => "info",
            },
            date: known.map(|known| known.time.into_owned()).unwrap_or_default(),
            message: line,
        }
    }

    fn splunk<'b>(&'b self, event: &'b RawValue, known: Option<&Known<'_>>) -> SplunkEvent<'b> {
        SplunkEvent {
            time: known.and_then(|known| known.moment()).map(|millis| millis as f64 / 1000.0),
            host: &self.host,
            source: &self.service,
            sourcetype: "_json",
            index: self.index.as_deref(),
            fields: (!self.labels.is_empty()).then_some(&self.labels),
            event,
        }
    }

    /// The document has `@timestamp`, without which no data stream takes it; and an id, so that a batch that is
    /// sent twice, because its answer was lost, is not there twice.
    fn elastic(&self, line: &str, known: Option<&Known<'_>>, out: &mut Vec<u8>) {
        let id = known.map(|known| format!("{}-{}", known.trace_id, known.span_id));
        json(out, &Action { create: Create { index: self.index.as_deref(), id } });
        out.push(b'\n');
        match (known, line.strip_prefix('{')) {
            (Some(known), Some(rest)) => {
                out.extend_from_slice(b"{\"@timestamp\":");
                json(out, &known.time);
                out.push(b',');
                out.extend_from_slice(rest.as_bytes());
            }
            _ => out.extend_from_slice(line.as_bytes()),
        }
        out.push(b'\n');
    }

    /// What an answer says of a batch.
    pub(super) fn read(&self, answer: &Answer) -> Verdict {
        let said = || {
            let text = String::from_utf8_lossy(&answer.body);
            let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
            format!("it answered {}: {text}", answer.status)
        };
        match answer.status.as_u16() {
            200..=299 if self.preset == LogPreset::Elastic => outcome_of_bulk(&answer.body),
            200..=299 => Verdict::Taken,
            413 => Verdict::TooLong,
            _ if answer.is_for_now() => Verdict::Later(said()),
            _ => Verdict::Refused(said()),
        }
    }
}

/// Elastic answers 200 whatever became of the documents.
fn outcome_of_bulk(body: &[u8]) -> Verdict {
    #[derive(Deserialize)]
    struct Bulk {
        #[serde(default)]
        errors: bool,
        #[serde(default)]
        items: Vec<BTreeMap<String, Item>>,
    }
    #[derive(Deserialize)]
    struct Item {
        status: u16,
        #[serde(default)]
        error: Option<serde_json::Value>,
    }
    let Ok(bulk) = serde_json::from_slice::<Bulk>(body) else {
        return Verdict::Refused("its answer is not one of the bulk API".to_owned());
    };
    if !bulk.errors {
        return Verdict::Taken;
    }
    let (mut refused, mut again, mut why) = (0, Vec::new(), String::new());
    for (place, item) in bulk.items.iter().enumerate() {
        let Some(item) = item.values().next() else { continue };
        match item.status {
            // It is there already: this is the second time.
            200..=299 | 409 => continue,
            429 | 502 | 503 => again.push(place),
            _ => refused += 1,
        }
        let kind = item.error.as_ref().and_then(|error| error["type"].as_str()).unwrap_or_default();
        why = format!("it answered {} {kind} for a document", item.status);
    }
    if refused == 0 && again.is_empty() { Verdict::Taken } else { Verdict::Partly { refused, again, why } }
}

impl Known<'_> {
    /// Milliseconds since 1970.
    fn moment(&self) -> Option<i64> {
        self.time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
    }
}

fn nanoseconds(known: Option<&Known<'_>>) -> String {
    let millis = known.and_then(Known::moment).unwrap_or_default();
    format!("{millis}000000")
}

fn raw(line: &str) -> Option<&RawValue> {
    serde_json::from_str(line).ok()
}

fn json<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    // Texts and numbers, none of which fails.
    let _ = serde_json::to_writer(out, value);
}

#[derive(Serialize)]
struct Streams<'b> {
    streams: [Stream<'b>; 1],
}

#[derive(Serialize)]
struct Stream<'b> {
    stream: &'b BTreeMap<String, String>,
    values: Vec<(String, &'b str)>,
}

#[derive(Serialize)]
struct DatadogLog<'b> {
    ddsource: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    ddtags: &'b str,
    #[serde(skip_serializing_if = "str::is_empty")]
    hostname: &'b str,
    service: &'b str,
    status: &'static str,
    date: String,
    message: &'b str,
}

#[derive(Serialize)]
struct SplunkEvent<'b> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<f64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    host: &'b str,
    source: &'b str,
    sourcetype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<&'b BTreeMap<String, String>>,
    event: &'b RawValue,
}

#[derive(Serialize)]
struct Action<'b> {
    create: Create<'b>,
}

#[derive(Serialize)]
struct Create<'b> {
    #[serde(rename = "_index", skip_serializing_if = "Option::is_none")]
    index: Option<&'b str>,
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    fn shape(preset: &str) -> Shape {
        let settings = json!({ "url": "http://a", "preset": preset, "index": "logs-gateway" });
        Shape::new(&serde_json::from_value(settings).unwrap(), "host-1".to_owned())
    }

    #[track_caller]
    fn check(preset: &str, status: u16, body: &str, expected: &Verdict) {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        assert_eq!(&shape(preset).read(&answer), expected, "{preset} {status} {body}");
    }

    #[test]
    fn what_servers_answer_is_read_as_they_mean_it() {
        check("loki", 204, "", &Verdict::Taken);
        check("datadog", 202, "{}", &Verdict::Taken);
        check("ndjson", 413, "", &Verdict::TooLong);
        check("splunk", 503, "busy", &Verdict::Later("it answered 503 Service Unavailable: busy".to_owned()));
        check("splunk", 403, "no\n", &Verdict::Refused("it answered 403 Forbidden: no".to_owned()));
        check("elastic", 200, r#"{"errors":false,"items":[]}"#, &Verdict::Taken);
        let second_time = r#"{"errors":true,"items":[{"create":{"status":409}},{"create":{"status":201}}]}"#;
        check("elastic", 200, second_time, &Verdict::Taken);
        let mixed = r#"{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"document_parsing_exception"}}},{"create":{"status":429,"error":{"type":"es_rejected_execution_exception"}}}]}"#;
        let why = "it answered 429 es_rejected_execution_exception for a document".to_owned();
        check("elastic", 200, mixed, &Verdict::Partly { refused: 1, again: vec![2], why });
        let page = Verdict::Refused("its answer is not one of the bulk API".to_owned());
        check("elastic", 200, "<html>", &page);
    }
}
