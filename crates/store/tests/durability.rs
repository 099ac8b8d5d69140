//! `kill -9` at any moment loses no acknowledged key and revives no revoked one.
//!
//! The test runs itself as a child that writes and prints each acknowledgement, kills it, and
//! compares what was acknowledged with what is in the store.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod suite;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use suite::{new_consumer, new_key};
use tollgate_core::store::{NewKey, Store};
use tollgate_core::time::SystemClock;

const FILE: &str = "TOLLGATE_DURABILITY_FILE";
const ROUND: &str = "TOLLGATE_DURABILITY_ROUND";
const ROUNDS: u32 = 20;

async fn open(path: &Path) -> Arc<dyn Store> {
    let url = path.display().to_string();
    tollgate_store::open(&url, Arc::new(SystemClock::new())).await.expect("opened")
}

/// What the child does: makes keys and revokes every third, and says so once it is durable.
async fn write(path: &Path, round: u32) {
    let store = open(path).await;
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
fn task() -> Option<(PathBuf, u32)> {
    let path = std::env::var(FILE).ok()?;
    let round = std::env::var(ROUND).ok()?.parse().ok()?;
    Some((path.into(), round))
}

/// Runs the child until it has acknowledged `acknowledgements` things and a bit of time has
/// passed, and kills it.
fn run_and_kill(path: &Path, round: u32, acknowledgements: usize, extra: Duration, said: &mut Said) {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "killed_at_any_moment_it_loses_no_key_and_revives_none", "--nocapture"])
        .env(FILE, path)
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

#[test]
fn killed_at_any_moment_it_loses_no_key_and_revives_none() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if let Some((path, round)) = task() {
        runtime().block_on(write(&path, round));
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tollgate.db");
    let mut said = Said::default();
    for round in 0..ROUNDS {
        let extra = Duration::from_micros(u64::from(round) * 739 % 9000);
        run_and_kill(&path, round, 1 + (round as usize * 7) % 40, extra, &mut said);
        runtime().block_on(async {
            let store = open(&path).await;
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
                let revoked =
                    *keys.get(id).unwrap_or_else(|| panic!("round {round}: {id} was acknowledged and is lost"));
                assert!(!said.revoked.contains(id) || revoked, "round {round}: {id} was revoked and lives");
                assert!(!revoked || said.revoking.contains(id), "round {round}: {id} is revoked, and nobody asked");
                assert_eq!(live.contains(id), !revoked, "round {round}: {id}");
            }
            // The list of changes tells the same story as the tables.
            let changes = store.key_changes(0).await.expect("the changes").changes;
            assert_eq!(changes.len(), keys.len(), "round {round}: one change for each key");
            let more = NewKey { hint: "after".to_owned(), ..new_key(9_000_000 + round) };
            store.create_key("default", "bob", more).await.expect("it goes on");
        });
    }
    assert!(said.made.len() > 100 && said.revoked.len() > 30, "the child did something");
}
