-- A verification of a card is finished once it is decided, and leaves as what is
-- finished does.
DROP INDEX payments_finished;
CREATE INDEX payments_finished ON payments (updated_at, id)
    WHERE status IN ('declined', 'failed', 'voided', 'expired', 'verified', 'settled', 'partially_refunded', 'refunded')
        AND NOT needs_attention AND substr(body, 1, 1) = '{';
