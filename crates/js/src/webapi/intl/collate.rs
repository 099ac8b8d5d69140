//! The order of a dictionary, for what is written in Latin letters: letters first, then their accents,
//! then their case (UTS 10). Other scripts are in the order of their code points.
//!
//! Texts come decomposed (NFD), so that accents follow their letters.

use std::cmp::Ordering;

/// What counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    pub(super) ignore_accents: bool,
    pub(super) ignore_case: bool,
    pub(super) numeric: bool,
    pub(super) upper_first: bool,
    pub(super) ignore_punctuation: bool,
}

/// Signs in their order, all before digits.
const SIGNS: &str = "\t\n\u{b}\u{c}\r \u{a0}_-–—,;:!¡?¿.·…'‘’\"“”«»()[]{}§¶@*/\\&#%`´^¨°©®+±÷×<=>|¦~¤¢$£¥€";
const OTHER_SIGNS: u32 = 200;
const DIGITS: u32 = OTHER_SIGNS + 0x11_0000;
const LETTERS: u32 = DIGITS + 10;

/// One letter or sign: what it is, the marks upon it, whether it is large.
struct Unit {
    primary: u32,
    marks: u64,
    large: bool,
}

impl Unit {
    fn digit(&self) -> Option<u32> {
        (DIGITS..LETTERS).contains(&self.primary).then(|| self.primary - DIGITS)
    }
}

fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Letters that are two, or one with something upon it, without being composed of them.
fn spelled(character: char) -> Option<&'static [(char, u64)]> {
    Some(match character {
        'æ' => &[('a', 1), ('e', 1)],
        'œ' => &[('o', 1), ('e', 1)],
        'ß' => &[('s', 1), ('s', 1)],
        'þ' => &[('t', 1), ('h', 1)],
        'ø' => &[('o', 2)],
        'đ' | 'ð' => &[('d', 2)],
        'ł' => &[('l', 2)],
        _ => return None,
    })
}

fn primary(character: char) -> u32 {
    if let Some(digit) = character.to_digit(10) {
        return DIGITS + digit;
    }
    if character.is_alphanumeric() {
        return LETTERS + u32::from(character);
    }
    let known = SIGNS.chars().position(|sign| sign == character).and_then(|at| u32::try_from(at).ok());
    known.unwrap_or(OTHER_SIGNS + u32::from(character))
}

fn units(text: &str, rules: Rules) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::with_capacity(text.len());
    for character in text.chars() {
        if is_mark(character) {
            if let Some(last) = units.last_mut() {
                last.marks = last.marks << 16 | u64::from(u32::from(character) & 0xffff);
            }
            continue;
        }
        let ignored = character.is_control() && !character.is_whitespace()
            || rules.ignore_punctuation && (character.is_whitespace() || is_punctuation(character));
        if ignored {
            continue;
        }
        let lower = character.to_lowercase().next().unwrap_or(character);
        let large = lower != character;
        match spelled(lower) {
            Some(letters) => {
                let each = letters.iter().map(|&(letter, marks)| Unit { primary: primary(letter), marks, large });
                units.extend(each);
            }
            None => units.push(Unit { primary: primary(lower), marks: 0, large }),
        }
    }
    if rules.numeric { without_leading_zeros(units) } else { units }
}

fn without_leading_zeros(units: Vec<Unit>) -> Vec<Unit> {
    let mut kept: Vec<Unit> = Vec::with_capacity(units.len());
    let mut in_number = false;
    let mut units = units.into_iter().peekable();
    while let Some(unit) = units.next() {
        let leads = !in_number && unit.digit() == Some(0) && units.peek().is_some_and(|next| next.digit().is_some());
        in_number = unit.digit().is_some() && !leads;
        if !leads {
            kept.push(unit);
        }
    }
    kept
}

fn is_punctuation(character: char) -> bool {
    "_-–—,;:!¡?¿.·…'‘’\"“”«»()[]{}§¶@*/\\&#%".contains(character)
}

/// Which comes first.
pub(super) fn compare(a: &str, b: &str, rules: Rules) -> Ordering {
    let (a, b) = (units(a, rules), units(b, rules));
    let letters =
        if rules.numeric { numbers(&a, &b) } else { a.iter().map(|it| it.primary).cmp(b.iter().map(|it| it.primary)) };
    let marks = || match rules.ignore_accents {
        true => Ordering::Equal,
        false => a.iter().map(|it| it.marks).cmp(b.iter().map(|it| it.marks)),
    };
    let case = || match (rules.ignore_case, rules.upper_first) {
        (true, _) => Ordering::Equal,
        (false, false) => a.iter().map(|it| it.large).cmp(b.iter().map(|it| it.large)),
        (false, true) => b.iter().map(|it| it.large).cmp(a.iter().map(|it| it.large)),
    };
    letters.then_with(marks).then_with(case)
}

/// By letters, with digits that follow each other as one number.
fn numbers(a: &[Unit], b: &[Unit]) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (x, y) = match (a.first(), b.first()) {
            (Some(x), Some(y)) => (x, y),
            (None, None) => return Ordering::Equal,
            (x, _) => return if x.is_none() { Ordering::Less } else { Ordering::Greater },
        };
        let order = if x.digit().is_some() && y.digit().is_some() {
            let (first, second) = (number(&mut a), number(&mut b));
            first.len().cmp(&second.len()).then_with(|| first.cmp(&second))
        } else {
            (a, b) = (&a[1..], &b[1..]);
            x.primary.cmp(&y.primary)
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes the digits of a number.
fn number(units: &mut &[Unit]) -> Vec<u32> {
    let digits: Vec<u32> = units.iter().map_while(Unit::digit).collect();
    *units = &units[digits.len()..];
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: Rules, sorted: &[&str]) {
        for pair in sorted.windows(2) {
            assert_eq!(compare(pair[0], pair[1], rules), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0], rules), Ordering::Greater, "{pair:?}");
        }
    }

    #[track_caller]
    fn check_equal(rules: Rules, a: &str, b: &str) {
        assert_eq!(compare(a, b, rules), Ordering::Equal, "{a:?} {b:?}");
    }

    #[test]
    fn letters_then_accents_then_case() {
        let words =
            ["", "_", "-x", " 1", "1", "10", "9", "a", "A", "a\u{301}", "a b", "ab", "aB", "Ab", "AC", "B", "z", "日"];
        check(Rules::default(), &["", " ", "_", "-", "~", "$", "€", "0", "9", "a"]);
        check(Rules::default(), &words[4..10]);
        check(Rules::default(), &["ab", "aB", "Ab", "AC", "B", "z", "α", "日"]);
        check(Rules::default(), &["resume", "re\u{301}sume\u{301}", "retry"]);
        check(Rules::default(), &["ss", "ß", "st"]);
    }

    #[test]
    fn what_does_not_count_is_equal() {
        let no_case = Rules { ignore_case: true, ..Rules::default() };
        check_equal(no_case, "aB", "Ab");
        check(no_case, &["a", "a\u{301}"]);
        let no_accents = Rules { ignore_accents: true, ..Rules::default() };
        check_equal(no_accents, "a\u{301}", "a");
        check(no_accents, &["a", "A\u{301}"]);
        check_equal(Rules { ignore_punctuation: true, ..Rules::default() }, "co-op", "coop");
        check_equal(Rules::default(), "x\0", "x");
    }

    #[test]
    fn digits_are_numbers_where_they_are_to_be() {
        let numeric = Rules { numeric: true, ..Rules::default() };
        check(numeric, &["a2", "a10", "a010b", "a99999999999999999999999", "b1"]);
        check_equal(numeric, "a1", "a01");
        check_equal(numeric, "x00y000", "x0y0");
        check(numeric, &["a0", "a00b", "a01", "a10", "a100"]);
        check(numeric, &["1.5", "1.10", "1a", "2"]);
        check(Rules::default(), &["a10", "a2"]);
    }

    #[test]
    fn large_letters_come_first_where_they_are_to() {
        check(Rules { upper_first: true, ..Rules::default() }, &["A", "a", "Ab", "ab"]);
    }
}
