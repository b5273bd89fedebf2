-- The people who may log in. The body is the operator as JSON. Issuer and
-- subject stand for one who comes by OpenID Connect, and are empty for others.
-- The sum of the versions tells whether anything has changed.
CREATE TABLE operators (
    name    TEXT   NOT NULL PRIMARY KEY,
    issuer  TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    body    TEXT   NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX operators_by_identity ON operators (issuer, subject) WHERE subject <> '';

-- The sessions of people who are logged in, by a hash of what they show.
CREATE TABLE sessions (
    hash       TEXT   NOT NULL PRIMARY KEY,
    operator   TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    began_at   BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX sessions_by_operator ON sessions (operator, began_at);
CREATE INDEX sessions_by_end ON sessions (ends_at);
