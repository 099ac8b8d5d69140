//! `Intl`, beyond what Node can be asked about.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use support::eval;

#[test]
fn nothing_is_loaded_before_it_is_used() {
    let code = "const loaded = () => !('get' in Object.getOwnPropertyDescriptor(globalThis, 'Intl'));
        const before = [loaded(), 'a'.localeCompare('B'), loaded()];
        return [...before, typeof Intl.NumberFormat, loaded()];";
    assert_eq!(eval(code).unwrap(), r#"[false,-1,false,"function",true]"#);
}

#[test]
fn methods_work_although_a_script_has_replaced_intl() {
    let code = "globalThis.Intl = undefined; return (1234.5).toLocaleString()";
    assert_eq!(eval(code).unwrap(), "\"1,234.5\"");
}

#[test]
fn numbers_that_are_text_may_be_as_long_as_they_like_but_not_as_large() {
    let code = "const { format } = new Intl.NumberFormat('en-US', { maximumFractionDigits: 100 });
        return [format('1' + '0'.repeat(30) + '.5'), format('1e999999999'), format('1e-999999999'), format('-1e5000')];";
    let expected = r#"["1,000,000,000,000,000,000,000,000,000,000.5","∞","0","-∞"]"#;
    assert_eq!(eval(code).unwrap(), expected);
}

#[test]
fn the_zone_of_a_formatter_is_that_of_the_dates_of_the_engine() {
    let code = "const date = new Date(2024, 6, 5, 15, 4);
        const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
        return [date.toLocaleString(), date.toLocaleString('en-US', { timeZone })];";
    assert_eq!(eval(code).unwrap(), r#"["7/5/2024, 3:04:00 PM","7/5/2024, 3:04:00 PM"]"#);
}
