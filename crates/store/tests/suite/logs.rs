//! The audit log and usage.

use std::time::Duration;

use tollgate_core::keys::KeyUse;
use tollgate_core::store::{
    Actor, ActorKind, AuditQuery, NewAuditEntry, Period, UsageBatch, UsageKey, UsageQuery, UsageSample,
};
use tollgate_core::time::Timestamp;

use super::{Subject, new_consumer, new_key};

fn ana() -> Actor {
    Actor { kind: ActorKind::Operator, name: "ana".to_owned(), origin: "192.0.2.7".to_owned() }
}

pub(super) async fn every_change_has_an_entry_that_says_who(subject: Subject) {
    let store = subject.store.on_behalf_of(ana());
    store.create_consumer(new_consumer("bob")).await.expect("made");
    let key = store.create_key("default", "bob", new_key(1)).await.expect("a key");
    subject.store.revoke_key(&key.id).await.expect("revoked");
    store.revoke_key(&key.id).await.expect("what changes nothing has no entry");
    // A change that fails has none either.
    store.create_consumer(new_consumer("bob")).await.expect_err("refused");
    let detail = serde_json::Map::new();
    let reload =
        NewAuditEntry { action: "project.reload".into(), target_kind: "project".into(), target: "abc".into(), detail };
    store.record(reload).await.expect("recorded");

    let all = store.audit(AuditQuery { limit: 100, ..AuditQuery::default() }).await.expect("read");
    let told: Vec<(i64, &str, &str, &str)> =
        all.iter().map(|e| (e.sequence, e.action.as_str(), e.actor.as_str(), e.origin.as_str())).collect();
    assert_eq!(
        told,
        [
            (1, "consumer.create", "ana", "192.0.2.7"),
            (2, "key.create", "ana", "192.0.2.7"),
            (3, "key.revoke", "gateway", ""),
            (4, "project.reload", "ana", "192.0.2.7"),
        ]
    );
    assert_eq!((all[1].target.as_str(), all[1].on), (&*key.id, tollgate_core::time::Clock::now(&*subject.clock)));
    assert!(all[1].detail.contains("\"consumer\":\"bob\""), "{}", all[1].detail);
    assert_eq!(all[0].previous, "0".repeat(64));
    assert_eq!(all[1].previous, all[0].hash);

    let some = async |query: AuditQuery| {
        let found = store.audit(AuditQuery { limit: 100, ..query }).await.expect("read");
        found.iter().map(|entry| entry.sequence).collect::<Vec<_>>()
    };
    assert_eq!(some(AuditQuery { latest_first: true, ..AuditQuery::default() }).await, [4, 3, 2, 1]);
    assert_eq!(some(AuditQuery { action: Some("key.".into()), ..AuditQuery::default() }).await, [2, 3]);
    assert_eq!(some(AuditQuery { action: Some("key.revoke".into()), ..AuditQuery::default() }).await, [3]);
    assert_eq!(some(AuditQuery { actor: Some("gateway".into()), ..AuditQuery::default() }).await, [3]);
    assert_eq!(some(AuditQuery { target: Some(key.id.to_string()), ..AuditQuery::default() }).await, [2, 3]);
    assert_eq!(some(AuditQuery { after: Some(2), ..AuditQuery::default() }).await, [3, 4]);
    let later = Timestamp(all[0].on.0 + 1);
    assert_eq!(some(AuditQuery { since: Some(later), ..AuditQuery::default() }).await, Vec::<i64>::new());
    assert_eq!(some(AuditQuery { until: Some(later), ..AuditQuery::default() }).await, [1, 2, 3, 4]);

    let verdict = store.verify_audit(None).await.expect("verified");
    assert_eq!((verdict.entries, verdict.broken, verdict.head.as_str()), (4, None, all[3].hash.as_str()));
    let known = tollgate_core::keys::KeyDigest::from_hex(&all[2].hash).expect("a hash");
    assert_eq!(store.verify_audit(Some(known)).await.expect("verified").contains, Some(true));
    assert_eq!(store.verify_audit(Some(super::digest(1))).await.expect("verified").contains, Some(false));
}

fn sample(consumer: &str, route: &str, status_class: u8, at: Timestamp, count: u64) -> UsageSample {
    let of = UsageKey { consumer: consumer.into(), key: "key_x".into(), route: route.into(), status_class };
    UsageSample { of, last_seen: at, count }
}

pub(super) async fn usage_is_added_up_by_minute_hour_and_day_and_counts_once(subject: Subject) {
    let store = &subject.store;
    let bob = subject.consumer("bob").await;
    let key = subject.key("bob", 1).await;
    // Midnight UTC.
    let start = Timestamp(1_767_225_600_000);
    let at = |seconds: i64| Timestamp(start.0 + seconds * 1000);
    let used = |seconds| KeyUse { on: at(seconds), from: format!("192.0.2.{}", seconds % 250) };
    let batch = |id: &str, seconds, count| UsageBatch {
        id: id.to_owned(),
        samples: vec![sample(&bob.id, "getPets", 2, at(seconds), count), sample("", "", 4, at(seconds), 1)],
        key_uses: vec![(key.id.to_string(), used(seconds)), ("key_gone".to_owned(), used(seconds))],
    };
    store.add_usage(batch("a", 10, 3)).await.expect("added");
    store.add_usage(batch("a", 10, 3)).await.expect("handed in again");
    store.add_usage(batch("b", 59, 4)).await.expect("added");
    store.add_usage(batch("c", 60, 5)).await.expect("added");
    store.add_usage(batch("d", 3600, 6)).await.expect("added");

    let read = async |period, consumer: Option<&str>| {
        let query = UsageQuery {
            period,
            since: start,
            until: at(2 * 86_400),
            consumer: consumer.map(str::to_owned),
            key: None,
            route: None,
            limit: 100,
        };
        store.usage(query).await.expect("read")
    };
    let counts = |rows: &[tollgate_core::store::UsageRow]| {
        rows.iter().map(|row| ((row.start.0 - start.0) / 1000, row.count)).collect::<Vec<_>>()
    };
    let of_bob = read(Period::Minute, Some(&bob.id)).await;
    assert_eq!(counts(&of_bob), [(0, 7), (60, 5), (3600, 6)]);
    assert_eq!((of_bob[0].last_seen, of_bob[0].consumer_name.as_deref()), (at(59), Some("bob")));
    assert_eq!(counts(&read(Period::Hour, Some(&bob.id)).await), [(0, 12), (3600, 6)]);
    assert_eq!(counts(&read(Period::Day, Some(&bob.id)).await), [(0, 18)]);
    assert_eq!(counts(&read(Period::Day, Some("")).await), [(0, 4)], "who was not recognised");

    assert_eq!(store.key(&key.id).await.expect("found").last_use, Some(used(3600)));
    store.add_usage(batch("late", 5, 1)).await.expect("added");
    assert_eq!(store.key(&key.id).await.expect("found").last_use, Some(used(3600)), "an older report changes nothing");

    subject.clock.advance(Duration::from_secs(3 * 86_400));
    store.prune_usage().await.expect("pruned");
    assert!(read(Period::Minute, None).await.is_empty());
    assert_eq!(counts(&read(Period::Day, Some(&bob.id)).await), [(0, 19)]);
}

/// Many nodes that add to the same rows neither lose anything nor stand in each other's way.
pub(super) async fn usage_of_many_nodes_adds_up(subject: Subject) {
    let at = Timestamp(1_767_225_600_000);
    let adding: Vec<_> = (0..6)
        .map(|node| {
            let store = std::sync::Arc::clone(&subject.store);
            tokio::spawn(async move {
                for round in 0..5 {
                    let mut samples: Vec<_> =
                        (0..8).map(|route| sample("con_x", &format!("r{}", (route + node) % 8), 2, at, 1)).collect();
                    samples.rotate_left(node);
                    let batch = UsageBatch { id: format!("{node}-{round}"), samples, key_uses: Vec::new() };
                    store.add_usage(batch).await.expect("added");
                }
            })
        })
        .collect();
    for one in adding {
        one.await.expect("joined");
    }
    let query = UsageQuery {
        period: Period::Hour,
        since: Timestamp(0),
        until: Timestamp(i64::MAX),
        consumer: None,
        key: None,
        route: None,
        limit: 100,
    };
    let rows = subject.store.usage(query).await.expect("read");
    assert_eq!(rows.iter().map(|row| row.count).collect::<Vec<_>>(), [30; 8]);
}
