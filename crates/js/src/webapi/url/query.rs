//! `application/x-www-form-urlencoded` (URL Standard §5).

use rquickjs::{Array, Ctx};
use url::form_urlencoded;

use crate::bytes::UsvString;

/// Names and values by turns, out of a query without its question mark.
pub(super) fn split<'js>(ctx: Ctx<'js>, query: UsvString) -> rquickjs::Result<Array<'js>> {
    let list = Array::new(ctx)?;
    for (index, (name, value)) in form_urlencoded::parse(query.0.as_bytes()).enumerate() {
        list.set(2 * index, name.as_ref())?;
        list.set(2 * index + 1, value.as_ref())?;
    }
    Ok(list)
}

/// The query of names and values by turns.
pub(super) fn join(list: Vec<String>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for pair in list.chunks_exact(2) {
        if let [name, value] = pair {
            query.append_pair(name, value);
        }
    }
    query.finish()
}
