use serde_json::json;
use tollgate_core::reason::{ROUTE_NOT_FOUND, UPSTREAM_REFUSED};
use tollgate_core::record::Refusal;
use tollgate_core::units::{Interval, Ratio, Size};
use tollgate_core::{Reason, exchange::SpanId};

use super::*;
use crate::access_log::test_entry;

fn settings() -> RecorderSettings {
    RecorderSettings { sample: Ratio(0.0), ..RecorderSettings::default() }
}

fn recorder(settings: RecorderSettings) -> Recorder {
    let recorder = Recorder::default();
    recorder.set(&settings);
    recorder
}

fn entry(id: &str, status: u16, reason: Option<&'static Reason>) -> Entry {
    let mut entry = test_entry();
    entry.id = id.into();
    entry.status = status;
    let refusal = |reason| Refusal {
        reason,
        stage: None,
        policy: None,
        cause: Some("the private cause".to_owned()),
        detail: "the public detail".into(),
    };
    entry.record.refusal = reason.map(|reason| refusal(reason).into());
    entry
}

fn boxed(id: &str, status: u16, reason: Option<&'static Reason>) -> Box<Entry> {
    Box::new(entry(id, status, reason))
}

#[track_caller]
fn check(recorder: &Recorder, entry: &Entry, asked: bool, expected: Option<KeptFor>) {
    assert_eq!(recorder.why(entry, asked), expected);
}

#[test]
fn failures_are_kept_all_and_slow_ones_and_of_the_rest_a_sample() {
    let none = recorder(settings());
    check(&none, &entry("a", 200, None), false, None);
    check(&none, &entry("a", 200, None), true, Some(KeptFor::Debugging));
    check(&none, &entry("a", 404, Some(&ROUTE_NOT_FOUND)), false, Some(KeptFor::Refusal));
    check(&none, &entry("a", 404, None), false, Some(KeptFor::Refusal));
    check(&none, &entry("a", 500, None), false, Some(KeptFor::Failure));
    check(&none, &entry("a", 502, Some(&UPSTREAM_REFUSED)), true, Some(KeptFor::Failure));
    // An answer that began well and broke off.
    check(&none, &entry("a", 200, Some(&UPSTREAM_REFUSED)), false, Some(KeptFor::Failure));
    let mut slow = entry("a", 200, None);
    slow.record.timings.total = Some(Duration::from_millis(1001));
    check(&none, &slow, false, Some(KeptFor::Slowness));
    slow.record.fields.insert("tunnel".to_owned(), json!({}));
    check(&none, &slow, false, None);

    let half = recorder(RecorderSettings { sample: Ratio(0.5), ..settings() });
    for (span, expected) in [(0, Some(KeptFor::Sample)), (0x7fff << 48, Some(KeptFor::Sample)), (0x8000 << 48, None)] {
        let mut sampled = entry("a", 200, None);
        sampled.span_id = SpanId::of(span);
        check(&half, &sampled, false, expected);
    }
    let off = recorder(RecorderSettings { enabled: false, ..settings() });
    check(&off, &entry("a", 502, Some(&UPSTREAM_REFUSED)), true, None);
}

#[test]
fn a_flood_of_refusals_stays_in_its_room_and_pushes_out_no_failure() {
    let recorder = recorder(RecorderSettings { size: Size(256 * 1024), ..settings() });
    recorder.note(boxed("the-one", 502, Some(&UPSTREAM_REFUSED)), false);
    for number in 0..2000 {
        recorder.note(boxed(&format!("flood-{number}"), 404, Some(&ROUTE_NOT_FOUND)), false);
    }
    let fill = recorder.fill();
    assert!(fill.bytes <= 256 * 1024 && fill.kept > 10 && fill.forgotten > 1000, "{fill:?}");
    assert_eq!(recorder.find("the-one").len(), 1);
    assert_eq!(recorder.find("flood-1999").len(), 1);
    assert!(recorder.find("flood-0").is_empty(), "the oldest goes first");
    assert_eq!(recorder.latest(3, |_| true).len(), 3);
}

#[test]
fn neither_values_of_queries_nor_a_users_data_are_kept_and_long_texts_are_cut() {
    let recorder = recorder(settings());
    let mut told = entry("a", 502, Some(&UPSTREAM_REFUSED));
    told.query = Some("token=s3cret&page=2&page=3".to_owned());
    if let Some(user) = &mut told.user {
        user.data = Arc::new(json!({ "card": "s3cret" }));
    }
    told.record.refusal.as_mut().unwrap().cause = Some("é".repeat(10_000));
    told.record.fields.insert("long".to_owned(), json!("x".repeat(10_000)));
    recorder.note(Box::new(told), false);
    let found = recorder.find("a").remove(0);
    assert!(!format!("{found:?}").contains("s3cret"));
    assert_eq!(found.entry.query.as_deref(), Some("token&page"));
    assert!(found.bytes < 12_000, "{}", found.bytes);
}

#[test]
fn a_smaller_room_and_switching_it_off_are_obeyed_at_once() {
    let recorder = recorder(settings());
    for number in 0..500 {
        recorder.note(boxed(&number.to_string(), 502, Some(&UPSTREAM_REFUSED)), false);
    }
    recorder.set(&RecorderSettings { size: Size(100 * 1024), ..settings() });
    assert!(recorder.fill().bytes <= 100 * 1024);
    recorder.set(&RecorderSettings { enabled: false, slow: Interval::from_secs(0), ..settings() });
    assert_eq!((recorder.fill().kept, recorder.fill().bytes), (0, 0));
}
