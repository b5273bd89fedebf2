-- The credentials that were set by command, sealed under a key that is not here.
-- The body is the secret as JSON. No row is ever removed, and versions only grow:
-- their sum tells whether anything has changed.
CREATE TABLE sealed_secrets (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    name        TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    version     BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, live_mode, name)
);
