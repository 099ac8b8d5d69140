//! All series of the data plane, described once: what is registered takes its help from here, the reference page is
//! made of it, and a test holds it against what a scraper gets.

use tollgate_core::series::Series;

/// The series of the data plane, in the order of the reference page.
pub const SERIES: &[Series] = &[
    Series::counter("requests", &["route", "method", "status", "reason"], "Requests that were answered"),
    Series::histogram(
        "request_duration_seconds",
        &["route"],
        "From the head of the request to the last byte of the answer",
    ),
    Series::histogram(
        "upstream_duration_seconds",
        &["route"],
        "From sending a request upstream to the head of its answer",
    ),
    Series::counter("request_bytes", &["route"], "Bytes of request bodies"),
    Series::counter("response_bytes", &["route"], "Bytes of response bodies"),
    Series::gauge("requests_in_flight", &[], "Requests that are being answered"),
    Series::counter("upstream_attempts", &["outcome"], "Tries to reach an upstream, by outcome"),
    Series::counter(
        "policy_cpu_seconds",
        &["policy"],
        "Processor time of policies, handlers and hooks that are scripts",
    ),
    Series::counter(
        "limits_would_refuse",
        &["policy"],
        "Requests that limits would have refused, if they did not only report",
    ),
    Series::gauge("tunnels", &[], "WebSocket connections and other upgrades that are open"),
    Series::gauge("connections", &[], "Open client connections"),
    Series::counter("connections_accepted", &[], "Client connections accepted"),
    Series::counter(
        "connections_refused",
        &["reason"],
        "Client connections turned away before their first request, by reason",
    ),
    Series::counter("accepts_paused", &["reason"], "How often nothing could be accepted for a moment, by reason"),
    Series::counter("tls_handshakes", &["version", "resumed"], "TLS handshakes with clients that succeeded"),
    Series::gauge(
        "certificate_not_after_seconds",
        &["listener", "certificate"],
        "When a certificate in force expires, in seconds since 1970",
    ),
    Series::counter("certificates_failed", &[], "Changed certificates that could not be put into force"),
    Series::counter(
        "leaked_keys",
        &["source", "action"],
        "Keys that were reported as leaked, by who said so and what was done",
    ),
    Series::counter("leak_webhooks", &["outcome"], "Webhooks about leaked keys, by outcome of each try"),
    Series::gauge("store_up", &[], "Whether the store answered when it was last asked"),
    Series::counter("store_outages", &[], "How often the store went away"),
    Series::counter("reloads", &[], "Projects put into force"),
    Series::counter("reloads_failed", &[], "Projects that did not pass a reload"),
    Series::gauge(
        "project_degraded",
        &[],
        "Whether the project in force is an earlier one, because the one on disk cannot be put into force",
    ),
    Series::gauge("snapshot_pinned", &[], "Whether a snapshot is pinned, so that no other project is put into force"),
    Series::counter("rollbacks", &[], "How often a snapshot was put back into force"),
    Series::counter("canaries", &["outcome"], "Projects whose first errors were watched, by what became of them"),
    Series::counter("source_looks", &["outcome"], "Looks at the repository that the project comes from, by outcome"),
    Series::gauge("snapshot_info", &["snapshot"], "The project in force, by the digest of its files"),
    Series::counter("access_log_dropped", &[], "Access log lines dropped before they came to a sink"),
    Series::counter("access_log_sampled_out", &[], "Requests without a line in the access log, by accessLog.sample"),
    Series::counter("access_log_sink_lines", &["sink"], "Access log lines that a sink has taken"),
    Series::counter("access_log_sink_dropped", &["sink"], "Access log lines dropped because a sink was behind or away"),
    Series::gauge("access_log_sink_up", &["sink"], "Whether a sink of the access log took what it was last handed"),
    Series::counter(
        "spans_kept",
        &["why"],
        "Requests that the share of traces leaves out, whose spans are sent all the same",
    ),
    Series::counter("metric_exports_failed", &[], "Exports of metrics that the collector did not take"),
    Series::counter("spans_dropped", &[], "Requests whose spans the collector did not take"),
];
