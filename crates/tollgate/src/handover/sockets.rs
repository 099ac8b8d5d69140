//! Listening sockets that others opened: a service manager, or the gateway that ran before.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use anyhow::{Context, bail};
use rustix::net::sockopt::socket_acceptconn;
use serde::{Deserialize, Serialize};

use super::Offered;

/// What a socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Role {
    /// `server.listen`
    First,
    /// One of `server.listeners`
    Further,
    /// `server.managementListen`
    Management,
}

impl Role {
    /// The name that a service manager gives to the only socket of that kind.
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::First => Some("data"),
            Self::Management => Some("management"),
            Self::Further => None,
        }
    }
}

/// A socket that somebody else opened.
#[derive(Debug)]
pub(crate) struct Socket {
    /// What the service manager calls it.
    pub(crate) name: Option<String>,
    /// What the gateway before used it for, and the address that it had been told.
    pub(crate) before: Option<(Role, String)>,
    address: SocketAddr,
    listener: TcpListener,
}

impl Socket {
    /// Looks whether it can be used.
    pub(crate) fn new(
        listener: TcpListener,
        name: Option<String>,
        before: Option<(Role, String)>,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr().context("a socket that was handed over has no address")?;
        if !socket_acceptconn(&listener).unwrap_or(true) {
            bail!("the socket at {address} that was handed over does not listen");
        }
        Ok(Self { name, before, address, listener })
    }

    pub(crate) fn offered(offered: Offered, descriptor: OwnedFd) -> anyhow::Result<Self> {
        Self::new(descriptor.into(), offered.name, Some((offered.role, offered.declared)))
    }

    fn is_for(&self, role: Role, declared: &str, address: SocketAddr) -> bool {
        let named = self.name.as_deref();
        if let Some(name) = role.name()
            && named.is_some()
        {
            return named == Some(name);
        }
        let same = |(was, written): &(Role, String)| {
            (*was == Role::Management) == (role == Role::Management) && written == declared
        };
        self.before.as_ref().is_some_and(same) || self.address == address
    }
}

/// Sockets that others opened.
#[derive(Debug, Default)]
pub(crate) struct Inherited(pub(crate) Vec<Socket>);

/// What of them has been asked for.
#[derive(Debug)]
pub(crate) struct Claims<'s> {
    sockets: &'s [Socket],
    taken: Vec<bool>,
}

impl<'s> Claims<'s> {
    pub(crate) fn new(inherited: &'s Inherited) -> Self {
        Self { sockets: &inherited.0, taken: vec![false; inherited.0.len()] }
    }

    /// The socket for an address, where somebody has opened it, and the name that it has.
    pub(crate) fn take(
        &mut self,
        role: Role,
        declared: &str,
        address: SocketAddr,
    ) -> anyhow::Result<Option<(TcpListener, Option<String>)>> {
        let found = self
            .sockets
            .iter()
            .enumerate()
            .find(|(index, socket)| !self.taken[*index] && socket.is_for(role, declared, address));
        let Some((index, socket)) = found else { return Ok(None) };
        self.taken[index] = true;
        let listener = socket.listener.try_clone().context("a socket that was handed over cannot be used")?;
        Ok(Some((listener, socket.name.clone())))
    }

    /// What a service manager opened and nobody wants would be connected to and never answered.
    pub(crate) fn none_is_left(&self) -> anyhow::Result<()> {
        for (socket, taken) in self.sockets.iter().zip(&self.taken) {
            if let (Some(name), false) = (&socket.name, *taken) {
                bail!(
                    "the service manager hands over the socket `{name}` at {}, and nothing is to listen there\n  help: call it `data` (for server.listen) or `management` by FileDescriptorName=, or add its address to `server.listeners`",
                    socket.address
                );
            }
        }
        Ok(())
    }
}

/// A socket that is listened on, for whoever comes next.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) offered: Offered,
    pub(crate) descriptor: OwnedFd,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(name: Option<&str>, before: Option<(Role, &str)>) -> Socket {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Socket::new(listener, name.map(str::to_owned), before.map(|(role, text)| (role, text.to_owned()))).unwrap()
    }

    fn port(taken: Option<(TcpListener, Option<String>)>) -> Option<u16> {
        taken.map(|(listener, _)| listener.local_addr().unwrap().port())
    }

    const ELSEWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

    #[test]
    fn names_decide_for_the_first_and_the_management_listener_and_addresses_for_all_others() {
        let inherited =
            Inherited(vec![socket(Some("management"), None), socket(Some("tls"), None), socket(Some("data"), None)]);
        let ports: Vec<u16> = inherited.0.iter().map(|socket| socket.address.port()).collect();
        let mut claims = Claims::new(&inherited);
        assert_eq!(port(claims.take(Role::First, "127.0.0.1:9000", ELSEWHERE).unwrap()), Some(ports[2]));
        assert_eq!(port(claims.take(Role::Management, "127.0.0.1:9001", ELSEWHERE).unwrap()), Some(ports[0]));
        assert!(claims.none_is_left().unwrap_err().to_string().contains("`tls`"));
        let at = inherited.0[1].address;
        assert_eq!(port(claims.take(Role::Further, &at.to_string(), at).unwrap()), Some(ports[1]));
        assert!(claims.none_is_left().is_ok());
    }

    #[test]
    fn free_ports_of_the_gateway_before_go_to_the_listeners_of_the_same_kind() {
        const FREE: &str = "127.0.0.1:0";
        let free = FREE.parse().unwrap();
        let inherited = Inherited(vec![
            socket(None, Some((Role::First, FREE))),
            socket(None, Some((Role::Further, FREE))),
            socket(None, Some((Role::Management, FREE))),
        ]);
        let ports: Vec<u16> = inherited.0.iter().map(|socket| socket.address.port()).collect();
        let mut claims = Claims::new(&inherited);
        for (role, expected) in [(Role::First, 0), (Role::Management, 2), (Role::Further, 1)] {
            assert_eq!(port(claims.take(role, FREE, free).unwrap()), Some(ports[expected]));
        }
        assert_eq!(port(claims.take(Role::Further, FREE, free).unwrap()), None);
    }

    #[test]
    fn a_socket_that_does_not_listen_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let not_listening = TcpListener::from(OwnedFd::from(client));
        assert!(Socket::new(not_listening, None, None).unwrap_err().to_string().contains("does not listen"));
    }
}
