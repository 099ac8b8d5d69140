//! What is wrong with a request, in the words of `core::json_schema`.

use std::fmt::Write as _;

use percent_encoding::utf8_percent_encode;
use serde_json::{Value, json};
use tollgate_core::json_schema::FRAGMENT;

/// The most violations that one answer lists.
pub(crate) const MOST: usize = 50;

/// Which part of a request something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum In {
    Path,
    Query,
    Header,
    Cookie,
    Body,
}

impl In {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Path => "Path parameter",
            Self::Query => "Query parameter",
            Self::Header => "Header",
            Self::Cookie => "Cookie",
            Self::Body => "Body",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// In which part.
    pub(crate) part: In,
    /// The parameter's name; empty for the body.
    pub(crate) name: String,
    /// JSON pointer inside the value.
    pub(crate) pointer: String,
    /// What about it, to be read behind the name of the thing.
    pub(crate) detail: String,
}

impl Violation {
    pub(crate) fn of_body(detail: impl Into<String>) -> Self {
        Self { part: In::Body, name: String::new(), pointer: String::new(), detail: detail.into() }
    }

    pub(crate) fn of_parameter(part: In, name: &str, detail: impl Into<String>) -> Self {
        Self { part, name: name.to_owned(), pointer: String::new(), detail: detail.into() }
    }

    /// As a member of `errors` (RFC 9457 §3.2 has the shape; `in` and `name` are ours).
    pub(crate) fn object(&self) -> Value {
        let mut object = serde_json::Map::new();
        object.insert("detail".to_owned(), json!(self.detail));
        object.insert("in".to_owned(), json!(self.part.as_str()));
        if self.part != In::Body {
            object.insert("name".to_owned(), json!(self.name));
        }
        if self.part == In::Body || !self.pointer.is_empty() {
            object.insert("pointer".to_owned(), json!(format!("#{}", utf8_percent_encode(&self.pointer, FRAGMENT))));
        }
        Value::Object(object)
    }

    /// As a sentence, for the log and for the Zuplo form.
    pub(crate) fn sentence(&self) -> String {
        let mut sentence = self.part.noun().to_owned();
        if self.part != In::Body {
            let _ = write!(sentence, " '{}'", self.name);
        }
        sentence.push_str(&self.pointer);
        sentence.push(' ');
        sentence.push_str(&self.detail);
        sentence
    }
}
