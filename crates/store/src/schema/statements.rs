//! The statements, in the SQL that all databases share.

/// Inserts a consumer: id, bucket, name, metadata, tags, moment.
pub const INSERT_CONSUMER: &str = "
    INSERT INTO consumers (id, bucket, name, metadata, tags, created_on, updated_on, version)
    VALUES ($1, $2, $3, $4, $5, $6, $6, 1)
    RETURNING *";

/// A consumer by bucket and name.
pub const CONSUMER: &str = "SELECT * FROM consumers WHERE bucket = $1 AND name = $2";

/// All consumers.
pub const CONSUMERS: &str = "SELECT * FROM consumers ORDER BY name, bucket";

/// The consumers of a bucket.
pub const CONSUMERS_OF_BUCKET: &str = "SELECT * FROM consumers WHERE bucket = $1 ORDER BY name";

/// Changes a consumer: id, metadata, tags, moment; NULL leaves a column as it is.
pub const UPDATE_CONSUMER: &str = "
    UPDATE consumers
    SET metadata = COALESCE($2, metadata), tags = COALESCE($3, tags), updated_on = $4, version = version + 1
    WHERE id = $1
    RETURNING *";

/// Deletes a consumer; its keys follow by themselves.
pub const DELETE_CONSUMER: &str = "DELETE FROM consumers WHERE id = $1";

/// Notes that the live keys of a consumer are about to go.
pub const NOTE_KEYS_OF_CONSUMER: &str = "
    INSERT INTO changes (kind, subject, digest)
    SELECT 'key', id, digest FROM keys WHERE consumer = $1 AND revoked_on IS NULL ORDER BY id";

/// Notes that a consumer changed.
pub const NOTE_CONSUMER: &str = "INSERT INTO changes (kind, subject, digest) VALUES ('consumer', $1, NULL)";

/// Notes that a key changed: id, digest.
pub const NOTE_KEY: &str = "INSERT INTO changes (kind, subject, digest) VALUES ('key', $1, $2)";

/// Notes that a signing key changed: kid.
pub const NOTE_SIGNING_KEY: &str = "INSERT INTO changes (kind, subject, digest) VALUES ('signing-key', $1, NULL)";

/// The last change.
pub const LAST_SEQUENCE: &str = "SELECT COALESCE(MAX(sequence), 0) FROM changes";

/// The oldest change that is kept; 0 where none is.
pub const OLDEST_SEQUENCE: &str = "SELECT COALESCE(MIN(sequence), 0) FROM changes";

/// Forgets all but the latest changes: how many. The very last one always stays, for readers ask
/// it how far they are.
pub const PRUNE_CHANGES: &str = "DELETE FROM changes WHERE sequence <= (SELECT MAX(sequence) FROM changes) - $1";

/// The changes after a sequence number that concern keys.
pub const CHANGES: &str = "
    SELECT sequence, kind, subject, digest FROM changes
    WHERE sequence > $1 AND kind IN ('key', 'consumer')
    ORDER BY sequence";

/// The columns of a key beside which those of its consumer may stand.
macro_rules! key_columns {
    () => {
        "keys.id AS key_id, keys.consumer AS key_consumer, keys.digest AS key_digest, keys.hint AS key_hint, \
         keys.description AS key_description, keys.created_on AS key_created_on, keys.expires_on AS key_expires_on, \
         keys.revoked_on AS key_revoked_on, keys.development AS key_development"
    };
}

macro_rules! owned_keys {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            key_columns!(),
            ", consumers.* FROM keys JOIN consumers ON consumers.id = keys.consumer ",
            $rest
        )
    };
}

/// Inserts a key: id, consumer, digest, hint, description, made, expires, development.
pub const INSERT_KEY: &str = "
    INSERT INTO keys (id, consumer, digest, hint, description, created_on, expires_on, revoked_on, development)
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)";

/// A key by its id, with its consumer.
pub const KEY: &str = owned_keys!("WHERE keys.id = $1");

/// A key alone, by its id.
pub const BARE_KEY: &str = concat!("SELECT ", key_columns!(), " FROM keys WHERE keys.id = $1");

/// All keys, the oldest first.
pub const KEYS: &str = owned_keys!("ORDER BY keys.created_on, keys.id");

/// The keys of a consumer, the oldest first.
pub const KEYS_OF_CONSUMER: &str = owned_keys!("WHERE keys.consumer = $1 ORDER BY keys.created_on, keys.id");

/// All keys that are not revoked.
pub const LIVE_KEYS: &str = owned_keys!("WHERE keys.revoked_on IS NULL");

/// The live keys that a change after a sequence number may concern.
pub const CHANGED_LIVE_KEYS: &str = owned_keys!(
    "WHERE keys.revoked_on IS NULL AND (
        keys.id IN (SELECT subject FROM changes WHERE sequence > $1 AND kind = 'key')
        OR keys.consumer IN (SELECT subject FROM changes WHERE sequence > $1 AND kind = 'consumer'))"
);

/// The keys among those changed after a sequence number that were revoked.
pub const CHANGED_REVOKED_KEYS: &str = "
    SELECT id FROM keys
    WHERE revoked_on IS NOT NULL AND id IN (SELECT subject FROM changes WHERE sequence > $1 AND kind = 'key')";

/// The digests of the keys that were revoked last.
pub const REVOKED_DIGESTS: &str =
    "SELECT digest FROM keys WHERE revoked_on IS NOT NULL ORDER BY revoked_on DESC LIMIT $1";

/// Revokes a key, once: id, moment.
pub const REVOKE_KEY: &str = "UPDATE keys SET revoked_on = $2 WHERE id = $1 AND revoked_on IS NULL";

/// Lets a key expire, if it would not earlier: id, moment.
pub const EXPIRE_KEY: &str =
    "UPDATE keys SET expires_on = $2 WHERE id = $1 AND (expires_on IS NULL OR expires_on > $2)";

/// All signing keys, the oldest first.
pub const SIGNING_KEYS: &str = "SELECT * FROM signing_keys ORDER BY number";

/// The newest signing key.
pub const NEWEST_SIGNING_KEY: &str = "SELECT kid FROM signing_keys ORDER BY number DESC LIMIT 1";

/// Adds a signing key or changes its moments: kid, algorithm, sealed, made, active, retired,
/// published until, now. A key that was withdrawn stays so, whatever a slower node believes.
pub const PUT_SIGNING_KEY: &str = "
    INSERT INTO signing_keys (kid, algorithm, sealed, created_on, active_on, retired_on, published_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (kid) DO UPDATE
    SET active_on = excluded.active_on, retired_on = excluded.retired_on, published_until = excluded.published_until
    WHERE signing_keys.published_until IS NULL OR signing_keys.published_until > $8";

/// Forgets the signing keys that are no longer published.
pub const PRUNE_SIGNING_KEYS: &str = "DELETE FROM signing_keys WHERE published_until < $1";
