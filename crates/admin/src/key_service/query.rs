//! What these calls say in their query.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use http::request::Parts;
use tollgate_core::keys::Consumer;
use tollgate_core::store::Store;

use crate::error::{ApiError, INVALID, NOT_FOUND, Query as AnyQuery};
use crate::operations;

const MAX_LIMIT: u64 = 1000;

/// How much of a key is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFormat {
    /// Nothing.
    None,
    /// Its first and last characters, which is all that is kept.
    Masked,
}

/// Everything that a query may say. What a call does not know it leaves alone, as scripts expect.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Between 1 and 1000.
    pub(crate) limit: usize,
    pub(crate) offset: u64,
    pub(crate) key_format: KeyFormat,
    pub(crate) with_api_key: bool,
    pub(crate) include_api_keys: bool,
    pub(crate) include_managers: bool,
    pub(crate) manager: Option<String>,
    /// What the consumer must be tagged with: a filter of lists, a condition of everything else.
    pub(crate) tags: BTreeMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let AnyQuery(pairs) = AnyQuery::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        Self::of(pairs)
    }
}

impl Asked {
    fn of(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        let mut asked = Self {
            limit: 1000,
            offset: 0,
            key_format: KeyFormat::Masked,
            with_api_key: false,
            include_api_keys: false,
            include_managers: false,
            manager: None,
            tags: BTreeMap::new(),
        };
        for (name, value) in pairs {
            match name.as_str() {
                "limit" => {
                    let limit = number(&name, &value)?.clamp(1, MAX_LIMIT);
                    asked.limit = usize::try_from(limit).unwrap_or(1000);
                }
                "offset" => asked.offset = number(&name, &value)?,
                "key-format" => {
                    asked.key_format = match value.as_str() {
                        "none" => KeyFormat::None,
                        "masked" | "visible" => KeyFormat::Masked,
                        _ => return Err(wrong(&name, &value, "none, masked or visible")),
                    };
                }
                "with-api-key" => asked.with_api_key = switch(&name, &value)?,
                "include-api-keys" => asked.include_api_keys = switch(&name, &value)?,
                "include-managers" => asked.include_managers = switch(&name, &value)?,
                "manager-email" => asked.manager = Some(value),
                _ => {
                    if let Some(tag) = name.strip_prefix("tag.") {
                        asked.tags.insert(tag.to_owned(), value);
                    }
                }
            }
        }
        Ok(asked)
    }

    /// The consumer that a call is about, by name or by id, provided that it is tagged as the query says.
    pub(crate) async fn consumer(&self, store: &dyn Store, bucket: &str, name: &str) -> Result<Consumer, ApiError> {
        let by_id = if name.starts_with("con_") { store.consumer_by_id(name).await.ok() } else { None };
        let found = match by_id.filter(|found| *found.bucket == *bucket) {
            Some(found) => found,
            None => operations::consumer(store, bucket, name).await?,
        };
        let tagged = self.tags.iter().all(|(name, value)| found.tags.get(name) == Some(value));
        if tagged {
            return Ok(found);
        }
        // Whoever asks with a condition shall not learn what is outside of it.
        Err(ApiError::new(&NOT_FOUND, format!("there is no consumer `{name}` with these tags")))
    }
}

fn number(name: &str, value: &str) -> Result<u64, ApiError> {
    value.parse().map_err(|_| wrong(name, value, "a number"))
}

fn switch(name: &str, value: &str) -> Result<bool, ApiError> {
    match value {
        "true" | "1" | "" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(wrong(name, value, "true or false")),
    }
}

fn wrong(name: &str, value: &str, wanted: &str) -> ApiError {
    ApiError::new(&INVALID, format!("{name}: `{}` is not {wanted}", value.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &[(&str, &str)]) -> Result<Asked, ApiError> {
        Asked::of(query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_limit_above_the_largest_is_the_largest() {
        assert_eq!(asked(&[("limit", "5000")]).unwrap().limit, 1000);
        assert_eq!(asked(&[("limit", "7"), ("offset", "3")]).unwrap().limit, 7);
        assert!(asked(&[("limit", "many")]).is_err());
    }

    #[test]
    fn tags_are_named_behind_a_dot() {
        let tags = asked(&[("tag.orgId", "1234"), ("with-api-key", "true")]).unwrap().tags;
        assert_eq!(tags, [("orgId".to_owned(), "1234".to_owned())].into());
    }
}
