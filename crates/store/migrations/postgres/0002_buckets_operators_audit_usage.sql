-- Buckets with settings, managers, quarantine, operators, the audit log, usage, calls that may
-- come again, secrets that nodes share.

CREATE TABLE buckets (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT COLLATE "C" NOT NULL UNIQUE,
    description TEXT,
    tags        TEXT             NOT NULL,
    settings    TEXT             NOT NULL,
    created_on  BIGINT           NOT NULL,
    updated_on  BIGINT           NOT NULL,
    version     BIGINT           NOT NULL
);

INSERT INTO buckets (id, name, tags, settings, created_on, updated_on, version)
VALUES ('bkt_default', 'default', '{}', '{}', 0, 0, 1);

CREATE TABLE managers (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    bucket     TEXT COLLATE "C" NOT NULL REFERENCES buckets (name) ON DELETE CASCADE,
    consumer   TEXT COLLATE "C" REFERENCES consumers (id) ON DELETE CASCADE,
    email      TEXT COLLATE "C" NOT NULL,
    subject    TEXT,
    created_on BIGINT           NOT NULL
);

CREATE UNIQUE INDEX managers_once ON managers (bucket, COALESCE(consumer, ''), email);
CREATE INDEX managers_by_consumer ON managers (consumer);
CREATE INDEX managers_by_email ON managers (email);

ALTER TABLE keys ADD COLUMN quarantined_on BIGINT;

-- Apart from the keys themselves, because it changes all the time and nobody follows it.
CREATE TABLE key_uses (
    key     TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
    used_on BIGINT           NOT NULL,
    used_by TEXT             NOT NULL
);

CREATE TABLE operators (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name         TEXT COLLATE "C" NOT NULL,
    scopes       TEXT             NOT NULL,
    digest       BYTEA            NOT NULL UNIQUE,
    hint         TEXT             NOT NULL,
    created_on   BIGINT           NOT NULL,
    expires_on   BIGINT,
    revoked_on   BIGINT,
    last_used_on BIGINT
);

CREATE UNIQUE INDEX operators_live ON operators (name) WHERE revoked_on IS NULL;

CREATE TABLE audit (
    sequence    BIGINT NOT NULL PRIMARY KEY,
    moment      BIGINT NOT NULL,
    actor_kind  TEXT   NOT NULL,
    actor       TEXT   NOT NULL,
    origin      TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    target_kind TEXT   NOT NULL,
    target      TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    previous    BYTEA  NOT NULL,
    hash        BYTEA  NOT NULL
);

CREATE INDEX audit_by_target ON audit (target, sequence);

CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END;
$$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();

CREATE TABLE usage (
    period       TEXT COLLATE "C" NOT NULL,
    start        BIGINT           NOT NULL,
    consumer     TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    route        TEXT COLLATE "C" NOT NULL,
    status_class BIGINT           NOT NULL,
    count        BIGINT           NOT NULL,
    last_seen    BIGINT           NOT NULL,
    PRIMARY KEY (period, start, consumer, key, route, status_class)
);

CREATE TABLE usage_batches (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    added_on BIGINT           NOT NULL
);

CREATE TABLE calls (
    scope       TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    fingerprint BYTEA            NOT NULL,
    ends_on     BIGINT           NOT NULL,
    status      BIGINT,
    body        BYTEA,
    PRIMARY KEY (scope, key)
);

CREATE TABLE secrets (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA            NOT NULL
);
