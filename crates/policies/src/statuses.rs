//! Status codes as options write them: one, a range, or a list of them.

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tollgate_core::catalog::BuildError;

/// Status codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum StatusCodes {
    /// `200-299, 404`
    Text(String),
    /// `200`
    Number(u16),
    /// `[200, 201]`
    List(Vec<OneOrRange>),
}

/// One status code, or a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrRange {
    /// `200`
    Number(u16),
    /// `200-299`
    Text(String),
}

impl std::fmt::Display for OneOrRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(code) => write!(f, "{code}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Ranges of status codes, both ends included.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statuses(Vec<(u16, u16)>);

impl Statuses {
    /// Reads `200-299, 404`, or a list of such.
    pub(crate) fn read(written: &StatusCodes, at: &str) -> Result<Self, BuildError> {
        let texts: Vec<String> = match written {
            StatusCodes::Text(text) => text.split(',').map(str::to_owned).collect(),
            StatusCodes::Number(number) => vec![number.to_string()],
            StatusCodes::List(list) => list.iter().map(ToString::to_string).collect(),
        };
        let range = |text: &String| {
            let (from, to) = text.split_once('-').unwrap_or((text, text));
            let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=599).contains(code));
            match (code(from), code(to)) {
                (Some(from), Some(to)) if from <= to => Ok((from, to)),
                _ => Err(BuildError::at(at, format!("`{}` is no status code and no range of them", text.trim()))
                    .help("such as `200-299, 404`, or `[200, 201]`")),
            }
        };
        if texts.is_empty() {
            return Err(BuildError::at(at, "the list is empty, so that no answer is meant").help("such as `200-299`"));
        }
        texts.iter().map(range).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an answer with this status is meant.
    pub(crate) fn contain(&self, status: StatusCode) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&status.as_u16()))
    }
}
