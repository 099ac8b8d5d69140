//! Which answers count.

use http::StatusCode;
use tollgate_core::catalog::BuildError;

use super::options::StatusCodes;

/// Ranges of status codes, both ends included.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statuses(Vec<(u16, u16)>);

impl Statuses {
    /// Reads `200-299, 404`, or a list of such.
    pub(super) fn read(written: &StatusCodes) -> Result<Self, BuildError> {
        const AT: &str = "/quotaOnStatusCodes";
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
                _ => Err(BuildError::at(AT, format!("`{}` is no status code and no range of them", text.trim()))
                    .help("such as `200-299, 404`, or `[200, 201]`")),
            }
        };
        if texts.is_empty() {
            return Err(BuildError::at(AT, "the list is empty: nothing would ever count").help("such as `200-299`"));
        }
        texts.iter().map(range).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an answer with this status counts.
    pub(super) fn contain(&self, status: StatusCode) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&status.as_u16()))
    }
}
