//! The `Date` field of answers.

use std::cell::RefCell;
use std::time::{Duration, UNIX_EPOCH};

use http::HeaderValue;
use tollgate_core::time::coarse;

thread_local! {
    /// The field as it was for the second that it names.
    static LAST: RefCell<(u64, Option<HeaderValue>)> = const { RefCell::new((0, None)) };
}

/// The field for now, by the machine's clock: it tells others of that. It is written anew once a second.
pub(crate) fn field() -> HeaderValue {
    let seconds = coarse::wall().as_secs();
    LAST.with_borrow_mut(|(second, field)| {
        if *second == seconds
            && let Some(field) = field
        {
            return field.clone();
        }
        let moment = UNIX_EPOCH + Duration::from_secs(seconds);
        let fresh =
            HeaderValue::try_from(httpdate::fmt_http_date(moment)).unwrap_or_else(|_| HeaderValue::from_static(""));
        (*second, *field) = (seconds, Some(fresh.clone()));
        fresh
    })
}
