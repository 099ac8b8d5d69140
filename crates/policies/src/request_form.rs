//! Forms in the body of a request: urlencoded and multipart, as fields and their values.

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use multer::Multipart;
use percent_encoding::percent_decode_str;

/// The most fields that a form may have: each costs an entry, however short it is.
const MOST_FIELDS: usize = 10_000;

/// What a form comes as.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FormKind {
    UrlEncoded,
    /// With what stands between its parts.
    Multipart(String),
}

/// Why a form cannot be read, for its sender.
pub(crate) type Unreadable = String;

/// Whether a body is compressed.
pub(crate) fn is_coded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

impl FormKind {
    /// What the header fields of a request say; `None` where it is no form, or where they say two things.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all(CONTENT_TYPE).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return None };
        let text = field.to_str().ok()?;
        let essence = text.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Some(Self::UrlEncoded);
        }
        multer::parse_boundary(text).ok().map(Self::Multipart)
    }

    /// The fields of a form, in their order.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) async fn read(&self, bytes: Bytes) -> Result<Vec<(String, String)>, Unreadable> {
        match self {
            Self::UrlEncoded => url_encoded(&bytes),
            Self::Multipart(boundary) => multipart(bytes, boundary).await,
        }
    }
}

fn url_encoded(bytes: &Bytes) -> Result<Vec<(String, String)>, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8("The form"))?;
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let mut fields = Vec::new();
    for (name, value) in pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        check_count(&fields)?;
        fields.push((decoded(name)?, decoded(value)?));
    }
    Ok(fields)
}

fn decoded(text: &str) -> Result<String, Unreadable> {
    let spaces = text.replace('+', " ");
    percent_decode_str(&spaces).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| not_utf8("A field"))
}

async fn multipart(bytes: Bytes, boundary: &str) -> Result<Vec<(String, String)>, Unreadable> {
    let whole = stream::once(async { Ok::<_, std::convert::Infallible>(bytes) });
    let mut parts = Multipart::new(whole, boundary);
    let mut fields = Vec::new();
    let broken = |error: multer::Error| format!("The form is not well-formed: {error}.");
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        check_count(&fields)?;
        let name = part.name().ok_or_else(|| "A part of the form has no name.".to_owned())?.to_owned();
        if part.file_name().is_some() {
            return Err("The form has a file, which cannot become JSON.".to_owned());
        }
        let value = part.bytes().await.map_err(broken)?;
        let value = String::from_utf8(value.to_vec()).map_err(|_| not_utf8("A field"))?;
        fields.push((name, value));
    }
    Ok(fields)
}

fn check_count(fields: &[(String, String)]) -> Result<(), Unreadable> {
    if fields.len() < MOST_FIELDS { Ok(()) } else { Err(format!("The form has more than {MOST_FIELDS} fields.")) }
}

fn not_utf8(what: &str) -> Unreadable {
    format!("{what} is not UTF-8.")
}
