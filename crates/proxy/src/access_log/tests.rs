use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tollgate_core::exchange::{Credential, SpanId, TraceId, User};
use tollgate_core::keys::KeyDigest;
use tollgate_core::reason::ROUTE_NOT_FOUND;
use tollgate_core::record::{Attempt, Record, Refusal};
use tollgate_core::time::Timestamp;

use super::*;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().clone()).unwrap()
    }
}

const LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn entry() -> Entry {
    let mut record = Record { response_bytes: 11, ..Record::default() };
    record.timings.total = Some(Duration::from_micros(3210));
    record.timings.inbound = Some(Duration::from_micros(100));
    record.timings.first_byte = Some(Duration::from_micros(2900));
    record.attempts.push(Attempt {
        target: "127.0.0.1:8888".into(),
        outcome: "ok",
        status: Some(200),
        took: Duration::from_millis(2),
        began: Duration::ZERO,
        reused: true,
    });
    Entry {
        time: Timestamp(1_767_225_600_123),
        id: "id-1".into(),
        method: Some(http::Method::GET),
        host: Some("gw.example".into()),
        path: "/todos".to_owned(),
        query: Some("token=s3cret&page=2&page=3&flag".to_owned()),
        version: http::Version::HTTP_11,
        status: 200,
        route: Some("getTodos".into()),
        template: Some("/todos".into()),
        user: Some(User {
            sub: "alice".into(),
            data: Arc::new(json!({})),
            credential: Credential::Key {
                id: "key_1".into(),
                consumer: "con_1".into(),
                version: 1,
                digest: KeyDigest([0; 32]),
            },
        }),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: Some("curl/8\n".to_owned()),
        trace_id: TraceId::of(0xaaaa),
        span_id: SpanId::of(0xbbbb),
        parent_id: None,
        sampled: true,
        snapshot: "abc".into(),
        tls: None,
        record: record.into(),
    }
}

pub(super) fn refused() -> Entry {
    let mut entry = entry();
    entry.status = 404;
    entry.route = None;
    entry.user = None;
    entry.record.refuse(Refusal {
        reason: &ROUTE_NOT_FOUND,
        stage: None,
        policy: None,
        cause: Some("nothing\x1b[2J there".to_owned()),
        detail: "There is nothing at this path.".into(),
    });
    entry
}

fn everything() -> LogRules {
    LogRules::new(&AccessLogSettings::default())
}

fn written(entries: Vec<Entry>, format: Format) -> String {
    let captured = Captured::default();
    let log = AccessLog::start(Box::new(captured.clone()), format, Path::new("."), &Metrics::new()).unwrap();
    for entry in entries {
        log.write(&entry, &everything());
    }
    assert!(log.flush(LIMIT));
    captured.text()
}

#[test]
fn each_entry_is_one_line_of_json() {
    let text = written(vec![entry(), refused()], Format::Json);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines[0],
        json!({
            "v": 1, "time": "2026-01-01T00:00:00.123Z", "id": "id-1", "method": "GET", "host": "gw.example", "path": "/todos",
            "query": ["token", "page", "flag"], "protocol": "HTTP/1.1", "status": 200, "reason": "ok",
            "route": "getTodos", "consumer": "alice", "keyId": "key_1", "client": "127.0.0.1", "userAgent": "curl/8\n",
            "bytesIn": 0, "bytesOut": 11, "ms": 3.21, "msInbound": 0.1, "msFirstByte": 2.9,
            "attempts": [{ "target": "127.0.0.1:8888", "outcome": "ok", "ms": 2.0, "reused": true }],
            "traceId": "0000000000000000000000000000aaaa", "spanId": "000000000000bbbb", "snapshot": "abc",
        })
    );
    assert_eq!(lines[1]["reason"], "route.not_found");
    assert!(lines[1].get("route").is_none());
}

#[test]
fn values_of_the_query_never_reach_the_log() {
    for format in [Format::Json, Format::Pretty { color: false }] {
        assert!(!written(vec![entry()], format).contains("s3cret"));
    }
}

#[test]
fn people_read_what_happened_and_how_to_mend_it() {
    let text = written(vec![entry(), refused()], Format::Pretty { color: false });
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].ends_with("GET /todos 200 getTodos alice 3.2ms (in 0.1 up 2.9)"), "{}", lines[0]);
    assert_eq!(lines[2], "         route.not_found: There is nothing at this path.");
    assert!(lines[4].starts_with("         fix: Compare the path"), "{}", lines[4]);
    assert!(!text.contains('\x1b'), "a terminal would obey this: {text:?}");
}

#[test]
fn a_writer_that_is_behind_drops_lines_and_counts_them() {
    struct Stuck(std::sync::mpsc::Receiver<()>);
    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            // Until the test lets go.
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (free, gate) = std::sync::mpsc::channel();
    let metrics = Metrics::new();
    let log = AccessLog::start(Box::new(Stuck(gate)), Format::Json, Path::new("."), &metrics).unwrap();
    // Each line has more than a hundred bytes; a batch may be on its way already.
    let entry = entry();
    for _ in 0..3 * lane::MOST / 100 {
        log.write(&entry, &everything());
    }
    let console = metrics.sink("stdout");
    assert!(console.dropped.get() + metrics.access_log_dropped.get() > 0);
    drop(free);
    assert!(log.flush(LIMIT));
}

/// Everything that a line can hold.
fn full() -> Entry {
    let mut entry = refused();
    entry.route = Some("getTodos".into());
    entry.peer = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    let timings = &mut entry.record.timings;
    timings.routing = Some(Duration::from_micros(1));
    (timings.connect, timings.tls, timings.outbound) = (timings.inbound, timings.inbound, timings.inbound);
    entry.record.fields.insert("plan".to_owned(), json!("gold"));
    entry
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    let rules =
        LogRules::new(&AccessLogSettings { sample: tollgate_core::units::Ratio(0.5), ..AccessLogSettings::default() });
    let mut sampled = entry();
    sampled.span_id = SpanId::of(1);
    let captured = Captured::default();
    let log = AccessLog::start(Box::new(captured.clone()), Format::Json, Path::new("."), &Metrics::new()).unwrap();
    for entry in [full(), refused(), sampled] {
        log.write(&entry, &rules);
    }
    assert!(log.flush(LIMIT));
    let mut members = std::collections::BTreeSet::new();
    for line in captured.text().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let typed: schema::AccessLogLine = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(&typed).unwrap(), value, "nothing is lost or added");
        members.extend(value.as_object().unwrap().keys().cloned());
    }
    let schema = schema::schema();
    let documented: std::collections::BTreeSet<String> =
        schema["properties"].as_object().unwrap().keys().cloned().collect();
    let unseen: Vec<_> = documented.difference(&members).collect();
    assert_eq!(unseen, ["clientCertificate", "policy", "sni", "stage", "tls"], "the rest of the schema was written");
}
