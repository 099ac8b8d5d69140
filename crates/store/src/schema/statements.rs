//! The statements, in the SQL that all databases share.

use crate::sql::Places;

/// Inserts a consumer: id, bucket, name, metadata, tags, moment, description.
pub(crate) const INSERT_CONSUMER: &str = "
    INSERT INTO consumers (id, bucket, name, metadata, tags, created_on, updated_on, version, description)
    VALUES ($1, $2, $3, $4, $5, $6, $6, 1, $7)
    RETURNING *";

/// A consumer by bucket and name.
pub(crate) const CONSUMER: &str = "SELECT * FROM consumers WHERE bucket = $1 AND name = $2";

/// A consumer by id.
pub(crate) const CONSUMER_BY_ID: &str = "SELECT * FROM consumers WHERE id = $1";

/// All consumers.
pub(crate) const CONSUMERS: &str = "SELECT * FROM consumers ORDER BY name, bucket";

/// The consumers of a bucket.
pub(crate) const CONSUMERS_OF_BUCKET: &str = "SELECT * FROM consumers WHERE bucket = $1 ORDER BY name";

/// A part of the consumers behind a bucket and name: bucket, name, only this bucket, only this
/// manager's, how many.
pub(crate) const CONSUMER_PAGE: &str = "
    SELECT * FROM consumers
    WHERE (bucket, name) > ($1, $2)
      AND ($3 IS NULL OR bucket = $3)
      AND ($4 IS NULL OR id IN (SELECT consumer FROM managers WHERE email = $4)
           OR bucket IN (SELECT bucket FROM managers WHERE email = $4 AND consumer IS NULL))
    ORDER BY bucket, name LIMIT $5";

/// Changes a consumer: id, metadata, tags (NULL leaves these two as they are), moment, description.
pub(crate) const UPDATE_CONSUMER: &str = "
    UPDATE consumers
    SET metadata = COALESCE($2, metadata), tags = COALESCE($3, tags), description = $5, updated_on = $4,
        version = version + 1
    WHERE id = $1
    RETURNING *";

/// Deletes a consumer; its keys follow by themselves.
pub(crate) const DELETE_CONSUMER: &str = "DELETE FROM consumers WHERE id = $1";

/// Notes that the live keys of a consumer are about to go.
pub(crate) const NOTE_KEYS_OF_CONSUMER: &str = "
    INSERT INTO changes (kind, subject, digest)
    SELECT 'key', id, digest FROM keys WHERE consumer = $1 AND revoked_on IS NULL ORDER BY id";

/// Notes that a consumer changed.
pub(crate) const NOTE_CONSUMER: &str = "INSERT INTO changes (kind, subject, digest) VALUES ('consumer', $1, NULL)";

/// Notes that a key changed: id, digest.
pub(crate) const NOTE_KEY: &str = "INSERT INTO changes (kind, subject, digest) VALUES ('key', $1, $2)";

/// Notes that a signing key changed: kid.
pub(crate) const NOTE_SIGNING_KEY: &str =
    "INSERT INTO changes (kind, subject, digest) VALUES ('signing-key', $1, NULL)";

/// The last change.
pub(crate) const LAST_SEQUENCE: &str = "SELECT COALESCE(MAX(sequence), 0) FROM changes";

/// The oldest change that is kept; 0 where none is.
pub(crate) const OLDEST_SEQUENCE: &str = "SELECT COALESCE(MIN(sequence), 0) FROM changes";

/// Forgets all but the latest changes: how many. The very last one always stays, for readers ask
/// it how far they are.
pub(crate) const PRUNE_CHANGES: &str = "DELETE FROM changes WHERE sequence <= (SELECT MAX(sequence) FROM changes) - $1";

/// The changes after a sequence number that concern keys.
pub(crate) const CHANGES: &str = "
    SELECT sequence, kind, subject, digest FROM changes
    WHERE sequence > $1 AND kind IN ('key', 'consumer')
    ORDER BY sequence";

/// The columns of a key beside which those of its consumer may stand.
macro_rules! key_columns {
    () => {
        "keys.id AS key_id, keys.consumer AS key_consumer, keys.digest AS key_digest, keys.hint AS key_hint, \
         keys.description AS key_description, keys.created_on AS key_created_on, keys.expires_on AS key_expires_on, \
         keys.revoked_on AS key_revoked_on, keys.quarantined_on AS key_quarantined_on, \
         keys.development AS key_development"
    };
}

macro_rules! granted_keys {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            key_columns!(),
            ", consumers.* FROM keys JOIN consumers ON consumers.id = keys.consumer ",
            $rest
        )
    };
}

/// With when and from where they were last used.
macro_rules! owned_keys {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            key_columns!(),
            ", consumers.*, key_uses.used_on, key_uses.used_by FROM keys \
             JOIN consumers ON consumers.id = keys.consumer LEFT JOIN key_uses ON key_uses.key = keys.id ",
            $rest
        )
    };
}

/// Inserts a key: id, consumer, digest, hint, description, made, expires, development.
pub(crate) const INSERT_KEY: &str = "
    INSERT INTO keys (id, consumer, digest, hint, description, created_on, expires_on, revoked_on, development)
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)";

/// A key by its id, with its consumer.
pub(crate) const KEY: &str = owned_keys!("WHERE keys.id = $1");

/// A key alone, by its id.
pub(crate) const BARE_KEY: &str = concat!("SELECT ", key_columns!(), " FROM keys WHERE keys.id = $1");

/// All keys, the oldest first.
pub(crate) const KEYS: &str = owned_keys!("ORDER BY keys.created_on, keys.id");

/// The keys of a consumer, the oldest first.
pub(crate) const KEYS_OF_CONSUMER: &str = owned_keys!("WHERE keys.consumer = $1 ORDER BY keys.created_on, keys.id");

/// A key by its digest, with its consumer.
pub(crate) const KEY_BY_DIGEST: &str = owned_keys!("WHERE keys.digest = $1");

/// A part of the keys behind an id: id, only this consumer's, only this bucket's, how many.
pub(crate) const KEY_PAGE: &str = owned_keys!(
    "WHERE keys.id > $1 AND ($2 IS NULL OR keys.consumer = $2) AND ($3 IS NULL OR consumers.bucket = $3)
     ORDER BY keys.id LIMIT $4"
);

/// All keys that are neither revoked nor quarantined.
pub(crate) const LIVE_KEYS: &str = granted_keys!("WHERE keys.revoked_on IS NULL AND keys.quarantined_on IS NULL");

/// The live keys that a change after a sequence number may concern.
pub(crate) const CHANGED_LIVE_KEYS: &str = granted_keys!(
    "WHERE keys.revoked_on IS NULL AND keys.quarantined_on IS NULL AND keys.id IN (
        SELECT subject FROM changes WHERE sequence > $1 AND kind = 'key'
        UNION SELECT k.id FROM keys k
            WHERE k.consumer IN (SELECT subject FROM changes WHERE sequence > $1 AND kind = 'consumer'))"
);

/// The keys among those changed after a sequence number that were revoked.
pub(crate) const CHANGED_REVOKED_KEYS: &str = "
    SELECT id FROM keys
    WHERE (revoked_on IS NOT NULL OR quarantined_on IS NOT NULL)
      AND id IN (SELECT subject FROM changes WHERE sequence > $1 AND kind = 'key')";

/// The digests of the keys that were revoked last.
pub(crate) const REVOKED_DIGESTS: &str =
    "SELECT digest FROM keys WHERE revoked_on IS NOT NULL ORDER BY revoked_on DESC LIMIT $1";

/// The digests of quarantined keys.
pub(crate) const QUARANTINED_DIGESTS: &str =
    "SELECT digest FROM keys WHERE quarantined_on IS NOT NULL AND revoked_on IS NULL LIMIT $1";

/// Revokes a key, once: id, moment.
pub(crate) const REVOKE_KEY: &str = "UPDATE keys SET revoked_on = $2 WHERE id = $1 AND revoked_on IS NULL";

/// Notes the keys of a consumer that are live, quarantined ones included.
pub(crate) const NOTE_KEYS_OF_BUCKET: &str = "
    INSERT INTO changes (kind, subject, digest)
    SELECT 'key', keys.id, keys.digest FROM keys JOIN consumers ON consumers.id = keys.consumer
    WHERE consumers.bucket = $1 AND keys.revoked_on IS NULL ORDER BY keys.id";

/// Notes that the consumers of a bucket change.
pub(crate) const NOTE_CONSUMERS_OF_BUCKET: &str = "
    INSERT INTO changes (kind, subject, digest)
    SELECT 'consumer', id, NULL FROM consumers WHERE bucket = $1 ORDER BY id";

/// Revokes the keys of a consumer: id, moment.
pub(crate) const REVOKE_KEYS_OF_CONSUMER: &str =
    "UPDATE keys SET revoked_on = $2 WHERE consumer = $1 AND revoked_on IS NULL";

/// Revokes the keys of a bucket: name, moment.
pub(crate) const REVOKE_KEYS_OF_BUCKET: &str = "
    UPDATE keys SET revoked_on = $2
    WHERE revoked_on IS NULL AND consumer IN (SELECT id FROM consumers WHERE bucket = $1)";

/// Quarantines a key that is neither revoked nor quarantined: id, moment.
pub(crate) const QUARANTINE_KEY: &str =
    "UPDATE keys SET quarantined_on = $2 WHERE id = $1 AND revoked_on IS NULL AND quarantined_on IS NULL";

/// Accepts a quarantined key again.
pub(crate) const RELEASE_KEY: &str =
    "UPDATE keys SET quarantined_on = NULL WHERE id = $1 AND quarantined_on IS NOT NULL";

/// Deletes a key.
pub(crate) const DELETE_KEY: &str = "DELETE FROM keys WHERE id = $1";

/// Lets a key expire, if it would not earlier: id, moment.
pub(crate) const EXPIRE_KEY: &str =
    "UPDATE keys SET expires_on = $2 WHERE id = $1 AND (expires_on IS NULL OR expires_on > $2)";

/// The keys of a consumer that would live longer than a moment: id, moment.
pub(crate) const KEYS_THAT_OUTLIVE: &str = "
    SELECT id, digest FROM keys
    WHERE consumer = $1 AND revoked_on IS NULL AND (expires_on IS NULL OR expires_on > $2) ORDER BY id";

/// Replaces what is written about a key and when it ends: id, description, moment.
pub(crate) const UPDATE_KEY: &str = "UPDATE keys SET description = $2, expires_on = $3 WHERE id = $1";

/// All signing keys, the oldest first.
pub(crate) const SIGNING_KEYS: &str = "SELECT * FROM signing_keys ORDER BY number";

/// The newest signing key.
pub(crate) const NEWEST_SIGNING_KEY: &str = "SELECT kid FROM signing_keys ORDER BY number DESC LIMIT 1";

/// Adds a signing key: kid, algorithm, sealed, made, active, retired, published until.
pub(crate) const ADD_SIGNING_KEY: &str = "
    INSERT INTO signing_keys (kid, algorithm, sealed, created_on, active_on, retired_on, published_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (kid) DO NOTHING";

/// Changes the moments of a signing key: kid, active, retired, published until, now. A key that was
/// withdrawn stays so.
pub(crate) const CHANGE_SIGNING_KEY: &str = "
    UPDATE signing_keys SET active_on = $2, retired_on = $3, published_until = $4
    WHERE kid = $1 AND (published_until IS NULL OR published_until > $5)";

/// Forgets the signing keys that are no longer published.
pub(crate) const PRUNE_SIGNING_KEYS: &str = "DELETE FROM signing_keys WHERE published_until < $1";

/// The secret of this name.
pub(crate) const SECRET: &str = "SELECT value FROM secrets WHERE name = $1";

/// Keeps a secret, unless there is one of this name.
pub(crate) const PROPOSE_SECRET: &str = "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";

/// Inserts a bucket: id, name, description, tags, settings, moment.
pub(crate) const INSERT_BUCKET: &str = "
    INSERT INTO buckets (id, name, description, tags, settings, created_on, updated_on, version)
    VALUES ($1, $2, $3, $4, $5, $6, $6, 1)
    RETURNING *";

/// Makes sure that there is a bucket: id, name, moment.
pub(crate) const ENSURE_BUCKET: &str = "
    INSERT INTO buckets (id, name, description, tags, settings, created_on, updated_on, version)
    VALUES ($1, $2, NULL, '{}', '{}', $3, $3, 1)
    ON CONFLICT (name) DO NOTHING";

/// A bucket by its name.
pub(crate) const BUCKET: &str = "SELECT * FROM buckets WHERE name = $1";

/// All buckets.
pub(crate) const BUCKETS: &str = "SELECT * FROM buckets ORDER BY name";

/// Replaces what a bucket has: name, description, tags, settings, moment.
pub(crate) const UPDATE_BUCKET: &str = "
    UPDATE buckets SET description = $2, tags = $3, settings = $4, updated_on = $5, version = version + 1
    WHERE name = $1
    RETURNING *";

/// Deletes the consumers of a bucket; their keys follow by themselves.
pub(crate) const DELETE_CONSUMERS_OF_BUCKET: &str = "DELETE FROM consumers WHERE bucket = $1";

/// Deletes a bucket.
pub(crate) const DELETE_BUCKET: &str = "DELETE FROM buckets WHERE name = $1";

/// Adds a manager: id, bucket, consumer, e-mail address, subject, moment.
pub(crate) const INSERT_MANAGER: &str = "
    INSERT INTO managers (id, bucket, consumer, email, subject, created_on) VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING *";

/// The managers of a consumer, or of a bucket itself: bucket, consumer.
pub(crate) const MANAGERS: &str =
    "SELECT * FROM managers WHERE bucket = $1 AND COALESCE(consumer, '') = COALESCE($2, '') ORDER BY email";

/// Takes a manager away: bucket, consumer, id.
pub(crate) const DELETE_MANAGER: &str =
    "DELETE FROM managers WHERE bucket = $1 AND COALESCE(consumer, '') = COALESCE($2, '') AND id = $3";

/// Inserts an operator: id, name, scopes, digest, hint, moment, expires.
pub(crate) const INSERT_OPERATOR: &str = "
    INSERT INTO operators (id, name, scopes, digest, hint, created_on, expires_on)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    RETURNING id, name, scopes, hint, created_on, expires_on, revoked_on, last_used_on";

/// All operators, the oldest first.
pub(crate) const OPERATORS: &str = "
    SELECT id, name, scopes, hint, created_on, expires_on, revoked_on, last_used_on FROM operators
    ORDER BY created_on, id";

/// An operator by the digest of their token.
pub(crate) const OPERATOR_BY_DIGEST: &str = "
    SELECT id, name, scopes, hint, created_on, expires_on, revoked_on, last_used_on FROM operators
    WHERE digest = $1";

/// An operator by id, or by name: the live one first, then the latest.
pub(crate) const OPERATOR: &str = "
    SELECT id, name, scopes, hint, created_on, expires_on, revoked_on, last_used_on FROM operators
    WHERE id = $1 OR name = $1
    ORDER BY CASE WHEN revoked_on IS NULL THEN 0 ELSE 1 END, created_on DESC LIMIT 1";

/// Revokes an operator, once: id, moment.
pub(crate) const REVOKE_OPERATOR: &str = "UPDATE operators SET revoked_on = $2 WHERE id = $1 AND revoked_on IS NULL";

/// Notes that an operator's token was used, once a minute: id, moment.
pub(crate) const NOTE_OPERATOR_USE: &str = "
    UPDATE operators SET last_used_on = $2
    WHERE id = $1 AND (last_used_on IS NULL OR last_used_on < $2 - 60000)";

/// The last entry of the audit log.
pub(crate) const LAST_AUDIT: &str = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";

/// Adds to the audit log: its columns in their order.
pub(crate) const INSERT_AUDIT: &str = "
    INSERT INTO audit
        (sequence, moment, actor_kind, actor, origin, action, target_kind, target, detail, previous, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

macro_rules! audit {
    ($comparison:literal, $order:literal) => {
        concat!(
            "SELECT * FROM audit WHERE sequence ",
            $comparison,
            " $1 AND ($2 IS NULL OR actor = $2) AND ($3 IS NULL OR action = $3)
             AND ($4 IS NULL OR substr(action, 1, length($4)) = $4) AND ($5 IS NULL OR target = $5)
             AND ($6 IS NULL OR moment >= $6) AND ($7 IS NULL OR moment < $7) ORDER BY sequence ",
            $order,
            " LIMIT $8"
        )
    };
}

/// Entries behind one: which, actor, action, beginning of an action, target, since, until, how many.
pub(crate) const AUDIT: &str = audit!(">", "");

/// The same, before one and the latest first.
pub(crate) const AUDIT_LATEST: &str = audit!("<", "DESC");

/// Notes that a batch is added, once: name, moment.
pub(crate) const CLAIM_BATCH: &str =
    "INSERT INTO usage_batches (id, added_on) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";

/// Adds so many rows to usage: period, start, consumer, key, route, status class, how many, last
/// seen. No two of them may be about one place.
pub(crate) fn add_usage(rows: usize, places: Places) -> String {
    format!(
        "INSERT INTO usage (period, start, consumer, key, route, status_class, count, last_seen) VALUES {}
         ON CONFLICT (period, start, consumer, key, route, status_class) DO UPDATE
         SET count = usage.count + excluded.count,
             last_seen = CASE WHEN excluded.last_seen > usage.last_seen THEN excluded.last_seen ELSE usage.last_seen END",
        places.rows("", rows, 8)
    )
}

/// Notes the last use of a key that is there: id, moment, address.
pub(crate) const NOTE_KEY_USE: &str = "
    INSERT INTO key_uses (key, used_on, used_by) SELECT id, $2, $3 FROM keys WHERE id = $1
    ON CONFLICT (key) DO UPDATE SET used_on = excluded.used_on, used_by = excluded.used_by
    WHERE excluded.used_on > key_uses.used_on";

/// Usage: period, since, until, consumer, key, route, how many rows.
pub(crate) const USAGE: &str = "
    SELECT usage.start, usage.consumer, consumers.name AS consumer_name, usage.key, usage.route,
           usage.status_class, usage.count, usage.last_seen
    FROM usage LEFT JOIN consumers ON consumers.id = usage.consumer
    WHERE usage.period = $1 AND usage.start >= $2 AND usage.start < $3
      AND ($4 IS NULL OR usage.consumer = $4) AND ($5 IS NULL OR usage.key = $5)
      AND ($6 IS NULL OR usage.route = $6)
    ORDER BY usage.start, usage.consumer, usage.key, usage.route, usage.status_class LIMIT $7";

/// Forgets usage before a moment: period, moment.
pub(crate) const PRUNE_USAGE: &str = "DELETE FROM usage WHERE period = $1 AND start < $2";

/// Forgets the names of batches that nobody will hand in again.
pub(crate) const PRUNE_BATCHES: &str = "DELETE FROM usage_batches WHERE added_on < $1";

/// What is known of a call: scope, key.
pub(crate) const CALL: &str = "SELECT fingerprint, ends_on, status, body FROM calls WHERE scope = $1 AND key = $2";

/// Claims a call: scope, key, fingerprint, end, now. Touches no row where somebody has claimed it.
pub(crate) const CLAIM_CALL: &str = "
    INSERT INTO calls (scope, key, fingerprint, ends_on) VALUES ($1, $2, $3, $4)
    ON CONFLICT (scope, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, ends_on = excluded.ends_on, status = NULL, body = NULL
    WHERE calls.ends_on <= $5";

/// Keeps an answer: scope, key, status, body, end.
pub(crate) const ANSWER_CALL: &str =
    "UPDATE calls SET status = $3, body = $4, ends_on = $5 WHERE scope = $1 AND key = $2 AND status IS NULL";

/// Gives up a claim.
pub(crate) const GIVE_UP_CALL: &str = "DELETE FROM calls WHERE scope = $1 AND key = $2 AND status IS NULL";

/// Forgets calls whose time is over.
pub(crate) const PRUNE_CALLS: &str = "DELETE FROM calls WHERE ends_on <= $1";
