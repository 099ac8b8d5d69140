//! Regular expressions as JavaScript writes them, on an engine whose time is linear in the body.

use regex::bytes::{Regex, RegexBuilder};
use tollgate_core::catalog::BuildError;

/// Reads `/PATTERN/FLAGS`, or a bare pattern; gives the flags as well. `at` is where it stands in the options.
///
/// # Errors
/// Where it is none, or one that only an engine without bounds could run.
pub(crate) fn compile<'w>(written: &'w str, at: &str) -> Result<(Regex, &'w str), BuildError> {
    let wrong = |message: String| BuildError::at(at, message);
    let (pattern, flags) = match written.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some((pattern, flags)) if flags.bytes().all(|byte| byte.is_ascii_lowercase()) => (pattern, flags),
        _ => (written, ""),
    };
    if pattern.is_empty() {
        return Err(wrong("the expression is empty".to_owned()).help("write it as JavaScript does: /PATTERN/g"));
    }
    if let Some(unknown) = flags.chars().find(|flag| !"dgimsu".contains(*flag)) {
        return Err(wrong(format!("the flag `{unknown}` means nothing here")).help("g, i, m, s and u do"));
    }
    let unsupported = "look-around and back references are not there: they can take for ever on some bodies";
    let translated = jsonschema_regex::to_rust_regex(pattern)
        .map_err(|()| wrong(format!("`{pattern}` is no regular expression")).help(unsupported))?;
    let regex = RegexBuilder::new(&translated)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .build()
        .map_err(|error| wrong(format!("`{pattern}` is no regular expression: {error}")).help(unsupported))?;
    Ok((regex, flags))
}
