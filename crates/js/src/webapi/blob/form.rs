//! Forms, read from bytes: `multipart/form-data` and `application/x-www-form-urlencoded`.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::CONTENT_TYPE;
use multer::Multipart;

use crate::Failure;

/// One entry of a form, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Text { name: String, value: String },
    File { name: String, filename: String, content_type: String, bytes: Bytes },
}

/// The entries of a form (Fetch §5.2, `formData`).
///
/// # Errors
/// A `TypeError` where the type is none of a form, or the bytes are none of that type.
pub(super) fn parse(bytes: Bytes, content_type: &str) -> Result<Vec<Entry>, Failure> {
    let essence = content_type.split(';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case("multipart/form-data") {
        let boundary = multer::parse_boundary(content_type).map_err(failure)?;
        return multipart(bytes, boundary);
    }
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(&bytes);
        return Ok(pairs.map(|(name, value)| Entry::Text { name: name.into(), value: value.into() }).collect());
    }
    Err(Failure::type_error(format!("a body of type `{essence}` is no form")))
}

fn failure(error: multer::Error) -> Failure {
    Failure::type_error(format!("the body is no form: {error}"))
}

/// All bytes are there, so that there is nothing to wait for.
fn multipart(bytes: Bytes, boundary: String) -> Result<Vec<Entry>, Failure> {
    let stream = futures_util::stream::iter([Ok::<_, Infallible>(bytes)]);
    let mut parts = Multipart::new(stream, boundary);
    let entries = async {
        let mut entries = Vec::new();
        while let Some(part) = parts.next_field().await? {
            entries.push(entry(part).await?);
        }
        Ok(entries)
    };
    let incomplete = Err(multer::Error::IncompleteStream);
    entries.now_or_never().unwrap_or(incomplete).map_err(failure)
}

async fn entry(part: multer::Field<'_>) -> Result<Entry, multer::Error> {
    let Some(name) = part.name().map(unescape) else {
        return Err(multer::Error::IncompleteHeaders);
    };
    let Some(filename) = part.file_name().map(unescape) else {
        let value = String::from_utf8_lossy(&part.bytes().await?).into_owned();
        return Ok(Entry::Text { name, value });
    };
    // RFC 7578 §4.4 names the type of a part that names none.
    let content_type =
        part.headers().get(CONTENT_TYPE).map_or("text/plain", |value| value.to_str().unwrap_or_default());
    let content_type = content_type.to_owned();
    Ok(Entry::File { name, filename, content_type, bytes: part.bytes().await? })
}

/// Browsers escape three characters in names (HTML §4.10.21.8), and nothing else: not even `%`.
fn unescape(name: &str) -> String {
    name.replace("%0A", "\n").replace("%0D", "\r").replace("%22", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=B";

    fn text(name: &str, value: &str) -> Entry {
        Entry::Text { name: name.into(), value: value.into() }
    }

    #[track_caller]
    fn check(content_type: &str, body: &'static str, expected: &[Entry]) {
        assert_eq!(parse(Bytes::from_static(body.as_bytes()), content_type).unwrap(), expected);
    }

    #[track_caller]
    fn check_refused(content_type: &str, body: &'static str) {
        let failure = parse(Bytes::from_static(body.as_bytes()), content_type).unwrap_err();
        assert!(failure.to_string().starts_with("TypeError: "), "{failure}");
    }

    #[test]
    fn parts_are_entries_in_their_order() {
        let body = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
            --B\r\ncontent-disposition: form-data; name=\"f\"; filename=\"x %22y%0D%0A.txt\"\r\nContent-Type: text/css\r\n\r\na\r\n--b\r\n\r\n\
            --B\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--B--\r\n";
        let file = Entry::File {
            name: "f".into(),
            filename: "x \"y\r\n.txt".into(),
            content_type: "text/css".into(),
            bytes: Bytes::from_static(b"a\r\n--b\r\n"),
        };
        check(TYPE, body, &[text("a", "1"), file, text("a", "")]);
        check("Multipart/Form-Data; charset=utf-8; boundary=\"B\"", body, &parse(body.into(), TYPE).unwrap());
    }

    #[test]
    fn a_file_without_a_type_is_text() {
        let body = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n--B--";
        let file = Entry::File {
            name: "f".into(),
            filename: String::new(),
            content_type: "text/plain".into(),
            bytes: Bytes::new(),
        };
        check(TYPE, body, &[file]);
    }

    #[test]
    fn a_form_may_be_empty_but_not_cut_short() {
        check(TYPE, "--B--\r\n", &[]);
        for body in ["", "--B", "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", "--C--\r\n"] {
            check_refused(TYPE, body);
        }
    }

    #[test]
    fn a_part_without_a_name_is_refused() {
        check_refused(TYPE, "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--");
        check_refused(TYPE, "--B\r\nContent-Type: text/plain\r\n\r\n1\r\n--B--");
    }

    #[test]
    fn what_is_url_encoded_is_decoded() {
        let expected = [text("a", "1 2"), text("ä", "&="), text("c", ""), text("a", "\u{fffd}")];
        check("application/x-www-form-urlencoded;charset=UTF-8", "a=1+2&%C3%A4=%26%3D&c&a=%FF", &expected);
        check("application/x-www-form-urlencoded", "", &[]);
    }

    #[test]
    fn other_types_are_no_forms() {
        for content_type in ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=B", "json"] {
            check_refused(content_type, "--B--\r\n");
        }
    }
}
