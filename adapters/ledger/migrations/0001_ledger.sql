-- The whole ledger. Times are microseconds since 1970 in UTC, amounts are minor
-- units. A body is the payment as JSON, whole; the columns beside it repeat
-- what is searched for, and nothing is read from them that the body has.

CREATE TABLE payments (
    id              TEXT    NOT NULL PRIMARY KEY,
    merchant_id     TEXT    NOT NULL,
    live_mode       BOOLEAN NOT NULL,
    status          TEXT    NOT NULL,
    order_id        TEXT    NOT NULL,
    transaction_id  TEXT    NOT NULL,
    reference       TEXT    NOT NULL UNIQUE,
    amount          BIGINT  NOT NULL,
    needs_attention BOOLEAN NOT NULL,
    version         BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    body            TEXT    NOT NULL
);

-- Ids sort by the time of their making, so each list is one walk of one index.
CREATE INDEX payments_newest ON payments (merchant_id, id);
CREATE INDEX payments_by_order ON payments (merchant_id, order_id, id) WHERE order_id <> '';
CREATE INDEX payments_by_status ON payments (merchant_id, status, id);
CREATE INDEX payments_by_creation ON payments (merchant_id, created_at);
CREATE INDEX payments_needing_attention ON payments (merchant_id, id) WHERE needs_attention;
CREATE INDEX payments_by_transaction ON payments (merchant_id, transaction_id) WHERE transaction_id <> '';

CREATE TABLE operations (
    id              TEXT   NOT NULL PRIMARY KEY,
    payment_id      TEXT   NOT NULL REFERENCES payments (id),
    merchant_id     TEXT   NOT NULL,
    position        BIGINT NOT NULL,
    kind            TEXT   NOT NULL,
    status          TEXT   NOT NULL,
    processed_as    TEXT   NOT NULL,
    amount          BIGINT NOT NULL,
    transaction_id  TEXT   NOT NULL,
    idempotency_key TEXT   NOT NULL,
    cancel          TEXT   NOT NULL,
    send_before     BIGINT NOT NULL,
    due             BIGINT NOT NULL, -- when a job takes it up, 0 when none has to
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);

CREATE INDEX operations_by_transaction ON operations (merchant_id, transaction_id) WHERE transaction_id <> '';
CREATE INDEX operations_undecided ON operations (merchant_id, kind, amount) WHERE status IN ('sending', 'unknown');
-- One refund at PayTrace is never taken for two of ours.
CREATE UNIQUE INDEX operations_refunds ON operations (merchant_id, transaction_id)
    WHERE kind = 'refund' AND processed_as = 'refund' AND transaction_id <> '';
CREATE INDEX operations_due ON operations (due, payment_id) WHERE due > 0;

-- A key is bound for good. One that was closed unused has neither payment nor
-- operation. The reply is the body of the payment as it stood when the key's
-- operation was decided.
CREATE TABLE idempotency_keys (
    merchant_id  TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    fingerprint  BLOB,
    payment_id   TEXT   REFERENCES payments (id),
    operation_id TEXT,
    reply        TEXT,
    bound_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, key)
);

-- The outbox, written with the state that it tells.
CREATE TABLE events (
    id           TEXT   NOT NULL PRIMARY KEY,
    merchant_id  TEXT   NOT NULL,
    payment_id   TEXT   NOT NULL REFERENCES payments (id),
    operation_id TEXT   NOT NULL,
    type         TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    body         TEXT   NOT NULL
);

CREATE TABLE vault_customers (
    merchant_id TEXT NOT NULL,
    id          TEXT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE TABLE vault_methods (
    merchant_id           TEXT    NOT NULL,
    customer_id           TEXT    NOT NULL,
    id                    TEXT    NOT NULL,
    position              BIGINT  NOT NULL,
    processor_customer_id TEXT    NOT NULL,
    brand                 TEXT    NOT NULL,
    last_four             TEXT    NOT NULL,
    expiration_month      TEXT    NOT NULL,
    expiration_year       TEXT    NOT NULL,
    is_default            BOOLEAN NOT NULL,
    PRIMARY KEY (merchant_id, customer_id, id),
    FOREIGN KEY (merchant_id, customer_id) REFERENCES vault_customers (merchant_id, id)
);

-- What readiness writes to: the row is inserted and taken away again.
CREATE TABLE readiness (
    at     BIGINT NOT NULL,
    filler TEXT   NOT NULL
);
