-- How far each merchant's export has been followed, by mode. Times that are not
-- set are 0.
CREATE TABLE watches (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    through     BIGINT  NOT NULL,
    due         BIGINT  NOT NULL,
    version     BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, live_mode)
);

-- What PayTrace has on its books and belongs to no payment. The record is
-- PayTrace's row in our words, as JSON.
CREATE TABLE unmatched_transactions (
    merchant_id    TEXT    NOT NULL,
    live_mode      BOOLEAN NOT NULL,
    transaction_id TEXT    NOT NULL,
    order_id       TEXT    NOT NULL,
    record         TEXT    NOT NULL,
    first_seen     BIGINT  NOT NULL,
    last_seen      BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, live_mode, transaction_id)
);

CREATE INDEX unmatched_newest ON unmatched_transactions (merchant_id, live_mode, first_seen DESC, transaction_id);
CREATE INDEX unmatched_by_order ON unmatched_transactions (merchant_id, live_mode, order_id, first_seen DESC, transaction_id)
    WHERE order_id <> '';

-- An event of type transaction.unmatched tells of no payment: payment_id is
-- null, operation_id empty, version 0, and the body is the record. SQLite cannot
-- take a NOT NULL back, so the table is made anew.
CREATE TABLE events_anew (
    id           TEXT   NOT NULL PRIMARY KEY,
    merchant_id  TEXT   NOT NULL,
    payment_id   TEXT   REFERENCES payments (id),
    operation_id TEXT   NOT NULL,
    type         TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    body         TEXT   NOT NULL
);

INSERT INTO events_anew (id, merchant_id, payment_id, operation_id, type, version, at, body)
    SELECT id, merchant_id, payment_id, operation_id, type, version, at, body FROM events;
DROP TABLE events;
ALTER TABLE events_anew RENAME TO events;

-- The mode of an operation is its payment's. sent_at is when its last intent was
-- written. Of older rows only the time is known after which it may not be sent,
-- a few seconds later; one that has none was never sent.
ALTER TABLE operations ADD COLUMN live_mode BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE operations ADD COLUMN sent_at BIGINT NOT NULL DEFAULT 0;
UPDATE operations SET
    live_mode = (SELECT live_mode FROM payments WHERE payments.id = operations.payment_id),
    sent_at = CASE WHEN send_before > 0 THEN send_before ELSE created_at END;

-- A transaction at PayTrace is never taken for two of ours, neither a payment
-- nor a refund. PayTrace may give one id in test mode and in live mode.
DROP INDEX payments_by_transaction;
CREATE UNIQUE INDEX payments_by_transaction ON payments (merchant_id, live_mode, transaction_id)
    WHERE transaction_id <> '';
DROP INDEX operations_refunds;
CREATE UNIQUE INDEX operations_refunds ON operations (merchant_id, live_mode, transaction_id)
    WHERE kind = 'refund' AND processed_as = 'refund' AND transaction_id <> '';

-- Whose work is due is asked every few seconds, and answered by the index alone.
DROP INDEX operations_due;
CREATE INDEX operations_due ON operations (due, payment_id, merchant_id, live_mode) WHERE due > 0;
CREATE INDEX operations_waiting ON operations (merchant_id, live_mode) WHERE status = 'waiting_settlement';
