-- Buckets with settings, managers, quarantine, operators, the audit log, usage, calls that may
-- come again, secrets that nodes share.

CREATE TABLE buckets (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    tags        TEXT    NOT NULL,
    settings    TEXT    NOT NULL,
    created_on  INTEGER NOT NULL,
    updated_on  INTEGER NOT NULL,
    version     INTEGER NOT NULL
) STRICT;

INSERT INTO buckets (id, name, tags, settings, created_on, updated_on, version)
VALUES ('bkt_default', 'default', '{}', '{}', 0, 0, 1);
INSERT INTO buckets (id, name, tags, settings, created_on, updated_on, version)
SELECT 'bkt_' || lower(hex(randomblob(16))), bucket, '{}', '{}', MIN(created_on), MIN(created_on), 1
FROM consumers WHERE bucket <> 'default' GROUP BY bucket;

CREATE TABLE managers (
    id         TEXT    NOT NULL PRIMARY KEY,
    bucket     TEXT    NOT NULL REFERENCES buckets (name) ON DELETE CASCADE,
    consumer   TEXT    REFERENCES consumers (id) ON DELETE CASCADE,
    email      TEXT    NOT NULL,
    subject    TEXT,
    created_on INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX managers_once ON managers (bucket, COALESCE(consumer, ''), email);
CREATE INDEX managers_by_consumer ON managers (consumer);
CREATE INDEX managers_by_email ON managers (email);

ALTER TABLE keys ADD COLUMN quarantined_on INTEGER;

-- Apart from the keys themselves, because it changes all the time and nobody follows it.
CREATE TABLE key_uses (
    key     TEXT    NOT NULL PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
    used_on INTEGER NOT NULL,
    used_by TEXT    NOT NULL
) STRICT;

CREATE TABLE operators (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    digest       BLOB    NOT NULL UNIQUE,
    hint         TEXT    NOT NULL,
    created_on   INTEGER NOT NULL,
    expires_on   INTEGER,
    revoked_on   INTEGER,
    last_used_on INTEGER
) STRICT;

CREATE UNIQUE INDEX operators_live ON operators (name) WHERE revoked_on IS NULL;

CREATE TABLE audit (
    sequence    INTEGER NOT NULL PRIMARY KEY,
    moment      INTEGER NOT NULL,
    actor_kind  TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    target_kind TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    previous    BLOB    NOT NULL,
    hash        BLOB    NOT NULL
) STRICT;

CREATE INDEX audit_by_target ON audit (target, sequence);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TABLE usage (
    period       TEXT    NOT NULL,
    start        INTEGER NOT NULL,
    consumer     TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    status_class INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    last_seen    INTEGER NOT NULL,
    PRIMARY KEY (period, start, consumer, key, route, status_class)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_batches (
    id       TEXT    NOT NULL PRIMARY KEY,
    added_on INTEGER NOT NULL
) STRICT;

CREATE TABLE calls (
    scope       TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    ends_on     INTEGER NOT NULL,
    status      INTEGER,
    body        BLOB,
    PRIMARY KEY (scope, key)
) STRICT;

CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
