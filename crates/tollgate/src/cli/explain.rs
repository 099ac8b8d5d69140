//! `explain`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use http::{HeaderName, HeaderValue, Method};

use super::{EnvironmentArgs, Output, StoreFlag};

/// `explain`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate explain 0199d5f2-1f6e-7c1a-9d3b-5f0e2a6c4b7d      Why that request went as it did
  tollgate explain GET /users/7
  tollgate explain GET /users/7 --key tg_… --header 'Accept: application/json'
  tollgate explain POST https://api.example.com/orders my-api --data '{\"item\": 1}' --client 203.0.113.7
  tollgate explain OPTIONS /users/7 --header 'Origin: https://app.example.com' --header 'Access-Control-Request-Method: PUT'

With the id of a request (in the `x-request-id` of every answer, the `requestId` of every error, and the log), the
running gateway tells what became of it: it remembers all failures and a sample of the rest (`recorder` in
tollgate.yaml; `tollgate requests` lists them).

With a method and a URL, nothing is sent and nothing is counted. The routes, the rules for paths and hosts and the policies are those that
serve; what only the network or the project's code can tell is said to be so.

Exit codes: 0 explained, whatever the answer would be · 1 failed · 2 wrong usage · 78 the project is broken")]
pub struct ExplainArgs {
    /// The method of a request; or the id of one that was answered
    #[arg(value_name = "METHOD|REQUEST_ID")]
    pub what: String,
    /// Its URL, or its path: `https://api.example.com/users/7?full=1`, `/users/7`
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Its environment
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    /// A header field of the request (repeatable)
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", help_heading = "Request")]
    pub headers: Vec<HeaderArg>,
    /// An API key, put where the route looks for one; `-` reads it from standard input
    #[arg(long, value_name = "KEY", help_heading = "Request")]
    pub key: Option<SecretArg>,
    /// The host that is asked for, in place of the URL's
    #[arg(long, value_name = "HOST", help_heading = "Request")]
    pub host: Option<String>,
    /// Its body
    #[arg(long, value_name = "TEXT", help_heading = "Request")]
    pub data: Option<SecretArg>,
    /// The address that it comes from
    #[arg(long, value_name = "IP", default_value = "127.0.0.1", help_heading = "Request")]
    pub client: IpAddr,
    /// The folder of the data. Default: .tollgate in the project
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true, help_heading = "Store")]
    pub data_dir: Option<PathBuf>,
    /// The store that knows the keys: sqlite://PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL", env = "TOLLGATE_STORE", hide_env_values = true, help_heading = "Store")]
    pub store: Option<StoreFlag>,
    /// How to print the explanation
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// What shall be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explained<'a> {
    /// A request that was answered, by its id.
    Answered(&'a str),
    /// A request that nobody sends.
    Request {
        /// Its method.
        method: Method,
        /// Its URL or path.
        url: &'a str,
    },
}

impl ExplainArgs {
    /// What shall be explained: one word that is no method is a request's id.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub fn explained(&self) -> Result<Explained<'_>, String> {
        let is_method = self.what.len() < 32 && self.what.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        match &self.url {
            Some(url) if !url.starts_with('/') && !url.contains("://") && url != "*" => {
                let path = url.split(['?', '#']).next().unwrap_or_default();
                Err(format!("`{path}` is neither a URL nor a path\n  help: write /{path} or https://HOST/{path}"))
            }
            Some(url) => match Method::from_bytes(self.what.as_bytes()) {
                Ok(method) => Ok(Explained::Request { method, url }),
                Err(_) => Err(format!("`{}` is no method\n  help: tollgate explain GET {url}", self.what)),
            },
            None if is_method => Err(format!("{0} of what?\n  help: tollgate explain {0} /path", self.what)),
            None => Ok(Explained::Answered(&self.what)),
        }
    }
}

/// A header field. Its value may be a secret, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderArg {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderValue,
}

impl std::fmt::Debug for HeaderArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeaderArg").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::str::FromStr for HeaderArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((name, value)) = text.split_once(':') else {
            return Err("a header field is `Name: value`".to_owned());
        };
        let name: HeaderName = name.trim().parse().map_err(|_| format!("`{}` is no name of a header", name.trim()))?;
        // What the value is may be a secret.
        let value = HeaderValue::from_str(value.trim()).map_err(|_| format!("the value of `{name}` is not one"))?;
        Ok(Self { name, value })
    }
}

/// A text that may be a secret, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretArg(pub String);

impl std::fmt::Debug for SecretArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretArg(…)")
    }
}

impl std::str::FromStr for SecretArg {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}
