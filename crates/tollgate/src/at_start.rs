//! Settings that are read at start alone: a reload refuses a project in which one of them differs, and `plan` says so
//! beforehand.

use tollgate_core::settings::Settings;

/// Whether two settings differ in something.
type Differs = fn(&Settings, &Settings) -> bool;

/// What is compared as it stands.
pub(crate) const COMPARED: [(&str, Differs); 9] = [
    ("server.timeouts", |a, b| a.server.timeouts != b.server.timeouts),
    ("server.http2", |a, b| a.server.http2 != b.server.http2),
    ("server.drain", |a, b| a.server.drain != b.server.drain),
    ("server.limits.minResponseRate", |a, b| a.server.limits.min_response_rate != b.server.limits.min_response_rate),
    ("server.limits.connections", |a, b| a.server.limits.connections != b.server.limits.connections),
    ("server.limits.connectionsPerAddress", |a, b| {
        a.server.limits.connections_per_address != b.server.limits.connections_per_address
    }),
    ("server.limits.handshakes", |a, b| a.server.limits.handshakes != b.server.limits.handshakes),
    ("keys", |a, b| a.keys != b.keys),
    ("secrets", |a, b| a.secrets != b.secrets),
];

/// What the command line may stand in for.
pub(crate) const MANAGEMENT_LISTEN: &str = "server.managementListen";
pub(crate) const STORE: &str = "store";
pub(crate) const LIMITS: &str = "limits";

/// What decides which listeners there are.
pub(crate) const LISTEN: &str = "server.listen";
pub(crate) const LISTENERS: &str = "server.listeners";
pub(crate) const PROXY_PROTOCOL: &str = "server.proxyProtocol";
/// Only whether there is TLS: certificates are read again at every reload.
pub(crate) const TLS: &str = "server.tls";
/// Only where a listener takes the address of the client from whoever is trusted.
pub(crate) const TRUSTED_PROXIES: &str = "server.trustedProxies";

/// Those that no reload changes, whatever else is set.
pub(crate) fn always() -> impl Iterator<Item = &'static str> {
    let others = [LISTEN, LISTENERS, PROXY_PROTOCOL, MANAGEMENT_LISTEN, STORE, LIMITS];
    COMPARED.iter().map(|(name, _)| *name).chain(others)
}
