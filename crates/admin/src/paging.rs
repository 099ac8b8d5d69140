//! Lists come page by page; what one page says in `next` brings the next one.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::error::{ApiError, UNACCEPTABLE};

/// How many there are on a page unless told otherwise.
const DEFAULT_LIMIT: u16 = 100;
/// How many there are at most.
const MAX_LIMIT: u16 = 1000;

/// How many a page may hold.
pub(crate) fn limit(wanted: Option<u16>) -> Result<usize, ApiError> {
    let wanted = wanted.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&wanted) {
        return Err(ApiError::new(&UNACCEPTABLE, format!("limit: {wanted} is not in 1 to {MAX_LIMIT}")));
    }
    Ok(usize::from(wanted))
}

/// Where a page begins, as a cursor has it.
pub(crate) fn position<T: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<T>, ApiError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let read = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.map(Some).ok_or_else(|| {
        ApiError::new(
            &UNACCEPTABLE,
            "cursor: this is not what the page before says in `next`; leave it out to begin anew",
        )
    })
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one.
    pub(crate) next: Option<String>,
}

impl<T> Listing<T> {
    /// A page, and where the next one begins.
    pub(crate) fn new(items: Vec<T>, next: Option<impl Serialize>) -> Self {
        let next = next.and_then(|position| serde_json::to_vec(&position).ok());
        Self { items, next: next.map(|position| BASE64_URL_SAFE_NO_PAD.encode(position)) }
    }

    /// All there is.
    pub(crate) const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_what_the_page_before_said_and_nothing_else() {
        let page = Listing::new(vec![1], Some(("default", "acme")));
        let read: Option<(String, String)> = position(page.next.as_deref()).unwrap();
        assert_eq!(read, Some(("default".to_owned(), "acme".to_owned())));
        for wrong in ["", "x", "W10", "bnVsbA"] {
            assert!(position::<(String, String)>(Some(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(position::<String>(None).unwrap(), None);
    }

    #[test]
    fn a_page_has_one_to_a_thousand() {
        assert_eq!(limit(None).unwrap(), 100);
        assert_eq!(limit(Some(1000)).unwrap(), 1000);
        assert!(limit(Some(0)).is_err() && limit(Some(1001)).is_err());
    }
}
