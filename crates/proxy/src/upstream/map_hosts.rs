//! `--map-host`: other addresses for names, so that tests can play every backend of a project.

use std::net::SocketAddr;

/// Names that are reached at other addresses than the resolver gives.
#[derive(Debug, Clone, Default)]
pub struct MapHosts(Vec<Mapping>);

#[derive(Debug, Clone)]
pub(super) struct Mapping {
    name: String,
    port: Option<u16>,
    pub(super) address: SocketAddr,
    pub(super) tls: bool,
}

impl MapHosts {
    /// Adds `NAME[:PORT]=ADDR:PORT`. Connections to NAME (on PORT, or on any) go to ADDR; over
    /// plain HTTP whatever the URL's scheme is, unless `tls`. The Host field stays.
    ///
    /// # Errors
    /// A sentence where the text has another form.
    pub fn add(&mut self, text: &str, tls: bool) -> Result<(), String> {
        let wrong = || format!("`{text}` is not of the form NAME[:PORT]=IP:PORT");
        let (from, to) = text.split_once('=').ok_or_else(wrong)?;
        let address = to.parse().map_err(|_| wrong())?;
        let (name, port) = match from.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
                (name, Some(port.parse().map_err(|_| wrong())?))
            }
            _ => (from, None),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if name.is_empty() {
            return Err(wrong());
        }
        self.0.push(Mapping { name, port, address, tls });
        Ok(())
    }

    /// A mapping for the port wins over one for every port.
    pub(super) fn find(&self, name: &str, port: u16) -> Option<&Mapping> {
        let named = || self.0.iter().filter(|mapping| mapping.name == name);
        named().find(|mapping| mapping.port == Some(port)).or_else(|| named().find(|mapping| mapping.port.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_with_a_port_wins_over_one_without() {
        let mut hosts = MapHosts::default();
        hosts.add("api.example=127.0.0.1:1000", false).unwrap();
        hosts.add("API.example:443=127.0.0.1:2000", true).unwrap();
        let at = |port| hosts.find("api.example", port).map(|m| (m.address.port(), m.tls));
        assert_eq!(at(443), Some((2000, true)));
        assert_eq!(at(80), Some((1000, false)));
        assert!(hosts.find("other.example", 80).is_none());
    }

    #[test]
    fn other_forms_are_refused() {
        let mut hosts = MapHosts::default();
        for bad in ["", "a", "a=b", "a=127.0.0.1", "=127.0.0.1:80", "a:x=127.0.0.1:80", "a=localhost:80"] {
            assert!(hosts.add(bad, false).is_err(), "{bad}");
        }
    }
}
