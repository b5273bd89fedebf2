-- The clients that were added by command. The body is the client as JSON, with
-- hashes of its secrets. used_at is roughly when it last called: it is written
-- by itself, without a new version. The sum of the versions tells whether
-- anything has changed.
CREATE TABLE clients (
    id      TEXT   NOT NULL PRIMARY KEY,
    body    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    used_at BIGINT NOT NULL DEFAULT 0
);
