//! URL patterns, compiled (URL Pattern Standard §1).
//!
//! The crate `urlpattern` makes a regular expression of each component, in the syntax of JavaScript. The
//! engine's own `RegExp` runs them: groups may use all that this syntax has, and a costly one counts
//! against the budget of the script.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rquickjs::{Array, Ctx, FromJs, Value};
use url::Url;
use urlpattern::component::Component;
use urlpattern::matcher::InnerMatcher;
use urlpattern::quirks::{EcmaRegexp, parse_match_input};
use urlpattern::regexp::RegExp;
use urlpattern::{Error, RegexSyntax, UrlPattern, UrlPatternInit, UrlPatternMatchInput, UrlPatternOptions};

use crate::Failure;

/// A regular expression that is kept as text. Rust runs only those that the crate tries while it
/// compiles, to find out whether a protocol may be `https` and the like.
struct Source(EcmaRegexp);

impl RegExp for Source {
    fn syntax() -> RegexSyntax {
        RegexSyntax::EcmaScript
    }

    /// Takes what is asked for: the engine says later whether it compiles.
    fn parse(pattern: &str, flags: &str, _: bool) -> Result<Self, ()> {
        EcmaRegexp::parse(pattern, flags, false).map(Self)
    }

    fn matches<'a>(&self, text: &'a str) -> Option<Vec<Option<&'a str>>> {
        self.0.matches(text)
    }

    fn pattern_string(&self) -> &str {
        self.0.pattern_string()
    }
}

/// The members of a `URLPatternInit`, in the order of `pattern.js`.
type Members = Vec<Option<String>>;

fn init(members: Members) -> Result<UrlPatternInit, Error> {
    let mut members = members.into_iter();
    let mut next = || members.next().flatten();
    Ok(UrlPatternInit {
        protocol: next(),
        username: next(),
        password: next(),
        hostname: next(),
        port: next(),
        pathname: next(),
        search: next(),
        hash: next(),
        base_url: next().map(|base| Url::parse(&base)).transpose().map_err(Error::Url)?,
    })
}

/// Compiles a pattern: a text, with a base or without, or [`Members`]. Gives an array for each component:
/// the pattern as text, the regular expression, the names of its groups, whether one of them is a
/// regular expression of the user's, and the only text that matches, where there is only one.
///
/// # Errors
/// A `TypeError` that says what is wrong.
pub(super) fn compile<'js>(
    ctx: Ctx<'js>,
    input: Value<'js>,
    base: Option<String>,
    ignore_case: bool,
) -> rquickjs::Result<Array<'js>> {
    let options = UrlPatternOptions { regex_syntax: RegexSyntax::EcmaScript, ignore_case };
    let compiled = if input.is_string() {
        let text = String::from_js(&ctx, input)?;
        guarded(move || {
            let base = base.map(|base| Url::parse(&base)).transpose().map_err(Error::Url)?;
            UrlPattern::<Source>::parse(UrlPatternInit::parse_constructor_string::<Source>(&text, base)?, options)
        })
    } else {
        let members = Members::from_js(&ctx, input)?;
        guarded(move || UrlPattern::<Source>::parse(init(members)?, options))
    };
    let wrong = |why: &str| Failure::type_error(format!("Invalid URL pattern{why}")).throw(&ctx);
    match compiled {
        Some(Ok(pattern)) => all(&ctx, &pattern),
        Some(Err(error)) => Err(wrong(&format!(": {error}"))),
        None => Err(wrong("")),
    }
}

fn all<'js>(ctx: &Ctx<'js>, pattern: &UrlPattern<Source>) -> rquickjs::Result<Array<'js>> {
    let components = Array::new(ctx.clone())?;
    let each = [
        &pattern.protocol,
        &pattern.username,
        &pattern.password,
        &pattern.hostname,
        &pattern.port,
        &pattern.pathname,
        &pattern.search,
        &pattern.hash,
    ];
    for (index, component) in each.into_iter().enumerate() {
        let parts = Array::new(ctx.clone())?;
        parts.set(0, component.pattern_string.as_str())?;
        parts.set(1, component.regexp.as_ref().map_or("", RegExp::pattern_string))?;
        parts.set(2, component.group_name_list.as_slice())?;
        parts.set(3, component.has_regexp_group)?;
        parts.set(4, only(component))?;
        components.set(index, parts)?;
    }
    Ok(components)
}

fn only(component: &Component<Source>) -> Option<&str> {
    match &component.matcher.inner {
        InnerMatcher::Literal { literal } if !component.matcher.ignore_case => Some(literal),
        _ => None,
    }
}

/// What a `URLPatternInit` is matched as, component by component; `undefined` where it makes no URL, and
/// so matches nothing.
pub(super) fn parts(members: Members) -> Option<Vec<String>> {
    guarded(|| {
        let input = parse_match_input(UrlPatternMatchInput::Init(init(members).ok()?))?;
        Some(vec![
            input.protocol,
            input.username,
            input.password,
            input.hostname,
            input.port,
            input.pathname,
            input.search,
            input.hash,
        ])
    })
    .flatten()
}

/// A case that its authors did not think of may panic in the crate: that ends as a pattern that is not
/// valid, and not as the end of the thread.
fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}
