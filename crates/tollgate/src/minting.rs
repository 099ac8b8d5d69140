//! Making keys, for the command line and the management API.

use tollgate_admin::MintedKey;
use tollgate_core::store::NewKey;
use tollgate_core::time::Timestamp;
use tollgate_identity::KeyError;

/// Makes a key with a prefix.
pub(crate) fn mint(
    prefix: &str,
    description: Option<String>,
    expires_on: Option<Timestamp>,
) -> Result<MintedKey, KeyError> {
    let new = tollgate_identity::new_key(prefix)?;
    Ok(MintedKey {
        key: new.secret.expose().to_owned(),
        stored: NewKey { digest: new.digest, hint: new.hint, description, expires_on, development: false },
    })
}
