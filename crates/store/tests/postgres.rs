//! The suite on PostgreSQL, and what is particular to a server.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod suite;

use std::sync::Arc;
use std::time::Duration;

use suite::{Subject, new_consumer, new_key};
use tollgate_core::store::{Store, StoreError};
use tollgate_core::time::{Clock, ManualClock, SystemClock};
use tollgate_servers::{Fault, FaultProxy, PostgresServer};

async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    tollgate_store::open(url, Arc::new(ManualClock::default())).await
}

fn server() -> PostgresServer {
    PostgresServer::start(&[]).expect("a server")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_passes_the_suite() {
    let server = server();
    suite::all(|| {
        let url = server.url(&server.database().expect("a database"));
        async move {
            let clock = Arc::new(ManualClock::default());
            let store = tollgate_store::open(&url, Arc::<ManualClock>::clone(&clock)).await;
            Subject { store: store.expect("opened"), clock }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_see_each_others_changes_within_a_second() {
    let server = server();
    let url = server.url(&server.database().expect("a database"));
    let (one, other) = (open(&url).await.expect("opened"), open(&url).await.expect("opened"));
    one.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let clock = SystemClock::new();
    let mut waits = Vec::new();
    for number in 0..7 {
        let (writer, reader) = if number % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let before = reader.key_set().await.expect("the keys").sequence;
        writer.create_key("default", "bob", new_key(number)).await.expect("a key");
        let seen = async {
            loop {
                let changed = reader.changed();
                if !reader.key_changes(before).await.expect("the changes").changes.is_empty() {
                    break;
                }
                changed.await;
            }
        };
        let began = clock.monotonic();
        tokio::time::timeout(Duration::from_secs(10), seen).await.expect("seen");
        waits.push(clock.monotonic() - began);
    }
    // The median: a busy machine may hold up one of them.
    waits.sort();
    assert!(waits[3] < Duration::from_secs(1), "{waits:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiter_is_woken_by_another_node_and_not_for_ever_by_nothing() {
    let server = server();
    let url = server.url(&server.database().expect("a database"));
    let (one, other) = (open(&url).await.expect("opened"), open(&url).await.expect("opened"));
    tokio::time::timeout(Duration::from_secs(10), other.changed()).await.expect("that it listens now wakes");
    assert!(tokio::time::timeout(Duration::from_millis(500), other.changed()).await.is_err(), "nothing happened");
    let waiting = other.changed();
    one.create_consumer(new_consumer("bob")).await.expect("a consumer");
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("woken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_nodes_that_start_on_an_empty_database_all_succeed() {
    let server = server();
    let url = server.url(&server.database().expect("a database"));
    let opening: Vec<_> = (0..12)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { open(&url).await.map(drop) })
        })
        .collect();
    for one in opening {
        one.await.expect("joined").expect("opened");
    }
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let server = server();
    let database = server.database().expect("a database");
    drop(open(&server.url(&database)).await.expect("opened"));
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', true, '\\x00', 0)";
    server.sql(&database, newer).expect("inserted");
    match open(&server.url(&database)).await {
        Err(error @ StoreError::Newer { found: 9999, .. }) => {
            assert!(error.to_string().contains("use the newer Tollgate"), "it says what to do: {error}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whoever_may_only_read_and_write_may_use_a_schema_that_is_up_to_date() {
    let server = server();
    let database = server.database().expect("a database");
    server.sql(&database, "CREATE ROLE node LOGIN").expect("a role");
    let url = server.url(&database).replace("postgres@", "node@");
    let error = open(&url).await.expect_err("it may not make tables").to_string();
    assert!(error.contains("make it the owner of the database"), "{error}");

    drop(open(&server.url(&database)).await.expect("opened"));
    let grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO node; \
                 GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO node";
    server.sql(&database, grant).expect("granted");
    let store = open(&url).await.expect("opened");
    store.create_consumer(new_consumer("bob")).await.expect("a consumer");
}

#[tokio::test]
async fn what_is_wrong_with_a_server_is_said_with_what_to_do_and_never_with_the_password() {
    let server = server();
    let database = server.database().expect("a database");
    let port = server.address().port();
    let check = async |url: String, expected: &str| {
        let error = open(&url).await.expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    };
    check(format!("postgres://postgres:hunter2@127.0.0.1:{port}/nowhere"), "`createdb`").await;
    check(format!("postgres://nobody:hunter2@127.0.0.1:{port}/{database}"), "refuses the user").await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    check(format!("postgres://u:hunter2@127.0.0.1:{free}/db"), "Connection refused").await;
    check(format!("postgres://u:hunter2@127.0.0.1:{free}/db"), &format!("postgres://127.0.0.1:{free}/db")).await;

    server.sql(&database, &format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).expect("set");
    check(server.url(&database), "name the primary").await;
}

/// Stopping, cutting and hanging: each ends in an error in time, and goes over by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_in_any_manner_is_used_again_when_it_is_back() {
    let mut server = server();
    let database = server.database().expect("a database");
    let proxy = FaultProxy::start(server.address()).await.expect("a proxy");
    let store = open(&PostgresServer::url_at(proxy.address(), &database)).await.expect("opened");
    store.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let clock = SystemClock::new();
    let fails = async |how: &str| {
        let began = clock.monotonic();
        let error = store.key_changes(0).await.expect_err(how);
        assert!(matches!(error, StoreError::Unavailable(_)), "{how}: {error:?}");
        let took = clock.monotonic() - began;
        assert!(took < Duration::from_secs(8), "{how}: it took {took:?} to say so");
    };
    let mut number = 0;
    let works = async |how: &str, number: u32| {
        let again = async {
            // What was asked while it was away may still be waited for.
            while store.create_key("default", "bob", new_key(number)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), again).await.unwrap_or_else(|_| panic!("{how}: it stays away"));
    };

    server.stop().expect("stopped");
    fails("stopped").await;
    server.resume().expect("started");
    works("started again", number).await;

    for (how, fault) in [("cut", Fault::Cut), ("hanging", Fault::Stall)] {
        proxy.set(fault);
        fails(how).await;
        fails(how).await;
        proxy.set(Fault::Pass);
        number += 1;
        works(how, number).await;
    }
    // A notice arrives again, too.
    let other = open(&server.url(&database)).await.expect("opened");
    let heard = async {
        loop {
            let changed = store.changed();
            other.create_key("default", "bob", new_key(number + 100)).await.expect("a key");
            number += 1;
            if tokio::time::timeout(Duration::from_secs(1), changed).await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("heard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hangs_in_the_middle_of_a_change_holds_the_others_up_for_a_while_only() {
    let server = server();
    let database = server.database().expect("a database");
    let proxy = FaultProxy::start(server.address()).await.expect("a proxy");
    let hanging = open(&PostgresServer::url_at(proxy.address(), &database)).await.expect("opened");
    let other = open(&server.url(&database)).await.expect("opened");
    other.create_consumer(new_consumer("bob")).await.expect("a consumer");
    // Somewhere in its transactions it stops hearing and being heard.
    let writer = tokio::spawn(async move {
        for number in 0..10_000 {
            if hanging.create_key("default", "bob", new_key(number)).await.is_err() {
                return;
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    proxy.set(Fault::Stall);
    let goes_on = async { while other.create_key("default", "bob", new_key(20_000)).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(45), goes_on).await.expect("others go on");
    writer.await.expect("it gave up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_connections_left_says_so_and_serves_again() {
    let server = PostgresServer::start(&["max_connections=6", "superuser_reserved_connections=0"]).expect("a server");
    let database = server.database().expect("a database");
    let mut holders = Vec::new();
    for _ in 0..6 {
        if let Ok(store) = open(&server.url(&database)).await {
            // Each keeps the connection of its last question.
            if store.ping().await.is_ok() {
                holders.push(store);
            }
        }
    }
    let error = open(&server.url(&database)).await.expect_err("there is none left").to_string();
    assert!(error.contains("max_connections"), "{error}");
    holders.clear();
    let again = async { while open(&server.url(&database)).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("there is one again");
}

#[tokio::test]
async fn an_entry_of_the_audit_log_that_was_changed_removed_or_put_in_is_found() {
    let server = server();
    let database = server.database().expect("a database");
    let store = open(&server.url(&database)).await.expect("opened");
    for number in 0..6 {
        store.create_consumer(new_consumer(&format!("c{number}"))).await.expect("a consumer");
    }
    let refused = server.sql(&database, "UPDATE audit SET actor = 'eve' WHERE sequence = 3");
    assert!(refused.expect_err("refused").to_string().contains("only ever added to"));
    server.sql(&database, "DELETE FROM audit").expect_err("refused");
    server.sql(&database, "TRUNCATE audit").expect_err("refused");

    // Whoever owns the database can take the trigger away. It shows.
    server.sql(&database, "ALTER TABLE audit DISABLE TRIGGER USER").expect("disabled");
    let broken = async || store.verify_audit(None).await.expect("verified").broken.map(|broken| broken.sequence);
    assert_eq!(broken().await, None);
    server.sql(&database, "UPDATE audit SET actor = 'eve' WHERE sequence = 3").expect("changed");
    assert_eq!(broken().await, Some(3));
    server.sql(&database, "UPDATE audit SET actor = 'gateway' WHERE sequence = 3").expect("changed back");
    assert_eq!(broken().await, None);
    server.sql(&database, "DELETE FROM audit WHERE sequence = 2").expect("removed");
    assert_eq!(broken().await, Some(3));
}

/// Were the order of numbers not that of commits, a reader that resumes from the highest it has seen would
/// miss what took a lower one and was committed later.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_that_resumes_misses_nothing_that_many_nodes_write_at_once() {
    const NODES: u32 = 4;
    const KEYS: u32 = 40;
    let server = server();
    let url = server.url(&server.database().expect("a database"));
    let reader = open(&url).await.expect("opened");
    reader.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let mut writers = Vec::new();
    for node in 0..NODES {
        let store = open(&url).await.expect("opened");
        writers.push(tokio::spawn(async move {
            for number in 0..KEYS {
                // Some fail, and leave a gap in the numbers.
                let again = if number % 5 == 4 { number - 1 } else { number };
                let _ = store.create_key("default", "bob", new_key(node * 1000 + again)).await;
            }
        }));
    }
    let expected = (NODES * KEYS * 4 / 5) as usize;
    let (mut seen, mut sequence) = (std::collections::BTreeSet::new(), 0);
    let following = async {
        while seen.len() < expected {
            let changed = reader.changed();
            let read = reader.key_changes(sequence).await.expect("the changes");
            assert!(!read.incomplete && read.sequence >= sequence);
            sequence = read.sequence;
            for change in read.changes {
                match change {
                    tollgate_core::store::KeyChange::Granted(grant) => {
                        assert!(seen.insert(grant.key.id.to_string()), "twice");
                    }
                    other => panic!("{other:?}"),
                }
            }
            let _ = tokio::time::timeout(Duration::from_millis(200), changed).await;
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(60), following).await;
    assert!(outcome.is_ok(), "{} of {expected} were seen", seen.len());
    for writer in writers {
        writer.await.expect("joined");
    }
    let all = reader.key_set().await.expect("the keys").grants;
    assert_eq!(all.iter().map(|grant| grant.key.id.to_string()).collect::<std::collections::BTreeSet<_>>(), seen);
}

#[tokio::test]
async fn the_list_of_changes_stays_short_and_a_reader_that_fell_behind_is_told() {
    let server = server();
    let database = server.database().expect("a database");
    let store = open(&server.url(&database)).await.expect("opened");
    store.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let early = store.key_set().await.expect("the keys").sequence;
    let years = "INSERT INTO changes (kind, subject) SELECT 'consumer', 'con_x' FROM generate_series(1, 30000)";
    server.sql(&database, years).expect("inserted");
    let late = store.key_set().await.expect("the keys").sequence;
    store.create_key("default", "bob", new_key(1)).await.expect("a key");
    assert_eq!(server.sql(&database, "SELECT COUNT(*) FROM changes").expect("counted"), "10000");
    assert!(store.key_changes(early).await.expect("read").incomplete);
    let read = store.key_changes(late).await.expect("read");
    assert!(!read.incomplete);
    assert_eq!((read.changes.len(), read.sequence), (1, late + 1));
}
