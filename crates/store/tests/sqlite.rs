//! The suite on SQLite, and what is particular to a file.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod suite;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use suite::{Subject, new_consumer, new_key};
use tollgate_core::store::{Store, StoreError};
use tollgate_core::time::{Clock, ManualClock, SystemClock};

async fn open(path: &Path) -> Result<Arc<dyn Store>, StoreError> {
    tollgate_store::open(&format!("sqlite://{}", path.display()), Arc::new(ManualClock::default())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_passes_the_suite() {
    let folder = tempfile::tempdir().expect("a folder");
    let number = std::cell::Cell::new(0);
    suite::all(|| {
        number.set(number.get() + 1);
        let path = folder.path().join(format!("{}.db", number.get()));
        async move {
            let clock = Arc::new(ManualClock::default());
            let store = tollgate_store::open(&path.display().to_string(), Arc::<ManualClock>::clone(&clock)).await;
            Subject { store: store.expect("opened"), clock }
        }
    })
    .await;
}

#[tokio::test]
async fn folder_and_file_are_the_owners_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data/inner/tollgate.db");
    let store = open(&path).await.expect("opened");
    store.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("data")), 0o700);
    assert_eq!(mode(&folder.path().join("data/inner")), 0o700);
    for name in ["tollgate.db", "tollgate.db-wal", "tollgate.db-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let key = {
        let store = open(&path).await.expect("opened");
        store.create_consumer(new_consumer("bob")).await.expect("a consumer");
        store.create_key("default", "bob", new_key(1)).await.expect("a key")
    };
    let store = open(&path).await.expect("opened");
    assert_eq!(*store.key(&key.id).await.expect("found").key, key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_share_a_file_see_each_others_changes_within_a_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let (one, other) = (open(&path).await.expect("opened"), open(&path).await.expect("opened"));
    one.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let clock = SystemClock::new();
    let mut waits = Vec::new();
    for number in 0..5 {
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
    assert!(waits[2] < Duration::from_secs(1), "{waits:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiter_is_woken_by_another_process_and_not_for_ever_by_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let (one, other) = (open(&path).await.expect("opened"), open(&path).await.expect("opened"));
    // The first wait may end early; after that only a change ends it.
    tokio::time::timeout(Duration::from_secs(10), other.changed()).await.expect("the first look says yes");
    assert!(tokio::time::timeout(Duration::from_millis(500), other.changed()).await.is_err(), "nothing happened");
    let waiting = other.changed();
    one.create_consumer(new_consumer("bob")).await.expect("a consumer");
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("woken");
}

/// A wait that is given up in the middle of its question loses the connection that asked it; what
/// the next one is told must not be compared with what that one saw.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_not_missed_after_waits_that_were_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let (one, other) = (open(&path).await.expect("opened"), open(&path).await.expect("opened"));
    for round in 0..60_u64 {
        while tokio::time::timeout(Duration::from_millis(2), other.changed()).await.is_ok() {}
        // Given up at every moment of a question, which takes some hundred microseconds.
        let _ = tokio::time::timeout(Duration::from_micros(100_000 + round * 20), other.changed()).await;
        let waiting = other.changed();
        one.create_consumer(new_consumer(&format!("c{round}"))).await.expect("a consumer");
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("woken");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_open_a_new_file_at_once_all_succeed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let opening: Vec<_> = (0..12)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { open(&path).await.map(drop) })
        })
        .collect();
    for one in opening {
        one.await.expect("joined").expect("opened");
    }
}

#[track_caller]
fn check(outcome: Result<Arc<dyn Store>, StoreError>, path: &Path, expected: &str) {
    let error = outcome.expect_err("refused").to_string();
    assert!(error.contains(expected), "{error}");
    assert!(error.contains(&path.display().to_string()), "it names the file: {error}");
}

#[tokio::test]
async fn a_file_that_is_no_store_is_named_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let garbage = b"this is not a database, but somebody's notes. ".repeat(200);
    fs::write(&path, &garbage).expect("written");
    check(open(&path).await, &path, "not a database");
    assert_eq!(fs::read(&path).expect("read"), garbage);
    check(open(folder.path()).await, folder.path(), "it is a folder");
}

#[tokio::test]
async fn a_damaged_store_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    {
        let store = open(&path).await.expect("opened");
        store.create_consumer(new_consumer("bob")).await.expect("a consumer");
    }
    // Everything goes into the file itself when the last connection closes; wait for that.
    for _ in 0..100 {
        if !path.with_file_name("tollgate.db-wal").exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut bytes = fs::read(&path).expect("read");
    assert!(bytes.len() > 4096);
    for byte in &mut bytes[100..] {
        *byte = 0x5a;
    }
    fs::write(&path, bytes).expect("written");
    check(open(&path).await, &path, "damaged");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    // Nobody can make a file here, not even root.
    let path = Path::new("/proc/tollgate-data/tollgate.db");
    check(open(path).await, path, "cannot make or open");

    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("data");
    fs::create_dir(&inner).expect("made");
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o555)).expect("set");
    // Root writes everywhere; for everybody else this is the case that happens.
    if fs::write(inner.join("probe"), b"").is_err() {
        let path = inner.join("tollgate.db");
        check(open(&path).await, &path, "Permission denied");
    }
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    use sqlx::Connection;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    drop(open(&path).await.expect("opened"));
    let mut connection =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connected");
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', 1, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .expect("inserted");
    connection.close().await.expect("closed");
    match open(&path).await {
        Err(StoreError::Newer { found: 9999, known }) => assert!(known < 9999),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_list_of_changes_stays_short_and_a_reader_that_fell_behind_is_told() {
    use sqlx::Connection;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let store = open(&path).await.expect("opened");
    store.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let early = store.key_set().await.expect("the keys").sequence;

    // Years of changes at once.
    let mut raw = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connected");
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) \
         INSERT INTO changes (kind, subject, digest) SELECT 'consumer', 'con_x', NULL FROM n",
    )
    .execute(&mut raw)
    .await
    .expect("written");
    let late = store.key_set().await.expect("the keys").sequence;
    store.create_key("default", "bob", new_key(1)).await.expect("a key");

    let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM changes").fetch_one(&mut raw).await.expect("counted");
    assert_eq!(kept, 10_000);
    assert!(store.key_changes(early).await.expect("read").incomplete);
    let read = store.key_changes(late).await.expect("read");
    assert!(!read.incomplete);
    assert_eq!((read.changes.len(), read.sequence), (1, late + 1));
    assert!(!store.key_changes(read.sequence).await.expect("read").incomplete);
}

#[tokio::test]
async fn a_file_that_is_taken_away_or_replaced_is_noticed_before_anything_is_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    // The folder is moved as a whole: beside the file lie its journal and that one's index.
    let (data, aside) = (folder.path().join("data"), folder.path().join("aside"));
    let path = data.join("tollgate.db");
    let store = open(&path).await.expect("opened");
    store.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let sequence = store.key_set().await.expect("the keys").sequence;
    let unavailable = async |expected: &str| {
        let errors = [
            store.ping().await.expect_err("refused"),
            store.key_changes(sequence).await.expect_err("refused"),
            store.consumer("default", "bob").await.expect_err("refused"),
            store.create_key("default", "bob", new_key(1)).await.expect_err("refused"),
        ];
        for error in errors {
            assert!(matches!(&error, StoreError::Unavailable(text) if text.contains(expected)), "{error}");
        }
    };
    fs::rename(&data, &aside).expect("moved");
    unavailable("was taken away").await;
    drop(open(&path).await.expect("another one under the same name"));
    unavailable("was replaced").await;
    fs::remove_dir_all(&data).expect("removed");
    fs::rename(&aside, &data).expect("moved back");
    store.create_key("default", "bob", new_key(1)).await.expect("a key");
}

/// A full disk makes SQLite roll back by itself; so does this trigger.
#[tokio::test]
async fn a_store_whose_disk_was_full_writes_again_once_there_is_room() {
    use sqlx::Connection;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let store = open(&path).await.expect("opened");
    store.create_consumer(new_consumer("bob")).await.expect("a consumer");
    let mut raw = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connected");
    sqlx::query("CREATE TRIGGER full BEFORE INSERT ON keys BEGIN SELECT RAISE(ROLLBACK, 'no room'); END")
        .execute(&mut raw)
        .await
        .expect("made");
    for number in 1..4 {
        let error = store.create_key("default", "bob", new_key(number)).await.expect_err("refused");
        assert!(error.to_string().contains("no room"), "{error}");
    }
    sqlx::query("DROP TRIGGER full").execute(&mut raw).await.expect("dropped");
    store.create_key("default", "bob", new_key(9)).await.expect("a key");
    assert_eq!(store.key_set().await.expect("the keys").grants.len(), 1);
}

/// What the first version kept is there in the second, and its buckets have become things of their own.
#[tokio::test]
async fn a_store_of_an_older_version_is_brought_up_to_date() {
    use sqlx::Connection;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    fs::write(&path, b"").expect("made");
    let mut raw = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connected");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let migrator = sqlx::migrate::Migrator::new(migrations).await.expect("read");
    migrator.run_direct(Some(1), &mut raw, false).await.expect("the first version");
    sqlx::raw_sql(
        "INSERT INTO consumers VALUES ('con_1', 'partners', 'bob', '{\"a\":1}', '{}', 5, 6, 3);
         INSERT INTO consumers VALUES ('con_2', 'default', 'alice', '{}', '{}', 7, 7, 1);
         INSERT INTO keys VALUES ('key_1', 'con_1', zeroblob(32), 'tg_', NULL, 5, NULL, NULL, 0);
         INSERT INTO changes (kind, subject) VALUES ('consumer', 'con_1');",
    )
    .execute(&mut raw)
    .await
    .expect("inserted");
    raw.close().await.expect("closed");

    let store = open(&path).await.expect("opened");
    let buckets: Vec<String> = store.buckets().await.expect("listed").into_iter().map(|bucket| bucket.name).collect();
    assert_eq!(buckets, ["default", "partners"]);
    let key = store.key("key_1").await.expect("found");
    assert_eq!((&*key.consumer.name, key.consumer.version, key.key.quarantined_on), ("bob", 3, None));
    assert_eq!(store.key_set().await.expect("the keys").grants.len(), 1);
    store.quarantine_key("key_1").await.expect("it can be changed");
    assert_eq!(store.verify_audit(None).await.expect("verified").entries, 1);
}
