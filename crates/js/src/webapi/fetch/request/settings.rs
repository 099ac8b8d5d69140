//! What a request says about how it wants to be fetched (Fetch §5.4). Most of it is for browsers: it can be
//! read back, and changes nothing.

use std::rc::Rc;

use rquickjs::{Ctx, Value};

use crate::webapi::fetch::realm::{Dictionary, Key};
use crate::{Failure, bytes};

/// What to do with an answer that points elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Redirect {
    /// Goes there.
    #[default]
    Follow,
    /// Fails.
    Error,
    /// Gives the answer to the script.
    Manual,
}

impl Redirect {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Error => "error",
            Self::Manual => "manual",
        }
    }

    pub(super) fn read(value: &Value<'_>) -> rquickjs::Result<Self> {
        Ok(match one_of(value, "redirect", &["follow", "error", "manual"])? {
            "error" => Self::Error,
            "manual" => Self::Manual,
            _ => Self::Follow,
        })
    }
}

/// What can be read back.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(super) cache: &'static str,
    pub(super) credentials: &'static str,
    pub(super) integrity: Rc<str>,
    pub(super) keepalive: bool,
    pub(super) mode: &'static str,
    pub(super) referrer: Rc<str>,
    pub(super) referrer_policy: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache: "default",
            credentials: "same-origin",
            integrity: "".into(),
            keepalive: false,
            mode: "cors",
            referrer: "about:client".into(),
            referrer_policy: "",
        }
    }
}

const CACHE: &[&str] = &["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"];
const CREDENTIALS: &[&str] = &["omit", "same-origin", "include"];
const MODE: &[&str] = &["cors", "no-cors", "same-origin", "navigate"];
const REFERRER_POLICY: &[&str] = &[
    "",
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];

/// Reads them; `base` are those of the request that the new one is made of.
///
/// # Errors
/// A `TypeError` where one of them is none of its values.
pub(super) fn read<'js>(
    ctx: &Ctx<'js>,
    init: &Dictionary<'js>,
    base: Option<Rc<Settings>>,
) -> rquickjs::Result<Option<Rc<Settings>>> {
    let mut changed: Option<Settings> = None;
    let mut change = |set: &mut dyn FnMut(&mut Settings)| {
        set(changed.get_or_insert_with(|| base.as_deref().cloned().unwrap_or_default()));
    };
    if let Some(value) = init.get(Key::Cache)? {
        let cache = one_of(&value, "cache", CACHE)?;
        change(&mut |settings| settings.cache = cache);
    }
    if let Some(value) = init.get(Key::Credentials)? {
        let credentials = one_of(&value, "credentials", CREDENTIALS)?;
        change(&mut |settings| settings.credentials = credentials);
    }
    if let Some(value) = init.get(Key::Duplex)? {
        one_of(&value, "duplex", &["half"])?;
    }
    if let Some(value) = init.get(Key::Integrity)? {
        let integrity: Rc<str> = bytes::usv_string(&value)?.into();
        change(&mut |settings| settings.integrity = Rc::clone(&integrity));
    }
    if let Some(value) = init.get(Key::Keepalive)? {
        let keepalive = value.get::<rquickjs::Coerced<bool>>()?.0;
        change(&mut |settings| settings.keepalive = keepalive);
    }
    if let Some(value) = init.get(Key::Mode)? {
        let mode = one_of(&value, "mode", MODE)?;
        if mode == "navigate" {
            return Err(Failure::type_error("a script cannot make a request that navigates").throw(ctx));
        }
        change(&mut |settings| settings.mode = mode);
    }
    if let Some(value) = init.get(Key::Referrer)? {
        let referrer = referrer(ctx, &value)?;
        change(&mut |settings| settings.referrer = Rc::clone(&referrer));
    }
    if let Some(value) = init.get(Key::ReferrerPolicy)? {
        let policy = one_of(&value, "referrerPolicy", REFERRER_POLICY)?;
        change(&mut |settings| settings.referrer_policy = policy);
    }
    if init.get(Key::Window)?.is_some_and(|value| !value.is_null()) {
        return Err(Failure::type_error("`window` of a request can only be null").throw(ctx));
    }
    if let Some(settings) = &changed
        && settings.cache == "only-if-cached"
        && settings.mode != "same-origin"
    {
        let message = "the cache mode `only-if-cached` goes with the mode `same-origin` alone";
        return Err(Failure::type_error(message).throw(ctx));
    }
    Ok(changed.map(Rc::new).or(base))
}

/// A referrer that is another origin than the page's own is the client: here there is no page.
fn referrer(ctx: &Ctx<'_>, value: &Value<'_>) -> rquickjs::Result<Rc<str>> {
    let text = bytes::usv_string(value)?;
    if text.is_empty() {
        return Ok("".into());
    }
    match url::Url::parse(&text) {
        Ok(_) => Ok("about:client".into()),
        Err(_) => Err(Failure::type_error("the referrer is no absolute URL").throw(ctx)),
    }
}

/// A value of an enumeration (Web IDL §3.2.18).
fn one_of(value: &Value<'_>, name: &str, all: &[&'static str]) -> rquickjs::Result<&'static str> {
    let text = bytes::usv_string(value)?;
    all.iter().find(|known| **known == text).copied().ok_or_else(|| {
        let known: Vec<String> = all.iter().map(|known| format!("\"{known}\"")).collect();
        Failure::type_error(format!("`{name}` is one of {}", known.join(", "))).throw(value.ctx())
    })
}
