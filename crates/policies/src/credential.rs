//! Reading a credential out of a header field, and asking for one (RFC 9110 §11, RFC 6750).

use std::fmt;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use tollgate_core::catalog::BuildError;
use tollgate_core::{Fault, Reason};

/// What a 401 calls the protected space.
const REALM: &str = "api";

/// A reason for 401, which is the client's fault.
pub(crate) const fn unauthorized(
    name: &'static str,
    code: &'static str,
    meaning: &'static str,
    fix: &'static str,
) -> Reason {
    Reason { name, code, status: 401, title: "Unauthorized", fault: Fault::Client, meaning, fix }
}

/// Where a policy looks for a credential.
#[derive(Debug)]
pub(crate) struct Source {
    header: HeaderName,
    scheme: Option<Scheme>,
    missing: String,
    challenge: HeaderValue,
    challenge_invalid: HeaderValue,
}

#[derive(Debug)]
struct Scheme {
    name: String,
    required: bool,
}

/// A credential as the client sent it. Never shown.
#[derive(Clone)]
pub(crate) struct Presented {
    field: HeaderValue,
    start: usize,
}

impl Presented {
    /// The credential, without its scheme.
    pub(crate) fn as_str(&self) -> &str {
        self.field.to_str().ok().and_then(|text| text.get(self.start..)).unwrap_or_default()
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(..)")
    }
}

/// Why there is no credential to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// There is no such field.
    Missing,
    /// There is more than one. Which of them counts would be a guess that the upstream may make
    /// in another way.
    Several,
    /// The field has another scheme.
    OtherScheme,
    /// There is nothing behind the scheme, or something that no credential contains.
    Malformed,
}

impl Source {
    /// A place to look: the option `authHeader`, and the scheme in it.
    ///
    /// `Authorization` needs a scheme, `Bearer` unless another is given; an empty one means that
    /// the bare value is the credential. Any other field holds the bare value; a scheme that was
    /// asked for may stand in front of it.
    pub(crate) fn new(header: Option<&str>, scheme: Option<&str>) -> Result<Self, BuildError> {
        let text = header.unwrap_or("Authorization");
        let header = HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
            BuildError::at("/authHeader", format!("`{text}` is not a name that a header field can have"))
        })?;
        let required = header == AUTHORIZATION;
        let scheme = match (scheme.map(str::trim), required) {
            (Some(""), _) | (None, false) => None,
            (Some(name), _) => Some(name),
            (None, true) => Some("Bearer"),
        };
        if let Some(name) = scheme
            && !name.bytes().all(is_token)
        {
            return Err(BuildError::at("/authScheme", format!("`{name}` is not a name that a scheme can have"))
                .help("write the scheme alone, such as Bearer"));
        }
        // RFC 9110 §11.6.1 wants a challenge in every 401. Where the credential is not in
        // Authorization, no registered scheme says so; this spelling at least names the field.
        let challenge = match scheme {
            // RFC 7617 §2.1: clients send other letters than ASCII in UTF-8 only if they are asked to.
            Some(name) if required && name.eq_ignore_ascii_case("Basic") => {
                format!("{name} realm=\"{REALM}\", charset=\"UTF-8\"")
            }
            Some(name) if required => format!("{name} realm=\"{REALM}\""),
            _ => format!("ApiKey realm=\"{REALM}\", header=\"{header}\""),
        };
        let invalid = if scheme.is_some_and(|name| name.eq_ignore_ascii_case("Bearer")) && required {
            format!("{challenge}, error=\"invalid_token\"")
        } else {
            challenge.clone()
        };
        let value = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| BuildError::at("/authScheme", "cannot be written into a header field"))
        };
        Ok(Self {
            missing: format!("No {text} Header"),
            challenge: value(&challenge)?,
            challenge_invalid: value(&invalid)?,
            scheme: scheme.map(|name| Scheme { name: name.to_owned(), required }),
            header,
        })
    }

    /// The field's value with a credential that came by another way.
    pub(crate) fn field(&self, credential: &str) -> Option<HeaderValue> {
        let text = match &self.scheme {
            Some(scheme) if scheme.required => format!("{} {credential}", scheme.name),
            _ => credential.to_owned(),
        };
        HeaderValue::try_from(text).ok()
    }

    /// The field that holds it.
    pub(crate) fn header(&self) -> &HeaderName {
        &self.header
    }

    /// Looks for it.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Result<Presented, Absent> {
        let mut fields = headers.get_all(&self.header).iter();
        let field = fields.next().ok_or(Absent::Missing)?;
        if fields.next().is_some() {
            return Err(Absent::Several);
        }
        let text = field.to_str().map_err(|_| Absent::Malformed)?;
        let credential = match &self.scheme {
            None => text,
            Some(scheme) => match (strip_scheme(text, &scheme.name), scheme.required) {
                (Some(rest), _) => rest,
                (None, true) => return Err(Absent::OtherScheme),
                (None, false) => text,
            },
        };
        let credential = credential.trim_matches([' ', '\t']);
        if credential.is_empty() || credential.contains([' ', '\t', ',']) {
            return Err(Absent::Malformed);
        }
        let start = credential.as_ptr() as usize - text.as_ptr() as usize;
        // Without what trails it: hyper has cut that off, others may not have.
        let field = if start + credential.len() == text.len() {
            field.clone()
        } else {
            HeaderValue::from_str(&text[..start + credential.len()]).map_err(|_| Absent::Malformed)?
        };
        Ok(Presented { field, start })
    }

    /// What to tell a client that sent none, or one that cannot be looked at.
    pub(crate) fn detail(&self, absent: Absent) -> String {
        match absent {
            Absent::Missing => self.missing.clone(),
            Absent::Several => format!("More than one {} Header", self.header),
            Absent::OtherScheme => "Invalid Authorization Scheme".to_owned(),
            Absent::Malformed => "No usable credential present".to_owned(),
        }
    }

    /// The challenge of a 401; with `error="invalid_token"` only where a credential was presented
    /// (RFC 6750 §3.1).
    pub(crate) fn challenge(&self, presented: bool) -> HeaderValue {
        if presented { self.challenge_invalid.clone() } else { self.challenge.clone() }
    }
}

/// What stands behind the scheme. Schemes are case-insensitive; a space must follow.
fn strip_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let (head, rest) = (text.get(..scheme.len())?, text.get(scheme.len()..)?);
    (head.eq_ignore_ascii_case(scheme) && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some(rest)
}

/// RFC 9110 §5.6.2
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, scheme: Option<&str>, fields: &[&str], expected: Result<&str, Absent>) {
        let source = Source::new(Some(header), scheme).unwrap();
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(source.header().clone(), HeaderValue::from_bytes(field.as_bytes()).unwrap());
        }
        let read = source.read(&headers);
        assert_eq!(read.as_ref().map(Presented::as_str).map_err(|absent| *absent), expected, "{fields:?}");
    }

    #[test]
    fn a_credential_is_what_stands_behind_its_scheme() {
        check("Authorization", None, &["Bearer abc"], Ok("abc"));
        check("Authorization", None, &["bEARER   abc "], Ok("abc"));
        check("Authorization", None, &[], Err(Absent::Missing));
        check("Authorization", None, &["Bearer"], Err(Absent::Malformed));
        check("Authorization", None, &["Bearer "], Err(Absent::Malformed));
        check("Authorization", None, &["Bearer a b"], Err(Absent::Malformed));
        check("Authorization", None, &["Bearer a,b"], Err(Absent::Malformed));
        check("Authorization", None, &["Bearer ä"], Err(Absent::Malformed));
        check("Authorization", None, &["Bearerabc"], Err(Absent::OtherScheme));
        check("Authorization", None, &["Basic abc"], Err(Absent::OtherScheme));
        check("Authorization", None, &["abc"], Err(Absent::OtherScheme));
        check("Authorization", Some("Key"), &["Key abc"], Ok("abc"));
        check("Authorization", Some(""), &["abc"], Ok("abc"));
        check("X-API-Key", None, &["abc"], Ok("abc"));
        check("X-API-Key", Some("Bearer"), &["abc"], Ok("abc"));
        check("X-API-Key", Some("Bearer"), &["Bearer abc"], Ok("abc"));
    }

    #[test]
    fn two_fields_are_never_a_credential() {
        check("Authorization", None, &["Bearer abc", "Bearer abc"], Err(Absent::Several));
        check("X-API-Key", None, &["abc", ""], Err(Absent::Several));
    }

    #[test]
    fn a_credential_is_never_shown() {
        let source = Source::new(None, None).unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer s3cret"))]);
        assert!(!format!("{:?}", source.read(&headers)).contains("s3cret"));
    }

    #[test]
    fn a_scheme_or_header_that_cannot_be_is_refused_at_load() {
        assert_eq!(Source::new(Some("X Y"), None).unwrap_err().pointer, "/authHeader");
        assert_eq!(Source::new(None, Some("Be arer")).unwrap_err().pointer, "/authScheme");
    }
}
