-- The customers of the vault, each whole in one row, by mode. What is searched
-- of their methods is repeated in rows of its own. expires is the month as a
-- number, such as 203012, and check_due when the method is compared with its
-- profile; both are 0 when they are not known.
ALTER TABLE vault_methods RENAME TO vault_methods_before;
ALTER TABLE vault_customers RENAME TO vault_customers_before;

CREATE TABLE vault_customers (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    id          TEXT    NOT NULL,
    version     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, live_mode, id)
);

CREATE TABLE vault_methods (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    customer_id TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    profile_id  TEXT    NOT NULL,
    expires     BIGINT  NOT NULL,
    check_due   BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, live_mode, customer_id, id),
    FOREIGN KEY (merchant_id, live_mode, customer_id) REFERENCES vault_customers (merchant_id, live_mode, id)
);

-- A profile at PayTrace is never taken for two methods of ours. It stands first:
-- PostgreSQL would else look for a customer's methods among all of its merchant's.
CREATE UNIQUE INDEX vault_methods_profiles ON vault_methods (profile_id, merchant_id, live_mode);
CREATE INDEX vault_methods_expiring ON vault_methods (merchant_id, live_mode, customer_id, expires) WHERE expires > 0;
CREATE INDEX vault_methods_to_check ON vault_methods (merchant_id, live_mode, check_due, customer_id) WHERE check_due > 0;

-- Older rows name no mode: it is the one, or the two, in which their merchant
-- has been at work, and test mode where there is no sign of any.
CREATE TABLE vault_modes (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL
);
INSERT INTO vault_modes (merchant_id, live_mode)
    SELECT merchant_id, live_mode FROM watches
    UNION SELECT merchant_id, live_mode FROM payments WHERE transaction_id <> '';
INSERT INTO vault_modes (merchant_id, live_mode)
    SELECT DISTINCT merchant_id, FALSE FROM vault_customers_before
        WHERE merchant_id NOT IN (SELECT merchant_id FROM vault_modes);

-- When they were made is not known. Their methods are due to be compared at
-- once, which also writes when they expire.
INSERT INTO vault_customers (merchant_id, live_mode, id, version, created_at, updated_at, body)
    SELECT c.merchant_id, m.live_mode, c.id, 1, 0, 0,
        '{"merchantId":"' || REPLACE(REPLACE(c.merchant_id, '\', '\\'), '"', '\"')
        || '","liveMode":' || CASE WHEN m.live_mode THEN 'true' ELSE 'false' END
        || ',"id":"' || REPLACE(REPLACE(c.id, '\', '\\'), '"', '\"')
        || '","version":1,"methods":['
        || COALESCE((SELECT STRING_AGG(
                '{"id":"' || REPLACE(REPLACE(b.id, '\', '\\'), '"', '\"')
                || '","profileId":"' || REPLACE(REPLACE(b.processor_customer_id, '\', '\\'), '"', '\"')
                || '","card":{"brand":"' || REPLACE(REPLACE(b.brand, '\', '\\'), '"', '\"')
                || '","lastFour":"' || REPLACE(REPLACE(b.last_four, '\', '\\'), '"', '\"')
                || '","expirationMonth":"' || REPLACE(REPLACE(b.expiration_month, '\', '\\'), '"', '\"')
                || '","expirationYear":"' || REPLACE(REPLACE(b.expiration_year, '\', '\\'), '"', '\"')
                || '"},"default":' || CASE WHEN b.is_default THEN 'true' ELSE 'false' END
                || ',"checkDue":"1970-01-01T00:00:00.000001Z"}', ',' ORDER BY b.position)
            FROM vault_methods_before b
            WHERE b.merchant_id = c.merchant_id AND b.customer_id = c.id), '')
        || ']}'
    FROM vault_customers_before c JOIN vault_modes m ON m.merchant_id = c.merchant_id;

-- Nothing kept two customers from having one profile. Both can still pay with
-- it; the first of them has it, and the other cannot be changed with it.
INSERT INTO vault_methods (merchant_id, live_mode, customer_id, id, profile_id, expires, check_due)
    SELECT b.merchant_id, m.live_mode, b.customer_id, b.id, b.processor_customer_id, 0, 1
        FROM vault_methods_before b JOIN vault_modes m ON m.merchant_id = b.merchant_id
        WHERE b.processor_customer_id <> ''
        ORDER BY b.merchant_id, b.customer_id, b.position
    ON CONFLICT DO NOTHING;

DROP TABLE vault_modes;
DROP TABLE vault_methods_before;
DROP TABLE vault_customers_before;

-- The changes of profiles at PayTrace. The body is the operation as JSON, whole.
CREATE TABLE vault_operations (
    id          TEXT    NOT NULL PRIMARY KEY,
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    customer_id TEXT    NOT NULL,
    verb        TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    due         BIGINT  NOT NULL, -- when a job takes it up, 0 when none has to
    version     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    body        TEXT    NOT NULL
);

CREATE INDEX vault_operations_due ON vault_operations (due, id) WHERE due > 0;

-- An event of the vault tells of no payment: payment_id is null, and subject is
-- the queue of its customer. The body is what it tells.
ALTER TABLE events ADD COLUMN subject TEXT;
DROP INDEX events_unspread_queue;
CREATE INDEX events_unspread_queue ON events ((COALESCE(payment_id, subject, id)), version, id) WHERE NOT spread;

-- The queue of a payment is its id, so that this finds also its deliveries.
DROP INDEX deliveries_by_payment;
CREATE INDEX deliveries_by_queue ON deliveries (merchant_id, live_mode, queue, id);
