//! URLs, taken apart (URL Standard §4 and §6.1).

use rquickjs::{Array, Ctx, FromJs, IntoJs, Value, prelude::Opt};
use url::Position::{AfterHost, AfterPath, AfterPort, AfterQuery, AfterScheme, AfterUsername, BeforeHost, BeforePath};
use url::{ParseError, Url, quirks};

use crate::Failure;
use crate::bytes::{UsvString, usv_string};

/// A URL as its class in JavaScript holds it: an array of its text and of the places in this text where
/// components begin and end, in the order of [`PLACES`]. The text is ASCII, so that bytes are UTF-16
/// code units.
pub(super) struct Parts(Url);

const PLACES: [url::Position; 8] =
    [AfterScheme, AfterUsername, BeforeHost, AfterHost, AfterPort, BeforePath, AfterPath, AfterQuery];

impl<'js> IntoJs<'js> for Parts {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let parts = Array::new(ctx.clone())?;
        parts.set(0, self.0.as_str())?;
        for (index, place) in PLACES.into_iter().enumerate() {
            // No text of the engine is as long as 2³¹.
            parts.set(index + 1, i32::try_from(self.0[..place].len()).unwrap_or(i32::MAX))?;
        }
        Ok(parts.into_value())
    }
}

/// Parses `url`, against `base` where there is one.
///
/// # Errors
/// A `TypeError` that says what is wrong, and quotes nothing: URLs carry secrets.
pub(super) fn parse<'js>(ctx: Ctx<'js>, url: UsvString, base: Opt<Value<'js>>) -> rquickjs::Result<Parts> {
    let base = base_text(base)?;
    read(&url.0, base.as_deref()).map(Parts).map_err(|error| {
        let why = match error {
            ParseError::RelativeUrlWithoutBase => "a relative URL needs a base".to_owned(),
            error => error.to_string(),
        };
        Failure::type_error(format!("Invalid URL: {why}")).throw(&ctx)
    })
}

/// As [`parse`], but `undefined` where that throws.
pub(super) fn try_parse(url: UsvString, base: Opt<Value<'_>>) -> rquickjs::Result<Option<Parts>> {
    let base = base_text(base)?;
    Ok(read(&url.0, base.as_deref()).ok().map(Parts))
}

fn base_text(base: Opt<Value<'_>>) -> rquickjs::Result<Option<String>> {
    base.0.filter(|base| !base.is_undefined()).map(|base| usv_string(&base)).transpose()
}

fn read(url: &str, base: Option<&str>) -> Result<Url, ParseError> {
    match base {
        None => Url::parse(url),
        Some(base) => Url::parse(base)?.join(url),
    }
}

/// A component that a script may set. The numbers are those of `url.js`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    Protocol,
    Username,
    Password,
    Host,
    Hostname,
    Port,
    Pathname,
    Search,
    Hash,
}

impl Component {
    const ALL: [Self; 9] = [
        Self::Protocol,
        Self::Username,
        Self::Password,
        Self::Host,
        Self::Hostname,
        Self::Port,
        Self::Pathname,
        Self::Search,
        Self::Hash,
    ];
}

impl<'js> FromJs<'js> for Component {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        Self::ALL.get(usize::from_js(ctx, value)?).copied().ok_or(rquickjs::Error::Unknown)
    }
}

/// The URL `href` with another value for a component; `undefined` where the setters of URL Standard §6.1
/// would leave the URL as it is.
pub(super) fn change(href: String, component: Component, value: UsvString) -> Option<Parts> {
    let mut url = Url::parse(&href).ok()?;
    let value = value.0.as_str();
    let changed = match component {
        Component::Protocol => quirks::set_protocol(&mut url, value),
        Component::Username => quirks::set_username(&mut url, value),
        Component::Password => quirks::set_password(&mut url, value),
        Component::Host => quirks::set_host(&mut url, value),
        Component::Hostname => quirks::set_hostname(&mut url, value),
        Component::Port => quirks::set_port(&mut url, value),
        Component::Pathname => {
            quirks::set_pathname(&mut url, value);
            Ok(())
        }
        Component::Search => {
            quirks::set_search(&mut url, value);
            Ok(())
        }
        Component::Hash => {
            quirks::set_hash(&mut url, value);
            Ok(())
        }
    };
    changed.ok().map(|()| Parts(url))
}

/// The origin of `href`, serialized (URL Standard §4.7). That of a `blob:` URL is the one of the URL that
/// it contains, where that is one of HTTP.
pub(super) fn origin(href: String) -> String {
    match Url::parse(&href) {
        Ok(url) if url.scheme() == "blob" => match Url::parse(url.path()) {
            Ok(inner) if matches!(inner.scheme(), "http" | "https") => quirks::origin(&inner),
            _ => "null".to_owned(),
        },
        Ok(url) => quirks::origin(&url),
        Err(_) => "null".to_owned(),
    }
}
