//! CPU time of processes, from `/proc/PID/stat`.

use std::fs;
use std::str::FromStr;

/// Ticks of the kernel's clock a second; 100 on every Linux that user space sees.
const TICKS: f64 = 100.0;

/// Processes that are counted together, under a name.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pids: Vec<u32>,
}

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, pids) = text.split_once('=').ok_or("expected NAME=PID,PID")?;
        let pid = |pid: &str| pid.parse().map_err(|_| format!("`{pid}` is no process id"));
        Ok(Self { name: name.to_owned(), pids: pids.split(',').map(pid).collect::<Result<_, _>>()? })
    }
}

impl Group {
    /// User and system time of all threads so far, those that ended included, in seconds. A
    /// process that is gone counts nothing.
    pub(crate) fn seconds(&self) -> f64 {
        self.pids.iter().filter_map(|pid| seconds(&pid.to_string())).sum()
    }
}

/// The CPU time of this process.
pub(crate) fn own_seconds() -> f64 {
    seconds("self").unwrap_or_default()
}

fn seconds(pid: &str) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; `utime` and `stime` are the 12th and 13th behind it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    #[allow(clippy::cast_precision_loss, reason = "a tick is ten milliseconds")]
    Some(ticks as f64 / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_sums_its_processes_and_ignores_those_that_are_gone() {
        let own = std::process::id();
        let group: Group = format!("proxy={own},4294967295").parse().unwrap();
        assert_eq!(group.name, "proxy");
        assert!((group.seconds() - own_seconds()).abs() < 0.5);
        assert!("proxy".parse::<Group>().is_err());
        assert!("proxy=x".parse::<Group>().is_err());
    }
}
