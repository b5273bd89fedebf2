-- What is finished and old leaves the ledger for files: payments.body and
-- idempotency_keys.reply are then no JSON but say where it lies, and begin with
-- "archive:". All else of these rows stays, so a key stays bound, and what is
-- PayTrace's stays one payment's.

-- The files, with how much of each is known to be on the disk, and its sum. What
-- a file has behind that was never counted: its writer died.
CREATE TABLE archive_files (
    name       TEXT   NOT NULL PRIMARY KEY,
    records    BIGINT NOT NULL,
    size       BIGINT NOT NULL,
    sha256     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- One row, once there was a run: whose turn it is, and what came of the last one.
CREATE TABLE retention (
    id          BIGINT NOT NULL PRIMARY KEY,
    due         BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    archived    BIGINT NOT NULL,
    forgotten   BIGINT NOT NULL,
    kept        BIGINT NOT NULL,
    version     BIGINT NOT NULL
);

-- What may leave, the least recently changed first. A payment comes into it when
-- it has ended, and not while it is made.
CREATE INDEX payments_finished ON payments (updated_at, id)
    WHERE status IN ('declined', 'failed', 'voided', 'expired', 'settled', 'partially_refunded', 'refunded')
        AND NOT needs_attention AND substr(body, 1, 1) = '{';

-- The past of a payment. An event comes into it when it is spread.
CREATE INDEX events_by_payment ON events (payment_id) WHERE spread AND payment_id IS NOT NULL;

-- Without it each event that goes would be looked for in all deliveries.
CREATE INDEX deliveries_by_event ON deliveries (event_id);
