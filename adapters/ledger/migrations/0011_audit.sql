-- Who decided what. A body is a record as JSON, byte for byte as it was hashed;
-- each hash covers the one before it. Rows are only ever added.
CREATE TABLE audit_entries (
    sequence BIGINT NOT NULL PRIMARY KEY,
    previous TEXT   NOT NULL,
    body     TEXT   NOT NULL,
    hash     TEXT   NOT NULL
);

-- The end of the trail, in one row that is there from the beginning, so that
-- several gateways wait for each other at it.
CREATE TABLE audit_head (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     TEXT   NOT NULL,
    seal     TEXT   NOT NULL
);
INSERT INTO audit_head (id, sequence, hash, seal) VALUES (1, 0, '', '');
