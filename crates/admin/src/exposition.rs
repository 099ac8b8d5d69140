//! From OpenMetrics to the older text format of Prometheus.

use std::collections::HashSet;

/// The same series in the text format 0.0.4, where a counter's description has the name of its samples, and nothing
/// stands at the end.
pub(crate) fn plain(open: &str) -> String {
    let counters: HashSet<&str> =
        open.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut out = String::with_capacity(open.len() + 1024);
    for line in open.lines() {
        let comment = ["# HELP ", "# TYPE "].iter().find_map(|mark| Some((*mark, line.strip_prefix(mark)?)));
        match comment.map(|(mark, rest)| (mark, rest.split_once(' ').unwrap_or((rest, "")))) {
            Some((mark, (name, rest))) if counters.contains(name) => {
                out.extend([mark, name, "_total ", rest, "\n"]);
            }
            // The older format has neither units nor an end.
            None if line.starts_with("# UNIT ") || line == "# EOF" => {}
            _ => out.extend([line, "\n"]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_described_by_the_name_of_its_samples() {
        let open = "# HELP a_b Things.\n# TYPE a_b counter\na_b_total{c=\"d\"} 1\n# HELP up Whether.\n# TYPE up gauge\nup 1\n# EOF\n";
        let expected = "# HELP a_b_total Things.\n# TYPE a_b_total counter\na_b_total{c=\"d\"} 1\n# HELP up Whether.\n# TYPE up gauge\nup 1\n";
        assert_eq!(plain(open), expected);
    }
}
