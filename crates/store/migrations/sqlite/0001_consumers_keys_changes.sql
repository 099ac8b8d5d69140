-- Consumers, their keys, the gateway's signing keys, and the list of changes that readers
-- follow. Moments are milliseconds since the Unix epoch. JSON is kept as text, so that the
-- order of members survives.

CREATE TABLE consumers (
    id         TEXT    NOT NULL PRIMARY KEY,
    bucket     TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    metadata   TEXT    NOT NULL,
    tags       TEXT    NOT NULL,
    created_on INTEGER NOT NULL,
    updated_on INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    UNIQUE (bucket, name)
) STRICT;

CREATE TABLE keys (
    id          TEXT    NOT NULL PRIMARY KEY,
    consumer    TEXT    NOT NULL REFERENCES consumers (id) ON DELETE CASCADE,
    digest      BLOB    NOT NULL UNIQUE,
    hint        TEXT    NOT NULL,
    description TEXT,
    created_on  INTEGER NOT NULL,
    expires_on  INTEGER,
    revoked_on  INTEGER,
    development INTEGER NOT NULL
) STRICT;

CREATE INDEX keys_by_consumer ON keys (consumer);
CREATE INDEX keys_by_revocation ON keys (revoked_on) WHERE revoked_on IS NOT NULL;

-- AUTOINCREMENT never hands a number out twice, even where rows were deleted.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL CHECK (kind IN ('key', 'consumer', 'signing-key')),
    subject  TEXT NOT NULL,
    digest   BLOB
) STRICT;

CREATE TABLE signing_keys (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    kid             TEXT    NOT NULL UNIQUE,
    algorithm       TEXT    NOT NULL,
    sealed          BLOB    NOT NULL,
    created_on      INTEGER NOT NULL,
    active_on       INTEGER NOT NULL,
    retired_on      INTEGER,
    published_until INTEGER
) STRICT;
