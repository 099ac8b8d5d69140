//! What a listener holds its connections to.

use std::fmt;
use std::time::Duration;

use h2::server::Builder;
use ipnet::IpNet;
use tollgate_core::settings::{Http2Settings, Settings};
use tollgate_http1::HeadLimits;

use crate::hygiene::upgrade::WEBSOCKET;
use crate::pace::Pace;

/// What a request line has besides its target.
const REQUEST_LINE_SURPLUS: usize = 1024;
/// The most that an HTTP/2 stream keeps for a client that is slower than its upstream.
const STREAM_SEND_BUFFER: usize = 64 * 1024;
/// What a field counts besides its bytes in the size of a header list (RFC 9113 §6.5.2).
const FIELD_SURPLUS: usize = 32;
/// The bounds of a flow-control window (RFC 9113 §6.9): below the first the protocol cannot start,
/// above the second it cannot count.
const WINDOW: (u32, u32) = (65_535, (1 << 31) - 1);

/// What a listener holds its connections to. Made at load; connections keep the one they began
/// with.
#[derive(Clone)]
pub struct WireSettings {
    /// From the first byte of a head to its last; also from a new connection to its first byte.
    pub head: Duration,
    /// Between two requests on one connection.
    pub keep_alive: Duration,
    /// How old a connection may become; zero for any age.
    pub connection_age: Duration,
    /// For how long a client that ends its side of the connection is believed to wait for its answer.
    pub half_close: Duration,
    /// For how long a client may take no byte of an answer that waits for it.
    pub take: Duration,
    /// The least rate, in bytes per second, at which a client takes an answer that waits for it; it
    /// may be slower for `take`.
    pub take_rate: u64,
    /// For the PROXY protocol header and the TLS handshake together.
    pub handshake: Duration,
    /// The most connections that are at either of them.
    pub handshakes: usize,
    /// The most connections at once; `None` where nothing is known of the process' limits.
    pub connections: Option<usize>,
    /// The most connections of one address.
    pub connections_per_address: Option<usize>,
    /// Peers without a limit of their own, besides loopback.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a stop waits for exchanges that are under way.
    pub drain: Duration,
    /// Whether HTTP/2 is spoken: by prior knowledge here, and by ALPN where there is TLS.
    pub http2: bool,
    /// What the head of an HTTP/1 request may weigh before it is refused unread.
    pub(super) heads: HeadLimits,
    pub(super) h2: H2Wire,
}

/// The HTTP/2 half, as the library wants it.
#[derive(Debug, Clone)]
pub(super) struct H2Wire {
    settings: Http2Settings,
    header_list: u32,
    /// Whether a client may open a WebSocket (RFC 8441).
    websocket: bool,
}

impl H2Wire {
    /// How many frames without a request, and how many cancelled requests, a client may send.
    pub(super) fn budgets(&self) -> (u32, u32) {
        (self.settings.control_budget.get(), self.settings.reset_budget.get())
    }

    /// How often a client is asked whether it is there, and how long its answer may take.
    pub(super) fn pings(&self) -> (Duration, Duration) {
        (self.settings.ping_interval.0, self.settings.ping_timeout.0)
    }

    /// The library's builder for one connection.
    pub(super) fn builder(&self) -> Builder {
        let settings = &self.settings;
        let window = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).clamp(WINDOW.0, WINDOW.1);
        let mut builder = Builder::new();
        builder
            .max_concurrent_streams(settings.max_concurrent_streams.get())
            // A client may give up all that it has asked for at one moment.
            .max_pending_accept_reset_streams(settings.max_concurrent_streams.get() as usize)
            .initial_window_size(window(settings.stream_window.as_usize()))
            .initial_connection_window_size(window(settings.connection_window.as_usize()))
            .max_header_list_size(self.header_list)
            .max_send_buffer_size(STREAM_SEND_BUFFER);
        if self.websocket {
            builder.enable_connect_protocol();
        }
        builder
    }
}

impl WireSettings {
    /// What the settings ask for.
    pub fn new(settings: &Settings) -> Self {
        let server = &settings.server;
        let head_bytes = server.limits.url_length.as_usize().saturating_add(server.limits.header_bytes.as_usize());
        let heads = HeadLimits {
            bytes: head_bytes.saturating_add(REQUEST_LINE_SURPLUS).max(16 * 1024),
            fields: server.limits.header_count,
        };
        Self {
            head: server.timeouts.head.0,
            keep_alive: server.timeouts.keep_alive.0,
            connection_age: server.timeouts.connection_age.0,
            half_close: server.timeouts.half_close.0,
            take: server.timeouts.response.0,
            take_rate: server.limits.min_response_rate.0,
            handshake: server.timeouts.handshake.0,
            handshakes: server.limits.handshakes,
            connections: server.limits.connections,
            connections_per_address: server.limits.connections_per_address,
            trusted_proxies: server.trusted_proxies.clone(),
            drain: server.drain.0,
            http2: server.http2.enabled,
            heads,
            h2: H2Wire {
                settings: server.http2.clone(),
                header_list: u32::try_from(
                    head_bytes.saturating_add(server.limits.header_count.saturating_mul(FIELD_SURPLUS)),
                )
                .unwrap_or(u32::MAX)
                .max(16 * 1024),
                websocket: server.tunnels.protocols.iter().any(|name| name.eq_ignore_ascii_case(WEBSOCKET)),
            },
        }
    }

    /// How slowly a client may take an answer.
    pub(super) fn taking_pace(&self) -> Pace {
        Pace::new(self.take_rate, self.take)
    }

    /// Fills in what the settings leave to the process: 80% of its descriptors for connections,
    /// half of those for one address.
    #[must_use]
    pub fn with_descriptor_limit(mut self, descriptors: usize) -> Self {
        let total = *self.connections.get_or_insert((descriptors / 10).saturating_mul(8).max(1));
        self.connections_per_address.get_or_insert((total / 2).max(1));
        self
    }
}

impl fmt::Debug for WireSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireSettings")
            .field("head", &self.head)
            .field("keep_alive", &self.keep_alive)
            .field("connections", &self.connections)
            .field("http2", &self.http2)
            .finish_non_exhaustive()
    }
}
