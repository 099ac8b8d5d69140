//! The listeners of `server`: what no schema says of their addresses, and which files they need.
//! What is in those files is for whoever serves them.

use std::net::{IpAddr, SocketAddr};

use super::LoadContext;
use crate::check::values;
use crate::tree::Node;
use crate::{Diagnostic, Diagnostics};

pub(super) fn check(root: &Node<'_>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics) {
    let Some(server) = root.get("server") else { return };
    let listeners: Vec<Node<'_>> = server.get("listeners").iter().flat_map(Node::items).collect();
    addresses(&server, &listeners, context, diagnostics);
    let trusts = server.get("trustedProxies").is_some_and(|list| list.items().next().is_some());
    for listener in std::iter::once(&server).chain(&listeners) {
        if let Some(node) = listener.get("proxyProtocol").filter(|node| node.as_str() == Some("required") && !trusts) {
            let message = "nobody may speak the PROXY protocol: `server.trustedProxies` is empty";
            let help = "list the load balancer's addresses: trustedProxies: [10.0.0.0/8]";
            diagnostics.push(Diagnostic::error("untrusted-proxy", node.caret(), message).help(help));
        }
        if let Some(tls) = listener.get("tls").filter(|tls| tls.value().is_object()) {
            check_tls(&tls, context, diagnostics);
        }
    }
}

/// Each can be read, and no two are in each other's way.
fn addresses(server: &Node<'_>, listeners: &[Node<'_>], context: &LoadContext<'_>, diagnostics: &mut Diagnostics) {
    let given = listeners.iter().filter_map(|listener| listener.get("address"));
    let mut taken: Vec<(SocketAddr, Node<'_>)> = Vec::new();
    for node in server.get("listen").into_iter().chain(server.get("managementListen")).chain(given) {
        let Some(text) = node.as_str() else { continue };
        let address = match values::listen_address(text) {
            Ok(address) => address,
            Err(help) => {
                let message = format!("`{}` is no address to listen on", node.shown());
                diagnostics.push(Diagnostic::error("invalid-address", node.caret(), message).help(help));
                continue;
            }
        };
        if context.options.listen.is_some() && node.pointer() == "/server/listen" {
            // Another address stands in for it.
            continue;
        }
        if let Some((_, other)) = taken.iter().find(|(other, _)| in_the_way(*other, address)) {
            let message = format!("another listener has `{}` already", other.shown());
            let help = "give each listener a port of its own, or leave one of them out";
            let diagnostic = Diagnostic::error("same-address", node.caret(), message).help(help);
            diagnostics.push(diagnostic.related(other.span(), "the other one"));
        }
        taken.push((address, node));
    }
}

/// Whether two sockets cannot listen at the same time. `[::]` and `0.0.0.0` can: the former then
/// takes IPv6 only.
fn in_the_way(one: SocketAddr, other: SocketAddr) -> bool {
    let same_family = one.is_ipv4() == other.is_ipv4();
    let wide = |ip: IpAddr| ip.is_unspecified();
    one.port() != 0
        && one.port() == other.port()
        && same_family
        && (one.ip() == other.ip() || wide(one.ip()) || wide(other.ip()))
}

fn check_tls(tls: &Node<'_>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics) {
    let certificates: Vec<Node<'_>> = tls.get("certificates").iter().flat_map(Node::items).collect();
    if certificates.is_empty() {
        let message = "TLS needs a certificate";
        let help = "write certificates: [{ certificate: cert.pem, key: key.pem }]";
        diagnostics.push(Diagnostic::error("no-certificate", tls.caret(), message).help(help));
    }
    let clients = certificates.iter().chain([tls]).filter_map(|place| place.get("clientCertificates")?.get("ca"));
    let own = certificates.iter().flat_map(|place| [place.get("certificate"), place.get("key")]).flatten();
    for file in clients.chain(own) {
        // They are read by whoever serves them; who watches the project watches them too.
        if let Some(name) = file.as_str().filter(|name| !name.is_empty()) {
            context.files.remember(&context.files.root().join(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sockets_are_in_each_others_way_where_one_takes_the_others_connections() {
        let clash = |one: &str, other: &str| in_the_way(one.parse().unwrap(), other.parse().unwrap());
        for (one, other) in
            [("127.0.0.1:443", "127.0.0.1:443"), ("0.0.0.0:443", "127.0.0.1:443"), ("[::1]:443", "[::]:443")]
        {
            assert!(clash(one, other) && clash(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("127.0.0.1:443", "127.0.0.1:80"),
            ("127.0.0.1:443", "127.0.0.2:443"),
            ("0.0.0.0:443", "[::]:443"),
            ("127.0.0.1:0", "127.0.0.1:0"),
        ] {
            assert!(!clash(one, other), "{one} {other}");
        }
    }
}
