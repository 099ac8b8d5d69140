//! Why an exchange ended as it did: the words of the closed list.
//!
//! A reason is declared beside the code that gives it, as a `static`. The list of all reasons is
//! the walk over the catalog plus [`CORE`]; the reference pages, the metric labels and the
//! problem pages come from that walk.

/// Whose fault it was that a request was not served. Decides log level, metric and alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The caller must change something.
    Client,
    /// The backend failed.
    Upstream,
    /// The gateway, or its configuration, failed.
    Gateway,
}

/// One entry of the closed list.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// The stable, precise name, for the operator only: `key.unknown`.
    pub name: &'static str,
    /// The stable code that clients see; several reasons share one where the difference would
    /// help an attacker: every wrong key answers `key-refused`.
    pub code: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The public title, the same for every reason of one code.
    pub title: &'static str,
    /// Whose fault it is.
    pub fault: Fault,
    /// What happened, in a sentence for the reference.
    pub meaning: &'static str,
    /// What to do next. `dev` prints it and answers with it.
    pub fix: &'static str,
}

macro_rules! reasons {
    ($(#[doc = $doc:literal] $ident:ident = $name:literal, $code:literal, $status:literal, $title:literal, $fault:ident, $meaning:literal, $fix:literal;)*) => {
        $(#[doc = $doc] pub static $ident: Reason = Reason { name: $name, code: $code, status: $status, title: $title, fault: Fault::$fault, meaning: $meaning, fix: $fix };)*
        /// The reasons that the gateway itself gives; policies and handlers declare theirs.
        pub static CORE: &[&Reason] = &[$(&$ident),*];
    };
}

reasons! {
    /// No route has this path.
    ROUTE_NOT_FOUND = "route.not_found", "not-found", 404, "Not Found", Client,
        "No route of the project matches the path and host of the request.",
        "Compare the path with `tollgate routes`; a `servers` path is not part of a route unless the document is mounted there.";
    /// The path exists, the method does not.
    ROUTE_METHOD = "route.method_not_allowed", "method-not-allowed", 405, "Method Not Allowed", Client,
        "The path has routes, but none for this method; the Allow header lists the methods there are.",
        "Use one of the methods in the Allow header, or add the operation to the document.";
    /// A preflight that no CORS policy allows.
    CORS_REFUSED = "cors.refused", "cors-refused", 404, "Not Found", Client,
        "A preflight request asked for an origin, a method or a route that no CORS policy allows.",
        "Add `cors: anything-goes` or a named CORS policy with this origin to the route.";
    /// A preflight that lacks its headers.
    CORS_MALFORMED = "cors.malformed", "cors-malformed", 400, "Bad Request", Client,
        "A preflight request has no Origin or no Access-Control-Request-Method header.",
        "Send both headers, as browsers do.";
    /// An address failed to authenticate too often.
    AUTH_TOO_MANY_FAILURES = "auth.too_many_failures", "too-many-failures", 429, "Too Many Requests", Client,
        "The client's address failed to authenticate more often than `failedAuthLimit` allows.",
        "Stop sending wrong credentials and wait for the time in Retry-After; raise `failedAuthLimit`, or set it to `off`, where many callers share one address.";
    /// An alert that its sender did not sign.
    ALERT_UNVERIFIED = "alert.unverified", "alert-unverified", 401, "Unauthorized", Client,
        "An alert of a leaked key was not signed, or not by a key that GitHub publishes.",
        "Alerts come from GitHub alone; where this one did, look whether something between changes the body, and at `leaks.github.keysUrl`.";
    /// An alert that cannot be read.
    ALERT_MALFORMED = "alert.malformed", "alert-malformed", 400, "Bad Request", Client,
        "An alert of leaked keys does not have the form that GitHub's partner program gives it.",
        "Send a POST with a JSON array of objects with `token`, `type`, `url` and `source`.";
    /// Too many alerts.
    ALERT_TOO_MANY = "alert.too_many", "alert-too-many", 429, "Too Many Requests", Client,
        "An address sent more alerts of leaked keys than `leaks.github.rate` allows.",
        "Wait for the time in Retry-After; raise `leaks.github.rate` where GitHub itself sends so many.";
    /// Nothing can be done about an alert.
    ALERT_UNAVAILABLE = "alert.unavailable", "alert-unavailable", 503, "Service Unavailable", Gateway,
        "The keys of GitHub's signatures cannot be fetched, or the store is away, so that nothing can be done about an alert.",
        "See the cause: the gateway must reach `leaks.github.keysUrl` and its store. GitHub is to send the alert again.";
    /// A message about a new commit that its sender did not prove to be theirs.
    SOURCE_UNVERIFIED = "source.unverified", "source-unverified", 401, "Unauthorized", Client,
        "A message about a new commit has no signature or token that `source.webhook` would believe, or is too old.",
        "Give the repository's webhook the secret of `source.webhook`, and look whether its kind is the right one and whether something between changes the body.";
    /// Too many messages about commits.
    SOURCE_TOO_MANY = "source.too_many", "source-too-many", 429, "Too Many Requests", Client,
        "An address sent more than sixty messages about new commits in a minute.",
        "Wait for the time in Retry-After; one message for each push is enough.";
    /// The request was not well-formed HTTP.
    REQUEST_MALFORMED = "request.malformed", "bad-request", 400, "Bad Request", Client,
        "The request broke a rule of HTTP that keeps two parties from reading it in two ways: Host, target, framing or path.",
        "See the detail; send exactly one well-formed Host, an origin-form target, and one kind of framing.";
    /// Plain HTTP came where TLS is spoken.
    REQUEST_PLAIN_HTTP = "request.plain_http", "plain-http", 400, "Bad Request", Client,
        "A request came in plain HTTP to a listener that speaks TLS.",
        "Write https:// in the URL.";
    /// The request is for a name that has other rules for client certificates than its connection.
    REQUEST_MISDIRECTED = "request.misdirected", "misdirected", 421, "Misdirected Request", Client,
        "The request names a host whose client certificates are checked in another way than its connection was.",
        "Open a connection for this host: its name must be in the TLS handshake (SNI), as HTTP clients do by themselves.";
    /// A TLS handshake failed.
    TLS_HANDSHAKE = "tls.handshake", "tls-handshake", 400, "Bad Request", Client,
        "A TLS handshake failed, so there was no request; the cause says at what.",
        "Look at the cause: a missing or unknown client certificate, a version or cipher that is too old, a client that does not trust the certificate.";
    /// A connection without a good PROXY protocol header.
    PROXY_PROTOCOL = "proxy_protocol.refused", "proxy-protocol", 400, "Bad Request", Client,
        "A connection to a listener with `proxyProtocol: required` did not begin with a well-formed header, or did not come from `server.trustedProxies`.",
        "Switch on the PROXY protocol in the load balancer, and list its addresses under `server.trustedProxies`.";
    /// The target is too long.
    REQUEST_URI_TOO_LONG = "request.uri_too_long", "uri-too-long", 414, "URI Too Long", Client,
        "The request target is longer than `server.limits.urlLength`.",
        "Shorten the URL, or raise `server.limits.urlLength`.";
    /// Too many or too large header fields.
    REQUEST_HEADERS_TOO_LARGE = "request.headers_too_large", "headers-too-large", 431, "Request Header Fields Too Large", Client,
        "The request has more header fields, or more bytes of them, than the limits allow.",
        "Send fewer or shorter headers, or raise `server.limits.headerCount` or `headerBytes`.";
    /// The body is over the limit.
    REQUEST_TOO_LARGE = "request.too_large", "content-too-large", 413, "Content Too Large", Client,
        "The request body is longer than the limit of the server, the route or the policy.",
        "Send less, or raise the limit named in the detail.";
    /// A body of unknown length is over what may be buffered for the upstream.
    REQUEST_LENGTH_UNKNOWN = "request.length_unknown", "content-too-large", 413, "Content Too Large", Client,
        "The request body came without a Content-Length, for an upstream that needs one, and is longer than `upstreams.<name>.requestBuffering`.",
        "Send the body with a Content-Length, or raise `requestBuffering` of the upstream.";
    /// The client was too slow.
    REQUEST_TIMEOUT = "request.timeout", "request-timeout", 408, "Request Timeout", Client,
        "The client did not send its request in time.",
        "Send the request faster, or raise `server.timeouts`.";
    /// A method that nothing here serves.
    REQUEST_METHOD_UNSUPPORTED = "request.method_unsupported", "method-unsupported", 501, "Not Implemented", Client,
        "The method is not one that the gateway forwards, such as CONNECT or TRACE.",
        "Use another method.";
    /// A WebSocket handshake of another version.
    REQUEST_WEBSOCKET_VERSION = "request.websocket_version", "upgrade-required", 426, "Upgrade Required", Client,
        "The WebSocket handshake asks for another version of the protocol than 13.",
        "Use a client that speaks WebSocket version 13 (RFC 6455), as every current one does.";
    /// A WebSocket's route was asked for something else.
    REQUEST_NOT_WEBSOCKET = "request.not_websocket", "upgrade-required", 426, "Upgrade Required", Client,
        "The route serves WebSockets alone, and the request asks for none.",
        "Ask with the handshake of RFC 6455, or of RFC 8441 over HTTP/2.";
    /// The client went away.
    CLIENT_GONE = "client.gone", "client-gone", 499, "Client Closed Request", Client,
        "The client closed its connection before the answer was complete.",
        "Nothing to do in the gateway; look for a short timeout in the client.";
    /// The client did not take its answer.
    CLIENT_TOO_SLOW = "client.too_slow", "client-too-slow", 408, "Request Timeout", Client,
        "The client took its answer more slowly than `server.timeouts.response` and `server.limits.minResponseRate` allow, or not at all.",
        "Look at the client and at the network between; where it is meant to be slow, raise `server.timeouts.response`, or lower `server.limits.minResponseRate`.";
    /// An HTTP/2 connection brought too little but work.
    CLIENT_FLOOD = "client.flood", "client-flood", 429, "Too Many Requests", Client,
        "An HTTP/2 connection cancelled more requests, or sent more frames that carry none, than its traffic explains; it was closed with ENHANCE_YOUR_CALM.",
        "Look at the client; where it is a good one, raise `server.http2.resetBudget` or `controlBudget`, whichever the log names.";
    /// Nobody listens at the target.
    UPSTREAM_REFUSED = "upstream.connect_refused", "upstream-unreachable", 502, "Bad Gateway", Upstream,
        "The target refused the connection.",
        "Start the backend, or correct the upstream's address.";
    /// The name of the target does not resolve.
    UPSTREAM_DNS = "upstream.dns", "upstream-unreachable", 502, "Bad Gateway", Upstream,
        "The host name of the target could not be resolved.",
        "Correct the host name of the upstream, or the resolver of this machine.";
    /// TLS with the target failed.
    UPSTREAM_TLS = "upstream.tls", "upstream-unreachable", 502, "Bad Gateway", Upstream,
        "The TLS handshake with the target failed: its certificate is not trusted, or it speaks no TLS.",
        "Check the certificate and its name; give `upstreams.<name>.tls.ca` for a private authority.";
    /// The target speaks another protocol.
    UPSTREAM_NO_HTTP2 = "upstream.no_http2", "upstream-unreachable", 502, "Bad Gateway", Upstream,
        "The target does not speak HTTP/2, which `protocol: http2` of the upstream asks for.",
        "Write `protocol: auto` or `http1` at the upstream, or turn HTTP/2 on in the backend.";
    /// The target speaks HTTP/2 only.
    UPSTREAM_ONLY_HTTP2 = "upstream.only_http2", "upstream-unreachable", 502, "Bad Gateway", Upstream,
        "The target answered a request of HTTP/1 in HTTP/2, and speaks nothing else. Without TLS nothing tells that before.",
        "Write `protocol: http2` at the upstream: `upstreams: { NAME: { url: …, protocol: http2 } }`.";
    /// The target speaks HTTP/2 only, and takes no WebSockets over it.
    UPSTREAM_NO_WEBSOCKET = "upstream.no_websocket", "upstream-unreachable", 502, "Bad Gateway", Upstream,
        "The target speaks HTTP/2 and does not offer WebSockets over it (RFC 8441).",
        "Write `protocol: http1` or `auto` at the upstream, or let the backend offer extended CONNECT.";
    /// The connection broke before an answer.
    UPSTREAM_RESET = "upstream.reset", "upstream-broke-off", 502, "Bad Gateway", Upstream,
        "The target closed or reset the connection before a whole response head had arrived.",
        "Look at the backend's log at this moment; it may have crashed or closed an idle connection. Where no request ever succeeds, it may speak HTTP/2 only: `protocol: http2`.";
    /// The answer was not well-formed HTTP.
    UPSTREAM_MALFORMED = "upstream.malformed", "upstream-broke-off", 502, "Bad Gateway", Upstream,
        "The target's answer broke a rule of HTTP, or was a protocol switch that nobody asked for.",
        "Look at the raw answer of the backend for this request.";
    /// No connection in time.
    UPSTREAM_TIMEOUT_CONNECT = "upstream.timeout.connect", "upstream-timed-out", 504, "Gateway Timeout", Upstream,
        "No connection to the target within `timeouts.connect`.",
        "Check that the target is reachable; raise `timeouts.connect` for a far one.";
    /// No answer in time.
    UPSTREAM_TIMEOUT_FIRST_BYTE = "upstream.timeout.first_byte", "upstream-timed-out", 504, "Gateway Timeout", Upstream,
        "The target sent no response head within `timeouts.firstByte`.",
        "Look for a slow handler in the backend; raise `timeouts.firstByte` for this route.";
    /// The answer stalled.
    UPSTREAM_TIMEOUT_IDLE = "upstream.timeout.idle", "upstream-timed-out", 504, "Gateway Timeout", Upstream,
        "The target stopped in the middle of its answer for longer than `timeouts.idle`.",
        "Look for a stalled stream in the backend; raise `timeouts.idle` for long-polling routes.";
    /// The whole took too long.
    UPSTREAM_TIMEOUT_TOTAL = "upstream.timeout.total", "upstream-timed-out", 504, "Gateway Timeout", Upstream,
        "The exchange was not finished within `timeouts.total`.",
        "Raise `timeouts.total`, or leave it unset for streams.";
    /// A tunnel was silent for too long.
    TUNNEL_IDLE = "tunnel.idle", "tunnel-closed", 504, "Tunnel Closed", Client,
        "Nothing went through a tunnel, in either direction, for `server.tunnels.idle`.",
        "Send pings more often than that, or raise `server.tunnels.idle`.";
    /// A tunnel became too old.
    TUNNEL_MAX_AGE = "tunnel.max_age", "tunnel-closed", 504, "Tunnel Closed", Gateway,
        "A tunnel was open for as long as `server.tunnels.maxAge` allows.",
        "Let the client connect again, or raise `server.tunnels.maxAge`.";
    /// The key that opened a tunnel is good no more.
    TUNNEL_KEY_ENDED = "tunnel.key_ended", "tunnel-closed", 504, "Tunnel Closed", Client,
        "The key that a tunnel was opened with was revoked, has expired, or is not there any more.",
        "Open it again with a key that is good.";
    /// The gateway stopped.
    TUNNEL_DRAINED = "tunnel.drained", "tunnel-closed", 504, "Tunnel Closed", Gateway,
        "The gateway was stopping and closed the tunnels that were still open.",
        "Let the client connect again; `server.tunnels.drain` says how long a stop waits.";
    /// The request body broke off.
    CLIENT_BODY_BROKEN = "client.body_broken", "bad-request", 400, "Bad Request", Client,
        "The request body broke off or was not well-framed.",
        "Send as many bytes as Content-Length says, or well-formed chunks.";
    /// A template could not be rendered into a path.
    TARGET_UNSAFE = "request.target_unsafe", "bad-request", 400, "Bad Request", Client,
        "A parameter would have changed the shape of the rewritten path: it brings a dot segment with it.",
        "Send another value for the parameter.";
    /// The project is broken.
    GATEWAY_NO_PROJECT = "gateway.no_project", "unavailable", 503, "Service Unavailable", Gateway,
        "The gateway has no usable project.",
        "Run `tollgate check` and mend what it shows.";
    /// Too much at once.
    GATEWAY_OVERLOADED = "gateway.overloaded", "unavailable", 503, "Service Unavailable", Gateway,
        "A limit of the process was reached: connections, memory or queue.",
        "Add capacity, or raise the limit that the log names.";
    /// A store that keys depend on is away.
    STORE_UNAVAILABLE = "store.unavailable", "unavailable", 503, "Service Unavailable", Gateway,
        "The store has been away for longer than `keys.maxStale`, so that keys can no longer be trusted.",
        "Bring the store back; `tollgate doctor` tells what is wrong with it.";
    /// A token could not be signed.
    SIGN_FAILED = "sign.failed", "internal-error", 500, "Internal Server Error", Gateway,
        "The token for the upstream could not be signed.",
        "The log line with this request id has the cause.";
    /// A script threw.
    SCRIPT_THREW = "script.threw", "internal-error", 500, "Internal Server Error", Gateway,
        "A module of the project threw an error, and nothing caught it.",
        "The log line with this request id has the error, with file, line and stack.";
    /// A script gave back something that means nothing at its place.
    SCRIPT_RESULT = "script.result", "internal-error", 500, "Internal Server Error", Gateway,
        "A policy, handler or function of the project returned something that has no meaning at its place.",
        "Return the request (or a new one) or a Response from a policy, a Response or a value from a handler; the log says what came instead.";
    /// A script used up its processor time.
    SCRIPT_CPU_LIMIT = "script.cpu_limit", "internal-error", 500, "Internal Server Error", Gateway,
        "A script used more processor time than `scripts.cpu` allows, and was stopped.",
        "Look for a loop or an expensive regular expression at the place that the log names; raise `scripts.cpu` if the work is meant.";
    /// A script used up its memory.
    SCRIPT_MEMORY_LIMIT = "script.memory_limit", "internal-error", 500, "Internal Server Error", Gateway,
        "The heap of the scripts reached `scripts.memory`; the call that asked for more was stopped.",
        "Look for what a module keeps between requests; stream bodies instead of reading them whole; raise `scripts.memory` if the work is meant.";
    /// A script recursed too deep.
    SCRIPT_STACK_LIMIT = "script.stack_limit", "internal-error", 500, "Internal Server Error", Gateway,
        "A script called itself deeper than `scripts.stack` allows.",
        "Look for a function that calls itself without end.";
    /// A script did not answer in time.
    SCRIPT_TIMEOUT = "script.timeout", "gateway-timeout", 504, "Gateway Timeout", Gateway,
        "A script was not done within `scripts.wall`: it waits for something that does not come.",
        "Give requests a time of their own (`AbortSignal.timeout`), and look for a promise that nobody settles.";
    /// Too many scripts at once.
    SCRIPT_BUSY = "script.busy", "unavailable", 503, "Service Unavailable", Gateway,
        "More calls of scripts wait than `scripts.queue` allows.",
        "Make the scripts faster, add cores, or raise `scripts.queue`.";
    /// Routes that call each other.
    SCRIPT_LOOP = "script.loop", "loop-detected", 508, "Loop Detected", Gateway,
        "Routes call each other through `invokeRoute` deeper than the gateway follows.",
        "Look at which route calls which.";
    /// Something that must not happen.
    INTERNAL = "gateway.internal", "internal-error", 500, "Internal Server Error", Gateway,
        "Something happened in the gateway that should be impossible.",
        "Report it with the log line of this request id.";
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
