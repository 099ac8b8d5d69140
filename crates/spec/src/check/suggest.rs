//! The nearest name to a misspelt one.

use crate::Diagnostic;
use crate::tree::Node;

/// The candidate that was probably meant: close in letters, whatever the case or the hyphens.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(name);
    candidates
        .into_iter()
        .map(|candidate| (distance(&plain, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= most(plain.len().min(candidate.len())))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Points at the definition of the nearest name, which may be the one that is misspelt.
pub fn point_at_nearest(diagnostic: Diagnostic, name: &str, definitions: Option<&Node<'_>>) -> Diagnostic {
    let Some(definitions) = definitions else { return diagnostic };
    let names: Vec<&str> = definitions.entries().map(|(known, _)| known).collect();
    let Some(field) = nearest(name, names).and_then(|known| definitions.get(known)) else { return diagnostic };
    let label = format!("`{}` is defined here", field.name());
    diagnostic.related(field.key_span(), label)
}

/// A help line: ``did you mean `limit`?``
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// A help line: the nearest name, or else all that there are.
pub fn known_or_nearest<'a>(
    name: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    did_you_mean(name, candidates.clone()).or_else(|| {
        const MOST: usize = 24;
        let all: Vec<&str> = candidates.into_iter().collect();
        let more = if all.len() > MOST { ", …" } else { "" };
        let list = all.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        (!all.is_empty()).then(|| format!("{what}: {list}{more}"))
    })
}

fn distance(plain_name: &str, candidate: &str) -> usize {
    strsim::damerau_levenshtein(plain_name, &plain(candidate))
}

/// Lower-case, without what people mix up between spellings.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// How many letters may be wrong in a name of this length.
const fn most(length: usize) -> usize {
    match length {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_through_typos_case_and_hyphens_but_not_at_any_price() {
        let names = ["requestsAllowed", "rate-limit", "api-key", "timeWindowMinutes"];
        let cases = [
            ("requestAllowed", Some("requestsAllowed")),
            ("rate_limit", Some("rate-limit")),
            ("apikey", Some("api-key")),
            ("ratelimt", Some("rate-limit")),
            ("upstream", None),
            ("x", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }
}
