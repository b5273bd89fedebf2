-- What a removed customer leaves behind for the next one of its id: the version
-- at which it went, from which that one's go on, and since when the events of
-- the id are counted, in microseconds.
CREATE TABLE vault_lives (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    customer_id TEXT    NOT NULL,
    version     BIGINT  NOT NULL,
    since       BIGINT  NOT NULL, -- 0 where it is not known: then when the next one was made
    PRIMARY KEY (merchant_id, live_mode, customer_id)
);

-- Of those that went before, the events that are still there know. The queue of
-- a customer is vault:, its merchant, its mode and its id.
INSERT INTO vault_lives (merchant_id, live_mode, customer_id, version, since)
    SELECT merchant_id, TRUE, SUBSTR(subject, LENGTH('vault:' || merchant_id || ':true:') + 1), MAX(version), 0
        FROM events
        WHERE SUBSTR(subject, 1, LENGTH('vault:' || merchant_id || ':true:')) = 'vault:' || merchant_id || ':true:'
        GROUP BY merchant_id, subject;
INSERT INTO vault_lives (merchant_id, live_mode, customer_id, version, since)
    SELECT merchant_id, FALSE, SUBSTR(subject, LENGTH('vault:' || merchant_id || ':false:') + 1), MAX(version), 0
        FROM events
        WHERE SUBSTR(subject, 1, LENGTH('vault:' || merchant_id || ':false:')) = 'vault:' || merchant_id || ':false:'
        GROUP BY merchant_id, subject;
