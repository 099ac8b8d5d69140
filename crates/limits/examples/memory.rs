//! How much memory a million limit keys take: in this process, and in a Redis where one is named.
//!
//! `cargo run --release -p tollgate-limits --example memory [-- redis://127.0.0.1:6379]`
//!
//! With an address it counts a few callers there, below prefixes of its own; they vanish within a minute.

#![allow(clippy::print_stdout, reason = "this is a program")]

use std::sync::Arc;
use std::time::Duration;

use tollgate_core::services::{Anchor, Bucket, Every, Limit, Limiter, Metered, Quotas, Schedule, Sharing, Window};
use tollgate_core::time::{Clock, ManualClock, SystemClock};
use tollgate_limits::quota::LocalQuotas;
use tollgate_limits::redis::Address;
use tollgate_limits::{LocalLimiter, RedisLimiter};

// As the gateway has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEYS: usize = 1_000_000;
const MINUTE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Each case in a process of its own: memory that one has given back would be the next one's for nothing.
    if let [flag, case, rest @ ..] = &*arguments
        && flag == "--case"
    {
        return one(case, rest.first());
    }
    println!("{KEYS} keys, each an IPv4 address:");
    let cases: &[&str] = if arguments.is_empty() { &CASES[..5] } else { &CASES };
    for case in cases {
        std::process::Command::new(std::env::current_exe()?).args(["--case", case]).args(&arguments).status()?;
    }
    Ok(())
}

const CASES: [&str; 8] = ["once", "used-up", "slots", "bucket", "quota", "redis-once", "redis-used-up", "redis-bucket"];

fn one(case: &str, url: Option<&String>) -> Result<(), Box<dyn std::error::Error>> {
    let window = |count| Limit::Window(Window { count, window: MINUTE });
    let bucket = Limit::Bucket(Bucket { count: 60, window: MINUTE, burst: 10 });
    let (what, limit, hits) = match case.trim_start_matches("redis-") {
        "once" => ("100/m, each called once", window(100), 1),
        "used-up" => ("60/m, each used up (every moment is kept)", window(60), 60),
        "slots" => ("600/m, each with a hit in every second", window(600), 60),
        "bucket" => ("token bucket", bucket, 1),
        _ => {
            quotas();
            return Ok(());
        }
    };
    match url.filter(|_| case.starts_with("redis-")) {
        Some(url) => tokio::runtime::Runtime::new()?.block_on(shared(url, what, limit, hits))?,
        None => local(what, limit, hits),
    }
    Ok(())
}

fn local(what: &str, limit: Limit, hits: u32) {
    let clock = Arc::new(ManualClock::default());
    let before = resident();
    let limiter = LocalLimiter::with_capacity(Arc::clone(&clock) as _, 2 * KEYS);
    let counter = limiter.counter("limit", Sharing::default());
    let keys = keys(hits);
    for _ in 0..hits {
        for key in 0..keys {
            let _ = counter.hit(&address(key), limit, 1);
        }
        if hits > 1 {
            clock.advance(Duration::from_millis(990));
        }
    }
    report("in memory", what, resident().saturating_sub(before), limiter.len());
}

fn quotas() {
    let before = resident();
    let quotas = LocalQuotas::in_memory(Arc::new(ManualClock::default()));
    let quota = quotas.quota("quota", true);
    let schedule = Schedule { every: Every::Monthly, anchor: Anchor::FirstCall };
    let metered = [Metered { meter: "requests".into(), allowance: Some(1000), cost: 1 }];
    for key in 0..KEYS {
        let _ = quota.take(&address(key), schedule, &metered);
    }
    report("in memory", "quota with one meter", resident().saturating_sub(before), KEYS);
}

/// A few callers tell as much as a million: the server says of each key what it takes.
async fn shared(url: &str, what: &str, limit: Limit, hits: u32) -> Result<(), Box<dyn std::error::Error>> {
    const CALLERS: usize = 200;
    let separator = if url.contains('?') { '&' } else { '?' };
    let prefix = format!("memory-{what}:").replace(|c: char| !c.is_ascii_alphanumeric() && c != ':', "-");
    let own = format!("{url}{separator}prefix={prefix}&timeout=10s");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let limiter = RedisLimiter::open(Address::parse(&own)?, clock).await;
    let counter = limiter.counter("limit", Sharing::default());
    for _ in 0..hits {
        for key in 0..CALLERS {
            counter.hit(&address(key), limit, 1).get().await?;
        }
    }
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    let keys: Vec<String> = redis::cmd("KEYS").arg(format!("{prefix}*")).query_async(&mut connection).await?;
    let mut bytes = 0;
    for key in &keys {
        let used: Option<usize> = redis::cmd("MEMORY").arg("USAGE").arg(key).query_async(&mut connection).await?;
        bytes += used.unwrap_or(0);
    }
    report("in Redis", what, bytes, keys.len().max(1));
    Ok(())
}

/// Keys that are hit often are counted fewer of: each takes as much.
fn keys(hits: u32) -> usize {
    if hits > 1 { KEYS / 50 } else { KEYS }
}

fn address(key: usize) -> String {
    std::net::Ipv4Addr::from_bits(u32::try_from(key).unwrap_or(u32::MAX) + (10 << 24)).to_string()
}

/// What this process has in memory, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<usize>().ok()).unwrap_or(0) * 1024
}

fn report(place: &str, what: &str, bytes: usize, keys: usize) {
    println!(
        "{place:>9}: {:>4} bytes a key ({:.0} MB for a million): {what}",
        bytes / keys,
        bytes as f64 / keys as f64
    );
}
