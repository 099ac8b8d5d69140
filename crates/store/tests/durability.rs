//! `kill -9` at any moment loses no acknowledged key, no revocation and no entry of the audit log, and
//! revives no revoked key.
//!
//! The test runs itself as a child that writes and prints each acknowledgement, kills it, and
//! compares what was acknowledged with what is in the store.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod suite;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use suite::{new_consumer, new_key};
use tollgate_core::store::{AuditQuery, NewKey, Store};
use tollgate_core::time::SystemClock;
use tollgate_servers::PostgresServer;

const URL: &str = "TOLLGATE_DURABILITY_URL";
const ROUND: &str = "TOLLGATE_DURABILITY_ROUND";
const ROUNDS: u32 = 100;

async fn open(url: &str) -> Arc<dyn Store> {
    tollgate_store::open(url, Arc::new(SystemClock::new())).await.expect("opened")
}

/// What the child does: makes keys and revokes every third, and says so once it is durable.
async fn write(url: &str, round: u32) {
    let store = open(url).await;
    let _ = store.create_consumer(new_consumer("bob")).await;
    let mut out = std::io::stdout();
    for number in 0.. {
        let key = store.create_key("default", "bob", new_key(round * 100_000 + number)).await.expect("a key");
        writeln!(out, "made {}", key.id).and_then(|()| out.flush()).expect("said");
        if number % 3 == 0 {
            // Said before as well: a revocation that was not acknowledged may have happened.
            writeln!(out, "revoking {}", key.id).and_then(|()| out.flush()).expect("said");
            store.revoke_key(&key.id).await.expect("revoked");
            writeln!(out, "revoked {}", key.id).and_then(|()| out.flush()).expect("said");
        }
    }
}

#[derive(Debug, Default)]
struct Said {
    made: BTreeSet<String>,
    revoking: BTreeSet<String>,
    revoked: BTreeSet<String>,
}

#[expect(clippy::disallowed_methods, reason = "the child is told what to do by its environment")]
fn task() -> Option<(String, u32)> {
    Some((std::env::var(URL).ok()?, std::env::var(ROUND).ok()?.parse().ok()?))
}

/// Runs the child until it has acknowledged `acknowledgements` things and a bit of time has
/// passed, and kills it.
fn run_and_kill(url: &str, round: u32, acknowledgements: usize, extra: Duration, said: &mut Said) {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "killed_at_any_moment_a_writer_to_a_file_loses_nothing", "--nocapture"])
        .env(URL, url)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut note = |line: String| {
        // The test harness writes lines of its own, and may write before the first of ours.
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| ["made", "revoking", "revoked"].contains(word)) else {
            return false;
        };
        let Some(id) = words.get(at + 1).filter(|id| id.len() == 36) else { return false };
        let set = match words[at] {
            "made" => &mut said.made,
            "revoking" => &mut said.revoking,
            _ => &mut said.revoked,
        };
        set.insert((*id).to_owned());
        true
    };
    let mut count = 0;
    while count < acknowledgements {
        let line = lines.next().expect("it goes on until it is killed").expect("read");
        count += usize::from(note(line));
    }
    // A moment that has nothing to do with where the child stands.
    std::thread::park_timeout(extra);
    child.kill().expect("killed");
    child.wait().expect("gone");
    // What it said before it died counts; a last line may be cut.
    for line in lines.map_while(Result::ok) {
        note(line);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

#[test]
fn killed_at_any_moment_a_writer_to_a_file_loses_nothing() {
    if let Some((url, round)) = task() {
        runtime().block_on(write(&url, round));
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    kill_again_and_again(&folder.path().join("tollgate.db").display().to_string());
}

#[test]
fn killed_at_any_moment_a_writer_to_postgres_loses_nothing() {
    let server = PostgresServer::start(&[]).expect("a server");
    kill_again_and_again(&server.url(&server.database().expect("a database")));
}

fn kill_again_and_again(url: &str) {
    let mut said = Said::default();
    for round in 0..ROUNDS {
        let extra = Duration::from_micros(u64::from(round) * 739 % 9000);
        run_and_kill(url, round, 1 + (round as usize * 7) % 20, extra, &mut said);
        runtime().block_on(check(url, round, &said));
    }
    assert!(said.made.len() > 300 && said.revoked.len() > 100, "the child did something");
}

/// Compares what was said with what is there.
async fn check(url: &str, round: u32, said: &Said) {
    let store = open(url).await;
    let keys: BTreeMap<String, bool> = store
        .keys(None)
        .await
        .expect("listed")
        .iter()
        .map(|key| (key.key.id.to_string(), key.key.revoked_on.is_some()))
        .collect();
    let live: BTreeSet<String> =
        store.key_set().await.expect("the keys").grants.iter().map(|grant| grant.key.id.to_string()).collect();
    for id in &said.made {
        let revoked = *keys.get(id).unwrap_or_else(|| panic!("round {round}: {id} was acknowledged and is lost"));
        assert!(!said.revoked.contains(id) || revoked, "round {round}: {id} was revoked and lives");
        assert!(!revoked || said.revoking.contains(id), "round {round}: {id} is revoked, and nobody asked");
        assert_eq!(live.contains(id), !revoked, "round {round}: {id}");
    }
    // The list of changes and the audit log tell the same story as the tables: each key has its
    // entries, and there are no others.
    let changes = store.key_changes(0).await.expect("the changes").changes;
    assert_eq!(changes.len(), keys.len(), "round {round}: one change for each key");
    let verdict = store.verify_audit(None).await.expect("verified");
    assert_eq!(verdict.broken, None, "round {round}");
    let told = async |action: &str| {
        let query = AuditQuery { action: Some(action.to_owned()), limit: 1_000_000, ..AuditQuery::default() };
        let entries = store.audit(query).await.expect("read");
        entries.into_iter().map(|entry| entry.target).collect::<BTreeSet<_>>()
    };
    assert_eq!(told("key.create").await, keys.keys().cloned().collect(), "round {round}");
    let revoked = keys.iter().filter(|(_, revoked)| **revoked).map(|(id, _)| id.clone()).collect();
    assert_eq!(told("key.revoke").await, revoked, "round {round}");

    let more = NewKey { hint: "after".to_owned(), ..new_key(4_000_000_000 + round) };
    store.create_key("default", "bob", more).await.expect("it goes on");
}
