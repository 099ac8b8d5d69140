//! Making keys, for the command line and the management API.

use tollgate_admin::MintedKey;
use tollgate_core::store::NewKey;
use tollgate_core::time::Timestamp;
use tollgate_identity::{KeyError, NewApiKey};

/// What tokens of operators begin with.
pub(crate) const OPERATOR_PREFIX: &str = "tgo";

/// Makes a key with a prefix.
pub(crate) fn mint(
    prefix: &str,
    description: Option<String>,
    expires_on: Option<Timestamp>,
) -> Result<MintedKey, KeyError> {
    Ok(minted(tollgate_identity::new_key(prefix)?, description, expires_on))
}

/// Takes over a key that was made elsewhere. `prefix` is this gateway's.
pub(crate) fn adopt(
    prefix: &str,
    key: &str,
    description: Option<String>,
    expires_on: Option<Timestamp>,
) -> Result<MintedKey, KeyError> {
    Ok(minted(tollgate_identity::import_key(prefix, key)?, description, expires_on))
}

/// Makes the token of an operator.
pub(crate) fn token() -> Result<MintedKey, KeyError> {
    mint(OPERATOR_PREFIX, None, None)
}

fn minted(new: NewApiKey, description: Option<String>, expires_on: Option<Timestamp>) -> MintedKey {
    MintedKey {
        key: new.secret.expose().to_owned(),
        stored: NewKey { digest: new.digest, hint: new.hint, description, expires_on, development: false },
    }
}
