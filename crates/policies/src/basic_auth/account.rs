//! The accounts, and looking for one in a time that tells nothing.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use subtle::ConstantTimeEq;
use tollgate_core::User;
use tollgate_core::catalog::BuildError;
use tollgate_core::exchange::Credential;

use super::{Account, Pair};

/// Texts are compared in blocks of this many bytes.
const BLOCK: usize = 64;

/// Those who may call.
pub(super) struct Accounts {
    known: Vec<Known>,
    /// How many bytes a padded text has: room for the longest of all.
    width: usize,
}

struct Known {
    name: Vec<u8>,
    password: Vec<u8>,
    sub: Arc<str>,
    data: Arc<Value>,
}

impl Accounts {
    pub(super) fn new(accounts: Vec<Account>) -> Result<Self, BuildError> {
        if accounts.is_empty() {
            return Err(BuildError::at("/accounts", "nobody may call").help("give at least one account"));
        }
        let mut names = HashSet::new();
        for (index, account) in accounts.iter().enumerate() {
            check(account, index)?;
            if !names.insert(account.username.as_str()) {
                let message = format!("`{}` is the name of two accounts", account.username);
                return Err(BuildError::at(format!("/accounts/{index}/username"), message));
            }
        }
        let lengths = accounts.iter().map(|account| account.username.len().max(account.password.len()));
        let width = lengths.max().unwrap_or_default().div_ceil(BLOCK) * BLOCK;
        let known = accounts.into_iter().map(|account| Known {
            name: padded(&account.username, width),
            password: padded(&account.password, width),
            sub: account.username.into(),
            data: Arc::new(Value::Object(account.data)),
        });
        Ok(Self { known: known.collect(), width })
    }

    /// The account of a name and a password. All accounts are looked at, and all bytes of each.
    pub(super) fn find(&self, pair: &Pair) -> Option<User> {
        let (name, password) = (padded(&pair.name, self.width), padded(&pair.password, self.width));
        let mut found = None;
        for known in &self.known {
            if bool::from(known.name.ct_eq(&name) & known.password.ct_eq(&password)) {
                found = Some(known);
            }
        }
        found.map(|known| User {
            sub: Arc::clone(&known.sub),
            data: Arc::clone(&known.data),
            credential: Credential::Other,
        })
    }
}

/// A text with its length in front, filled up so that all are of one length. One that is longer than any that
/// is known keeps its own length, by which it is none of them.
fn padded(text: &str, width: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(width + size_of::<u64>());
    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
    bytes.extend(text.bytes().take(width));
    bytes.resize(width + size_of::<u64>(), 0);
    bytes
}

fn check(account: &Account, index: usize) -> Result<(), BuildError> {
    let at = |field: &str, message: &str| BuildError::at(format!("/accounts/{index}/{field}"), message);
    if account.username.is_empty() {
        return Err(at("username", "an account needs a name"));
    }
    if account.username.contains(':') {
        return Err(at("username", "a name holds no colon: it ends there (RFC 7617)"));
    }
    if account.password.is_empty() {
        return Err(at("password", "the password is empty").help("give one: `$env(NAME)`"));
    }
    for (field, text) in [("username", &account.username), ("password", &account.password)] {
        if text.chars().any(char::is_control) {
            return Err(at(field, "has a control character, which no client can send (RFC 7617)")
                .help("a line break at the end of a file or variable is one"));
        }
    }
    Ok(())
}
