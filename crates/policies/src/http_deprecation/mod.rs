//! Tells clients that a route is deprecated, since when, until when, and where to read on.

use http::header::{HeaderName, HeaderValue, LINK};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::time::Timestamp;
use tollgate_core::{Exchange, Policy, Response, Step};

/// RFC 9745 §2.
static DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// RFC 8594 §3.
static SUNSET: HeaderName = HeaderName::from_static("sunset");

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<HttpDeprecation>("http-deprecation", Direction::Outbound, include_str!("docs.md"))
        .exports(&["HttpDeprecationOutboundPolicy"])
        .shorthand("deprecation");

/// Since when, until when, and where to read on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// Since when, or from when on: a date (`2026-06-30` or `2026-06-30T12:00:00Z`), or seconds since 1970. `true`
    /// says that it is deprecated and not since when; prefer a date, which is what RFC 9745 knows.
    deprecation: Since,
    /// From when on it is likely to be gone: a date.
    sunset: Option<String>,
    /// The address of a page that says what to use instead.
    link: Option<String>,
}

/// A moment, or that there is one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Since {
    /// Nobody says when.
    Flag(bool),
    /// Seconds since 1970.
    Seconds(i64),
    /// A date.
    Date(String),
}

/// The fields, as they are sent.
#[derive(Debug)]
struct HttpDeprecation {
    deprecation: HeaderValue,
    sunset: Option<HeaderValue>,
    link: Option<HeaderValue>,
}

impl Configure for HttpDeprecation {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let deprecation = match options.deprecation {
            Since::Flag(true) => HeaderValue::from_static("true"),
            Since::Flag(false) => {
                return Err(BuildError::at(
                    "/deprecation",
                    "a route that is not deprecated needs no policy that says so",
                )
                .help("give a date, or take the policy off the route"));
            }
            Since::Seconds(seconds) => since(seconds)?,
            Since::Date(text) => since(Timestamp::parse(&text).map_err(|_| wrong_date("/deprecation"))?.seconds())?,
        };
        let sunset = options.sunset.map(|text| sunset(&text).ok_or_else(|| wrong_date("/sunset"))).transpose()?;
        let link = options.link.map(|address| link(&address)).transpose()?;
        Ok(Self { deprecation, sunset, link })
    }
}

/// RFC 9745 §2.1: a date of RFC 9651.
fn since(seconds: i64) -> Result<HeaderValue, BuildError> {
    HeaderValue::from_str(&format!("@{seconds}")).map_err(|_| wrong_date("/deprecation"))
}

fn wrong_date(pointer: &str) -> BuildError {
    BuildError::at(pointer, "this is no date").help("write it as 2026-06-30 or 2026-06-30T12:00:00Z")
}

/// An HTTP-date (RFC 9110 §5.6.7).
fn sunset(text: &str) -> Option<HeaderValue> {
    let moment = jiff::Timestamp::from_second(Timestamp::parse(text).ok()?.seconds()).ok()?;
    HeaderValue::from_str(&moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

/// RFC 9745 §3: what it links to is for people.
fn link(address: &str) -> Result<HeaderValue, BuildError> {
    let wrong = || BuildError::at("/link", "this is no address").help("write it whole: https://example.com/docs/v2");
    let visible = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
    if !visible || !(address.contains("://") || address.starts_with('/')) {
        return Err(wrong());
    }
    HeaderValue::from_str(&format!("<{address}>; rel=\"deprecation\"; type=\"text/html\"")).map_err(|_| wrong())
}

impl Policy for HttpDeprecation {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        let fields = response.headers_mut();
        fields.insert(&DEPRECATION, self.deprecation.clone());
        if let Some(sunset) = &self.sunset {
            fields.insert(&SUNSET, sunset.clone());
        }
        if let Some(link) = &self.link {
            fields.append(LINK, link.clone());
        }
        Step::CONTINUE
    }
}
