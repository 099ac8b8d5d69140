//! Where the shared store is: `redis://…` and `rediss://…`, and what their query says.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use redis::{Client, ClientTlsConfig, TlsCertificates};
use url::Url;

/// How long a decision is waited for unless the address says otherwise. A node that has to wait longer does
/// without the store: the request is worth more than the count.
const PATIENCE: Duration = Duration::from_millis(40);
/// What keys begin with unless the address says otherwise.
const PREFIX: &str = "tollgate:";

/// What is wrong with an address. Never says its password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limits: {message}\n  help: {help}")]
pub struct AddressError {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// An address, read.
#[derive(Clone)]
pub struct Address {
    /// What the client library gets: without what is ours. Several where the address lists several.
    pub(crate) nodes: Vec<String>,
    pub(crate) prefix: String,
    pub(crate) patience: Duration,
    pub(crate) certificates: Option<TlsCertificates>,
    shown: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Without a user, a password or a query.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Reads `redis[s]://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…][/DB][?timeout=40ms&prefix=tollgate:&ca=FILE&cert=FILE&key=FILE]`.
    /// Whether what is there is a cluster, it says itself.
    ///
    /// # Errors
    /// What is wrong with it, or with the files that it names.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (mut address, files, tls) = Self::read(text)?;
        address.certificates = files.read(tls)?;
        // The library has the last word, and its mistakes belong here, not into a loop that connects.
        address.clients()?;
        Ok(address)
    }

    /// Looks at an address alone: its files may be on another machine.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(text: &str) -> Result<(), AddressError> {
        let (address, files, tls) = Self::read(text)?;
        files.check(tls)?;
        address.clients().map(|_| ())
    }

    fn read(text: &str) -> Result<(Self, Files, bool), AddressError> {
        let wrong = |message: &str, help: &str| AddressError { message: message.to_owned(), help: help.to_owned() };
        let example = "write an address such as redis://127.0.0.1:6379 or rediss://user:password@redis.example.com";
        let (scheme, rest) = text
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "redis" | "rediss"))
            .ok_or_else(|| wrong("this is no address of Redis or Valkey", example))?;
        // Several hosts are several addresses that have everything else in common.
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        let mut address = Self {
            nodes: Vec::new(),
            prefix: PREFIX.to_owned(),
            patience: PATIENCE,
            certificates: None,
            shown: format!("{scheme}://{hosts}"),
        };
        let mut files = Files::default();
        for host in hosts.split(',') {
            let mut url = Url::parse(&format!("{scheme}://{user}{host}{tail}"))
                .map_err(|_| wrong(&format!("`{host}` is no host of an address"), example))?;
            if url.host_str().is_none_or(str::is_empty) {
                return Err(wrong("the address has no host", example));
            }
            if url.fragment().is_some() {
                let help = "certificates are always checked; `?ca=FILE` names the authority of your own";
                return Err(wrong("an address has no part behind `#`", help));
            }
            if !matches!(url.path(), "" | "/") && url.path()[1..].parse::<u32>().is_err() {
                return Err(wrong(&format!("`{}` is no number of a database", &url.path()[1..]), example));
            }
            let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            url.set_query(None);
            for (name, value) in query {
                match name.as_str() {
                    "timeout" => address.patience = patience(&value)?,
                    "prefix" => address.prefix = prefix(value)?,
                    "ca" => files.ca = Some(value.into()),
                    "cert" => files.cert = Some(value.into()),
                    "key" => files.key = Some(value.into()),
                    other => {
                        return Err(wrong(
                            &format!("`{other}` is nothing that an address can say"),
                            "it can say timeout, prefix, ca, cert and key",
                        ));
                    }
                }
            }
            address.nodes.push(url.to_string());
        }
        Ok((address, files, scheme == "rediss"))
    }

    /// A client for each host.
    pub(crate) fn clients(&self) -> Result<Vec<Client>, AddressError> {
        let client = |node: &String| match &self.certificates {
            Some(certificates) => Client::build_with_tls(node.as_str(), certificates.clone()),
            None => Client::open(node.as_str()),
        };
        self.nodes.iter().map(client).collect::<Result<_, _>>().map_err(|error| AddressError {
            message: format!("{} cannot be used: {error}", self.shown),
            help: "look at the address and the files that it names".to_owned(),
        })
    }
}

fn patience(text: &str) -> Result<Duration, AddressError> {
    let help = "a time such as 40ms, from 1ms to 10s";
    let wrong = || AddressError { message: format!("`{text}` is no timeout"), help: help.to_owned() };
    let interval: tollgate_core::units::Interval = text.parse().map_err(|_| wrong())?;
    let range = Duration::from_millis(1)..=Duration::from_secs(10);
    Some(interval.0).filter(|time| range.contains(time)).ok_or_else(wrong)
}

fn prefix(text: String) -> Result<String, AddressError> {
    let fits = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'{' | b'}'));
    match fits {
        true => Ok(text),
        false => Err(AddressError {
            message: "the prefix does not fit".to_owned(),
            help: "it has at most 64 visible ASCII characters, and no braces".to_owned(),
        }),
    }
}

#[derive(Default)]
struct Files {
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Files {
    fn check(&self, tls: bool) -> Result<(), AddressError> {
        let wrong = |message: &str, help: &str| AddressError { message: message.to_owned(), help: help.to_owned() };
        if !tls && (self.ca.is_some() || self.cert.is_some() || self.key.is_some()) {
            return Err(wrong("`ca`, `cert` and `key` are for TLS", "begin the address with rediss://"));
        }
        if self.cert.is_some() != self.key.is_some() {
            return Err(wrong("`cert` and `key` go together", "name the file of the other too"));
        }
        Ok(())
    }

    fn read(self, tls: bool) -> Result<Option<TlsCertificates>, AddressError> {
        self.check(tls)?;
        let wrong = |message: String, help: &str| AddressError { message, help: help.to_owned() };
        if self.ca.is_none() && self.cert.is_none() {
            return Ok(None);
        }
        let read = |path: PathBuf| {
            std::fs::read(&path).map_err(|error| {
                wrong(format!("{} cannot be read: {error}", path.display()), "it is a file with certificates as PEM")
            })
        };
        let client_tls = match (self.cert, self.key) {
            (Some(cert), Some(key)) => Some(ClientTlsConfig { client_cert: read(cert)?, client_key: read(key)? }),
            _ => None,
        };
        Ok(Some(TlsCertificates { client_tls, root_cert: self.ca.map(read).transpose()? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_how_long_and_by_which_names() {
        let address = Address::parse("redis://u:s3cret@a:7000,b:7001/2?timeout=25ms&prefix=shop:").unwrap();
        assert_eq!(address.nodes, ["redis://u:s3cret@a:7000/2", "redis://u:s3cret@b:7001/2"]);
        assert_eq!((address.patience, address.prefix.as_str()), (Duration::from_millis(25), "shop:"));
        assert_eq!(
            (address.to_string().as_str(), &*format!("{address:?}")),
            ("redis://a:7000,b:7001", "redis://a:7000,b:7001")
        );
        let plain = Address::parse("rediss://example.com").unwrap();
        assert_eq!((plain.patience, plain.prefix.as_str()), (PATIENCE, PREFIX));
    }

    #[test]
    fn a_mistake_names_the_fix_and_no_secret() {
        for (text, says) in [
            ("http://u:s3cret@a", "redis://127.0.0.1:6379"),
            ("redis://", "host"),
            ("redis://u:s3cret@a:x", "no host of an address"),
            ("redis://u:s3cret@a/b", "no number of a database"),
            ("rediss://u:s3cret@a#insecure", "always checked"),
            ("redis://u:s3cret@a?timeout=soon", "from 1ms to 10s"),
            ("redis://u:s3cret@a?timeout=1h", "from 1ms to 10s"),
            ("redis://u:s3cret@a?prefix={x}", "no braces"),
            ("redis://u:s3cret@a?cluster=true", "timeout, prefix"),
            ("redis://u:s3cret@a?ca=x.pem", "rediss://"),
            ("rediss://u:s3cret@a?ca=/nowhere/x.pem", "/nowhere/x.pem cannot be read"),
            ("rediss://u:s3cret@a?cert=x.pem", "go together"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("s3cret"), "{text}: {error}");
        }
    }
}
